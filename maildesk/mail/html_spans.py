"""Which stretches of an HTML mail's text its markup proves to be quote and signature."""

from collections.abc import Mapping, Sequence

from maildesk.mail.markup import Role
from maildesk.mail.message import Span, joined
from maildesk.mail.quotes import introduction_place

Spans = Mapping[Role, Sequence[Span]]  # by what an element is, where it stands


def quoted_spans(text: str, spans: Spans, quoted_from: int | None) -> tuple[Span, ...]:
    """Return what is quote; `quoted_from`: all below, whatever stands there."""
    quoted = [*spans[Role.QUOTE], *_answered(text, spans[Role.PLAIN_BLOCKQUOTE])]
    for frame in spans[Role.QUOTE_FRAME]:
        quoted += _framed(text, frame, joined(_lines_of(text, quoted)))
    if quoted_from is not None:
        quoted.append(Span(quoted_from, len(text)))
    return joined(_lines_of(text, quoted))


def signature_spans(
    text: str, spans: Spans, signed_from: int | None, quoted: Sequence[Span]
) -> tuple[Span, ...]:
    """Return what is signature; `signed_from`: all below, as far as the next quote."""
    signature = list(spans[Role.SIGNATURE])
    if signed_from is not None:
        ends = (span.start for span in quoted if span.start >= signed_from)
        signature.append(Span(signed_from, next(ends, len(text))))
    return joined(_lines_of(text, signature))


def _answered(text: str, blockquotes: Sequence[Span]) -> list[Span]:
    """Return the blockquotes without any sign of a client that quote the mail answered.

    Those behind an introduction do; without one, the last: the others are the writer's own.
    """
    outermost = list(joined(_lines_of(text, blockquotes)))
    for index, span in enumerate(outermost[:100]):
        above = text[max(0, span.start - 600) : span.start].rstrip("\n ").split("\n")
        if introduction_place(above, len(above) - 1, before_quote=True):
            return outermost[index:]
    return outermost[-1:]


def _framed(text: str, frame: Span, quoted: tuple[Span, ...]) -> list[Span]:
    """Return what is quote of a frame: all of it, but where blocks of quote follow an introduction
    only those, for people answer between and below them."""
    inside = (span for span in quoted if frame.start < span.start < frame.end)
    first = next((span for span in inside if text[frame.start : span.start].strip()), None)
    if first is None:
        return [frame]
    above = text[frame.start : first.start][:600].strip("\n ").split("\n")
    if introduction_place(above, len(above) - 1, before_quote=True) != (0, 0):
        return [frame]
    return [Span(frame.start, first.end)]


def _lines_of(text: str, spans: Sequence[Span]) -> list[Span]:
    """Move each start behind the line ends that were owed when the element began."""
    moved = []
    for span in spans:
        start = span.start
        while start < span.end and text[start] in "\n ":
            start += 1
        if start < span.end:
            moved.append(Span(start, span.end))
    return moved
