"""What goes out in an agent's name: his own words, and nothing that was meant for agents.

A client may quote our notification in a way that no reader of quotes knows: behind "AB> ", behind
a tab, or unmarked. So a reply is held against what we sent. What stands in the notification at the
beginning or the end is cut; a long line of it, or of an internal message, that is left holds the
mail. Only letters and digits are compared: clients wrap lines, and put signs before them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Self

from maildesk.mail.body import split_body
from maildesk.mail.identifiers import Purpose, ReplyAddresses, find_markers, find_tokens
from maildesk.mail.marker import is_reply_marker
from maildesk.mail.message import Attachment, InboundMail, Span, address_key, joined
from maildesk.mail.notes import NOTES
from maildesk.policy.commands.bare_lines import bare_line, bare_text, is_long
from maildesk.policy.commands.shared_lines import shared_lines
from maildesk.policy.rules import Rules

_MOST_LINES = 1_000  # of an unmarked quote that are cut; what is left of a longer one is held
_SECRET = (Purpose.AGENT, Purpose.INTERNAL, Purpose.CONFIRMATION, Purpose.BOUNCE)
_SIGNATURES = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)

_EMPTY_QUOTE = re.compile(r"(?:\s*[^\W\d_]{0,4}[>|])*\s*\Z")
_INTRODUCTION = re.compile(r".{0,300}[:\uff1a]\s*\Z")


@dataclass(frozen=True, slots=True)
class Sent:
    """Letters of ours, bare: all of their words, ours alone, and those that they quote. `inside`
    are words for agents alone, `public` those that the requester said last."""

    everything: str
    own: str
    quoted: str
    inside: str = ""
    public: str = ""

    @classmethod
    def of(
        cls, texts: Iterable[str], *, inside: Iterable[str] = (), public: Iterable[str] = ()
    ) -> Self:
        """Take the texts as `mail.sent` reads them: what others said stands behind ">"."""
        letters = list(texts)
        return cls(
            "\n".join(map(bare_text, letters)),
            "\n".join(bare_text(own_part(text)) for text in letters),
            "\n".join(bare_text(quoted_part(text)) for text in letters),
            "\n".join(map(bare_text, inside)),
            "\n".join(map(bare_text, public)),
        )

    def holds(self, line: str) -> bool:
        """Whether a long line stands in a letter, whoever said it."""
        return is_long(line) and bare_line(line) in self.everything

    def is_quoted(self, line: str) -> bool:
        """Whether the line is one that we quoted, and neither our own nor for agents alone."""
        bare = bare_line(line)
        if not bare or bare not in self.quoted:
            return False
        if bare in self.inside and bare not in self.public:
            return False
        return is_long(line) or bare not in self.own

    def said(self, line: str) -> bool:
        """Whether a long line is our own."""
        bare = bare_line(line)
        return is_long(line) and bare in self.own and bare not in self.quoted


def agent_keys(mail: InboundMail, rules: Rules) -> tuple[str, ...]:
    """Return the keys of all addresses of the agent who is From; () if none is."""
    agent = rules.agent_at(mail.sender.address) if mail.sender else None
    return tuple(address_key(address) for address in agent.addresses) if agent else ()


# --- cutting ------------------------------------------------------------------------------------


def cut_quoted(mail: InboundMail, sent: Sent, reply: ReplyAddresses, desk: str) -> InboundMail:
    """Return the mail with what it repeats of our letters, and our own marks, counted as quoted.

    `desk` is the name that our letters carry, by which a line that introduces the quote is known.
    """
    lines = [span for span in lines_of(mail.text, mail.reply) if not _is_mark(mail, span, reply)]
    words = [mail.text[span.start : span.end] for span in lines]
    first = _quote_at_start(words, sent, desk)
    end = len(words) - _quote_at_end(words[first:], sent, desk)
    kept = lines[first:end]
    if not any(word.strip() for word in words[first:end]):
        kept = _below(mail.text, sent, reply)
    return _with_reply(mail, kept)


def _with_reply(mail: InboundMail, kept: Sequence[Span]) -> InboundMail:
    """The mail with these lines as its reply; the others were quoted."""
    quoted = set(lines_of(mail.text, (*mail.reply, *mail.quoted))).difference(kept)
    signature = set(lines_of(mail.text, mail.signature)).difference(kept)
    return replace(mail, reply=joined(kept), quoted=joined(quoted), signature=joined(signature))


def lines_of(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield the spans line by line, each line with its end."""
    for span in spans:
        start = span.start
        while start < span.end:
            end = text.find("\n", start, span.end) + 1 or span.end
            yield Span(start, end)
            start = end


