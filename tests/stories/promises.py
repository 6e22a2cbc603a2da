"""A desk that promises: calendars that the clocks change on, its people, and how time passes there.

Times are written as people in Oslo read them off the wall, with the zone: `2026-10-25 02:30 CEST`
is an hour before `2026-10-25 02:30 CET`.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from sqlalchemy import Engine, event, func, select
from stories.house import RULES, House

from maildesk.desk.beat import beat
from maildesk.model.facts import TicketFacts
from maildesk.model.ticket import Priority
from maildesk.policy.calendars.calendar import ALWAYS, LocalCalendar
from maildesk.policy.calendars.hours import read_week
from maildesk.policy.routing.when import read_when
from maildesk.policy.rules import Agent, Rules, Team
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.ladder_file import DEFAULTS
from maildesk.policy.sla.promised import clocks_of
from maildesk.policy.sla.promises import ClockName, Policy, Promise, Targets
from maildesk.store import clocks
from maildesk.store.tables import events, firings, outgoing, tickets

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
MONA = "mona@example.com"  # the manager
TOR = "tor@example.com"  # second line

OFFICE = LocalCalendar(
    "Europe/Oslo",
    read_week({"mon-fri": ["08:00-16:00"]}),
    holidays={date(2026, 10, 26): "Founding day"},
)
NIGHT = LocalCalendar(
    "Europe/Oslo",
    read_week({"mon-sun": ["22:00-06:00"]}),
    holidays={date(2026, 11, 1): "All Saints' Day"},
)
CALENDARS = {"office": OFFICE, "night": NIGHT, "24x7": ALWAYS}
_ZONES = {"CET": timezone(HOUR), "CEST": timezone(2 * HOUR), "UTC": UTC}


def oslo(written: str) -> datetime:
    """An instant as Oslo's wall has it: `2026-10-25 02:30 CEST`."""
    time, _, zone = written.rpartition(" ")
    return datetime.fromisoformat(time).replace(tzinfo=_ZONES[zone]).astimezone(UTC)


# --- what is promised -----------------------------------------------------------------------------


def targets(calendar: str, **hours: float) -> Targets:
    """Targets in hours, by clock: `targets("office", first_response=4, resolution=24)`."""
    return Targets(calendar, {ClockName(clock): time * HOUR for clock, time in hours.items()})


def policy(calendar: str = "office", name: str = "standard", **hours: float) -> Policy:
    """The same targets for all priorities, with the ladder that is the default."""
    return Policy(name, dict.fromkeys(Priority, targets(calendar, **hours)), ladder=DEFAULTS)


STANDARD = policy(first_response=4, next_response=8, resolution=24)


def promise(what: Policy, **when: object) -> Promise:
    """A promise to all tickets that these conditions of routing fit."""
    return Promise(what, read_when(when or None, (), of="ticket"))


PEOPLE: dict[str, Any] = {
    "agents": (
        *RULES.agents,
        Agent("mona", "Mona Dahl", (MONA,), ("managers",)),
        Agent("tor", "Tor Vik", (TOR,), ("second-line",)),
    ),
    "teams": (
        Team("first-line", lead="bo", manager="mona", next="second-line"),
        Team("second-line", tier=2),
        Team("finance"),
        Team("managers"),
    ),
    "timezone": "Europe/Oslo",
    "calendars": CALENDARS,
}


def promising(*promises: Promise | Policy, **changes: Any) -> dict[str, Any]:
    """What `House.change_rules` takes: these promises, the first that fits first."""
    made = [promise(one) if isinstance(one, Policy) else one for one in promises]
    return {**PEOPLE, "promises": tuple(made or [promise(STANDARD)]), **changes}


def rules(*promises: Promise | Policy, **changes: Any) -> Rules:
    """The rules of such a desk."""
    return replace(RULES, **promising(*promises, **changes))


# --- what happened --------------------------------------------------------------------------------


class Sent(NamedTuple):
    """A mail that was written: when, to whom, about which ticket."""

    at: datetime
    to: str
    kind: str
    ticket: int | None

    def __repr__(self) -> str:
        return f"{self.at:%a %d %b %H:%M:%S} UTC {self.kind} of #{self.ticket} to {self.to}"


