"""The journal: what is kept, and what is told of it."""

import json
import resource
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from maildesk.errors import NotFound, Temporary, Unavailable
from maildesk.mail.envelope import Envelope, Place, Source
from maildesk.model.plan import Disposition
from maildesk.store import claims, journal
from maildesk.store.engine import Database, open_database
from maildesk.store.groupcommit import GroupCommit
from maildesk.store.journal import Journal

from .conftest import ENVELOPE, NOW, finish

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def in_threads(count: int, work: object) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


# --- keeping ------------------------------------------------------------------------------------


def test_what_was_kept_comes_back_byte_for_byte(database: Database, keeper: Journal) -> None:
    envelope = Envelope(
        Source.IMAP,
        reverse_path="a\udc80@example.org",  # as a listener decodes what is not UTF-8
        recipients=("b@example.com", "\x00"),
        peer="127.0.0.1",
        received_at=datetime(2026, 11, 1, 7, 0, tzinfo=UTC),
        place=Place("support", "INBOX", 2**32 - 1, 2**32 - 1),
        full_size=99,
        is_archive=True,
    )
    keeper.keep(bytes(range(256)), envelope)
    (receipt,) = claims.claim(database, NOW)
    assert receipt.raw == bytes(range(256))
    assert receipt.envelope == envelope
    assert receipt.received_at == envelope.received_at


def test_a_big_mail_comes_back_byte_for_byte_among_small_ones(
    database: Database, keeper: Journal
) -> None:
    mails = [b"small", bytes(range(256)) * 12_000, b"small too", b"", b"\r\n" * 1_000_000]
    for mail in mails:
        keeper.keep(mail, ENVELOPE)
    assert [receipt.raw for receipt in claims.claim(database, NOW)] == mails
    with database.read() as session:
        assert [journal.raw_of(session, number) for number in range(1, 6)] == mails


