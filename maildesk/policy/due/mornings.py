"""Who reads a digest, and when: at the opening of his day, by his own calendar and zone.

A day has the shifts that begin on it: at night it is still the day before, and whoever works from
22:00 reads his digest then. Where it is never closed, the day begins at eight. What could not be
sent while the reader's day was open is not sent at all: the next morning's says more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.calendars.open_spans import Span, edge, utc
from maildesk.policy.rules import Agent, Rules

_ONE_DAY = timedelta(days=1)
_EIGHT = time(8)  # of a day that is open from end to end


@dataclass(frozen=True, slots=True)
class Reader:
    """An agent who reads his own digest, or that of the team (its handle) which he leads."""

    agent: Agent
    team: str = ""

    @property
    def key(self) -> str:
        """What names him in the store."""
        return f"team:{self.team}" if self.team else self.agent.handle


@dataclass(frozen=True, slots=True)
class Day:
    """A local date with its opening hours. What is due before `until` is due on it: at its end, or
    at the end of its last shift."""

    on: date
    opens_at: datetime
    closes_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Morning:
    """A digest whose time has come."""

    reader: Reader
    day: Day


def mornings(rules: Rules, now: datetime) -> Iterator[Morning]:
    """Yield the digests of all readers whose day is open at `now`, sent or not."""
    days: dict[tuple[str | None, str], Day | None] = {}
    for reader in readers(rules):
        key = (reader.agent.calendar, reader.agent.timezone or rules.timezone)
        if key not in days:
            days[key] = day_at(_calendar_of(reader.agent, rules), ZoneInfo(key[1]), now)
        if day := days[key]:
            yield Morning(reader, day)


def readers(rules: Rules) -> Iterator[Reader]:
    """Yield whoever gets a digest: all agents, and all teams that are led."""
    yield from (Reader(agent) for agent in rules.agents)
    for team in rules.teams:
        if lead := rules.agent(team.lead or ""):
            yield Reader(lead, team.handle)


def led_teams(agent: Agent, rules: Rules) -> tuple[str, ...]:
    """Return those of an agent's own teams that he leads."""
    led = {team.handle for team in rules.teams if team.lead == agent.handle}
    return tuple(team for team in agent.teams if team in led)


def _calendar_of(agent: Agent, rules: Rules) -> Calendar:
    return rules.calendars.get(agent.calendar or "", rules.office)


def day_at(calendar: Calendar, zone: ZoneInfo, now: datetime) -> Day | None:
    """Return the day whose hours run at `now`: the last that has opened, unless it is over."""
    today = utc(now).astimezone(zone).date()
    for on in (today, today - _ONE_DAY):
        day = _day(calendar, zone, on)
        if day and day.opens_at <= now:
            return day if now < day.closes_at else None
    return None


def _day(calendar: Calendar, zone: ZoneInfo, on: date) -> Day | None:
    """Return a date with its hours; None if nobody begins to work on it."""
    begins, ends = _midnight(on, zone), _midnight(on + _ONE_DAY, zone)
    spans = list(calendar.open_spans(begins - _ONE_DAY, ends + _ONE_DAY))
    shifts = [span for span in spans if begins <= span[0] < ends]
    if not shifts and any(_covers(span, begins, ends) for span in spans):
        shifts = [(edge(datetime.combine(on, _EIGHT), zone, fold=0), ends)]
    if not shifts:
        return None
    closes_at = shifts[-1][1]
    return Day(on, shifts[0][0], closes_at, max(ends, closes_at))


def _covers(span: Span, begins: datetime, ends: datetime) -> bool:
    return span[0] < begins and ends <= span[1]


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return edge(datetime.combine(on, time()), zone, fold=0)
