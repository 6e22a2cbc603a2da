"""The way out: a mail to the smarthost, or as a file into a Maildir.

Both are a `Submit`: bytes and an envelope with one recipient in, a `DeliveryResult` out; nothing
that the other side or the disk does makes them raise. A submitter belongs to one thread.
"""

import contextlib
import errno
import os
import smtplib
import socket
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Protocol

from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope
from maildesk.settings import Smarthost
from maildesk.transport.smarthost import (
    PATIENCE,
    Timeouts,
    connect,
    describe,
    disconnect,
    is_alive,
    reply_text,
    set_timeout,
)

IDLE_SECONDS = 60.0
GOODBYE_SECONDS = 3.0  # for the answer to QUIT, which says nothing
MAILS_PER_CONNECTION = 100

_LOG_IN_CODES = (530, 534, 535, 538)  # our account is wrong, not the mail: RFC 4954 section 6


class _LostAfterDot(Exception):
    """The connection went between the final dot and the reply: the mail may have been taken."""


class _Refused(Exception):
    """The server's reply ends the attempt."""

    def __init__(self, code: int, text: bytes | str) -> None:
        super().__init__(f"{code} {reply_text(text)}")
        is_final = code // 100 == 5 and code not in _LOG_IN_CODES
        self.state = DeliveryState.FAILED if is_final else DeliveryState.DEFERRED


class Submitter(Protocol):
    """A `Submit` that holds a connection."""

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Hand one mail to the next server."""

    def interrupt(self) -> None:
        """End what is under way; the one thing that another thread may do."""

    def close(self) -> None:
        """Let the connection go."""


class SmarthostSubmitter:
    """Submit mail through a smarthost (RFC 6409); callable as `Submit`. The connection is kept for
    the next mail. `hostname` is said in EHLO; `now` is a monotonic clock in seconds."""

    def __init__(
        self,
        smarthost: Smarthost,
        hostname: str,
        timeouts: Timeouts = PATIENCE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._smarthost = smarthost
        self._hostname = hostname
        self._timeouts = timeouts
        self._now = now
        self._connection: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._mails = 0
        self._is_interrupted = False

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Hand one mail for one recipient to the smarthost.

        A 4xx, and a server that cannot be reached or trusted, is DEFERRED; a 5xx to the mail or
        its recipient is FAILED; a connection lost after the final dot is UNKNOWN.
        """
        try:
            reply = self._submit(raw, envelope)
        except _Refused as refused:
            return self._result(refused.state, str(refused))
        except _LostAfterDot as lost:
            self._drop()
            return self._result(DeliveryState.UNKNOWN, f"no reply after the mail: {lost}")
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            return self._result(DeliveryState.DEFERRED, describe(error))
        return self._result(DeliveryState.SENT, reply)

    def check(self) -> DeliveryResult:
        """Connect and log in, but send nothing; SENT means that mail would be taken."""
        self.close()
        try:
            self._connect()
        except (OSError, smtplib.SMTPException) as error:
            return self._result(DeliveryState.DEFERRED, describe(error))
        self.close()
        return self._result(DeliveryState.SENT, "ready")

    def interrupt(self) -> None:
        """Hang up, whatever is under way: for another thread, when we have to end. A mail whose
        reply we wait for is UNKNOWN."""
        self._is_interrupted = True
        connection = self._connection
        if connection and connection.sock:
            with contextlib.suppress(OSError):  # past TLS, which is not made for two threads
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection:
            disconnect(connection, GOODBYE_SECONDS)

    def _submit(self, raw: bytes, envelope: Envelope) -> str:
        connection = self._ready()
        (recipient,) = envelope.recipients
        reverse_path = envelope.reverse_path or ""
        options = _mail_options(connection, raw, reverse_path, recipient)
        self._expect(2, *connection.mail(reverse_path, options))
        self._expect(2, *connection.rcpt(recipient))
        self._expect(3, *connection.docmd("DATA"))
        code, text = self._send_content(connection, raw)
        self._mails += 1
        self._used_at = self._now()
        self._expect(2, code, text)
        return f"{code} {reply_text(text)}"

    def _send_content(self, connection: smtplib.SMTP, raw: bytes) -> tuple[int, bytes]:
        """Send the mail after DATA's 354; from the final dot on, a loss is in doubt."""
        connection.send(_dot_stuffed(raw))
        set_timeout(connection, self._timeouts.final_dot)
        try:
            connection.send(b".\r\n")
            code, text = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise _LostAfterDot(describe(error)) from error
        if not 200 <= code < 600:
            raise _LostAfterDot(f"{code} {reply_text(text)}")
        set_timeout(connection, self._timeouts.command)
        return code, text

    def _expect(self, wanted: int, code: int, text: bytes) -> None:
        """Go on if the reply is of the wanted class; else stop, and leave RSET to the next mail."""
        if code // 100 == wanted:
            return
        if code == 421 or code < 400:  # closing, or a reply that makes no sense here
            self._drop()
        raise _Refused(code, text)

    def _ready(self) -> smtplib.SMTP:
        """Return a connection that answers: the kept one if it is fresh, else a new one."""
        connection = self._connection
        if connection is None:
            return self._connect()
        is_idle = self._now() - self._used_at > IDLE_SECONDS
        if not is_idle and self._mails < MAILS_PER_CONNECTION and is_alive(connection):
            return connection
        self.close()
        return self._connect()

    def _connect(self) -> smtplib.SMTP:
        connection = connect(self._smarthost, self._hostname, self._timeouts)
        self._connection, self._mails, self._used_at = connection, 0, self._now()
        if self._is_interrupted:
            raise ConnectionAbortedError("we are about to stop")
        return connection

    def _drop(self) -> None:
        """Let the connection go without a word."""
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _result(self, state: DeliveryState, text: str) -> DeliveryResult:
        place = f"{self._smarthost.host}:{self._smarthost.port}"
        return DeliveryResult(state, " ".join(f"{place}: {text}".split()))


