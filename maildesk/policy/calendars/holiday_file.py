"""Reads holidays as calendars name them: a country's, a list of dates, or dates with names."""

from collections.abc import Mapping
from datetime import date
from itertools import filterfalse

from maildesk.policy.calendars.public_holidays import (
    PublicHolidays,
    UnknownCountry,
    country_hint,
    public_holidays,
)
from maildesk.policy.routing.rule import BadRule, Path
from maildesk.policy.routing.rule_words import read_text
from maildesk.policy.sla.words import TEXT, Faults, Key, Section, read_date
from maildesk.policy.spelling import nearest

YEARS = range(2020, 2051)  # of a country's holidays

_DATES = {"type": "array", "items": {"type": "string", "format": "date"}}
_NAMED_DATES = {
    "type": "object",
    "propertyNames": {"format": "date"},
    "additionalProperties": {"type": ["string", "null"]},
}

HOLIDAYS = Section(
    "holidays",
    '{country: "NO"}',
    {
        "country": Key("a code", 'ISO 3166-1, in quotes: `"NO"`', TEXT, is_required=True),
        "subdivision": Key("a code", "of a part of it, ISO 3166-2: `BY` of `DE`", TEXT),
        "language": Key(
            "a language",
            "of their names, which stand in mails, as the library has it: `en_US`; left out: the "
            "country's first",
            TEXT,
        ),
        "dates": Key(
            "dates",
            "further days that are closed: a list, or each with its name",
            {"anyOf": [_DATES, _NAMED_DATES]},
        ),
    },
)
HOLIDAYS_SCHEMA = {"anyOf": [HOLIDAYS.schema, _DATES, _NAMED_DATES]}


def read_holidays(
    raw: object, where: Path, faults: Faults
) -> tuple[PublicHolidays | None, dict[date, str]]:
    """Return what a country has, if one is named, and the dates that are written."""
    if not isinstance(raw, Mapping) or not any(map(_is_key, filterfalse(_is_number, raw))):
        return None, read_dates(raw, where, faults)
    table = faults.section(raw, where, HOLIDAYS) or {}
    dates = table.get("dates", [])
    return (
        faults.tried(_of_country, table, where) if "country" in table else None,
        read_dates(dates, (*where, "dates"), faults),
    )


def _is_number(word: object) -> bool:
    """Whether it begins as dates do: there are hundreds, and no key is like one."""
    return str(word)[:1].isdigit()


def _is_key(word: object) -> bool:
    """Whether a word is a key of the section, misspelt perhaps, and no date."""
    return word in HOLIDAYS.keys or bool(nearest(str(word), HOLIDAYS.keys))


def read_dates(raw: object, where: Path, faults: Faults) -> dict[date, str]:
    """Read a list of dates, or dates with names."""
    if isinstance(raw, list):
        read = (faults.tried(read_date, one, (*where, place)) for place, one in enumerate(raw))
        return {on: "" for on in read if on}
    named = faults.mapping(raw, where, "a list of dates", '[2026-12-25], or {country: "NO"}')
    dates = {}
    for written, name in named.items():
        on = faults.tried(read_date, written, (*where, written))
        text = faults.tried(read_text, name, (*where, written)) if name is not None else ""
        if on:
            dates[on] = text or ""
    return dates


def _of_country(table: object, where: Path) -> PublicHolidays:
    assert isinstance(table, Mapping)  # noqa: S101 - a section was read
    words = {
        key: read_text(table[key], (*where, key))
        for key in ("country", "subdivision", "language")
        if key in table
    }
    try:
        return public_holidays(
            words["country"], YEARS, words.get("subdivision"), words.get("language")
        )
    except UnknownCountry as error:
        hint = country_hint(words["country"])
        raise BadRule((*where, "country"), str(error), hint) from None
    except ValueError as error:
        raise BadRule((*where, "subdivision"), str(error)) from None
