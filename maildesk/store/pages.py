"""Pages in the outbox that nobody needs any more: they are dropped before they ring.

While a service or a smarthost is away, pages wait; of those to one reader about one ticket the last
says all. Once somebody has acknowledged, or the case is over, none is wanted.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, update

from maildesk.store.tables import outgoing

PAGE = "page"

_DROP = (
    update(outgoing)
    .where(
        outgoing.c.ticket == bindparam("about"),
        outgoing.c.kind == PAGE,
        outgoing.c.state.in_(("queued", "deferred", "unknown")),
    )
    .values(state="dropped", error=bindparam("why"))
)
_DROP_EARLIER = _DROP.where(
    outgoing.c.recipient_key == bindparam("reader"), outgoing.c.id < bindparam("before")
)


def overtake(connection: Connection, readers: Iterable[tuple[int | None, str]], first: int) -> None:
    """Drop the pages that wait for these readers (ticket, address key), but for those from `first`
    on, which are new."""
    for ticket, key in readers:
        why = "a newer page takes its place"
        connection.execute(
            _DROP_EARLIER, {"about": ticket, "reader": key, "before": first, "why": why}
        )


def drop(connection: Connection, ticket: int, why: str) -> None:
    """Drop the pages about a ticket that wait."""
    connection.execute(_DROP, {"about": ticket, "why": why})
