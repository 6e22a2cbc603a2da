"""What a requester says in so many words: status, stop, thanks, "works now", a mere reaction.

A text says such a thing only if phrases cover all of it: greeting, name, thanks, sign-off and glad
signs, nothing else. One word that no table knows, a question mark, a file, a number, and it is a
mail like any other: a reply that nobody reads is a loss, a thanks that is shown a blemish.

The phrases stand in `courtesy_phrases` and `works_phrases`, how they are put together in
`courtesy_grammar`, what clients write for a button that was pressed in `reactions`. Who may say it,
and in which state of a ticket it means something, is for policy.
"""

import re
from collections.abc import Collection
from enum import StrEnum

from maildesk.mail.courtesy_grammar import Part, bare_word, fold, is_glad, readings
from maildesk.mail.courtesy_phrases import STATUS, STOP
from maildesk.mail.identifiers import is_reply_subject
from maildesk.mail.message import InboundMail
from maildesk.mail.reactions import REACTION_PART, is_reaction

_MOST_CHARACTERS = 2_000  # of new text, with blank lines, and links in reactions
_LONGEST_WORDS = 500  # characters: twice and more what phrases can cover, for spaces and the like
_SIGNATURE_PARTS = (
    "application/pgp-signature",
    "application/pgp-keys",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)


class Courtesy(StrEnum):
    """What a mail says, and says nothing else."""

    STATUS = "status"  # asks for the own tickets
    STOP = "stop"  # wants no more automatic mail
    THANKS = "thanks"
    REACTION = "reaction"  # 👍, by a client's button or by hand
    WORKS = "works"  # it works again; also "yes", "ok", "perfect"


def read_courtesy(mail: InboundMail) -> Courtesy | None:
    """Return what the requester says with all of the mail's new text; None if it says more.

    STATUS and STOP count as the subject, too, of a mail that answers nothing, with no more than
    courtesies below it. In a conversation they may be meant for people: deliver them as well. WORKS
    means something only on a solved ticket; elsewhere a "yes" answers a question. Never raises.
    """
    text = _new_text(mail)
    if text is None or mail.forwarded:
        return None
    if _has_no_files(mail, besides=REACTION_PART) and is_reaction(mail, text):
        return Courtesy.REACTION
    if len(text) > _LONGEST_WORDS or not _has_no_files(mail):
        return None
    names = _names(mail)
    if mail.in_reply_to or mail.references or is_reply_subject(mail.subject) or not mail.subject:
        return read_words(text, names)
    return _read_opening(mail.subject[:_MOST_CHARACTERS], text, names)


def read_words(text: str, names: Collection[str] = ()) -> Courtesy | None:
    """Return what a text of at most 2,000 characters says; `names` are words of the names of
    writer and reader, in lower case and without accents."""
    word = bare_word(text)
    if word in _BARE_WORDS:
        return _BARE_WORDS[word]
    if is_glad(text):
        return Courtesy.REACTION
    return _meaning(readings(text, frozenset(names)))


def _meaning(found: Collection[Part]) -> Courtesy | None:
    """Return the meaning of the readings of a text. A "yes" weighs more than a thanks beside it,
    for it may be an answer."""
    for parts, courtesy in (
        (Part.WORKS | Part.ASSENT, Courtesy.WORKS),
        (Part.THANKS, Courtesy.THANKS),
        (Part.PRAISE, Courtesy.WORKS),
    ):
        if any(parts & reading for reading in found):
            return courtesy
    return None


def _read_opening(subject: str, text: str, names: Collection[str]) -> Courtesy | None:
    """Read a mail that answers nothing: its subject is part of what it says."""
    said = read_words(subject, names)
    if not text or said is None:
        return said
    below = read_words(text, names)
    if said in (Courtesy.STATUS, Courtesy.STOP):
        is_polite = below in (said, Courtesy.THANKS) or bool(readings(text, frozenset(names)))
        return said if is_polite else None
    return below if below in (said, Courtesy.THANKS) else None


_BARE_WORDS = {
    **{fold(word): Courtesy.STATUS for word in STATUS},
    **{fold(word): Courtesy.STOP for word in STOP},
}


def _new_text(mail: InboundMail) -> str | None:
    """Return the new text; None if it is long, or stands between quotes that it answers."""
    if sum(span.end - span.start for span in mail.reply) > _MOST_CHARACTERS:
        return None
    stretches = (mail.text[span.start : span.end].strip() for span in mail.reply)
    written = [stretch for stretch in stretches if stretch]
    return "\n".join(written) if len(written) < 2 else None


def _has_no_files(mail: InboundMail, besides: str = "") -> bool:
    """Whether the mail brings nothing but words. An image within the text is as often a logo;
    one that was pasted leaves a trace in the text ("[image: …]", "[cid:…]")."""
    return all(
        file.is_inline or file.content_type in (*_SIGNATURE_PARTS, besides)
        for file in mail.attachments
    )


def _names(mail: InboundMail) -> list[str]:
    """Return the words that may be a name: the sender's, with the initials, and the reader's."""
    written = "".join(f" {address.name[:100]}" for address in (*mail.senders[:1], *mail.to[:5]))
    words = re.findall(r"[^\W\d_]+", fold(written))
    if mail.sender is None:
        return [word.lower() for word in words]
    own = re.findall(r"[^\W\d_]+", fold(mail.sender.name[:100]))
    local = re.findall(r"[^\W\d_]+", fold(mail.sender.address[:100].rpartition("@")[0]))
    return [word.lower() for word in (*words, *local, "".join(word[0] for word in own))]
