"""What the writer wrote now: new text, quoted text and signature, as spans of the full text."""

from dataclasses import dataclass

from maildesk.mail.message import Span


@dataclass(frozen=True, slots=True)
class Division:
    """The spans of a text: in order, without overlap, together all of it."""

    reply: tuple[Span, ...]
    quoted: tuple[Span, ...] = ()
    signature: tuple[Span, ...] = ()


def split_body(
    text: str, quoted: tuple[Span, ...] = (), signature: tuple[Span, ...] = ()
) -> Division:
    """Divide `text`; `quoted` and `signature` are stretches that markup already proved."""
    return Division(reply=(Span(0, len(text)),) if text else ())
