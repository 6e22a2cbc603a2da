"""Receipts: claimed in order, worked off or set aside."""

from datetime import timedelta

import pytest

from maildesk.errors import NotFound, Permanent
from maildesk.model.plan import Disposition
from maildesk.store import claims, finishing, journal
from maildesk.store.apply import Stale
from maildesk.store.engine import Database
from maildesk.store.journal import Journal

from .conftest import ENVELOPE, NOW, finish

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_receipts_are_claimed_once_and_in_order(keeper: Journal, database: Database) -> None:
    for number in range(5):
        keeper.keep(b"%d" % number, ENVELOPE)
    first = claims.claim(database, NOW, limit=3)
    assert [receipt.raw for receipt in first] == [b"0", b"1", b"2"]
    assert [receipt.raw for receipt in claims.claim(database, NOW)] == [b"3", b"4"]
    assert claims.claim(database, NOW) == []


def test_a_claim_is_bounded_by_bytes(
    keeper: Journal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CLAIM_BYTES", 25)
    for _ in range(3):
        keeper.keep(b"x" * 10, ENVELOPE)
    keeper.keep(b"x" * 100, ENVELOPE)
    assert [len(claims.claim(database, NOW)) for _ in range(4)] == [2, 1, 1, 0]


def test_what_a_dead_process_had_claimed_is_claimed_alone(
    keeper: Journal, database: Database
) -> None:
    for number in range(4):
        keeper.keep(b"%d" % number, ENVELOPE)
    claims.claim(database, NOW, limit=2)
    claims.free_leases(database)
    batches = [[mail.raw for mail in claims.claim(database, NOW)] for _ in range(4)]
    assert batches == [[b"0"], [b"1"], [b"2", b"3"], []]


def test_others_are_claimed_up_to_one_that_was_claimed_before(
    keeper: Journal, database: Database
) -> None:
    receipts = [keeper.keep(b"%d" % number, ENVELOPE) for number in range(3)]
    claims.claim(database, NOW)
    claims.free_leases(database)
    claims.release(database, [receipts[0], receipts[2]])
    batches = [[mail.raw for mail in claims.claim(database, NOW)] for _ in range(4)]
    assert batches == [[b"0"], [b"1"], [b"2"], []]


def test_only_the_mail_that_kills_is_set_aside(keeper: Journal, database: Database) -> None:
    for number in range(50):
        keeper.keep(b"%d" % number, ENVELOPE)
    for _start in range(5):
        claims.free_leases(database)
        finishing.set_aside(database, NOW)
        while claimed := claims.claim(database, NOW):
            if any(mail.raw == b"7" for mail in claimed):
                break  # dead
            for mail in claimed:
                finish(database, mail.id, Disposition.NEW_TICKET)
    with database.read() as session:
        assert journal.stats(session)["states"] == {"received": 0, "done": 49, "failed": 1}


def test_what_has_failed_gives_way_to_what_has_not(keeper: Journal, database: Database) -> None:
    bad = keeper.keep(b"bad", ENVELOPE)
    claims.claim(database, NOW)
    finishing.fail(database, bad, "it hung", NOW)
    later = NOW + MINUTE
    for number in range(2):
        keeper.keep(b"%d" % number, ENVELOPE)
    batches = [[mail.raw for mail in claims.claim(database, later)] for _ in range(3)]
    assert batches == [[b"0", b"1"], [b"bad"], []]


def test_a_failure_in_company_counts(keeper: Journal, database: Database) -> None:
    bad = keeper.keep(b"bad", ENVELOPE)
    keeper.keep(b"good", ENVELOPE)
    now = NOW
    given_up = []
    for _ in range(3):
        assert bad in [mail.id for mail in claims.claim(database, now)]
        given_up.append(finishing.fail(database, bad, "no", now))
        now += MINUTE
    assert given_up == [False, False, True]


def test_a_lease_that_ran_out_is_claimed_again(keeper: Journal, database: Database) -> None:
    keeper.keep(b"x", ENVELOPE)
    claims.claim(database, NOW, lease=MINUTE)
    assert claims.claim(database, NOW + 59 * SECOND) == []
    (again,) = claims.claim(database, NOW + MINUTE)
    assert again.attempts == 2


def test_a_new_start_frees_the_leases_of_the_dead(keeper: Journal, database: Database) -> None:
    keeper.keep(b"x", ENVELOPE)
    claims.claim(database, NOW)
    assert claims.free_leases(database) == 1
    (again,) = claims.claim(database, NOW)
    assert again.attempts == 2


def test_a_mail_that_kills_three_processes_is_set_aside(
    keeper: Journal, database: Database
) -> None:
    receipt = keeper.keep(b"poison", ENVELOPE)
    keeper.keep(b"good", ENVELOPE)
    for start in range(3):
        now = NOW + start * MINUTE
        claimed = claims.claim(database, now, limit=1, lease=SECOND)
        assert [mail.raw for mail in claimed] == [b"poison"]
        assert finishing.set_aside(database, now) == []
    later = NOW + 10 * MINUTE
    assert [mail.raw for mail in claims.claim(database, later)] == [b"good"]
    (lost,) = finishing.set_aside(database, later)
    assert (lost.id, lost.error) == (receipt, finishing.DIED)
    assert finishing.set_aside(database, later) == []
    with database.read() as session:
        shown = journal.show(session, receipt)
    assert (shown["state"], shown["disposition"]) == ("failed", "failed")


def test_failures_pause_shortly_and_the_third_is_the_last(
    keeper: Journal, database: Database
) -> None:
    receipt = keeper.keep(b"bad", ENVELOPE)
    other = keeper.keep(b"good", ENVELOPE)
    claims.claim(database, NOW, limit=1)
    assert not finishing.fail(database, receipt, "Traceback 1", NOW)
    assert [mail.id for mail in claims.claim(database, NOW + SECOND)] == [other]
    claims.claim(database, NOW + 5 * SECOND)
    assert not finishing.fail(database, receipt, "Traceback 2", NOW + 5 * SECOND)
    assert claims.claim(database, NOW + 24 * SECOND) == []
    claims.claim(database, NOW + 25 * SECOND)
    assert finishing.fail(database, receipt, "Traceback 3", NOW + 26 * SECOND)
    with database.read() as session:
        assert journal.show(session, receipt)["error"] == "Traceback 3"


def test_released_receipts_count_no_attempt(keeper: Journal, database: Database) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    claims.claim(database, NOW)
    claims.release(database, [receipt])
    (again,) = claims.claim(database, NOW)
    assert again.attempts == 1


def test_released_lease_leaves_alone_what_failed_meanwhile(
    keeper: Journal, database: Database
) -> None:
    failed, other = keeper.keep(b"x", ENVELOPE), keeper.keep(b"y", ENVELOPE)
    claims.claim(database, NOW, lease=MINUTE)
    finishing.fail(database, failed, "no", NOW)
    claims.release(database, [failed, other], NOW + MINUTE)
    assert [receipt.id for receipt in claims.claim(database, NOW)] == [other]


def test_clock_set_back_makes_no_receipt_wait_longer_than_a_lease(
    keeper: Journal, database: Database
) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    claims.claim(database, NOW)
    finishing.fail(database, receipt, "no", NOW)
    before = NOW - 300 * MINUTE
    claims.pull_back(database, before, MINUTE)
    (again,) = claims.claim(database, before + MINUTE)
    assert again.id == receipt


def test_a_failed_receipt_is_retried_by_hand(keeper: Journal, database: Database) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    with pytest.raises(Permanent, match="it is received"):
        finishing.retry(database, receipt)
    for attempt in range(3):
        claims.claim(database, NOW + attempt * MINUTE)
        finishing.fail(database, receipt, "no", NOW + attempt * MINUTE)
    finishing.retry(database, receipt)
    (again,) = claims.claim(database, NOW)
    assert again.attempts == 1
    with pytest.raises(NotFound):
        finishing.retry(database, 99)


def test_what_another_has_finished_is_stale(keeper: Journal, database: Database) -> None:
    receipt = keeper.keep(b"x", ENVELOPE)
    finish(database, receipt, Disposition.REPLY)
    with pytest.raises(Stale):
        finish(database, receipt, Disposition.REPLY)
    assert not finishing.fail(database, receipt, "late", NOW)
    assert claims.claim(database, NOW) == []
