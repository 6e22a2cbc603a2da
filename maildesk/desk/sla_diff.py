"""Which due times would move if another configuration took over now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maildesk.desk.clocks import as_looked_at
from maildesk.model.facts import TicketFacts
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock, ClockState
from maildesk.policy.sla.promised import clocks_of
from maildesk.policy.sla.promises import ClockName
from maildesk.store import clocks, tickets
from maildesk.store.engine import Database

AT_ONCE = 500  # tickets in memory
_NOT_PROMISED = (ClockState.CANCELLED, ClockState.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock of a ticket that is due at another time; None: at no time, as it is not promised any
    more (`is_promised`), stands still, or runs for ever. `is_breached`: by the move itself."""

    number: int
    clock: ClockName
    old_due_at: datetime | None
    new_due_at: datetime | None
    is_promised: bool = True
    is_breached: bool = False


def due_times_moved(database: Database, old: Rules, new: Rules, now: datetime) -> Iterator[Moved]:
    """Yield what would move of the tickets that are not over if the new rules took over; both know
    the editions that were in force before."""
    after = 0
    while True:
        with database.read() as session:
            numbers = tickets.unfinished(session, after, AT_ONCE)
            found = clocks.on_the_clock(session.connection(), numbers)
        if not numbers:
            return
        after = numbers[-1]
        for number in numbers:
            yield from _moved(found[number], old, new, now)


def _moved(facts: TicketFacts, old: Rules, new: Rules, now: datetime) -> Iterator[Moved]:
    before = clocks_of(facts, old, now)
    after = clocks_of(as_looked_at(facts, new, now), new, now)
    for name in ClockName:
        old_due_at, new_due_at = _due_at(before[name]), _due_at(after[name])
        if old_due_at != new_due_at:
            yield Moved(
                facts.ticket.number,
                name,
                old_due_at,
                new_due_at,
                is_promised=after[name].state not in _NOT_PROMISED,
                is_breached=_is_breached(after[name]) and not _is_breached(before[name]),
            )


def _is_breached(clock: Clock) -> bool:
    return clock.state is ClockState.BREACHED


def _due_at(clock: Clock) -> datetime | None:
    return clock.due_at if clock.is_running else None
