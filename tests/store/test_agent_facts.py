"""What is read for an agent's mail alone: the letter it answers, the last reply, what is held."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.mail.message import Address, InboundMail
from maildesk.model.changes import AddParty, CloseHold, OpenHold, ReleaseMessage
from maildesk.model.facts import HeldMessage, Hold, Level, Said, SentLetter, TicketFacts, Trust
from maildesk.model.plan import Disposition
from maildesk.model.ticket import Direction, Party, Role, Visibility
from maildesk.store import outbox, tickets
from maildesk.store.engine import Database
from maildesk.store.letters import Letter

from .conftest import ADA, NOW, carry_out, change, facts_for, inbound, message, opening

KARI = Address("Kari Nordmann", "kari@example.com")
OLA = Address("Ola", "ola@example.com")
BO = Address("Bo", "bo@example.net")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def ticket(database: Database) -> None:
    carry_out(database, opening(1, inbound("Help.")))


def for_kari(database: Database, mail: InboundMail) -> TicketFacts:
    with database.read() as session:
        facts = tickets.gather(
            session, mail, ticket_numbers=(1,), now=NOW, agent_keys=(KARI.key, "kn@example.net")
        )
    return facts.tickets[1]


def send(database: Database, kind: str, cause: str, to: Address, hours: int = 0) -> str:
    """Put a letter into the outbox; returns its Message-ID."""
    letter = Letter(
        kind=kind, ticket=1, cause=cause, recipient=to.address, recipient_key=to.key,
        reverse_path="", message_id=f"{kind}.{cause}.{to.key}", raw=b"\r\nText", audience="agent",
    )  # fmt: skip
    with database.write() as session:
        outbox.put(session, [letter], NOW + hours * HOUR)
    return letter.message_id


# --- answered -----------------------------------------------------------------------------------


def test_the_newest_letter_to_him_that_a_mail_names_is_the_one_it_answers(
    database: Database,
) -> None:
    first = send(database, "queue_new", "receipt:7", KARI)
    second = send(database, "held", "receipt:12", KARI, hours=1)
    send(database, "user_replied", "receipt:13", KARI, hours=2)
    mail = inbound("Re", senders=(KARI,), in_reply_to=(first,), references=(second, first))
    assert for_kari(database, mail).answered == SentLetter("held", NOW + HOUR, 12)
    mail = replace(mail, references=(first,))
    assert for_kari(database, mail).answered == SentLetter("queue_new", NOW, 7)


def test_a_letter_that_no_mail_caused_has_no_receipt(database: Database) -> None:
    sent = send(database, "digest", "day:2026-11-23", KARI)
    mail = inbound("Re", senders=(KARI,), in_reply_to=(sent,))
    assert for_kari(database, mail).answered == SentLetter("digest", NOW, None)


def test_a_letter_to_somebody_else_is_none_that_he_answers(database: Database) -> None:
    sent = send(database, "queue_new", "receipt:7", OLA)
    mail = inbound("Re", senders=(KARI,), in_reply_to=(sent,))
    assert for_kari(database, mail).answered is None
    assert for_kari(database, inbound("New", senders=(KARI,))).answered is None


# --- last reply ---------------------------------------------------------------------------------


def test_the_last_reply_is_the_newest_public_word_of_the_desk(
    database: Database, received: Callable[..., int]
) -> None:
    held = inbound("Held.", message_id="held@x", senders=(OLA,))
    receipt = received(held, Disposition.HELD)
    change(database, message(1, held, visibility=Visibility.HELD), receipt=receipt)
    out = {"direction": Direction.OUT, "author": KARI}
    said = [
        message(1, inbound("First.", message_id="2@x"), **out),
        message(1, inbound("Second.", message_id="3@x"), **out, at=NOW + HOUR),
        message(1, inbound("Note.", message_id="4@x"), visibility=Visibility.INTERNAL, **out),
        message(1, inbound("Thanks.", message_id="5@x"), at=NOW + 2 * HOUR),
    ]
    change(database, *said)
    mail = inbound("Re", senders=(KARI,))
    assert for_kari(database, mail).last_reply == Said(KARI, NOW + HOUR, "Second.")
    released = inbound("Released.", senders=(OLA,))
    late = NOW + 3 * HOUR
    change(
        database,
        ReleaseMessage(1, receipt, Visibility.PUBLIC, Direction.OUT, released, late),
    )
    assert for_kari(database, mail).last_reply == Said(OLA, late, "Released.")
    assert facts_for(database, mail, 1).tickets[1].last_reply is None


def test_a_long_reply_is_cut(database: Database) -> None:
    long = message(1, inbound("x" * 9000, message_id="2@x"), direction=Direction.OUT)
    change(database, long)
    reply = for_kari(database, inbound("Re", senders=(KARI,))).last_reply
    assert reply is not None
    assert len(reply.text) < 4100


# --- held ---------------------------------------------------------------------------------------


def test_what_others_wrote_and_nobody_admitted_is_held_oldest_first(
    database: Database, received: Callable[..., int]
) -> None:
    receipts = [hold(database, received, who) for who in (BO, ADA, BO)]
    held = for_kari(database, inbound("Re", senders=(KARI,))).held
    assert held == tuple(
        HeldMessage(receipt, who, NOW, Level.V1)
        for receipt, who in zip(receipts, (BO, ADA, BO), strict=True)
    )
    change(database, ReleaseMessage(1, receipts[1], Visibility.PUBLIC, Direction.IN))
    held = for_kari(database, inbound("Re", senders=(KARI,))).held
    assert [item.receipt for item in held] == [receipts[0], receipts[2]]


def test_what_agents_wrote_is_not_to_be_admitted(
    database: Database, received: Callable[..., int]
) -> None:
    change(database, AddParty(1, Party(2, OLA, Role.AGENT)))
    asked = hold(database, received, Address("", "another.agent@example.com"))
    question = Hold(asked, 1, "another", "doubt", NOW, NOW)
    change(database, OpenHold(question), receipt=asked)
    for agent in (KARI, OLA):
        hold(database, received, agent)
    mail = inbound("Re", senders=(KARI,))
    assert for_kari(database, mail).held == ()
    change(database, CloseHold(1, asked, "drop"))
    assert for_kari(database, mail).held == ()


def hold(database: Database, received: Callable[..., int], who: Address) -> int:
    """A mail of somebody is held on ticket 1; returns its receipt."""
    mail = inbound(f"Held of {who.key}.", message_id=None, senders=(who,))
    receipt = received(mail, Disposition.HELD)
    is_held = {"visibility": Visibility.HELD, "trust": Trust(Level.V1)}
    change(database, message(1, mail, **is_held), receipt=receipt)
    return receipt
