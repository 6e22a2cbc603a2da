"""What the HTML part of a mail tells beside its text part.

A mail is read from its text part, where it has one. But only markup proves what a client put in as
signature: without a delimiter, without a sign-off, in whatever language. And a text part that
says something else than the HTML, which the writer saw, must not run as commands.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from maildesk.mail.body import split_body
from maildesk.mail.html import HtmlText, html_to_text
from maildesk.mail.message import Span, cut

_MARKS_SIGNATURE = re.compile(
    r"[\"'](?:ms-outlook-mobile-signature|Signature|_MailAutoSig|gmail_signature|moz-signature"
    r"|mail_android_signature|AppleMailSignature|lineBreakAtBeginningOfSignature)[\"']"
)
_SIGIL = "[#＃﹟]"
_COMMAND_LINE = re.compile(rf"^[^\w\n]{{0,24}}?{_SIGIL}\s?[^\W\d_]", re.MULTILINE)
_COMMAND_IN_HTML = re.compile(
    rf"(?:>|&\w{{1,8}};)[^\w<>]{{0,24}}?(?:{_SIGIL}|&#(?:0*35|x0*23);|&num;)[^\W\d_]",
    re.IGNORECASE,
)
_LINK = re.compile(r"<?\b(?:https?://|mailto:)[^\s<>]{1,2000}>?")
_NO_LETTER = re.compile(r"[\W_]+")
_MOST_LINES = 2_000
_LONGEST_SIGNATURE = 40  # lines


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the signature stands in the text, and what is new in the HTML; None: nobody looked."""

    signature: tuple[Span, ...] = ()
    new_text: str | None = None


def read_beside(text: str, html: str) -> Beside:
    """Read the HTML that says again what `text` says, if it may tell anything: that costs more
    than to read the text."""
    is_signed = _MARKS_SIGNATURE.search(html) is not None
    may_command = _COMMAND_LINE.search(text) or _COMMAND_IN_HTML.search(html)
    if not (is_signed or may_command):
        return Beside()
    shown = html_to_text(html)
    return Beside(
        _signature_in(text, shown) if is_signed else (),
        _new_text_of(shown) if may_command else None,
    )


def _new_text_of(shown: HtmlText) -> str:
    return cut(shown.text, split_body(shown.text, shown.quoted, shown.signature).reply)


def _signature_in(text: str, shown: HtmlText) -> tuple[Span, ...]:
    """Return where the signature that the HTML marks stands in the text part; () where it does
    not, or not as it is there."""
    wanted = [
        line
        for span in shown.signature
        if not _is_within(span, shown.quoted)
        for line in _bare_lines(shown.text[span.start : span.end])
    ]
    if not 0 < len(wanted) <= _LONGEST_SIGNATURE:
        return ()
    found = list(islice(_lines(text), _MOST_LINES))
    bare = [line for line, _ in found]
    for first in range(len(bare) - len(wanted) + 1):
        if bare[first : first + len(wanted)] == wanted:
            return (Span(found[first][1].start, found[first + len(wanted) - 1][1].end),)
    return ()


def _is_within(span: Span, others: Sequence[Span]) -> bool:
    return any(other.start <= span.start < other.end for other in others)


def _lines(text: str) -> Iterator[tuple[str, Span]]:
    """Yield each line with words, bare, and where it stands."""
    start = 0
    for line in text.split("\n"):
        bare = _bare(line)
        if bare:
            yield bare, Span(start, start + len(line))
        start += len(line) + 1


def _bare_lines(text: str) -> list[str]:
    return [bare for bare, _ in _lines(text)]


def _bare(line: str) -> str:
    """Reduce to the letters: the parts show links and layout each in their own way."""
    return _NO_LETTER.sub("", _LINK.sub("", line)).casefold()
