"""The way out: a mail to the smarthost, or as a file into a Maildir. (stub)"""

from pathlib import Path

from maildesk.mail.envelope import DeliveryResult, Envelope
from maildesk.settings import Smarthost


class SmarthostSubmitter:
    """Submit mail through a smarthost (RFC 6409); callable as `Submit`."""

    def __init__(self, smarthost: Smarthost, hostname: str) -> None:
        self._smarthost = smarthost
        self._hostname = hostname

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Hand one mail for one recipient to the smarthost."""
        raise NotImplementedError

    def close(self) -> None:
        """End the connection, if there is one."""


class MaildirSubmitter:
    """Put each mail as one file into `path`/new; callable as `Submit`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Write one mail for one recipient."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to end."""
