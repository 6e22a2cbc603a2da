"""The journal: kept, claimed in order, worked off or set aside."""

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

from maildesk.errors import NotFound, Permanent, Temporary, Unavailable
from maildesk.mail.envelope import Envelope, Place, Source
from maildesk.model.plan import Disposition
from maildesk.store import journal
from maildesk.store.apply import Stale
from maildesk.store.engine import Database, open_database
from maildesk.store.groupcommit import GroupCommit
from maildesk.store.journal import Journal

from .conftest import ENVELOPE, NOW

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def finish(database: Database, receipt: int, disposition: Disposition) -> None:
    with database.write() as session:
        journal.finish(
            session,
            receipt,
            disposition=disposition,
            ticket=None,
            trace={"reasons": ["because"]},
            content_key="key",
            message_id=None,
            now=NOW + MINUTE,
        )


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
    (receipt,) = journal.claim(database, NOW)
    assert receipt.raw == bytes(range(256))
    assert receipt.envelope == envelope
    assert receipt.received_at == envelope.received_at


def test_a_big_mail_comes_back_byte_for_byte_among_small_ones(
    database: Database, keeper: Journal
) -> None:
    mails = [b"small", bytes(range(256)) * 12_000, b"small too", b"", b"\r\n" * 1_000_000]
    for mail in mails:
        keeper.keep(mail, ENVELOPE)
    assert [receipt.raw for receipt in journal.claim(database, NOW)] == mails
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
    claimed = [mail for _ in range(2) for mail in journal.claim(database, NOW)]
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


# --- working off --------------------------------------------------------------------------------


def test_receipts_are_claimed_once_and_in_order(keeper: Journal, database: Database) -> None:
    for number in range(5):
        keeper.keep(b"%d" % number, ENVELOPE)
    first = journal.claim(database, NOW, limit=3)
    assert [receipt.raw for receipt in first] == [b"0", b"1", b"2"]
    assert [receipt.raw for receipt in journal.claim(database, NOW)] == [b"3", b"4"]
    assert journal.claim(database, NOW) == []


def test_a_claim_is_bounded_by_bytes(
    keeper: Journal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "CLAIM_BYTES", 25)
    for _ in range(3):
        keeper.keep(b"x" * 10, ENVELOPE)
    keeper.keep(b"x" * 100, ENVELOPE)
    assert [len(journal.claim(database, NOW)) for _ in range(4)] == [2, 1, 1, 0]


def test_what_a_dead_process_had_claimed_is_claimed_alone(
    keeper: Journal, database: Database
) -> None:
    for number in range(4):
        keeper.keep(b"%d" % number, ENVELOPE)
    journal.claim(database, NOW, limit=2)
    journal.free_leases(database)
    batches = [[mail.raw for mail in journal.claim(database, NOW)] for _ in range(4)]
    assert batches == [[b"0"], [b"1"], [b"2", b"3"], []]


def test_others_are_claimed_up_to_one_that_was_claimed_before(
    keeper: Journal, database: Database
) -> None:
    receipts = [keeper.keep(b"%d" % number, ENVELOPE) for number in range(3)]
    journal.claim(database, NOW)
    journal.free_leases(database)
    journal.release(database, [receipts[0], receipts[2]])
    batches = [[mail.raw for mail in journal.claim(database, NOW)] for _ in range(4)]
    assert batches == [[b"0"], [b"1"], [b"2"], []]


def test_only_the_mail_that_kills_is_set_aside(keeper: Journal, database: Database) -> None:
    for number in range(50):
        keeper.keep(b"%d" % number, ENVELOPE)
    for _start in range(5):
        journal.free_leases(database)
        journal.set_aside(database, NOW)
        while claimed := journal.claim(database, NOW):
            if any(mail.raw == b"7" for mail in claimed):
                break  # dead
            for mail in claimed:
                finish(database, mail.id, Disposition.NEW_TICKET)
    with database.read() as session:
        assert journal.stats(session)["states"] == {"received": 0, "done": 49, "failed": 1}


def test_what_has_failed_gives_way_to_what_has_not(keeper: Journal, database: Database) -> None:
    bad = keeper.keep(b"bad", ENVELOPE)
    journal.claim(database, NOW)
    journal.fail(database, bad, "it hung", NOW)
    later = NOW + MINUTE
    for number in range(2):
        keeper.keep(b"%d" % number, ENVELOPE)
    batches = [[mail.raw for mail in journal.claim(database, later)] for _ in range(3)]
    assert batches == [[b"0", b"1"], [b"bad"], []]


def test_a_failure_in_company_counts(keeper: Journal, database: Database) -> None:
    bad = keeper.keep(b"bad", ENVELOPE)
    keeper.keep(b"good", ENVELOPE)
    now = NOW
    given_up = []
    for _ in range(3):
        assert bad in [mail.id for mail in journal.claim(database, now)]
        given_up.append(journal.fail(database, bad, "no", now))
        now += MINUTE
    assert given_up == [False, False, True]


