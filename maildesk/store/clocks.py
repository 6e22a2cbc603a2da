"""What the beat asks and keeps: tickets that are due, their logs, what has fired on them.

`next_at` says when a ticket must be looked at: at once after every change (`apply`), else when the
beat has said so. It is indexed, so what is not due costs nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from maildesk.model.facts import Key, LogLine, TicketFacts
from maildesk.model.ticket import Status
from maildesk.store.apply_work import only_once
from maildesk.store.lists import UNFINISHED
from maildesk.store.rows import ticket_of
from maildesk.store.tables import events, firings, messages, tickets

HEARD = (
    "created", "message", "admitted", "released", "status", "priority", "policy", "ack", "told",
)  # fmt: skip
SHOWN = ("assignee", "team", "breach", "step")  # to a manager who asks why it is late

# --- what is due ----------------------------------------------------------------------------------

_DUE = (
    select(tickets.c.number, tickets.c.next_at)
    .where(tickets.c.next_at <= bindparam("now"))
    .order_by(tickets.c.next_at, tickets.c.number)
    .limit(bindparam("limit"))
)


def due(connection: Connection, now: datetime, limit: int) -> dict[int, datetime]:
    """The numbers of the tickets that must be looked at, with since when; longest due first."""
    rows = connection.execute(_DUE, {"now": now, "limit": limit})
    return {row.number: row.next_at for row in rows}


@dataclass(frozen=True, slots=True)
class Settled:
    """A ticket that was looked at, at this version, because it was due at `seen_at`."""

    number: int
    version: int
    seen_at: datetime
    next_at: datetime | None
    due_at: datetime | None


_SETTLE = (
    update(tickets)
    .where(
        tickets.c.number == bindparam("of"),
        tickets.c.version == bindparam("at_version"),
        tickets.c.next_at == bindparam("seen_at"),
    )
    .values(next_at=bindparam("at"), due_at=bindparam("ends_at"))
)


def settle(connection: Connection, looked_at: Iterable[Settled]) -> None:
    """Note when they must be looked at next; what has moved on meanwhile, or is to be looked at
    for another reason, stays due."""
    rows = [
        {
            "of": one.number,
            "at_version": one.version,
            "seen_at": one.seen_at,
            "at": one.next_at,
            "ends_at": one.due_at,
        }
        for one in looked_at
    ]
    if rows:
        connection.execute(_SETTLE, rows)


def postpone(connection: Connection, number: int, version: int, until: datetime) -> None:
    """Look at a ticket again then, whatever is due on it: to look has failed. One that has changed
    meanwhile is looked at anew."""
    this = update(tickets).where(tickets.c.number == number, tickets.c.version == version)
    connection.execute(this.values(next_at=until))


def look_at_all(connection: Connection, now: datetime) -> None:
    """Have every ticket looked at whose clocks may show something else: what is promised has
    changed, or the time of day. What is due already keeps its turn."""
    concerned = tickets.c.status.in_(map(str, (*UNFINISHED, Status.SOLVED)))
    is_later = or_(tickets.c.next_at.is_(None), tickets.c.next_at > now)
    connection.execute(update(tickets).where(concerned, is_later).values(next_at=now))


# --- tickets with their clocks --------------------------------------------------------------------

_NUMBERS: Any = bindparam("numbers", expanding=True)
_TICKETS = select(tickets).where(tickets.c.number.in_(_NUMBERS))
_LOGS = (
    select(
        events.c.ticket,
        events.c.at,
        events.c.kind,
        events.c.new,
        events.c.old,
        events.c.cause,
        events.c.receipt,
    )
    .where(events.c.ticket.in_(_NUMBERS), events.c.kind.in_((*HEARD, *SHOWN)))
    .order_by(events.c.id)
)
_SAID_AT = select(messages.c.ticket, messages.c.receipt, messages.c.at).where(
    messages.c.ticket.in_(_NUMBERS)
)
_FIRED = select(firings).where(firings.c.ticket.in_(_NUMBERS))


def on_the_clock(connection: Connection, numbers: Iterable[int]) -> dict[int, TicketFacts]:
    """These tickets with their logs and what has fired on them, and nothing else."""
    wanted = {"numbers": list(numbers)}
    logs, fired = logs_of(connection, **wanted), fired_on(connection, **wanted)
    return {
        row.number: TicketFacts(ticket_of(row), log=logs[row.number], fired=fired[row.number])
        for row in connection.execute(_TICKETS, wanted)
    }


def with_logs(connection: Connection, known: Mapping[int, TicketFacts]) -> dict[int, TicketFacts]:
    """These tickets with their logs."""
    logs = logs_of(connection, list(known)) if known else {}
    return {number: replace(facts, log=logs[number]) for number, facts in known.items()}


def logs_of(connection: Connection, numbers: list[int]) -> Mapping[int, tuple[LogLine, ...]]:
    """What the clocks of these tickets hear, in the order in which it was written."""
    logs: dict[int, list[LogLine]] = defaultdict(list)
    rows = connection.execute(_LOGS, {"numbers": numbers}).all()
    said = _said_at(connection, {row.ticket for row in rows if row.kind == "admitted"})
    for row in rows:
        said_at = said.get((row.ticket, row.cause)) if row.kind == "admitted" else None
        line = LogLine(
            row.at, row.kind, row.new or "", row.old or "", row.cause, row.receipt, said_at
        )
        logs[row.ticket].append(line)
    return defaultdict(tuple, {number: tuple(lines) for number, lines in logs.items()})


def _said_at(connection: Connection, numbers: set[int]) -> dict[tuple[int, str], datetime]:
    """When mails came, by their tickets and what admitted them: `receipt 7`."""
    if not numbers:
        return {}
    rows = connection.execute(_SAID_AT, {"numbers": sorted(numbers)})
    return {(row.ticket, f"receipt {row.receipt}"): row.at for row in rows}


def fired_on(connection: Connection, numbers: list[int]) -> Mapping[int, dict[Key, datetime]]:
    """What has fired on these tickets, and when."""
    fired: dict[int, dict[Key, datetime]] = defaultdict(dict)
    for row in connection.execute(_FIRED, {"numbers": numbers}):
        fired[row.ticket][row.clock, row.cycle, row.arming, row.step] = row.at
    return fired


@dataclass(frozen=True, slots=True)
class FiringRecord:
    """Something that fired on a ticket: its key, when it was due and when it was done. `is_sent`:
    by a mail of its own."""

    key: Key
    reached_at: datetime
    at: datetime
    is_sent: bool


_RECORDS = (
    select(firings)
    .where(firings.c.ticket == bindparam("number"))
    .order_by(firings.c.at, firings.c.reached_at)
)


def firings_of(connection: Connection, number: int) -> tuple[FiringRecord, ...]:
    """What has fired on a ticket, in order."""
    return tuple(
        FiringRecord(
            (row.clock, row.cycle, row.arming, row.step), row.reached_at, row.at, row.is_sent
        )
        for row in connection.execute(_RECORDS, {"number": number})
    )


# --- what fires -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fired:
    """A key that fires, and since when it was due. `is_sent`: by a mail of its own."""

    key: Key
    reached_at: datetime
    is_sent: bool


def note(connection: Connection, ticket: int, fired: Iterable[Fired], now: datetime) -> None:
    """Note what fires. Raises: Stale where any of it has fired before."""
    rows = [
        {
            "ticket": ticket,
            **dict(zip(("clock", "cycle", "arming", "step"), one.key, strict=True)),
            "reached_at": one.reached_at,
            "at": now,
            "is_sent": one.is_sent,
        }
        for one in fired
    ]
    if rows:
        with only_once(f"it has fired on ticket {ticket} before"):
            connection.execute(insert(firings), rows)
