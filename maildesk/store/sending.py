"""Letters on their way: claimed by a sender, and marked with the next server's word.

A letter that is `sending` when its lease ends was in the hands of a process that died: unknown.
Order is kept per ticket and reader: a letter waits for earlier ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from maildesk.mail.envelope import DeliveryResult, DeliveryState
from maildesk.store.engine import Database
from maildesk.store.letters import GIVE_UP_AFTER
from maildesk.store.rows import first_fitting
from maildesk.store.tables import outgoing, outgoing_raws

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
CLAIM_BYTES = 32 * 1024 * 1024
LOST = "the process that was sending it died"
UNSENT = ("queued", "sending", "deferred", "unknown")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter that is claimed for sending. `attempts` counts this one; `error` is what became of
    the last one. One that `is_too_late` was not written to wait: it is of no use any more."""

    id: int
    ticket: int | None
    kind: str
    recipient: str
    reverse_path: str
    message_id: str
    raw: bytes
    attempts: int
    error: str
    is_too_late: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a letter stands after an attempt: `sent`, `deferred` (until `next_at`), `failed` or
    `unknown`."""

    id: int
    state: str
    ticket: int | None
    kind: str
    recipient: str
    audience: str
    message_id: str
    attempts: int
    next_at: datetime | None
    error: str


_EARLIER = outgoing.alias("earlier")
_WAITS_FOR_EARLIER = (
    select(_EARLIER.c.id)
    .where(
        _EARLIER.c.ticket == outgoing.c.ticket,
        _EARLIER.c.recipient_key == outgoing.c.recipient_key,
        _EARLIER.c.id < outgoing.c.id,
        _EARLIER.c.state.in_(UNSENT),
    )
    .exists()
)
_DUE = (
    select(outgoing.c.id, outgoing.c.size)
    .where(
        outgoing.c.state.in_(("queued", "deferred", "unknown")),
        outgoing.c.due_at <= bindparam("now"),
        ~_WAITS_FOR_EARLIER,
    )
    .order_by(outgoing.c.id)
    .limit(bindparam("limit"))
)
_LEASES_OVER = (
    update(outgoing)
    .where(outgoing.c.state == "sending", outgoing.c.due_at <= bindparam("now"))
    .values(state="unknown", error=LOST)
)
_CLAIM = (
    update(outgoing)
    .where(outgoing.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="sending", attempts=outgoing.c.attempts + 1, due_at=bindparam("lease_ends_at"))
)
_CLAIMED = (
    select(outgoing, outgoing_raws.c.raw)
    .join(outgoing_raws, outgoing_raws.c.outgoing == outgoing.c.id)
    .where(outgoing.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(outgoing.c.id)
)


def claim_due(
    database: Database, now: datetime, limit: int = 50, lease: timedelta = timedelta(minutes=15)
) -> list[Outgoing]:
    """Take letters that are due, oldest first, never past an unsent one of the same ticket to the
    same reader. At most `limit`, and no more than 32 MiB unless one letter alone is bigger."""
    with database.write() as session:
        connection = session.connection()
        connection.execute(_LEASES_OVER, {"now": now})
        due = connection.execute(_DUE, {"now": now, "limit": limit}).all()
        ids = first_fitting(due, CLAIM_BYTES)
        if not ids:
            return []
        connection.execute(_CLAIM, {"ids": ids, "lease_ends_at": now + lease})
        claimed = connection.execute(_CLAIMED, {"ids": ids}).all()
    return [
        Outgoing(
            id=row.id,
            ticket=row.ticket,
            kind=row.kind,
            recipient=row.recipient,
            reverse_path=row.reverse_path,
            message_id=row.message_id,
            raw=row.raw,
            attempts=row.attempts,
            error=row.error,
            is_too_late=_is_too_late(row, now),
        )
        for row in claimed
    ]


def _is_too_late(row: Row[Any], now: datetime) -> bool:
    """Mail is tried once, however long we stood still."""
    is_urgent = row.expires_at - row.created_at < GIVE_UP_AFTER
    return bool(is_urgent and now > row.expires_at)


def mark(
    database: Database, letter_id: int, result: DeliveryResult, now: datetime
) -> list[Outcome]:
    """Note the next server's word on one letter."""
    return mark_all(database, [(letter_id, result)], now)


