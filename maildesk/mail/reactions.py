"""Reactions: what clients send when a reader presses 👍 instead of answering.

Gmail marks them with a part of its own (developers.google.com/workspace/gmail/reactions/format).
Outlook writes a line and nothing else that tells; the field x-ms-reactions is no sign, it says
whether a mail may be reacted to. A reaction that says that something is wrong (👎, "sad") is not
taken for one: an agent should see it.
"""

import json
import re
import unicodedata

from maildesk.mail.clean import clean
from maildesk.mail.courtesy_phrases import DISLIKES, OUTLOOK_REACTIONS, SAD_SIGNS, TAPBACKS
from maildesk.mail.message import InboundMail

REACTION_PART = "text/vnd.google.email-reaction+json"

_LINK = re.compile(r"\s*<?https?://[^\s<>]{1,500}>?")
_GMAIL_LINK = "emojireactionemail"  # in the link that Gmail writes in every language
_SIGN = r"(?P<sign>[^\w\s]{1,12})"
_SIGN_AND_LINE = re.compile(rf"{_SIGN}(?:\s+[^\n?!]{{1,120}})?")
_GMAIL = re.compile(
    rf"{_SIGN}\s*[^\n?!.]{{1,80}}(?:reacted via gmail|reaccionó a través de gmail"
    r"|已?通过 ?gmail ?做出了?回应|님이 gmail ?을 통해 반응함)",
    re.IGNORECASE,
)
_LONGEST = 600  # characters: a name, or the message that was liked, and what the client adds
_OUTLOOK = re.compile(
    rf"(?:\[?(?P<word>[^\W\d_]{{2,12}}(?: [^\W\d_]{{2,12}})?|\d)\]?\s+|{_SIGN}\s*)?"
    rf"[^\n:?!<>]{{1,80}}?\s?(?:{'|'.join(OUTLOOK_REACTIONS.values())})\s?:",
    re.IGNORECASE,
)
_TAPBACK = re.compile(
    rf"(?:{'|'.join(TAPBACKS.values())})"
    r"\s?(?:“[^“”]+”|„[^“”]+[“”]|«[^«»]+»|”[^”]+”|\"[^\"]+\")(?: (?:leuk|geweldig))?",
    re.IGNORECASE,
)


def is_reaction(mail: InboundMail, text: str) -> bool:
    """Whether a client wrote all of `text`, the new text of the mail, for a glad reaction."""
    if (mail.header("Content-Type") or "").lower().startswith(REACTION_PART):
        text = _emoji_of(text)
    is_marked = _GMAIL_LINK in text or any(
        file.content_type == REACTION_PART for file in mail.attachments
    )
    if len(text) > _LONGEST and not is_marked:
        return False
    shown = unicodedata.normalize("NFC", " ".join(map(clean, text.split("\n"))))
    line = " ".join(_LINK.sub("", shown).replace("：", ":").split())
    patterns = (_GMAIL, _OUTLOOK, _TAPBACK, *((_SIGN_AND_LINE,) if is_marked else ()))
    match = next(filter(None, (pattern.fullmatch(line) for pattern in patterns)), None)
    return match is not None and _is_glad(match.groupdict())


def _is_glad(said: dict[str, str | None]) -> bool:
    if (said.get("word") or "").split(" ")[0].casefold() in DISLIKES:
        return False
    return SAD_SIGNS.isdisjoint(said.get("sign") or "")


def _emoji_of(text: str) -> str:
    """Return the emoji of a Gmail part that is all of the mail; "" if it says none."""
    try:
        emoji = json.loads(text)["emoji"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    is_sign = isinstance(emoji, str) and 0 < len(emoji) <= 12
    return f"{emoji} {_GMAIL_LINK}" if is_sign else ""
