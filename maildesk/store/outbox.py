"""The outbox: every mail that goes out, from the ticket's transaction to the next server's yes.

    queued ──claim──> sending ──> sent
      ^                  ├──> deferred (4xx, unreachable): again after a pause, five days long
      │                  ├──> failed (5xx): never again
      └──── retry ───────┴──> unknown (the reply was lost): again, with the same Message-ID

`dropped` is an admin's word. Here letters are put, looked at, and dropped or tried again by an
admin; `sending` claims them and notes the next server's word.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from maildesk.errors import NotFound, Permanent
from maildesk.model.plan import Audience
from maildesk.store.engine import Database
from maildesk.store.letters import GIVE_UP_AFTER, Letter, insert_new
from maildesk.store.rows import instant
from maildesk.store.sending import UNSENT, Outcome, outcome_of
from maildesk.store.tables import outgoing, outgoing_raws


def put(session: Session, letters: Sequence[Letter], now: datetime) -> list[int]:
    """Queue letters, each once; returns the ids of those that were new.

    Each Message-ID becomes the ticket's, held by its recipient; answers are noted for the governor.
    """
    return insert_new(session.connection(), letters, now)


# --- an admin's hand ----------------------------------------------------------------------------


def drop(database: Database, letter_id: int) -> None:
    """Never send this letter. Raises: NotFound, or Permanent if it is sent."""
    with database.write() as session:
        _refuse_sent(session, letter_id)
        session.execute(update(outgoing).where(outgoing.c.id == letter_id).values(state="dropped"))


def retry(database: Database, letter_id: int, now: datetime) -> None:
    """Try a letter again, now, and for another five days. Raises: NotFound, or Permanent if it is
    sent."""
    with database.write() as session:
        _refuse_sent(session, letter_id)
        session.execute(
            update(outgoing)
            .where(outgoing.c.id == letter_id)
            .values(state="queued", attempts=0, due_at=now, expires_at=now + GIVE_UP_AFTER)
        )


def _refuse_sent(session: Session, letter_id: int) -> None:
    state = session.scalar(select(outgoing.c.state).where(outgoing.c.id == letter_id))
    if state is None:
        raise NotFound(f"there is no outgoing mail {letter_id}")
    if state == "sent":
        raise Permanent(f"outgoing mail {letter_id} is sent")
    if state == "sending":
        raise Permanent(f"outgoing mail {letter_id} is being sent at this moment")


# --- looking ------------------------------------------------------------------------------------


def list_outgoing(
    session: Session, *, state: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """One object a letter, newest last (`outbox list --json`); with a limit, the newest ones."""
    query = select(outgoing).order_by(outgoing.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(outgoing.c.state == state)
    return [_line(row) for row in reversed(session.execute(query).all())]


def _line(row: Row[Any]) -> dict[str, Any]:
    is_waiting = row.state in UNSENT
    return {
        "id": row.id,
        "state": row.state,
        "to": row.recipient,
        "notice": row.kind,
        "ticket": row.ticket,
        "message_id": row.message_id,
        "attempts": row.attempts,
        "next_at": instant(row.due_at) if is_waiting else None,
        "error": row.error or None,
    }


def show(session: Session, letter_id: int) -> dict[str, Any]:
    """All that is known of a letter, without its text. Raises: NotFound."""
    row = session.execute(select(outgoing).where(outgoing.c.id == letter_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no outgoing mail {letter_id}")
    return {
        **_line(row),
        "audience": row.audience,
        "envelope_from": row.reverse_path,
        "size": row.size,
        "created_at": instant(row.created_at),
        "expires_at": instant(row.expires_at),
    }


def raw_of(session: Session, letter_id: int) -> bytes:
    """The mail as it goes out. Raises: NotFound."""
    raw = session.scalar(select(outgoing_raws.c.raw).where(outgoing_raws.c.outgoing == letter_id))
    if raw is None:
        raise NotFound(f"there is no outgoing mail {letter_id}")
    return bytes(raw)


_IS_DUE = (outgoing.c.state.in_(UNSENT), outgoing.c.due_at <= bindparam("now"))


def due_count(session: Session, now: datetime) -> int:
    """How many letters are due, those included whose sender died."""
    query = select(func.count()).select_from(outgoing).where(*_IS_DUE)
    return session.scalar(query, {"now": now}) or 0


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """Since when the letter waits that has been due longest."""
    query = select(outgoing.c.due_at).where(*_IS_DUE).order_by(outgoing.c.due_at).limit(1)
    return session.scalar(query, {"now": now})


# --- what waits for long ------------------------------------------------------------------------


_LATE = (
    outgoing.c.state == "deferred",
    outgoing.c.audience != str(Audience.ADMIN),
    outgoing.c.created_at <= bindparam("before"),
)
_LONG_DEFERRED = (*_LATE, outgoing.c.is_warned.is_(False))


def long_deferred(
    session: Session, now: datetime, after: timedelta = timedelta(hours=4)
) -> list[Outcome]:
    """Letters that cannot be delivered since `after`, alerts left aside, which nobody was warned
    of yet."""
    found = session.execute(select(outgoing).where(*_LONG_DEFERRED), {"before": now - after}).all()
    return [outcome_of(row, state=row.state, next_at=row.due_at, error=row.error) for row in found]


def note_warned(session: Session, ids: Iterable[int]) -> None:
    """Somebody was warned of these: `long_deferred` names them no more."""
    session.execute(update(outgoing).where(outgoing.c.id.in_(list(ids))).values(is_warned=True))


def late_count(session: Session, now: datetime, after: timedelta) -> tuple[int, datetime | None]:
    """How many letters wait for longer than `after`, alerts left aside, and since when."""
    query = select(func.count(), func.min(outgoing.c.created_at)).where(*_LATE)
    count, since = session.execute(query, {"before": now - after}).one()
    return count, since
