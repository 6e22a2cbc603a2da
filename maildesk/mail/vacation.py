"""The words of autoresponders that set no header field: vacation notices and challenges.

The weakest signs: "I will be out of office next week, can someone …" is a person's mail. So a
subject counts if it has the form that programs give it; a text, if it says that it is automatic,
or if it answers without a quote and has an absence and what only notices say. The phrases stand in
`vacation_phrases`.
"""

import re
from collections.abc import Mapping

from maildesk.mail.message import InboundMail
from maildesk.mail.vacation_phrases import (
    ABSENCE_PREFIXES,
    ABSENCE_SUBJECTS,
    ABSENCES,
    ABSENT_UNTIL,
    ANSWER_SUBJECTS,
    AUTOMATIC_SENTENCES,
    NOTICES,
)

SUBJECT_CHARACTERS = 300
OPENING_CHARACTERS = 1500


def _any_of(phrases: Mapping[str, str], before: str = "", after: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(phrases.values())}){after}", re.IGNORECASE)


# IBM Notes: "AUTO: Ada Berg is out of the office (returning 05/01)".
_NOTES = {"": r"auto:(?=.{0,80}\b(?:out of|away|absen|vacation|leave|ufficio|b[uü]ro|haus|bureau))"}
_ANSWER_BEFORE = _any_of(
    ANSWER_SUBJECTS,
    before=r"\s*[\[(*<]{0,2}",
    after=r"(?:[\])*>]{0,2}\s*$|\s*[\])*>:：;,|–-])",
)
_ANSWER_BEHIND = _any_of(ANSWER_SUBJECTS, before=r"[\[(*]", after=r"[\])*]\s*$")
_ABSENCE_BEFORE = _any_of(
    ABSENCE_PREFIXES | _NOTES, before=r"\s*[\[(*]{0,2}", after=r"(?:(?<=:)|[\])*]{0,2}\s*[:：])"
)
_ABSENCE_WHOLE = _any_of(ABSENCE_SUBJECTS, before=r"\s*", after=r"\W*$")
_SAYS_AUTOMATIC = _any_of(
    AUTOMATIC_SENTENCES, before=r"(?:^|\n)[^\n\w]{0,10}(?:(?:please )?note:? |nb: |hinweis: )?"
)
_ABSENT = _any_of(ABSENCES)
_NOTICE = _any_of(NOTICES)
_UNTIL = _any_of(ABSENT_UNTIL)
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|odp|vs|res|rif|回复|答复)\s*[:：]", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:click|visit|follow|reply to|respond to|go to)\b.{0,300}?(?:confirm|verif|prove|release"
    r"|approve|deliver(?:y of)? your|be added|have your address)",
    re.IGNORECASE | re.DOTALL,
)
_CHALLENGE = re.compile(
    r"your (?:e-?mail |mail )?message\b.{0,200}(?:waitlisted|held|queued|quarantine|waiting|pending"
    r"|not (?:yet )?(?:been )?deliver)|(?:protected|guarded) by\b|anti-?spam|challenge"
    r"|(?:white|guest|allowed|approved|safe)[- ]?(?:sender'?s? )?list|real person|\bhuman\b",
    re.IGNORECASE | re.DOTALL,
)


def vacation_words(mail: InboundMail) -> str:
    """Return the words by which the mail is an automatic answer; "" if it says nothing such."""
    subject = mail.subject[:SUBJECT_CHARACTERS]
    if _ANSWER_BEFORE.match(subject) or _ABSENCE_BEFORE.match(subject):
        return f"Subject: {subject}"
    if _ANSWER_BEHIND.search(subject):
        return f"Subject: {subject}"
    opening = mail.new_text[:OPENING_CHARACTERS]
    says = _SAYS_AUTOMATIC.search(opening)
    if says:
        return f"text: {says[0].strip()}"
    return _absence(mail, subject, opening)


def _absence(mail: InboundMail, subject: str, opening: str) -> str:
    """Return the absence that the text speaks of, if only a notice would put it like this."""
    is_answer = bool(mail.in_reply_to or mail.references or _ANSWERS.match(subject))
    is_bare_answer = is_answer and not mail.quoted
    if "?" in opening or not (is_bare_answer or _ABSENCE_WHOLE.match(subject)):
        return ""
    absent = _ABSENT.search(opening[:400])
    return f"text: {absent[0]}" if absent and _NOTICE.search(opening) else ""


def speaks_of_absence(text: str) -> bool:
    """Whether a text says that its writer is away: far less than a proof, for people write so."""
    opening = text[:OPENING_CHARACTERS]
    return any(words.search(opening) for words in (_SAYS_AUTOMATIC, _ABSENT, _NOTICE, _UNTIL))


def asks_to_confirm(text: str) -> bool:
    """Whether the mail asks its reader to prove that a person sent one (challenge-response)."""
    opening = text[:OPENING_CHARACTERS]
    return bool(_ASKS.search(opening) and _CHALLENGE.search(opening))
