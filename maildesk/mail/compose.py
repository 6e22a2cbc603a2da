"""Write a mail: `OutboundMail` -> the bytes of RFC 5322. (stub)"""

from maildesk.mail.message import OutboundMail


def compose(mail: OutboundMail) -> bytes:
    """Return the mail as RFC 5322 bytes with CRLF line ends."""
    raise NotImplementedError
