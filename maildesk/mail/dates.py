"""Dates, durations, sizes and plurals in the reader's language and zone, by Babel (CLDR).

Skeletons, not patterns: CLDR knows the order of day and month in each language. English without a
country is written as in Europe, where day, month and the 24 hours cannot be misread.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_skeleton,
    format_timedelta,
    get_timezone,
    get_timezone_name,
)
from babel.numbers import format_decimal

_ENGLISH = "en_150"
_LONGEST_ZONE_NAME = 5  # "CEST"; a longer one is no abbreviation
_UNITS = ("B", "kB", "MB", "GB", "TB")


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the locale of a language tag (BCP 47); English for one that CLDR does not know."""
    if language.lower() == "en":
        return Locale.parse(_ENGLISH)
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(_ENGLISH)


def format_date(value: date, timezone: str, language: str) -> str:
    """Return day, month and year with the weekday: "Mon, 23 Nov 2026". A datetime must be aware."""
    local = value.astimezone(get_timezone(timezone)) if isinstance(value, datetime) else value
    return format_skeleton("yMMMEd", local, locale=locale_of(language))


def format_datetime(value: datetime, timezone: str, language: str) -> str:
    """Return date, time and zone: "Mon, 23 Nov 2026, 09:15 CET". The value must be aware."""
    local = value.astimezone(get_timezone(timezone))
    clock = format_skeleton("Hm", local, local.tzinfo, locale=locale_of(language))
    return f"{format_date(local, timezone, language)}, {clock} {_zone(local, language)}"


def _zone(local: datetime, language: str) -> str:
    """The zone's abbreviation where the language has one, else its distance from UTC."""
    name = get_timezone_name(local, width="short", locale=locale_of(language))
    if name[:1] not in "+-" and len(name) <= _LONGEST_ZONE_NAME:
        return name
    offset = local.strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


def format_duration(value: timedelta, language: str) -> str:
    """Return a duration in its largest unit: "4 hours", "3 days"."""
    return format_timedelta(value, threshold=2, locale=locale_of(language))


def format_size(size: int, language: str) -> str:
    """Return a number of bytes as people say it: "1.2 MB" (powers of 1000, as file managers)."""
    amount = float(size)
    unit = 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:  # 999.5 would be rounded to 1000
        amount, unit = amount / 1000, unit + 1
    pattern = "#,##0.#" if unit and amount < 10 else "#,##0"
    return f"{format_decimal(amount, pattern, locale=locale_of(language))} {_UNITS[unit]}"


def format_count(number: int, forms: Mapping[str, str], language: str) -> str:
    """Return the number with the word in the plural form that the language asks for.

    `forms` by CLDR's names: zero, one, two, few, many, other; "other" must be there.
    """
    locale = locale_of(language)
    word = forms.get(locale.plural_form(number), forms["other"])
    return f"{format_decimal(number, locale=locale)} {word}"
