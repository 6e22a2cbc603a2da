"""Reads the rules of a file: each becomes a `Rule` that can be asked, or its faults are told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from maildesk.policy.routing import values
from maildesk.policy.routing.actions import ACTIONS, ActionWord
from maildesk.policy.routing.conditions import FIELDS, MAIL, TICKET
from maildesk.policy.routing.rule import (
    FROM_STORE,
    Action,
    BadRule,
    Condition,
    Faults,
    Groups,
    Path,
    Reference,
    Rule,
)
from maildesk.policy.routing.rule_words import read_flag, read_text, read_time
from maildesk.policy.routing.when import EMPTY, read_when
from maildesk.policy.spelling import did_you_mean

KEYS = ("name", "when", "then", "continue", "every")
MOST_RULES = 1000
SHORTEST_EVERY = timedelta(minutes=1)

_UNSETTLED = FROM_STORE.union(name for name, field in FIELDS.items() if field.is_settled)


def compile_rules(
    raws: object, where: Path = ("rules",), faults: Faults | None = None
) -> tuple[Rule, ...]:
    """Return the rules of a file, in its order; of one with faults, what is right about it.

    Raises: BadRule, where nobody takes the `faults`.
    """
    found = Faults() if faults is None else faults
    rules = tuple(_compiled(raws, where, found))
    if found.found and faults is None:
        raise found.found[0]
    return rules


def _compiled(raws: object, where: Path, faults: Faults) -> Iterator[Rule]:
    if not isinstance(raws, (list, tuple)):
        faults.note(where, "a list of rules is expected here", 'begin each with "- name:"')
        return
    if len(raws) > MOST_RULES:
        faults.note(where, f"there are more than {MOST_RULES} rules")
    names: set[str] = set()
    for place, raw in enumerate(raws[:MOST_RULES]):
        rule = compile_rule(raw, (*where, place), faults)
        if rule.name in names:
            faults.note((*rule.path, "name"), "another rule has this name")
        names |= {rule.name} if rule.name else set()
        yield rule


def compile_rule(raw: object, where: Path = (), faults: Faults | None = None) -> Rule:
    """Return one rule, as `compile_rules` does. `where` is its place in the document."""
    found = Faults() if faults is None else faults
    if isinstance(raw, Mapping):
        rule = _compile(raw, where, found)
    else:
        found.note(where, "a rule is expected here", "as in {name: …, when: …, then: …}")
        rule = Rule("", EMPTY, (), path=where)
    if found.found and faults is None:
        raise found.found[0]
    return rule


def _compile(raw: Mapping[str, object], where: Path, faults: Faults) -> Rule:
    for key in raw:
        if key not in KEYS:
            message = f'unknown key "{key}" in a rule'
            faults.note((*where, key), message, did_you_mean(str(key), KEYS))
    for key in ("name", "then"):
        if key not in raw:
            faults.note(where, f"the rule has no {key}")
    known = {key: (raw[key], (*where, key)) for key in KEYS if key in raw}
    every = faults.tried(_read_every, *known["every"]) if "every" in known else None
    of = TICKET if "every" in known else MAIL
    before = len(faults.found)
    when = _read_when(*known["when"], of, faults) if "when" in known else EMPTY
    has_groups = len(faults.found) == before  # or nobody knows which
    name = faults.tried(read_text, *known["name"]) if "name" in known else None
    goes_on = faults.tried(read_flag, *known["continue"]) if "continue" in known else None
    then = _read_then(*known["then"], of, faults) if "then" in known else ()
    if has_groups:
        _check_places(then, where, when, faults)
    return Rule(
        name=(name or "").strip(),
        when=when,
        then=then,
        is_continued=bool(goes_on),
        every=every,
        is_fixed=when.fields.isdisjoint(_UNSETTLED),
        path=where,
        raw=raw,
    )


def _read_every(value: object, where: Path) -> timedelta:
    every = read_time(value, where)
    if every < SHORTEST_EVERY:
        raise BadRule(where, "a minute is the shortest")
    return every


def _read_when(raw: object, where: Path, of: str, faults: Faults) -> Condition:
    if raw is None:
        faults.note(where, "conditions are expected here", "for every mail leave when: out")
        return EMPTY
    return read_when(raw, where, of=of, faults=faults)


# --- then ---------------------------------------------------------------------------------------


def _read_then(raw: object, where: Path, of: str, faults: Faults) -> tuple[Action, ...]:
    if not isinstance(raw, Mapping) or not raw:
        faults.note(where, "actions are expected here", "as in {queue: helpdesk}")
        return ()
    for key in raw:
        try:
            _check_word(str(key), raw, (*where, key), of)
        except BadRule as error:
            faults.found.append(error)
    # In the order of ACTIONS, not of the file: `queue` brings a team, and `team` has the last word.
    words = (word for name, word in ACTIONS.items() if name in raw)
    read = (_action(word, raw[word.name], (*where, word.name), faults) for word in words)
    return tuple(action for action in read if action)


def _check_word(name: str, raw: Mapping[str, object], where: Path, of: str) -> None:
    word = ACTIONS.get(name)
    if word is None:
        hint = f"{name} stands beside then" if name in KEYS else did_you_mean(name, ACTIONS)
        raise BadRule(where, f'unknown action "{name}"', hint)
    if of == TICKET and not word.is_for_tickets:
        raise BadRule(where, f"{name} is for mail, and a rule with every: looks at tickets")
    if word.needs and word.needs not in raw:
        raise BadRule(where, f"{name} says nothing without {word.needs}")
    if "drop" in raw and name != "drop":
        raise BadRule(where, f"drop opens no ticket, so {name} would do nothing")
    clash = next((other for other in raw if other in word.conflicts), None)
    if clash:
        raise BadRule(where, f"{name} and {clash} contradict each other", "leave one of them out")


def _action(word: ActionWord, raw: object, where: Path, faults: Faults) -> Action | None:
    before = len(faults.found)
    value = faults.tried(word.shape.read, raw, where)
    if len(faults.found) > before:
        return None
    references = tuple(word.refers(value, where))
    if not isinstance(raw, list):  # a value that stands alone is read as a list of one
        references = tuple(replace(reference, path=where) for reference in references)
    return Action(
        name=word.name,
        value=value,
        carry_out=word.carry_out,
        fill=_fill(word),
        references=references,
    )


def _fill(word: ActionWord) -> Callable[[Any, Groups], Any]:
    if not word.is_filled:
        return lambda value, _groups: value
    return partial(values.fill, is_cut=word.is_cut)


def _check_places(then: tuple[Action, ...], where: Path, when: Condition, faults: Faults) -> None:
    known = sorted({*when.names, *values.BUILT_IN})
    for action in then:
        places = values.places(action.value) if ACTIONS[action.name].is_filled else set()
        for place in sorted(places.difference(known)):
            message = f'no condition has a group named "{place}"'
            faults.note((*where, "then", action.name), message, did_you_mean(place, known))


def references(rule: Rule) -> Iterator[Reference]:
    """Yield what the rule takes for granted elsewhere in the configuration: kind, name, path."""
    yield from rule.when.references
    for action in rule.then:
        yield from action.references
