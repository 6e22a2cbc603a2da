"""A stopwatch over business time: it runs in laps, each in a calendar, and adds up their open time.

The time of laps that are over is kept when the watch goes on in another calendar. An edit of a
calendar is retroactive: all laps that name it are counted anew, unless they are sealed, as those
of a finished clock are.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maildesk.policy.calendars.calendar import Calendar

_ZERO = timedelta()


@dataclass(slots=True)
class Lap:
    """A stretch for which the watch ran in one calendar; `end` is None while it does. `stop` is
    why it ended, in a word."""

    start: datetime
    name: str
    calendar: Calendar
    end: datetime | None = None
    stop: str = ""
    is_sealed: bool = False

    def elapsed(self, until: datetime) -> timedelta:
        """The open time of the lap, at most until then."""
        return self.calendar.elapsed(self.start, self.end or until)


@dataclass(slots=True)
class Stopwatch:
    """Accumulates open time. What is done to it comes in time order."""

    laps: list[Lap] = field(default_factory=list)
    _before: timedelta = _ZERO  # the open time of all laps that are over

    @property
    def lap(self) -> Lap | None:
        """The lap that runs."""
        return self.laps[-1] if self.laps and self.laps[-1].end is None else None

    @property
    def stopped_at(self) -> datetime | None:
        """When the watch was stopped last; None while it runs, or before it ever did."""
        return self.laps[-1].end if self.laps else None

    def run(self, at: datetime, name: str, calendar: Calendar) -> bool:
        """Start a lap. To run at the instant of a stop undoes the stop: then False."""
        last = self.laps[-1] if self.laps else None
        if last and last.end == at and last.name == name and not last.is_sealed:
            last.end, last.stop = None, ""
            self._add_up()
            return False
        self.laps.append(Lap(at, name, calendar))
        return True

    def stop(self, at: datetime, why: str) -> None:
        """End the lap."""
        lap = self.laps[-1]
        lap.end, lap.stop = at, why
        self._before += lap.calendar.elapsed(lap.start, at)

    def seal(self) -> None:
        """Keep what was counted, whatever becomes of the calendars."""
        for lap in self.laps:
            lap.is_sealed = True

    def recount(self, name: str, calendar: Calendar) -> bool:
        """Count all laps in a calendar that was edited anew, as if it had always been so; return
        whether there are any."""
        concerned = [lap for lap in self.laps if lap.name == name and not lap.is_sealed]
        for lap in concerned:
            lap.calendar = calendar
        self._add_up()
        return bool(concerned)

    def elapsed(self, at: datetime) -> timedelta:
        """The open time until `at`, which is not before the last start or stop."""
        lap = self.lap
        return self._before + lap.elapsed(at) if lap else self._before

    def reached_at(self, amount: timedelta) -> datetime | None:
        """The earliest instant at which the open time was, or will be, `amount`; None if it was
        not reached before the watch stopped, or never will be."""
        if (lap := self.lap) and amount > self._before:
            return lap.calendar.due(lap.start, amount - self._before)
        left = amount
        for lap in self.laps:
            length = lap.elapsed(lap.start)
            if left <= length:
                return lap.calendar.due(lap.start, left)
            left -= length
        return None

    def _add_up(self) -> None:
        over = (lap for lap in self.laps if lap.end is not None)
        self._before = sum((lap.elapsed(lap.start) for lap in over), _ZERO)
