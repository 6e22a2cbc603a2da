"""What a ticket is promised: which policy is in force for it, and how its clocks stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.facts import TicketFacts
from maildesk.model.ticket import Ticket
from maildesk.policy.lifecycle import LIVE
from maildesk.policy.routing.rule import TooMuchWork, View
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.clocks import clocks, due_times
from maildesk.policy.sla.events import Created
from maildesk.policy.sla.promises import ClockName
from maildesk.policy.sla.ticket_log import heard


@dataclass(frozen=True, slots=True)
class Choice:
    """The policy of a ticket by name, "" for none, and what chose it."""

    policy: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Promised:
    """What the requester of a new ticket may count on. `opens_at`: when the desk is open next, if
    it is not now; `why_closed` is a holiday's name, "" where it is only late. `zone` is the
    calendar's (IANA)."""

    answer_by: datetime | None
    solve_by: datetime | None
    calendar: str
    zone: str
    is_open: bool
    opens_at: datetime | None = None
    why_closed: str = ""


def choose_policy(ticket: Ticket, rules: Rules, now: datetime) -> Choice:
    """Return the first policy that fits; one that a rule or an organisation names comes before all
    others. A ticket that is over keeps what it was solved under."""
    if ticket.status not in LIVE:
        return Choice(ticket.policy)
    if ticket.sla in rules.policies:
        return Choice(ticket.sla, "a rule, or the organisation, names it")
    view = View(rules, now, ticket)
    for promise in rules.promises:
        try:
            holds = promise.when.check(view).holds
        except TooMuchWork:
            continue
        if holds:
            return Choice(promise.policy.name, promise.when.words or "it is for everybody")
    return Choice("")


def clocks_of(facts: TicketFacts, rules: Rules, now: datetime) -> dict[ClockName, Clock]:
    """Return what the clocks of a ticket show; its log is part of the facts."""
    told = heard(facts.log, facts.ticket, rules)
    return clocks(told.events, told.policy, told.calendars, now)


def promised(ticket: Ticket, rules: Rules, now: datetime) -> Promised | None:
    """Return what a ticket that is being opened is promised; None where nothing is."""
    policy = rules.policies.get(ticket.policy)
    targets = policy.targets.get(ticket.priority) if policy else None
    if policy is None or targets is None:
        return None
    calendar = rules.calendars[targets.calendar]
    opening = [Created(ticket.created_at, ticket.priority)]
    due = due_times(opening, policy, rules.calendars, ticket.created_at)
    is_open = calendar.is_open(now)
    return Promised(
        answer_by=due.get(ClockName.FIRST_RESPONSE),
        solve_by=due.get(ClockName.RESOLUTION),
        calendar=targets.calendar,
        zone=calendar.zone.key,
        is_open=is_open,
        opens_at=None if is_open else calendar.next_opening(now),
        why_closed="" if is_open else calendar.holiday_at(now) or "",
    )


def next_due_at(facts: TicketFacts, rules: Rules, now: datetime) -> datetime | None:
    """Return when the next clock of a ticket ends; see `ends_at`."""
    told = heard(facts.log, facts.ticket, rules)
    return _first(due_times(told.events, told.policy, told.calendars, now))


def ends_at(shown: Mapping[ClockName, Clock]) -> datetime | None:
    """Return when the next promise of those that run is due, be it over. The update clock promises
    nobody anything that he knows of."""
    running = {name: clock for name, clock in shown.items() if clock.is_running}
    return _first({name: clock.due_at for name, clock in running.items() if clock.due_at})


def _first(due: Mapping[ClockName, datetime]) -> datetime | None:
    return min((at for name, at in due.items() if name is not ClockName.UPDATE), default=None)
