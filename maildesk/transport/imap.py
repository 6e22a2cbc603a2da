"""The IMAP poller: a thread per mailbox that takes its mail and keeps on trying.

    Poller ── Collector ── Session ── Client, Connection ── the server
    (when)    (what)       (how)      (bounded bytes)

IMAPClient is not thread-safe and a thread in recv cannot be cancelled, so one thread owns the
session, every wait has an end, and `stop` closes the socket under it if asking did not help.
Any error throws the connection away; `imap_trouble` says how long to stay away.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from imapclient.exceptions import IMAPClientError

from maildesk.errors import MaildeskError
from maildesk.mail.envelope import Receive
from maildesk.settings import Mailbox
from maildesk.transport.imap_collect import Alert, Collector
from maildesk.transport.imap_connection import COMMAND_SECONDS
from maildesk.transport.imap_memory import Memory
from maildesk.transport.imap_session import Session
from maildesk.transport.imap_trouble import Backoff, LoginRefused, Throttled, name_trouble

LONGEST_IDLE_SECONDS = 300  # a dead connection looks like a quiet one
STABLE_SECONDS = 60  # a session that lived so long was no failure
ALERT_FAILURES = 3
WAIT_SECONDS = 0.5
STUCK_SECONDS = COMMAND_SECONDS + 60
EXPECTED = (MaildeskError, IMAPClientError, OSError)  # anything else may be a bug of ours


class Poller:
    """Takes the mail of one mailbox: at once where the server has IDLE, else now and then."""

    def __init__(
        self,
        mailbox: Mailbox,
        receive: Receive,
        memory: Memory,
        *,
        clock: Callable[[], datetime],
        message_bytes: int,
        backoff_seconds: int = 1800,
        alert: Alert,
    ) -> None:
        self.progressed_at = time.monotonic()
        self._mailbox = mailbox
        self._collector = Collector(
            mailbox, receive, memory, clock=clock, message_bytes=message_bytes, alert=alert
        )
        self._alert = alert
        self._trouble = ""
        self._backoff = Backoff(backoff_seconds)
        self._log = structlog.get_logger().bind(mailbox=mailbox.name)
        self._stopping = threading.Event()
        self._waking = threading.Event()
        self._session: Session | None = None
        self._healthy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"imap-{mailbox.name}", daemon=True)

    # --- for other threads ---

    def start(self) -> None:
        """Begin to take mail, in a thread of its own."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread within `timeout` seconds; what it has not moved it moves next time."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        self._thread.join(min(timeout / 2, 1.5))
        if (session := self._session) and self._thread.is_alive():
            session.interrupt()
        self._thread.join(timeout / 2)

    @property
    def is_alive(self) -> bool:
        """The thread runs."""
        return self._thread.is_alive()

    def trouble(self) -> str:
        """Return why no mail comes in, on one line; "" where all is well."""
        if not self.is_alive:
            return "ended"
        stuck = time.monotonic() - self.progressed_at
        return self._trouble or (f"no progress for {stuck:.0f} s" if stuck > STUCK_SECONDS else "")

    def wake(self) -> None:
        """Look into the mailbox now, even in a pause after a failure."""
        self._waking.set()

    # --- without a thread ---

    def poll_once(self) -> int:
        """Take everything that is there and log out; return how many mails were taken.

        Raises: a MaildeskError of one line where the mailbox cannot be read."""
        try:
            with Session(self._mailbox) as session:
                self._collector.begin()
                return self._collector.collect(session, self._is_stopping)
        except MaildeskError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a server brought about, in one line
            raise name_trouble(error, self._mailbox) from None

    # --- the thread ---

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._waking.clear()
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - the mailbox is tried again, always
                if not self._stopping.is_set():
                    self._rest_after(error)

    def _follow(self) -> None:
        """Stay with the mailbox until something fails."""
        with Session(self._mailbox) as session:
            self._session = session
            try:
                self._collector.begin()
                while not self._stopping.is_set():
                    self._waking.clear()
                    self._look(session)
                    self._wait_for_mail(session)
            finally:
                self._session = None

    def _look(self, session: Session) -> None:
        taken = self._collector.collect(session, self._is_stopping)
        if taken:
            self._log.info("mail taken", count=taken)
        if self._trouble or self._healthy_since is None:
            self._log.info("mailbox is read", server=self._mailbox.host)
            self._trouble = ""
            self._healthy_since = time.monotonic()

    def _wait_for_mail(self, session: Session) -> None:
        if session.has_news:  # came in while we looked: IDLE would not tell it again
            self._pause(WAIT_SECONDS / 5, self._is_wanted)
        elif session.may_idle and self._mailbox.idle_seconds > 0:
            session.wait(min(self._mailbox.idle_seconds, LONGEST_IDLE_SECONDS), self._is_wanted)
        else:
            until = time.monotonic() + self._mailbox.poll_seconds
            while not self._is_wanted() and (left := until - time.monotonic()) > 0:
                self._pause(min(left, LONGEST_IDLE_SECONDS), self._is_wanted)
                session.touch()

    def _rest_after(self, error: Exception) -> None:
        trouble = name_trouble(error, self._mailbox)
        if self._healthy_since and time.monotonic() - self._healthy_since > STABLE_SECONDS:
            self._backoff.reset()
        self._healthy_since = None
        self._trouble = trouble.text
        pause = self._backoff.pause_after(trouble)
        self._log.warning(
            "mailbox cannot be read",
            error=trouble.text,
            failures=self._backoff.failures,
            again_in_seconds=round(pause, 1),
            exc_info=None if isinstance(error, EXPECTED) else error,
        )
        if self._backoff.failures == ALERT_FAILURES:
            self._raise_alarm(trouble.text)
        # The server has asked us to stay away, or counts our log-ins: nobody may hurry us.
        is_strict = isinstance(trouble, LoginRefused | Throttled)
        self._pause(pause, self._is_stopping if is_strict else self._is_wanted)

    def _raise_alarm(self, words: str) -> None:
        what = f"mailbox {self._mailbox.name} cannot be read"
        try:
            self._alert(what, f"The {what}: {words}")
        except Exception:  # noqa: BLE001 - an alert that fails must not end the thread
            self._log.exception("the alert could not be given")

    def _pause(self, seconds: float, is_wanted: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while not is_wanted() and (left := until - time.monotonic()) > 0:
            self._stopping.wait(min(left, WAIT_SECONDS))

    def _is_wanted(self) -> bool:
        return self._is_stopping() or self._waking.is_set()

    def _is_stopping(self) -> bool:
        """Asked wherever the thread waits or begins a batch: so it also shows that it lives."""
        self.progressed_at = time.monotonic()
        return self._stopping.is_set()
