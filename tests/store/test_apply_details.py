"""A ticket's own columns: what is set, and the line that each change leaves in the history."""

from datetime import timedelta

import pytest

from maildesk.model.changes import (
    Detail,
    NoteEvent,
    SetDetail,
    SetStatus,
    SetTags,
)
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.store import tickets
from maildesk.store.engine import Database

from .conftest import NOW, carry_out, change, facts_for, history, inbound, opening, shown

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def ticket(database: Database) -> None:
    carry_out(database, opening(1, inbound()))


def test_each_detail_has_its_column_and_its_event(database: Database) -> None:
    change(
        database,
        SetDetail(1, Detail.PRIORITY, "P1", "the whole floor"),
        SetDetail(1, Detail.TYPE, "problem"),
        SetDetail(1, Detail.TEAM, "network", "it is the switch"),
        SetDetail(1, Detail.TITLE, "Switch on floor 3"),
        SetDetail(1, Detail.LANGUAGE, "nb"),
    )
    ticket = facts_for(database, inbound(), 1).tickets[1].ticket
    assert (ticket.priority, ticket.type) == (Priority.P1, TicketType.PROBLEM)
    assert (ticket.team, ticket.title, ticket.language) == ("network", "Switch on floor 3", "nb")
    assert ticket.subject == "Printer"
    assert history(database)[2:] == [
        ("priority", "P3", "P1", "the whole floor"),
        ("type", "incident", "problem", ""),
        ("team", "first-line", "network", "it is the switch"),
        ("title", "", "Switch on floor 3", ""),
        ("language", "en", "nb", ""),
    ]


def test_a_title_is_shown_beside_the_subject(database: Database) -> None:
    change(database, SetDetail(1, Detail.TITLE, "Switch"))
    ticket = shown(database)
    assert (ticket["subject"], ticket["fields"]["title"]) == ("Printer", "Switch")


def test_tags_are_replaced_whole(database: Database) -> None:
    change(database, SetTags(1, ("vpn", "home office")))
    change(database, SetTags(1, ("vpn",)))
    change(database, SetTags(1, ("vpn",)))
    assert shown(database)["tags"] == ["vpn"]
    assert history(database)[2:] == [
        ("tags", "", "vpn, home office", ""),
        ("tags", "vpn, home office", "vpn", ""),
    ]


def test_what_alters_no_column_is_in_the_history_and_makes_a_version(database: Database) -> None:
    change(
        database,
        NoteEvent(1, "time", "15"),
        NoteEvent(1, "ack", ""),
        NoteEvent(1, "breach", "spare part late", "agent"),
        versions={1: 0},
    )
    assert history(database)[2:] == [
        ("time", None, "15", ""),
        ("ack", None, "", ""),
        ("breach", None, "spare part late", "agent"),
    ]
    assert facts_for(database, inbound(), 1).tickets[1].ticket.version == 1


# --- waiting for a day ----------------------------------------------------------------------------


def due(database: Database, minutes: int, limit: int = 100) -> tuple[int, ...]:
    with database.read() as session:
        later = NOW + timedelta(minutes=minutes)
        return tickets.due_to_wake(session.connection(), later, limit)


def test_a_day_of_waking_stands_in_the_ticket_and_in_the_cause(database: Database) -> None:
    change(database, SetStatus(1, Status.SCHEDULED, "schedule", TOMORROW))
    change(database, SetStatus(1, Status.SCHEDULED, "schedule", TOMORROW + timedelta(hours=1)))
    change(database, SetStatus(1, Status.SCHEDULED, "schedule", TOMORROW + timedelta(hours=1)))
    ticket = facts_for(database, inbound(), 1).tickets[1].ticket
    assert (ticket.status, ticket.wake_at) == (Status.SCHEDULED, TOMORROW + timedelta(hours=1))
    assert history(database)[2:] == [
        ("status", "new", "scheduled", "schedule until 2026-11-24T08:15:00Z"),
        ("status", "scheduled", "scheduled", "schedule until 2026-11-24T09:15:00Z"),
    ]


def test_tickets_are_due_when_their_day_has_come_longest_due_first(database: Database) -> None:
    for number, minutes in ((2, 30), (3, 10), (4, 20)):
        wake_at = NOW + timedelta(minutes=minutes)
        plan = opening(number, inbound(str(number)), status=Status.SCHEDULED, wake_at=wake_at)
        carry_out(database, plan)
    assert due(database, 9) == ()
    assert due(database, 20) == (3, 4)
    assert due(database, 60, limit=2) == (3, 4)


def test_a_ticket_that_woke_is_due_no_more(database: Database) -> None:
    change(database, SetStatus(1, Status.WAITING_USER, "wait", TOMORROW))
    change(database, SetStatus(1, Status.OPEN, "user_reply"))
    assert facts_for(database, inbound(), 1).tickets[1].ticket.wake_at is None
    assert due(database, 10_000) == ()
