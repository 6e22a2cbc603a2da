"""The socket side of IMAP: imaplib's overridable methods, with limits, and IDLE.

imaplib reads a literal of whatever length the server names, tells an empty read apart from a closed
connection by luck, and buffers what arrives so that a poll of the socket misses it. Here the bytes
are read by ourselves: what one command may bring in is bounded in bytes and in time *before* it is
allocated, and IDLE (RFC 2177) looks at the buffer, the TLS layer and the socket.
"""

import contextlib
import imaplib
import ipaddress
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from imapclient import IMAPClient, SocketTimeout

CHUNK_BYTES = 65_536
ANSWER_BYTES = 16 * 1024 * 1024  # what a command brings in at most, unless more is allowed
COMMAND_SECONDS = 900  # a server that trickles a byte a minute never meets the read timeout
TIMEOUT = SocketTimeout(connect=15, read=60)
SLICE_SECONDS = 0.5  # how soon a waiting thread notices that it is wanted elsewhere


class Connection(imaplib.IMAP4):
    """An IMAP connection whose answers are bounded. `context` None: no TLS from the start."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, *, is_loopback_only: bool
    ) -> None:
        self._context = context
        self._is_loopback_only = is_loopback_only
        self._unread = bytearray()
        self._allowed_bytes = ANSWER_BYTES
        self._next_allowed_bytes = ANSWER_BYTES
        self._deadline = time.monotonic() + COMMAND_SECONDS
        super().__init__(host, port, TIMEOUT.connect)

    # --- imaplib's "overridable methods" ---

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Connect; nothing is sent before the peer is who it should be."""
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), timeout)
        try:
            if self._is_loopback_only and not _is_loopback(self.sock):
                raise PermissionError(
                    f"{host} is not this machine: tls: none would show the password"
                )
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._context:
                self.sock = self._context.wrap_socket(self.sock, server_hostname=host)
        except BaseException:
            self.sock.close()
            raise

    def read(self, size: int) -> bytes:
        """Read a literal, or as much of it as came before the connection ended."""
        if size > self._allowed_bytes + len(self._unread):
            raise self.abort(f"the server announced {size} bytes, far more than were asked for")
        while len(self._unread) < size and self._fill():
            pass
        return self._take(size)

    def readline(self) -> bytes:
        """Read a line; an unfinished or empty one means that the connection ended."""
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if not self._fill():
                return self._take(searched)
        return self._take(end + 1)

    def send(self, data: Any) -> None:
        """Send, and begin to count what comes back."""
        self._allowed_bytes, self._next_allowed_bytes = self._next_allowed_bytes, ANSWER_BYTES
        self._deadline = time.monotonic() + COMMAND_SECONDS
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Close the connection, without a word to the server."""
        self.interrupt()
        self.sock.close()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> tuple[Any, list[Any]]:
        """Go on under TLS (RFC 9051 section 6.2.1), with nothing kept from before."""
        if ssl_context is None:
            raise self.error("STARTTLS needs a context that checks the certificate")
        answer: tuple[str, list[Any]] = self._simple_command("STARTTLS")
        if answer[0] != "OK":
            raise self.error(f"STARTTLS refused: {answer[1][-1]!r}")
        if self._unread:
            raise self.abort("the server, or somebody before it, sent data behind STARTTLS")
        self.sock = ssl_context.wrap_socket(self.sock, server_hostname=self.host)
        self._tls_established = True
        self.untagged_responses.clear()
        self._get_capabilities()
        return answer

    # --- ours ---

    def allow(self, answer_bytes: int) -> None:
        """Let the next command bring in this much more than an ordinary one."""
        self._next_allowed_bytes = ANSWER_BYTES + answer_bytes

    def interrupt(self) -> None:
        """End the connection under a thread that reads from it; safe from any thread."""
        with contextlib.suppress(OSError):  # SSLSocket.shutdown would pull the TLS layer away
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    @property
    def has_news(self) -> bool:
        """The server announced mail that no SELECT has shown yet."""
        return "EXISTS" in self.untagged_responses

    def idle(self, seconds: float, is_wanted: Callable[[], bool]) -> None:
        """Wait until the server announces mail, `seconds` are over, or `is_wanted`, which is asked
        often."""
        tag = self._command("IDLE")
        while self._get_response() is not None and not self.tagged_commands[tag]:
            pass  # what the server has to tell before its "+"
        until = time.monotonic() + seconds
        while not (self.has_news or self.tagged_commands[tag] or is_wanted()):
            if time.monotonic() > until:
                break
            self._hear_line()
        if not self.tagged_commands[tag]:
            self.send(b"DONE\r\n")
        kind, words = self._command_complete("IDLE", tag)
        if kind != "OK":
            raise self.error(words[-1])

    def _hear_line(self) -> None:
        if b"\n" in self._unread:
            self._get_response()
            self._check_bye()
        elif self._has_input(SLICE_SECONDS):
            self._fill_at_once()

    def _has_input(self, seconds: float) -> bool:
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _fill_at_once(self) -> None:
        """Take what is there. A readable TLS socket may hold no data, only a session ticket."""
        self.sock.settimeout(0)
        try:
            if not self._fill():
                raise self.abort("the server closed the connection")
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        finally:
            self.sock.settimeout(TIMEOUT.read)

    def _fill(self) -> bool:
        if time.monotonic() > self._deadline:
            raise TimeoutError(f"the answer took longer than {COMMAND_SECONDS} s")
        chunk = self.sock.recv(CHUNK_BYTES)
        self._allowed_bytes -= len(chunk)
        if self._allowed_bytes < 0:
            raise self.abort("the server sends far more than was asked for")
        self._unread += chunk
        return bool(chunk)

    def _take(self, size: int) -> bytes:
        with memoryview(self._unread) as unread:
            taken = bytes(unread[:size])
        del self._unread[:size]
        return taken


class Client(IMAPClient):  # type: ignore[misc]  # imapclient is not annotated throughout
    """IMAPClient on such a connection, with aware dates and without imaplib's debugging."""

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, *, is_loopback_only: bool
    ) -> None:
        self._is_loopback_only = is_loopback_only
        super().__init__(host, port, ssl=context is not None, ssl_context=context, timeout=TIMEOUT)
        self.normalise_times = False
        self._imap.debug = 0  # IMAPClient sets 5: imaplib then formats every literal twice

    def _create_IMAP4(self) -> Connection:  # noqa: N802 - IMAPClient's name
        return Connection(
            self.host, self.port, self.ssl_context, is_loopback_only=self._is_loopback_only
        )

    @property
    def connection(self) -> Connection:
        """What IMAPClient talks through."""
        connection: Connection = self._imap
        return connection


def _is_loopback(connected: socket.socket) -> bool:
    return ipaddress.ip_address(connected.getpeername()[0]).is_loopback
