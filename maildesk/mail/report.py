"""Reports: whom a bounce could not reach, who complained, and which mail came back.

RFC 6522 (multipart/report), RFC 3464 and 6533 (delivery status), RFC 5965 (abuse feedback),
RFC 8098 (disposition notifications). What servers write in other forms is read by `report_text`
and its neighbours; the signs that a server writes at all stand in `report_signs`.
"""

import re
from collections.abc import Iterator, Sequence
from email.message import Message
from itertools import islice

from maildesk.mail.message import DeliveryReport, ReportedRecipient, ReportKind
from maildesk.mail.report_fields import RECIPIENT_LIMIT, address_in, blocks_of, reported
from maildesk.mail.report_service import read_service
from maildesk.mail.report_signs import is_delivery_notice
from maildesk.mail.report_text import read_notice

PART_LIMIT = 500
TEXT_CHARACTERS = 100_000
ID_LIMIT = 10

_STATUS_TYPES = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/xdelivery-status",  # Seen from XWall.
}
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
    if "message/feedback-report" in types:
        return DeliveryReport(_complained(parts), _returned_ids(parts, text), ReportKind.FEEDBACK)
    if types & _DISPOSITION_TYPES and not _REJECTED.search(text[:2000]):
        return DeliveryReport((), _returned_ids(parts, text), ReportKind.DISPOSITION)
    service = read_service(text)
    if service is not None:
        return service
    if not types & _DISPOSITION_TYPES and not is_delivery_notice(message, text):
        return None
    blocks = (block for part in _of(parts, _STATUS_TYPES) for block in blocks_of(part))
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


def _complained(parts: Sequence[Message]) -> tuple[ReportedRecipient, ...]:
    """Name the recipients that an abuse report is about (RFC 5965 section 3.2)."""
    found: dict[str, ReportedRecipient] = {}
    for part in _of(parts, {"message/feedback-report"}):
        payload = part.get_payload()
        blocks = payload[:2] if isinstance(payload, list) else []
        for block in blocks:
            for value in islice(block.get_all("Original-Rcpt-To", []), RECIPIENT_LIMIT):
                address = address_in(str(value))
                if address:
                    found.setdefault(address.lower(), ReportedRecipient(address))
    return tuple(found.values())


def _returned_ids(parts: Sequence[Message], text: str) -> tuple[str, ...]:
    """Return the Message-IDs of the mail that came back, wherever the report shows them."""
    shown = "\n".join(islice(_returned_headers(parts), 2 * ID_LIMIT)) + "\n" + text[:TEXT_CHARACTERS]
    found = dict.fromkeys(_MESSAGE_ID.findall(shown))
    return tuple(islice(found, ID_LIMIT))


def _returned_headers(parts: Sequence[Message]) -> Iterator[str]:
    """Yield the fields that may hold the id: of the returned mail, or of the report itself."""
    for part in parts:
        payload = part.get_payload()
        kind = part.get_content_type()
        if kind in _HEADER_TYPES and isinstance(payload, str):
            content = part.get_payload(decode=True)
            yield content[:TEXT_CHARACTERS].decode("utf-8", "replace") if isinstance(
                content, bytes
            ) else ""
        elif isinstance(payload, list) and part.get_content_maintype() == "message":
            for block in payload[:2]:
                for name in ("Message-ID", "Original-Message-ID", "X-Original-Message-ID"):
                    yield f"{name}: {str(block.get(name, ''))[:1000].strip()}"
