"""What the writer wrote now: new text, quoted text and signature, as spans of the full text.

A mail is read from the top, line by line. What announces a quote (`quotes.py`) makes everything
below it quote, unless marked lines (">") follow: then only those, for people answer between and
below them. What is left is new text, whose end is searched for a signature (`signatures.py`).
Nothing is cut: the spans cover the text, whoever shows it folds.

Linear in the text: each line is looked at once, patterns see bounded pieces.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise

from maildesk.mail import quotes
from maildesk.mail.marker import is_reply_marker, may_begin_marker
from maildesk.mail.message import Span
from maildesk.mail.signatures import signature_lines

_SIGN_AT_START = re.compile(r"[ \t\xa0]{0,3}[>＞]").match
_ARROWS = re.compile(r"\s*>.*<\s*$")  # ">>> www.example.org <<<" is decoration
_RULE = re.compile(r"[\s*>]*(?:[-_=*─—–]\s?){4,}[\s*]*")
_MOST_LINES = 10_000  # looked at for announcements: no person's mail has more
_MOST_CANDIDATES = 2_000  # looked at thoroughly
_LINK_PIECE = re.compile(r"\S+(?: >)?")
_MOST_STRETCHES = 20
_WRAPPED_AT = 60  # characters; a quoted line this long may have been broken by a client


@dataclass(frozen=True, slots=True)
class Division:
    """The spans of a text: in order, without overlap, together all of it.

    `forwarded` is the part of `quoted` that was forwarded: in a first mail it is what the mail is
    about.
    """

    reply: tuple[Span, ...]
    quoted: tuple[Span, ...] = ()
    signature: tuple[Span, ...] = ()
    forwarded: tuple[Span, ...] = ()


def split_body(
    text: str, quoted: tuple[Span, ...] = (), signature: tuple[Span, ...] = ()
) -> Division:
    """Divide `text`; `quoted` and `signature` are stretches that HTML markup already proved."""
    body = _Body(text, quoted, signature)
    body.mark_quotes()
    body.mark_signatures()
    return body.division()


_REPLY, _QUOTED, _FORWARDED, _SIGNATURE = "reply", "quoted", "forwarded", "signature"
_PROVEN = (_QUOTED, _FORWARDED)


class _Body:
    """The lines of a text, and what each is."""

    def __init__(
        self, text: str, quoted: Sequence[Span] = (), signature: Sequence[Span] = ()
    ) -> None:
        self.lines = text.split("\n")
        self.starts = [0, *accumulate(len(line) + 1 for line in self.lines)]
        self.starts[-1] = len(text)
        self.marks = [_REPLY] * len(self.lines)
        self.glued: dict[int, int] = {}  # line -> column where an introduction begins in it
        self._candidates_left = _MOST_CANDIDATES
        self._has_quotes = False
        for span in signature:
            self._mark_span(span, _SIGNATURE)
        for span in quoted:
            self._mark_span(span, _FORWARDED if self._is_forward(span) else _QUOTED)

    def _mark_span(self, span: Span, mark: str) -> None:
        """Mark the lines that begin within `span`; a quote takes the rule above it along."""
        first, end = (
            bisect_left(self.starts, at, 0, len(self.lines)) for at in (span.start, span.end)
        )
        if mark is not _SIGNATURE and first < end:
            first = self._rule_above(first)
        self._mark(first, end, mark)

    def _is_forward(self, span: Span) -> bool:
        """Tell whether what markup proved to be quote was forwarded."""
        first = bisect_left(self.starts, span.start, 0, len(self.lines))
        return first < len(self.lines) and quotes.is_forward_line(self.lines[first])

    def _mark(self, first: int, end: int, mark: str) -> None:
        self.marks[first:end] = [mark] * (end - first)

    # Quotes ---------------------------------------------------------------------------------

    def mark_quotes(self) -> None:
        """Find every quote, from the top down."""
        self._mark_quote_signs()
        self._has_quotes = not set(_PROVEN).isdisjoint(self.marks)
        unmarked = (
            index
            for index, line in enumerate(self.lines)
            if self.marks[index] is _REPLY and line and not line.isspace()
        )
        for index in islice(unmarked, _MOST_LINES):
            if self.marks[index] is _REPLY and self._mark_quote_at(index):
                return

    def _mark_quote_signs(self) -> None:
        for index, line in enumerate(self.lines):
            if _SIGN_AT_START(line) and not self._is_other_sign(index):
                self.marks[index] = _QUOTED
        sandwiched = (
            index
            for index in range(1, len(self.lines) - 1)
            if self.marks[index] is _REPLY
            and self.marks[index - 1] is self.marks[index + 1] is _QUOTED
        )
        for index in islice(sandwiched, _MOST_LINES):
            if self._is_broken_quote(index):
                self.marks[index] = _QUOTED

    def _is_other_sign(self, index: int) -> bool:
        """Tell whether the ">" at the beginning of the line means something else than quote."""
        line, above = self.lines[index], self.lines[index - 1] if index else ""
        return _ARROWS.match(line[:500]) is not None or quotes.closes_address(line, above)

    def _is_broken_quote(self, index: int) -> bool:
        """Tell whether the line is the tail of a quoted line that a client broke."""
        line, above = self.lines[index].strip(), self.lines[index - 1].rstrip()
        if not line or len(line) >= _WRAPPED_AT:
            return False
        if _LINK_PIECE.fullmatch(line) and "://" in above.split()[-1] + line:
            return True
        return len(above) >= _WRAPPED_AT and above[-1] not in ".?!:。？！"

    def _mark_quote_at(self, index: int) -> bool:
        """Mark the quote that line `index` announces; tell whether it runs to the end."""
        line = self.lines[index]
        if not (quotes.may_announce(line) or may_begin_marker(line)):
            return self._mark_introduction(index)
        if self._is_marker(index):
            return self._mark_rest(index, _QUOTED)
        if quotes.is_forward_line(line):
            return self._mark_rest(index, _FORWARDED)
        if quotes.is_original_line(line):
            return self._mark_announced(index, index + 1)
        end = quotes.header_block_end(self.lines, index)
        if end is not None:
            return self._mark_announced(index, end)
        return self._mark_introduction(index)

    def _is_marker(self, index: int) -> bool:
        """Tell whether a marker stands here; a client may have broken ours into two lines."""
        line = self.lines[index]
        both = " ".join(self.lines[index : index + 2])
        return is_reply_marker(line) or is_reply_marker(both) or quotes.is_foreign_marker(line)

    def _mark_introduction(self, index: int) -> bool:
        before_quote = self._is_before_quote(index)
        if not before_quote and not quotes.may_end_introduction(self.lines[index]):
            return False
        self._candidates_left -= 1
        if self._candidates_left < 0:
            return False
        place = quotes.introduction_place(self.lines, index, before_quote=before_quote)
        if place is None:
            return False
        first, column = place
        if column:
            self.glued[first] = column
            return False
        return self._mark_announced(first, index + 1)

    def _is_before_quote(self, index: int) -> bool:
        """Tell whether the next line with words is marked quote, two blank lines off at most."""
        if not self._has_quotes:
            return False
        for following in range(index + 1, min(index + 4, len(self.lines))):
            if self.marks[following] in _PROVEN:
                return True
            if self.lines[following].strip():
                return False
        return False

    def _mark_announced(self, first: int, end: int) -> bool:
        """Mark an announcement, and all below it unless marked quote follows."""
        if self._is_before_quote(end - 1):
            self._mark(self._rule_above(first), end, _QUOTED)
            return False
        is_opening = not any(line.strip() for line in self.lines[:first])
        return self._mark_rest(first, _FORWARDED if is_opening else _QUOTED)

    def _mark_rest(self, first: int, mark: str) -> bool:
        self._mark(self._rule_above(first), len(self.lines), mark)
        return True

    def _rule_above(self, first: int) -> int:
        """Return the line of the rule that a client drew above the announcement, else `first`."""
        for index in range(first - 1, max(first - 4, -1), -1):
            line = self.lines[index]
            if line.strip():
                return index if len(line) < 200 and _RULE.fullmatch(line) else first
        return first

    # Signatures -----------------------------------------------------------------------------

    def mark_signatures(self) -> None:
        """Find the signature at the end of the last new text; footers may stand below a quote."""
        for first, end in islice(self._stretches_from_below(), _MOST_STRETCHES):
            found = signature_lines(self.lines[first:end], is_beginning=self._is_blank(0, first))
            if found:
                self._mark(first + found[0], first + found[1], _SIGNATURE)
            if not found or not self._is_blank(first, first + found[0]):
                return

    def _stretches_from_below(self) -> Iterator[tuple[int, int]]:
        """The runs of new lines that hold words, as first line and end; the last one first."""
        end = len(self.lines)
        for index in range(len(self.lines) - 1, -1, -1):
            if index and self.marks[index - 1] is self.marks[index]:
                continue
            if self.marks[index] is _REPLY and not self._is_blank(index, end):
                yield index, end
            end = index

    def _is_blank(self, first: int, end: int) -> bool:
        return not any(map(str.strip, islice(self.lines, first, end)))

    # Result ---------------------------------------------------------------------------------

    def division(self) -> Division:
        """Turn the marks of the lines into spans."""
        spans: dict[str, list[Span]] = {}
        for mark, start, end in self._runs():
            spans.setdefault(mark, []).append(Span(start, end))
        forwarded = spans.get(_FORWARDED, [])
        return Division(
            reply=tuple(spans.get(_REPLY, ())),
            quoted=tuple(sorted([*spans.get(_QUOTED, ()), *forwarded])),
            signature=tuple(spans.get(_SIGNATURE, ())),
            forwarded=tuple(forwarded),
        )

    def _runs(self) -> Iterator[tuple[str, int, int]]:
        """The runs of equal marks, in characters; empty ones left out."""
        edges: list[tuple[int, str]] = []
        for index, mark in enumerate(self.marks):
            if not edges or edges[-1][1] is not mark:
                edges.append((self.starts[index], mark))
            if index in self.glued:
                edges.append((self.starts[index] + self.glued[index], _QUOTED))
        edges.append((self.starts[-1], _REPLY))
        for (start, mark), (end, _) in pairwise(edges):
            if end > start:
                yield mark, start, end
