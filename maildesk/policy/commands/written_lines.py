"""The new text of a mail as lines with their places, and what is left when some are taken out.

New text is what the writer wrote now, his signature too. Quoted and forwarded text is no part of
it: whoever reads these lines never sees it.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from maildesk.mail.message import InboundMail, Span, joined
from maildesk.mail.sigils import UNSEEN

_LONGEST_BLANK = 200  # characters that nobody sees, in a line that counts as blank


class WrittenLine(NamedTuple):
    """A line of new text: characters `start` to `end` of the mail's text, its line end included."""

    start: int
    end: int
    text: str
    is_signature: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether a reader sees nothing on the line."""
        if not self.text or self.text.isspace():
            return True
        return len(self.text) <= _LONGEST_BLANK and not self.text.translate(UNSEEN).strip()


def written_lines(mail: InboundMail) -> list[WrittenLine]:
    """Return the lines of the new text and the signature, in the order of the mail."""
    reply, signature = joined(mail.reply), joined(mail.signature)
    zones = [(span, False) for span in reply] + [(span, True) for span in signature]
    return [
        line
        for span, is_signature in sorted(zones)
        for line in _lines_of(mail.text, span, is_signature=is_signature)
    ]


def _lines_of(text: str, span: Span, *, is_signature: bool) -> Iterator[WrittenLine]:
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        end = min(start + len(line) + 1, span.end)
        if start < end:
            yield WrittenLine(start, end, line, is_signature)
        start = end


def words_without(lines: Sequence[WrittenLine], left_out: Collection[int]) -> tuple[Span, ...]:
    """Return the new text without its signature and without the lines at the places `left_out`;
    of the blank lines around one of those, those above it stay."""
    spans: list[Span] = []
    is_above_blank, is_closing = True, False
    for place, line in enumerate(lines):
        if place in left_out:
            is_closing = True
        elif not line.is_signature:
            is_blank = line.is_blank
            if not (is_blank and is_closing and is_above_blank):
                _append(spans, line)
                is_above_blank, is_closing = is_blank, is_closing and is_blank
    return tuple(spans)


def _append(spans: list[Span], line: WrittenLine) -> None:
    if spans and spans[-1].end == line.start:
        spans[-1] = Span(spans[-1].start, line.end)
    else:
        spans.append(Span(line.start, line.end))
