"""Reports: whom a bounce could not reach, who complained, and which mail came back.

RFC 6522 (multipart/report), RFC 3464 and 6533 (delivery status), RFC 5965 (abuse feedback),
RFC 8098 (disposition notifications). What servers write in other forms is read by `report_text`
and its neighbours; the signs that a server writes at all stand in `report_signs`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.message import Message
from itertools import islice

from maildesk.mail.message import DeliveryReport, ReportedRecipient, ReportKind
from maildesk.mail.report_fields import RECIPIENT_LIMIT, address_in, blocks_of, failure_in, reported
from maildesk.mail.report_service import read_service
from maildesk.mail.report_signs import STATUS_TYPES, is_delivery_notice
from maildesk.mail.report_text import read_notice

PART_LIMIT = 500
TEXT_CHARACTERS = 100_000
ID_LIMIT = 10

_COMPLAINT_TYPES = {"message/feedback-report", "message/rfc822"}
_DISPOSITION_TYPES = {
    "message/disposition-notification",
    "message/global-disposition-notification",
}
_HEADER_TYPES = {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
_MESSAGE_ID = re.compile(
    r"^[ \t>]{0,9}(?:X-)?(?:Original-)?Message-ID:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{3,998})>",
    re.IGNORECASE | re.MULTILINE,
)
# A Sieve `reject` says it in a receipt (RFC 5429 section 2.1.1).
_REJECTED = re.compile(r"\b(?:automatically )?(?:rejected|refused|over ?quota)\b", re.IGNORECASE)


def read_report(message: Message, text: str) -> DeliveryReport | None:
    """Read what a bounce, a complaint or a receipt says; None where the mail is none of them.

    `message` is the compat32 tree, `text` the visible text of the mail. At most 1,000 recipients
    are named. Attached mails are not looked into: what somebody forwards is no report to us.
    """
    parts = list(islice(_own_parts(message), PART_LIMIT))
    types = {part.get_content_type() for part in parts}
    complained = _complained(parts) if types & _COMPLAINT_TYPES else ()
    if complained or "message/feedback-report" in types:
        return DeliveryReport(complained, _returned_ids(parts, text), ReportKind.FEEDBACK)
    service = read_service(text)
    if service is not None:
        return service
    if types & _DISPOSITION_TYPES and message.get_content_type() == "multipart/report":
        return _receipt(parts, text)
    if not is_delivery_notice(message, text):
        return None
    blocks = (block for part in _of(parts, STATUS_TYPES) for block in blocks_of(part))
    recipients = reported(blocks) or read_notice(message, text, parts)
    return DeliveryReport(recipients, _returned_ids(parts, text))


def _own_parts(message: Message) -> Iterator[Message]:
    """Yield the parts from the top, without what is inside attached mails or status blocks."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(sub for sub in reversed(payload) if isinstance(sub, Message))


def _of(parts: Sequence[Message], types: set[str]) -> Iterator[Message]:
    return (part for part in parts if part.get_content_type() in types)


def _receipt(parts: Sequence[Message], text: str) -> DeliveryReport:
    """Read a receipt: somebody has read the mail, or his filter has rejected it."""
    ids = _returned_ids(parts, text)
    if not _REJECTED.search(text[:2000]):
        return DeliveryReport((), ids, ReportKind.DISPOSITION)
    blocks = (block for part in _of(parts, _DISPOSITION_TYPES) for block in blocks_of(part))
    status = failure_in(text[:2000]) or "5.0.0"
    return DeliveryReport(
        tuple(replace(named, status=status, action="failed") for named in reported(blocks)), ids
    )


def _complained(parts: Sequence[Message]) -> tuple[ReportedRecipient, ...]:
    """Name the recipients that a complaint is about (RFC 5965 section 3.2). Outlook.com sends the
    mail alone, with the recipient in a field of its own."""
    values = [
        str(value)
        for part in _of(parts, _COMPLAINT_TYPES)
        for block in _inner(part)
        for name in ("Original-Rcpt-To", "X-HmXmrOriginalRecipient")
        for value in islice(block.get_all(name, []), RECIPIENT_LIMIT)
    ]
    addresses = filter(None, map(address_in, values))
    return tuple(ReportedRecipient(address) for address in dict.fromkeys(addresses))


def _inner(part: Message) -> list[Message]:
    """Return what is inside a message/* part: a mail, or the first blocks of fields."""
    payload = part.get_payload()
    inner = payload[:2] if isinstance(payload, list) else []
    return [block for block in inner if isinstance(block, Message)]


def _returned_ids(parts: Sequence[Message], text: str) -> tuple[str, ...]:
    """Return the Message-IDs of the mail that came back, wherever the report shows them."""
    fields = islice(_returned_fields(parts), 2 * ID_LIMIT)
    shown = "\n".join([*fields, text[:TEXT_CHARACTERS]])
    return tuple(islice(dict.fromkeys(_MESSAGE_ID.findall(shown)), ID_LIMIT))


def _returned_fields(parts: Sequence[Message]) -> Iterator[str]:
    """Yield the fields that may hold the id: of the returned mail, or of the report itself."""
    for part in parts:
        if part.get_content_type() in _HEADER_TYPES:
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content[:TEXT_CHARACTERS].decode("utf-8", "replace")
        if part.get_content_maintype() == "message":
            for block in _inner(part):
                for name in ("Message-ID", "Original-Message-ID", "X-Original-Message-ID"):
                    yield f"{name}: {str(block.get(name, ''))[:1000].strip()}"
