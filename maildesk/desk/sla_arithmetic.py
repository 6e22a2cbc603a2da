"""The arithmetic of a ticket's clocks, row by row, so that a person can check it with a pencil.

Instants are cut to whole seconds before anything is added up: what is printed adds up, too. A clock
that runs is followed beyond now, to its due time, as if nothing else happened.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from maildesk.desk.clocks import Reading, read_clocks
from maildesk.model.facts import Key, LogLine
from maildesk.policy.calendars.calendar import ALWAYS, Calendar
from maildesk.policy.due.follow_ups import turns
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.explain import Segment, SegmentKind, explain
from maildesk.policy.sla.promises import ClockName
from maildesk.policy.sla.ticket_log import Heard, heard
from maildesk.store import clocks
from maildesk.store.clocks import FiringRecord

_ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of a clock, or (`kind` start, now, due or met, and no length) a mark between two.
    `total` is what is counted up to its end; `words` as in `Segment`."""

    kind: str
    start: datetime
    end: datetime
    words: str
    total: timedelta
    is_ahead: bool = False

    @property
    def counted(self) -> timedelta:
        """What it adds."""
        return self.end - self.start if self.kind == SegmentKind.COUNTED else _ZERO


@dataclass(frozen=True, slots=True)
class Sum:
    """A clock and the rows that it is made of; `zone` is its calendar's, None where no hours of any
    place count."""

    clock: Clock
    rows: tuple[Row, ...]
    zone: ZoneInfo | None


@dataclass(frozen=True, slots=True)
class Coming:
    """What time will bring about if nothing else happens; `who` is told of a step."""

    key: Key
    at: datetime
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """All that there is to say of a ticket's clocks. `chosen` are the lines of its log that set the
    policy; `fired` is what time has brought about; `zone` is one to tell all of it in: that of the
    hours that count, else the desk's."""

    reading: Reading
    sums: Mapping[ClockName, Sum]
    chosen: tuple[LogLine, ...]
    fired: tuple[FiringRecord, ...]
    ahead: tuple[Coming, ...]
    zone: ZoneInfo


def take_apart(session: Session, number: int, rules: Rules, now: datetime) -> Arithmetic:
    """Return the arithmetic of a ticket's clocks. Raises: NotFound."""
    reading = read_clocks(session, number, rules, now)
    facts = reading.facts
    told = heard(facts.log, facts.ticket, rules)
    told = replace(told, events=tuple(event for event in told.events if event.at <= now))
    sums = {name: _sum(clock, told, now) for name, clock in reading.shown.items()}
    zones = (total.zone for total in sums.values() if total.zone)
    coming = (*_steps_ahead(reading), *_turns_ahead(reading, rules, now))
    return Arithmetic(
        reading,
        sums,
        tuple(line for line in facts.log if line.kind == "policy"),
        clocks.firings_of(session.connection(), number),
        tuple(sorted(coming, key=lambda one: one.at)),
        next(zones, ZoneInfo(rules.timezone)),
    )


def _steps_ahead(reading: Reading) -> Iterator[Coming]:
    for clock in reading.shown.values():
        for firing in clock.ahead:
            yield Coming(firing.key, firing.at, firing.step.notify)


def _turns_ahead(reading: Reading, rules: Rules, now: datetime) -> Iterator[Coming]:
    """What comes of the ticket's state: reminders, closing, a word to the lead."""
    facts = reading.facts
    for turn in turns(facts, rules, reading.clocks, now):
        if turn.at > now and turn.key not in facts.fired:
            yield Coming(turn.key, turn.at)


def _sum(clock: Clock, told: Heard, now: datetime) -> Sum:
    until = max(now, clock.due_at) if clock.is_running and clock.due_at else now
    segments = explain(told.events, told.policy, told.calendars, until)[clock.name]
    marks = {
        "start": clock.started_at,
        "now": None if clock.met_at else now,
        "met": clock.met_at,
        "due": clock.due_at,
    }
    at = {name: _second(instant) for name, instant in marks.items() if instant}
    rows = tuple(_added_up(segments, at, _second(now))) if segments else ()
    return Sum(clock, rows, _zone(clock, segments, told.calendars))


def _zone(
    clock: Clock, segments: Iterable[Segment], calendars: Mapping[str, Calendar]
) -> ZoneInfo | None:
    names = (clock.calendar, *(segment.words for segment in segments))
    found = (calendars.get(name or "") for name in names)
    return next((one.zone for one in found if one and one is not ALWAYS), None)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _added_up(
    segments: Iterable[Segment], marks: Mapping[str, datetime], now: datetime
) -> Iterator[Row]:
    """Yield rows in order of time, with the marks where they belong, and the running total."""
    left = sorted(((at, name) for name, at in marks.items()), key=lambda mark: mark[0])
    total = _ZERO
    for start, end, segment in _cut(segments, marks.values()):
        while left and left[0][0] <= start:
            yield _mark(*left.pop(0), total)
        total += end - start if segment.kind is SegmentKind.COUNTED else _ZERO
        yield Row(segment.kind, start, end, segment.words, total, is_ahead=start >= now)
    for at, name in left:
        yield replace(_mark(at, name, total), is_ahead="met" in marks and at > marks["met"])


def _mark(at: datetime, name: str, total: timedelta) -> Row:
    return Row(name, at, at, "", total)


def _cut(
    segments: Iterable[Segment], at: Iterable[datetime]
) -> Iterator[tuple[datetime, datetime, Segment]]:
    """Yield segments in pieces that no mark lies within; those without length are left out."""
    instants = sorted(at)
    for segment in segments:
        start, end = _second(segment.start), _second(segment.end)
        for cut in (*(one for one in instants if start < one < end), end):
            if start < cut:
                yield start, cut, segment
            start = cut
