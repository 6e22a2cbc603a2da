"""The `rules:` of routing.yaml: compiled by `policy.routing.routes`, with every fault at its line.

What a rule names (queues, teams, people, templates, calendars) must stand elsewhere in the
configuration; a rule that none can get past hides those below it, of which `check` warns.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.policy.routing.actions import ACTIONS
from maildesk.policy.routing.conditions import FIELDS, Field
from maildesk.policy.routing.routes import compile_rule, references
from maildesk.policy.routing.rule import BadRule, Rule
from maildesk.policy.sla.words import mapping_schema
from maildesk.policy.spelling import did_you_mean
from maildesk.share import share_folder, template_names


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a file, and what is wrong with those that are not among them."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()


def compile_all(document: Document, raws: Iterable[object]) -> RuleSet:
    """Compile every rule by itself: one fault hides no other."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for place, raw in enumerate(raws):
        try:
            rules.append(compile_rule(raw, ("rules", place)))
        except BadRule as error:
            problems.append(_problem(document, error, _name_of(raw)))
    problems += _same_names(document, rules)
    return RuleSet(tuple(rules), tuple(problems))


def _name_of(raw: object) -> str:
    name = raw.get("name") if isinstance(raw, Mapping) else None
    return f'rule "{name}": ' if isinstance(name, str) else ""


def _problem(document: Document, error: BadRule, whose: str) -> Problem:
    is_key = error.path in document.keys and error.message.startswith("unknown")
    make = document.key_problem if is_key else document.problem
    return make(error.path, f"{whose}{error.message}", error.hint)


def _same_names(document: Document, rules: Iterable[Rule]) -> Iterator[Problem]:
    first: dict[str, Rule] = {}
    for rule in rules:
        earlier = first.setdefault(rule.name, rule)
        if earlier is not rule:
            line = document.values[(*earlier.path, "name")].line
            message = f'another rule is called "{rule.name}"'
            yield document.problem((*rule.path, "name"), message, f"in line {line}")


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


def rules_schema() -> dict[str, object]:
    """Return the JSON Schema of the list of rules: every condition and action with its values."""
    rule = {
        "name": {"type": "string", "description": "what `explain` calls it"},
        "when": conditions_schema(FIELDS.values()),
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


def conditions_schema(fields: Iterable[Field]) -> dict[str, object]:
    """Return the JSON Schema of conditions on these fields."""
    conditions = {
        word: {"description": field.description, **field.shape(word).schema}
        for field in fields
        for word in field.words
    }
    several = {"type": "array", "items": {"type": "object"}, "minItems": 1}
    return mapping_schema({**conditions, "all": several, "any": several, "not": {"type": "object"}})
