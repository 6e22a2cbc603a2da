"""The clocks of tickets as people and programs read them.

show_ticket      a ticket with its clocks       `maildesk ticket show`
with_due_times   tickets, and when each is due  `maildesk ticket list`
read_clocks      what a ticket's clocks show; `sla_arithmetic` takes it apart

They are worked out from the log: what the beat has noted of a ticket that has moved since is old.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from maildesk.errors import NotFound
from maildesk.model.facts import LogLine, TicketFacts
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock, ClockState, Result
from maildesk.policy.sla.promised import choose_policy, clocks_of, next_due_at
from maildesk.policy.sla.promises import ClockName
from maildesk.store import clocks, tickets
from maildesk.store.rows import instant

AT_ONCE = 500  # tickets in memory
_MINUTE = timedelta(minutes=1)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A ticket with its log, and what its clocks show."""

    facts: TicketFacts
    clocks: Mapping[ClockName, Clock]

    @property
    def shown(self) -> dict[ClockName, Clock]:
        """Its clocks, without updates where none are promised."""
        is_updated = self.clocks[ClockName.UPDATE].state is not ClockState.NOT_APPLICABLE
        return {n: c for n, c in self.clocks.items() if is_updated or n is not ClockName.UPDATE}


# --- one ticket ---------------------------------------------------------------------------------


def show_clocks(session: Session, number: int, rules: Rules, now: datetime) -> Json:
    """Return the `clocks` of `ticket show --json`. Raises: NotFound."""
    reading = read_clocks(session, number, rules, now)
    policy = reading.facts.ticket.policy
    return {str(name): clock_json(clock, policy) for name, clock in reading.shown.items()}


def read_clocks(session: Session, number: int, rules: Rules, now: datetime) -> Reading:
    """Return what the clocks of a ticket show, as the next beat will find it.

    Raises: NotFound.
    """
    found = clocks.on_the_clock(session.connection(), [number])
    if number not in found:
        raise NotFound(f"there is no ticket {number}")
    facts = found[number]
    if tickets.moved_since_beat(session, now, number):
        facts = as_looked_at(facts, rules, now)
    return Reading(facts, clocks_of(facts, rules, now))


def clock_json(clock: Clock, policy: str) -> Json:
    """Return a clock for programs: instants in UTC, times in minutes."""
    is_promised = clock.target is not None
    return {
        "state": str(clock.state),
        "due_at": _instant(clock.due_at),
        "elapsed_min": minutes(clock.elapsed),
        "remaining_min": minutes(clock.remaining),
        "target_min": minutes(clock.target),
        "calendar": clock.calendar,
        "policy": policy if is_promised and policy else None,
        "started_at": _instant(clock.started_at),
        "met_at": _instant(clock.met_at),
        "cycles": clock.cycles,
        "results": [_result(result) for result in clock.results],
        "downgraded_after_breach": clock.downgraded_after_breach,
        "reopens": clock.reopens,
    }


def _result(result: Result) -> Json:
    return {
        "state": str(result.state),
        "started_at": instant(result.started_at),
        "due_at": _instant(result.due_at),
        "met_at": instant(result.met_at),
        "elapsed_min": minutes(result.elapsed),
        "target_min": minutes(result.target),
    }


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at else None


def minutes(time: timedelta | None) -> float | None:
    """Return a time in minutes, with one decimal where they are not whole."""
    if time is None:
        return None
    count = round(time / _MINUTE, 1)
    return int(count) if count == int(count) else count


# --- many tickets -------------------------------------------------------------------------------


def note_due_times(session: Session, lines: list[Json], rules: Rules, now: datetime) -> None:
    """Put right the due times of `ticket list --json`. Most are as the last beat has noted them;
    where a ticket has moved since, its time is worked out anew."""
    listed = {line["number"]: line for line in lines}
    moved = sorted(listed.keys() & tickets.moved_since_beat(session, now))
    for first in range(0, len(moved), AT_ONCE):
        found = clocks.on_the_clock(session.connection(), moved[first : first + AT_ONCE])
        for number, facts in found.items():
            due_at = next_due_at(as_looked_at(facts, rules, now), rules, now)
            listed[number]["next_due_at"] = _instant(due_at)


def as_looked_at(facts: TicketFacts, rules: Rules, now: datetime) -> TicketFacts:
    """Return the ticket under the policy that the beat will choose for it."""
    ticket = facts.ticket
    choice = choose_policy(ticket, rules, now)
    if choice.policy == ticket.policy:
        return facts
    chosen = LogLine(now, "policy", choice.policy, ticket.policy, choice.why)
    ticket = replace(ticket, policy=choice.policy)
    return replace(facts, ticket=ticket, log=(*facts.log, chosen))