def test_a_lease_that_ran_out_is_claimed_again(keeper: Journal, database: Database) -> None:
    keeper.keep(b"x", ENVELOPE)
    journal.claim(database, NOW, lease=MINUTE)
    assert journal.claim(database, NOW + 59 * SECOND) == []
    (again,) = journal.claim(database, NOW + MINUTE)
    assert again.attempts == 2


def test_a_new_start_frees_the_leases_of_the_dead(keeper: Journal, database: Database) -> None:
    keeper.keep(b"x", ENVELOPE)
    journal.claim(database, NOW)
    assert journal.free_leases(database) == 1
    (again,) = journal.claim(database, NOW)
    assert again.attempts == 2


def test_a_mail_that_kills_three_processes_is_set_aside(
    keeper: Journal, database: Database
) -> None:
    receipt = keeper.keep(b"poison", ENVELOPE)
    keeper.keep(b"good", ENVELOPE)
    for start in range(3):
        now = NOW + start * MINUTE
        claimed = journal.claim(database, now, limit=1, lease=SECOND)
        assert [mail.raw for mail in claimed] == [b"poison"]
        assert journal.set_aside(database, now) == []
    later = NOW + 10 * MINUTE
    assert [mail.raw for mail in journal.claim(database, later)] == [b"good"]
    (lost,) = journal.set_aside(database, later)
    assert (lost.id, lost.error) == (receipt, journal.DIED)
    assert journal.set_aside(database, later) == []
    with database.read() as session:
        shown = journal.show(session, receipt)
    assert (shown["state"], shown["disposition"]) == ("failed", "failed")


def test_failures_pause_shortly_and_the_third_is_the_last(
    keeper: Journal, database: Database
) -> None:
    receipt = keeper.keep(b"bad", ENVELOPE)
    other = keeper.keep(b"good", ENVELOPE)
    journal.claim(database, NOW, limit=1)
    assert not journal.fail(database, receipt, "Traceback 1", NOW)
    assert [mail.id for mail in journal.claim(database, NOW + SECOND)] == [other]
    journal.claim(database, NOW + 5 * SECOND)
    assert not journal.fail(database, receipt, "Traceback 2", NOW + 5 * SECOND)
    assert journal.claim(database, NOW + 24 * SECOND) == []
    journal.claim(database, NOW + 25 * SECOND)
    assert journal.fail(database, receipt, "Traceback 3", NOW + 26 * SECOND)
    with database.read() as session:
        assert journal.show(session, receipt)["error"] == "Traceback 3"


def test_released_receipts_count_no_attempt(keeper: Journal, database: Database) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    journal.claim(database, NOW)
    journal.release(database, [receipt])
    (again,) = journal.claim(database, NOW)
    assert again.attempts == 1


def test_released_lease_leaves_alone_what_failed_meanwhile(
    keeper: Journal, database: Database
) -> None:
    failed, other = keeper.keep(b"x", ENVELOPE), keeper.keep(b"y", ENVELOPE)
    journal.claim(database, NOW, lease=MINUTE)
    journal.fail(database, failed, "no", NOW)
    journal.release(database, [failed, other], NOW + MINUTE)
    assert [receipt.id for receipt in journal.claim(database, NOW)] == [other]


def test_clock_set_back_makes_no_receipt_wait_longer_than_a_lease(
    keeper: Journal, database: Database
) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    journal.claim(database, NOW)
    journal.fail(database, receipt, "no", NOW)
    before = NOW - 300 * MINUTE
    journal.pull_back(database, before, MINUTE)
    (again,) = journal.claim(database, before + MINUTE)
    assert again.id == receipt


def test_a_failed_receipt_is_retried_by_hand(keeper: Journal, database: Database) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    with pytest.raises(Permanent, match="it is received"):
        journal.retry(database, receipt)
    for attempt in range(3):
        journal.claim(database, NOW + attempt * MINUTE)
        journal.fail(database, receipt, "no", NOW + attempt * MINUTE)
    journal.retry(database, receipt)
    (again,) = journal.claim(database, NOW)
    assert again.attempts == 1
    with pytest.raises(NotFound):
        journal.retry(database, 99)


def test_what_another_has_finished_is_stale(keeper: Journal, database: Database) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    finish(database, receipt, Disposition.REPLY)
    with pytest.raises(Stale):
        finish(database, receipt, Disposition.REPLY)
    assert not journal.fail(database, receipt, "late", NOW)
    assert journal.claim(database, NOW) == []


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
    journal.claim(database, NOW, limit=1)
    with database.read() as session:
        assert journal.waiting(session, NOW) == 1
        assert journal.oldest_waiting(session) == NOW
