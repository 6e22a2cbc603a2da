"""A clock that has leapt while nothing ran: what is due waits until an admin says yes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from .conftest import RunningDaemon

NOT_TRUSTED = b"clock not trusted"


def let_the_clock_leap(desk: RunningDaemon, leap: timedelta) -> None:
    """Have the ticker's last beat lie so far back."""
    path = desk.folder / str(desk.settings["database"]).removeprefix("sqlite:///")
    then = f"{datetime.now(UTC) - leap:%Y-%m-%d %H:%M:%S.%f}"
    with closing(sqlite3.connect(path)) as database, database:
        assert database.execute("update beat set at = ?", [then]).rowcount == 1


def test_run_goes_by_a_clock_that_has_leapt_once_it_is_accepted(
    make_daemon: Callable[..., RunningDaemon],
) -> None:
    desk = make_daemon()
    recent = f"beat where at > '{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d %H:%M:%S}'"
    assert NOT_TRUSTED not in desk.cli("process").stderr
    assert desk.count(recent) == 1
    let_the_clock_leap(desk, timedelta(days=60))
    assert NOT_TRUSTED in desk.cli("process").stderr
    assert desk.count(recent) == 0

    desk.start("--accept-clock")
    assert desk.count(recent) == 1
    assert desk.stop() == 0
    assert NOT_TRUSTED not in desk.cli("process").stderr
