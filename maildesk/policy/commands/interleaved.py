"""Words that go out: an answer between the lines that it answers, and canned answers below it.

Where an agent writes between quoted lines, the customer's lines stay, behind ">", or the answers
would make no sense; our own lines of the quoted notification go, and what it quotes of notes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from maildesk.mail.message import InboundMail, Span, joined
from maildesk.policy.commands.outgoing import Sent, lines_of

_QUOTE_SIGNS = " >\t\xa0"

Piece = tuple[bool, str]  # whether it is the customer's, and a line


def with_words(mail: InboundMail, sent: Sent, answers: Sequence[str] = ()) -> InboundMail:
    """Return the mail with all that is to be said as its reply.

    Where that does not stand in the text as it is, it is put below it, and the rest is folded.
    """
    words = _interleaved(mail, sent)
    if not words and not answers:
        return mail
    said = "\n\n".join(filter(None, [words or mail.new_text, *map(str.strip, answers)]))
    start = len(mail.text) + 2
    return replace(
        mail,
        text=f"{mail.text}\n\n{said}",
        reply=(Span(start, start + len(said)),),
        quoted=joined((*mail.quoted, *mail.reply, Span(start - 2, start))),
    )


def _interleaved(mail: InboundMail, sent: Sent) -> str:
    """The answers with the customer's lines above each; "" where nothing is answered line by
    line."""
    pieces = list(_pieces(mail, sent))
    own = [number for number, (is_theirs, line) in enumerate(pieces) if not is_theirs and line]
    if not own or not any(is_theirs for is_theirs, _ in pieces[own[0] : own[-1]]):
        return ""
    return "\n".join(_spaced(pieces[: own[-1] + 1])).strip("\n")


def _pieces(mail: InboundMail, sent: Sent) -> Iterator[Piece]:
    """The reply's lines and, in their places, the customer's that are quoted between."""
    replied = set(lines_of(mail.text, mail.reply))
    for span in sorted((*replied, *lines_of(mail.text, mail.quoted))):
        line = mail.text[span.start : span.end].rstrip("\n")
        if span in replied:
            yield False, line.rstrip()
        elif sent.is_quoted(line):
            yield True, f"> {line.lstrip(_QUOTE_SIGNS).rstrip()}"


def _spaced(pieces: Sequence[Piece]) -> Iterator[str]:
    """The lines, with a blank one wherever the speaker changes."""
    was_theirs, was_blank = None, True
    for is_theirs, line in pieces:
        if was_theirs not in (None, is_theirs) and line and not was_blank:
            yield ""
        if line or not was_blank:
            yield line
        was_theirs, was_blank = is_theirs, not line
