"""Spans of open time in UTC, a year of them at a time, and how a local time becomes an instant."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]  # open from, closed from
_ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Year:
    """The open spans of a year of UTC, and the open time of that year before and after each."""

    starts: list[datetime]
    ends: list[datetime]
    before: list[timedelta]
    after: list[timedelta]

    @classmethod
    def of(cls, year: int, spans: Iterable[Span]) -> "Year":
        """Cut spans to a year, and add them up."""
        first, last = year_bounds(year)
        within = ((max(start, first), min(end, last)) for start, end in spans)
        made = cls([], [], [], [])
        passed = _ZERO
        for start, end in merged(within):
            made.starts.append(start)
            made.ends.append(end)
            made.before.append(passed)
            passed += end - start
            made.after.append(passed)
        return made

    @property
    def total(self) -> timedelta:
        """The open time of the whole year."""
        return self.after[-1] if self.after else _ZERO

    def spans(self) -> Iterator[Span]:
        """The open spans, in order."""
        return zip(self.starts, self.ends, strict=True)

    def is_open(self, at: datetime) -> bool:
        """Whether an instant of the year is open."""
        place = bisect_right(self.starts, at) - 1
        return place >= 0 and at < self.ends[place]

    def opening_from(self, at: datetime) -> datetime | None:
        """The first open instant of the year from `at` on."""
        place = bisect_right(self.ends, at)
        return max(at, self.starts[place]) if place < len(self.starts) else None

    def open_before(self, at: datetime) -> timedelta:
        """The open time of the year before `at`."""
        place = bisect_right(self.starts, at) - 1
        if place < 0:
            return _ZERO
        return self.before[place] + (min(at, self.ends[place]) - self.starts[place])

    def instant_at(self, passed: timedelta) -> datetime:
        """The earliest instant at which so much open time of the year has passed."""
        place = bisect_left(self.after, passed)
        return self.starts[place] + (passed - self.before[place])


def year_bounds(year: int) -> Span:
    """Return the first instant of a year of UTC, and of the next."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sort spans, drop empty ones, and join those that touch."""
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


# --- instants and edges -------------------------------------------------------------------------


def utc(at: datetime) -> datetime:
    """Return an aware instant in UTC. Raises: ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def edge(local: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """The instant of a local time; of one that comes twice the first (`fold` 0) or the second; of
    one that is left out, the jump."""
    at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local:
        return at
    return _jump(local, zone)


def _jump(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks leave out a local time, to the second."""
    # PEP 495: in a gap, fold=1 reads with the offset after it and lies before it; fold=0 after it.
    early = int(local.replace(tzinfo=zone, fold=1).timestamp())
    late = int(local.replace(tzinfo=zone, fold=0).timestamp())
    old = datetime.fromtimestamp(early, zone).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            early = middle
        else:
            late = middle
    return datetime.fromtimestamp(late, UTC)
