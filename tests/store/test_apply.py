"""The one door: what changes do, what they leave in the log, and when a plan is stale."""

from dataclasses import replace

import pytest

from maildesk.mail.message import Address, Attachment, Span
from maildesk.model.changes import (
    AddParty,
    LinkTickets,
    MarkBounced,
    OpenTicket,
    RememberContact,
    SetAssignee,
    SetStatus,
)
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Party, Role, Status, Visibility
from maildesk.store import tickets
from maildesk.store.apply import Stale, apply
from maildesk.store.engine import Database

from .conftest import (
    ADA,
    NOW,
    carry_out,
    change,
    facts_for,
    history,
    inbound,
    message,
    opening,
    shown,
)

BO = Address("Bo", "Bo@Example.org")


@pytest.fixture(autouse=True)
def ticket(database: Database) -> None:
    carry_out(database, opening(1, inbound()))


def test_an_opened_ticket_has_its_requester_as_party_1(database: Database) -> None:
    facts = facts_for(database, inbound(), 1).tickets[1]
    assert facts.parties == (Party(1, ADA, Role.REQUESTER),)
    assert (facts.ticket.subject, facts.ticket.version) == ("Printer", 0)
    assert history(database) == [
        ("created", None, "new", ""),
        ("message", None, "in public", ""),
    ]


def test_a_number_that_is_taken_is_stale(database: Database) -> None:
    with pytest.raises(Stale, match="number 1 is taken"):
        carry_out(database, opening(1, inbound("Another.")))


def test_a_ticket_that_moved_on_makes_the_plan_stale(database: Database) -> None:
    change(database, SetStatus(1, Status.OPEN, "agent_reply"), versions={1: 0})
    with pytest.raises(Stale, match="is at 1, the plan rests on 0"):
        change(database, SetStatus(1, Status.SOLVED, "solve"), versions={1: 0})
    with pytest.raises(Stale):
        change(database, versions={99: 0})
    assert shown(database)["status"] == "open"


def test_a_stale_plan_undoes_itself_and_leaves_the_others(database: Database) -> None:
    with database.write() as session:
        with session.begin_nested():
            apply(session, opening(2, inbound("Two.")), receipt=0, now=NOW, actor="a")
        changes = (message(2, inbound("More.")), *opening(2, inbound()).changes)
        stale = Plan(Disposition.REPLY, 1, changes)
        with pytest.raises(Stale), session.begin_nested():
            apply(session, stale, receipt=0, now=NOW, actor="a")
    assert len(shown(database, 2)["messages"]) == 1


def test_one_plan_is_one_version_however_much_it_changes(database: Database) -> None:
    change(
        database,
        message(1, inbound("More.", message_id="second@example.org")),
        SetStatus(1, Status.OPEN, "agent_reply"),
        SetAssignee(1, "kari"),
        versions={1: 0},
    )
    with database.read() as session:
        found = tickets.find_ticket(session, 1)
    assert found is not None
    assert (found.version, found.status, found.assignee) == (1, Status.OPEN, "kari")
    assert history(database)[2:] == [
        ("message", None, "in public", ""),
        ("status", "new", "open", "agent_reply"),
        ("assignee", None, "kari", ""),
    ]


def test_what_changes_nothing_is_no_event(database: Database) -> None:
    change(database, SetStatus(1, Status.NEW, "user_reply"), SetAssignee(1, None))
    assert len(history(database)) == 2


def test_a_known_party_is_raised_and_never_lowered(database: Database) -> None:
    change(database, AddParty(1, Party(2, BO, Role.KNOWN)))
    change(database, AddParty(1, Party(3, BO, Role.PARTICIPANT)))
    change(database, AddParty(1, Party(4, BO, Role.KNOWN)))
    change(database, AddParty(1, Party(5, ADA, Role.PARTICIPANT)))
    facts = facts_for(database, inbound(), 1).tickets[1]
    assert facts.parties == (Party(1, ADA, Role.REQUESTER), Party(2, BO, Role.PARTICIPANT))
    assert history(database)[2:] == [("party", "known", "participant Bo@Example.org", "")]
    assert shown(database)["participants"] == ["Bo@Example.org"]


def test_a_party_number_that_is_taken_is_stale(database: Database) -> None:
    with pytest.raises(Stale, match="has a party 1"):
        change(database, AddParty(1, Party(1, BO, Role.KNOWN)))


def test_tickets_are_linked_once(database: Database) -> None:
    carry_out(database, opening(2, inbound("Two.")))
    for _ in range(2):
        change(database, LinkTickets(2, 1, "follows"))
    assert history(database, 2)[2:] == [("link", None, "1", "follows")]


def test_a_bounce_marks_the_address_and_the_ticket(database: Database) -> None:
    change(database, MarkBounced(1, "Ada@example.org", "5.1.1"))
    change(database, RememberContact(ADA, is_aligned=False))
    contact = facts_for(database, inbound()).contact
    assert contact is not None
    assert contact.bounced_status == "5.1.1"
    assert history(database)[2:] == [("bounced", None, "Ada@example.org 5.1.1", "")]


def test_contacts_forget_nothing(database: Database) -> None:
    change(database, RememberContact(Address("", ADA.address), is_aligned=True, language=None))
    change(database, RememberContact(ADA, is_aligned=False, language="nb"))
    change(database, RememberContact(Address("Eve", ADA.address), is_aligned=False, language="en"))
    contact = facts_for(database, inbound()).contact
    assert contact is not None
    assert (contact.was_aligned, contact.language) == (True, "nb")
    assert contact.address == ADA
    assert len(history(database)) == 2


