"""Worked examples of promises, as `maildesk test` reads them: policy, events, now, expectations.

Calendars and policies stand in tables by name, targets are minutes by priority and clock, instants
carry their offset. What is read are plain values of JSON or YAML; whatever is wrong with them is a
`ValueError` that names the place.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendar import Calendar, LocalCalendar, UnionCalendar
from maildesk.policy.clock import Clock, ClockState
from maildesk.policy.hours import read_frames, read_week
from maildesk.policy.ladder import Step, read_step
from maildesk.policy.open_spans import utc
from maildesk.policy.promises import ClockName, Policy, Targets
from maildesk.policy.public_holidays import public_holidays, with_public_holidays
from maildesk.policy.sla import clocks
from maildesk.policy.sla_events import (
    CalendarSet,
    Created,
    Event,
    Message,
    MessageKind,
    PolicySet,
    PrioritySet,
    StatusSet,
)

Table = Mapping[str, Any]  # a mapping of JSON or YAML
_TOLERANCE = timedelta(seconds=3)  # minutes are written with one decimal at most
_MINUTE = timedelta(minutes=1)
_YEARS = range(2020, 2041)  # of a country's holidays, in examples
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


# --- calendars and policies ---------------------------------------------------------------------


def read_calendars(tables: Table) -> dict[str, Calendar]:
    """Read calendars by name; a union names others of them. Raises: ValueError."""
    read: dict[str, Calendar] = {}

    def calendar(name: str, above: tuple[str, ...]) -> Calendar:
        if name not in tables or name in above:
            problem = "is a part of itself" if name in above else "is not there"
            raise ValueError(f"calendar {name!r} {problem}")
        if name not in read:
            table = tables[name]
            parts = tuple(calendar(part, (*above, name)) for part in table.get("union", ()))
            read[name] = UnionCalendar(parts) if parts else _local_calendar(name, table)
        return read[name]

    return {name: calendar(name, ()) for name in tables}


def _local_calendar(name: str, table: Table) -> LocalCalendar:
    try:
        overrides = table.get("overrides", {}).items()
        listed = table.get("holidays", ())
        country = listed.get("country") if isinstance(listed, Mapping) else None
        dates = {**_holidays(() if country else listed), **_holidays(table.get("added", ()))}
        made = LocalCalendar(
            table["timezone"],
            read_week(table["hours"]),
            dates,
            {_date(on): read_frames(frames) for on, frames in overrides},
        )
        made.zone  # noqa: B018 - a zone that does not exist is known now, not at the first use
        if country:
            made = with_public_holidays(made, public_holidays(country, _YEARS))
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"calendar {name!r}: {error}") from error
    return made


def _holidays(written: Iterable[object]) -> dict[date, str]:
    """A list of dates, or dates with names."""
    named = written if isinstance(written, Mapping) else dict.fromkeys(written, "")
    return {_date(on): str(name or "") for on, name in named.items()}


def read_policies(tables: Table) -> dict[str, Policy]:
    """Read policies by name, their targets in minutes. Raises: ValueError."""
    return {
        name: Policy(name, {Priority(p): _targets(targets) for p, targets in table.items()})
        for name, table in tables.items()
    }


def _targets(table: Table) -> Targets:
    times = {ClockName(clock): time for clock, time in table.items() if clock != "calendar"}
    return Targets(table["calendar"], {clock: time * _MINUTE for clock, time in times.items()})


# --- cases --------------------------------------------------------------------------------------


def read_case(table: Table, calendars: Table, policies: Mapping[str, Policy]) -> WorkedCase:
    """Read a case that is counted in these calendars, still as they are written, because events
    may edit them. Raises: ValueError."""
    name = str(table.get("id") or table.get("title") or "")
    try:
        policy = _policy_of(table, policies)
        return WorkedCase(
            name,
            policy,
            read_calendars(calendars),
            tuple(_events(table["events"], policy, dict(calendars))),
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


def _events(tables: Iterable[Table], policy: Policy, calendars: dict[str, Any]) -> Iterator[Event]:
    """Read events; each edit starts from what the edits before it have left."""
    for table in tables:
        if table["type"] == "calendar_edit":
            before = read_calendars(calendars)
            calendars = _with_holidays(calendars, table["calendar"], table["add_holidays"])
            for name, calendar in read_calendars(calendars).items():
                if calendar != before[name]:  # the one that was edited, and unions of it
                    yield CalendarSet(_instant(table["at"]), name, calendar)
        elif table["type"] == "policy_edit":
            policy = _with_targets(policy, Priority(table["priority"]), table["targets"])
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


def _with_holidays(calendars: dict[str, Any], name: str, added: Iterable[object]) -> dict[str, Any]:
    if "union" in calendars[name]:
        raise ValueError(f"calendar {name!r} is a union: edit its members")
    holidays = {**_holidays(calendars[name].get("added", ())), **_holidays(added)}
    return {**calendars, name: {**calendars[name], "added": holidays}}


def _with_targets(policy: Policy, priority: Priority, minutes: Table) -> Policy:
    old = policy.targets[priority]
    times = {ClockName(clock): time * _MINUTE for clock, time in minutes.items()}
    edited = replace(old, times={**old.times, **times})
    return replace(policy, targets={**policy.targets, priority: edited})


# --- values -------------------------------------------------------------------------------------


def _date(written: object) -> date:
    if isinstance(written, datetime):
        raise ValueError(f"{written} is no date")
    return written if isinstance(written, date) else date.fromisoformat(str(written))


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
