"""Facts: what is found for a mail, and that finding it takes an index each time."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import Address, InboundMail
from maildesk.model.changes import (
    AskAgain,
    Change,
    CloseHold,
    Detail,
    JoinContacts,
    LowerParty,
    MergeTicket,
    OpenHold,
    ReleaseMessage,
    RememberContact,
    SetAbsence,
    SetDetail,
    SetRequester,
    SetStatus,
    SetTags,
    StopMail,
)
from maildesk.model.facts import Asked, Hold, TicketFacts
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Status, Visibility
from maildesk.store import claims, finishing, holds, message_ids, outbox, sending, tickets
from maildesk.store.apply import apply
from maildesk.store.engine import Database
from maildesk.store.journal import Journal
from maildesk.store.letters import Letter
from maildesk.store.tickets import NOTHING_ASKED

from .conftest import ADA, ENVELOPE, NOW, carry_out, facts_for, inbound, message, opening

Received = Callable[..., int]


def test_an_empty_desk_knows_nothing(database: Database) -> None:
    facts = facts_for(database, inbound(), receipt=7)
    assert (facts.next_number, facts.receipt, facts.tickets, facts.owners) == (1, 7, {}, {})
    assert (facts.contact, facts.duplicate, facts.answers) == (None, None, ())


def test_a_mail_without_one_sender_is_read_all_the_same(database: Database) -> None:
    facts = facts_for(database, inbound(senders=(), message_id=None))
    assert facts.next_number == 1


def test_tickets_are_found_by_number_and_by_every_id(database: Database) -> None:
    for number in (1, 2, 3, 4):
        mail = inbound(str(number), message_id=f"{number}@example.org")
        carry_out(database, opening(number, mail))
    mail = inbound(
        "New",
        message_id="4@example.org",
        in_reply_to=("2@example.org",),
        references=("3@example.org",),
    )
    facts = facts_for(database, mail, 1, 99)
    assert list(facts.tickets) == [1, 2, 3, 4]
    assert facts.owners == {
        "2@example.org": (2,),
        "3@example.org": (3,),
        "4@example.org": (4,),
    }
    assert facts.next_number == 5


def test_a_reserved_number_is_taken_over(database: Database) -> None:
    carry_out(database, opening(1, inbound()))
    with database.read() as session:
        facts = tickets.gather(session, inbound(), ticket_numbers=(), now=NOW, next_number=9)
        assert tickets.next_number(session) == 2
    assert facts.next_number == 9


def test_the_senders_last_five_tickets_come_newest_first(database: Database) -> None:
    for number in range(1, 8):
        requester = Address("", "ADA@example.org") if number % 2 else ADA
        mail = inbound(str(number), message_id=None, senders=(requester,))
        carry_out(database, opening(number, mail, status=Status.CLOSED))
    other = Address("Eve", "eve@example.net")
    carry_out(database, opening(8, inbound("8", message_id=None, senders=(other,))))
    earlier = facts_for(database, inbound()).earlier_tickets
    assert [line.number for line in earlier] == [7, 6, 5, 4, 3]
    assert earlier[0].status is Status.CLOSED


def test_a_copy_is_found_by_content_whatever_finished_first(
    database: Database, keeper: Journal, received: Received
) -> None:
    waiting = keeper.keep(b"x", ENVELOPE)
    assert facts_for(database, inbound(), receipt=waiting).duplicate is None
    first = received(inbound())
    received(inbound(), Disposition.DUPLICATE)
    duplicate = facts_for(database, inbound(), receipt=waiting).duplicate
    assert duplicate is not None
    assert (duplicate.receipt, duplicate.ticket, duplicate.received_at) == (first, 1, NOW)
    assert facts_for(database, inbound(), receipt=first).duplicate is None


def test_the_same_id_with_other_content_is_no_copy(database: Database, received: Received) -> None:
    first = received(inbound("Guessed."))
    facts = facts_for(database, inbound("The real mail."), receipt=99)
    assert facts.duplicate is None
    assert facts.same_message_id == (first,)


@pytest.mark.parametrize(("minutes", "is_copy"), [(0, True), (15, True), (16, False)])
def test_a_mail_without_id_is_a_copy_for_15_minutes(
    database: Database, keeper: Journal, received: Received, minutes: int, is_copy: bool
) -> None:
    alarm = inbound("Disk full.", message_id=None)
    received(alarm)
    later = NOW + timedelta(minutes=minutes)
    again = keeper.keep(b"x", Envelope(Source.SMTP, received_at=later))
    assert (facts_for(database, alarm, receipt=again).duplicate is not None) is is_copy


def test_a_long_thread_keeps_its_first_id_and_the_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_ids, "THREAD_LENGTH", 100)
    carry_out(database, opening(1, inbound()))
    references = tuple(f"{number}@example.org" for number in range(150))
    mail = inbound("More.", message_id="last@example.org", references=references)
    carry_out(database, replace(opening(1, mail), changes=(message(1, mail),)))
    thread = facts_for(database, inbound(), 1).tickets[1].thread
    assert len(thread) == 100
    assert (thread[0].message_id, thread[-1].message_id) == (
        "first@example.org",
        "last@example.org",
    )
    assert thread[1].message_id == "52@example.org"


def test_an_id_that_hangs_on_everything_hides_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_ids, "ROWS_AT_ONCE", 30)
    for number in range(1, 41):
        mail = inbound(str(number), message_id=None, references=("everywhere@example.org",))
        carry_out(database, opening(number, mail))
    carry_out(database, opening(41, inbound("41", message_id="zz@example.org")))
    mail = inbound("New", references=("everywhere@example.org", "zz@example.org"))
    facts = facts_for(database, mail)
    assert facts.owners["zz@example.org"] == (41,)
    assert facts.owners["everywhere@example.org"] == tuple(range(1, 21))
    assert 41 in facts.tickets
    assert len(facts.tickets) == 20


# --- no question grows with the desk ------------------------------------------------------------


def test_no_statement_on_the_way_of_a_mail_scans_a_table(
    database: Database, keeper: Journal, received: Received
) -> None:
    """Every statement of the path is explained by SQLite; a SCAN would grow with the desk
    (but for the one over a bounded sub-query)."""
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, sql: str, parameters: object, *_rest: object) -> None:
        statements.append((sql, parameters))

    carry_out(database, opening(1, inbound()))
    received(inbound("other", message_id="other@example.org"))
    for engine in (database._writing, database._reader):
        event.listen(engine, "before_cursor_execute", note)
    mail = inbound("Re", message_id="re@x", in_reply_to=("first@example.org",), references=("a@b",))
    receipt = keeper.keep(b"x", ENVELOPE)
    claims.claim(database, NOW)
    facts_for(database, mail, 1, receipt=receipt)
    facts_for(database, replace(mail, message_id=None), receipt=receipt)
    gathered_for_kari(database, mail, ASKS_ALL)
    look_for_what_is_due(database)
    letter = Letter(
        kind="received", ticket=2, cause="2", recipient=ADA.address, recipient_key=ADA.key,
        reverse_path="", message_id="m@x", raw=b"", audience="requester", is_answer=True,
    )  # fmt: skip
    with database.write() as session:
        plan = opening(2, mail)
        changes = (*plan.changes, *commands(receipt, mail))
        plan = replace(plan, changes=changes, versions={1: 0})
        apply(session, plan, receipt=receipt, now=NOW, actor="a")
        outbox.put(session, [letter], NOW)
        finishing.finish(
            session, receipt, disposition=Disposition.REPLY, ticket=1, trace={},
            content_key="k", message_id="m", now=NOW,
        )  # fmt: skip
    sending.claim_due(database, NOW)
    asked = dict(statements)
    assert len(asked) > 25
    plans = {sql: _query_plan(database, sql, asked[sql]) for sql in asked if _is_a_question(sql)}
    bounded = {sql for sql in plans if "AS newest" in sql}  # the search, which has no index
    growing = {
        sql: plan
        for sql, plan in plans.items()
        if re.search(r"\bSCAN (?!CONSTANT|anon_|part)", plan)
    }
    assert growing.keys() == bounded
    by_state = [sql for sql, plan in plans.items() if "content_key" in sql and "state" in plan]
    assert not [sql for sql in by_state if sql.startswith("SELECT")]


ASKS_ALL = Asked(
    tickets=(1,),
    words=("printer",),
    addresses=("bo@example.net",),
    agent="kari",
    teams=("first-line", "network"),
    is_own=True,
    has_files=True,
    has_history=True,
)


def look_for_what_is_due(database: Database) -> None:
    with database.read() as session:
        connection = session.connection()
        holds.open_holds(connection, 1)
        holds.hold_of(connection, 1)
        holds.due_reminders(connection, NOW)
        holds.due_for_team(connection, NOW)
        tickets.due_to_wake(connection, NOW)


def commands(receipt: int, mail: InboundMail) -> tuple[Change, ...]:
    """One of each change, on ticket 1 and on ticket 2, which comes before."""
    hold = Hold(receipt, 1, "kari", "doubt", NOW, NOW)
    return (
        RememberContact(ADA, is_aligned=True),
        message(1, mail, visibility=Visibility.HELD),
        ReleaseMessage(1, receipt, Visibility.PUBLIC, Direction.IN),
        SetStatus(1, Status.SCHEDULED, "schedule", NOW),
        SetDetail(1, Detail.TITLE, "Toner"),
        SetTags(1, ("vpn",)),
        SetRequester(1, KARI),
        LowerParty(1, ADA),
        StopMail(ADA),
        JoinContacts(KARI, ADA),
        SetAbsence("kari", NOW + timedelta(days=1)),
        OpenHold(hold),
        AskAgain(receipt),
        CloseHold(1, receipt, "run"),
        MergeTicket(1, 2),
    )


def _is_a_question(sql: str) -> bool:
    return sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))


def _query_plan(database: Database, sql: str, parameters: object) -> str:
    with database.write() as session:
        cursor = session.connection().connection.cursor()
        rows = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize(
    ("subject", "sender", "is_hinted"),
    [
        ("Re: Printer is dead", "eve@example.net", True),
        ("AW: printer IS dead [#9]", "eve@example.net", True),
        ("Printer is dead", "ada@example.org", True),
        ("Printer is dead", "eve@example.net", False),
        ("Re: Printer", "ada@example.org", False),
        ("", "ada@example.org", False),
    ],
)
def test_subject_speaks_for_a_ticket_in_an_answer_or_from_its_requester(
    database: Database, subject: str, sender: str, is_hinted: bool
) -> None:
    carry_out(database, opening(1, inbound(subject="Printer is dead")))
    mail = inbound("Again", message_id=None, subject=subject, senders=(Address("", sender),))
    assert facts_for(database, mail).same_subject == (1 if is_hinted else None)


def test_subject_speaks_for_a_ticket_no_longer_than_thirty_days(database: Database) -> None:
    carry_out(database, opening(1, inbound(subject="Printer is dead")))
    mail = inbound("Again", message_id=None, subject="Re: Printer is dead")
    with database.read() as session:
        late = NOW + timedelta(days=31)
        assert tickets.gather(session, mail, ticket_numbers=(), now=late).same_subject is None


# --- for an agent's mail -------------------------------------------------------------------------

KARI = Address("Kari Nordmann", "kari@example.com")


def put_letters(database: Database, *texts: str) -> None:
    letters = [
        Letter(
            kind="queue_new", ticket=1, cause=text, recipient=KARI.address, recipient_key=KARI.key,
            reverse_path="", message_id=f"{text}@x", raw=f"\r\n{text}".encode(), audience="agent",
        )
        for text in texts
    ]  # fmt: skip
    with database.write() as session:
        outbox.put(session, letters, NOW)


def gathered_for_kari(
    database: Database, mail: InboundMail, asked: Asked = NOTHING_ASKED
) -> TicketFacts:
    keys = (KARI.key, "kn@example.net")
    with database.read() as session:
        facts = tickets.gather(
            session, mail, ticket_numbers=(1,), now=NOW, agent_keys=keys, asked=asked
        )
    return facts.tickets[1]


def test_letters_to_an_agent_are_read_that_answered_first(database: Database) -> None:
    carry_out(database, opening(1, inbound()))
    put_letters(database, "one", "two", "three", "four", "five")
    mail = inbound("Re", senders=(KARI,), in_reply_to=("two@x",), references=("one@x", "two@x"))
    assert gathered_for_kari(database, mail).sent == ("two", "one", "five")
    assert facts_for(database, mail, 1).tickets[1].sent == ()


def test_what_is_for_agents_is_read_but_not_what_is_held_of_his_own(database: Database) -> None:
    carry_out(database, opening(1, inbound("Public")))
    hers = {"author": KARI}
    said = [
        message(1, inbound("Note", message_id="2@x"), visibility=Visibility.INTERNAL, **hers),
        message(1, inbound("Hers", message_id="3@x"), visibility=Visibility.HELD, **hers),
        message(1, inbound("Eve's", message_id="4@x"), visibility=Visibility.HELD),
    ]
    carry_out(database, Plan(Disposition.HELD, 1, tuple(said)))
    mail = inbound("Re", senders=(KARI,))
    assert gathered_for_kari(database, mail).internal == ("Eve's", "Note")
