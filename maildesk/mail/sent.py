"""What a letter of ours says: its text, read back from the bytes that went out."""

from maildesk.mail.limits import ParseLimits, read_header
from maildesk.mail.parts import TooComplex, split_parts
from maildesk.mail.visible import lay_out, read_texts

_LIMITS = ParseLimits()


def sent_text(raw: bytes) -> str:
    """Return the text part of a mail that `compose` wrote, its paragraphs unwrapped (RFC 3676).

    The text comes first in our mails, so a beginning of the bytes that holds it is enough.
    """
    try:
        root, _ = split_parts(raw, read_header(raw, _LIMITS), _LIMITS)
    except TooComplex:  # forwarded parts are never split, so none of ours is
        return ""
    return read_texts(raw, lay_out(raw, root), _LIMITS).text
