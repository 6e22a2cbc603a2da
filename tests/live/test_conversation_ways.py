"""The same conversation by every way in: SMTP, LMTP, IMAP, and a pipe without a daemon.

The desk runs as its users run it, a process on a configuration folder; what it sends goes through a
real SMTP server; people are the mail clients of the stories.
"""

import contextlib
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import objects
from dovecot import PASSWORD, Dovecot, free_port, wait_until
from smtp_sink import SmtpSink, running_sink
from stories.people import Client, Letter, files_of, ids_of, outlook, read

from maildesk.config.starter import write_key
from maildesk.store import journal
from maildesk.store.engine import open_database

SUPPORT = "support@example.com"
FILE = {"log.bin": bytes(range(256)) * 400}
DOMAIN_SETTINGS: dict[str, Any] = {
    "domain": "example.com",
    "database": "sqlite:///desk.db",
    "reply": {"key": {"file": "reply.key"}},
    "admins": ["admin@example.com"],
    "acknowledge": {"unverified": "full", "per_hour": 0},
}
OTHER_FILES = {
    "people.yaml": "agents: {kari: {name: Kari Nordmann, addresses: [kari@example.com],"
    " teams: [first-line]}}\nteams: {first-line: {lead: kari}}\n",
    "routing.yaml": "queues: {helpdesk: {address: support@example.com, team: first-line,"
    " name: IT Service Desk, default: true}}\nrules: []\n",
    "sla.yaml": "",
}


