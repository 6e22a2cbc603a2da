"""A desk as its users run it: a process on a folder, sending through a real server."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from command_line import objects
from dovecot import wait_until
from smtp_sink import SmtpSink
from stories.people import Client, Letter, read

from maildesk.config.starter import write_key
from maildesk.store import journal
from maildesk.store.engine import open_database

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

    def add_people(self, **addresses: str) -> list[Client]:
        """Give these people mail clients, by first names."""
        for name, address in addresses.items():
            self.clients[address] = Client(name, address)
        return [self.clients[address] for address in addresses.values()]

    def configure(self, files: dict[str, str] | None = None, **settings: Any) -> None:
        """Write the configuration folder."""
        smarthost = {"host": "127.0.0.1", "port": self.sink.port, "tls": "none"}
        self.settings = {**DOMAIN_SETTINGS, "send": {"smarthost": smarthost}, **settings}
        self.folder.mkdir()
        (self.folder / "maildesk.yaml").write_text(yaml.safe_dump(self.settings))
        for name, text in (files or OTHER_FILES).items():
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


@contextlib.contextmanager
def running_daemon(desk: LiveDesk) -> Iterator[None]:
    """Run the daemon on the desk's folder; it must end well."""
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
