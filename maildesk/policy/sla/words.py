"""What the sections of sla.yaml are made of: keys with their meanings, and faults, gathered.

A section's keys stand in a table (`Keys`): what is not in it is unknown, and docs/sla.md and the
JSON Schema are made from it. One fault hides no other: readers note what is wrong and go on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from maildesk.policy.routing import rule
from maildesk.policy.routing.rule import BadRule, Path
from maildesk.policy.routing.rule_words import Schema
from maildesk.policy.spelling import did_you_mean, nearest, quoted

Value = TypeVar("Value")


@dataclass(frozen=True)
class Key:
    """A key of a section: what may stand behind it, in words and as JSON Schema."""

    words: str
    description: str
    schema: Schema
    is_required: bool = False


Keys = Mapping[str, Key]


@dataclass(frozen=True)
class Section:
    """A kind of mapping; `name` is what messages call it."""

    name: str
    example: str
    keys: Keys

    @property
    def schema(self) -> dict[str, object]:
        """The section as JSON Schema."""
        known = {
            name: {"description": key.description, **key.schema} for name, key in self.keys.items()
        }
        required = [name for name, key in self.keys.items() if key.is_required]
        return {**mapping_schema(known), **({"required": required} if required else {})}


def mapping_schema(properties: Mapping[str, object]) -> dict[str, object]:
    """Return the schema of a mapping with these keys and no others."""
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


@dataclass
class Faults(rule.Faults):
    """What was found to be wrong so far."""

    def mapping(self, raw: object, path: Path, what: str, example: str) -> Mapping[str, object]:
        """Return a mapping as it is, and an empty one for anything else, with a fault."""
        if isinstance(raw, Mapping):
            return raw
        self.expected(what, raw, path, f"as in {example}")
        return {}

    def expected(self, what: str, raw: object, path: Path, hint: str = "") -> None:
        """Note that something else stands here."""
        self.found.append(expected(what, raw, path, hint))

    def section(self, raw: object, path: Path, section: Section) -> Mapping[str, object] | None:
        """Return the known keys of a section; None where there is nothing to read."""
        if not isinstance(raw, Mapping):
            self.mapping(raw, path, section.name, section.example)
            return None
        misspelt = [key for key in raw if key not in section.keys]
        for key in misspelt:
            self.unknown("key", key, section.keys, (*path, key), f" in {section.name}")
        for key, known in section.keys.items():
            if known.is_required and key not in raw and not nearest(key, misspelt):
                self.note(path, f'"{key}" is missing', f"as in {section.example}")
        return {key: value for key, value in raw.items() if key in section.keys}

    def unknown(
        self, what: str, word: object, known: Mapping[str, object], path: Path, where: str = ""
    ) -> None:
        """Note a word that is none of those that are known."""
        hint = did_you_mean(str(word), known)
        self.note(path, f"unknown {what} {quoted(word)}{where}", hint)


def expected(what: str, raw: object, path: Path, hint: str = "") -> BadRule:
    """Return the fault that something else stands where `what` is expected."""
    return BadRule(path, f"expected {what}, found {kind_of(raw)}", hint)


def kind_of(value: object) -> str:
    """Say what a value is, for a message about another that is expected."""
    if isinstance(value, Mapping):
        return "keys and values"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else f"{value}"[:40]


_DATE = re.compile(r"[12]\d{3}-\d\d-\d\d", re.ASCII)


def read_date(value: object, path: Path) -> date:
    """Return a date of the form 2026-12-24; some readers of YAML make dates themselves."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = value if isinstance(value, str) else ""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        raise BadRule(path, f"there is no date {text}") from None
    raise expected("a date", value, path, "as in 2026-12-24")


_DAYS = re.compile(r"(\d{1,3}) ?bd", re.ASCII)
NEVER = ("never", 0)


def read_business_days(value: object, path: Path) -> int:
    """Return how many business days `5bd` is; `never` and 0 are 0."""
    if not isinstance(value, bool) and value in NEVER:
        return 0
    found = _DAYS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise expected("business days", value, path, "write 5bd, or never")
    return int(found[1])


BUSINESS_DAYS: Schema = {
    "anyOf": [{"type": "string", "pattern": r"^\d{1,3} ?bd$|^never$"}, {"const": 0}]
}
TEXT: Schema = {"type": "string", "minLength": 1}


def one_or_list(schema: Schema) -> Schema:
    """Return the schema of a value, or a list of them."""
    return {"anyOf": [schema, {"type": "array", "items": schema}]}
