"""Readable text of an HTML mail, and which of it the markup proves to be quote."""

from dataclasses import dataclass

from maildesk.mail.message import Span


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The visible text of an HTML mail; `quoted` and `signature` are what its markup says."""

    text: str
    quoted: tuple[Span, ...] = ()
    signature: tuple[Span, ...] = ()


def html_to_text(html: str) -> HtmlText:
    """Return the readable text of `html`; never raises."""
    return HtmlText(html)
