"""What became of a receipt that was worked on: done, to be tried again, or set aside.

The next attempt comes after a pause; after the third the receipt is set aside until an admin says
`retry`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from maildesk.errors import NotFound, Permanent
from maildesk.model.plan import Disposition
from maildesk.store.apply import Stale
from maildesk.store.claims import ATTEMPTS, PAUSES
from maildesk.store.engine import Database
from maildesk.store.tables import receipts

DIED = "the process died while working on it"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A receipt that failed for good, until `retry`."""

    id: int
    error: str
    received_at: datetime


_FINISH = (
    update(receipts)
    .where(receipts.c.id == bindparam("receipt"), receipts.c.state == "received")
    .values(
        state="done",
        disposition=bindparam("disposition"),
        ticket=bindparam("ticket"),
        trace=bindparam("trace"),
        content_key=bindparam("content_key"),
        message_id=bindparam("message_id"),
        finished_at=bindparam("finished_at"),
        due_at=None,
        error="",
    )
)


def finish(
    session: Session,
    receipt_id: int,
    *,
    disposition: Disposition,
    ticket: int | None,
    trace: Mapping[str, Any],
    content_key: str | None,
    message_id: str | None,
    now: datetime,
) -> None:
    """The receipt is done, in the transaction that holds what was done.

    Raises: Stale where it is no longer ours to finish (its lease ran out, and another did).
    """
    values = {
        "receipt": receipt_id,
        "disposition": str(disposition),
        "ticket": ticket,
        "trace": dict(trace),
        "content_key": content_key,
        "message_id": message_id,
        "finished_at": now,
    }
    if session.connection().execute(_FINISH, values).rowcount != 1:
        raise Stale(f"receipt {receipt_id} has been finished by somebody else")


def fail(database: Database, receipt_id: int, error: str, now: datetime) -> bool:
    """Note a failed attempt; True where it was the last one and the receipt is set aside.

    The next attempt comes after a short pause; other receipts go on meanwhile.
    """
    with database.write() as session:
        counted = session.scalar(
            select(receipts.c.attempts).where(
                receipts.c.id == receipt_id, receipts.c.state == "received"
            )
        )
        if counted is None:
            return False
        attempts = max(counted, 1)  # in company it was not counted
        if attempts >= ATTEMPTS:
            _give_up(session, receipt_id, error, now)
            return True
        due_at = now + PAUSES[min(attempts, len(PAUSES)) - 1]
        session.execute(
            update(receipts)
            .where(receipts.c.id == receipt_id)
            .values(error=error, attempts=attempts, due_at=due_at)
        )
        return False


def set_aside(database: Database, now: datetime) -> list[SetAside]:
    """Give up on receipts whose last attempt never came back, and name them for an alert."""
    lost = (
        receipts.c.state == "received",
        receipts.c.attempts >= ATTEMPTS,
        or_(receipts.c.due_at.is_(None), receipts.c.due_at <= now),
    )
    with database.write() as session:
        rows = session.execute(
            select(receipts.c.id, receipts.c.error, receipts.c.received_at).where(*lost)
        ).all()
        for row in rows:
            _give_up(session, row.id, row.error or DIED, now)
    return [SetAside(row.id, row.error or DIED, row.received_at) for row in rows]


def _give_up(session: Session, receipt_id: int, error: str, now: datetime) -> None:
    session.execute(
        update(receipts)
        .where(receipts.c.id == receipt_id)
        .values(
            state="failed",
            disposition=str(Disposition.FAILED),
            error=error,
            due_at=None,
            finished_at=now,
        )
    )


def retry(database: Database, receipt_id: int) -> None:
    """Work on a failed receipt again. Raises: NotFound, or Permanent if it has not failed."""
    with database.write() as session:
        state = session.scalar(select(receipts.c.state).where(receipts.c.id == receipt_id))
        if state is None:
            raise NotFound(f"there is no receipt {receipt_id}")
        if state != "failed":
            raise Permanent(f"receipt {receipt_id} has not failed, it is {state}")
        session.execute(
            update(receipts)
            .where(receipts.c.id == receipt_id)
            .values(state="received", attempts=0, due_at=None, disposition=None, finished_at=None)
        )
