"""Reads the promises of sla.yaml: to whom, the clocks by priority, what pauses them, the ladder.

Policy tests read their targets by the same functions, and may write them in minutes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.calendar import ALWAYS, Calendar
from maildesk.policy.routing.rule import BadRule, Path, Reference
from maildesk.policy.routing.rule_words import choice, one_or_list_of, read_text
from maildesk.policy.sla.ladder_file import DEFAULTS, read_ladder
from maildesk.policy.sla.ladder_file import references as ladder_references
from maildesk.policy.sla.promise_when import read_promise_when
from maildesk.policy.sla.promises import ClockName, Policy, Promise, Targets, read_target
from maildesk.policy.sla.words import (
    BUSINESS_DAYS,
    TEXT,
    Faults,
    Key,
    Section,
    expected,
    mapping_schema,
    read_business_days,
)
from maildesk.policy.spelling import quoted

MOST_POLICIES = 200
LONGEST_TARGET = timedelta(days=3660)
_MAY_PAUSE = (Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED)
_PAUSES = one_or_list_of(choice("status", _MAY_PAUSE))

_TARGET = {"type": "string", "pattern": r"^(\d+ ?(bd|d|h|m) ?)+$"}
_MEANINGS = {
    ClockName.FIRST_RESPONSE: "from a question to the first answer that a person writes",
    ClockName.NEXT_RESPONSE: "from each later question to its answer",
    ClockName.UPDATE: "the longest time without a word to the requester while the ticket is open",
    ClockName.RESOLUTION: "to the solution, without the time that is paused",
}
TARGETS = Section(
    "clocks of a priority",
    "{calendar: oslo, first_response: 4h, resolution: 3bd}",
    {
        "calendar": Key("a calendar", "a name, or `24x7`", TEXT, is_required=True),
        **{clock.value: Key("a time", meaning, _TARGET) for clock, meaning in _MEANINGS.items()},
    },
)
REOPEN = Section(
    "a window",
    "{window: 5bd}",
    {
        "window": Key(
            "business days, or `never`",
            "how long an answer opens a solved ticket again; later it opens a new one",
            BUSINESS_DAYS,
            is_required=True,
        )
    },
)
_BY_PRIORITY = mapping_schema({priority.value: TARGETS.schema for priority in Priority})
POLICY = Section(
    "a policy",
    "{name: standard, clocks: {P3: {calendar: oslo, resolution: 3bd}}}",
    {
        "name": Key("text", "what rules, organisations and agents call it", TEXT, is_required=True),
        "when": Key(
            "conditions",
            "to whom it is made: [conditions](routing.md) of tickets; left out: to everybody",
            {"type": "object"},
        ),
        "clocks": Key(
            "clocks by priority",
            "what is promised; a priority that is left out has no clocks",
            _BY_PRIORITY,
            is_required=True,
        ),
        "pause": Key(
            "one or a list",
            "where `resolution` stands still: `waiting_user` and `scheduled` if left out; "
            "`on_hold` (a supplier's turn) if you say so; `[]` is never",
            _PAUSES.schema,
        ),
        "reopen": Key("a mapping", "`{window: 5bd}` if left out", REOPEN.schema),
        "ladder": Key("steps by clock", "who is told, and when", {"type": "object"}),
    },
)


@dataclass(frozen=True)
class Known:
    """What targets are counted in: the calendars that could be read, and the names of all. In
    policy tests a target may be a number of minutes."""

    calendars: Mapping[str, Calendar]
    names: Mapping[str, object]
    may_be_minutes: bool = False


def read_promises(raw: object, known: Known, faults: Faults) -> list[tuple[Promise, Path]]:
    """Return the promises that are right, each with its place; faults of the others are noted."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        hint = 'begin each with "- name:"'
        faults.expected("a list of policies", raw, ("sla",), hint)
        return []
    if len(raw) > MOST_POLICIES:
        faults.note(("sla",), f"there are more than {MOST_POLICIES} policies")
        return []
    read = [
        (_read_promise(one, ("sla", n), known, faults), ("sla", n)) for n, one in enumerate(raw)
    ]
    made: list[tuple[Promise, Path]] = [(one, where) for one, where in read if one]
    seen: set[str] = set()
    for promise, where in made:
        name = promise.policy.name
        if name in seen:
            faults.note((*where, "name"), f'another policy is called "{name}"')
        seen.add(name)
    return made


