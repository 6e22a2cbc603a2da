"""Rules with `every`: which tickets they look at, and where they have fired."""

from datetime import timedelta

import pytest

from maildesk.model.changes import Detail, NoteEvent, SetDetail, SetFields, SetStatus, SetWatchers
from maildesk.model.facts import WatchedTicket
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Status, Visibility
from maildesk.store import rule_firings
from maildesk.store.apply import Stale, apply
from maildesk.store.engine import Database

from .conftest import NOW, carry_out, change, history, inbound, message, opening


@pytest.fixture
def three(database: Database) -> Database:
    """Three new tickets."""
    for number in (1, 2, 3):
        carry_out(database, opening(number, inbound(f"{number}", message_id=f"{number}@x")))
    return database


def live(database: Database, status: Status = Status.NEW, after: int = 0) -> list[WatchedTicket]:
    with database.read() as session:
        return rule_firings.of_status(session.connection(), status, after)


def one(database: Database, number: int = 1) -> WatchedTicket | None:
    with database.read() as session:
        return rule_firings.watched(session.connection(), number)


def note(database: Database, rule: str, ticket: int) -> None:
    with database.write() as session:
        rule_firings.note(session.connection(), rule, ticket, NOW)


def fired(database: Database) -> dict[int, set[str]]:
    return {found.ticket.number: set(found.fired) for found in live(database) if found.fired}


def test_tickets_of_a_status_come_a_few_at_a_time(
    three: Database,
) -> None:
    change(three, SetStatus(2, Status.OPEN, "#take"))
    assert [found.ticket.number for found in live(three)] == [1, 3]
    assert [found.ticket.number for found in live(three, after=1)] == [3]
    assert [found.ticket.number for found in live(three, Status.OPEN)] == [2]


def test_they_are_found_by_an_index(three: Database) -> None:
    query = "SELECT * FROM ticket WHERE status = 'new' AND number > 0 ORDER BY number LIMIT 200"
    with three.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert len(plan) == 1, "and nothing is sorted"
    assert "USING INDEX ticket_status (status=? AND number>?)" in plan[0][3]


def test_last_word_is_the_newest_public_one(three: Database) -> None:
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    answer = inbound("On its way.", message_id="a@x")
    note_ = inbound("Who?", message_id="n@x")
    change(
        three,
        message(1, answer, direction=Direction.OUT, at=later),
        message(1, note_, visibility=Visibility.INTERNAL, at=latest),
    )
    assert [found.said_at for found in live(three)] == [later, NOW, NOW]


def test_what_is_over_is_not_looked_at(three: Database) -> None:
    change(three, SetStatus(1, Status.SOLVED, "#solve"))
    assert one(three) is None
    assert one(three, 99) is None
    assert one(three, 2) == live(three)[0]


def test_a_rule_fires_once_until_it_is_forgotten(three: Database) -> None:
    note(three, "Nagging", 1)
    note(three, "Nagging", 2)
    note(three, "Other", 1)
    assert fired(three) == {1: {"Nagging", "Other"}, 2: {"Nagging"}}
    with pytest.raises(Stale, match="has fired on ticket 1"):
        note(three, "Nagging", 1)
    with three.write() as session:
        rule_firings.forget(session.connection(), [("Nagging", 1)])
        rule_firings.forget(session.connection(), [])
    assert fired(three) == {1: {"Other"}, 2: {"Nagging"}}
    note(three, "Nagging", 1)


def test_firings_are_counted_by_the_tickets_history(three: Database) -> None:
    for rule, ticket in (("Nagging", 1), ("Nagging", 1), ("Other", 1), ("Nagging", 2)):
        change(three, NoteEvent(ticket, "rule", rule))
    with three.read() as session:
        connection = session.connection()
        earlier = rule_firings.fired_since(connection, 1, NOW - timedelta(days=1))
        later = rule_firings.fired_since(connection, 1, NOW + timedelta(days=1))
    assert list(earlier.items()) == [("Nagging", 2), ("Other", 1)]
    assert later == {}


def test_rules_that_are_gone_and_tickets_that_are_over_are_forgotten(three: Database) -> None:
    for rule, ticket in (("Nagging", 1), ("Nagging", 2), ("Gone", 2)):
        note(three, rule, ticket)
    change(three, SetStatus(1, Status.SOLVED, "#solve"))
    with three.write() as session:
        rule_firings.forget_others(session.connection(), ["Nagging"])
    change(three, SetStatus(1, Status.NEW, "#reopen"))
    assert fired(three) == {2: {"Nagging"}}


def test_what_a_rule_alters_names_it_as_the_cause(three: Database) -> None:
    changes = (
        SetFields(1, {"room": "3", "asset": "A"}),
        SetFields(1, {"room": "4", "asset": "A"}),
        SetWatchers(1, ("bo",)),
        SetDetail(1, Detail.QUEUE, "finance"),
    )
    with three.write() as session:
        plan = Plan(Disposition.NOTE, 1, changes)
        apply(session, plan, receipt=0, now=NOW, actor="maildesk", cause="rule “Nagging”")
    assert history(three)[2:] == [
        ("fields", "", "room: 3, asset: A", "rule “Nagging”"),
        ("fields", "room: 3", "room: 4", "rule “Nagging”"),
        ("watchers", "", "bo", "rule “Nagging”"),
        ("queue", "helpdesk", "finance", "rule “Nagging”"),
    ]
