"""Business time: the instants at which a desk is open, and the arithmetic of clocks over them.

Instants are UTC, and so is all arithmetic: aware local datetimes add wall-clock time in Python. A
calendar is a local week of frames with exceptions by date (`LocalCalendar`), or several calendars
of which one is open at least (`UnionCalendar`). Both become spans of UTC, a year at a time, with
the open time before each: elapsed and due times are then look-ups, however far they reach.

Edges at a change of the clocks: inside the hour that is left out, the jump; inside the hour that
comes twice, the wider reading (a start is the first, an end the second).
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from maildesk.policy.calendars.hours import DAY_MINUTES, WHOLE_DAY, Frame, Week, minutes_of
from maildesk.policy.calendars.open_spans import Span, Year, edge, merged, utc, year_bounds

HORIZON_YEARS = 30  # what is not due by then never is
_ZERO = timedelta()
_ONE_DAY = timedelta(days=1)
_SAMPLE_YEAR = 2026  # as good as any


class Calendar(ABC):
    """Open and closed time. All instants taken are aware, all that are returned are UTC."""

    __slots__ = ()
    _years: "dict[int, Year]"

    @property
    @abstractmethod
    def zone(self) -> ZoneInfo:
        """Where its days are days."""

    @abstractmethod
    def normal_day(self) -> timedelta:
        """The open time of the commonest open day; of two as common, the longer. A shift that
        goes overnight belongs to the day on which it begins."""

    @abstractmethod
    def has_shift(self, on: date) -> bool:
        """Whether a shift begins on this date."""

    @abstractmethod
    def holidays_between(self, first: date, last: date) -> dict[date, str]:
        """The holidays that close these dates, by name."""

    @abstractmethod
    def _spans(self, year: int) -> Iterable[Span]:
        """All open spans that reach into a year of UTC, in any order."""

    def _year(self, year: int) -> "Year":
        if year not in self._years:
            self._years[year] = Year.of(year, self._spans(year))
        return self._years[year]

    def is_open(self, at: datetime) -> bool:
        """Whether it is open. Frames are `[open, close)`."""
        at = utc(at)
        return self._year(at.year).is_open(at)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time between two instants; none if `end` is the earlier one."""
        start, end = utc(start), utc(end)
        if end <= start:
            return _ZERO
        whole = (self._year(year).total for year in range(start.year, end.year))
        return (
            sum(whole, _ZERO)
            + self._year(end.year).open_before(end)
            - self._year(start.year).open_before(start)
        )

    def due(self, start: datetime, target: timedelta) -> datetime | None:
        """The earliest instant at which the open time since `start` equals `target`; None if that
        takes more than 30 years."""
        start = utc(start)
        if target <= _ZERO:
            return start
        wanted = target + self._year(start.year).open_before(start)
        for number in range(start.year, start.year + HORIZON_YEARS):
            year = self._year(number)
            if wanted <= year.total:
                return year.instant_at(wanted)
            wanted -= year.total
        return None

    def next_opening(self, at: datetime) -> datetime | None:
        """The first open instant from `at` on; None if there is none in 30 years."""
        at = utc(at)
        years = range(at.year, at.year + HORIZON_YEARS)
        return next((found for n in years if (found := self._year(n).opening_from(at))), None)

    def open_spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The open spans between two instants, in order."""
        start, end = utc(start), utc(end)
        spans = [span for n in range(start.year, end.year + 1) for span in self._year(n).spans()]
        for opened, closed in merged(spans):
            if max(opened, start) < min(closed, end):
                yield max(opened, start), min(closed, end)

    def days_later(self, at: datetime, days: int) -> datetime | None:
        """The same local time, so many dates with a shift later; None if there are not as many."""
        local = utc(at).astimezone(self.zone).replace(tzinfo=None)
        left = days
        for _ in range(days + 366 * HORIZON_YEARS):
            if left == 0:
                return edge(local, self.zone, fold=1) if days else utc(at)
            local += _ONE_DAY
            left -= self.has_shift(local.date())
        return None

    def holiday_at(self, at: datetime) -> str | None:
        """The name of the holiday on which this instant falls."""
        on = utc(at).astimezone(self.zone).date()
        return self.holidays_between(on, on).get(on)


@dataclass(frozen=True, slots=True)
class LocalCalendar(Calendar):
    """A week of frames in a zone, Monday first. An override replaces the frames of its date, be it
    a holiday or not: half days, days of overtime, Saturdays worked for a bridge day."""

    timezone: str
    hours: Week
    holidays: Mapping[date, str] = field(default_factory=dict)
    overrides: Mapping[date, tuple[Frame, ...]] = field(default_factory=dict)
    _years: "dict[int, Year]" = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def zone(self) -> ZoneInfo:
        """The IANA time zone."""
        return ZoneInfo(self.timezone)

    def normal_day(self) -> timedelta:
        """Return the open time of the commonest weekday, by the clock on the wall."""
        return timedelta(minutes=minutes_of(self.normal_frames()))

    def normal_frames(self) -> tuple[Frame, ...]:
        """The frames of the commonest open weekday: what a make-up day is worked."""
        opened = [frames for frames in self.hours if frames]
        count = Counter(map(minutes_of, opened))
        return max(
            opened, key=lambda frames: (count[minutes_of(frames)], minutes_of(frames)), default=()
        )

    def frames_on(self, on: date) -> tuple[Frame, ...]:
        """The frames of the shifts that begin on a date."""
        if on in self.overrides:
            return self.overrides[on]
        return () if on in self.holidays else self.hours[on.weekday()]

    def has_shift(self, on: date) -> bool:
        """Whether a shift begins on this date."""
        return bool(self.frames_on(on))

    def holidays_between(self, first: date, last: date) -> dict[date, str]:
        """The holidays that close these dates, by name."""
        closed = (on for on in sorted(self.holidays) if first <= on <= last)
        return {on: self.holidays[on] for on in closed if on not in self.overrides}

    def with_holidays(self, holidays: Mapping[date, str]) -> "LocalCalendar":
        """Return the same calendar with further holidays."""
        return replace(self, holidays={**self.holidays, **holidays})

    @property
    def _is_always_open(self) -> bool:
        is_whole = all(WHOLE_DAY in frames for frames in self.hours)
        return is_whole and not self.holidays and not self.overrides

    def _spans(self, year: int) -> Iterable[Span]:
        if self._is_always_open:
            return [year_bounds(year)]
        # Local dates begin up to 14 hours before UTC's, and shifts go on into the next date.
        first = date(year, 1, 1) - 2 * _ONE_DAY
        return (span for days in range(370) for span in self._shifts(first + days * _ONE_DAY))

    def _shifts(self, on: date) -> Iterator[Span]:
        """The spans of the shifts that begin on a date, without what the next date cuts off."""
        midnight, next_day, zone = datetime.combine(on, time()), on + _ONE_DAY, self.zone
        is_cut = next_day in self.holidays or next_day in self.overrides
        for frame in self.frames_on(on):
            start = edge(midnight + timedelta(minutes=frame.start), zone, fold=0)
            end = edge(midnight + timedelta(minutes=frame.end), zone, fold=1)
            if is_cut and frame.end >= DAY_MINUTES:
                end = min(end, edge(midnight + _ONE_DAY, zone, fold=0))
            yield start, end


@dataclass(frozen=True, slots=True)
class UnionCalendar(Calendar):
    """Open when one of its members is: several offices that share one desk. Its dates are those of
    the first."""

    members: tuple[Calendar, ...]
    _years: "dict[int, Year]" = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the first member."""
        return self.members[0].zone

    def normal_day(self) -> timedelta:
        """Return the open time of the commonest open date of a year, for its members' clocks change
        on different days."""
        first = datetime(_SAMPLE_YEAR, 1, 1)  # noqa: DTZ001 - a local time, in whatever zone
        days = [edge(first + n * _ONE_DAY, self.zone, fold=0) for n in range(366)]
        lengths = Counter(self.elapsed(start, end) for start, end in pairwise(days))
        del lengths[_ZERO]
        return max(lengths, key=lambda length: (lengths[length], length), default=_ZERO)

    def has_shift(self, on: date) -> bool:
        """Whether a shift of a member begins on this date."""
        return any(member.has_shift(on) for member in self.members)

    def holidays_between(self, first: date, last: date) -> dict[date, str]:
        """The holidays that close these dates for a member, by name."""
        found: dict[date, str] = {}
        for member in reversed(self.members):
            found |= member.holidays_between(first, last)
        return dict(sorted(found.items()))

    def _spans(self, year: int) -> Iterable[Span]:
        return (span for member in self.members for span in member._year(year).spans())


ALWAYS = LocalCalendar("UTC", ((WHOLE_DAY,),) * 7)
