"""Reads the values of a rule, as YAML gives them, or says what is wrong with them.

A `Shape` is what may stand behind a word: `read` makes a value of it or raises `BadRule`, `schema`
is the same as JSON Schema.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from maildesk.mail.message import address_key
from maildesk.policy.routing.expressions import read_pattern
from maildesk.policy.routing.rule import BadRule, Path
from maildesk.policy.routing.texts import fold
from maildesk.policy.spelling import did_you_mean, quoted

Schema = Mapping[str, object]

LONGEST_TEXT = 500
MOST_IN_LIST = 500


@dataclass(frozen=True)
class Shape:
    """What may stand behind a word; `words` say it to people."""

    words: str
    schema: Schema
    read: Callable[[object, Path], Any]


# --- single values ------------------------------------------------------------------------------


def read_text(value: object, path: Path) -> str:
    """Return text that is not empty."""
    if not isinstance(value, str):
        hint = "write it in quotes" if isinstance(value, (int, float)) else ""
        raise BadRule(path, f"text is expected here, not {_kind(value)}", hint)
    if not value.strip():
        raise BadRule(path, "the text is empty")
    if len(value) > LONGEST_TEXT:
        raise BadRule(path, f"the text is longer than {LONGEST_TEXT} characters")
    return value


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "keys and values"
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "this")


def read_flag(value: object, path: Path) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise BadRule(path, f"true or false is expected here, not {quoted(value)}")
    return value


def read_true(value: object, path: Path) -> bool:
    """Return true, the only value that makes sense."""
    if value is not True:
        raise BadRule(path, "only true makes sense here", "leave the line out")
    return True


def read_count(value: object, path: Path) -> int:
    """Return a whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRule(path, f"a whole number is expected here, not {quoted(value)}")
    return value


_SIZE = re.compile(r"(\d{1,9}) ?(kB|KB|MB|KiB|MiB)")
_UNITS = {"kB": 1000, "KB": 1000, "MB": 1_000_000, "KiB": 1024, "MiB": 1 << 20}


def read_size(value: object, path: Path) -> int:
    """Return bytes: a number, or `5 MB`."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found:
        return int(found[1]) * _UNITS[found[2]]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        hint = 'write bytes, or "5 MB"'
        raise BadRule(path, f"a size is expected here, not {quoted(value)}", hint)
    return value


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time: of the clock's, or (`business_days`) of days that the desk works."""

    time: timedelta = timedelta()
    business_days: int = 0


_STRETCH = re.compile(r"(\d{1,4}) ?(m|h|d|w|bd)")
_OF_CLOCK = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def read_stretch(value: object, path: Path) -> Stretch:
    """Return how long `15m`, `4h`, `2d`, `1w` or `2bd` (business days) is."""
    found = _STRETCH.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or int(found[1]) == 0:
        hint = "write 15m, 4h, 2d, 1w or 2bd"
        raise BadRule(path, f"a length of time is expected here, not {quoted(value)}", hint)
    if found[2] == "bd":
        return Stretch(business_days=int(found[1]))
    return Stretch(int(found[1]) * _OF_CLOCK[found[2]])


def read_time(value: object, path: Path) -> timedelta:
    """Return a stretch of the clock's time."""
    stretch = read_stretch(value, path)
    if stretch.business_days:
        raise BadRule(path, "business days are no clock's time", "write 15m, 4h, 2d or 1w")
    return stretch.time


_LEGAL_ADDRESS = re.compile(r"[^\s@<>,;:\"()]{1,64}@[^\s@<>,;:\"()]{1,253}")


def is_address(text: str) -> bool:
    """Whether text is one plain address and nothing else."""
    return bool(_LEGAL_ADDRESS.fullmatch(text))


def is_mailbox(text: str) -> bool:
    """Whether text is one plain address of the Internet: nobody's host is called `y` alone."""
    return is_address(text) and all(text.rpartition("@")[2].partition(".")[::2])


def read_address(value: object, path: Path) -> str:
    """Return an address in the form that addresses are compared by."""
    text = read_text(value, path).strip()
    if not is_address(text):
        hint = "" if "@" in text else "a part of one goes under _contains"
        raise BadRule(path, f"an address is expected here, not {quoted(text)}", hint)
    return address_key(text)


