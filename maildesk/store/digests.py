"""Which digests were sent, and the tickets that they list, by index.

A reader's row is written in the transaction that queues his mail: it is what makes it the only one
of his day.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
)

from maildesk.mail.message import Address
from maildesk.model.digests import HeldBack, Listed, Listing, PartyNumber
from maildesk.model.ticket import Status, Visibility
from maildesk.store.apply_work import only_once
from maildesk.store.holds import OPEN
from maildesk.store.lists import LINE, UNFINISHED, line_for_agents
from maildesk.store.tables import digests, firings, holds, messages, parties, tickets

LINES = 100  # of each kind: no mail holds more
HELD_AT_MOST = 50
MISSED_AT_MOST = 20
PROMISED = ("first_response", "next_response", "resolution")

_WAITING = (Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED)
_VOID = (Status.MERGED, Status.SPAM)


# --- which were sent ------------------------------------------------------------------------------

_SENT = select(digests.c.reader, digests.c.day).where(
    digests.c.reader.in_(bindparam("readers", expanding=True)),
    digests.c.day.in_(bindparam("days", expanding=True)),
)
_LAST = select(func.max(digests.c.at)).where(
    digests.c.reader == bindparam("reader"), digests.c.day < bindparam("day")
)


def sent(connection: Connection, asked: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these digests, by reader and day, are done."""
    readers, days = {reader for reader, _ in asked}, {day for _, day in asked}
    rows = connection.execute(_SENT, {"readers": sorted(readers), "days": sorted(days)})
    return {(row.reader, row.day) for row in rows}.intersection(asked)


def last_before(connection: Connection, reader: str, day: str) -> datetime | None:
    """When the reader's last digest before this day was done."""
    last: datetime | None = connection.scalar(_LAST, {"reader": reader, "day": day})
    return last


def note(connection: Connection, reader: str, day: str, now: datetime) -> None:
    """A reader's digest of a day is done. Raises: Stale where it was done before."""
    with only_once(f"{reader} has had the digest of {day}"):
        connection.execute(insert(digests), {"reader": reader, "day": day, "at": now})


# --- tickets --------------------------------------------------------------------------------------

_IS_UNFINISHED = tickets.c.status.in_(map(str, UNFINISHED))
_IS_OVERDUE = tickets.c.due_at < bindparam("now")
_IS_TODAY = and_(tickets.c.due_at >= bindparam("now"), tickets.c.due_at < bindparam("until"))
_IS_UNTAKEN = and_(
    tickets.c.assignee.is_(None),
    or_(tickets.c.due_at.is_(None), tickets.c.due_at >= bindparam("until")),
)
_NEXT_DUE_FIRST = (
    tickets.c.due_at.asc().nulls_last(),
    tickets.c.status.in_(map(str, _WAITING)),
    tickets.c.priority,
    tickets.c.created_at,
    tickets.c.number,
)
_OF_AGENT = (tickets.c.assignee == bindparam("agent"), _IS_UNFINISHED)
_OF_TEAM = (tickets.c.team == bindparam("team"), _IS_UNFINISHED)
_UNTAKEN = (
    tickets.c.team.in_(bindparam("teams", expanding=True)),
    _IS_UNFINISHED,
    tickets.c.assignee.is_(None),
)


def of_agent(connection: Connection, agent: str, now: datetime, until: datetime) -> Listing:
    """What is not finished of an agent's."""
    return _listing(connection, _OF_AGENT, {"agent": agent, "now": now, "until": until})


def of_team(connection: Connection, team: str, now: datetime, until: datetime) -> Listing:
    """What is not finished of a team's, whoever has it."""
    return _listing(connection, _OF_TEAM, {"team": team, "now": now, "until": until})


def untaken(
    connection: Connection, teams: Collection[str], now: datetime, until: datetime
) -> Listing:
    """What nobody has taken of these teams'."""
    if not teams:
        return Listing()
    return _listing(connection, _UNTAKEN, {"teams": list(teams), "now": now, "until": until})


def _listing(
    connection: Connection, wanted: Iterable[ColumnElement[bool]], values: Mapping[str, object]
) -> Listing:
    first = select(*LINE, tickets.c.queue).where(*wanted)
    rows = connection.execute(first.order_by(*_NEXT_DUE_FIRST).limit(LINES), values).all()
    if not rows:
        return Listing()
    counts = connection.execute(_COUNTS.where(*wanted), values).one()
    return Listing(tuple(map(_listed, rows)), *counts)


