"""What was said on a ticket is not forgotten when it is merged into another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.mail.message import Address, Attachment, InboundMail
from maildesk.model.changes import MergeTicket
from maildesk.model.facts import Asked, Said, SentLetter, TicketFacts
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Visibility
from maildesk.store import outbox
from maildesk.store import tickets as stored
from maildesk.store.engine import Database
from maildesk.store.letters import Letter

from .conftest import ADA, NOW, carry_out, change, facts_for, inbound, message, opening

KARI = Address("Kari Nordmann", "kari@example.com")
OLA = Address("Ola", "ola@example.com")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def tickets(database: Database) -> None:
    for number in (1, 2, 3):
        text, id_ = f"Text {number}.", f"{number}@example.org"
        carry_out(database, opening(number, inbound(text, message_id=id_)))


def merge(database: Database) -> None:
    """Make 1 part of 2, and 2 part of 3."""
    change(database, MergeTicket(1, 2))
    change(database, MergeTicket(2, 3))


def for_kari(
    database: Database, mail: InboundMail, asked: Asked = stored.NOTHING_ASKED
) -> TicketFacts:
    with database.read() as session:
        facts = stored.gather(
            session, mail, ticket_numbers=(3,), now=NOW, agent_keys=(KARI.key,), asked=asked
        )
    return facts.tickets[3]


def of_third(database: Database) -> TicketFacts:
    return facts_for(database, inbound(message_id=None), 3).tickets[3]


def test_sources_are_all_tickets_that_were_merged_at_any_remove(database: Database) -> None:
    assert of_third(database).sources == ()
    merge(database)
    found = facts_for(database, inbound(message_id=None), 1).tickets
    assert {number: found[number].sources for number in found} == {1: (), 2: (1,), 3: (1, 2)}


def test_what_somebody_said_last_may_stand_on_a_source(database: Database) -> None:
    late = inbound("Still dead.", message_id="late@x")
    change(database, message(1, late, at=NOW + HOUR))
    merge(database)
    assert of_third(database).last_said == Said(ADA, NOW + HOUR, "Still dead.")


def test_notes_of_a_source_are_for_agents_alone(database: Database) -> None:
    note = inbound("He is a liar.", message_id="note@x", senders=(OLA,))
    change(database, message(1, note, visibility=Visibility.INTERNAL))
    merge(database)
    assert for_kari(database, inbound("Re", senders=(KARI,))).internal == ("He is a liar.",)


def test_mail_that_is_held_pushes_no_note_out(database: Database) -> None:
    note = inbound("He is a liar.", message_id="note@x", senders=(OLA,))
    change(database, message(3, note, visibility=Visibility.INTERNAL))
    held = [inbound(f"Held {n}.", message_id=f"h{n}@x") for n in range(60)]
    changes = tuple(message(3, mail, visibility=Visibility.HELD) for mail in held)
    carry_out(database, Plan(Disposition.HELD, 3, changes))
    internal = for_kari(database, inbound("Re", senders=(KARI,))).internal
    assert internal[0] == "Held 59."
    assert internal[-1] == "He is a liar."


def test_answer_on_a_source_and_its_letters_count_for_the_collision(database: Database) -> None:
    letter = Letter(
        kind="queue_new", ticket=1, cause="receipt:7", recipient=KARI.address,
        recipient_key=KARI.key, reverse_path="", message_id="letter@x", raw=b"\r\nText",
        audience="agent",
    )  # fmt: skip
    with database.write() as session:
        outbox.put(session, [letter], NOW)
    said = inbound("Done.", message_id="done@x", senders=(OLA,))
    change(database, message(1, said, direction=Direction.OUT, author=OLA, at=NOW + HOUR))
    merge(database)
    facts = for_kari(database, inbound("Re", senders=(KARI,), in_reply_to=("letter@x",)))
    assert facts.answered == SentLetter("queue_new", NOW, 7)
    assert facts.last_reply == Said(OLA, NOW + HOUR, "Done.")
    assert facts.sent == ("Text",)


def test_files_and_history_of_a_source_are_shown(
    database: Database, received: Callable[..., int]
) -> None:
    plan = Attachment("2", "plan.png", "image/png", 3, "00")
    with_file = replace(inbound("Plan.", message_id="plan@x"), attachments=(plan,))
    change(database, message(1, with_file), receipt=received(with_file))
    merge(database)
    facts = for_kari(
        database, inbound("#files", senders=(KARI,)), Asked(has_files=True, has_history=True)
    )
    assert [stored_file.file.filename for stored_file in facts.files] == ["plan.png"]
    assert any(" #1 ada@example.org: created" in line for line in facts.history)
    assert any(" ada@example.org: merged_from 2" in line for line in facts.history)


def test_note_that_is_released_is_no_secret_to_its_writer_and_another_of_his_is(
    database: Database, received: Callable[..., int]
) -> None:
    mine = {"visibility": Visibility.INTERNAL, "author": KARI}
    first = inbound("He is a liar.", message_id="n1@x", senders=(KARI,))
    released = received(first, Disposition.NOTE)
    change(database, message(1, first, **mine), receipt=released)
    second = inbound("So is she.", message_id="n2@x", senders=(KARI,))
    change(database, message(1, second, **mine), receipt=received(second, Disposition.NOTE))
    merge(database)
    with database.read() as session:
        facts = stored.gather(
            session, first, ticket_numbers=(3,), now=NOW, agent_keys=(KARI.key,), released=released
        )
    assert facts.tickets[3].internal == ("So is she.",)
    assert len(for_kari(database, first).internal) == 2
