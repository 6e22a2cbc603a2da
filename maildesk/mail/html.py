"""Readable text of an HTML mail, and which of it the markup proves to be quote or signature.

lxml parses and reports tags and text as they come; no tree is built, so depth costs nothing. What
the reader would not see is dropped (`markup.py` knows), blocks become lines, cells are set apart by
tabs, a link shows its target unless its text does, an image its alternative text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from lxml import etree

from maildesk.mail import markup
from maildesk.mail.html_spans import quoted_spans, signature_spans
from maildesk.mail.markup import Role
from maildesk.mail.message import Span

_MOST_CHARACTERS = 4 * 1024 * 1024
_MOST_LINK_CHARACTERS = 2_000
_DEEPEST_INDENT = 8
_DEEPEST = 1_000  # open elements
_CHUNK = 65_536
_TAG = re.compile(r"<[^<>]{0,5000}>")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f"))
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The visible text of an HTML mail; `quoted` and `signature` are what its markup proves."""

    text: str
    quoted: tuple[Span, ...] = ()
    signature: tuple[Span, ...] = ()


def html_to_text(html: str) -> HtmlText:
    """Return the readable text of `html`; never raises. Cut at 4 MiB of characters."""
    reader = _Reader()
    parser = etree.HTMLParser(target=reader, huge_tree=True, recover=True, no_network=True)
    source = _NOT_XML.sub(" ", html[:_MOST_CHARACTERS])
    try:
        for start in range(0, len(source), _CHUNK):
            parser.feed(source[start : start + _CHUNK])
        parser.close()
    except (_TooDeepError, etree.LxmlError, ValueError):
        return HtmlText(_without_tags(source))
    return reader.result()


def _without_tags(html: str) -> str:
    """Return the text of HTML that cannot be parsed: all words, without any layout."""
    return _BLANKS.sub(" ", unescape(_TAG.sub(" ", html))).strip()


class _TooDeepError(Exception):
    """More elements are open than any client nests; libxml2 is quadratic in them."""


@dataclass(slots=True)
class _Element:
    """An open element, and what it means for the text inside."""

    tag: str = ""
    role: Role | None = None
    start: int = 0
    is_hidden: bool = False
    is_tiny: bool = False
    distance: int = 0  # line ends around a block; 0 within a line
    is_preformatted: bool = False
    href: str = ""
    items: int = 0


_ROOT = _Element()