def read_domain(value: object, path: Path) -> str:
    """Return a domain as A-labels; a leading dot (all below it, too) stays."""
    text = read_text(value, path).strip()
    if "@" in text or " " in text:
        hint = "write what follows the @" if "@" in text else ""
        raise BadRule(path, f"a domain is expected here, not {quoted(text)}", hint)
    dot = "." if text.startswith(".") else ""
    return dot + address_key(f"x@{text.strip('.')}").removeprefix("x@")


def read_folded(value: object, path: Path) -> str:
    """Return text in the form that text is compared by: no case."""
    return fold(read_text(value, path))


# --- shapes -------------------------------------------------------------------------------------

_STRING: Schema = {"type": "string", "minLength": 1}

TEXT = Shape("text", _STRING, read_text)
FOLDED = Shape("text", _STRING, read_folded)
ADDRESS = Shape("an address", {"type": "string", "format": "email"}, read_address)
DOMAIN = Shape("a domain", _STRING, read_domain)
PATTERN = Shape("a regular expression", {"type": "string", "format": "regex"}, read_pattern)
FLAG = Shape("true or false", {"type": "boolean"}, read_flag)
TRUE = Shape("true", {"const": True}, read_true)
COUNT = Shape("a number", {"type": "integer", "minimum": 0}, read_count)
SIZE = Shape(
    "bytes, or as in 5 MB", {"type": ["integer", "string"], "pattern": _SIZE.pattern}, read_size
)
STRETCH = Shape(
    "a length of time as in 4h, 2d or 2bd",
    {"type": "string", "pattern": f"^{_STRETCH.pattern}$"},
    read_stretch,
)
TIME = Shape(
    "a length of time as in 15m or 4h",
    {"type": "string", "pattern": r"^\d{1,4} ?(m|h|d|w)$"},
    read_time,
)


def choice(what: str, words: Iterable[str]) -> Shape:
    """Return the shape of one word of several."""
    known = [str(word) for word in words]
    by_folded = {word.casefold(): word for word in known}

    def read(value: object, path: Path) -> str:
        text = read_text(value, path)
        if text.casefold() not in by_folded:
            raise BadRule(path, f'unknown {what} "{text}"', did_you_mean(text, known))
        return by_folded[text.casefold()]

    return Shape(f"one of {', '.join(known)}", {"enum": known}, read)


def list_of(shape: Shape) -> Shape:
    """Return the shape of a list, which must not be empty."""

    def read(value: object, path: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            hint = f"write [{value}]" if isinstance(value, str) else ""
            raise BadRule(path, f"a list is expected here, not {_kind(value)}", hint)
        if not value:
            raise BadRule(path, "the list is empty")
        if len(value) > MOST_IN_LIST:
            raise BadRule(path, f"the list has more than {MOST_IN_LIST} entries")
        return tuple(shape.read(one, (*path, place)) for place, one in enumerate(value))

    schema = {"type": "array", "items": shape.schema, "minItems": 1}
    return Shape(f"a list of: {shape.words}", schema, read)


def one_or_list_of(shape: Shape) -> Shape:
    """Return the shape of a value or a list of them; always read as several."""
    several = list_of(shape)

    def read(value: object, path: Path) -> tuple[Any, ...]:
        if isinstance(value, list):
            return tuple(several.read(value, path))
        return (shape.read(value, path),)

    schema = {"anyOf": [shape.schema, several.schema]}
    return Shape(f"{shape.words}, or a list", schema, read)


def mapping_of(shape: Shape, keys: str) -> Shape:
    """Return the shape of keys with values; `keys` says what the keys are."""

    def read(value: object, path: Path) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not value:
            raise BadRule(path, f"{keys} with values are expected here", "write {Name: value}")
        return {read_text(key, path): shape.read(one, (*path, key)) for key, one in value.items()}

    schema = {"type": "object", "additionalProperties": shape.schema, "minProperties": 1}
    return Shape(f"{keys}, each with: {shape.words}", schema, read)
