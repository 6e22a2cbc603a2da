"""Merging: one ticket becomes part of another, and nothing of either is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.mail.message import Address, InboundMail
from maildesk.model.changes import CloseHold, MergeTicket, OpenHold, ReleaseMessage, SetStatus
from maildesk.model.facts import Hold
from maildesk.model.plan import Disposition
from maildesk.model.ticket import Direction, Status, Visibility
from maildesk.store import holds
from maildesk.store.apply import Stale
from maildesk.store.engine import Database

from .conftest import NOW, carry_out, change, facts_for, history, inbound, message, opening, shown

KARI = Address("Kari", "kari@example.com")


@pytest.fixture(autouse=True)
def tickets(database: Database) -> None:
    for number in (1, 2, 3):
        carry_out(database, opening(number, _mail(number)))


def _mail(number: int) -> InboundMail:
    return inbound(f"Text {number}.", message_id=f"{number}@example.org")


def test_a_merge_keeps_both_histories(database: Database) -> None:
    change(database, SetStatus(1, Status.SCHEDULED, "schedule", NOW + timedelta(days=1)))
    change(database, MergeTicket(1, 2), versions={1: 1, 2: 0})
    assert history(database, 1) == [
        ("created", None, "new", ""),
        ("message", None, "in public", ""),
        ("status", "new", "scheduled", "schedule until 2026-11-24T08:15:00Z"),
        ("status", "scheduled", "merged", "merge"),
        ("merged", None, "2", ""),
    ]
    assert history(database, 2)[2:] == [("merged_from", None, "1", "")]
    for number in (1, 2):
        assert [m["text"] for m in shown(database, number)["messages"]] == [f"Text {number}."]


def test_mail_to_a_merged_ticket_finds_its_target(database: Database) -> None:
    change(database, MergeTicket(1, 2))
    answer = inbound("Re", message_id="re@x", in_reply_to=("1@example.org",))
    found = facts_for(database, answer).tickets
    assert sorted(found) == [1, 2]
    source, target = found[1].ticket, found[2].ticket
    assert (source.status, source.merged_into, source.wake_at) == (Status.MERGED, 2, None)
    assert (target.status, target.merged_into) == (Status.NEW, None)
    assert (source.version, target.version) == (1, 1)


def test_an_id_of_both_tickets_leads_to_both(database: Database) -> None:
    change(database, message(2, replace(_mail(1), text="")), MergeTicket(1, 2))
    assert facts_for(database, _mail(1)).owners == {"1@example.org": (1, 2)}


def test_a_ticket_is_never_merged_into_itself(database: Database) -> None:
    with pytest.raises(ValueError, match="into itself"):
        change(database, MergeTicket(1, 1))


@pytest.mark.parametrize(("ticket", "into"), [(2, 1), (3, 1), (1, 3)])
def test_merged_tickets_are_no_part_of_a_second_merge_so_there_is_no_ring(
    database: Database, ticket: int, into: int
) -> None:
    change(database, MergeTicket(1, 2))
    with pytest.raises(ValueError, match="ticket 1 is part of 2 already"):
        change(database, MergeTicket(ticket, into))
    assert history(database, 3)[2:] == []


def test_tickets_that_came_in_go_along_with_a_later_merge(database: Database) -> None:
    change(database, MergeTicket(1, 2), MergeTicket(2, 3))
    found = facts_for(database, inbound(message_id=None), 1).tickets
    assert sorted(found) == [1, 2, 3]


def test_a_target_that_moved_on_makes_the_merge_stale(database: Database) -> None:
    change(database, SetStatus(2, Status.CLOSED, "close"))
    with pytest.raises(Stale):
        change(database, MergeTicket(1, 2), versions={1: 0, 2: 0})


def test_what_is_held_waits_at_the_target(database: Database, received: Callable[..., int]) -> None:
    mail = inbound("#colse", message_id="held@x", senders=(KARI,))
    receipt = received(mail, Disposition.HELD)
    hold = Hold(receipt, 1, "kari", "doubt", NOW, NOW)
    held = message(1, mail, visibility=Visibility.HELD, reason="doubt")
    change(database, held, OpenHold(hold), receipt=receipt)
    change(database, MergeTicket(1, 2))
    with database.read() as session:
        assert holds.open_holds(session.connection(), 1) == ()
        assert holds.open_holds(session.connection(), 2) == (replace(hold, ticket=2),)
    assert history(database, 2)[2:] == [
        ("merged_from", None, "1", ""),
        ("message", None, "in held", "came in with 1"),
    ]
    released = ReleaseMessage(2, receipt, Visibility.PUBLIC, Direction.OUT, inbound("Fixed."))
    change(database, released, CloseHold(2, receipt, "run"))
    assert shown(database, 2)["messages"][-1]["text"] == "Fixed."
    assert facts_for(database, inbound(message_id=None), 2).tickets[2].thread[-1].holders