def _read_promise(raw: object, where: Path, known: Known, faults: Faults) -> Promise | None:
    before = len(faults.found)
    table = faults.section(raw, where, POLICY) or {}
    name = faults.tried(read_text, table["name"], (*where, "name")) if "name" in table else None
    when = faults.tried(read_promise_when, table.get("when"), (*where, "when"))
    clocks, pause = table.get("clocks", {}), table.get("pause")
    policy = Policy(
        (name or "").strip(),
        read_clocks(clocks, (*where, "clocks"), known, faults),
        _read_pause(pause, (*where, "pause"), faults) if "pause" in table else _PAUSE,
        _read_reopen(table.get("reopen"), (*where, "reopen"), faults) if "reopen" in table else 5,
        read_ladder(table["ladder"], (*where, "ladder"), faults) if "ladder" in table else DEFAULTS,
    )
    return Promise(policy, when) if when and len(faults.found) == before else None


_PAUSE = frozenset({Status.WAITING_USER, Status.SCHEDULED})


def _read_pause(raw: object, where: Path, faults: Faults) -> frozenset[Status]:
    words = () if raw == [] else faults.tried(_PAUSES.read, raw, where)
    return frozenset(map(Status, words or ()))


def _read_reopen(raw: object, where: Path, faults: Faults) -> int:
    table = faults.section(raw, where, REOPEN) or {}
    if "window" not in table:
        return 0
    return faults.tried(read_business_days, table["window"], (*where, "window")) or 0


# --- clocks -------------------------------------------------------------------------------------


def read_clocks(raw: object, where: Path, known: Known, faults: Faults) -> dict[Priority, Targets]:
    """Read the clocks of a policy by priority."""
    priorities = {priority.value: priority for priority in Priority}
    read: dict[Priority, Targets] = {}
    for word, table in faults.mapping(
        raw, where, "clocks by priority", "{P3: {calendar: oslo, resolution: 3bd}}"
    ).items():
        if word not in priorities:
            faults.unknown("priority", word, priorities, (*where, word))
        elif targets := _read_targets(table, (*where, word), known, faults):
            read[priorities[word]] = targets
    return read


def _read_targets(raw: object, where: Path, known: Known, faults: Faults) -> Targets | None:
    table = faults.section(raw, where, TARGETS) or {}
    clocks = {clock: clock.value for clock in ClockName if clock.value in table}
    if isinstance(raw, Mapping) and not clocks:
        faults.note(where, "nothing is promised here", f"as in {TARGETS.example}")
    if "calendar" not in table:
        return None
    name = faults.tried(read_text, table["calendar"], (*where, "calendar"))
    if name is not None and name not in known.names:
        faults.unknown("calendar", name, known.names, (*where, "calendar"))
    reader = _TargetReader(known.calendars.get(name or ""), known.may_be_minutes)
    read = {
        clock: faults.tried(reader.read, table[key], (*where, key)) for clock, key in clocks.items()
    }
    return Targets(name or "", {clock: target for clock, target in read.items() if target})


@dataclass(frozen=True)
class _TargetReader:
    """Reads the targets that are counted in a calendar, whose own fault is told already if None."""

    calendar: Calendar | None
    may_be_minutes: bool

    def read(self, raw: object, where: Path) -> timedelta:
        """Return a target. Raises: BadRule."""
        if isinstance(raw, (int, float)) and not self.may_be_minutes:
            hint = _HOW if isinstance(raw, bool) else f"write {raw}m, or {raw}h"
            raise expected("a time", raw, where, hint)
        try:
            target = read_target(raw, self.calendar or ALWAYS)
        except (ValueError, OverflowError):
            raise expected("a time", raw, where, _HOW) from None
        if not timedelta() < target <= LONGEST_TARGET:
            raise BadRule(where, f"{quoted(raw)} cannot be promised", "from a minute to ten years")
        return target


_HOW = "write 15m, 4h, 1h30m or 3bd"


def references(promise: Promise, where: Path) -> Iterator[Reference]:
    """Yield the names that a promise takes for granted elsewhere."""
    yield from promise.when.references
    yield from ladder_references(promise.policy.ladder, (*where, "ladder"))
