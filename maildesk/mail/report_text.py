"""Bounces in words of their own: exim, qmail, sendmail, Notes, GroupWise and the rest.

flufl.bounce knows many by pattern; where it finds nothing, what MTAs have in common helps: an
address alone on its line, a label and an address, the dialog with the other server. Only the
notice is looked at, not the returned mail below it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from email.message import Message

from maildesk.mail.message import ReportedRecipient
from maildesk.mail.report_fields import (
    ADDRESS,
    RECIPIENT_LIMIT,
    address_in,
    blocks_in_text,
    reported,
    status_in,
)
from maildesk.mail.report_patterns import known_pattern
from maildesk.mail.report_signs import header

TEXT_CHARACTERS = 100_000
NOTICE_LINES = 400
LINE_CHARACTERS = 400

# The line that begins the returned mail.
_RETURNED = re.compile(
    r"^[\s>#*=_-]{0,40}(?:"
    r"below (?:this|the next) line is"
    r"|(?:this|here|included|attached|below|enclosed) is (?:a |the |your )?(?:copy|returned|original"
    r"|message|header)"
    r"|(?:start of |the )?(?:original|returned|unsent|undelivered|old|rejected|failed) "
    r"(?:e-?mail|message|mail)\b.{0,30}(?:follow|header|attached|text|--|:|\s*$)"
    r"|(?:message|mail|body)(?: text| header| body)?s? (?:follows?|is below)\b"
    r"|your (?:original )?message (?:reads|follows)"
    r"|(?:the )?headers? of the original|copy of (?:the|your) (?:message|mail))"
    r"|^\s*-{3,}.{0,60}(?:original|returned|copy of|message header|body of|undelivered)"
    r"|^(?:Received: (?:from|by)|Return-Path:|X-Received:|ARC-Seal:|DKIM-Signature:)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"^[\s>*•-]{{0,12}}[<\[\"'(]{{0,2}}(?:smtp:)?({ADDRESS})[>\]\"')]{{0,2}}"
    rf"(?:\s{{0,3}}(?:\([^()]{{0,80}}\)|<{ADDRESS}>))?\s{{0,4}}(?:$|[:;,]|on \w|- |\.\.\.|\()",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"\b(?:recipients?(?:\(s\))?(?: address)?|failed (?:recipient|address)(?:es)?|addressed to"
    r"|undeliverable (?:address|to)|(?:message|mail|deliver(?:ed|y)?|sent|send) (?:it )?to|rcpt to"
    r"|error-for|an|empfänger|destinataires?|destinatari[oa]s?|destinatários?|收件人|宛先|받는사람)"
    rf"\s{{0,3}}[:=]?\s{{0,8}}[<\[\"'(]{{0,2}}(?:smtp:|rfc822;\s?)?({ADDRESS})",
    re.IGNORECASE,
)
_IN_DIALOG = re.compile(rf"(?:>>>|RCPT)\s{{0,3}}(?:RCPT )?TO:\s?<?({ADDRESS})", re.IGNORECASE)
_IN_BRACKETS = re.compile(rf"[<(\[\"'](?:smtp:)?({ADDRESS})[>)\]\"']", re.IGNORECASE)
_ANYWHERE = re.compile(f"({ADDRESS})")
# Lines that name people to turn to, or the mail's own fields.
_BESIDE = re.compile(
    r"contact|assist|question|\bhelp\b|support|message-?id|https?:|sent by|report (?:this|the) problem"
    r"|^[\s>]*(?:from|sender|cc|date|reply-to|von|de|van|subject|x-[\w-]+)\s*:",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"^(?:postmaster|mailer-daemon|abuse|no-?reply)@", re.IGNORECASE)
_DELAY = re.compile(
    r"\bdelayed\b|\(delay\)|will (?:be )?(?:retr|keep|continue)|not yet been|still (?:being|trying)"
    r"|transient (?:non-?fatal|fail|error)|warning only|do not need to resend",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"permanent|giving up|given up|has failed|failed permanently|no further|fatal error",
    re.IGNORECASE,
)


def read_notice(
    message: Message, text: str, parts: Sequence[Message]
) -> tuple[ReportedRecipient, ...]:
    """Name the recipients that a bounce without delivery status could not reach."""
    text = text[:TEXT_CHARACTERS]
    structured = reported(blocks_in_text(text))
    if structured:
        return structured
    notice = _notice(text)
    action = _action(header(message, "Subject"), notice)
    is_stranger = _strangers(message, parts)
    for addresses in _candidates(message, notice, parts):
        found = list(dict.fromkeys(filter(is_stranger, addresses)))[:RECIPIENT_LIMIT]
        if found:
            return tuple(
                ReportedRecipient(address, status, action)
                for address, status in zip(found, _statuses(found, notice, action), strict=True)
            )
    return ()


def _candidates(
    message: Message, notice: list[str], parts: Sequence[Message]
) -> Iterator[list[str]]:
    """Yield what each way of reading finds, the surest way first."""
    yield _ANYWHERE.findall(str(message.get("X-Failed-Recipients", ""))[:20_000])
    yield known_pattern(message)
    lines = [line for line in notice if not _BESIDE.search(line)]
    for pattern in (_ALONE, _LABELLED, _IN_DIALOG, _IN_BRACKETS, _ANYWHERE):
        yield [found for line in lines for found in pattern.findall(line)]
    yield _ANYWHERE.findall(header(message, "Subject"))
    yield _returned_to(parts)


def _notice(text: str) -> list[str]:
    """Return the lines that the server wrote: those above the returned mail."""
    lines = [line[:LINE_CHARACTERS] for line in text.splitlines()[:NOTICE_LINES]]
    end = next((n for n, line in enumerate(lines) if n > 2 and _RETURNED.match(line)), len(lines))
    return lines[:end]


def _action(subject: str, notice: list[str]) -> str:
    said = "\n".join([subject, *notice])
    return "delayed" if _DELAY.search(said) and not _FINAL.search(said) else "failed"


def _strangers(message: Message, parts: Sequence[Message]) -> Callable[[str], bool]:
    """Return a test: an address is neither ours, to whom the bounce came, nor the server's."""
    fields = [header(message, name) for name in ("From", "To", "Delivered-To", "X-Original-To")]
    fields += [header(returned, "From") for returned in _returned(parts)]
    known = {address.lower() for field in fields for address in _ANYWHERE.findall(field)}

    def is_stranger(address: str) -> bool:
        return address.lower() not in known and not _NOBODY.match(address)

    return is_stranger


def _returned(parts: Sequence[Message]) -> Iterator[Message]:
    for part in parts:
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
            yield from (mail for mail in payload[:1] if isinstance(mail, Message))


def _returned_to(parts: Sequence[Message]) -> list[str]:
    """Return whom the returned mail was for, if that was one address."""
    named = [address_in(header(mail, "To")) for mail in _returned(parts)]
    fields = [header(mail, "To") for mail in _returned(parts)]
    return named if len(named) == 1 and fields[0].count("@") == 1 and named[0] else []


def _statuses(found: list[str], notice: list[str], action: str) -> list[str]:
    """Return each recipient's status: the code nearest below its address, else the first code of
    the notice, else that of the action."""
    whole = status_in(" \n".join(notice))
    default = whole or {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "")
    if len(found) == 1:
        return [default]
    joined = " \n".join(notice)
    places = sorted((joined.find(address), address) for address in found)
    ends = [place for place, _ in places[1:]] + [len(joined)]
    near = {
        address: status_in(joined[place:end]) if place >= 0 else ""
        for (place, address), end in zip(places, ends, strict=True)
    }
    return [near[address] or default for address in found]
