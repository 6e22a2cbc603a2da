"""Memory: the daemon and its children together, each shared page counted in parts (PSS)."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maildesk.bench.load import send_apart
from maildesk.bench.rows import Figure, Kind
from maildesk.config.starter import write_demo
from maildesk.store import journal
from maildesk.store.engine import open_database

START_SECONDS = 60.0
WORK_SECONDS = 60.0
IDLE = Kind("memory, idle", " MB", at_most=130)
LOADED = Kind("memory, small load", " MB", at_most=190)

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def measure(folder: Path, *, count: int) -> Iterator[Figure]:
    """Start a daemon; look at it idle, and when it has worked off `count` mails."""
    if not Path("/proc/self/smaps_rollup").exists():
        return
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with _running_daemon(write_demo(folder, port), port) as daemon:
        yield Figure(IDLE, _megabytes(daemon.pid))
        send_apart(port, 5, "small", count)
        _wait_for_idle(folder / "maildesk.db", count)
        yield Figure(LOADED, _megabytes(daemon.pid))


@contextmanager
def _running_daemon(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    daemon = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "maildesk", "run", "--config", str(folder)],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port)
        yield daemon
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(START_SECONDS)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.recv(100)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
            continue
        return


def _wait_for_idle(path: Path, count: int) -> None:
    database = open_database(f"sqlite:///{path}", is_reader=True)
    deadline = time.monotonic() + WORK_SECONDS
    try:
        while time.monotonic() < deadline:
            with database.read() as session:
                if journal.stats(session)["states"]["done"] >= count:
                    return
            time.sleep(0.1)
    finally:
        database.close()
    raise TimeoutError("the daemon did not work off its journal")


def _megabytes(process: int) -> float:
    """The PSS of a process and of all its children."""
    kilobytes = sum(_pss(process) for process in _with_children(process))
    return kilobytes / 1000


def _pss(process: int) -> int:
    found = _PSS.search(Path(f"/proc/{process}/smaps_rollup").read_text())
    return int(found[1]) if found else 0


def _with_children(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _with_children(int(child))
