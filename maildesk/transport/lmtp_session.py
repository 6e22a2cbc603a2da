# ruff: noqa: N802  aiosmtpd finds the method of a command by its name, smtp_VERB
"""LMTP: what differs from SMTP (RFC 2033)."""

from maildesk.mail.envelope import Source
from maildesk.transport import smtp_replies as replies
from maildesk.transport.smtp_session import SmtpSession


class LmtpSession(SmtpSession):
    """An LMTP session: LHLO, and after DATA one reply for each recipient that was accepted."""

    source = Source.LMTP
    protocol = "LMTP"

    async def smtp_LHLO(self, argument: str | None) -> None:
        """Begin, and tell the extensions."""
        await self._hello(argument, is_extended=True)

    async def smtp_HELO(self, _argument: str | None) -> None:
        """Not a command of LMTP (RFC 2033 section 4.1)."""
        await self._complain(replies.UNKNOWN_COMMAND)

    async def smtp_EHLO(self, _argument: str | None) -> None:
        """Not a command of LMTP."""
        await self._complain(replies.UNKNOWN_COMMAND)

    def _replies(self) -> int:
        return self._mail.accepted
