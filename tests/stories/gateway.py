"""The real SMTP listener in front of whichever desk a story opens.

It is started once a session: what is tested here is what agents' mails do, byte for byte as their
clients send them; the listener itself has its own tests.
"""

import smtplib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from stories.house import House

from maildesk.mail.envelope import Answer, Envelope
from maildesk.settings import Endpoint, Limits, Listen
from maildesk.transport.smtp import Listener


class Gateway:
    """Takes mail on a free port of the loopback, for one desk at a time."""

    def __init__(self) -> None:
        listen = Listen("smtp", Endpoint("127.0.0.1", 0))
        self._listener = Listener(
            listen, Limits(), self._receive, accepts=self._accepts, hostname="desk.example.com"
        )
        self._house: House | None = None

    @contextmanager
    def before(self, house: House) -> Iterator[None]:
        """Hand what comes in to this desk."""
        self._house = house
        try:
            yield
        finally:
            self._house = None

    def start(self) -> None:
        self._listener.start()

    def stop(self) -> None:
        self._listener.stop(3)

    def send(self, raw: bytes, sender: str, recipients: Iterable[str]) -> None:
        """Hand a mail over as the next server does."""
        endpoint = self._listener.endpoint
        with smtplib.SMTP(endpoint.host, endpoint.port, "mx.example.com", timeout=10) as server:
            refused = server.sendmail(sender, list(recipients), raw)
        assert not refused, refused

    def _receive(self, raw: bytes, envelope: Envelope) -> Answer:
        assert self._house is not None, "a mail for no desk"
        return self._house.receive(raw, envelope)

    def _accepts(self, address: str) -> bool:
        return self._house is not None and self._house.desk.rules.accepts(address)
