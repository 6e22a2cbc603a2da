"""What is promised: targets by priority and clock, what pauses them, the ladder. ITIL's SLA.

A policy is a value. Calendars are named in it and handed to `sla.clocks` beside it, so that an edit
of a calendar reaches all policies that name it. To whom one is made stands beside it (`Promise`);
what was promised in earlier versions of sla.yaml, in its `Edition`s.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.routing.rule import Condition
from maildesk.policy.sla.ladder import Step


class ClockName(StrEnum):
    """What a promise is about."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    UPDATE = "update"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Targets:
    """The open time that each clock has, and the calendar it is counted in. A clock that is left
    out has no promise."""

    calendar: str
    times: Mapping[ClockName, timedelta]


@dataclass(frozen=True, slots=True)
class Policy:
    """The promises to those whom its conditions match. A priority without targets has no promise.
    `pause` stops resolution alone; `reopen_days` are open dates in the priority's calendar."""

    name: str
    targets: Mapping[Priority, Targets]
    pause: frozenset[Status] = frozenset({Status.WAITING_USER, Status.SCHEDULED})
    reopen_days: int = 5
    ladder: Mapping[ClockName, tuple[Step, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Promise:
    """A policy, and to whom it is made: of several that fit a ticket the first one counts."""

    policy: Policy
    when: Condition


@dataclass(frozen=True, slots=True)
class FollowUp:
    """When the desk comes back by itself, in open dates of the ticket's calendar; 0 is never.

    `reminders` of an unanswered question count from it, as does `close_unanswered`; `close_solved`
    counts from the solution, `stale` from the last public message.
    """

    reminders: tuple[int, ...] = (2, 4)
    close_unanswered: int = 6
    close_solved: int = 5
    stale: int = 3


@dataclass(frozen=True, slots=True)
class Edition:
    """What sla.yaml said from an instant on, until the next edition. Policies and calendars stand
    here by name; the dates of holidays are those that were known then."""

    since: datetime
    policies: Mapping[str, Policy]
    calendars: Mapping[str, Calendar]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a clock runs under: its target, the calendar by name, its ladder."""

    target: timedelta
    calendar: str
    steps: tuple[Step, ...] = ()


def terms_of(policy: Policy | None, priority: Priority, clock: ClockName) -> Terms | None:
    """Return what a clock runs under; None if nothing is promised."""
    targets = policy.targets.get(priority) if policy else None
    if policy is None or targets is None or clock not in targets.times:
        return None
    steps = tuple(_step_for(priority, step) for step in policy.ladder.get(clock, ()))
    return Terms(targets.times[clock], targets.calendar, steps)


def _step_for(priority: Priority, step: Step) -> Step:
    """A step as it is climbed in a ticket of this priority: it pages, or does not."""
    if not step.page_for or priority in step.page_for:
        return step
    return replace(step, page=False, repeat=None)


_TIME = re.compile(r"(\d{1,5})\s*(bd|d|h|m)", re.ASCII)
_MINUTE = timedelta(minutes=1)


def read_target(written: object, calendar: Calendar) -> timedelta:
    """Read a target: `15m`, `4h`, `1h30m`, `2d` of 24 hours, `3bd` of the calendar's normal day; a
    number is minutes.

    Raises: ValueError.
    """
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        return written * _MINUTE
    text = written.strip() if isinstance(written, str) else ""
    if not re.fullmatch(rf"(?:{_TIME.pattern}\s*)+", text, re.ASCII):
        raise ValueError(f"{written!r} is no time: write 15m, 4h or 3bd")
    return sum((int(count) * _length(unit, calendar) for count, unit in _TIME.findall(text)), _ZERO)


_ZERO = timedelta()
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": _MINUTE}


def _length(unit: str, calendar: Calendar) -> timedelta:
    return calendar.normal_day() if unit == "bd" else _UNITS[unit]
