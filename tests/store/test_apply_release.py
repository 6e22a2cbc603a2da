"""A message that was held, or internal, is read by those it is for; its ids follow."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from maildesk.mail.message import Address, Span
from maildesk.model.changes import ReleaseMessage
from maildesk.model.facts import ThreadId
from maildesk.model.plan import Disposition
from maildesk.model.ticket import Direction, Visibility
from maildesk.store.engine import Database

from .conftest import (
    ADA,
    DESK,
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

BO = Address("Bo", "bo@example.net")
KARI = Address("Kari", "kari@example.com")
Received = Callable[..., int]


@pytest.fixture
def ticket(database: Database, received: Received) -> None:
    carry_out(database, opening(1, inbound()), receipt=received(inbound()))


@pytest.fixture
def held(database: Database, received: Received, ticket: None) -> int:
    """The receipt of Bo's mail, which is held on Ada's ticket."""
    mail = inbound("Me too.", message_id="bo@example.net", senders=(BO,), cc=(KARI,))
    receipt = received(mail, Disposition.HELD)
    is_held = {"visibility": Visibility.HELD, "reason": "not known here"}
    change(database, message(1, mail, **is_held), receipt=receipt)
    return receipt


def thread(database: Database, id_: str) -> ThreadId:
    ids = facts_for(database, inbound(), 1).tickets[1].thread
    return next(item for item in ids if item.message_id == id_)


def test_an_admitted_mail_is_public_and_held_by_all_who_have_it(
    database: Database, held: int
) -> None:
    assert thread(database, "bo@example.net") == ThreadId("bo@example.net", is_internal=True)
    change(database, ReleaseMessage(1, held, Visibility.PUBLIC, Direction.IN))
    everybody = frozenset((BO.key, KARI.key, DESK.key))
    assert thread(database, "bo@example.net") == ThreadId("bo@example.net", everybody)
    last = shown(database)["messages"][-1]
    assert (last["visibility"], last["text"], last["at"]) == (
        "public",
        "Me too.",
        "2026-11-23T08:15:00Z",
    )
    assert history(database)[-1] == ("admitted", "in held", "in public", f"receipt {held}")
    said = facts_for(database, inbound(), 1).tickets[1].last_said
    assert said is not None
    assert (said.author, said.text) == (BO, "Me too.")


def test_a_released_reply_is_read_as_it_goes_out(database: Database, held: int) -> None:
    text = "Fixed.\n#solve\n"
    mail = inbound(text, reply=(Span(0, 7),), quoted=(Span(7, len(text)),))
    later = NOW + timedelta(hours=1)
    change(database, ReleaseMessage(1, held, Visibility.PUBLIC, Direction.OUT, mail, later))
    last = shown(database)["messages"][-1]
    assert (last["direction"], last["text"], last["quoted"]) == ("out", "Fixed.", "#solve")
    assert last["at"] == "2026-11-23T09:15:00Z"
    assert history(database)[-1] == ("released", "in held", "out public", f"receipt {held}")


def test_a_held_mail_that_becomes_a_note_stays_among_agents(database: Database, held: int) -> None:
    change(database, ReleaseMessage(1, held, Visibility.INTERNAL, Direction.IN, inbound("Note.")))
    assert thread(database, "bo@example.net").is_internal
    assert thread(database, "bo@example.net").holders
    change(database, ReleaseMessage(1, held, Visibility.PUBLIC, Direction.OUT))
    assert not thread(database, "bo@example.net").is_internal


def test_a_held_mail_that_names_an_internal_id_does_not_open_it(
    database: Database, received: Received, ticket: None
) -> None:
    note = inbound("Secret.", message_id="note@example.com", senders=(KARI,), to=())
    forged = inbound("Mine?", message_id="note@example.com", senders=(BO,))
    receipt = received(forged, Disposition.HELD)
    change(database, message(1, note, visibility=Visibility.INTERNAL))
    change(database, message(1, forged, visibility=Visibility.HELD), receipt=receipt)
    change(database, ReleaseMessage(1, receipt, Visibility.PUBLIC, Direction.IN))
    kept = ThreadId("note@example.com", frozenset({KARI.key}), is_internal=True)
    assert thread(database, "note@example.com") == kept


def test_a_mail_that_stays_held_gives_nobody_its_id(database: Database, held: int) -> None:
    mail = inbound("Read in another way.")
    change(database, ReleaseMessage(1, held, Visibility.HELD, Direction.IN, mail))
    assert thread(database, "bo@example.net").holders == frozenset()
    assert shown(database)["messages"][-1]["text"] == "Read in another way."
    assert history(database)[-1][0] == "message"


def test_what_is_public_is_admitted_once_and_never_rewritten(database: Database, held: int) -> None:
    admitted = ReleaseMessage(1, held, Visibility.PUBLIC, Direction.IN)
    change(database, admitted, admitted)
    assert [line[0] for line in history(database)].count("admitted") == 1
    rewritten = ReleaseMessage(1, held, Visibility.PUBLIC, Direction.IN, inbound("Other words."))
    with pytest.raises(ValueError, match="public already"):
        change(database, rewritten)
    assert shown(database)["messages"][-1]["text"] == "Me too."


def test_a_receipt_without_message_on_the_ticket_is_not_released(
    database: Database, held: int
) -> None:
    carry_out(database, opening(2, inbound("Two.", senders=(ADA,))))
    with pytest.raises(ValueError, match="brought no message to ticket 2"):
        change(database, ReleaseMessage(2, held, Visibility.PUBLIC, Direction.IN))
