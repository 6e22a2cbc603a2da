"""The `rules:` of routing.yaml: compiled by `policy.routing.rule_file`, all faults at their lines.

What a rule names (queues, teams, people, templates, calendars) must stand elsewhere in the
configuration; a rule that none can get past hides those below it, of which `check` warns.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.policy.routing.actions import ACTIONS
from maildesk.policy.routing.conditions import FIELDS, Field
from maildesk.policy.routing.rule import BadRule, Faults, Rule
from maildesk.policy.routing.rule_file import compile_rules, references
from maildesk.policy.sla.words import mapping_schema
from maildesk.policy.spelling import did_you_mean
from maildesk.share import share_folder, template_names


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a file, and all that is wrong with them."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()


def compile_all(document: Document, raws: object) -> RuleSet:
    """Compile every rule, and tell all faults of each."""
    faults = Faults()
    rules = compile_rules(raws, ("rules",), faults)
    return RuleSet(rules, tuple(_problem(document, raws, fault) for fault in faults.found))


_OF_A_KEY = re.compile(r"unknown (key|condition|action) ")


def _problem(document: Document, raws: object, fault: BadRule) -> Problem:
    is_key = _OF_A_KEY.match(fault.message) and fault.path in document.keys
    make = document.key_problem if is_key else document.problem
    return make(fault.path, f"{_whose(raws, fault.path)}{fault.message}", fault.hint)


def _whose(raws: object, path: KeyPath) -> str:
    place = next(iter(path[1:]), None)
    raw = raws[place] if isinstance(raws, list) and isinstance(place, int) else None
    name = raw.get("name") if isinstance(raw, Mapping) else None
    return f'rule "{name}": ' if isinstance(name, str) else ""


def check_names(
    document: Document, rules: Iterable[Rule], known: Mapping[str, Iterable[str]]
) -> Iterator[Problem]:
    """Check what rules take for granted; `known` are the names there are, by kind; of a kind that
    is not among them any name will do."""
    for rule in rules:
        for kind, name, path in references(rule):
            names = set(known.get(kind, ()))
            if kind in known and name not in names:
                message, hint = _unknown(kind, name, names)
                yield document.problem(path, f'rule "{rule.name}": {message}', hint)


def _unknown(kind: str, name: str, names: set[str]) -> tuple[str, str]:
    if kind == "template" and name in template_names(share_folder("templates")):
        hint = "copy received.md.j2 to a file of another name, and name that"
        return f'the template "{name}" is no acknowledgement', hint
    return f'unknown {kind} "{name}"', did_you_mean(name, names)


def hidden_rules(document: Document, rules: Iterable[Rule]) -> Iterator[Problem]:
    """Yield a warning for each rule that no mail ever gets to."""
    seen: dict[str, Rule] = {}
    stop: Rule | None = None
    for rule in rules:
        if rule.every is not None:
            continue
        before = stop or seen.get(_condition(rule))
        if before is not None:
            yield _hidden(document, rule, before)
        if not rule.is_continued:
            seen.setdefault(_condition(rule), rule)
            stop = stop or (rule if rule.always_holds else None)


def _condition(rule: Rule) -> str:
    return repr(rule.raw.get("when"))


def _hidden(document: Document, rule: Rule, before: Rule) -> Problem:
    path: KeyPath = rule.path
    line = document.values[before.path].line
    message = f'rule "{rule.name}" is never asked: "{before.name}" in line {line} takes its mail'
    return document.problem(path, message, 'move it up, or add "continue: true" to the other')


# --- for editors --------------------------------------------------------------------------------

SAME = "$same"  # becomes "$ref" in the end: pydantic would look for each among its own


def rules_schema() -> dict[str, object]:
    """Return the JSON Schema of the list of rules: every condition and action with its values."""
    rule = {
        "name": {"type": "string", "description": "what `explain` calls it"},
        "when": conditions_schema(FIELDS.values(), "#/properties/rules/items/properties/when"),
        "then": mapping_schema(
            {
                name: {"description": word.description, **word.shape.schema}
                for name, word in ACTIONS.items()
            }
        ),
        "continue": {"type": "boolean", "description": "ask the rules below, too"},
        "every": {"type": "string", "description": "look at tickets, so often: 15m, 4h, 1d"},
    }
    return {"type": "array", "items": {**mapping_schema(rule), "required": ["name", "then"]}}


def conditions_schema(fields: Iterable[Field], at: str) -> dict[str, object]:
    """Return the JSON Schema of conditions on these fields, which stands at `at` in its file's."""
    conditions = {
        word: {"description": field.description, **field.shape(word).schema}
        for field in fields
        for word in field.words
    }
    same = {SAME: at}
    several = {"type": "array", "items": same, "minItems": 1}
    return mapping_schema({**conditions, "all": several, "any": several, "not": same})
