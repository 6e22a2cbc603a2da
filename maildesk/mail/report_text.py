"""Bounces in words of their own: exim, qmail, sendmail, Notes, GroupWise and the rest.

Here the notice is parted from the returned mail below it, and read for what happened; whom it is
about, `report_addresses` finds.
"""

import re
from collections.abc import Sequence
from email.message import Message
from itertools import islice

from maildesk.mail.message import ReportedRecipient
from maildesk.mail.report_addresses import candidates
from maildesk.mail.report_fields import RECIPIENT_LIMIT, blocks_in_text, failure_in, reported
from maildesk.mail.report_signs import header

TEXT_CHARACTERS = 100_000
NOTICE_LINES = 300
LINE_CHARACTERS = 300

# The line that begins the returned mail.
_RETURNED = re.compile(
    r"^[\s>#*=_-]{0,40}(?:"
    r"below (?:this|the next) line is"
    r"|(?:this|here|included|attached|below|enclosed) is (?:a |the |your )?(?:copy"
    r"|returned|original|message|header)"
    r"|(?:start of |the )?(?:original|returned|unsent|undelivered|old|rejected|failed) "
    r"(?:e-?mail|message|mail)\b.{0,30}(?:follow|header|attached|text|--|:|\s*$)"
    r"|(?:message|mail|body)(?: text| header| body)?s? (?:follows?|is below)\b"
    r"|your (?:original )?message (?:reads|follows)"
    r"|(?:the )?headers? of the original|copy of (?:the|your) (?:message|mail))"
    r"|^\s*-{3,}.{0,60}(?:original|returned|copy of|message header|body of|undelivered)"
    r"|^(?:Received: (?:from|by)|Return-Path:|X-Received:|ARC-Seal:|DKIM-Signature:)",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"\bdelayed\b|\(delay\)|postponed|will (?:be )?(?:retr|keep|continue)"
    r"|not yet been|still (?:being|trying)"
    r"|transient (?:non-?fatal|fail|error)|warning (?:message )?only|do not need to resend",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"permanent|giving up|given up|has failed|failed permanently|no further",
    re.IGNORECASE,
)


def read_notice(
    message: Message, text: str, parts: Sequence[Message]
) -> tuple[ReportedRecipient, ...]:
    """Name the recipients that a bounce without delivery status could not reach."""
    text = text[:TEXT_CHARACTERS]
    in_fields = reported(blocks_in_text(text))
    if in_fields:
        return in_fields
    notice, returned = _divide(text)
    action = _action(header(message, "Subject"), notice)
    named = next(filter(None, candidates(message, notice, returned, parts)), [])
    addresses = list(islice(dict.fromkeys(named), RECIPIENT_LIMIT))
    statuses = _statuses(addresses, "\n".join(notice), action)
    return tuple(
        ReportedRecipient(address, status, action)
        for address, status in zip(addresses, statuses, strict=True)
    )


def _divide(text: str) -> tuple[list[str], str]:
    """Part the lines that the server wrote from the mail that it put below."""
    lines = text.splitlines()
    notice = [line[:LINE_CHARACTERS] for line in lines[:NOTICE_LINES]]
    marked = (n for n, line in enumerate(notice) if n > 2 and _RETURNED.match(line))
    end = next(marked, len(notice))
    return notice[:end], "\n".join(lines[end:])


def _action(subject: str, notice: Sequence[str]) -> str:
    said = "\n".join([subject, *notice])
    return "delayed" if _DELAY.search(said) and not _FINAL.search(said) else "failed"


def _statuses(addresses: Sequence[str], notice: str, action: str) -> list[str]:
    """Return each recipient's status: the code next below the address, else the first one of the
    notice, else the class that the action means."""
    default = failure_in(notice) or {"failed": "5.0.0"}.get(action, "4.0.0")
    places = [notice.find(address) for address in addresses]
    ends = [min((p for p in places if p > place), default=len(notice)) for place in places]
    spans = zip(places, ends, strict=True)
    return [(place >= 0 and failure_in(notice[place:end])) or default for place, end in spans]
