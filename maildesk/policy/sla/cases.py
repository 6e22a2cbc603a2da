"""Worked examples of promises, as `maildesk test` reads them: policy, events, now, expectations.

Calendars and targets are read as those of sla.yaml (`calendar_file`, `policy_file`); targets may be
minutes, instants carry their offset. What is read are plain values of JSON or YAML; whatever is
wrong with a case is a `ValueError` that names it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.calendar import Calendar, LocalCalendar, UnionCalendar
from maildesk.policy.calendars.holiday_file import read_dates
from maildesk.policy.calendars.open_spans import utc
from maildesk.policy.routing.rule import Path
from maildesk.policy.sla.clock import Clock, ClockState
from maildesk.policy.sla.clocks import clocks
from maildesk.policy.sla.events import (
    CalendarSet,
    Created,
    Event,
    Message,
    MessageKind,
    PolicySet,
    PrioritySet,
    StatusSet,
)
from maildesk.policy.sla.ladder import Step, read_step
from maildesk.policy.sla.policy_file import Known, read_clocks
from maildesk.policy.sla.promises import ClockName, Policy, read_target
from maildesk.policy.sla.words import Faults

Table = Mapping[str, Any]  # a mapping of JSON or YAML
_TOLERANCE = timedelta(seconds=3)  # minutes are written with one decimal at most
_MINUTE = timedelta(minutes=1)
_MAY_EXPECT = ("state", "elapsed_min", "remaining_min", "due_at", "met_at", "cycles", "fired")
_SAME_AS = {"duplicate": Status.MERGED.value}


@dataclass(frozen=True, slots=True)
class WorkedCase:
    """An example, ready to be worked out."""

    name: str
    policy: Policy
    calendars: Mapping[str, Calendar]
    events: tuple[Event, ...]
    now: datetime
    expect: Mapping[ClockName, Table] = field(default_factory=dict)


def differences(case: WorkedCase) -> tuple[str, ...]:
    """Work an example out, and return what is not as expected, one line each."""
    shown = clocks(case.events, case.policy, case.calendars, case.now)
    return tuple(
        f"{name}.{key}: expected {expected}, got {got}"
        for name, wanted in case.expect.items()
        for key, value in wanted.items()
        for expected, got in [_compared(key, value, shown[name])]
        if expected != got
    )


# --- policies -----------------------------------------------------------------------------------


def read_policies(
    tables: object, where: Path, calendars: Mapping[str, Calendar], faults: Faults
) -> dict[str, Policy]:
    """Read policies by name: clocks by priority, whose targets may be minutes."""
    known = Known(calendars, calendars, may_be_minutes=True)
    named = faults.mapping(tables, where, "policies by name", "{std: {P3: {…}}}")
    return {
        name: Policy(name, read_clocks(clocks, (*where, name), known, faults))
        for name, clocks in named.items()
    }


# --- cases --------------------------------------------------------------------------------------


def read_case(
    table: Table, calendars: Mapping[str, Calendar], policies: Mapping[str, Policy]
) -> WorkedCase:
    """Read a case that is counted in these calendars. Raises: ValueError."""
    name = str(table.get("id") or table.get("title") or "")
    try:
        policy = _policy_of(table, policies)
        return WorkedCase(
            name,
            policy,
            calendars,
            tuple(_events(table["events"], policy, calendars)),
            _instant(table["now"]),
            {
                ClockName(name): _expected(wanted)
                for name, wanted in table.get("expect", {}).items()
            },
        )
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"case {name}: {problem}") from error


def _expected(wanted: Table) -> Table:
    for key, value in wanted.items():
        if key not in _MAY_EXPECT:
            raise ValueError(f"{key!r} cannot be expected of a clock")
        if key in ("due_at", "met_at") and value:
            _instant(value)
    if "state" in wanted:
        ClockState(wanted["state"])
    return wanted


def _policy_of(table: Table, policies: Mapping[str, Policy]) -> Policy:
    policy = policies[table["policy"]]
    if "ladder" in table:
        policy = replace(policy, ladder={ClockName.RESOLUTION: _ladder(table["ladder"])})
    if "pause_states" in table:
        policy = replace(policy, pause=frozenset(map(Status, table["pause_states"])))
    return policy


def _ladder(percents: Iterable[object]) -> tuple[Step, ...]:
    return tuple(read_step(f"{percent}") for percent in percents)


def _events(
    tables: Iterable[Table], policy: Policy, calendars: Mapping[str, Calendar]
) -> Iterator[Event]:
    """Read events; each edit starts from what the edits before it have left."""
    for table in tables:
        if table["type"] == "calendar_edit":
            edited = _with_holidays(calendars, table["calendar"], table["add_holidays"])
            for name, calendar in edited.items():
                if calendar != calendars[name]:  # the one that was edited, and unions of it
                    yield CalendarSet(_instant(table["at"]), name, calendar)
            calendars = edited
        elif table["type"] == "policy_edit":
            priority, targets = Priority(table["priority"]), table["targets"]
            policy = _with_targets(policy, priority, targets, calendars)
            yield PolicySet(_instant(table["at"]), policy)
        else:
            yield _event(table)


def _event(table: Table) -> Event:
    at, kind = _instant(table["at"]), table["type"]
    if kind == "created":
        return Created(at, Priority(table["priority"]), is_by_agent=table.get("by") == "agent")
    if kind == "status":
        to = str(table["to"])
        status = Status(_SAME_AS.get(to, to))
        return StatusSet(at, status, is_withdrawn=table.get("withdrawn") is True)
    if kind == "priority":
        return PrioritySet(at, Priority(table["to"]))
    return Message(at, MessageKind(kind))


def _with_holidays(
    calendars: Mapping[str, Calendar], name: str, added: object
) -> dict[str, Calendar]:
    """All calendars, after the holidays of one were added: unions hold it, too."""
    old, faults = calendars[name], Faults()
    if not isinstance(old, LocalCalendar):
        raise ValueError(f"calendar {name!r} is a union: edit its members")
    dates = read_dates(added, (), faults)
    if faults.found:
        raise faults.found[0]
    new = old.with_holidays(dates)
    return {one: _replaced(calendar, old, new) for one, calendar in calendars.items()}


def _replaced(calendar: Calendar, old: Calendar, new: Calendar) -> Calendar:
    if isinstance(calendar, UnionCalendar):
        return UnionCalendar(tuple(_replaced(member, old, new) for member in calendar.members))
    return new if calendar is old else calendar


def _with_targets(
    policy: Policy, priority: Priority, table: Table, calendars: Mapping[str, Calendar]
) -> Policy:
    old = policy.targets[priority]
    calendar = calendars[old.calendar]
    times = {ClockName(clock): read_target(time, calendar) for clock, time in table.items()}
    edited = replace(old, times={**old.times, **times})
    return replace(policy, targets={**policy.targets, priority: edited})


# --- values -------------------------------------------------------------------------------------


def _instant(written: object) -> datetime:
    at = written if isinstance(written, datetime) else datetime.fromisoformat(str(written))
    utc(at)  # has an offset
    return at


def _compared(key: str, value: Any, clock: Clock) -> tuple[object, object]:
    """What is expected and what is there, in a form in which they are equal or to be shown."""
    if key in ("due_at", "met_at"):
        wanted = _instant(value) if value else None
        got: datetime | None = getattr(clock, key)
        return _shown(wanted, wanted), _shown(got, wanted)
    if key in ("elapsed_min", "remaining_min"):
        time = clock.elapsed if key == "elapsed_min" else clock.remaining
        if time is not None and value is not None and abs(time - value * _MINUTE) <= _TOLERANCE:
            return value, value
        return value, None if time is None else round(time / _MINUTE, 1)
    if key == "fired":
        wanted_firings = [(percent, _instant(at)) for percent, at in value]
        zone = wanted_firings[0][1] if wanted_firings else None
        fired = [(firing.step.percent, _shown(firing.at, zone)) for firing in clock.fired]
        return [(percent, _shown(at, zone)) for percent, at in wanted_firings], fired
    return value, str(clock.state) if key == "state" else clock.cycles


def _shown(at: datetime | None, like: datetime | None) -> str | None:
    """An instant with the offset of another, as people compare them."""
    return at.astimezone(like.tzinfo if like else UTC).isoformat() if at else None
