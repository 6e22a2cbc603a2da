"""A real listener, and peers that speak to it byte by byte."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from maildesk.mail.envelope import Answer, Envelope
from maildesk.settings import Endpoint, Limits, Listen, ListenTls
from maildesk.transport.smtp import Listener

DEADLINE_SECONDS = 30.0  # a busy machine is no failure
STORED = Answer(250, "2.6.0", "Stored")


@dataclass
class Inbox:
    """A `Receive` that keeps what it is given; `answer` may be made an exception or a function."""

    mails: list[tuple[bytes, Envelope]] = field(default_factory=list)
    answer: Answer | Exception | Callable[[], Answer] = STORED

    def receive(self, raw: bytes, envelope: Envelope) -> Answer:
        self.mails.append((raw, envelope))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, Answer) else self.answer()

    @property
    def bodies(self) -> list[bytes]:
        """The mails without their trace field, which takes three lines."""
        return [raw.split(b"\r\n", 3)[3] for raw, _ in self.mails]


class Peer:
    """A client that sends exactly what it is told and reads whole replies."""

    def __init__(self, endpoint: Endpoint) -> None:
        if endpoint.path:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(str(endpoint.path))
        else:
            self.socket = socket.create_connection((endpoint.host, endpoint.port))
        self.socket.settimeout(DEADLINE_SECONDS)
        self._buffer = b""

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def line(self) -> str:
        """The next line without its line break; empty when the connection has ended."""
        while b"\r\n" not in self._buffer:
            try:
                chunk = self.socket.recv(65_536)
            except ConnectionError:
                chunk = b""
            if not chunk:
                return ""
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode("ascii")

    def reply(self) -> str:
        """The last line of the next reply."""
        while (line := self.line())[3:4] == "-":
            pass
        return line

    def ask(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def begin(self, *recipients: str, hello: str = "EHLO client.example") -> None:
        """Go as far as 354."""
        assert self.reply().startswith("220 ")
        commands = [hello, "MAIL FROM:<ola@customer.example>"]
        commands += [f"RCPT TO:<{address}>" for address in recipients or ("help@desk.example",)]
        for command in commands:
            assert self.ask(command).startswith("250 "), command
        assert self.ask("DATA").startswith("354 ")

    def turn_to_tls(self, authority: trustme.CA) -> None:
        self.socket = client_context(authority).wrap_socket(
            self.socket, server_hostname="desk.example"
        )

    def close(self) -> None:
        self.socket.close()


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def is_ours(address: str) -> bool:
    return address == "postmaster" or address.endswith("@desk.example")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def open_listener(inbox: Inbox) -> Iterator[Callable[..., Listener]]:
    """Start listeners; they are stopped when the test ends."""
    listeners: list[Listener] = []

    def start(protocol: str = "smtp", **options: object) -> Listener:
        listen = Listen(
            protocol,
            options.pop("endpoint", Endpoint("127.0.0.1", 0)),
            tls=options.pop("tls", None),
            is_trusted=options.pop("is_trusted", False),
        )
        limits = options.pop("limits", Limits())
        receive = options.pop("receive", inbox.receive)
        options = {"accepts": is_ours, "hostname": "desk.example", **options}
        listener = Listener(listen, limits, receive, **options)
        listener.start()
        listeners.append(listener)
        return listener

    yield start
    for listener in listeners:
        listener.stop(3)


@pytest.fixture
def connect() -> Iterator[Callable[[Listener], Peer]]:
    """Connect peers; they are closed when the test ends."""
    peers: list[Peer] = []

    def open_peer(listener: Listener) -> Peer:
        peers.append(Peer(listener.endpoint))
        return peers[-1]

    yield open_peer
    for peer in peers:
        peer.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> ListenTls:
    issued = authority.issue_cert("desk.example")
    certificate, key = tmp_path / "desk.pem", tmp_path / "desk.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    return ListenTls(certificate, key)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until a condition holds."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            pause.wait(0.005)

    return wait