def test_ids_are_held_by_those_who_have_the_mail(database: Database) -> None:
    mail = inbound(
        "More.",
        message_id="second@example.org",
        cc=(BO,),
        in_reply_to=("first@example.org",),
        references=("root@example.net", "first@example.org"),
    )
    change(database, message(1, mail, visibility=Visibility.INTERNAL))
    thread = {id_.message_id: id_ for id_ in facts_for(database, mail).tickets[1].thread}
    assert list(thread) == ["first@example.org", "root@example.net", "second@example.org"]
    assert thread["root@example.net"].holders == frozenset()
    everybody = {"ada@example.org", "bo@example.org", "support@example.com"}
    assert thread["second@example.org"].holders == everybody
    assert thread["second@example.org"].is_internal
    assert thread["first@example.org"].holders == {"ada@example.org", "support@example.com"}


def test_nobody_is_believed_to_have_a_held_mail(database: Database) -> None:
    mail = inbound("Send it to me.", message_id="forged@example.net")
    change(database, message(1, mail, visibility=Visibility.HELD))
    thread = {id_.message_id: id_ for id_ in facts_for(database, mail).tickets[1].thread}
    assert thread["forged@example.net"].holders == frozenset()


def test_whoever_uses_an_id_again_does_not_become_its_holder(database: Database) -> None:
    eve = Address("Eve", "eve@example.net")
    change(database, message(1, inbound("Mine too.", senders=(eve,), to=()), author=eve))
    thread = facts_for(database, inbound(), 1).tickets[1].thread
    assert [id_.holders for id_ in thread] == [{"ada@example.org", "support@example.com"}]


def test_a_ticket_is_shown_as_the_contract_says(database: Database) -> None:
    file = Attachment("2", "a.pdf", "application/pdf", 123, "ab" * 32)
    text = "Still dead.\n> The printer is dead.\n"
    mail = inbound(
        text,
        message_id="second@example.org",
        reply=(Span(0, 12),),
        quoted=(Span(12, len(text)),),
        attachments=(file,),
    )
    change(database, message(1, mail))
    ticket = shown(database)
    events, messages = ticket.pop("events"), ticket.pop("messages")
    assert ticket == {
        "number": 1,
        "subject": "Printer",
        "status": "new",
        "priority": "P3",
        "type": "incident",
        "queue": "helpdesk",
        "team": "first-line",
        "assignee": None,
        "requester": "ada@example.org",
        "participants": [],
        "language": "en",
        "tags": [],
        "fields": {},
        "created_at": "2026-11-23T08:15:00Z",
        "updated_at": "2026-11-23T08:15:00Z",
        "clocks": {},
    }
    assert messages[1] == {
        "direction": "in",
        "visibility": "public",
        "author": "ada@example.org",
        "at": "2026-11-23T08:15:00Z",
        "message_id": "second@example.org",
        "text": "Still dead.",
        "quoted": "> The printer is dead.",
        "attachments": [
            {
                "filename": "a.pdf",
                "content_type": "application/pdf",
                "size": 123,
                "sha256": "ab" * 32,
            }
        ],
        "trust": "V0",
        "automatic": "none",
    }
    assert events[0] == {
        "at": "2026-11-23T08:15:00Z",
        "actor": "ada@example.org",
        "kind": "created",
        "old": None,
        "new": "new",
        "cause": "",
    }


def test_tickets_are_listed_as_the_contract_says(database: Database) -> None:
    for number in (2, 3):
        plan = opening(number, inbound(str(number)), tags=("vpn",), status=Status.OPEN)
        carry_out(database, plan)
    with database.read() as session:
        assert [line["number"] for line in tickets.list_tickets(session)] == [1, 2, 3]
        (newest,) = tickets.list_tickets(session, status="open", limit=1)
        assert tickets.list_tickets(session, requester="nobody@example.org") == []
    assert newest == {
        "number": 3,
        "subject": "Printer",
        "status": "open",
        "priority": "P3",
        "type": "incident",
        "queue": "helpdesk",
        "team": "first-line",
        "assignee": None,
        "requester": "ada@example.org",
        "tags": ["vpn"],
        "created_at": "2026-11-23T08:15:00Z",
        "updated_at": "2026-11-23T08:15:00Z",
        "next_due_at": None,
    }


def test_hostile_text_is_stored_and_spans_still_hold(database: Database) -> None:
    text = "a\x00\ud800b🖨 new\nold"
    mail = inbound(text, subject="\udcff", reply=(Span(0, 8),), quoted=(Span(9, len(text)),))
    change(database, message(1, mail, direction=Direction.OUT))
    last = shown(database)["messages"][-1]
    assert last["text"].endswith("b🖨 ne")
    assert last["quoted"] == "old"


def test_a_merged_ticket_leads_to_its_target(database: Database) -> None:
    first = opening(2, inbound("Two.")).changes[0]
    assert isinstance(first, OpenTicket)
    merged = replace(first.ticket, number=3, merged_into=2, status=Status.MERGED)
    change(database, first, OpenTicket(merged))
    assert sorted(facts_for(database, inbound(message_id=None), 3).tickets) == [2, 3]
