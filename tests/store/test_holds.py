"""Held mails of agents: asked, reminded once, told to the team once, decided on once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from maildesk.model.changes import AskAgain, CloseHold, OpenHold
from maildesk.model.facts import Hold
from maildesk.model.plan import Disposition
from maildesk.store import holds
from maildesk.store.apply import Stale
from maildesk.store.engine import Database

from .conftest import NOW, carry_out, change, history, inbound, opening

HOUR = timedelta(hours=1)
T = TypeVar("T")


@pytest.fixture
def hold(database: Database, received: Callable[..., int]) -> Hold:
    """An hour old, open."""
    carry_out(database, opening(1, inbound()))
    receipt = received(inbound("#colse"), Disposition.HELD)
    hold = Hold(receipt, 1, "kari", "#colse is no command", NOW - HOUR, NOW - HOUR)
    change(database, OpenHold(hold), receipt=receipt)
    return hold


def read(database: Database, ask: Callable[[Connection], T]) -> T:
    with database.read() as session:
        return ask(session.connection())


def open_ones(database: Database, ticket: int = 1) -> tuple[Hold, ...]:
    return read(database, lambda connection: holds.open_holds(connection, ticket))


def test_an_open_hold_is_found_by_ticket_and_by_receipt(database: Database, hold: Hold) -> None:
    assert open_ones(database) == (hold,)
    assert open_ones(database, 2) == ()
    assert read(database, lambda c: holds.hold_of(c, hold.receipt)) == hold
    assert read(database, lambda c: holds.hold_of(c, 99)) is None
    assert history(database)[-1] == ("hold", None, "open", "#colse is no command")


@pytest.mark.parametrize("outcome", ["run", "send", "drop"])
def test_a_hold_is_closed_by_one_word_once(database: Database, hold: Hold, outcome: str) -> None:
    change(database, CloseHold(1, hold.receipt, outcome))
    assert open_ones(database) == ()
    assert read(database, lambda c: holds.hold_of(c, hold.receipt)) is None
    assert history(database)[-1] == ("hold", "open", outcome, f"receipt {hold.receipt}")
    for late in (CloseHold(1, hold.receipt, "run"), AskAgain(hold.receipt)):
        with pytest.raises(Stale, match="is not held any more"):
            change(database, late)
    assert len(history(database)) == 4


def test_what_is_held_cannot_be_held_twice_at_a_time(database: Database, hold: Hold) -> None:
    with pytest.raises(Stale, match="is held already"):
        change(database, OpenHold(hold))
    again = replace(hold, reason="another doubt", opened_at=NOW, asked_at=NOW)
    change(database, CloseHold(1, hold.receipt, "run"), OpenHold(again))
    assert open_ones(database) == (again,)


def test_asking_again_counts_and_moves_the_reminder(database: Database, hold: Hold) -> None:
    change(database, AskAgain(hold.receipt))
    assert open_ones(database) == (replace(hold, asked_at=NOW, times_asked=2),)
    assert read(database, lambda c: holds.due_reminders(c, NOW)) == ()


def test_an_agent_is_reminded_after_an_hour_and_once(database: Database, hold: Hold) -> None:
    assert read(database, lambda c: holds.due_reminders(c, NOW - timedelta(seconds=1))) == ()
    assert read(database, lambda c: holds.due_reminders(c, NOW)) == (hold,)
    with database.write() as session:
        holds.note_reminded(session.connection(), [hold.receipt], NOW)
    assert read(database, lambda c: holds.due_reminders(c, NOW + HOUR)) == ()
    assert open_ones(database) == (replace(hold, asked_at=NOW),)


def test_the_team_is_told_after_four_hours_and_once(database: Database, hold: Hold) -> None:
    change(database, AskAgain(hold.receipt))
    asked = replace(hold, asked_at=NOW, times_asked=2)
    late = NOW + 3 * HOUR
    assert read(database, lambda c: holds.due_for_team(c, late - timedelta(seconds=1))) == ()
    assert read(database, lambda c: holds.due_for_team(c, late)) == (asked,)
    with database.write() as session:
        holds.note_told_team(session.connection(), [hold.receipt], late)
    assert read(database, lambda c: holds.due_for_team(c, late)) == ()


def test_a_closed_hold_is_never_due(database: Database, hold: Hold) -> None:
    change(database, CloseHold(1, hold.receipt, "drop"))
    assert read(database, lambda c: holds.due_reminders(c, NOW + 9 * HOUR)) == ()
    assert read(database, lambda c: holds.due_for_team(c, NOW + 9 * HOUR)) == ()
