"""Mails that break what reads them: set aside after three attempts, told to the admin, kept; the
others flow. Here also a peer that sends nothing but empty lines.

The pauses between the attempts take half a minute. So the daemon that makes them is shared by the
first and the last test of this module; what comes in between has daemons of its own.
"""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import maildesk

from .conftest import RunningDaemon, wait_until, write_mail

pytestmark = pytest.mark.xdist_group("daemon-poison")  # see above

HOOKS = Path(__file__).parent / "hooks"
SOURCE = Path(maildesk.__file__).parents[1]  # `hooks` import it before Python looks here by itself
NEXT_SECONDS = 60.0
MEMORY_BYTES = 200_000_000


def start_with_bugs(daemon: RunningDaemon) -> None:
    """Start it with the bugs of `hooks`, and three seconds for a mail."""
    bugs = daemon.folder / "bugs"
    bugs.touch()
    daemon.configure(limits={"parse_seconds": 3})
    daemon.environ = {"PYTHONPATH": f"{HOOKS}:{SOURCE}", "MAILDESK_TEST_BUGS": str(bugs)}
    daemon.start()


def fix(daemon: RunningDaemon) -> None:
    Path(daemon.environ["MAILDESK_TEST_BUGS"]).unlink()


@dataclass
class Poisoned:
    """A daemon that was sent two mails that break their child, and then one of Ada's."""

    daemon: RunningDaemon
    sent_at: float


@pytest.fixture(scope="module")
def poisoned(make_shared_daemon: Callable[..., RunningDaemon]) -> Poisoned:
    daemon = make_shared_daemon()
    start_with_bugs(daemon)
    daemon.send(write_mail(1, "eve@example.org", "hang in the child"))
    daemon.send(write_mail(2, "mallory@example.org", "kill the child"))
    sent_at = time.monotonic()
    daemon.send(write_mail(3, "ada@example.org"))
    return Poisoned(daemon, sent_at)


def test_behind_mails_that_break_their_child_the_next_flows(poisoned: Poisoned) -> None:
    wait_until(lambda: len(poisoned.daemon.outgoing(to="ada@example.org")) == 1, NEXT_SECONDS)
    took = time.monotonic() - poisoned.sent_at
    print(f"the next was answered within {took:.1f} s")
    assert took < NEXT_SECONDS


def test_mail_that_kills_the_daemon_is_set_aside_alone(
    make_daemon: Callable[..., RunningDaemon],
) -> None:
    """As systemd does, the test starts the daemon whenever it is dead."""
    daemon = make_daemon()
    start_with_bugs(daemon)
    assert daemon.process
    for number in range(10):
        daemon.send(write_mail(f"a{number}", f"ada-{number}@example.org"))
    daemon.send(write_mail("eve", "eve@example.org", "kill the daemon"))
    starts = 0
    deadline = time.monotonic() + 90
    while daemon.count("receipt where state = 'received'"):
        assert time.monotonic() < deadline
        if daemon.process.poll() is not None:
            starts += 1
            daemon.spawn()
        wait_until(
            lambda: (
                daemon.process.poll() is not None
                or daemon.count("receipt where state = 'received'") == 0
            ),
            60,
        )
    assert 3 <= starts <= 4
    wait_until(daemon.is_listening)
    for number in range(10):
        daemon.send(write_mail(f"b{number}", f"bo-{number}@example.org"))
    assert len(daemon.wait_for_tickets(21)) == 20
    (failed,) = daemon.objects("journal", "list", "--state", "failed")
    assert failed["attempts"] == 3
    wait_until(lambda: daemon.outgoing(to="admin@example.com"))

    fix(daemon)
    daemon.restart()
    assert daemon.ask("journal", "retry", str(failed["id"])).returncode == 0
    assert len(daemon.wait_for_tickets(21)) == 21


def test_32_mib_of_empty_lines_cost_little_and_others_are_served(
    make_daemon: Callable[..., RunningDaemon],
) -> None:
    daemon = make_daemon()
    daemon.start()
    peak_bytes = 0
    with socket.create_connection(("127.0.0.1", daemon.smtp_port), timeout=30) as flood:
        replies = flood.makefile("rb")
        for command in ("", "EHLO x\r\n", "MAIL FROM:<eve@example.org>\r\n"):
            _ask(flood, replies, command)
        _ask(flood, replies, "RCPT TO:<support@example.com>\r\n")
        assert _ask(flood, replies, "DATA\r\n").startswith(b"354")
        for number in range(32):
            flood.sendall(b"\r\n" * 524_288)
            if number % 8 == 0:
                daemon.send(write_mail(number, f"ada-{number}@example.org"), timeout=15)
            peak_bytes = max(peak_bytes, daemon.resident_bytes)
        flood.sendall(b"\r\n.\r\n")
        watching = threading.Event()

        def watch() -> None:
            nonlocal peak_bytes
            while not watching.wait(0.01):
                peak_bytes = max(peak_bytes, daemon.resident_bytes)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        assert replies.readline().startswith(b"250")
        replies.close()
    tickets = daemon.wait_for_tickets(5)
    watching.set()
    watcher.join()
    print(f"at most {peak_bytes / 1e6:.0f} MB, while reading and working it off")
    assert len(tickets) == 5
    assert peak_bytes < MEMORY_BYTES


def test_mails_that_break_their_child_are_set_aside_told_and_kept(poisoned: Poisoned) -> None:
    daemon = poisoned.daemon
    wait_until(lambda: daemon.count("receipt where state = 'failed'") == 2, 2 * NEXT_SECONDS)
    for failed in daemon.objects("journal", "list", "--state", "failed"):
        assert failed["attempts"] == 3
        assert "child process" in failed["error"]
    wait_until(lambda: len(daemon.outgoing(to="admin@example.com")) == 2)
    alerts = [mail.get_payload(0) for mail in daemon.outgoing(to="admin@example.com")]
    words = " ".join(alert.get_payload(decode=True).decode() for alert in alerts)
    assert "maildesk journal retry 1" in words
    assert "maildesk journal retry 2" in words
    assert b"hang in the child" in daemon.cli("journal", "show", "1", "--raw").stdout

    fix(daemon)
    for failed_id in ("1", "2"):
        assert daemon.ask("journal", "retry", failed_id).returncode == 0
    tickets = daemon.wait_for_tickets(3)
    assert len({ticket["requester"] for ticket in tickets}) == len(tickets) == 3
    assert daemon.stats["states"] == {"received": 0, "done": 3, "failed": 0}


def _ask(peer: socket.socket, replies: object, command: str) -> bytes:
    peer.sendall(command.encode())
    while (line := replies.readline())[3:4] == b"-":  # type: ignore[attr-defined]
        pass
    return bytes(line)
