"""Whom a bounce in words is about: the addresses in a notice, and which of them count.

Each way of reading stands on what many MTAs share; a new one goes into `candidates`, at the place
that its certainty deserves.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from email.message import Message

from maildesk.mail.report_fields import ADDRESS, address_in
from maildesk.mail.report_patterns import known_pattern
from maildesk.mail.report_signs import header

_ALONE = re.compile(
    rf"^[\s>*•-]{{0,12}}[<\[\"'(]{{0,2}}(?:smtp:)?({ADDRESS})[>\]\"')]{{0,2}}"
    rf"(?:\s{{0,3}}(?:\([^()]{{0,80}}\)|<{ADDRESS}>))?\s{{0,4}}(?:$|[:;,]|on \w|- |\.\.\.|\()",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    rf"^[\s<]{{0,6}}[45]\d\d[ -](?:[45]\.\d+\.\d+ )?<?({ADDRESS})>?\.\.\.", re.IGNORECASE
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
    r"contact|assist|question|\bhelp\b|support|message-?id|https?:|sent by"
    r"|report (?:this|the) problem"
    r"|^[\s>]*(?:from|sender|cc|date|reply-to|von|de|van|subject|x-[\w-]+)\s*:",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"^(?:postmaster|mailer-daemon|abuse|no-?reply)@", re.IGNORECASE)
_TO = re.compile(r"^[ \t>]{0,9}To:[ \t]{0,9}([^\r\n]{3,500})", re.IGNORECASE | re.MULTILINE)
_ID = re.compile(r"Message-ID:\s{0,9}<([^<>\s]{3,200})>", re.IGNORECASE)


def candidates(
    message: Message, notice: Sequence[str], returned: str, parts: Sequence[Message]
) -> Iterator[list[str]]:
    """Yield what each way of reading finds, the surest way first.

    `notice` is what the server wrote, line by line; `returned` the mail that it put below.
    """
    yield _ANYWHERE.findall(str(message.get("X-Failed-Recipients", ""))[:20_000])
    ids = set(_ID.findall("\n".join([*notice, returned])))
    ours = _addresses(message, ("From", "To"))
    yield [found for found in known_pattern(message) if found not in ids | ours]
    is_stranger = _strangers(message, parts)
    lines = [line for line in notice if "@" in line and not _BESIDE.search(line)]
    for pattern in (_ALONE, _REFUSED, _LABELLED, _IN_DIALOG, _IN_BRACKETS, _ANYWHERE):
        yield [found for line in lines for found in pattern.findall(line) if is_stranger(found)]
    yield [found for found in _ANYWHERE.findall(header(message, "Subject")) if is_stranger(found)]
    yield _returned_to(returned, parts)


def _addresses(message: Message, names: Sequence[str]) -> set[str]:
    values = (header(message, name) for name in names)
    return {address.lower() for value in values for address in _ANYWHERE.findall(value)}


def _strangers(message: Message, parts: Sequence[Message]) -> Callable[[str], bool]:
    """Return a test: an address is neither ours, to whom the bounce came, nor the server's."""
    known = _addresses(message, ("From", "To", "Delivered-To", "X-Original-To"))
    for mail in _returned_mails(parts):
        known |= _addresses(mail, ("From",))

    def is_stranger(address: str) -> bool:
        return address.lower() not in known and not _NOBODY.match(address)

    return is_stranger


def _returned_mails(parts: Sequence[Message]) -> Iterator[Message]:
    for part in parts:
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(payload, list):
            yield from (mail for mail in payload[:1] if isinstance(mail, Message))


def _returned_to(returned: str, parts: Sequence[Message]) -> list[str]:
    """Return whom the returned mail was for, if that was one address: the last resort where the
    notice names nobody (Seen from Google Groups)."""
    fields = [header(mail, "To") for mail in _returned_mails(parts)] or _TO.findall(returned)[:1]
    if len(fields) == 1 and fields[0].count("@") == 1:
        return [found for found in [address_in(fields[0])] if found]
    return []