def test_a_big_mail_that_does_not_fit_is_refused_and_taken_later(
    database: Database, keeper: Journal
) -> None:
    keeper.keep(b"small", ENVELOPE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))  # as over a quota
    try:
        for _ in range(2):
            with pytest.raises(Temporary):
                keeper.keep(b"x" * 40_000_000, ENVELOPE)
        keeper.keep(b"small", ENVELOPE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    keeper.keep(b"x" * 40_000_000, ENVELOPE)
    claimed = [mail for _ in range(2) for mail in claims.claim(database, NOW)]
    assert [len(mail.raw) for mail in claimed] == [5, 5, 40_000_000]


def test_fifty_writers_share_transactions(database: Database) -> None:
    commits = 0

    def count(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database._writer, "commit", count)
    keeper = Journal(database, lambda: NOW)
    ids: list[int] = []

    def keep_ten(number: int) -> None:
        ids.extend(keeper.keep(b"%d %d" % (number, turn), ENVELOPE) for turn in range(10))

    in_threads(50, keep_ten)
    keeper.close()
    assert sorted(ids) == list(range(1, 501))
    assert commits < 250


def test_close_commits_what_waits_and_then_refuses(database: Database) -> None:
    keeper = Journal(database, lambda: NOW)
    kept: list[int] = []
    with database.write():  # the journal's thread must wait
        threads = [
            threading.Thread(target=lambda: kept.append(keeper.keep(b"x", ENVELOPE)))
            for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        closing = threading.Thread(target=keeper.close)
        closing.start()
    closing.join(10)
    for thread in threads:
        thread.join(10)
    with database.read() as session:
        assert journal.stats(session)["states"]["received"] == len(kept)
    with pytest.raises(Unavailable):
        keeper.keep(b"x", ENVELOPE)


def test_the_same_place_is_one_receipt(keeper: Journal, database: Database) -> None:
    place = Place("support", "INBOX", 7, 42)
    first = keeper.keep(b"x", Envelope(Source.IMAP, place=place))
    assert keeper.keep(b"x", Envelope(Source.IMAP, place=place)) == first
    other = Place("support", "INBOX", 8, 42)
    assert keeper.keep(b"x", Envelope(Source.IMAP, place=other)) != first
    with database.read() as session:
        assert journal.stats(session)["states"]["received"] == 2


def test_the_same_place_twice_in_one_commit_is_one_receipt(database: Database) -> None:
    keeper = Journal(database, lambda: NOW)
    ids: list[int] = []
    envelope = Envelope(Source.IMAP, place=Place("support", "INBOX", 7, 42))
    in_threads(20, lambda _number: ids.append(keeper.keep(b"x", envelope)))
    keeper.close()
    assert ids == [1] * 20


def test_one_bad_row_does_not_fail_the_others(database: Database) -> None:
    keeper = Journal(database, lambda: NOW)
    kept: list[int] = []
    refused: list[Temporary] = []

    def keep(number: int) -> None:
        uid = 2**70 if number == 3 else number  # no database has room for that
        envelope = Envelope(Source.IMAP, place=Place("support", "INBOX", 7, uid))
        try:
            kept.append(keeper.keep(b"x", envelope))
        except Temporary as error:
            refused.append(error)

    in_threads(10, keep)
    keeper.close()
    assert len(kept) == len(set(kept)) == 9
    assert [error.reply_code for error in refused] == [451]


def test_callers_wait_while_too_many_bytes_are_in_flight() -> None:
    may_commit = threading.Event()
    batches: list[int] = []

    def commit(items: object) -> list[int]:
        may_commit.wait(10)
        batches.append(len(items))  # type: ignore[arg-type]
        return [0] * len(items)  # type: ignore[arg-type]

    group: GroupCommit[int] = GroupCommit(commit, in_flight_bytes=250)
    threads = [threading.Thread(target=group.submit, args=(0, 100)) for _ in range(6)]
    for thread in threads:
        thread.start()
    deadline = threading.Event()
    while group._bytes < 200 and not deadline.wait(0.01):
        pass
    assert group._bytes == 200
    may_commit.set()
    for thread in threads:
        thread.join(10)
    group.close()
    assert sum(batches) == 6
    assert max(batches) <= 2


def test_who_waits_behind_a_locked_database_is_not_kept_waiting_twice() -> None:
    is_asked, is_locked = threading.Event(), threading.Event()
    commits: list[int] = []

    def commit(items: object) -> list[int]:
        commits.append(len(items))  # type: ignore[arg-type]
        is_asked.set()
        is_locked.wait(10)
        raise Unavailable("the database is locked")

    group: GroupCommit[int] = GroupCommit(commit, in_flight_bytes=1000)
    answers: list[Temporary] = []

    def submit(_number: int) -> None:
        try:
            group.submit(0, 1)
        except Temporary as answer:
            answers.append(answer)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    threads[0].start()
    assert is_asked.wait(10)
    for thread in threads[1:]:
        thread.start()
    while group._bytes < 4 and not threading.Event().wait(0.01):
        pass
    is_locked.set()
    for thread in threads:
        thread.join(10)
    group.close()
    assert len(answers) == 4
    assert commits == [1]
    assert group._bytes == 0


def test_a_single_mail_over_the_limit_in_flight_is_taken(database: Database) -> None:
    keeper = Journal(database, lambda: NOW, in_flight_bytes=10)
    assert keeper.keep(b"x" * 100, ENVELOPE) == 1
    keeper.close()


KEEP_UNTIL_KILLED = r"""
import os, sys, threading
from datetime import UTC, datetime
from maildesk.mail.envelope import Envelope, Source
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal
keeper = Journal(open_database(sys.argv[1]), lambda: datetime.now(UTC))
def keep():
    while True:
        os.write(1, b"%d\n" % keeper.keep(b"x" * 3000, Envelope(Source.SMTP)))
for _ in range(4):
    threading.Thread(target=keep).start()
"""


@pytest.mark.parametrize("answers", [5, 60, 200])
def test_kill_9_loses_no_mail_that_was_answered(path: Path, answers: int) -> None:
    url = f"sqlite:///{path}"
    open_database(url).migrate()
    with subprocess.Popen(
        [sys.executable, "-c", KEEP_UNTIL_KILLED, url], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        answered = [int(process.stdout.readline()) for _ in range(answers)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout if line.endswith("\n")]
    database = open_database(url)
    with database.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert all(len(journal.raw_of(session, receipt)) == 3000 for receipt in answered)
    database.close()


# --- looking ------------------------------------------------------------------------------------


def test_stats_name_every_state_and_disposition(keeper: Journal, database: Database) -> None:
    for _ in range(3):
        keeper.keep(b"x", ENVELOPE)
    finish(database, 1, Disposition.NEW_TICKET)
    finish(database, 2, Disposition.DUPLICATE)
    with database.read() as session:
        stats = journal.stats(session)
    assert stats["states"] == {"received": 1, "done": 2, "failed": 0}
    expected = dict.fromkeys(map(str, Disposition), 0) | {"new-ticket": 1, "duplicate": 1}
    assert stats["dispositions"] == expected


def test_receipts_are_shown_as_json(keeper: Journal, database: Database) -> None:
    for _ in range(3):
        keeper.keep(b"x", ENVELOPE)
    finish(database, 1, Disposition.NEW_TICKET)
    with database.read() as session:
        shown = journal.show(session, 1)
        listed = journal.list_receipts(session, state="received", limit=1)
        with pytest.raises(NotFound):
            journal.show(session, 99)
    assert json.loads(json.dumps(shown))["trace"] == {"reasons": ["because"]}
    assert shown["received_at"] == "2026-11-23T08:15:00Z"
    assert shown["finished_at"] == "2026-11-23T08:16:00Z"
    assert [line["id"] for line in listed] == [3]


def test_health_can_ask_what_waits(keeper: Journal, database: Database) -> None:
    with database.read() as session:
        assert journal.oldest_waiting(session) is None
    keeper.keep(b"x", ENVELOPE)
    keeper.keep(b"y", ENVELOPE)
    claims.claim(database, NOW, limit=1)
    with database.read() as session:
        assert claims.waiting(session, NOW) == 1
        assert journal.oldest_waiting(session) == NOW
