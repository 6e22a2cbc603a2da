"""The daemon's parts, looked at from within: the clock that is set back, and the watchdog."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from maildesk.daemon import Daemon
from maildesk.mail.envelope import DeliveryResult, DeliveryState
from maildesk.service import Service
from maildesk.store import outbox, sending


@pytest.fixture
def parts(house) -> Iterator[Daemon]:
    """A daemon without a way in, on a desk whose clock stands still."""
    parts = Daemon(house.desk)
    parts.start()
    yield parts
    parts.stop()


def due_at(house) -> list[str | None]:
    with house.desk.database.read() as session:
        return [line["next_at"] for line in outbox.list_outgoing(session)]


def test_clock_that_is_set_back_makes_no_letter_wait_for_the_old_time(house, ada):
    house.post(ada.write("support@example.com"))
    with house.desk.database.write() as session:
        session.connection().exec_driver_sql("UPDATE outgoing SET state = 'sending'")
    later = DeliveryResult(DeliveryState.DEFERRED, "451 later")
    for letter in (1, 2, 3):
        sending.mark(house.desk.database, letter, later, house.clock())
    house.clock.pass_time(hours=-5)
    daemon = Daemon(house.desk)
    daemon.start()
    try:
        Service(daemon)._watch_clock(time.time() - time.monotonic() + 5 * 3600)
        assert due_at(house) == ["2026-11-23T04:01:00Z"] * 3
    finally:
        daemon.stop()


def test_watchdog_hears_nothing_while_a_part_is_stuck(
    parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        trouble = "the database is locked"
        parts.health.watch("worker", lambda: trouble)
        Service(parts)._ping()
        assert manager.recv(100) == b"WATCHDOG=1"
        trouble = "no progress for 121 s"
        Service(parts)._ping()
        manager.settimeout(0)
        with pytest.raises(BlockingIOError):
            manager.recv(100)
        monkeypatch.delenv("NOTIFY_SOCKET")
