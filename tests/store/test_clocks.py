"""What the beat asks the store, and what it keeps there; a due time in a list."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from maildesk.mail.message import Address
from maildesk.model.changes import Detail, NoteEvent, ReleaseMessage, SetDetail, SetStatus
from maildesk.model.plan import Disposition
from maildesk.model.ticket import Direction, Status, Visibility
from maildesk.store import clocks, tickets
from maildesk.store.apply import Stale
from maildesk.store.clocks import Fired, FiringRecord, Settled
from maildesk.store.engine import Database

from .conftest import NOW, carry_out, change, inbound, message, opening

HOUR = timedelta(hours=1)
STEP = ("resolution", 1, 0, "75%")


@pytest.fixture
def three(database: Database) -> Database:
    """Three new tickets."""
    for number in (1, 2, 3):
        carry_out(database, opening(number, inbound(f"{number}", message_id=f"{number}@x")))
    return database


def due(database: Database, now=NOW, limit: int = 9) -> tuple[int, ...]:
    with database.read() as session:
        return tuple(clocks.due(session.connection(), now, limit))


def settle(database: Database, *looked_at: Settled) -> None:
    with database.write() as session:
        clocks.settle(session.connection(), looked_at)


def note(database: Database, *keys, ticket: int = 1, is_sent: bool = True) -> None:
    fired = [Fired(key, NOW - HOUR, is_sent) for key in keys]
    with database.write() as session:
        clocks.note(session.connection(), ticket, fired, NOW)


def seen(database: Database, number: int = 1):
    with database.read() as session:
        return clocks.on_the_clock(session.connection(), [number])[number]


# --- what is due --------------------------------------------------------------------------------


def test_new_ticket_is_due_and_then_when_the_beat_has_said(three: Database) -> None:
    assert due(three) == (1, 2, 3)
    settle(three, Settled(1, 0, NOW, NOW + HOUR, None), Settled(2, 0, NOW, None, None))
    assert due(three) == (3,)
    assert due(three, NOW + HOUR) == (3, 1), "longest due first"
    assert due(three, NOW + HOUR, 1) == (3,)


def test_what_has_moved_on_meanwhile_stays_due(three: Database) -> None:
    change(three, SetStatus(1, Status.OPEN, "#take"))
    settle(three, Settled(1, 0, NOW, NOW + HOUR, NOW + HOUR))
    assert 1 in due(three)
    settle(three, Settled(1, 1, NOW, NOW + HOUR, NOW + HOUR))
    assert 1 not in due(three)
    change(three, SetDetail(1, Detail.PRIORITY, "P1"))
    assert 1 in due(three)


def test_what_is_to_be_looked_at_for_another_reason_stays_due(three: Database) -> None:
    """A reload that came while the ticket was looked at: the look went by the old promises."""
    settle(three, Settled(1, 0, NOW, NOW + HOUR, None))
    with three.write() as session:
        clocks.look_at_all(session.connection(), NOW + HOUR / 2)
    settle(three, Settled(1, 0, NOW, NOW + 9 * HOUR, None))
    assert 1 in due(three, NOW + HOUR / 2)


def test_what_is_due_keeps_its_turn_when_all_is_looked_at(three: Database) -> None:
    settle(three, Settled(1, 0, NOW, NOW + HOUR, None))
    with three.write() as session:
        clocks.look_at_all(session.connection(), NOW + HOUR / 2)
    assert due(three, NOW + HOUR) == (2, 3, 1)


def test_ticket_that_cannot_be_looked_at_waits_unless_it_has_changed(three: Database) -> None:
    with three.write() as session:
        clocks.postpone(session.connection(), 2, 0, NOW + HOUR)
        clocks.postpone(session.connection(), 3, 9, NOW + HOUR)
    assert due(three) == (1, 3)


def test_what_is_due_is_found_by_an_index(three: Database) -> None:
    query = "SELECT number FROM ticket WHERE next_at <= '2026' ORDER BY next_at, number LIMIT 9"
    with three.read() as session:
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert "USING COVERING INDEX ticket_next (next_at<?)" in plan[0][3]


# --- a ticket with its clocks -------------------------------------------------------------------


def test_log_holds_what_clocks_hear_and_nothing_else(three: Database) -> None:
    change(
        three,
        SetStatus(1, Status.OPEN, "#take"),
        SetDetail(1, Detail.PRIORITY, "P1", "it is urgent"),
        SetDetail(1, Detail.POLICY, "gold", "it is for everybody"),
        NoteEvent(1, "ack", "kari"),
        NoteEvent(1, "time", "30"),
    )
    log = [(line.kind, line.old, line.new, line.cause) for line in seen(three).log]
    assert log == [
        ("created", "", "new", ""),
        ("message", "", "in public", ""),
        ("status", "new", "open", "#take"),
        ("priority", "P3", "P1", "it is urgent"),
        ("policy", "", "gold", "it is for everybody"),
        ("ack", "", "kari", ""),
    ]


def test_admitted_message_counts_from_when_it_came(database: Database, received) -> None:
    carry_out(database, opening(1, inbound()))
    mail = inbound("Me too.", message_id="bo@x", senders=(Address("Bo", "bo@example.net"),))
    receipt = received(mail, Disposition.HELD)
    held = message(1, mail, visibility=Visibility.HELD, at=NOW - HOUR)
    change(database, held, receipt=receipt)
    change(database, ReleaseMessage(1, receipt, Visibility.PUBLIC, Direction.IN))
    [line] = [line for line in seen(database).log if line.kind == "admitted"]
    assert (line.at, line.said_at) == (NOW, NOW - HOUR)


# --- what fires ---------------------------------------------------------------------------------


def test_what_has_fired_is_known_by_its_key(three: Database) -> None:
    note(three, STEP)
    note(three, ("question", 2, 0, "reminder 1"), is_sent=False)
    note(three, STEP, ticket=2)
    assert seen(three).fired == {STEP: NOW, ("question", 2, 0, "reminder 1"): NOW}
    with three.read() as session:
        assert clocks.firings_of(session.connection(), 2) == (
            FiringRecord(STEP, NOW - HOUR, NOW, is_sent=True),
        )
        assert clocks.firings_of(session.connection(), 3) == ()


def test_nothing_fires_twice(three: Database) -> None:
    note(three, STEP)
    with pytest.raises(Stale, match="fired on ticket 1"):
        note(three, ("resolution", 1, 0, "90%"), STEP)
    assert list(seen(three).fired) == [STEP], "all of it is one transaction"
    note(three, ("resolution", 1, 1, "75%"), ("resolution", 2, 0, "75%"))
    assert len(seen(three).fired) == 3


# --- what people are shown ----------------------------------------------------------------------


def test_list_shows_what_the_beat_has_noted(three: Database) -> None:
    settle(three, Settled(1, 0, NOW, NOW + HOUR, NOW + 4 * HOUR))
    with three.read() as session:
        lines = tickets.list_tickets(session)
        assert [line["next_due_at"] for line in lines] == ["2026-11-23T12:15:00Z", None, None]
        assert tickets.moved_since_beat(session, NOW) == {2, 3}
        assert tickets.moved_since_beat(session, NOW, 1) == set()
        assert tickets.moved_since_beat(session, NOW, 2) == {2}


def test_tickets_that_are_not_over_come_a_few_at_a_time(three: Database) -> None:
    change(three, SetStatus(2, Status.SOLVED, "#solve"))
    with three.read() as session:
        assert tickets.unfinished(session, 0, 9) == [1, 3]
        assert tickets.unfinished(session, 0, 1) == [1]
        assert tickets.unfinished(session, 1, 1) == [3]
        assert tickets.unfinished(session, 3, 1) == []
