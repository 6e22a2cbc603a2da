r"""Regular expressions: those of RE2, which take linear time, with the letters of all scripts.

RE2's own `\w`, `\s` and `\b` are of ASCII. Here `\w` and `\s` are widened, and so is
a `\b` that an expression, or one of its alternatives, begins or ends with; one in the middle stays,
and `doubt` tells where that harms. Letters are told by blocks of Unicode: exact tables have 1,400
instructions where these have 40, and the size of an expression is paid for with every mail.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import re2

from maildesk.policy.routing.rule import BadRule, Path

LONGEST_PATTERN = 1000

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # it would write to stderr
_OPTIONS.max_mem = 16 << 20  # taken as needed; with less, [\s\S]{0,500} is a hundred times slower

_LOOKS_AROUND = re.compile(r"\(\?(?:[=!]|<[=!])")
_REFERS_BACK = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]|\(\?P=")


def read_pattern(value: object, path: Path) -> Any:
    """Return a regular expression, compiled. Hostile input cannot make it slow. Raises: BadRule."""
    if not isinstance(value, str) or not value:
        raise BadRule(path, "a regular expression is expected here", "write it in single quotes")
    if len(value) > LONGEST_PATTERN:
        raise BadRule(path, f"the regular expression is longer than {LONGEST_PATTERN} characters")
    for character in value:
        if unicodedata.category(character) == "Cc" and character not in "\t\r\n":
            raise BadRule(path, *_controlled(character))
    try:
        re2.compile(value, _OPTIONS)  # its messages name what was written
        return re2.compile(_widened(unicodedata.normalize("NFC", value)), _OPTIONS)
    except (re2.error, UnicodeError) as error:
        raise BadRule(path, *_refused(value, error)) from None


def _controlled(character: str) -> tuple[str, str]:
    """Return message and hint for a control character in an expression."""
    message = f"a control character (U+{ord(character):04X}) stands in the regular expression"
    return message, r"write it in single quotes: in double quotes YAML makes another thing of \b"


def _refused(pattern: str, error: Exception) -> tuple[str, str]:
    """Return message and hint for a pattern that RE2 does not take."""
    linear = "regular expressions are RE2's, which take linear time"
    if _LOOKS_AROUND.search(pattern):
        return f"{linear} and have no look-around", "write a second condition under not:"
    if _REFERS_BACK.search(pattern):
        return f"{linear} and have no back-references", ""
    words = error.args[0] if error.args else "cannot be read"
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return f"not a regular expression: {text[:120]}", "docs/routing.md names the syntax"


# --- letters of all scripts ---------------------------------------------------------------------

_LETTERS = (
    r"0-9A-Z_a-zªµºÀ-ÖØ-öø-\x{60B}\x{60D}-\x{61A}\x{620}-\x{1FFF}\x{2C00}-\x{2DFF}\x{3005}"
    r"\x{3040}-\x{D7FF}\x{F900}-\x{FDFF}\x{FE70}-\x{FEFC}\x{FF10}-\x{FF19}\x{FF21}-\x{FF3A}"
    r"\x{FF41}-\x{FF5A}\x{FF66}-\x{FFDC}\x{10000}-\x{1EFFF}\x{20000}-\x{3FFFF}"
)
_WIDE_IN_CLASS = {r"\w": _LETTERS, r"\s": r"\s\p{Z}"}
_WIDE = {
    r"\w": f"[{_LETTERS}]",
    r"\W": f"[^{_LETTERS}]",
    r"\s": r"[\s\p{Z}]",
    r"\S": r"[^\s\p{Z}]",
}
_BOUNDARY = r"\b"
_BEFORE, _AFTER = f"(?:^|[^{_LETTERS}])", f"(?:$|[^{_LETTERS}])"

_ESCAPE = re.compile(r"\\.", re.DOTALL)
_TOKEN = re.compile(
    r"""\\Q.*?(?:\\E|\Z) | \\[pP]\{[^}]*\} | \\x\{[^}]*\} | \\.
      | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]
      | \(\?P?<\w+> | \(\?[imsU-]*[:)] | .""",
    re.VERBOSE | re.DOTALL,
)
_FLAGS = re.compile(r"\(\?[imsU-]+\)")
_PASSED = re.compile(r"[()|?*+^$]|\(\?.*")  # what may stand between a boundary and its letter


def _widened(pattern: str) -> str:
    parts = _TOKEN.findall(pattern)
    edges = {} if pattern.isascii() else dict(_edges(parts))
    return "".join(edges.get(place) or _wide(part) for place, part in enumerate(parts))


def _wide(part: str) -> str:
    if part.startswith("[") and len(part) > 1:
        return _ESCAPE.sub(lambda found: _WIDE_IN_CLASS.get(found[0], found[0]), part)
    return _WIDE.get(part, part)


def _edges(parts: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the boundaries that an expression or one of its alternatives begins or ends with, and
    what stands for them: nothing else is there that would want the character they take."""
    depth, is_first = 0, True
    for place, part in enumerate(parts):
        if part == _BOUNDARY and depth == 0:
            if is_first and _is_letter(_next_to(parts[place + 1 :])):
                yield place, _BEFORE
            elif parts[place + 1 : place + 2] in ([], ["|"]):
                yield place, _AFTER
        depth += _depth(part)
        is_first = depth == 0 and (part == "|" or (is_first and bool(_FLAGS.fullmatch(part))))


def _depth(part: str) -> int:
    if part == ")":
        return -1
    return 1 if part.startswith("(") and not _FLAGS.fullmatch(part) else 0


def _next_to(parts: list[str]) -> str:
    return next((part for part in parts if not _PASSED.fullmatch(part)), "")


def _is_letter(part: str) -> bool:
    is_class = part.startswith("[") and not part.startswith("[^")
    return is_class or part in (r"\w", "_") or part.isalnum()


def doubt(pattern: str) -> str:
    """Return a hint where an expression has a boundary that does not know the letter beside it."""
    parts = _TOKEN.findall(pattern)
    edges = dict(_edges(parts))
    for place, part in enumerate(parts):
        beside = _next_to(parts[place + 1 :]), _next_to(parts[:place][::-1])
        if part == _BOUNDARY and place not in edges and not "".join(beside).isascii():
            return r"write (?:^|\W) for a \b before a word, and (?:\W|$) after it"
    return ""
