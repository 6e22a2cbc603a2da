"""maildesk as people run it: a process of its own on a configuration folder, killed at will."""

import json
import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from command_line import objects, run_here

from maildesk.config.starter import write_key

START_SECONDS = 60.0  # a busy machine is no failure
STOP_SECONDS = 30.0  # what we promise between SIGTERM and the end
COMMAND_SECONDS = 60.0

PEOPLE = {
    "agents": {
        "kari": {
            "name": "Kari Nordmann",
            "addresses": ["kari@example.com"],
            "teams": ["first-line"],
        }
    },
    "teams": {"first-line": {"lead": "kari"}},
}
ROUTING = {
    "queues": {
        "helpdesk": {
            "address": "support@example.com",
            "team": "first-line",
            "name": "IT Service Desk",
            "default": True,
        }
    },
    "rules": [],
}


def wait_until(is_so: Callable[[], object], seconds: float = 60.0, what: str = "") -> float:
    """Wait for a condition and return how long it took; fail when it does not come in time."""
    began_at = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_at < seconds, f"not within {seconds} s: {what or is_so}"
        time.sleep(0.02)
    return time.monotonic() - began_at


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_mail(
    number: object, sender: str = "ada@example.org", subject: str = "", text: str = "It is dead."
) -> bytes:
    lines = [
        f"From: {sender}",
        "To: support@example.com",
        f"Subject: {subject or f'Printer {number}'}",
        f"Message-ID: <{number}@client.example>",
        "Date: Mon, 23 Nov 2026 09:00:00 +0100",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode()


class RunningDaemon:
    """`maildesk run` on a folder of its own. The ports stay the same over a restart."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.log_file = folder / "log"
        self.smtp_port, self.http_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.environ: dict[str, str] = {}
        self.program = [sys.executable, "-m", "maildesk"]
        self.settings: dict[str, Any] = {
            "domain": "example.com",
            "database": "sqlite:///maildesk.db",
            "listen": [{"smtp": f"127.0.0.1:{self.smtp_port}"}],
            "send": {"maildir": "outgoing"},
            "reply": {"key": {"file": "reply.key"}},
            "admins": ["admin@example.com"],
            "acknowledge": {"unverified": "full", "per_hour": 0},
            "http": {"listen": f"127.0.0.1:{self.http_port}"},
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.write("people.yaml", PEOPLE)
        self.write("routing.yaml", ROUTING)
        self.write("sla.yaml", "")
        self.configure(**changes)
        write_key(folder / "reply.key")

    # --- its configuration ---

    def configure(self, **changes: Any) -> None:
        self.settings |= changes
        self.write("maildesk.yaml", self.settings)

    def write(self, name: str, content: Mapping[str, Any] | str) -> None:
        text = content if isinstance(content, str) else yaml.safe_dump(dict(content))
        (self.folder / name).write_text(text, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        return {**kept, "MAILDESK_CONFIG": str(self.folder), **self.environ}

    # --- its life ---

    def spawn(self, *options: str) -> None:
        """Start it without waiting."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "run", *options],
                env=self.environment,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def start(self, *options: str) -> None:
        """Start it and wait until it answers on /healthz and says that it is ready."""
        already = self.log.count(" ready ")
        self.spawn(*options)
        wait_until(
            lambda: self.is_running() and self.log.count(" ready ") > already and self.health(),
            START_SECONDS,
            "the daemon is not ready",
        )

    def is_listening(self) -> bool:
        """Whether it takes mail; /healthz answers before the ways in are open."""
        try:
            with self.connect():
                return True
        except OSError:
            return False

    def is_running(self) -> bool:
        assert self.process
        assert self.process.poll() is None, f"the daemon has ended:\n{self.log}"
        return True

    def kill9(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop as systemd does; return its exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def restart(self) -> None:
        self.stop()
        self.start()

    def reload(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
                return
            self.kill9()

    # --- looking at it ---

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    @property
    def resident_bytes(self) -> int:
        assert self.process
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @property
    def cpu_seconds(self) -> float:
        """What its threads have taken of the CPU, without the children."""
        assert self.process
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def health(self) -> tuple[int, dict[str, Any]] | None:
        """What /healthz answers; None while nobody listens there."""
        try:
            with urllib.request.urlopen(self._health_page, timeout=30) as page:
                return page.status, json.load(page)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return None

    @property
    def _health_page(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/healthz"

    def cli(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run a command on its folder, in a process of its own."""
        return subprocess.run(
            [*self.program, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def ask(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on its folder, here."""
        return run_here(*arguments, config=self.folder)

    def objects(self, *arguments: str) -> list[dict[str, Any]]:
        """What a command prints with --json, one object a line."""
        return objects(*arguments, config=self.folder)

    @property
    def tickets(self) -> list[dict[str, Any]]:
        return self.objects("ticket", "list")

    @property
    def stats(self) -> dict[str, dict[str, int]]:
        (stats,) = self.objects("journal", "stats")
        return stats

    def count(self, query: str) -> int:
        """Ask the database beside the daemon, for waiting: a command costs seconds of the CPU."""
        path = self.folder / str(self.settings["database"]).removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as reader:
            return int(reader.execute(f"select count(*) from {query}").fetchone()[0])

    def wait_for_tickets(self, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Wait until so many mails were worked off, and none is left."""
        wait_until(
            lambda: self.count("receipt where state != 'received'") >= count, seconds, "the worker"
        )
        wait_until(lambda: self.count("receipt where state = 'received'") == 0, seconds, "its end")
        return self.tickets

    def wait_for_letters(self, seconds: float = 60.0) -> None:
        """Wait until everything was sent."""
        wait_until(
            lambda: self.count("outgoing where state in ('queued', 'sending')") == 0,
            seconds,
            "the sender",
        )

    # --- mail ---

    def connect(self, timeout: float = 30.0) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.smtp_port, "client.example", timeout=timeout)

    def send(self, mail: bytes, sender: str = "ada@example.org", **options: Any) -> None:
        """Hand over one mail; raises what smtplib raises where it is not answered 250."""
        with self.connect(**options) as smtp:
            smtp.sendmail(sender, ["support@example.com"], mail)

    def outgoing(self, to: str = "") -> list[Message]:
        """The mails that went out into the Maildir, to all or to one address."""
        folder = self.folder / str(self.settings["send"]["maildir"]) / "new"
        mails = [message_from_bytes(path.read_bytes()) for path in sorted(folder.glob("*"))]
        return [mail for mail in mails if to in str(mail["To"])]


@contextmanager
def _daemons_in(folder: Path) -> Iterator[Callable[..., RunningDaemon]]:
    made: list[RunningDaemon] = []

    def make(**changes: Any) -> RunningDaemon:
        made.append(RunningDaemon(folder / f"desk{len(made)}", **changes))
        return made[-1]

    yield make
    for daemon in made:
        daemon.end()


@pytest.fixture
def make_daemon(tmp_path: Path) -> Iterator[Callable[..., RunningDaemon]]:
    """Write configurations of daemons; what of them runs is ended with the test."""
    with _daemons_in(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def make_shared_daemon(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., RunningDaemon]]:
    """The same for all tests of a module: a start takes two seconds of the CPU."""
    with _daemons_in(tmp_path_factory.mktemp("shared")) as make:
        yield make


@pytest.fixture
def daemon(make_daemon: Callable[..., RunningDaemon]) -> RunningDaemon:
    """A daemon that runs."""
    made = make_daemon()
    made.start()
    return made
