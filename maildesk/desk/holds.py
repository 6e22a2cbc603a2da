"""What becomes due on tickets: held mails that nobody decides on, and a day they were put off to.

What each means is `policy.due.timers`' to say. That it was done is noted in the transaction that
does it, where it is asked once more whether it is still due: every firing happens once, whoever is
killed in between, and whatever an agent says meanwhile.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection

from maildesk.desk.alerts import by_itself, send_alert
from maildesk.desk.bundles import Tally
from maildesk.desk.desk import Desk
from maildesk.desk.letters import letters_of
from maildesk.model.facts import Hold, TicketFacts
from maildesk.model.plan import Plan
from maildesk.policy.due.timers import Absent, remind, tell_team, wake
from maildesk.policy.rules import Rules
from maildesk.store import holds, outbox
from maildesk.store.absences import absent
from maildesk.store.apply import Stale, apply
from maildesk.store.facts import ticket_facts
from maildesk.store.tickets import due_to_wake

log = structlog.get_logger()


class Firing(Protocol):
    """One thing that is due on a ticket."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    @property
    def ticket(self) -> int:
        """Where it is due."""

    def decide(self, ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Plan:
        """Return what it means."""

    def is_due(self, connection: Connection, now: datetime) -> bool:
        """Whether it is still due: it may be done, or not needed any more."""

    def note(self, connection: Connection, now: datetime) -> None:
        """Have it not due any more."""


def fire_due(desk: Desk) -> None:
    """Do all that is due. One that fails holds up no other, and comes again the next minute."""
    for firing in due(desk):
        with by_itself(
            desk, f"firing:{firing.ticket}", f"The {firing.name} on case #{firing.ticket} failed"
        ):
            fire(desk, firing)


def due(desk: Desk) -> list[Firing]:
    """Return what is due now, the longest due of each kind first."""
    now = desk.clock()
    with desk.database.read() as session:
        connection = session.connection()
        on_holds = [
            HoldFiring(timer, hold)
            for timer in (REMINDER, TEAM_TOLD)
            for hold in timer.due(connection, now)
        ]
        return [*on_holds, *map(Return, due_to_wake(connection, now))]


def fire(desk: Desk, firing: Firing) -> None:
    """Do it, in one transaction. Raises: Stale where it is done, or the ticket has moved on."""
    now = desk.clock()
    with desk.database.read() as session:
        ticket = ticket_facts(session.connection(), [firing.ticket])[firing.ticket]
        away = absent(session.connection(), now)
        decided = firing.decide(ticket, desk.rules, now, away)
        plan = Tally(desk, session, now).bundled(decided)
    plan = replace(plan, versions={**plan.versions, firing.ticket: ticket.ticket.version})
    letters = letters_of(desk, plan, lambda alert: send_alert(desk, alert))
    with desk.database.write() as session:
        if not firing.is_due(session.connection(), now):
            raise Stale(f"the {firing.name} on ticket {firing.ticket} is not due any more")
        firing.note(session.connection(), now)
        apply(session, plan, receipt=0, now=now, actor="maildesk")
        outbox.put(session, letters, now)
    if letters:
        desk.queued.set()
    for alert in plan.alerts:
        send_alert(desk, alert)
    log.info("fired", firing=firing.name, ticket=firing.ticket, mails=len(letters))


# --- held mails ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoldTimer:
    """What happens to a hold when time has passed: which ones are due, what that means, and how it
    is noted as done."""

    name: str
    due: Callable[[Connection, datetime], tuple[Hold, ...]]
    decide: Callable[[Hold, TicketFacts, Rules, datetime, Absent], Plan]
    note: Callable[[Connection, Iterable[int], datetime], None]


REMINDER = HoldTimer("reminder", holds.due_reminders, remind, holds.note_reminded)
TEAM_TOLD = HoldTimer("word to the team", holds.due_for_team, tell_team, holds.note_told_team)


@dataclass(frozen=True, slots=True)
class HoldFiring:
    """A timer that is due on a hold."""

    timer: HoldTimer
    hold: Hold

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return self.timer.name

    @property
    def ticket(self) -> int:
        """Where it is due."""
        return self.hold.ticket

    def decide(self, ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Plan:
        """Return what it means."""
        return self.timer.decide(self.hold, ticket, rules, now, absent)

    def is_due(self, connection: Connection, now: datetime) -> bool:
        """Whether the hold is open, and the timer has not fired."""
        return self.hold.receipt in {hold.receipt for hold in self.timer.due(connection, now)}

    def note(self, connection: Connection, now: datetime) -> None:
        """Note that it has fired."""
        self.timer.note(connection, [self.hold.receipt], now)


# --- tickets that come back ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Return:
    """A ticket whose day has come."""

    ticket: int

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return "return"

    def decide(self, ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Plan:
        """Return what it means."""
        return wake(ticket, rules, now, absent)

    def is_due(self, connection: Connection, now: datetime) -> bool:
        """Whether it was not put off again."""
        return self.ticket in due_to_wake(connection, now)

    def note(self, connection: Connection, now: datetime) -> None:
        """Nothing to note: the ticket's new status waits for no day."""