_BY_ID = select(outgoing).where(outgoing.c.id == bindparam("letter"))
_MARK = (
    update(outgoing)
    .where(outgoing.c.id == bindparam("letter"))
    .values(state=bindparam("to"), due_at=bindparam("next_at"), error=bindparam("why"))
)


def mark_all(
    database: Database, results: Sequence[tuple[int, DeliveryResult]], now: datetime
) -> list[Outcome]:
    """Note the next server's word on several letters, in one transaction; as `mark_in`."""
    with database.write() as session:
        return mark_in(session, results, now)


def mark_in(
    session: Session, results: Sequence[tuple[int, DeliveryResult]], now: datetime
) -> list[Outcome]:
    """Note the next server's word on several letters. A letter that is no longer in sending
    (dropped meanwhile, or its lease ran out and another sent it) stays as it is and is left out,
    unless it was sent: that is never forgotten."""
    outcomes = foresee(session, results, now)
    marks = [
        {
            "letter": outcome.id,
            "to": outcome.state,
            "next_at": outcome.next_at or now,
            "why": outcome.error,
        }
        for outcome in outcomes
    ]
    if marks:
        session.connection().execute(_MARK, marks)
    return outcomes


def foresee(
    session: Session, results: Sequence[tuple[int, DeliveryResult]], now: datetime
) -> list[Outcome]:
    """What `mark_in` would note, without noting it."""
    outcomes = []
    for letter_id, result in results:
        row = session.connection().execute(_BY_ID, {"letter": letter_id}).one_or_none()
        if row is not None and _counts(row, result):
            outcomes.append(_outcome(row, result, now))
    return outcomes


def _counts(row: Row[Any], result: DeliveryResult) -> bool:
    if result.state is DeliveryState.SENT:
        return bool(row.state != "sent")
    return bool(row.state == "sending")


def _outcome(row: Row[Any], result: DeliveryResult, now: datetime) -> Outcome:
    """What follows from the next server's word."""
    state = str(result.state)
    next_at: datetime | None = None
    if result.state in (DeliveryState.DEFERRED, DeliveryState.UNKNOWN):
        next_at = now + BACKOFF[min(max(row.attempts, 1), len(BACKOFF)) - 1]
        if next_at > row.expires_at:
            state, next_at = "failed", None
    return outcome_of(row, state=state, next_at=next_at, error=result.text)


def outcome_of(row: Row[Any], *, state: str, next_at: datetime | None, error: str) -> Outcome:
    """Return where the letter of this row stands."""
    return Outcome(
        id=row.id,
        state=state,
        ticket=row.ticket,
        kind=row.kind,
        recipient=row.recipient,
        audience=row.audience,
        message_id=row.message_id,
        attempts=row.attempts,
        next_at=next_at,
        error="" if state == "sent" else error,
    )


# --- giving back --------------------------------------------------------------------------------


def free_leases(database: Database, now: datetime) -> int:
    """Whoever was sending is dead: its letters are `unknown`, and due. For the start of the only
    sender (it holds the daemon lock). Returns how many there were."""
    with database.write() as session:
        result = session.connection().execute(
            update(outgoing)
            .where(outgoing.c.state == "sending")
            .values(state="unknown", error=LOST, due_at=now)
        )
        return result.rowcount


def release(database: Database, ids: Iterable[int]) -> None:
    """Hand back letters that were claimed and not tried; no attempt is counted."""
    with database.write() as session:
        session.execute(
            update(outgoing)
            .where(outgoing.c.id.in_(list(ids)), outgoing.c.state == "sending")
            .values(state="queued", attempts=outgoing.c.attempts - 1, due_at=outgoing.c.created_at)
        )


def pull_back(database: Database, now: datetime) -> None:
    """After the clock was set back: nothing waits longer than its pause, counted from now."""
    with database.write() as session:
        session.execute(
            update(outgoing)
            .where(outgoing.c.state == "queued", outgoing.c.due_at > now)
            .values(due_at=now)
        )
        for attempts, pause in enumerate(BACKOFF, 1):
            is_last = attempts == len(BACKOFF)
            tried = outgoing.c.attempts >= attempts if is_last else outgoing.c.attempts == attempts
            session.execute(
                update(outgoing)
                .where(outgoing.c.state.in_(("deferred", "unknown")), tried)
                .where(outgoing.c.due_at > now + pause)
                .values(due_at=now + pause)
            )
