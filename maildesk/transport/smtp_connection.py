"""One connection to the listener: admitted, greeted, timed, ended; its commands read one by one.

aiosmtpd gives the protocol's shell (streams, STARTTLS). The loop is ours, because aiosmtpd's own
answers bugs with a permanent 500 in the exception's words, takes lines that end with a bare LF,
closes in silence, and drops the reply to a peer that half-closes behind its mail.
The commands are in `smtp_session`.
"""

import asyncio
import math
from collections.abc import Awaitable, Hashable
from contextlib import suppress
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

import structlog
from aiosmtpd.smtp import SMTP, TLSSetupException

from maildesk.mail.envelope import Answer, Source
from maildesk.transport import smtp_replies as replies
from maildesk.transport.smtp_flow import CHUNK_BYTES, Input
from maildesk.transport.smtp_service import Service, network_of, peer_of
from maildesk.transport.smtp_syntax import Command, read_command

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

# A web page can make a browser post SMTP commands to a port of the browser's machine.
HTTP_VERBS = frozenset(("GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PATCH", "DELETE"))
LINGER_SECONDS = 2.0


class Connection(SMTP):
    """A connection, without the commands."""

    source: ClassVar[Source] = Source.SMTP
    line_length_limit = CHUNK_BYTES  # what the stream buffers; lines have a limit of their own

    def __init__(self, service: Service) -> None:
        super().__init__(
            None,
            enable_SMTPUTF8=True,
            hostname=service.hostname,
            ident="maildesk",
            tls_context=service.starttls,
            timeout=service.limits.idle_seconds,
            loop=service.loop,
        )
        self._service = service
        self._limits = service.limits
        self._is_trusted = service.listen.is_trusted
        self._refusal: Answer | None = None
        self.peer = self.network = ""
        self._has_spoken = self._is_leaving = self._is_waiting_for_us = False
        self._is_in_data = False
        self._errors = 0
        self._silent_since = self._began_at = service.loop.time()
        self._data_until = math.inf

    def __dir__(self) -> list[str]:
        """Name the commands only: aiosmtpd looks through dir() three times for each connection,
        which is a quarter of what a small mail costs."""
        return _commands_of(cast(Hashable, type(self)))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin again after STARTTLS (RFC 3207 section 4.2)."""
        is_first = self._original_transport is None
        super().connection_made(transport)
        if is_first:
            self.peer = peer_of(transport)
            self.network = network_of(self.peer)
            self._refusal = self._service.refusal_for(self.network)
            if self._refusal is None:
                self._service.sessions.add(self)
            self._timeout_cb()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the session; a mail that is being stored is stored all the same."""
        super().connection_lost(error)
        self._service.sessions.discard(self)
        if not self._service.sessions:
            self._service.emptied.set()

    def data_received(self, data: bytes) -> None:
        """Note that the peer is alive."""
        self._has_spoken = True
        self._silent_since = self.loop.time()
        super().data_received(data)

    def eof_received(self) -> bool | None:
        """Keep a half-closed connection open: its peer may wait for the reply to its mail."""
        # Past aiosmtpd's own method, which would cancel whatever the session is doing.
        asyncio.StreamReaderProtocol.eof_received(self)
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is None

    def _deadline(self) -> float:
        if self._is_waiting_for_us:
            return math.inf
        session = math.inf if self._is_trusted else self._limits.session_minutes * 60
        return min(
            self._silent_since + self._limits.idle_seconds,
            self._began_at + session,
            self._data_until,
        )

    def _timeout_cb(self) -> None:
        left = self._deadline() - self.loop.time()
        if left > 0:
            self._reset_timeout(min(left, self._limits.idle_seconds))
        else:
            self.end(replies.TIMED_OUT)

    def _give_until(self, data_until: float) -> None:
        self._data_until = data_until
        self._timeout_cb()

    async def _wait_for_us(self, work: Awaitable[Result]) -> Result:
        """Wait for something that the peer is not to blame for: its clocks stand still."""
        began_at = self.loop.time()
        self._is_waiting_for_us = True
        try:
            return await work
        finally:
            self._is_waiting_for_us = False
            self._silent_since = self.loop.time()
            self._began_at += self._silent_since - began_at
            self._data_until += self._silent_since - began_at

    def end(self, answer: Answer) -> None:
        """Say a last word, if none was said, and close; a peer that does not listen is cut off."""
        if self.transport is None or self.transport.is_closing():
            return
        is_listening = self._writer.transport.get_write_buffer_size() == 0
        if not self._is_leaving:
            log.info("smtp session ended", peer=self.peer, answer=str(answer))
            self._writer.write(f"{answer}\r\n".encode())
        if is_listening:
            self._writer.transport.close()
        else:
            self._writer.transport.abort()

    def cut_off(self) -> None:
        """Close without a word."""
        if self.transport is not None:
            self._writer.transport.abort()

    def wind_down(self) -> None:
        """End a session that is not in the middle of a mail; the others end after it."""
        if not self._is_in_data:
            self.end(replies.STOPPING)

    async def _say(self, answer: Answer, times: int = 1) -> None:
        text = f"{answer.code} {answer.status} {' '.join(answer.text.split())}"[:500]
        self._writer.write((text.encode("ascii", "replace") + b"\r\n") * times)
        await self._writer.drain()

    async def push(self, status: Any) -> None:
        """Send a reply that aiosmtpd itself makes, which is only STARTTLS's 220."""
        await self._say(Answer(220, "2.0.0", str(status).partition(" ")[2]))

    async def _part(self, answer: Answer, times: int = 1) -> None:
        """Refuse and close, so that the peer reads why.

        Closing while the peer still sends would reset the connection and destroy the reply. So only
        our side is closed, and what still comes is thrown away (under TLS asyncio does that).
        """
        self._is_leaving = True
        log.info("smtp session refused", peer=self.peer, answer=str(answer))
        await self._say(answer, times)
        if not self._writer.can_write_eof():
            return
        self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._input.drain()

    async def _decline(self, answer: Answer, times: int = 1) -> None:
        """Refuse, and leave a line for the admin who looks for the mail."""
        log.info("smtp refused", peer=self.peer, answer=str(answer))
        await self._say(answer, times)

    async def _complain(self, answer: Answer) -> None:
        """Answer a bad command; after too many of them close."""
        self._errors += 1
        if self._errors >= self._limits.bad_commands and not self._is_trusted:
            await self._part(replies.TOO_MANY_ERRORS)
        else:
            await self._say(answer)

    async def _handle_client(self) -> None:
        self._input = Input(self._reader)
        failure: Exception | None = None
        try:
            await self._greet()
            while not self._is_leaving:
                await self._take_command()
        except OSError as error:
            failure = error
        except TLSSetupException as error:
            log.info("smtp tls failed", peer=self.peer, error=repr(error.__cause__))
            failure = error
        except Exception as error:
            log.exception("smtp session broken", peer=self.peer)
            self.end(replies.BROKEN)
            failure = error
        if self.transport is not None:
            self.transport.close()
            # A handshake that fails is not told to the protocol that waits for it.
            if isinstance(failure, TLSSetupException):
                self.connection_lost(failure)

    async def _greet(self) -> None:
        # One turn of the loop, so that what arrived together with the connection is seen.
        await asyncio.sleep(0)
        if self._refusal is not None:
            self._is_leaving = True
            log.info("smtp connection refused", peer=self.peer, answer=str(self._refusal))
            await self._say(self._refusal)
        elif self._has_spoken:
            await self._part(replies.SPOKE_TOO_SOON)
        else:
            greeting = "LMTP" if self.source is Source.LMTP else "ESMTP"
            self._writer.write(f"220 {self.hostname} {greeting} {self.__ident__}\r\n".encode())
            await self._writer.drain()

    async def _take_command(self) -> None:
        line = await self._input.line()
        if line is None:
            self._is_leaving = True
            return
        command = read_command(line)
        if isinstance(command, Answer):
            await self._complain(command)
        elif command.verb in HTTP_VERBS:
            await self._part(replies.NOT_A_MAILER)
        else:
            await self._carry_out(command)
        if self._service.is_stopping and not self._is_leaving:
            self._is_leaving = True
            await self._say(replies.STOPPING)

    async def _carry_out(self, command: Command) -> None:
        method = self._smtp_methods.get(command.verb)
        if method is None:
            await self._complain(replies.UNKNOWN_COMMAND)
        else:
            await method(command.argument)


@cache
def _commands_of(kind: Hashable) -> list[str]:
    return [name for name in dir(kind) if name.startswith("smtp_")]
