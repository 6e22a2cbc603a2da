"""Days and stretches of time as people write them, in all the desk's languages.

Takes text as `arguments.bare` leaves it; None is what cannot be read in just one way.
"""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta

from maildesk.policy.commands.argument_words import (
    DAYS_AHEAD,
    HOUR,
    MINUTE,
    NEXT_WEEK,
    UNITS,
    WEEKDAYS,
)

MORNING = time(8)  # of a day that is named without a time

_CLOCK_BEHIND = re.compile(
    r"(?P<day>.{0,80}?)(?:\s|(?<=\d)t|^)(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::00)?"
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})(?:[./-]\s?(\d{4}|\d{2})?)?")
_RELATIVE = re.compile(r"(?:in |om |dans |en )?(\d{1,4}) ?([^\W\d]+?)(?:以后|之后|后)?")
_ON = re.compile(r"(?:on|am|le|el|pa|op) ")


def split_clock(wanted: str) -> tuple[str, time]:
    """Return the day, and the time behind it; a time alone is today's."""
    found = _CLOCK_BEHIND.fullmatch(wanted)
    if not found:
        return _ON.sub("", wanted, count=1), MORNING
    day = _ON.sub("", found["day"].strip(" ,"), count=1)
    return day or "today", time(int(found["hour"]), int(found["minute"]))


def day_named(wanted: str, today: date) -> date | None:
    """Return the day that is meant."""
    if wanted in DAYS_AHEAD:
        return today + timedelta(days=DAYS_AHEAD[wanted])
    weekday = 0 if wanted in NEXT_WEEK else WEEKDAYS.get(wanted)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if found := _ISO.fullmatch(wanted):
        return _date(*map(int, found.groups()))
    stretch = stretch_named(wanted)
    return today + stretch if stretch is not None and stretch >= timedelta(days=1) else None


def stretch_named(wanted: str) -> timedelta | None:
    """Return how long `2d`, `in 3 hours` or `2 Wochen` is."""
    found = _RELATIVE.fullmatch(wanted)
    unit = UNITS.get(found[2]) if found else None
    return int(found[1]) * unit if found and unit else None


def days_possible(wanted: str, today: date) -> list[str]:
    """Return what `03/04` or `4.3.` may mean, as ISO 8601 writes it; [] for anything else."""
    found = _NUMBERS.fullmatch(wanted)
    if not found:
        return []
    first, sign, second, year = int(found[1]), found[2], int(found[3]), found[4]
    ways = [(second, first)] if sign == "." else [(second, first), (first, second)]
    days = (_to_come(today, month, day, year) for month, day in ways)
    return list(dict.fromkeys(day.isoformat() for day in days if day))


def _to_come(today: date, month: int, day: int, year: str | None) -> date | None:
    """The day in this year or the next, whichever comes first; or in the year given."""
    years: Iterable[int] = [int(f"20{year}"[-4:])] if year else [today.year, today.year + 1]
    days = (_date(number, month, day) for number in years)
    return next((found for found in days if found and (found > today or year)), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_HOURS = re.compile(
    r"(?P<hours>\d{1,3}(?:[.,]\d{1,2})?) ?(?P<unit>[^\W\d]+)\.?"
    r"(?: ?(?P<minutes>[0-5]?\d) ?(?P<minute>[^\W\d]*))?"
)
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")


def working_time(wanted: str) -> timedelta | None:
    """Return how long `15m`, `1h30`, `1:30` or `1.5 h` is."""
    if found := _CLOCK.fullmatch(wanted):
        return timedelta(hours=int(found[1]), minutes=int(found[2]))
    found = _RELATIVE.fullmatch(wanted)
    if found and UNITS.get(found[2]) in (MINUTE, HOUR):
        return stretch_named(wanted)
    found = _HOURS.fullmatch(wanted)
    if not found or UNITS.get(found["unit"]) != HOUR:
        return None
    if found["minute"] and UNITS.get(found["minute"]) != MINUTE:
        return None
    hours = float(found["hours"].replace(",", "."))
    return timedelta(hours=hours, minutes=int(found["minutes"] or 0))
