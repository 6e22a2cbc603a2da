"""The public holidays of a country, as dates: a configuration version keeps those it was read with.

Clocks never ask the library: what a later release knows better moves no promise by itself.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from maildesk.policy.calendars.calendar import LocalCalendar


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Dates that are closed, by name, and weekend dates that are worked in their place."""

    closed: Mapping[date, str]
    worked: tuple[date, ...]


class UnknownCountry(ValueError):
    """The library has no such country."""


@lru_cache(maxsize=64)
def public_holidays(
    country: str, years: range, subdivision: str | None = None, language: str | None = None
) -> PublicHolidays:
    """Look up the holidays of a country (ISO 3166-1 code), or of a part of it (ISO 3166-2), named
    in the country's first language unless another is given.

    Raises: ValueError if the country or the part is not known.
    """
    import holidays  # noqa: PLC0415 - half a second of import that few runs need

    parts = holidays.list_supported_countries()
    if country not in parts:
        raise UnknownCountry(f'there is no country "{country[:40]}"')
    if subdivision is not None and subdivision not in parts[country]:
        known = ", ".join(parts[country]) or "none"
        raise ValueError(f'{country} has no part "{subdivision[:40]}", but {known}')
    # Without a language the library names them in that of the machine.
    spoken = language or holidays.country_holidays(country).default_language
    with warnings.catch_warnings(action="ignore"):  # some are known for fewer years
        found = holidays.country_holidays(
            country, subdiv=subdivision, years=years, language=spoken, expand=False
        )
    worked = sorted(on for on in found.weekend_workdays if on.year in years)
    return PublicHolidays(dict(sorted(found.items())), tuple(worked))


def country_hint(word: str) -> str:
    """Return how a country is written whose name, or code in small letters, somebody wrote."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - as above

    for name, code, *others in COUNTRIES.values():
        if word.replace(" ", "").casefold() in map(str.casefold, (name, code, *others)):
            return f'write "{code}"'
    return 'a code of ISO 3166-1, as in "NO"'


def with_public_holidays(calendar: LocalCalendar, found: PublicHolidays) -> LocalCalendar:
    """Return a calendar closed on these holidays, and open as on a normal day where a weekend is
    worked. What the calendar itself says of a date stands."""
    worked = dict.fromkeys(found.worked, calendar.normal_frames())
    return replace(
        calendar,
        holidays={**found.closed, **calendar.holidays},
        overrides={**worked, **calendar.overrides},
    )