class _Reader:
    """Takes the parser's events and writes the text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._breaks = 0  # line ends owed before the next text
        self._space = ""  # blank or tab owed before the next text
        self._bullet = ""  # owed before the next text
        self._line_start = 0
        self._row_start = 0
        self._cell_start = -1
        self._blank_at = -1  # where a no-break space stood alone
        self._open: list[_Element] = []
        self._quoted_from: int | None = None  # all below is quote
        self._signed_from: int | None = None  # all below is signature, as far as a quote
        self._spans: dict[Role, list[Span]] = {role: [] for role in Role}

    # Events of the parser -------------------------------------------------------------------

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        parent = self._open[-1] if self._open else _ROOT
        is_block = tag in markup.BLOCKS
        distance = self._distance(tag, attributes) if is_block else 0
        if is_block and self._cell_start != self._length:
            self._end_line(distance)
        element = _Element(
            tag=tag,
            start=self._length,
            is_hidden=parent.is_hidden or markup.is_hidden(tag, attributes),
            is_tiny=markup.is_tiny(attributes, inherited=parent.is_tiny),
            distance=distance,
            is_preformatted=parent.is_preformatted or tag in ("pre", "textarea"),
            href=attributes.get("href", "") if tag == "a" else "",
        )
        if not element.is_hidden:
            element.role = markup.role_of(tag, attributes)
            if element.role is Role.SIGNATURE_FROM_HERE and self._signed_from is None:
                self._signed_from = self._length
            self._write_opening(element, attributes)
        if tag not in markup.VOID:
            self._open.append(element)
            if len(self._open) > _DEEPEST:
                raise _TooDeepError

    def end(self, tag: str) -> None:
        """Close an element."""
        if not any(element.tag == tag for element in self._open[-50:]):
            return
        while self._open:
            element = self._open.pop()
            self._close(element)
            if element.tag == tag:
                return

    def data(self, text: str) -> None:
        """Take text."""
        element = self._open[-1] if self._open else _ROOT
        if not element.is_hidden and not element.is_tiny:
            self._write(text, is_preformatted=element.is_preformatted)

    def comment(self, text: str) -> None:
        """Drop a comment; Outlook's conditional ones are not for us."""

    def close(self) -> None:
        """End the document."""

    # Writing --------------------------------------------------------------------------------

    def _write_opening(self, element: _Element, attributes: Mapping[str, str]) -> None:
        if element.role is Role.QUOTE_FROM_HERE:
            self._end_line(1)
            self._quoted_from = self._length if self._quoted_from is None else self._quoted_from
        match element.tag:
            case "br":
                self._breaks = min(self._breaks + 1, 3)
                self._space = ""
            case "hr":
                self._end_line(1)
                self._write("----------", is_preformatted=False)
                self._end_line(1)
            case "li":
                self._bullet = self._next_bullet()
            case "tr":
                self._row_start = self._length
            case "td" | "th":
                self._start_cell()
            case "img":
                self._write(attributes.get("alt", ""), is_preformatted=False)

    def _start_cell(self) -> None:
        """Set the cell apart from the one before; on the same line, if that was one line."""
        if self._line_start <= self._row_start < self._length:
            self._breaks, self._space = 0, "\t"
            self._cell_start = self._length

    def _distance(self, tag: str, attributes: Mapping[str, str]) -> int:
        """Return the line ends around a block: two around paragraphs, one inside lists."""
        if tag not in markup.PARAGRAPHS or markup.is_tight(tag, attributes):
            return 1
        return 1 if any(element.tag == "li" for element in self._open[-6:]) else 2

    def _next_bullet(self) -> str:
        """Return the sign before a list item, indented by the depth of the lists."""
        lists = [element for element in self._open[-40:] if element.tag in ("ul", "ol")]
        if not lists:
            return "* "
        lists[-1].items += 1
        sign = f"{lists[-1].items}." if lists[-1].tag == "ol" else "*"
        return "  " * min(len(lists) - 1, _DEEPEST_INDENT) + sign + " "

    def _close(self, element: _Element) -> None:
        if element.href and not element.is_hidden:
            self._write_target(element)
        if element.distance:
            self._end_block(element)
        if element.role not in (None, Role.QUOTE_FROM_HERE, Role.SIGNATURE_FROM_HERE):
            span = Span(element.start, self._length)
            if span.start < span.end:
                self._spans[element.role].append(span)

    def _end_block(self, element: _Element) -> None:
        """End the line; a block that holds nothing but a blank is a blank line (Outlook)."""
        is_blank = element.tag in ("p", "div") and element.start == self._length == self._blank_at
        if is_blank and element.distance == 1:
            self._breaks = min(self._breaks + 1, 3)
        self._end_line(element.distance)

    def _write_target(self, element: _Element) -> None:
        """Write where a link leads, unless its text says so."""
        href = element.href.strip()
        shown = "".join(self._pieces[-20:])[-len(href) - 200 :]
        if not href.lower().startswith(("http:", "https:", "mailto:", "tel:", "ftp:")):
            return
        if len(href) > _MOST_LINK_CHARACTERS or markup.is_shown(href, shown):
            return
        if self._length > element.start:
            self._write(f" <{href}>", is_preformatted=False)

    def _write(self, text: str, *, is_preformatted: bool) -> None:
        """Write text; blanks are folded as a browser folds them."""
        is_blank = "\xa0" in text
        text = text.translate(_INVISIBLE).replace("\xa0", " ") if not is_preformatted else text
        folded = text.replace("\r\n", "\n") if is_preformatted else _BLANKS.sub(" ", text)
        if not is_preformatted:
            if folded[:1] == " ":
                self._space = self._space or " "
            folded, ends_blank = folded.strip(" "), folded.endswith(" ")
        else:
            ends_blank = False
        if not folded:
            self._blank_at = self._length if is_blank else self._blank_at
            return
        self._put(self._owed())
        self._put(folded)
        self._space = " " if ends_blank else ""

    def _owed(self) -> str:
        """Return the line ends or the blank that stand before the next text."""
        owed = "\n" * self._breaks if self._length else ""
        blank = self._space if not owed and self._length else ""
        if owed:
            is_new_row = self._row_start == self._length
            self._line_start = self._length + len(owed)
            self._row_start = self._line_start if is_new_row else self._row_start
        bullet, self._bullet, self._breaks = self._bullet, "", 0
        return (owed or blank) + bullet

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _end_line(self, count: int) -> None:
        self._breaks = max(self._breaks, count)
        self._space = ""

    # Result ---------------------------------------------------------------------------------

    def result(self) -> HtmlText:
        """Return the text and its spans."""
        while self._open:
            self._close(self._open.pop())
        text = "".join(self._pieces)
        quoted = quoted_spans(text, self._spans, self._quoted_from)
        return HtmlText(text, quoted, signature_spans(text, self._spans, self._signed_from, quoted))
