"""The hours of a week, as configuration writes them: `{mon-fri: ["08:00-16:00"]}`.

`24:00` ends a day; an end that is not later than its start is on the next date. A day's list may
hold pairs (`["08:00", "16:00"]`) too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DAY_MINUTES = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Frame:
    """Open hours in minutes of a local day. `end` is past 24:00 where the shift goes overnight."""

    start: int
    end: int

    def __str__(self) -> str:
        """As configuration writes it; the times alone, whatever their day."""
        start, end = self.start % DAY_MINUTES, self.end % DAY_MINUTES or DAY_MINUTES
        return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


WHOLE_DAY = Frame(0, DAY_MINUTES)

Week = tuple[tuple[Frame, ...], ...]  # Monday first

_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_RANGE = re.compile(r"\s*([\d:]+)\s*[-\u2013]\s*([\d:]+)\s*")


def read_week(hours: Mapping[str, object]) -> Week:
    """Read the hours of a week by day (`mon`), days (`sat,sun`) or range (`mon-fri`).

    Raises: ValueError, with a sentence that names what is wrong.
    """
    week: dict[str, tuple[Frame, ...]] = {}
    for words, frames in hours.items():
        for day in read_days(words):
            if day in week:
                raise ValueError(f"{day} has hours twice")
            week[day] = read_frames(frames)
    return tuple(week.get(day, ()) for day in DAYS)


def read_frames(written: object) -> tuple[Frame, ...]:
    """Read the frames of a day, a list of `"08:00-16:00"` or `["08:00", "16:00"]`; none is closed.

    Raises: ValueError.
    """
    if not isinstance(written, Sequence) or isinstance(written, str):
        raise ValueError(f'"{written}" is no list of hours: write ["08:00-16:00"]')
    return tuple(sorted((read_frame(one) for one in written), key=lambda frame: frame.start))


def minutes_of(frames: Sequence[Frame]) -> int:
    """How long frames are together; what two of them share counts once."""
    total = reached = 0
    for frame in sorted(frames, key=lambda frame: frame.start):
        total += max(0, frame.end - max(frame.start, reached))
        reached = max(reached, frame.end)
    return total


def read_days(words: str) -> list[str]:
    """Read the days that hours are for: `mon`, `mon-fri`, `sat,sun`. Raises: ValueError."""
    found = []
    for word in words.lower().split(","):
        first, _, last = (part.strip()[:3] for part in word.partition("-"))
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f'"{words}" names no days: write mon, mon-fri or sat,sun')
        start, count = DAYS.index(first), (DAYS.index(last or first) - DAYS.index(first)) % 7 + 1
        found += [DAYS[(start + ahead) % 7] for ahead in range(count)]
    return found


def read_frame(written: object) -> Frame:
    """Read `"08:00-16:00"` or `["08:00", "16:00"]`. Raises: ValueError."""
    pair: Sequence[object] = ()
    if isinstance(written, str):
        matched = _RANGE.fullmatch(written)
        pair = matched.groups() if matched else ()
    elif isinstance(written, Sequence):
        pair = written
    if len(pair) != 2:
        raise ValueError(f'"{written}" is no range of hours: write "08:00-16:00"')
    start, end = map(_minute, pair)
    if start == DAY_MINUTES:
        raise ValueError(f'"{written}" begins at 24:00: write 00:00 of the next day')
    return Frame(start, end if end > start else end + DAY_MINUTES)


def _minute(written: object) -> int:
    matched = _TIME.fullmatch(str(written).strip())
    minute = int(matched[1]) * 60 + int(matched[2]) if matched else None
    if minute is None or minute > DAY_MINUTES:
        raise ValueError(f'"{written}" is no time of day: write 08:00')
    return minute
