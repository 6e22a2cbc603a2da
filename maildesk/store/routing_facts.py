"""What routing rules ask of the store: asked only where a rule needs it, and bounded."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from maildesk.model.facts import GroupedTicket
from maildesk.store.lists import UNFINISHED
from maildesk.store.tables import tickets

COUNTED_AT_MOST = 1_000  # a sender with more, or an agent, is not told apart
_IS_UNFINISHED = tickets.c.status.in_(map(str, UNFINISHED))

_OPEN_OF_SENDER = select(func.count()).select_from(
    select(tickets.c.number)
    .where(tickets.c.requester_key.in_(bindparam("keys", expanding=True)), _IS_UNFINISHED)
    .order_by(tickets.c.number.desc())
    .limit(COUNTED_AT_MOST)
    .subquery()
)


def open_tickets(connection: Connection, keys: Collection[str]) -> int:
    """How many tickets a person has open, by all his addresses."""
    return connection.scalar(_OPEN_OF_SENDER, {"keys": list(keys)}) or 0 if keys else 0


_LOAD = select(func.count()).select_from(
    select(tickets.c.number)
    .where(tickets.c.assignee == bindparam("agent"), _IS_UNFINISHED)
    .limit(COUNTED_AT_MOST)
    .subquery()
)


def loads(connection: Connection, agents: Iterable[str]) -> dict[str, int]:
    """How many open tickets each of these agents has."""
    names = dict.fromkeys(agents)
    return {name: connection.scalar(_LOAD, {"agent": name}) or 0 for name in names}


_LAST_TURN = select(func.max(tickets.c.number)).where(
    tickets.c.team == bindparam("team"), tickets.c.assignee == bindparam("agent")
)


def turns(
    connection: Connection, members: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], int]:
    """The newest ticket of a team that each of these agents has got; those with none are left
    out. Who gives a ticket away has had his turn no longer."""
    found = {
        (team, agent): connection.scalar(_LAST_TURN, {"team": team, "agent": agent})
        for team, agent in members
    }
    return {member: number for member, number in found.items() if number is not None}


_OF_GROUP = (
    select(tickets.c.number, tickets.c.grouped_at, tickets.c.grouped)
    .where(
        tickets.c.group_key == bindparam("key"),
        tickets.c.group_key != "",  # else SQLite does not see that the index is for it
        _IS_UNFINISHED,
    )
    .order_by(tickets.c.number.desc())
    .limit(1)
)


def grouped(connection: Connection, keys: Iterable[str]) -> dict[str, GroupedTicket]:
    """The newest open ticket of each of these group keys."""
    rows = {key: connection.execute(_OF_GROUP, {"key": key}).one_or_none() for key in keys}
    return {key: _grouped(*row) for key, row in rows.items() if row}


def _grouped(number: int, last_at: datetime, count: int) -> GroupedTicket:
    return GroupedTicket(number, last_at, count)
