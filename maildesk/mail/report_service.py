"""Bounces that a mail service sends as JSON in a mail: Amazon SES by way of SNS.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

import json
from collections.abc import Mapping

from maildesk.mail.message import DeliveryReport, ReportedRecipient, ReportKind

TEXT_CHARACTERS = 100_000

_KINDS = {
    "Bounce": ("bounce", "bouncedRecipients", ReportKind.DELIVERY),
    "Complaint": ("complaint", "complainedRecipients", ReportKind.FEEDBACK),
    "Delivery": ("delivery", "recipients", ReportKind.DELIVERY),
}


def read_service(text: str) -> DeliveryReport | None:
    """Read a notification of the service; None where the text is none."""
    if text.lstrip()[:1] != "{" or "notificationType" not in text[:TEXT_CHARACTERS]:
        return None
    notification = _object(text)
    if "notificationType" not in notification:  # SNS wraps it, unless "raw" delivery is set
        notification = _object(str(notification.get("Message", "")))
    return _report(notification)


def _object(text: str) -> Mapping[str, object]:
    """Return the JSON object at the start of the text; lines may have been cut on the way."""
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip()[:TEXT_CHARACTERS].replace("\n", ""))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _report(notification: Mapping[str, object]) -> DeliveryReport | None:
    kind = _KINDS.get(str(notification.get("notificationType")))
    event = notification.get(kind[0]) if kind else None
    if kind is None or not isinstance(event, dict):
        return None
    entries = event.get(kind[1])
    listed = entries[:1000] if isinstance(entries, list) else []
    recipients = tuple(filter(None, (_recipient(entry, kind[0]) for entry in listed)))
    return DeliveryReport(recipients, _returned_ids(notification), kind[2])


def _returned_ids(notification: Mapping[str, object]) -> tuple[str, ...]:
    mail = notification.get("mail")
    fields = mail.get("commonHeaders") if isinstance(mail, dict) else None
    written = str(fields.get("messageId", "")) if isinstance(fields, dict) else ""
    bare = written.strip().strip("<>")[:998]
    return (bare,) if "@" in bare else ()


def _recipient(entry: object, event: str) -> ReportedRecipient | None:
    if isinstance(entry, str):
        return ReportedRecipient(entry, "", "delivered" if event == "delivery" else "")
    if not isinstance(entry, dict) or "@" not in str(entry.get("emailAddress", "")):
        return None
    action = "failed" if event == "bounce" else ""
    return ReportedRecipient(
        str(entry["emailAddress"])[:320],
        str(entry.get("status", ""))[:12] or ("5.0.0" if action else ""),
        str(entry.get("action", ""))[:12] or action,
    )