class Step(NamedTuple):
    """A key of a ticket that fired: since when it was due, when it was done, if by a mail."""

    ticket: int
    key: tuple[str, int, int, str]
    reached_at: datetime
    at: datetime
    is_sent: bool


def mails(house: House, *kinds: str, since: datetime | None = None) -> list[Sent]:
    """The mails that were written, of these kinds or all, oldest first."""
    columns = (outgoing.c.created_at, outgoing.c.recipient, outgoing.c.kind, outgoing.c.ticket)
    with house.desk.database.read() as session:
        found = [Sent(*row) for row in session.execute(select(*columns).order_by(outgoing.c.id))]
    return [
        one for one in found if (not kinds or one.kind in kinds) and (not since or one.at >= since)
    ]


def fired(house: House) -> list[Step]:
    """All that has fired, by ticket and time."""
    table = firings.c
    with house.desk.database.read() as session:
        rows = session.execute(select(firings).order_by(table.ticket, table.reached_at, table.step))
        return [
            Step(r.ticket, (r.clock, r.cycle, r.arming, r.step), r.reached_at, r.at, r.is_sent)
            for r in rows
        ]


def facts_of(house: House, number: int = 1) -> TicketFacts:
    """A ticket with its log."""
    with house.desk.database.read() as session:
        return clocks.on_the_clock(session.connection(), [number])[number]


def clocks_now(house: House, number: int = 1) -> dict[ClockName, Clock]:
    """What the clocks of a ticket show."""
    return clocks_of(facts_of(house, number), house.desk.rules, house.clock.at)


def states(house: House, number: int = 1) -> dict[str, str]:
    """Where the promises of a ticket stand, by clock."""
    return {str(name): str(clock.state) for name, clock in clocks_now(house, number).items()}


def next_at(house: House, number: int | None = None) -> datetime | None:
    """When a ticket, or the first of all, is to be looked at."""
    query = select(func.min(tickets.c.next_at))
    with house.desk.database.read() as session:
        return session.scalar(query.where(tickets.c.number == number) if number else query)


def trail(house: House) -> tuple[int, int, int]:
    """How much has happened: events, firings, mails."""
    with house.desk.database.read() as session:
        counts = (select(func.count()).select_from(each) for each in (events, firings, outgoing))
        first, second, third = (session.scalar(count) or 0 for count in counts)
        return first, second, third


# --- how time passes ------------------------------------------------------------------------------

Beats = Callable[[House, datetime], None]  # lets time pass until then


def beat_at(house: House, at: datetime) -> None:
    """Beat once, then."""
    house.clock.at = at
    beat(house.desk)


def on_the_dot(house: House, until: datetime) -> None:
    """Beat when something is due, and the second before, when nothing may happen."""
    beat(house.desk)
    while (at := next_at(house)) and at <= until:
        if house.clock.at < at - SECOND:
            before = trail(house)
            beat_at(house, at - SECOND)
            assert trail(house) == before, f"it came before {at}"
        beat_at(house, at)
    beat_at(house, until)


def every(step: timedelta) -> Beats:
    """Beat every so often."""

    def pass_time(house: House, until: datetime) -> None:
        while house.clock.at < until:
            beat_at(house, min(until, house.clock.at + step))

    return pass_time


def after(house: House, at: datetime | None = None, **time: float) -> list[Any]:
    """Let time pass, beat once, and return what is delivered."""
    house.clock.at = at or house.clock.at + timedelta(**time)
    beat(house.desk)
    return house.work()


# --- how it is killed -----------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone. Nothing that catches errors sees it."""


_WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def killed_at(number: int) -> Iterator[None]:
    """Kill whoever carries out the so-many-th statement that writes, in any database."""
    left = number

    def count(_c: Any, _k: Any, text: str, *_rest: Any) -> None:
        nonlocal left
        left -= text.lstrip().upper().startswith(_WRITES)
        if left == 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", count)


@contextmanager
def ended_at_commit() -> Iterator[None]:
    """End this process when all is written, and before it counts. As in a power cut, no handler
    runs."""

    def end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", end)
    yield
