"""Notices that wait to be told to their agent in one mail, and the count that makes them wait.

A row stands here from the transaction of its ticket to that of the mail that lists it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, text, update

from maildesk.model.changes import Bundle
from maildesk.model.facts import Bundled
from maildesk.store.apply_work import Stale
from maildesk.store.lists import LINE, line_for_agents
from maildesk.store.tables import bundles, outgoing, parties, tickets

AT_ONCE = 5_000  # of one agent: what is more waits for the next minute

# --- how many mails agents got --------------------------------------------------------------------

_COUNT = (
    select(outgoing.c.recipient_key, func.count().label("mails"))
    .where(
        text("audience = 'agent'"),  # as the index says it: SQLite takes no parameter for it
        outgoing.c.recipient_key.in_(bindparam("keys", expanding=True)),
        outgoing.c.created_at > bindparam("since"),
        outgoing.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .group_by(outgoing.c.recipient_key)
)


def count_since(
    connection: Connection, keys: Collection[str], kinds: Collection[str], since: datetime
) -> Mapping[str, int]:
    """How many letters of these kinds went to each of these agents, by address key; who got none
    is left out."""
    asked = {"keys": sorted(keys), "kinds": sorted(kinds), "since": since}
    return {row.recipient_key: row.mails for row in connection.execute(_COUNT, asked)}


# --- changes --------------------------------------------------------------------------------------


def add(connection: Connection, change: Bundle) -> None:
    """Have a notice wait."""
    row = {
        "agent": change.agent,
        "ticket": change.ticket,
        "kind": change.kind,
        "at": change.at,
    }
    connection.execute(insert(bundles), row)


def move(connection: Connection, ticket: int, into: int) -> None:
    """What waits to be told of one ticket is told of another from now on."""
    connection.execute(update(bundles).where(bundles.c.ticket == ticket).values(ticket=into))


# --- what is to be told ---------------------------------------------------------------------------

_DUE = (
    select(bundles.c.agent)
    .group_by(bundles.c.agent)
    .having(func.min(bundles.c.at) <= bindparam("before"))
    .order_by(func.min(bundles.c.at), bundles.c.agent)
)
_HIS = select(bundles).where(bundles.c.agent == bindparam("agent")).order_by(bundles.c.id)
_AS_TOLD = (
    select(
        *LINE,
        tickets.c.queue,
        bundles.c.id,
        bundles.c.kind,
        bundles.c.at,
        func.coalesce(parties.c.number, 0).label("party"),
    )
    .join(tickets, tickets.c.number == bundles.c.ticket)
    .outerjoin(
        parties,
        and_(parties.c.ticket == bundles.c.ticket, parties.c.address_key == bindparam("key")),
    )
    .where(bundles.c.agent == bindparam("agent"))
    .order_by(bundles.c.id)
    .limit(AT_ONCE)
)


def due(connection: Connection, before: datetime) -> tuple[str, ...]:
    """The agents whose first notice waits since `before` or longer, the longest waiting first."""
    return tuple(connection.scalars(_DUE, {"before": before}))


def waiting(connection: Connection, agent: str, key: str) -> tuple[Bundled, ...]:
    """What waits for an agent, oldest first, at most 5,000. `key` is that of the address that he
    is a party by."""
    rows = connection.execute(_AS_TOLD, {"agent": agent, "key": key})
    return tuple(map(_bundled_of, rows))


def take(connection: Connection, agent: str, told: Sequence[Bundled]) -> None:
    """What was `waiting` is told, and waits no more; what came since goes on waiting.

    Raises: Stale where it does not stand there as it was read: somebody has told it already.
    """
    rows = connection.execute(_HIS.limit(len(told)), {"agent": agent}).all()
    found = [(row.id, row.ticket, row.kind, row.at) for row in rows]
    if found != [(one.id, one.ticket.number, one.kind, one.at) for one in told]:
        raise Stale(f"what waited for {agent} has changed")
    up_to = (bundles.c.agent == agent, bundles.c.id <= told[-1].id)
    connection.execute(delete(bundles).where(*up_to))


def forget(connection: Connection, agent: str) -> int:
    """Drop what waits for somebody who is no agent any more; return how much that was."""
    return connection.execute(delete(bundles).where(bundles.c.agent == agent)).rowcount


def _bundled_of(row: Any) -> Bundled:
    return Bundled(row.id, row.kind, row.at, line_for_agents(row), row.queue, row.party)
