"""Reads ladders as sla.yaml writes them: `{resolution: [{at: 75%, notify: owner}, …]}`.

`notify` takes the roles of `ROLES`, and the handles of agents and teams; `unassigned` is the team,
as long as nobody owns the ticket.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from maildesk.model.ticket import Priority
from maildesk.policy.routing.rule import BadRule, Path, Reference
from maildesk.policy.routing.rule_words import (
    TEXT,
    TIME,
    choice,
    one_or_list_of,
    read_count,
    read_time,
    read_true,
)
from maildesk.policy.sla.ladder import Repeat, Step, read_step
from maildesk.policy.sla.promises import ClockName
from maildesk.policy.sla.words import Faults, Key, Section, expected
from maildesk.policy.spelling import quoted

ROLES = ("owner", "lead", "manager", "requester", "team", "unassigned")
LONGEST_PERCENT = 1000
MOST_STEPS = 20
MOST_PAGES = 50

_PRIORITIES = one_or_list_of(choice("priority", Priority))
_WHO = one_or_list_of(TEXT)

REPEAT = Section(
    "a repetition",
    "{every: 10m, max: 5, until: ack}",
    {
        "every": Key("a length of time", "by the clock: `10m`", TIME.schema, is_required=True),
        "max": Key(
            "a number",
            "how often at most",
            {"type": "integer", "minimum": 1, "maximum": MOST_PAGES},
            is_required=True,
        ),
        "until": Key("`ack`", "until an agent writes `#ack`", {"const": "ack"}),
    },
)
STEP = Section(
    "a step",
    "{at: 75%, notify: owner}",
    {
        "at": Key(
            "a share, or a time",
            "`75%` of the target; before or after the due time, `-30m` or `+2h` of open time, "
            "`+2h wall` by the clock on the wall",
            {"type": ["string", "integer"]},
            is_required=True,
        ),
        "notify": Key(
            "one or a list",
            f"{', '.join(f'`{role}`' for role in ROLES)}, an agent or a team; `owner` is the team "
            "while nobody owns the ticket, `unassigned` is the team then, and nobody else",
            _WHO.schema,
        ),
        "page": Key(
            "`true`, or priorities",
            "page those agents, too; for these priorities only",
            {"anyOf": [{"const": True}, _PRIORITIES.schema]},
        ),
        "repeat": Key("a mapping", "page again until somebody answers", REPEAT.schema),
        "refer": Key("`true`", "hand the ticket to the team's `next`", {"const": True}),
    },
)

DEFAULT = (
    read_step("50%", notify=("unassigned",)),
    read_step("75%", notify=("owner",)),
    replace(read_step("90%", notify=("owner", "lead"), page=True), page_for=(Priority.P1,)),
    read_step("100%", notify=("owner", "lead", "requester")),
    read_step("150%", notify=("manager",)),
)
UPDATE = (read_step("75%", notify=("owner",)), read_step("100%", notify=("requester",)))
DEFAULTS: Mapping[ClockName, tuple[Step, ...]] = {
    ClockName.FIRST_RESPONSE: DEFAULT,
    ClockName.NEXT_RESPONSE: DEFAULT,
    ClockName.RESOLUTION: DEFAULT,
    ClockName.UPDATE: UPDATE,  # the owner is asked for a word before the desk writes itself
}


def read_ladder(raw: object, where: Path, faults: Faults) -> dict[ClockName, tuple[Step, ...]]:
    """Return the steps of each clock; one that is left out has the defaults."""
    tables = faults.mapping(
        raw, where, "steps by clock", "{resolution: [{at: 75%, notify: owner}]}"
    )
    clocks = {clock.value: clock for clock in ClockName}
    read = dict(DEFAULTS)
    for name, steps in tables.items():
        if name in clocks:
            read[clocks[name]] = _read_steps(steps, (*where, name), faults)
        else:
            faults.unknown("clock", name, clocks, (*where, name))
    return read


def _read_steps(raw: object, where: Path, faults: Faults) -> tuple[Step, ...]:
    if not isinstance(raw, list):
        faults.expected("a list of steps", raw, where, f"as in [{STEP.example}]")
        return ()
    if len(raw) > MOST_STEPS:
        faults.note(where, f"there are more than {MOST_STEPS} steps")
        return ()
    read = [(place, _read_step(one, (*where, place), faults)) for place, one in enumerate(raw)]
    steps = [(step, (*where, place, "at")) for place, step in read if step]
    _check_order(steps, faults)
    return tuple(step for step, _ in steps)


def _check_order(steps: list[tuple[Step, Path]], faults: Faults) -> None:
    """Steps are climbed upwards: who writes them otherwise has mistaken a number."""
    seen: set[str] = set()
    for step, path in steps:
        if step.name in seen:
            faults.note(path, f"there are two steps at {step.name}", "put both into one")
        seen.add(step.name)
    shares = [(step.percent, path) for step, path in steps if step.percent is not None]
    for (first, _), (second, path) in pairwise(shares):
        if second < first:
            faults.note(path, f"{second}% comes after {first}%", "write the steps in their order")


def _read_step(raw: object, where: Path, faults: Faults) -> Step | None:
    before = len(faults.found)
    table = faults.section(raw, where, STEP) or {}
    step = faults.tried(_at, table["at"], (*where, "at")) if "at" in table else None
    who = faults.tried(_WHO.read, table["notify"], (*where, "notify")) if "notify" in table else ()
    page = faults.tried(_page, table["page"], (*where, "page")) if "page" in table else None
    if "refer" in table:
        faults.tried(read_true, table["refer"], (*where, "refer"))
    repeat = None
    if "repeat" in table:
        repeat = _read_repeat(table["repeat"], (*where, "repeat"), faults)
        if "page" not in table:
            faults.note((*where, "repeat"), "only a page is repeated", "add page: true")
    if step is None or len(faults.found) > before:
        return None
    return replace(
        step,
        notify=who or (),
        page=page is not None,
        page_for=page or (),
        repeat=repeat,
        refer="refer" in table,
    )


def _at(raw: object, where: Path) -> Step:
    is_text = isinstance(raw, (str, int)) and not isinstance(raw, bool)
    try:
        step = read_step(str(raw) if is_text else "")
    except ValueError:
        hint = "write 75%, -30m, +2h or +2h wall"
        raise expected("a share or a time", raw, where, hint) from None
    if step.percent is not None and not 0 < step.percent <= LONGEST_PERCENT:
        raise BadRule(where, f"{step.name} is never reached", f"1% to {LONGEST_PERCENT}%")
    return step


def _page(raw: object, where: Path) -> tuple[str, ...]:
    """Return the priorities that are paged for; () for all."""
    if raw is True:
        return ()
    if isinstance(raw, (bool, int, float)) or raw is None:
        hint = "leave the line out" if raw is False else "as in page: [P1]"
        raise expected("true, or priorities", raw, where, hint)
    return tuple(_PRIORITIES.read(raw, where))


def _read_repeat(raw: object, where: Path, faults: Faults) -> Repeat | None:
    table = faults.section(raw, where, REPEAT) or {}
    if table.get("until", "ack") != "ack":
        faults.note((*where, "until"), f"until {quoted(table['until'])} is not known", "write ack")
    if "every" not in table or "max" not in table:
        return None
    every = faults.tried(read_time, table["every"], (*where, "every"))
    most = faults.tried(_most, table["max"], (*where, "max"))
    return Repeat(every, most) if every and most else None


def _most(raw: object, where: Path) -> int:
    count = read_count(raw, where)
    if not 0 < count <= MOST_PAGES:
        raise BadRule(where, f"1 to {MOST_PAGES} pages are allowed, not {count}")
    return count


def references(ladder: Mapping[ClockName, Iterable[Step]], where: Path) -> Iterator[Reference]:
    """Yield the handles that a ladder names."""
    for clock, steps in ladder.items():
        if steps is DEFAULTS.get(clock):
            continue
        for place, step in enumerate(steps):
            for nth, who in enumerate(step.notify):
                if who not in ROLES:
                    yield Reference("person", who, (*where, clock.value, place, "notify", nth))
