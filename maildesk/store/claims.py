"""Which receipts are worked on next, and by whom.

A claim commits its lease before the work begins: what a dying process leaves behind is claimed
again, each mail alone, and only then is the attempt counted beforehand. A mail that kills the
process three times is set aside; those that were merely claimed beside it are not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, bindparam, case, func, or_, select, true, update
from sqlalchemy.orm import Session

from maildesk.mail.envelope import Envelope
from maildesk.store.blobs import BIG_BYTES, read_big
from maildesk.store.engine import Database
from maildesk.store.receipts import envelope_of
from maildesk.store.tables import receipt_raws, receipts

ATTEMPTS = 3
PAUSES = (timedelta(seconds=5), timedelta(seconds=20))
CLAIM_BYTES = 32 * 1024 * 1024
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # the end of a lease whose holder is dead


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mail that was taken and is being worked on. `attempts` counts this one."""

    id: int
    raw: bytes
    envelope: Envelope
    received_at: datetime
    attempts: int


_IS_CLAIMABLE = (
    receipts.c.state == "received",
    receipts.c.attempts < ATTEMPTS,
    or_(receipts.c.due_at.is_(None), receipts.c.due_at <= bindparam("now")),
)
_WAITING = select(func.count()).select_from(receipts).where(*_IS_CLAIMABLE)
_CLAIMABLE = (
    select(receipts.c.id, receipts.c.size, receipts.c.due_at)
    .where(*_IS_CLAIMABLE)
    .order_by(receipts.c.id)
    .limit(bindparam("limit"))
)
_IN_ORDER = _CLAIMABLE.where(receipts.c.error == "")
_FAILED_BEFORE = _CLAIMABLE.where(receipts.c.error != "")
_CLAIM = (
    update(receipts)
    .where(receipts.c.id.in_(bindparam("ids", expanding=True)))
    .values(attempts=receipts.c.attempts + bindparam("counted"), due_at=bindparam("lease_ends_at"))
)
_CLAIMED = (
    select(
        receipts.c.id,
        case((receipts.c.size < BIG_BYTES, receipt_raws.c.raw)).label("raw"),
        receipts.c.envelope,
        receipts.c.received_at,
        receipts.c.attempts,
    )
    .join(receipt_raws, receipt_raws.c.receipt == receipts.c.id)
    .where(receipts.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(receipts.c.id)
)


def waiting(session: Session, now: datetime) -> int:
    """How many receipts may be claimed now."""
    return session.scalar(_WAITING, {"now": now}) or 0


def claim(
    database: Database, now: datetime, limit: int = 50, lease: timedelta = timedelta(minutes=10)
) -> list[Receipt]:
    """Take the next receipts, in journal order; the lease is committed first.

    At most `limit`, and no more than 32 MiB of mail unless one mail alone is bigger. One that was
    claimed before comes alone; for those alone the attempt is committed too. What has failed
    gives way to what has not: a mail that takes its thirty seconds each time holds nobody up again.
    """
    with database.write() as session:
        connection = session.connection()
        values: dict[str, object] = {"now": now, "limit": limit}
        ids = _batch(connection.execute(_IN_ORDER, values))
        ids = ids or _batch(connection.execute(_FAILED_BEFORE, values))
        if not ids:
            return []
        claiming = {"ids": ids, "counted": int(len(ids) == 1), "lease_ends_at": now + lease}
        connection.execute(_CLAIM, claiming)
        rows = connection.execute(_CLAIMED, {"ids": ids}).all()
        big = {row.id: read_big(connection, row.id) for row in rows if row.raw is None}
    return [
        Receipt(id_, big.get(id_, raw), envelope_of(envelope), received_at, max(attempts, 1))
        for id_, raw, envelope, received_at, attempts in rows
    ]


def _batch(rows: Iterable[Row[int, int, datetime | None]]) -> list[int]:
    """The ids of the first (id, size, due_at) rows that are claimed together; at least one.

    Who has a `due_at` was claimed before and not finished: if it kills us, it shall be seen that
    it does.
    """
    ids: list[int] = []
    total = 0
    for id_, size, due_at in rows:
        total += size
        if ids and (due_at or total > CLAIM_BYTES):
            break
        ids.append(id_)
        if due_at:
            break
    return ids


# --- giving back --------------------------------------------------------------------------------


def release(database: Database, ids: Iterable[int], lease_ends_at: datetime | None = None) -> None:
    """Hand back receipts that were claimed and not worked on; no attempt is counted. Of those of
    one lease, what has failed or was finished meanwhile stays as it is."""
    held = receipts.c.due_at == lease_ends_at if lease_ends_at else true()
    with database.write() as session:
        session.execute(
            update(receipts)
            .where(receipts.c.id.in_(list(ids)), receipts.c.state == "received", held)
            .values(attempts=func.max(receipts.c.attempts - 1, 0), due_at=None)
        )


def suspect(database: Database, ids: Iterable[int], lease_ends_at: datetime) -> None:
    """One of this lease's receipts broke the work on all: each comes alone next time, so that the
    attempt is counted of the one at fault."""
    with database.write() as session:
        session.execute(
            update(receipts)
            .where(
                receipts.c.id.in_(list(ids)),
                receipts.c.state == "received",
                receipts.c.due_at == lease_ends_at,
            )
            .values(due_at=LONG_AGO)
        )


def pull_back(database: Database, now: datetime, lease: timedelta) -> None:
    """After the clock was set back: nothing waits longer than a lease, counted from now."""
    with database.write() as session:
        session.execute(
            update(receipts)
            .where(receipts.c.state == "received", receipts.c.due_at > now + lease)
            .values(due_at=now + PAUSES[-1])
        )


def free_leases(database: Database) -> int:
    """Whoever was working is dead: what it held may be claimed at once, each receipt alone.
    For the start of the only worker (it holds the daemon lock). Returns how many there were."""
    with database.write() as session:
        result = session.connection().execute(
            update(receipts)
            .where(receipts.c.state == "received", receipts.c.due_at.is_not(None))
            .values(due_at=LONG_AGO)
        )
        return result.rowcount
