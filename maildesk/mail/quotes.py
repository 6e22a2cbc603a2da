"""Where a quote begins: introductions, original-message lines and copied header blocks.

Clients announce a quote in three ways, each in the language of the client:

- an *introduction*, "On 5 May 2025, at 10:00, Ann <ann@example.org> wrote:", often wrapped;
- an *original-message line*, "-----Original Message-----", or its forwarding sister;
- a *header block* as Outlook writes it: From, Sent, To, Subject.

They are found by what all languages share (a date near the beginning, an address or a word for
"wrote" near the end, a colon), so that a new language is a word in `phrases.py`. All patterns see
bounded pieces of text.
"""

import re
from collections.abc import Iterator, Sequence

from maildesk.mail.phrases import (
    ABOVE_THIS_LINE,
    FORWARD_LINES,
    FORWARDED,
    HEADER_LABELS,
    INTRODUCERS,
    MESSAGE,
    MONTHS,
    OPENERS,
    ORIGINAL,
    QUOTING,
    WEEKDAYS,
    WROTE,
)

LONGEST_INTRODUCTION = 500
_MOST_LINES = 5
_DECORATION = " \t\r\xa0*_-\u200b\u200e\u200f\u202f"

_COLON = "[:\uff1a]"
_MONTH = rf"(?:{'|'.join(MONTHS)})[^\W\d]*"
_DATE = re.compile(
    r"(?<![\d.])(?:\d{4}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,2}"
    r"|\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{2,4})(?!\d|\.\d)"
    r"|\d{4}\s?[年년]|\d{1,2}\s?[月월]"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.|º)?[\s-]{{1,2}}(?:de\s|of\s)?{_MONTH}"
    rf"|\b{_MONTH}[\s.-]{{1,2}}\d{{1,2}}\b"
    r"|\d{1,2}:\d{2}",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}|[時时点點시]")
