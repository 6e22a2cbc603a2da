"""Reads sla.yaml: calendars, promises with their clocks and ladders, and what follows by itself.

    calendar_file   calendars                             `read_calendars`
    └── holiday_file    days that are closed
    policy_file     promises: clocks by priority          `read_promises`
    ├── promise_when    to whom one is made
    └── ladder_file     who is told, and when
    follow_up_file  reminders, closing
    sla_words       sections, faults, small values

What is wrong is noted, each fault by itself, with the path of its place. `frozen` is the document
with the dates of its holidays: a configuration version keeps it, and is read by this module again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from maildesk.policy.calendars.calendar import Calendar, LocalCalendar
from maildesk.policy.calendars.calendar_file import BUILT_IN, check_hours, read_calendars
from maildesk.policy.routing.rule import BadRule, Path, Reference
from maildesk.policy.sla.follow_up_file import read_follow_up
from maildesk.policy.sla.policy_file import Known, read_promises, references
from maildesk.policy.sla.promises import ClockName, FollowUp, Policy, Promise
from maildesk.policy.sla.words import Faults


@dataclass(frozen=True)
class SlaBook:
    """What sla.yaml says. `references` are names that must stand elsewhere, with the policy."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    follow_up: FollowUp = FollowUp()
    references: tuple[tuple[str, Reference], ...] = ()
    faults: tuple[BadRule, ...] = ()

    @property
    def policies(self) -> dict[str, Policy]:
        """The policies by name."""
        return {promise.policy.name: promise.policy for promise in self.promises}


def read_sla(document: object) -> SlaBook:
    """Read the whole of sla.yaml, from its plain values; never raises."""
    faults = Faults()
    raw = {} if document is None else faults.mapping(document, (), "sections", "calendars:")
    tables = raw.get("calendars")
    calendars = {} if tables is None else read_calendars(tables, ("calendars",), faults)
    check_hours(calendars, ("calendars",), faults)
    known = with_built_in(calendars)
    names = {**(tables if isinstance(tables, Mapping) else {}), **known}
    read = read_promises(raw.get("sla"), Known(known, names), faults)
    follow_up = FollowUp()
    if raw.get("follow_up") is not None:
        follow_up = read_follow_up(raw["follow_up"], ("follow_up",), faults)
    refer = [(promise.policy.name, one) for promise, at in read for one in references(promise, at)]
    promises = tuple(promise for promise, _ in read)
    return SlaBook(known, promises, follow_up, tuple(refer), tuple(faults.found))


def with_built_in(calendars: Mapping[str, Calendar]) -> dict[str, Calendar]:
    """Return calendars with those that need not be written, at the end."""
    return {**calendars, **{n: c for n, c in BUILT_IN.items() if n not in calendars}}


# --- a version of it ----------------------------------------------------------------------------


def frozen(document: object, book: SlaBook) -> dict[str, object]:
    """Return the document with the dates of its holidays, which later releases of the library may
    know better. `book` was read from it, without a fault."""
    raw = document if isinstance(document, Mapping) else {}
    tables = raw.get("calendars") or {}
    return {**raw, "calendars": {n: _with_dates(t, book.calendars[n]) for n, t in tables.items()}}


def _with_dates(table: Mapping[str, object], calendar: Calendar) -> Mapping[str, object]:
    if not isinstance(calendar, LocalCalendar):
        return table
    holidays = {on.isoformat(): name or None for on, name in calendar.holidays.items()}
    overrides = {on.isoformat(): [*map(str, fs)] for on, fs in calendar.overrides.items()}
    return {**table, "holidays": holidays, "overrides": overrides}


# --- what is allowed, and hardly meant ----------------------------------------------------------


def odd_promises(book: SlaBook) -> Iterator[tuple[Path, str, str]]:
    """Yield path, message and hint of what an admin should look at."""
    everything: Promise | None = None
    for place, promise in enumerate(book.promises):
        where: Path = ("sla", place)
        if everything:
            yield where, _hidden(promise, everything), "move it up; the first one that fits counts"
        if promise.when.is_empty:
            everything = everything or promise
        yield from _odd_targets(promise.policy, where)
    if book.promises and everything is None:
        yield ("sla",), "no policy fits every ticket: some have no clocks", "add one without when:"


def _hidden(promise: Promise, by: Promise) -> str:
    name, above = promise.policy.name, by.policy.name
    return f'policy "{name}" is never asked: "{above}" above it fits everything'


def _odd_targets(policy: Policy, where: Path) -> Iterator[tuple[Path, str, str]]:
    for priority, targets in policy.targets.items():
        first = targets.times.get(ClockName.FIRST_RESPONSE)
        whole = targets.times.get(ClockName.RESOLUTION)
        if first and whole and first > whole:
            path = (*where, "clocks", priority.value, ClockName.FIRST_RESPONSE.value)
            yield path, f'policy "{policy.name}": {priority} is solved before it is answered', ""