def _count_of(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_COUNTS = select(
    func.count(), _count_of(_IS_OVERDUE), _count_of(_IS_TODAY), _count_of(_IS_UNTAKEN)
).select_from(tickets)


def _listed(row: Any) -> Listed:
    return Listed(line_for_agents(row), row.queue)


# --- what is held ---------------------------------------------------------------------------------

_HOLDS = (
    select(*LINE, tickets.c.queue, holds.c.receipt, holds.c.opened_at, holds.c.question)
    .join(tickets, tickets.c.number == holds.c.ticket)
    .where(holds.c.state == OPEN, holds.c.agent == bindparam("agent"), holds.c.is_note.is_(False))
    .order_by(holds.c.opened_at, holds.c.receipt)
    .limit(HELD_AT_MOST)
)
_OF_OTHERS = (
    select(
        messages.c.ticket,
        messages.c.receipt,
        messages.c.at,
        messages.c.author_name,
        messages.c.author_address,
    )
    .where(
        messages.c.ticket.in_(bindparam("numbers", expanding=True)),
        messages.c.visibility == str(Visibility.HELD),
        messages.c.receipt.is_not(None),
        messages.c.receipt.not_in(select(holds.c.receipt)),
    )
    .order_by(messages.c.at, messages.c.id)
    .limit(HELD_AT_MOST)
)


def held_of(connection: Connection, agent: str) -> tuple[HeldBack, ...]:
    """The mails of an agent that wait for his `run`, `send` or `drop`, oldest first, at most 50."""
    rows = connection.execute(_HOLDS, {"agent": agent})
    return tuple(
        HeldBack(row.receipt, row.opened_at, _listed(row), question=row.question) for row in rows
    )


def held_on(connection: Connection, cases: Sequence[Listed]) -> tuple[HeldBack, ...]:
    """The mails on these tickets that wait to be admitted, oldest first, at most 50."""
    by_number = {one.line.number: one for one in cases}
    rows = connection.execute(_OF_OTHERS, {"numbers": list(by_number)})
    return tuple(
        HeldBack(
            row.receipt,
            row.at,
            by_number[row.ticket],
            author=Address(row.author_name, row.author_address),
        )
        for row in rows
    )


# --- what was missed ------------------------------------------------------------------------------


def _is_late(step: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a step of a ladder stands at the due time or after it: `100%`, `150%`, `+2h`."""
    return or_(step.like("+%"), cast(step, Integer) >= 100)


_before = firings.alias()
_WAS_MISSED = exists().where(
    _before.c.ticket == firings.c.ticket,
    _before.c.clock == firings.c.clock,
    _before.c.cycle == firings.c.cycle,
    _before.c.reached_at <= bindparam("since"),
    _is_late(_before.c.step),
)
_MISSED_NUMBERS = select(firings.c.ticket).where(
    firings.c.reached_at > bindparam("since"),
    firings.c.reached_at <= bindparam("now"),
    firings.c.clock.in_(PROMISED),
    _is_late(firings.c.step),
    ~_WAS_MISSED,
)
_MISSED = (
    select(*LINE, tickets.c.queue)
    .where(
        tickets.c.number.in_(_MISSED_NUMBERS),
        tickets.c.team == bindparam("team"),
        tickets.c.status.not_in(map(str, _VOID)),
    )
    .order_by(tickets.c.priority, tickets.c.number)
    .limit(MISSED_AT_MOST)
)


def missed(connection: Connection, team: str, since: datetime, now: datetime) -> tuple[Listed, ...]:
    """A team's tickets whose promise was missed since then, the most urgent first, at most 20. The
    first step of the ladder from 100 % on notes it."""
    values = {"team": team, "since": since, "now": now}
    return tuple(map(_listed, connection.execute(_MISSED, values)))


# --- who the reader is there ----------------------------------------------------------------------

_HIS_NUMBER = func.max(case((parties.c.address_key == bindparam("key"), parties.c.number)))
_NUMBERS = (
    select(parties.c.ticket, _HIS_NUMBER.label("his"), func.max(parties.c.number).label("highest"))
    .where(parties.c.ticket.in_(bindparam("numbers", expanding=True)))
    .group_by(parties.c.ticket)
)


def numbers_of(connection: Connection, key: str, tickets: Iterable[int]) -> dict[int, PartyNumber]:
    """Who somebody is in these tickets, by his address key: his number, else the next free one."""
    wanted = sorted(set(tickets))
    found = {number: PartyNumber(1, is_new=True) for number in wanted}
    for row in connection.execute(_NUMBERS, {"key": key, "numbers": wanted}):
        is_new = row.his is None
        found[row.ticket] = PartyNumber(row.highest + 1 if is_new else row.his, is_new)
    return found
