# ruff: noqa: N802  aiosmtpd finds the method of a command by its name, smtp_VERB
"""The commands of SMTP and LMTP.

All are our own: aiosmtpd's echo hostile text, know one reply for all recipients of LMTP, and lack
enhanced status codes. A new command is a method `smtp_VERB`, its replies stand in `smtp_replies`.
RFC 5321 section 4.1, RFC 2033 (LMTP), RFC 3207 (STARTTLS), RFC 6531 (SMTPUTF8), RFC 1870 (SIZE).
"""

import asyncio
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from maildesk.errors import StorageFull
from maildesk.mail.envelope import Answer, Envelope, Source
from maildesk.mail.message import address_key
from maildesk.transport import smtp_replies as replies
from maildesk.transport.smtp_connection import Connection
from maildesk.transport.smtp_data import DataReader
from maildesk.transport.smtp_service import Service
from maildesk.transport.smtp_syntax import Path, problem_of_parameters, read_path, trace_field

log = structlog.get_logger(__name__)

# A mail that is too big is read to its end, so that the peer sees why: to so many times the limit.
DRAIN_FACTOR = 4


@dataclass(slots=True)
class Transaction:
    """A mail transaction, from MAIL to the end of DATA. Repeated recipients are folded in
    `recipients`, but LMTP answers each RCPT that was accepted: `accepted`."""

    reverse_path: str | None = None
    uses_utf8: bool = False
    recipients: dict[str, str] = field(default_factory=dict)
    accepted: int = 0