_BEFORE_DATE = re.compile(
    rf"(?:(?:{'|'.join(OPENERS)}|(?:{'|'.join(WEEKDAYS)})[^\W\d]*)[\s.,、，（(]*){{0,4}}[\s\"“(（]*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_WROTE = rf"(?:{'|'.join(map(re.escape, WROTE))})"
_WROTE_LAST = tuple(WROTE)
_ENDS_WITH_WROTE = re.compile(
    rf"(?:\b|(?<=[^\x00-\x7f])|(?=[^\x00-\x7f])){_WROTE}[\s)*_]*{_COLON}?$", re.IGNORECASE
)
_WROTE_SOMEBODY = re.compile(
    rf"\b(?:{'|'.join(INTRODUCERS)})\b[^.!?]{{0,20}}\S.{{0,200}}{_COLON}$", re.IGNORECASE
)
_ADDRESS_WROTE = re.compile(
    rf"@[^\s@]{{1,120}}[>)\]]*[\s,]{{1,3}}{_WROTE}\s?{_COLON}$", re.IGNORECASE
)
_WROTE_WHEN = re.compile(rf"\b{_WROTE}\b.{{0,100}}{_COLON}$", re.IGNORECASE)
_ENDS_WITH_ADDRESS = re.compile(rf"@[^\s@]{{1,120}}[>)\]\s\"'”*_]{{0,6}}(?:님|님이)?\s?{_COLON}$")
_QUOTING = re.compile(rf"(?:{'|'.join(QUOTING)})\s.{{1,200}}{_COLON}$", re.IGNORECASE)
_BRACKETED_ADDRESS_LAST = re.compile(r"[<(]\S+@\S+[>)]\s*$")
_BROKEN_ADDRESS = re.compile(r"[^\s<>@]{1,120}@[^\s<>@]{1,120}>")
_CLOSED_ADDRESS = re.compile(rf">\s?(?:[^\W\d].{{0,40}})?{_COLON}")
_GLUE = re.compile(rf"-*\s+(?=[A-Z])(?={'|'.join(OPENERS)})")

_DASHED_LINE = re.compile(
    r"[\W_]*[-=_*]{2,}\s*([^\W\d][^-=_*]{3,60}?|[^-=_*]*-[^-=_*]*?)\s*[-=_*]{2,}"
)
_MESSAGE = re.compile("|".join(MESSAGE), re.IGNORECASE)
_ORIGINAL = re.compile("|".join(ORIGINAL), re.IGNORECASE)
_FORWARDED = re.compile("|".join(FORWARDED), re.IGNORECASE)
_FORWARD_LINE = re.compile(rf"(?:{'|'.join(FORWARD_LINES)})\s*{_COLON}?", re.IGNORECASE)

_BETWEEN_RULES = re.compile(r"[^\w\s]{2}.*[^\w\s]{2}$")
_ABOVE_THIS_LINE = re.compile("|".join(ABOVE_THIS_LINE), re.IGNORECASE)

_LABEL = re.compile(rf"[\s*_>]{{0,8}}([^\W\d_][^:\uff1a<>@]{{0,24}}?)[\s*_\xa0]{{0,4}}{_COLON}(.*)")
_INLINE_LABEL = re.compile(
    rf"\s({'|'.join(label for labels in HEADER_LABELS.values() for label in labels)})\s?{_COLON}"
)
_ROLES = {label.casefold(): role for role, labels in HEADER_LABELS.items() for label in labels}
_LONGEST_BLOCK = 14


def may_announce(line: str) -> bool:
    """Tell whether `line` may be anything here but an introduction; cheap, for it is asked of
    every line."""
    return (
        not line[:1].isalnum()
        or ":" in line
        or "\uff1a" in line
        or _FORWARD_LINE.match(line) is not None
    )


def may_end_introduction(line: str) -> bool:
    """Tell whether `line` may end an introduction; cheap, for it is asked of every line."""
    end = line[-40:].rstrip(_DECORATION)
    return end.endswith((":", "\uff1a")) or end.endswith(_WROTE_LAST)


def introduction_place(
    lines: Sequence[str], last: int, *, before_quote: bool
) -> tuple[int, int] | None:
    """Return line and column where the introduction begins that ends in line `last`, if one does.

    `before_quote`: marked quote follows, so that weaker signs are enough.
    """
    if not before_quote and not may_end_introduction(lines[last]):
        return None
    if _is_between_rules(lines[last]) and _ENDS_WITH_WROTE.search(lines[last].strip(_DECORATION)):
        return last, 0
    endings = list(_endings(lines, last))
    for first, joined in endings:
        if _begins_with_date(joined, before_quote=before_quote):
            return _before_broken_address(lines, first), 0
    column = _glued_column(lines[last]) if before_quote else None
    if column is not None:
        return last, column
    named = [
        (first, joined)
        for first, joined in endings
        if _begins_with_name(joined, before_quote=before_quote)
    ]
    dated = [first for first, joined in named if _DATE.search(joined)]
    if not named:
        return None
    return _before_broken_address(lines, dated[0] if dated else named[0][0]), 0


def _before_broken_address(lines: Sequence[str], first: int) -> int:
    """Return the line above `first` if the address that ends in `first` begins there; Gmail breaks
    behind the "<"."""
    is_broken = first > 0 and _BROKEN_ADDRESS.match(lines[first].strip()) is not None
    return first - 1 if is_broken and lines[first - 1].rstrip().endswith("<") else first


def _is_between_rules(line: str) -> bool:
    """Tell whether a client set the introduction between dashes (Zoho: "---- On … wrote ----")."""
    return line.lstrip().startswith("---") and line.rstrip().endswith("---")


def _endings(lines: Sequence[str], last: int) -> Iterator[tuple[int, str]]:
    """Yield the lines that end with line `last`, joined: one, then two, … up to five."""
    joined = ""
    for first in range(last, max(last - _MOST_LINES, -1), -1):
        line = lines[first].strip(_DECORATION)
        if (
            not line
            or (joined and line[0] == ">")
            or len(line) + len(joined) > LONGEST_INTRODUCTION
        ):
            return
        joined = f"{line} {joined}".strip()
        yield first, joined


def _begins_with_date(text: str, *, before_quote: bool) -> bool:
    """Tell: "[On Monday,] DATE … NAME [ADDRESS] [wrote]:"."""
    date = _DATE.search(text, 0, 60)
    if not date or not _BEFORE_DATE.fullmatch(text, 0, date.start()):
        return False
    if text[-1] not in ":\uff1a" and not before_quote:
        return _ENDS_WITH_WROTE.search(text) is not None and _ADDRESS.search(text) is not None
    return bool(
        _ENDS_WITH_WROTE.search(text)
        or _WROTE_SOMEBODY.search(text)
        or _ENDS_WITH_ADDRESS.search(text)
        or (before_quote and _BRACKETED_ADDRESS_LAST.search(text))
    )


def _begins_with_name(text: str, *, before_quote: bool) -> bool:
    """Tell: "NAME [ADDRESS] [DATE] wrote:", "NAME wrote on DATE:", "Quoting NAME:"."""
    if text[-1] not in ":\uff1a":
        return False
    if _QUOTING.match(text) and (before_quote or _ADDRESS.search(text)):
        return True
    is_verb_last = _ENDS_WITH_WROTE.search(text) is not None
    if is_verb_last and (before_quote or _ADDRESS_WROTE.search(text)):
        return True
    if not (_DATE.search(text) and _ADDRESS.search(text)):
        return False
    wrote = _WROTE_WHEN.search(text)
    return is_verb_last or (wrote is not None and _DATE.search(text, wrote.start()) is not None)


def _glued_column(line: str) -> int | None:
    """Return where in `line` an introduction begins that was glued to the writer's words."""
    if len(line) > 2 * LONGEST_INTRODUCTION:
        return None
    for glue in _GLUE.finditer(line):
        rest = line[glue.end() :].strip(_DECORATION)
        if line[: glue.start()].strip() and _begins_with_date(rest, before_quote=True):
            return glue.start()
    return None


def is_foreign_marker(line: str) -> bool:
    """Tell whether `line` is another desk's "-- reply above this line --", between decorations."""
    text = line.strip(" \t>*_")
    return (
        len(text) < 200
        and _BETWEEN_RULES.match(text) is not None
        and _ABOVE_THIS_LINE.search(text) is not None
    )


def is_original_line(line: str) -> bool:
    """Tell whether `line` says that the original message follows ("-----Original Message-----")."""
    words = _dashed_words(line)
    return bool(words and _MESSAGE.search(words) and _ORIGINAL.search(words))


def is_forward_line(line: str) -> bool:
    """Tell whether `line` says that a forwarded message follows."""
    if len(line) > 120:
        return False
    if _FORWARD_LINE.fullmatch(line.strip(_DECORATION)):
        return True
    words = _dashed_words(line)
    return bool(words and _MESSAGE.search(words) and _FORWARDED.search(words))


def _dashed_words(line: str) -> str | None:
    """Return the words between two rows of dashes; None if `line` is not such a line."""
    if len(line) > 120:
        return None
    match = _DASHED_LINE.match(line.strip())
    return match[1] if match else None


def closes_address(line: str, above: str) -> bool:
    """Tell whether a line that begins with ">" ends an address that was broken before it."""
    return _CLOSED_ADDRESS.fullmatch(line[:80].strip()) is not None and (
        above.rfind("<") > above.rfind(">")
    )


def header_role(line: str) -> tuple[str, str] | None:
    """Return role and value of a copied header line: ("from", "Ann <ann@example.org>")."""
    match = _LABEL.match(line[:200])
    if not match:
        return None
    role = _ROLES.get(match[1].strip(_DECORATION).casefold())
    return (role, match[2]) if role else None


def header_block_end(lines: Sequence[str], first: int) -> int | None:
    """Return the line behind the copied header block that begins at `first`; None if none does.

    A block names a sender, and a date or a subject; "From: Oslo / To: Bergen / Date: Friday" in a
    travel request is none, for it has neither address nor subject.
    """
    values: dict[str, str] = {}
    end = first
    if header_role(lines[first]) is None:
        return None
    for index in range(first, min(first + _LONGEST_BLOCK, len(lines))):
        found = header_role(lines[index])
        if found:
            values.setdefault(*found)
            values.update(_inline_labels(found[1]))
            end = index + 1
        elif index > end + 2 or (not lines[index].strip() and not _goes_on(lines, index)):
            break
    return end if _is_header_block(values) else None


def _inline_labels(value: str) -> dict[str, str]:
    """Return the fields that share a line with another ("From: Ann Date: Friday")."""
    return {
        _ROLES[match[1].casefold()]: value[match.end() :] for match in _INLINE_LABEL.finditer(value)
    }


def _goes_on(lines: Sequence[str], blank: int) -> bool:
    """Tell whether the line behind a blank one is a header line (Outlook doubles line ends)."""
    return blank + 1 < len(lines) and header_role(lines[blank + 1]) is not None


def _is_header_block(values: dict[str, str]) -> bool:
    if not (values.keys() & {"from", "to"} and values.keys() & {"date", "subject"}):
        return False
    has_address = any(_ADDRESS.search(values.get(role, "")) for role in ("from", "to"))
    if len(values) > 2:
        return "from" in values and (has_address or {"subject", "date"} <= values.keys())
    is_dated = _CLOCK.search(values.get("date", "")) is not None
    return has_address and (is_dated or {"from", "subject"} <= values.keys())
