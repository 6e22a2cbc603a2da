"""Accepting over SMTP: 250 only after the commit, against a listener that keeps nothing."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aiosmtpd.smtp import SMTP

from maildesk.bench.desk import open_bench_desk
from maildesk.bench.load import send_apart
from maildesk.bench.rows import Figure, Kind
from maildesk.desk.intake import receiver
from maildesk.settings import Endpoint, Listen
from maildesk.store.journal import Journal
from maildesk.transport.smtp import Listener

CONNECTIONS = 10
SMALL = Kind("accept, small", "/s", "null handler", mark=0.9)
BIG = Kind("accept, big", "/s", "null handler", mark=3)


def measure(folder: Path, *, small: int, big: int) -> Iterator[Figure]:
    """Accept mails while no worker runs; then have a listener take the same and forget them."""
    for kind, workload, count in ((SMALL, "small", small), (BIG, "big", big)):
        with _our_listener(folder / workload) as port:
            ours = count / send_apart(port, CONNECTIONS, workload, count)
        with _null_listener() as port:
            limit = count / send_apart(port, CONNECTIONS, workload, count)
        yield Figure(kind, ours, limit)


@contextmanager
def _our_listener(folder: Path) -> Iterator[int]:
    with open_bench_desk(folder) as desk:
        kept = Journal(desk.database, desk.clock)
        listener = Listener(
            Listen("smtp", Endpoint("127.0.0.1", 0)),
            replace(desk.settings.limits, connections_per_peer=20, messages_per_session=1_000_000),
            receiver(desk, kept),
            accepts=desk.rules.accepts,
            hostname="desk.example.com",
        )
        listener.start()
        try:
            yield listener.endpoint.port
        finally:
            listener.stop(5)
            kept.close()


class _Null:
    """Takes a mail and forgets it."""

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - the name is aiosmtpd's
        """Say yes."""
        return "250 ok"


@contextmanager
def _null_listener() -> Iterator[int]:
    loop = asyncio.new_event_loop()
    opening = loop.create_server(lambda: SMTP(_Null(), hostname="null", loop=loop), "127.0.0.1", 0)
    server = loop.run_until_complete(opening)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        asyncio.run_coroutine_threadsafe(_end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end() -> None:
    """End the connections that the client has left."""
    sessions = asyncio.all_tasks() - {asyncio.current_task()}
    for session in sessions:
        session.cancel()
    await asyncio.gather(*sessions, return_exceptions=True)
