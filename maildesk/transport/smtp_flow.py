"""What flows in: the lines and chunks of one session, and the bytes of all sessions together."""

import asyncio

from maildesk.transport.smtp_syntax import LINE_LIMIT

CHUNK_BYTES = 65_536
SMALL_BYTES = 1_048_576


class Input:
    """What a peer has sent and nobody has read yet: lines while it commands, chunks in DATA."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = b""

    @property
    def is_empty(self) -> bool:
        """Nothing is left behind the line or chunk that was read last."""
        return not self._buffer

    async def line(self) -> bytes | None:
        """Read one line with its line break; None at the end of the connection.

        Of a line over LINE_LIMIT only so much is returned that it is seen to be too long.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            chunk = await self._reader.read(CHUNK_BYTES)
            if not chunk:
                return None
            self._buffer = self._buffer[: LINE_LIMIT + 1] + chunk
        line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
        return line

    async def chunk(self) -> bytes:
        """Read what there is, at most CHUNK_BYTES or what was put back; empty at the end."""
        chunk, self._buffer = self._buffer, b""
        return chunk or await self._reader.read(CHUNK_BYTES)

    def put_back(self, rest: bytes) -> None:
        """Put back what followed the end of a mail: the commands of a pipelining client."""
        self._buffer = rest

    async def drain(self) -> None:
        """Throw away whatever still comes, until the peer closes."""
        while await self.chunk():
            pass


class InFlight:
    """The bytes of mails that are in memory but not yet on stable storage, over all sessions.

    Over the limit the sessions stop reading. Two exceptions keep things moving: a mail under 1 MiB
    never waits for the big ones, and the mail that began first may always go on – otherwise mails
    that each wait for the others' memory would wait for ever.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: dict[object, int] = {}
        self._total_bytes = 0
        self._freed = asyncio.Event()

    def may_read(self, mail: object) -> bool:
        """Whether a mail may take in more."""
        return (
            self._total_bytes < self._limit_bytes
            or self._held.get(mail, 0) < SMALL_BYTES
            or next(iter(self._held)) is mail
        )

    async def room_for(self, mail: object) -> None:
        """Wait until a mail may take in more."""
        while not self.may_read(mail):
            await self._freed.wait()

    def hold(self, mail: object, held_bytes: int) -> None:
        """Note how much a mail holds now."""
        self._total_bytes += held_bytes - self._held.get(mail, 0)
        self._held[mail] = held_bytes
        if held_bytes == 0:
            self.release(mail)

    def release(self, mail: object) -> None:
        """Forget a mail that is stored, refused or lost."""
        self._total_bytes -= self._held.pop(mail, 0)
        self._freed.set()
        self._freed = asyncio.Event()
