"""Reads calendars as sla.yaml and policy tests write them.

`{timezone: Europe/Oslo, hours: {mon-fri: ["08:00-16:00"]}, holidays: {country: "NO"}, overrides:
{2026-12-24: ["08:00-12:00"]}}`, or `{union: [oslo, new-york]}`. `24x7` is built in. What can be
read and still makes no sense, `check_hours` notes.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from maildesk.policy.calendars.calendar import ALWAYS, Calendar, LocalCalendar, UnionCalendar
from maildesk.policy.calendars.holiday_file import HOLIDAYS_SCHEMA, read_holidays
from maildesk.policy.calendars.hours import DAY_MINUTES, DAYS, Frame, Week, read_days, read_frame
from maildesk.policy.calendars.public_holidays import with_public_holidays
from maildesk.policy.routing.rule import BadRule, Path
from maildesk.policy.routing.rule_words import read_text
from maildesk.policy.sla.words import TEXT, Faults, Key, Section, read_date
from maildesk.policy.spelling import did_you_mean, quoted

BUILT_IN: Mapping[str, Calendar] = {"24x7": ALWAYS}
MOST_CALENDARS = 200

_FRAMES = {
    "type": "array",
    "items": {
        "anyOf": [
            {"type": "string", "pattern": "^\\d?\\d:\\d\\d ?[-\u2013] ?\\d?\\d:\\d\\d$"},
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
        ]
    },
}
CALENDAR = Section(
    "a calendar",
    '{timezone: Europe/Oslo, hours: {mon-fri: ["08:00-16:00"]}}',
    {
        "timezone": Key("an IANA zone", "as in `Europe/Oslo`", TEXT, is_required=True),
        "hours": Key(
            "days with hours",
            "the week: `mon`, `mon-fri` or `sat,sun`, each with a list of hours as in "
            '`"08:00-16:00"`; an end that is not later than its start is on the next day',
            {"type": "object", "additionalProperties": _FRAMES},
            is_required=True,
        ),
        "holidays": Key(
            "a country, or dates",
            'days that are closed: `{country: "NO"}`, a list of dates, or dates with names',
            HOLIDAYS_SCHEMA,
        ),
        "overrides": Key(
            "dates with hours",
            "hours of a single date in place of those of the week, holiday or not; `[]`: closed",
            {
                "type": "object",
                "propertyNames": {"format": "date"},
                "additionalProperties": _FRAMES,
            },
        ),
    },
)
UNION = Section(
    "a union",
    "{union: [oslo, new-york]}",
    {
        "union": Key(
            "calendars",
            "instead of all others: open when one of these calendars is",
            {"type": "array", "items": TEXT, "minItems": 1},
            is_required=True,
        )
    },
)


def read_calendars(raw: object, where: Path, faults: Faults) -> dict[str, Calendar]:
    """Return those calendars that are right, in the order of the file; what is wrong with others is
    noted. A union names others of them."""
    tables = faults.mapping(raw, where, "calendars by name", "{oslo: {timezone: Europe/Oslo, …}}")
    if len(tables) > MOST_CALENDARS:
        faults.note(where, f"there are more than {MOST_CALENDARS} calendars")
        return {}
    reader = _Reader(tables, where, faults)
    read = {name: reader.calendar(name) for name in tables}
    return {name: calendar for name, calendar in read.items() if calendar}


class _Reader:
    """Reads each calendar once, those that a union names before it."""

    def __init__(self, tables: Mapping[str, object], where: Path, faults: Faults) -> None:
        self._tables = tables
        self._where = where
        self._faults = faults
        self._read: dict[str, Calendar | None] = {}

    def calendar(self, name: str, above: tuple[str, ...] = ()) -> Calendar | None:
        """Return a calendar; None if it, or a part of it, has a fault."""
        if name not in self._read:
            raw, where = self._tables[name], (*self._where, name)
            is_union = isinstance(raw, Mapping) and "union" in raw
            made = self._union(raw, where, (*above, name)) if is_union else self._local(raw, where)
            self._read[name] = made
        return self._read[name]

    def _union(self, raw: object, where: Path, above: tuple[str, ...]) -> UnionCalendar | None:
        table = self._faults.section(raw, where, UNION) or {}
        names, where = table.get("union"), (*where, "union")
        if not isinstance(names, list) or not names:
            self._faults.expected("a list of calendars", names, where, f"as in {UNION.example}")
            return None
        members = [self._member(name, (*where, place), above) for place, name in enumerate(names)]
        return UnionCalendar(tuple(filter(None, members))) if all(members) else None

    def _member(self, name: object, where: Path, above: tuple[str, ...]) -> Calendar | None:
        if name in above:
            circle = " → ".join([*above[above.index(str(name)) :], str(name)])
            self._faults.note(where, f"the union holds itself: {circle}")
        elif isinstance(name, str) and name in self._tables:
            return self.calendar(name, above)
        elif isinstance(name, str) and name in BUILT_IN:
            return BUILT_IN[name]
        else:
            self._faults.unknown("calendar", name, {**self._tables, **BUILT_IN}, where)
        return None

    def _local(self, raw: object, where: Path) -> LocalCalendar | None:
        faults = self._faults
        before = len(faults.found)
        table = faults.section(raw, where, CALENDAR) or {}
        parts = {
            key: read(table[key], (*where, key), faults)
            for key, read in _PARTS.items()
            if key in table
        }
        if len(faults.found) > before:
            return None
        found, dates = parts.get("holidays", (None, {}))
        made = LocalCalendar(parts["timezone"], parts["hours"], dates, parts.get("overrides", {}))
        return with_public_holidays(made, found) if found else made


# --- the parts of a calendar; what has a fault is noted, and anything may come back -------------


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read_timezone(raw: object, where: Path, faults: Faults) -> str:
    text = faults.tried(read_text, raw, where)
    if text is not None and text not in _zones():
        city = f"/{text.strip().replace(' ', '_').title()}"
        near = sorted(zone for zone in _zones() if zone.endswith(city))
        hint = f"write {near[0]}" if near else did_you_mean(text, _zones()) or "as in Europe/Oslo"
        faults.note(where, f"there is no time zone {quoted(text)}", hint)
    return text or ""


def _read_hours(raw: object, where: Path, faults: Faults) -> Week:
    week: dict[str, tuple[Frame, ...]] = {}
    for words, written in faults.mapping(
        raw, where, "days with hours", '{mon-fri: ["08:00-16:00"]}'
    ).items():
        frames = _read_frames(written, (*where, words), faults)
        for day in faults.tried(_days, words, (*where, words)) or ():
            if day in week:
                faults.note((*where, words), f"{day} has hours twice")
            week[day] = frames
    return tuple(week.get(day, ()) for day in DAYS)


def _days(words: object, where: Path) -> list[str]:
    try:
        return read_days(str(words))
    except ValueError as error:
        raise _split(error, where) from None


def _split(error: ValueError, where: Path) -> BadRule:
    """What is wrong, and how it is written, which `hours` says in one sentence."""
    message, colon, hint = str(error).partition(": write ")
    return BadRule(where, message, f"write {hint}" if colon else "")


def _read_frames(raw: object, where: Path, faults: Faults) -> tuple[Frame, ...]:
    if not isinstance(raw, list):
        hint = f'write ["{raw}"]' if isinstance(raw, str) else 'as in ["08:00-16:00"]'
        faults.expected("a list of hours", raw, where, hint)
        return ()
    read = (faults.tried(_frame, one, (*where, place)) for place, one in enumerate(raw))
    return tuple(sorted(filter(None, read), key=lambda frame: frame.start))


def _frame(raw: object, where: Path) -> Frame:
    try:
        return read_frame(raw)
    except ValueError as error:
        raise _split(error, where) from None


def _read_overrides(raw: object, where: Path, faults: Faults) -> dict[date, tuple[Frame, ...]]:
    read = {}
    for written, hours in faults.mapping(
        raw, where, "dates with hours", '{2026-12-24: ["08:00-12:00"]}'
    ).items():
        on = faults.tried(read_date, written, (*where, written))
        frames = _read_frames(hours, (*where, written), faults)
        if on:
            read[on] = frames
    return read


_PARTS: Mapping[str, Callable[[object, Path, Faults], Any]] = {
    "timezone": _read_timezone,
    "hours": _read_hours,
    "holidays": read_holidays,
    "overrides": _read_overrides,
}


# --- sense --------------------------------------------------------------------------------------


def check_hours(calendars: Mapping[str, Calendar], where: Path, faults: Faults) -> None:
    """Note calendars that are never open, and frames that overlap."""
    for name, calendar in calendars.items():
        if not isinstance(calendar, LocalCalendar):
            continue
        if not any(calendar.hours) and not any(calendar.overrides.values()):
            faults.note((*where, name), "the calendar is never open", "give it hours")
        for on, frames in calendar.overrides.items():
            if overlap := _overlap(frames, ()):
                faults.note((*where, name, "overrides", on.isoformat()), overlap)
        for day, frames, next_frames in zip(
            DAYS, calendar.hours, (*calendar.hours[1:], calendar.hours[0]), strict=True
        ):
            if overlap := _overlap(frames, next_frames):
                faults.note((*where, name, "hours"), f"{day}: {overlap}")


def _overlap(frames: tuple[Frame, ...], next_day: tuple[Frame, ...]) -> str:
    """Say which hours are given twice, of a day or by the shift that goes on into the next."""
    later = (Frame(one.start + DAY_MINUTES, one.end + DAY_MINUTES) for one in next_day[:1])
    for first, second in pairwise([*frames, *later]):
        if second.start < first.end:
            return f"{first} and {second} overlap"
    return ""
