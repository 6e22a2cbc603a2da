"""Reads to whom a promise is made: conditions as in routing, asked of a ticket.

A field that is compared as a whole may stand without its ending: `organisation: [acme]` is
`organisation_in`, `type: incident` is `type_is`. What changes with the hour is no condition of a
promise: it would come and go by itself.
"""

from collections.abc import Mapping
from dataclasses import replace

from maildesk.policy.routing import rule_words
from maildesk.policy.routing.comparisons import Comparison
from maildesk.policy.routing.conditions import FIELDS, MAIL, TICKET, Field
from maildesk.policy.routing.rule import BadRule, Condition, Path
from maildesk.policy.routing.when import JOINS, WORDS, read_when

CHANGING = ("calendar_open", "idle", "age", "due")


def promise_fields() -> tuple[Field, ...]:
    """Return the fields that a promise may ask for; one that has `_is` may stand bare."""
    asked = (one for one in FIELDS.values() if one.is_for != MAIL and one.name not in CHANGING)
    return tuple(_with_bare(one) for one in asked)


def _with_bare(field: Field) -> Field:
    if "" in field.comparisons or "_in" not in field.comparisons:
        return field
    either = Comparison(
        rule_words.one_or_list_of(field.comparisons["_is"].shape),
        field.comparisons["_in"].test,
        field.comparisons["_in"].describe,
    )
    return replace(field, comparisons={"": either, **field.comparisons})


def read_promise_when(raw: object, where: Path) -> Condition:
    """Return the condition of a promise. Raises: BadRule."""
    try:
        condition = read_when(_spelt_out(raw, where), where, of=TICKET)
    except BadRule as error:
        raise BadRule(_as_written(error.path, raw, where), error.message, error.hint) from None
    references = (
        replace(one, path=_as_written(one.path, raw, where)) for one in condition.references
    )
    return replace(condition, references=tuple(references))


def _spelt_out(raw: object, where: Path) -> object:
    """The same conditions with the endings that routing wants."""
    if isinstance(raw, list):
        return [_spelt_out(one, (*where, place)) for place, one in enumerate(raw)]
    if not isinstance(raw, Mapping):
        return raw
    spelt: dict[str, object] = {}
    for key, value in raw.items():
        word, path = _word(str(key), value), (*where, key)
        _check(word, str(key), path)
        if word in spelt:
            raise BadRule(path, f"{key} stands here twice, as {word}", "leave one of them out")
        spelt[word] = _spelt_out(value, path) if word in JOINS else value
    return spelt


def _word(key: str, value: object) -> str:
    field = FIELDS.get(key)
    if field is None or "" in field.comparisons or "_is" not in field.comparisons:
        return key
    return f"{key}_in" if isinstance(value, list) else f"{key}_is"


def _check(word: str, key: str, path: Path) -> None:
    field = WORDS.get(word)
    if field is None:
        return
    if field.is_for == MAIL:
        raise BadRule(path, f"{key} asks about a mail, and a promise is made to a ticket")
    if field.name in CHANGING:
        hint = (
            "a calendar in clocks: says when time counts" if field.name == "calendar_open" else ""
        )
        raise BadRule(path, f"{key} changes with the hour, and a promise may not", hint)


def _as_written(path: Path, raw: object, where: Path) -> Path:
    """The path as the file has it: words that were spelt out are found by their field."""
    if path[: len(where)] != where:
        return path
    found: list[str | int] = []
    for part in path[len(where) :]:
        below = _children(raw)
        same = (key for key, value in below.items() if part in (key, _word(str(key), value)))
        key = next(same, part)
        found.append(key)
        raw = below.get(key)
    return (*where, *found)


def _children(raw: object) -> Mapping[str | int, object]:
    if isinstance(raw, Mapping):
        return raw
    return dict(enumerate(raw)) if isinstance(raw, list) else {}
