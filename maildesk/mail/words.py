"""People's words in our mails: data, never template, never markup.

A value of one line (a name, a subject) is escaped where it stands. Words of several lines are kept
out of template and Markdown altogether: a token stands in for them until the rest is rendered.
`Links` are ours: words that open something in HTML, and stand alone in text.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from maildesk.mail.clean import clean
from maildesk.mail.wrap import guard, wrap_line

_TOKEN = re.compile("\ufdd0(\\d+)\ufdd1")
_PARAGRAPH_TOKEN = re.compile("<p>\ufdd0(\\d+)\ufdd1</p>")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # all that CommonMark lets a backslash escape
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufeff]")
_URL = re.compile(r"(https?://(?:[^\s<>\"'()]|\([^\s<>\"'()]*\))+(?<![.,;:!?\]}]))")
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef]")
_CUT = "[…]"
_TARGET = re.compile(r"(?:mailto|https):[!-~]+")
_BETWEEN_LINKS = " ·\u00a0"  # a line breaks before the point: no "#" begins a line


class Kind(StrEnum):
    """How words are set: as a quotation, as our own text, as small print, or within a line."""

    QUOTE = "quote"
    TEXT = "text"
    SMALL = "small"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a person, to be set as they are."""

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Links:
    """Words and where they lead, a line of them; a target that is none of ours leads nowhere."""

    links: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return _BETWEEN_LINKS.join(clean(words) for words, _ in self.links)


@dataclass(slots=True)
class Shelf:
    """Where words wait while the rest is rendered; `limit` is the most characters of each."""

    limit: int
    words: list[Words] = field(default_factory=list)

    def put(self, words: Words) -> str:
        """Take the words in; return the token that stands for them."""
        self.words.append(words)
        return f"\ufdd0{len(self.words) - 1}\ufdd1"

    def fill_text(self, text: str) -> str:
        """Return `text` with the words in place of their tokens."""
        return _TOKEN.sub(lambda match: self._text(self.words[int(match[1])]), text)

    def fill_html(self, markup: str) -> str:
        """Return `markup` with the words in place of their tokens."""
        filled = _PARAGRAPH_TOKEN.sub(lambda match: self._html(self.words[int(match[1])]), markup)
        return _TOKEN.sub(lambda match: _inline_html(self.words[int(match[1])]), filled)

    def _text(self, words: Words) -> str:
        lines = self._lines(words)
        if words.kind is Kind.QUOTE:
            return "\n".join(_quoted(line) for line in lines)
        return "\n".join(_own(line, words.kind) for line in lines)

    def _html(self, words: Words) -> str:
        if words.kind is Kind.INLINE:
            return f"<p>{_inline_html(words)}</p>"
        lines = self._lines(words)
        if words.kind is not Kind.TEXT:
            return _block_html(lines, words.kind)
        pieces = groupby(lines, key=_is_quoted)
        return "\n".join(_piece_html(list(piece), is_quote=is_quote) for is_quote, piece in pieces)

    def _lines(self, words: Words) -> list[str]:
        text = words.text[: self.limit].replace("\r\n", "\n").replace("\r", "\n")
        text = _UNSHOWN.sub("", text.encode("utf-8", "replace").decode("utf-8")).strip("\n")
        lines = [line.rstrip() for line in text.split("\n")]
        return [*lines, _CUT] if len(words.text) > self.limit else lines


def plain_value(value: object) -> str:
    """Return a value as it stands within a line of text; None is nothing."""
    return "" if value is None else clean(str(value))


def markdown_value(value: object, shelf: Shelf) -> str:
    """Return a value so that Markdown shows it letter by letter."""
    if isinstance(value, Links):
        return _BETWEEN_LINKS.join(_markdown_link(*link, shelf) for link in value.links)
    text = plain_value(value)
    if _RIGHT_TO_LEFT.search(text):  # must not turn the words around it
        return shelf.put(Words(text, Kind.INLINE))
    return _PUNCTUATION.sub(r"\\\1", text)


def _markdown_link(words: str, target: str, shelf: Shelf) -> str:
    shown = markdown_value(words, shelf)
    if not _TARGET.fullmatch(target):
        return shown
    escaped = _PUNCTUATION.sub(r"\\\1", target)
    return f"[{shown}]({escaped})"


def _own(line: str, kind: Kind) -> str:
    """Set one line that is no quote as a whole; what its writer quotes in it stays one."""
    if kind is Kind.TEXT and _is_quoted(line):
        return _quoted(_without_mark(line))
    return "\n".join(map(guard, wrap_line(line)))


def _is_quoted(line: str) -> bool:
    return line.startswith(">")


def _without_mark(line: str) -> str:
    return line[1:].removeprefix(" ")


def _quoted(line: str) -> str:
    """Quote one line; the mark is repeated where it goes on. RFC 3676 section 4.5: a quote in a
    quote has its marks side by side."""
    mark = ">" if line.startswith(">") else "> "
    if not line:
        return ">"
    depth = len(line) - len(line.lstrip(">"))
    following = ">" * (depth + 1) + " " if depth else mark
    return "\n".join(wrap_line(line, mark, following))


def _inline_html(words: Words) -> str:
    return f'<bdi dir="auto">{html.escape(clean(words.text))}</bdi>'


def _piece_html(lines: list[str], *, is_quote: bool) -> str:
    """Set lines of a text, all of them quoted or none, without the blank ones around them."""
    if is_quote:
        return _block_html(map(_without_mark, lines), Kind.QUOTE)
    text = "\n".join(lines).strip("\n")
    return _block_html(text.split("\n"), Kind.TEXT) if text else ""


def _block_html(lines: Iterable[str], kind: Kind) -> str:
    shown = "<br>\n".join(_line_html(line, kind) for line in lines)
    if kind is Kind.QUOTE:
        return f'<blockquote dir="auto" class="quote">{shown}</blockquote>'
    return f'<div dir="auto" class="{kind}">{shown}</div>'


def _line_html(line: str, kind: Kind) -> str:
    if kind is not Kind.TEXT:
        return _escaped(line)
    pieces = _URL.split(line)  # text and URLs by turns
    pieces[0::2] = map(_escaped, pieces[0::2])
    pieces[1::2] = [f'<a href="{html.escape(url)}">{html.escape(url)}</a>' for url in pieces[1::2]]
    return "".join(pieces)


def _escaped(text: str) -> str:
    return html.escape(text).replace("\t", "    ").replace("  ", "&nbsp; ")