@dataclass
class LiveDesk:
    """A desk on a folder, the server that it sends through, and the people who mail with it."""

    folder: Path
    sink: SmtpSink
    settings: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    seen: int = 0

    def configure(self, **settings: Any) -> None:
        """Write the configuration folder."""
        smarthost = {"host": "127.0.0.1", "port": self.sink.port, "tls": "none"}
        self.settings = {**DOMAIN_SETTINGS, "send": {"smarthost": smarthost}, **settings}
        self.folder.mkdir()
        (self.folder / "maildesk.yaml").write_text(yaml.safe_dump(self.settings))
        for name, text in OTHER_FILES.items():
            (self.folder / name).write_text(text)
        write_key(self.folder / "reply.key")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.environ, "MAILDESK_CONFIG": str(self.folder)}

    def command(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run a command of maildesk's to its end."""
        return subprocess.run(
            [sys.executable, "-m", "maildesk", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def ask(self, *arguments: str) -> list[Any]:
        """What a command says as JSON, an object a line."""
        return objects(*arguments, config=self.folder)

    def is_done_with(self, mails: int) -> bool:
        """Whether as many mails are worked off."""
        database = open_database(f"sqlite:///{self.folder / 'desk.db'}", is_reader=True)
        with contextlib.closing(database), database.read() as session:
            return journal.stats(session)["states"]["done"] == mails

    def dispositions(self) -> dict[str, int]:
        """What became of all mails."""
        (stats,) = self.ask("journal", "stats")
        return {word: count for word, count in stats["dispositions"].items() if count}

    def states(self) -> set[str]:
        """Where the letters stand; the server has one before we know that it has."""
        return {letter["state"] for letter in self.ask("outbox", "list")}

    def collect(self) -> None:
        """Put what the server took into people's inboxes."""
        mails = self.sink.mails
        for taken in mails[self.seen :]:
            (recipient,) = taken.recipients
            letter = Letter(read(taken.raw), taken.reverse_path.strip("<>"), recipient)
            assert recipient in self.clients, str(letter)
            self.clients[recipient].inbox.append(letter)
        self.seen = len(mails)

    def next_for(self, client: Client) -> Letter:
        """Wait for the next letter to somebody."""
        before = len(client.inbox)

        def came() -> bool:
            self.collect()
            return len(client.inbox) > before

        wait_until(came, 60, f"a letter to {client.address}")
        return client.last


Post = Callable[[EmailMessage], None]


def recipients_of(mail: EmailMessage) -> list[str]:
    """Whom the senders' servers bring to our door."""
    fields = [str(mail[name]) for name in ("To", "Cc") if mail[name]]
    return [a for _, a in getaddresses(fields) if a.startswith("support")]


@contextlib.contextmanager
def running_daemon(desk: LiveDesk) -> Iterator[None]:
    log = desk.folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "maildesk", "run"],
            env=desk.environment,
            stderr=stream,
        )
    try:
        wait_until(lambda: " ready " in log.read_text() or process.poll() is not None, 60, "ready")
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def by_smtp(desk: LiveDesk) -> Iterator[Post]:
    port = free_port()
    desk.configure(listen=[{"smtp": f"127.0.0.1:{port}"}])

    def post(mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
            smtp.send_message(mail, to_addrs=recipients_of(mail))

    with running_daemon(desk):
        yield post


@contextlib.contextmanager
def by_lmtp(desk: LiveDesk) -> Iterator[Post]:
    path = desk.folder / "lmtp"
    desk.configure(listen=[{"lmtp": f"unix:{path}"}])

    def post(mail: EmailMessage) -> None:
        with smtplib.LMTP(str(path)) as lmtp:
            lmtp.send_message(mail, to_addrs=recipients_of(mail))

    with running_daemon(desk):
        yield post


@contextlib.contextmanager
def by_imap(desk: LiveDesk) -> Iterator[Post]:
    with contextlib.closing(Dovecot()) as dovecot:
        mailbox = {
            "name": "support",
            "host": "127.0.0.1",
            "port": dovecot.port,
            "tls": "none",
            "user": "support",
            "password": {"env": "IMAP_PASSWORD"},
            "start": "all",  # the first mail may come before the first look
        }
        desk.environ["IMAP_PASSWORD"] = PASSWORD
        desk.configure(mailboxes=[mailbox])
        posted = []

        def post(mail: EmailMessage) -> None:
            dovecot.deliver("support", mail.as_bytes())
            posted.append(mail)

        with running_daemon(desk):
            yield post
            wait_until(lambda: dovecot.count("support") == 0, 60, "the INBOX is empty")
            assert dovecot.count("support", ".Processed") == len(posted)


@contextlib.contextmanager
def by_pipe(desk: LiveDesk) -> Iterator[Post]:
    desk.configure()

    def post(mail: EmailMessage) -> None:
        to = [word for address in recipients_of(mail) for word in ("--to", address)]
        sender = ["--from", str(mail["From"].addresses[0].addr_spec)]
        done = desk.command("receive", *sender, *to, stdin=mail.as_bytes())
        assert (done.returncode, done.stderr) == (0, b"")

    yield post
    assert desk.command("process").returncode == 0


WAYS = {"smtp": by_smtp, "lmtp": by_lmtp, "imap": by_imap, "pipe": by_pipe}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LiveDesk]:
    with running_sink(tmp_path / "sent") as sink:
        desk = LiveDesk(tmp_path / "desk", sink)
        for name, address in {
            "Ada Berg": "ada@example.org",
            "Carl Ek": "carl@example.org",
            "Kari Nordmann": "kari@example.com",
        }.items():
            desk.clients[address] = Client(name, address)
        yield desk


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_conversation(desk: LiveDesk, way: Callable[[LiveDesk], Any]) -> None:
    ada, carl, kari = desk.clients.values()
    kari.style = outlook
    with way(desk) as post:
        first = ada.write(SUPPORT, cc=[carl.address], files=FILE)
        post(first)
        received = desk.next_for(ada)
        wait_until(lambda: desk.collect() or kari.inbox, 60, "the notification")
        told = kari.last
        assert received["Subject"] == told["Subject"] == "Re: Printer is dead [#1]"
        assert received["In-Reply-To"] == first["Message-ID"]
        assert received.reverse_path == ""
        assert files_of(told.mail) == FILE

        post(kari.answer("Hello Ada,\n\nplease fill tray 2.\n\nKari", files={"how.pdf": b"%PDF"}))
        reply = desk.next_for(ada)
        assert reply["From"] == '"Kari Nordmann (IT Service Desk)" <support@example.com>'
        assert reply.text.startswith("Hello Ada,\n\nplease fill tray 2.\n\nKari\n")
        assert files_of(reply.mail) == {"how.pdf": b"%PDF"}
        assert reply.reverse_path.startswith("support+t1.1.b")
        assert "kari@example.com" not in reply.raw.decode()
        assert set(ids_of(reply.mail, "References")) <= ada.ids

        post(ada.answer("It prints again.", subject="Hurrah!"))
        again = desk.next_for(kari)
        assert again["Subject"] == "Re: Printer is dead [#1]"
        assert "> It prints again." in again.text
        assert "tray 2" not in again.text

        carl.inbox.append(Letter(read(first.as_bytes()), ada.address, carl.address))
        post(carl.answer("Mine does too.", to_all=True))
        assert "Held: a mail from Carl Ek" in desk.next_for(kari).text

        sent = len(desk.sink.mails)
        post(ada.answer("I am away.", reply, fields={"Auto-Submitted": "auto-replied"}))
        wait_until(lambda: desk.is_done_with(5), 60, "the vacation notice is worked off")
        wait_until(lambda: desk.states() == {"sent"}, 60, "the outbox is sent")
        assert len(desk.sink.mails) == sent == 5

    assert desk.dispositions() == {"new-ticket": 1, "reply": 2, "held": 1, "automatic": 1}
    (ticket,) = desk.ask("ticket", "list")
    assert (ticket["number"], ticket["status"], ticket["assignee"]) == (1, "open", "kari")
    (shown,) = desk.ask("ticket", "show", "1")
    visibilities = [message["visibility"] for message in shown["messages"]]
    assert visibilities == ["public", "public", "public", "held", "internal"]
