"""Commits of the journal: fifty writers, each waiting for its own, against bare SQLite."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from maildesk.bench.desk import ENVELOPE, open_bench_desk
from maildesk.bench.rows import Figure, Kind
from maildesk.bench.workloads import small
from maildesk.store.journal import Journal

WRITERS = 50
COMMITS = Kind("journal commits, 50 writers", "/s", "bare SQLite", mark=0.25)


def measure(folder: Path, *, count: int) -> Iterator[Figure]:
    """Keep `count` small mails."""
    mails = [small(number) for number in range(count)]
    yield Figure(COMMITS, count / _ours(folder, mails), count / _bare(folder, mails))


def _ours(folder: Path, mails: list[bytes]) -> float:
    with open_bench_desk(folder) as desk:
        kept = Journal(desk.database, desk.clock)

        def work(own: list[bytes]) -> None:
            for mail in own:
                kept.keep(mail, ENVELOPE)

        threads = [
            threading.Thread(target=work, args=(mails[number::WRITERS],))
            for number in range(WRITERS)
        ]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        kept.close()
    return seconds


def _bare(folder: Path, mails: list[bytes]) -> float:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, raw BLOB)")
    began = time.perf_counter()
    for start in range(0, len(mails), 50):
        connection.execute("BEGIN IMMEDIATE")
        rows = ((mail,) for mail in mails[start : start + 50])
        connection.executemany("INSERT INTO mail (raw) VALUES (?)", rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds
