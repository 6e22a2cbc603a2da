"""The arithmetic of a clock, stretch by stretch, for `maildesk sla explain`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.calendars.open_spans import edge
from maildesk.policy.sla.clocks import read_log
from maildesk.policy.sla.events import Event
from maildesk.policy.sla.promises import ClockName, Policy
from maildesk.policy.sla.stopwatch import Lap

_ZERO = timedelta()
_ONE_DAY = timedelta(days=1)


class SegmentKind(StrEnum):
    """What a stretch of a clock is."""

    COUNTED = "counted"  # open, and running
    PAUSED = "paused"  # stopped, by a status or because nothing was promised
    HOLIDAY = "holiday"  # a date that was closed


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in the present cycle of a clock. `words`: the calendar that counted, the status
    that stopped it, or the holiday's name. What lies between segments was closed."""

    kind: SegmentKind
    start: datetime
    end: datetime
    elapsed: timedelta
    words: str


def explain(
    events: Iterable[Event], policy: Policy | None, calendars: Mapping[str, Calendar], now: datetime
) -> dict[ClockName, tuple[Segment, ...]]:
    """Return what each clock is made of; the counted stretches add up to what `clocks` shows."""
    case = read_log(events, policy, calendars, now)
    until = {name: run.result.met_at if run.result else now for name, run in case.runs.items()}
    return {name: tuple(_segments(case.runs[name].watch.laps, until[name])) for name in until}


def _segments(laps: list[Lap], now: datetime) -> Iterator[Segment]:
    """What laps are made of up to `now`, or to the end of the cycle."""
    following = [*laps[1:], None] if laps else []
    for lap, after in zip(laps, following, strict=True):
        yield from sorted(_lap(lap, lap.end or now), key=lambda segment: segment.start)
        until = after.start if after else now
        is_over = after is None and lap.stop in ("finished", "cancelled")
        if lap.end and lap.end < until and not is_over:
            why = "no policy" if lap.stop == "terms" else lap.stop  # of new terms, a lap follows
            yield Segment(SegmentKind.PAUSED, lap.end, until, _ZERO, why)


def _lap(lap: Lap, end: datetime) -> Iterator[Segment]:
    for opened, closed in lap.calendar.open_spans(lap.start, end):
        yield Segment(SegmentKind.COUNTED, opened, closed, closed - opened, lap.name)
    zone = lap.calendar.zone
    first, last = (at.astimezone(zone).date() for at in (lap.start, end))
    for on, name in lap.calendar.holidays_between(first, last).items():
        begin = edge(datetime.combine(on, time()), zone, fold=0)
        finish = edge(datetime.combine(on + _ONE_DAY, time()), zone, fold=0)
        yield Segment(SegmentKind.HOLIDAY, max(begin, lap.start), min(finish, end), _ZERO, name)
