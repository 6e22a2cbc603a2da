"""The outbox: each letter once, in order, again after a pause, given up after five days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.errors import NotFound, Permanent
from maildesk.mail.envelope import DeliveryResult, DeliveryState
from maildesk.model.changes import NoteEvent
from maildesk.store import outbox, sending
from maildesk.store.alerts import may_alert
from maildesk.store.engine import Database
from maildesk.store.letters import Letter

from .conftest import ADA, NOW, carry_out, change, facts_for, inbound, opening

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SENT = DeliveryResult(DeliveryState.SENT, "250 2.0.0 ok")
LATER = DeliveryResult(DeliveryState.DEFERRED, "451 4.7.1 greylisted")
NEVER = DeliveryResult(DeliveryState.FAILED, "550 5.1.1 no such user")
LOST = DeliveryResult(DeliveryState.UNKNOWN, "no reply after the final dot")
LETTER = Letter(
    kind="received",
    ticket=None,
    cause="receipt 1",
    recipient="Ada@Example.org",
    recipient_key="ada@example.org",
    reverse_path="",
    message_id="sent.1@example.com",
    raw=b"Subject: hello\r\n\r\n",
    audience="requester",
)


def put(database: Database, *letters: Letter) -> list[int]:
    with database.write() as session:
        return outbox.put(session, letters, NOW)


def lines(database: Database) -> list[dict[str, object]]:
    with database.read() as session:
        return outbox.list_outgoing(session)


def claimed(database: Database, after: timedelta = timedelta()) -> list[int]:
    return [letter.id for letter in sending.claim_due(database, NOW + after)]


def test_a_letter_is_queued_once(database: Database) -> None:
    same = replace(LETTER, message_id="other@example.com", raw=b"other")
    another = replace(LETTER, kind="reply")
    assert put(database, LETTER, same) == [1]
    assert put(database, same, another) == [2]
    (first, _second) = sending.claim_due(database, NOW)
    assert (first.raw, first.message_id) == (LETTER.raw, LETTER.message_id)
    assert (first.recipient, first.reverse_path, first.attempts) == ("Ada@Example.org", "", 1)


def test_letters_of_a_ticket_to_one_reader_go_out_in_order(database: Database) -> None:
    carry_out(database, opening(1, inbound()))
    letters = [
        replace(LETTER, ticket=1, cause=str(number), message_id=f"{number}@example.com")
        for number in (1, 2)
    ]
    kari = replace(letters[1], recipient_key="kari@example.com", message_id="3@example.com")
    assert put(database, *letters, kari) == [1, 2, 3]
    assert claimed(database) == [1, 3]
    assert claimed(database) == []
    sending.mark(database, 1, LATER, NOW)
    assert claimed(database, 59 * timedelta(seconds=1)) == []
    assert claimed(database, MINUTE) == [1]
    sending.mark(database, 1, SENT, NOW + MINUTE)
    assert claimed(database, MINUTE) == [2]


def test_a_failed_letter_does_not_hold_up_the_next(database: Database) -> None:
    carry_out(database, opening(1, inbound()))
    put(database, replace(LETTER, ticket=1))
    put(database, replace(LETTER, ticket=1, cause="2", message_id="2@example.com"))
    claimed(database)
    (outcome,) = sending.mark(database, 1, NEVER, NOW)
    assert (outcome.state, outcome.error, outcome.ticket) == ("failed", NEVER.text, 1)
    assert claimed(database) == [2]


def test_the_pauses_grow_and_end_after_five_days(database: Database) -> None:
    put(database, LETTER)
    now, pauses, state = NOW, [], ""
    while state != "failed":
        (letter,) = sending.claim_due(database, now)
        (outcome,) = sending.mark(database, letter.id, LATER, now)
        state = outcome.state
        if outcome.next_at is not None:
            pauses.append(outcome.next_at - now)
            assert sending.claim_due(database, outcome.next_at - MINUTE / 60) == []
            now = outcome.next_at
    assert pauses[:7] == [minutes * MINUTE for minutes in (1, 5, 15, 30, 60, 60, 60)]
    assert timedelta(days=4, hours=23) < now - NOW <= timedelta(days=5)
    assert lines(database)[0]["error"] == LATER.text


def test_a_lost_reply_is_unknown_and_sent_again_with_the_same_id(database: Database) -> None:
    put(database, LETTER)
    claimed(database)
    (outcome,) = sending.mark(database, 1, LOST, NOW)
    assert outcome.state == "unknown"
    assert claimed(database) == []
    (again,) = sending.claim_due(database, NOW + MINUTE)
    assert (again.message_id, again.attempts, again.error) == (LETTER.message_id, 2, LOST.text)


def test_a_letter_whose_sender_died_is_due_when_the_lease_ends(database: Database) -> None:
    put(database, LETTER)
    sending.claim_due(database, NOW, lease=MINUTE)
    assert claimed(database) == []
    with database.read() as session:
        assert outbox.due_count(session, NOW + MINUTE) == 1
    (again,) = sending.claim_due(database, NOW + MINUTE)
    assert (again.message_id, again.error) == (LETTER.message_id, sending.LOST)


def test_a_new_start_frees_the_letters_of_the_dead(database: Database) -> None:
    put(database, LETTER)
    claimed(database)
    assert sending.free_leases(database, NOW) == 1
    assert lines(database)[0]["state"] == "unknown"
    assert claimed(database) == [1]


def test_a_late_word_counts_only_if_it_was_yes(database: Database) -> None:
    put(database, LETTER)
    claimed(database)
    sending.free_leases(database, NOW)
    assert sending.mark(database, 1, LATER, NOW) == []
    assert [outcome.state for outcome in sending.mark(database, 1, SENT, NOW)] == ["sent"]
    assert sending.mark(database, 1, NEVER, NOW) == []
    assert lines(database)[0]["state"] == "sent"


def test_released_letters_count_no_attempt(database: Database) -> None:
    put(database, LETTER)
    claimed(database)
    sending.release(database, [1])
    (letter,) = sending.claim_due(database, NOW)
    assert letter.attempts == 1


def test_letters_are_dropped_and_retried_by_hand(database: Database) -> None:
    put(database, LETTER)
    outbox.drop(database, 1)
    assert claimed(database) == []
    outbox.retry(database, 1, NOW)
    assert claimed(database) == [1]
    with pytest.raises(Permanent, match="being sent"):
        outbox.drop(database, 1)
    sending.mark(database, 1, SENT, NOW)
    for act in (lambda: outbox.drop(database, 1), lambda: outbox.retry(database, 1, NOW)):
        with pytest.raises(Permanent, match="is sent"):
            act()
    with pytest.raises(NotFound):
        outbox.drop(database, 2)


def test_letters_deferred_for_hours_are_told_once(database: Database) -> None:
    put(database, LETTER)
    claimed(database)
    sending.mark(database, 1, LATER, NOW)
    with database.write() as session:
        assert outbox.long_deferred(session, NOW + 3 * HOUR) == []
        (outcome,) = outbox.long_deferred(session, NOW + 4 * HOUR)
        assert (outcome.recipient, outcome.error) == ("Ada@Example.org", LATER.text)
        outbox.note_warned(session, [outcome.id])
        assert outbox.long_deferred(session, NOW + 5 * HOUR) == []
        assert outbox.late_count(session, NOW + 5 * HOUR, 4 * HOUR) == (1, NOW)


def test_alerts_that_wait_are_not_counted_as_late(database: Database) -> None:
    put(database, replace(LETTER, audience="admin"))
    claimed(database)
    sending.mark(database, 1, LATER, NOW)
    with database.read() as session:
        assert outbox.late_count(session, NOW + 5 * HOUR, 4 * HOUR) == (0, None)


def test_clock_set_back_makes_no_letter_wait_longer_than_its_pause(database: Database) -> None:
    put(database, LETTER, replace(LETTER, cause="2", message_id="2@example.com"))
    (first, _second) = sending.claim_due(database, NOW)
    sending.mark(database, first.id, LATER, NOW)
    sending.release(database, [2])
    before = NOW - 5 * HOUR
    sending.pull_back(database, before)
    assert [letter.id for letter in sending.claim_due(database, before)] == [2]
    assert [letter.id for letter in sending.claim_due(database, before + MINUTE)] == [1]


def test_the_outbox_is_listed_as_the_contract_says(database: Database) -> None:
    put(database, LETTER)
    assert lines(database) == [
        {
            "id": 1,
            "state": "queued",
            "to": "Ada@Example.org",
            "notice": "received",
            "ticket": None,
            "message_id": "sent.1@example.com",
            "attempts": 0,
            "next_at": "2026-11-23T08:15:00Z",
            "error": None,
        }
    ]
    with database.read() as session:
        shown = outbox.show(session, 1)
        assert shown["audience"] == "requester"
        assert not shown.keys() & {"notice_key", "recipient_key", "kind", "recipient", "due_at"}
        assert outbox.raw_of(session, 1) == LETTER.raw
        assert outbox.due_count(session, NOW) == 1
        assert outbox.oldest_due(session, NOW) == NOW
        with pytest.raises(NotFound):
            outbox.show(session, 2)


def test_a_letter_makes_its_id_the_tickets(database: Database) -> None:
    carry_out(database, opening(1, inbound()))
    agent = replace(
        LETTER, ticket=1, audience="agent", recipient_key="kari@example.com", message_id="k@x"
    )
    put(database, replace(LETTER, ticket=1, is_answer=True, is_unverified=True), agent)
    facts = facts_for(database, inbound(in_reply_to=("sent.1@example.com",)))
    assert facts.owners["sent.1@example.com"] == (1,)
    by_id = {id_.message_id: id_ for id_ in facts.tickets[1].thread}
    ours = by_id["sent.1@example.com"]
    assert (ours.holders, ours.is_ours, ours.is_internal) == ({"ada@example.org"}, True, False)
    assert by_id["k@x"].is_internal
    assert facts.tickets[1].written_to == {"ada@example.org", "kari@example.com"}
    assert [(answer.address, answer.notice) for answer in facts.answers] == [(ADA.key, "received")]
    assert facts.unverified_in_hour == 1


def test_answers_are_forgotten_after_a_day(database: Database) -> None:
    with database.write() as session:
        old = replace(LETTER, is_answer=True, is_unverified=True)
        outbox.put(session, [old], NOW - timedelta(hours=25))
        outbox.put(session, [replace(old, cause="2")], NOW - 2 * HOUR)
    facts = facts_for(database, inbound())
    assert len(facts.answers) == 1
    assert facts.unverified_in_hour == 0


def test_one_alert_an_hour_goes_out_for_one_trouble(database: Database) -> None:
    with database.write() as session:
        assert may_alert(session, "mailbox support", NOW)
        assert not may_alert(session, "mailbox support", NOW + 59 * MINUTE)
        assert may_alert(session, "mailbox other", NOW)
        assert may_alert(session, "mailbox support", NOW + HOUR)
        assert may_alert(session, "mailbox support", NOW)  # the clock was set back


# --- pages ----------------------------------------------------------------------------------------

PAGE = replace(
    LETTER,
    kind="page",
    ticket=1,
    recipient="kari@pager.invalid",
    recipient_key="kari@pager.invalid",
    audience="agent",
    useful_for=2 * HOUR,
)


def page(number: int) -> Letter:
    return replace(PAGE, cause=str(number), message_id=f"page.{number}@example.com")


def states(database: Database) -> dict[object, tuple[object, object]]:
    return {line["id"]: (line["state"], line["error"]) for line in lines(database)}


@pytest.fixture
def paged(database: Database) -> Database:
    """A desk that has paged somebody about its ticket; the service is away."""
    carry_out(database, opening(1, inbound()))
    put(database, page(1))
    (claimed,) = sending.claim_due(database, NOW)
    sending.mark(database, claimed.id, LATER, NOW)
    return database


def test_a_page_is_given_up_after_two_hours(paged: Database) -> None:
    attempts, now = 1, NOW
    while states(paged)[1][0] == "deferred":
        now += MINUTE
        for letter in sending.claim_due(paged, now):
            attempts += 1
            sending.mark(paged, letter.id, LATER, now)
    assert states(paged)[1] == ("failed", LATER.text)
    assert (attempts, now - NOW) == (6, timedelta(minutes=111))


def test_a_page_that_has_waited_for_us_is_too_late(paged: Database) -> None:
    (letter,) = sending.claim_due(paged, NOW + 3 * HOUR)
    assert letter.is_too_late


def test_mail_that_has_waited_for_us_is_not_too_late(database: Database) -> None:
    put(database, LETTER)
    (letter,) = sending.claim_due(database, NOW + timedelta(days=6))
    assert not letter.is_too_late


def test_a_newer_page_takes_the_place_of_one_that_waits(paged: Database) -> None:
    others = [
        replace(page(2), recipient_key="bo@pager.invalid"),
        replace(page(3), kind="sla_breach"),
    ]
    put(paged, *others)
    assert states(paged)[1] == ("deferred", LATER.text)
    bo = replace(page(4), recipient_key="bo@pager.invalid")
    assert put(paged, bo, page(5)) == [4, 5]
    assert states(paged) == {
        1: ("dropped", "a newer page takes its place"),
        2: ("dropped", "a newer page takes its place"),
        3: ("queued", None),
        4: ("queued", None),
        5: ("queued", None),
    }


def test_a_page_that_was_written_before_takes_nobodys_place(paged: Database) -> None:
    assert put(paged, page(1)) == []
    assert states(paged)[1] == ("deferred", LATER.text)


def test_pages_that_wait_are_dropped_once_somebody_acknowledges(paged: Database) -> None:
    put(paged, replace(page(2), recipient_key="bo@pager.invalid"), replace(page(3), kind="note"))
    change(paged, NoteEvent(1, "ack", "kari"))
    assert states(paged) == {
        1: ("dropped", "somebody has acknowledged"),
        2: ("dropped", "somebody has acknowledged"),
        3: ("queued", None),
    }
