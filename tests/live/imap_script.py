"""IMAP servers that misbehave: one that follows a script, and a proxy that cuts connections."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Self

Reply = bytes | Callable[[], bytes]

RAW = b"Subject: scripted\r\n\r\nHello\r\n"
LISTED = b'* 1 FETCH (UID 1 RFC822.SIZE %d INTERNALDATE "01-Nov-2026 10:00:00 +0000")\r\n$ OK -\r\n'
REPLIES: dict[str, Reply] = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n$ OK -\r\n",
    "LOGIN": b"$ OK -\r\n",
    "NOOP": b"$ OK -\r\n",
    "SELECT": (
        b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] -\r\n* OK [UIDNEXT 2] -\r\n$ OK [READ-WRITE] -\r\n"
    ),
    "UID SEARCH": b"* SEARCH 1\r\n$ OK -\r\n",
    "UID FETCH SIZE": LISTED % len(RAW),
    "UID FETCH BODY": b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n$ OK -\r\n" % (len(RAW), RAW),
    "UID MOVE": b"* 1 EXPUNGE\r\n$ OK -\r\n",
    "LIST": b'* LIST () "/" "Processed"\r\n$ OK -\r\n',
    "LOGOUT": b"* BYE\r\n$ OK -\r\n",
}


class ScriptedServer:
    """Answers each command as `REPLIES` or the given replies say; $ stands for the tag. What it
    hears is in `heard`."""

    def __init__(
        self,
        replies: Mapping[str, Reply] | None = None,
        *,
        greeting: bytes = b"* OK ready\r\n",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._replies = REPLIES | dict(replies or {})
        self._greeting = greeting
        self._tls = tls
        self.heard: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def commands(self, name: str) -> list[str]:
        """Return what was heard of one command."""
        return [line for line in self.heard if line.startswith(name)]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                connection.sendall(self._greeting)
                for line in lines:
                    tag, _, command = line.decode("latin-1").strip().partition(" ")
                    self.heard.append(command or tag)
                    reply = self._replies.get(_name(command), b"$ BAD unknown\r\n")
                    answer = reply() if callable(reply) else reply
                    connection.sendall(answer.replace(b"$", tag.encode()))


def _name(command: str) -> str:
    words = command.split()
    if words[:2] == ["UID", "FETCH"]:
        return "UID FETCH BODY" if "BODY" in command else "UID FETCH SIZE"
    return " ".join(words[:2]) if words[:1] == ["UID"] else words[0] if words else ""


class CuttingProxy:
    """Passes bytes to a real server and cuts each connection after so many bytes from it; None
    lets it live. Connections beyond the list live."""

    def __init__(self, target_port: int, cuts: list[int | None]) -> None:
        self._target_port = target_port
        self._cuts = list(cuts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        for one in (self._listener, *self._open):
            _end(one)
        for thread in list(self._threads):
            thread.join(5)
        for one in (self._listener, *self._open):
            one.close()

    @property
    def is_used_up(self) -> bool:
        """All cuts were made."""
        return not self._cuts

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target_port))
                self._open += [client, server]
                cut = self._cuts.pop(0) if self._cuts else None
                self._pump(client, server, None)
                self._pump(server, client, cut)

    def _pump(self, source: socket.socket, target: socket.socket, cut: int | None) -> None:
        thread = threading.Thread(target=_pass_on, args=(source, target, cut), daemon=True)
        self._threads.append(thread)
        thread.start()


def _pass_on(source: socket.socket, target: socket.socket, left: int | None) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65_536 if left is None else min(65_536, left)):
            target.sendall(chunk)
            if left is not None and not (left := left - len(chunk)):
                break
    _end(source)
    _end(target)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
