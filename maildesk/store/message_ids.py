"""The Message-IDs of a ticket: which ones, who holds each, and which tickets an id belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from maildesk.model.facts import ThreadId
from maildesk.store.rows import thread_of
from maildesk.store.tables import threads

OWNERS_OF_ID = 20  # tickets that one id is followed to
ROWS_AT_ONCE = 500
THREAD_LENGTH = 100  # ids of a ticket that a decision sees

_NEW_IDS = insert(threads)
_OF_TICKET = select(threads).where(
    threads.c.ticket == bindparam("ticket"),
    threads.c.message_id.in_(bindparam("ids", expanding=True)),
)
_HOLD = (
    update(threads)
    .where(threads.c.id == bindparam("row"))
    .values(holders=bindparam("by"), is_ours=bindparam("ours"), is_internal=bindparam("internal"))
)


def add_ids(
    connection: Connection, ticket: int, ids: Sequence[ThreadId], *, is_new: bool = False
) -> None:
    """The ticket has these ids from now on; `is_new`: it has none yet.

    An id that was only named becomes held. One that is held keeps its holders: whoever uses it
    again must not become one of them, only letters of ours may.
    """
    wanted = _merged(ids)
    if wanted and not is_new:
        found = connection.execute(_OF_TICKET, {"ticket": ticket, "ids": list(wanted)})
        for row in found.all():
            _hold(connection, row, wanted.pop(row.message_id))
    if wanted:
        connection.execute(_NEW_IDS, [_columns(ticket, id_) for id_ in wanted.values()])


def _hold(connection: Connection, row: Any, new: ThreadId) -> None:
    old = thread_of(row)
    if new.holders and (new.is_ours or not old.holders):
        values = {
            "row": row.id,
            "by": sorted(old.holders | new.holders),
            "ours": new.is_ours,
            "internal": new.is_internal,
        }
        connection.execute(_HOLD, values)


def release_id(connection: Connection, ticket: int, id_: ThreadId) -> None:
    """The id of a message that was held, or internal, is held by these people from now on. One that
    others hold already stays theirs: whoever names it in a held mail must not open it."""
    found = connection.execute(_OF_TICKET, {"ticket": ticket, "ids": [id_.message_id]})
    row = found.one_or_none()
    if row is None:
        add_ids(connection, ticket, [id_])
        return
    known = thread_of(row)
    is_its_own = not known.is_ours and known.holders in (frozenset(), id_.holders)
    if is_its_own:
        values = {"by": sorted(id_.holders), "ours": False, "internal": id_.is_internal}
        connection.execute(_HOLD, {"row": row.id, **values})


def _merged(ids: Sequence[ThreadId]) -> dict[str, ThreadId]:
    """Each id once; where it is both held and named, it is held."""
    merged: dict[str, ThreadId] = {}
    for id_ in ids:
        if id_.message_id not in merged or id_.holders:
            merged[id_.message_id] = id_
    return merged


def _columns(ticket: int, id_: ThreadId) -> dict[str, object]:
    return {
        "ticket": ticket,
        "message_id": id_.message_id,
        "holders": sorted(id_.holders),
        "is_ours": id_.is_ours,
        "is_internal": id_.is_internal,
    }


_HOLDING = (
    select(threads.c.message_id, threads.c.ticket)
    .where(threads.c.message_id.in_(bindparam("ids", expanding=True)))
    .limit(bindparam("limit"))
)
_FIRST_HOLDING = (
    select(threads.c.message_id, threads.c.ticket)
    .where(threads.c.message_id == bindparam("message_id"))
    .order_by(threads.c.ticket)
    .limit(OWNERS_OF_ID)
)


def owners_of(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The tickets that have each of these ids, oldest first, at most 20 an id.

    A mail loop or an attacker can hang one id on thousands of tickets: where the common query
    does not bring all, each id is asked for by itself.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    parameters = {"ids": wanted, "limit": ROWS_AT_ONCE}
    rows = list(connection.execute(_HOLDING, parameters))
    if len(rows) == ROWS_AT_ONCE:
        rows = [
            row for id_ in wanted for row in connection.execute(_FIRST_HOLDING, {"message_id": id_})
        ]
    owners: dict[str, list[int]] = defaultdict(list)
    for message_id, ticket in rows:
        owners[message_id].append(ticket)
    return {id_: tuple(sorted(owners[id_])[:OWNERS_OF_ID]) for id_ in wanted if id_ in owners}


_NEWEST = (
    select(threads)
    .where(threads.c.ticket == bindparam("ticket"))
    .order_by(threads.c.id.desc())
    .limit(THREAD_LENGTH)
)
_FIRST = (
    select(threads).where(threads.c.ticket == bindparam("ticket")).order_by(threads.c.id).limit(1)
)


def thread_of_ticket(connection: Connection, ticket: int) -> tuple[ThreadId, ...]:
    """The ids of a ticket, oldest first; of a long one the first and the newest."""
    rows = list(connection.execute(_NEWEST, {"ticket": ticket}))[::-1]
    if len(rows) == THREAD_LENGTH:
        rows[:1] = connection.execute(_FIRST, {"ticket": ticket}).all()
    return tuple(map(thread_of, rows))