class MaildirSubmitter:
    """Put each mail as one file into `path`/new, with its envelope in the first two fields;
    callable as `Submit`. For a newcomer, who sees there what would have been sent."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = count()

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Write one mail for one recipient; a full disk is DEFERRED."""
        name = f"{time.time():.6f}.P{os.getpid()}Q{next(self._numbers)}.{socket.gethostname()}"
        try:
            self._write(name.replace("/", "-"), _with_envelope(raw, envelope))
        except OSError as error:
            reason = "the disk is full" if error.errno == errno.ENOSPC else str(error.strerror)
            return DeliveryResult(DeliveryState.DEFERRED, f"{self._path}: {reason}")
        return DeliveryResult(DeliveryState.SENT, f"{self._path / 'new' / name}")

    def interrupt(self) -> None:
        """Nothing takes long here."""

    def close(self) -> None:
        """Nothing to end."""

    def _write(self, name: str, content: bytes) -> None:
        """Write to tmp, then move: who reads `new` never sees half a mail."""
        for folder in ("tmp", "new", "cur"):
            (self._path / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._path / "tmp" / name
        try:
            with unfinished.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self._path / "new" / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(self._path / "new")


def _with_envelope(raw: bytes, envelope: Envelope) -> bytes:
    """Put the envelope before the mail, as an MTA does at delivery; line ends as on Unix."""
    fields = [f"Return-Path: <{envelope.reverse_path or ''}>"]
    fields += [f"Delivered-To: {recipient}" for recipient in envelope.recipients]
    head = "".join(f"{' '.join(field.split())}\n" for field in fields)
    return head.encode("utf-8", "replace") + raw.replace(b"\r\n", b"\n")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mail_options(
    connection: smtplib.SMTP, raw: bytes, reverse_path: str, recipient: str
) -> list[str]:
    """What the server must be told of the mail (RFC 6152, RFC 6531, RFC 1870).

    Raises: _Refused, where an address needs what the server cannot do.
    """
    options = []
    if connection.has_extn("size"):
        options.append(f"SIZE={len(raw)}")
    if not raw.isascii() and connection.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    head = raw.partition(b"\r\n\r\n")[0]
    if head.isascii() and reverse_path.isascii() and recipient.isascii():
        return options
    if not connection.has_extn("smtputf8"):
        raise _Refused(550, "5.6.7 the server takes no addresses beyond ASCII (SMTPUTF8)")
    connection.command_encoding = "utf-8"
    return [*options, "SMTPUTF8"]


def _dot_stuffed(raw: bytes) -> bytes:
    """Double the dots that begin a line, so that none ends the mail (RFC 5321 section 4.5.2)."""
    content = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
