"""The SMTP and LMTP listener: mail servers hand mail over, it is stored, then 250 is answered.

A `Listener` is a thread with an event loop of its own; asyncio is used in this module and in those
it is made of, and nowhere else in maildesk:

    smtp_endpoint    certificate, Unix socket
    smtp_service     what its connections share, and who is let in
    smtp_connection  one connection: clocks, replies, the loop over its commands
    smtp_session     the commands of SMTP; lmtp_session: what differs in LMTP
    smtp_data        DATA without a socket; smtp_syntax: command lines; smtp_replies: every reply
    smtp_flow        lines and chunks of a connection; the memory of all of them together
"""

import asyncio
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ssl import SSLContext
from typing import Any

import structlog

from maildesk.mail.envelope import Receive
from maildesk.settings import Endpoint, Limits, Listen
from maildesk.transport import smtp_replies as replies
from maildesk.transport.lmtp_session import LmtpSession
from maildesk.transport.smtp_endpoint import (
    bind_failure,
    bind_unix_socket,
    remove_unix_socket,
    server_context,
)
from maildesk.transport.smtp_flow import InFlight
from maildesk.transport.smtp_service import Service
from maildesk.transport.smtp_session import SmtpSession

log = structlog.get_logger(__name__)

BACKLOG = 100
HANDSHAKE_SECONDS = 30
BEAT_SECONDS = 5
DEAD_AFTER_SECONDS = 30
TROUBLE_SECONDS = 1
# What is kept of the time to stop for cutting off those that did not finish.
CUT_OFF_SECONDS = 1.0


class Listener:
    """Takes mail at one endpoint and hands it to `receive`, a blocking function.

    `accepts(address)` says whether RCPT is one of ours; it is asked for `postmaster` without a
    domain too, which RFC 5321 section 4.5.1 wants taken. `has_room()` is asked at each MAIL. Both
    run on the event loop: they must be quick. Limits count for this listener alone.
    """

    def __init__(
        self,
        listen: Listen,
        limits: Limits,
        receive: Receive,
        *,
        accepts: Callable[[str], bool],
        hostname: str,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        # aiosmtpd logs every command, with its addresses, at INFO.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._log_trouble)
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._socket_file: os.stat_result | None = None
        self._beat_at = 0.0
        self._trouble_at = -math.inf
        self.endpoint = listen.endpoint
        self._service = Service(
            listen=listen,
            limits=limits,
            receive=receive,
            accepts=accepts,
            has_room=has_room,
            hostname=hostname,
            loop=self._loop,
            threads=ThreadPoolExecutor(limits.connections, thread_name_prefix="receive"),
            in_flight=InFlight(limits.in_flight_bytes),
        )

    @property
    def connections(self) -> int:
        """How many peers are connected."""
        return len(self._service.sessions)

    @property
    def is_alive(self) -> bool:
        """Whether the event loop turns."""
        is_beating = time.monotonic() - self._beat_at < DEAD_AFTER_SECONDS
        return self._thread is not None and self._thread.is_alive() and is_beating

    def start(self) -> None:
        """Bind and listen; `endpoint` then tells the port that was given for port 0.

        Raises: Misconfigured (certificate, key, address), Unavailable (somebody listens there).
        """
        tls = self._service.listen.tls
        try:
            context = server_context(tls) if tls else None
            is_implicit = tls is not None and tls.mode == "implicit"
            self._service.starttls = None if is_implicit else context
            self._loop.run_until_complete(self._open(context if is_implicit else None))
        except (OSError, UnicodeError) as error:
            self._close()
            raise bind_failure(self.endpoint, error) from error
        except BaseException:
            self._close()
            raise
        self._beat()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name=f"listener {self.endpoint}", daemon=True
        )
        self._thread.start()

    async def _open(self, tls: SSLContext | None) -> None:
        path = self.endpoint.path
        handshake = HANDSHAKE_SECONDS if tls else None
        if path is not None:
            listening = bind_unix_socket(path)
            self._socket_file = path.lstat()
            self._server = await self._loop.create_unix_server(
                self._session, sock=listening, backlog=BACKLOG, ssl=tls,
                ssl_handshake_timeout=handshake,
            )  # fmt: skip
            return
        self._server = await self._loop.create_server(
            self._session, self.endpoint.host or None, self.endpoint.port, backlog=BACKLOG,
            ssl=tls, ssl_handshake_timeout=handshake,
        )  # fmt: skip
        host, port = self._server.sockets[0].getsockname()[:2]
        self.endpoint = Endpoint(self.endpoint.host or host, port)

    def _session(self) -> SmtpSession:
        kind = LmtpSession if self._service.listen.protocol == "lmtp" else SmtpSession
        return kind(self._service)

    def _beat(self) -> None:
        self._beat_at = time.monotonic()
        self._loop.call_later(BEAT_SECONDS, self._beat)

    def _log_trouble(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what asyncio can tell nobody else, such as accept() without file descriptors.

        asyncio then waits a second and accepts again, but first complains once for each connection
        in the backlog: one line says it.
        """
        if time.monotonic() - self._trouble_at < TROUBLE_SECONDS:
            return
        self._trouble_at = time.monotonic()
        error = context.get("exception")
        log.error("listener trouble", what=context.get("message"), error=repr(error))

    def stop(self, timeout: float) -> None:
        """Stop within `timeout` seconds.

        Peers that are idle are told 421 at once; those in the middle of a mail may finish it, and
        are told 421 when the time is over.
        """
        if self._thread is None:
            self._close()
            return
        stopping = asyncio.run_coroutine_threadsafe(self._wind_down(timeout), self._loop)
        try:
            stopping.result(timeout + CUT_OFF_SECONDS)
        except Exception:
            log.exception("listener stop failed", endpoint=str(self.endpoint))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CUT_OFF_SECONDS)
        if self._thread.is_alive():
            log.error("listener hangs", endpoint=str(self.endpoint))
        else:
            self._close()
        self._thread = None

    async def _wind_down(self, timeout_seconds: float) -> None:
        self._service.is_stopping = True
        if self._server is not None:
            self._server.close()
        for session in tuple(self._service.sessions):
            session.wind_down()
        await self._wait_for_all(max(0.0, timeout_seconds - CUT_OFF_SECONDS))
        for session in tuple(self._service.sessions):
            session.end(replies.STOPPING)
        await self._wait_for_all(CUT_OFF_SECONDS / 2)
        for session in tuple(self._service.sessions):
            session.cut_off()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=CUT_OFF_SECONDS / 4)

    async def _wait_for_all(self, timeout_seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self._service.sessions:
                    self._service.emptied.clear()
                    await self._service.emptied.wait()

    def _close(self) -> None:
        self._service.threads.shutdown(wait=False, cancel_futures=True)
        self._loop.close()
        if self._socket_file is not None and self.endpoint.path is not None:
            remove_unix_socket(self.endpoint.path, self._socket_file)