def _quote_at_start(words: Sequence[str], sent: Sent, desk: str) -> int:
    """How many lines at the beginning are our letter, up to the last of our own words there."""
    first = next((n for n, line in enumerate(words[:5]) if sent.holds(line)), 0)
    if any(line.strip() and not _introduces(line, desk) for line in words[:first]):
        return 0
    length = _quote_length(words[first:], sent, is_backwards=False)
    return first + length if length else 0


def _quote_at_end(words: Sequence[str], sent: Sent, desk: str) -> int:
    """How many lines at the end are our letter, from the first of our own words there."""
    length = _quote_length(words[::-1], sent, is_backwards=True)
    above = [(n, line) for n, line in enumerate(words[::-1]) if n >= length and line.strip()]
    if length and above and _introduces(above[0][1], desk):
        return above[0][0] + 1
    return length


def _quote_length(words: Sequence[str], sent: Sent, *, is_backwards: bool) -> int:
    """How many lines go on as our letter does, as far as one of our own long lines."""
    piece, length = "", 0
    for count, line in enumerate(islice(words, _MOST_LINES), 1):
        bare = bare_line(line)
        piece = bare + piece if is_backwards else piece + bare
        if piece not in sent.everything:
            if not sent.holds(line):
                break
            piece = bare
        if sent.said(line):
            length = count
    while 0 < length < len(words) and _EMPTY_QUOTE.match(words[length]):
        length += 1
    return length


def _introduces(line: str, desk: str) -> bool:
    """Whether the line introduces a quote of our letter: it names the desk, and ends in a colon."""
    return _INTRODUCTION.match(line) is not None and desk.casefold() in line.casefold()


def _is_mark(mail: InboundMail, span: Span, reply: ReplyAddresses) -> bool:
    """Whether the line is nobody's words: a note of the parser, our marker, or our reference."""
    line = mail.text[span.start : span.end].strip()
    if line in NOTES or is_reply_marker(line):
        return True
    return len(line) < 100 and any(find_markers(reply, line)) and len(line.split()) <= 4


def _below(text: str, sent: Sent, reply: ReplyAddresses) -> list[Span]:
    """The words below our whole letter: some answer at the end of an unmarked quote."""
    lines = list(lines_of(text, [Span(0, len(text))]))
    words = [text[span.start : span.end] for span in lines]
    ends = [
        number
        for number, line in enumerate(words, 1)
        if sent.said(line) or any(find_markers(reply, line))
    ]
    if not ends or ends[-1] == len(lines):
        return []
    start = lines[ends[-1]].start
    found = split_body(text[start:]).reply
    spans = [Span(span.start + start, span.end + start) for span in found]
    kept = [
        span for span in lines_of(text, spans) if text[span.start : span.end].strip() not in NOTES
    ]
    return kept if any(text[span.start : span.end].strip() for span in kept) else []


# --- holding ------------------------------------------------------------------------------------


def forbidden_lines(
    text: str, forbidden: Iterable[str], allowed: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the long lines that `text` shares with a forbidden one, wrapped as they may be, but
    for those that stand in an `allowed` one."""
    shared = shared_lines(text, forbidden)
    first = next(shared, None)
    if first is None:
        return
    free = "\n".join(map(bare_text, allowed))
    for line, bare in chain([first], shared):
        if bare not in free:
            yield line.strip()


def own_part(sent_text: str) -> str:
    """Return our own words of a letter: all but what it quotes."""
    return "\n".join(line for line in sent_text.split("\n") if line[:1] != ">")


def quoted_part(sent_text: str) -> str:
    """Return what others say in a letter of ours."""
    return "\n".join(line for line in sent_text.split("\n") if line[:1] == ">")


def holds_secret_token(text: str) -> bool:
    """Whether a token stands in the text by which an agent, or a bounce, is believed."""
    return any(token.purpose in _SECRET for token in find_tokens(text))


def relayed(attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
    """Return the files that are for the requester: no signature of a mail that he does not get,
    and no answer to an invitation (RFC 5546 section 3.2.3)."""
    return tuple(
        attachment
        for attachment in attachments
        if attachment.content_type not in _SIGNATURES and attachment.method != "reply"
    )