class SmtpSession(Connection):
    """An SMTP session."""

    protocol = "SMTP"

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._mails = self._unknown_recipients = 0

    def _create_envelope(self) -> Any:
        return Transaction()

    @property
    def _mail(self) -> Transaction:
        transaction: Any = self.envelope
        return transaction  # type: ignore[no-any-return]

    def _forget_mail(self) -> None:
        self.envelope = self._create_envelope()

    def _ask(self, question: Callable[..., bool], *arguments: str) -> bool | None:
        """Ask the desk; None, and the mail is forgotten, if it fails."""
        try:
            return question(*arguments)
        except Exception:
            log.exception("smtp question failed", peer=self.peer)
            self._forget_mail()
            return None

    async def smtp_HELO(self, argument: str | None) -> None:
        """Begin without extensions (RFC 5321 section 4.1.1.1)."""
        await self._hello(argument, is_extended=False)

    async def smtp_EHLO(self, argument: str | None) -> None:
        """Begin, and tell the extensions."""
        await self._hello(argument, is_extended=True)

    async def _hello(self, argument: str | None, *, is_extended: bool) -> None:
        if argument is None:
            await self._complain(replies.BAD_ARGUMENT)
            return
        assert self.session is not None  # noqa: S101 - for mypy
        self._forget_mail()
        self.session.host_name = argument
        self.session.extended_smtp = is_extended
        lines = [self.hostname, *(self._extensions() if is_extended else ())]
        reply = [f"250-{line}\r\n" for line in lines[:-1]] + [f"250 {lines[-1]}\r\n"]
        self._writer.write("".join(reply).encode("ascii", "replace"))
        await self._writer.drain()

    def _extensions(self) -> list[str]:
        size = f"SIZE {self._limits.message_bytes}"
        starttls = ["STARTTLS"] if self.tls_context and not self._tls_protocol else []
        return ["PIPELINING", size, "8BITMIME", "SMTPUTF8", *starttls, "ENHANCEDSTATUSCODES"]

    async def smtp_STARTTLS(self, argument: str | None) -> None:
        """Turn to TLS (RFC 3207); what was sent behind the command is never read as commands."""
        if self.tls_context is None:
            await self._complain(replies.NOT_OFFERED)
        elif self._tls_protocol is not None:
            await self._complain(replies.TLS_ALREADY)
        elif argument is not None:
            await self._complain(replies.BAD_ARGUMENT)
        elif not self._input.is_empty:
            await self._part(replies.SPOKE_BEFORE_TLS)
        else:
            await super().smtp_STARTTLS("")

    async def smtp_MAIL(self, argument: str | None) -> None:
        """Begin a mail."""
        path = read_path("FROM:", argument)
        if problem := self._problem_of_mail(path):
            await self._complain(problem)
            return
        assert path is not None  # noqa: S101 - for mypy
        if refusal := self._refusal_of_mail(path):
            await (self._part if refusal.code == 421 else self._decline)(refusal)
            return
        self._mail.reverse_path = path.address
        self._mail.uses_utf8 = "SMTPUTF8" in path.parameters
        await self._say(replies.SENDER_OK)

    def _problem_of_mail(self, path: Path | None) -> Answer | None:
        """What is wrong with a MAIL command."""
        if self.session is None or not self.session.host_name:
            return replies.HELLO_FIRST
        if self._mail.reverse_path is not None:
            return replies.MAIL_ALREADY
        if path is None:
            return replies.BAD_ARGUMENT
        if path.parameters and not self.session.extended_smtp:
            return replies.BAD_PARAMETER
        return problem_of_parameters(path.parameters)

    def _refusal_of_mail(self, path: Path) -> Answer | None:
        """Why a well-formed MAIL is not taken."""
        if not self._is_trusted and self._mails >= self._limits.messages_per_session:
            return replies.TOO_MANY_MESSAGES
        if not path.address.isascii() and "SMTPUTF8" not in path.parameters:
            return replies.NEEDS_SMTPUTF8
        if int(path.parameters.get("SIZE") or 0) > self._limits.message_bytes:
            return replies.TOO_BIG
        has_room = self._ask(self._service.has_room)
        return replies.NOT_NOW if has_room is None else None if has_room else replies.NO_ROOM

    async def smtp_RCPT(self, argument: str | None) -> None:
        """Name a recipient of the mail."""
        path = read_path("TO:", argument)
        if self._mail.reverse_path is None:
            await self._complain(replies.MAIL_FIRST)
        elif path is None or not path.address:
            await self._complain(replies.BAD_ARGUMENT)
        elif path.parameters:
            await self._complain(replies.BAD_PARAMETER)
        else:
            await self._take_recipient(path.address)

    async def _take_recipient(self, address: str) -> None:
        if not address.isascii() and not self._mail.uses_utf8:
            await self._decline(replies.NEEDS_SMTPUTF8)
            return
        if self._mail.accepted >= self._limits.recipients:
            await self._decline(replies.TOO_MANY_RECIPIENTS)
            return
        is_ours = self._ask(self._service.accepts, address)
        if is_ours:
            self._mail.accepted += 1
            self._mail.recipients.setdefault(address_key(address), address)
            await self._say(replies.RECIPIENT_OK)
        elif is_ours is None:
            await self._decline(replies.NOT_NOW)
        else:
            await self._refuse_recipient()

    async def _refuse_recipient(self) -> None:
        self._unknown_recipients += 1
        if self._unknown_recipients > self._limits.recipients and not self._is_trusted:
            await self._part(replies.TOO_MANY_ERRORS)  # somebody tries out addresses
        else:
            await self._decline(replies.NOT_OURS)

    async def smtp_DATA(self, argument: str | None) -> None:
        """Take the mail."""
        if self._mail.accepted == 0:
            await self._complain(replies.RECIPIENT_FIRST)
        elif argument is not None:
            await self._complain(replies.BAD_ARGUMENT)
        else:
            self._is_in_data = True
            self._mails += 1
            await self._take_mail()
            self._is_in_data = False
            self._forget_mail()

    async def _take_mail(self) -> None:
        self._writer.write(b"354 End the mail with <CR><LF>.<CR><LF>\r\n")
        await self._writer.drain()
        limit = self._limits.message_bytes
        mail = DataReader(self._trace(), limit_bytes=limit, normalises_bare_lf=self._is_trusted)
        has_ended = False
        try:
            has_ended = await self._read_mail(mail)
        finally:
            if not has_ended:
                self._service.in_flight.release(mail)
        if has_ended:
            answer = mail.refusal or await self._receive(mail)
            await (self._say if answer.is_accepted else self._decline)(answer, self._replies())
        elif mail.refusal is not None:
            await self._part(mail.refusal, self._replies())
        else:
            self._is_leaving = True  # the connection ended within the mail

    def _replies(self) -> int:
        return 1

    async def _read_mail(self, mail: DataReader) -> bool:
        """Read to the end of the mail; False if it does not come, or much too late."""
        in_flight = self._service.in_flight
        self._give_until(self.loop.time() + self._limits.data_minutes * 60)
        rest = None
        while rest is None:
            if not in_flight.may_read(mail):
                await self._wait_for_us(in_flight.room_for(mail))
            chunk = await self._input.chunk()
            if not chunk or mail.arrived_bytes > DRAIN_FACTOR * self._limits.message_bytes:
                return False
            rest = mail.feed(chunk)
            in_flight.hold(mail, mail.held_bytes)
        self._give_until(math.inf)
        self._input.put_back(rest)
        return True

    async def _receive(self, mail: DataReader) -> Answer:
        transaction = self._mail
        envelope = Envelope(
            source=self.source,
            reverse_path=transaction.reverse_path or "",
            recipients=tuple(transaction.recipients.values()),
            peer=self.peer,
        )
        try:
            stored = self.loop.run_in_executor(
                self._service.threads, self._service.receive, mail.raw(), envelope
            )
            stored.add_done_callback(lambda _: self._service.in_flight.release(mail))
            # Shielded: the peer may close behind its dot, the commit goes on.
            answer = await self._wait_for_us(asyncio.shield(stored))
        except StorageFull:
            return replies.NO_ROOM
        except Exception:
            log.exception("smtp receive failed", peer=self.peer)
            self._service.in_flight.release(mail)
            return replies.NOT_STORED
        assert isinstance(answer, Answer)  # noqa: S101 - for mypy
        return answer

    def _trace(self) -> bytes:
        assert self.session is not None  # noqa: S101 - for mypy
        extended = "E" if self.session.extended_smtp and self.source is Source.SMTP else ""
        is_secure = self.transport is not None and self.transport.get_extra_info("sslcontext")
        name = f"UTF8{self.protocol}" if self._mail.uses_utf8 else extended + self.protocol
        return trace_field(
            helo=self.session.host_name or "",
            peer=self.peer,
            hostname=self.hostname,
            protocol=name + ("S" if is_secure else ""),
            identifier=secrets.token_hex(8),
        )

    async def smtp_RSET(self, _argument: str | None) -> None:
        """Forget the mail that has begun."""
        self._forget_mail()
        await self._say(replies.OK)

    async def smtp_NOOP(self, _argument: str | None) -> None:
        """Do nothing."""
        await self._say(replies.OK)

    async def smtp_QUIT(self, _argument: str | None) -> None:
        """End the session."""
        self._is_leaving = True
        await self._say(replies.BYE)

    async def smtp_HELP(self, _argument: str | None) -> None:
        """Point to the RFC."""
        await self._say(replies.HELP)

    async def smtp_VRFY(self, _argument: str | None) -> None:
        """Verify nothing: who asks may be collecting addresses."""
        await self._say(replies.NOT_VERIFIED)

    async def smtp_EXPN(self, _argument: str | None) -> None:
        """Expand nothing."""
        await self._say(replies.NOT_OFFERED)

    async def smtp_AUTH(self, _argument: str | None) -> None:
        """Nobody logs in here."""
        await self._complain(replies.NOT_OFFERED)
