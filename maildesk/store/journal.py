"""The journal: every mail that was taken, while it is worked off and after.

    received ──claim──> (leased) ──finish──> done
        ^                  │ fail, three times ──> failed
        └──── retry ───────┴──────────────────────────┘

A claim commits its lease before the work begins: what a dying process leaves behind is claimed
again, each mail alone, and only then is the attempt counted beforehand. A mail that kills the
process three times is set aside; those that were merely claimed beside it are not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Row, bindparam, case, func, or_, select, true, update
from sqlalchemy.orm import Session

from maildesk.errors import NotFound, Permanent
from maildesk.mail.envelope import Envelope
from maildesk.model.plan import Disposition
from maildesk.store.apply import Stale
from maildesk.store.blobs import BIG_BYTES, read_big
from maildesk.store.engine import Database
from maildesk.store.groupcommit import GroupCommit
from maildesk.store.receipts import envelope_of, insert_new, new_row
from maildesk.store.rows import as_json
from maildesk.store.tables import receipt_raws, receipts

ATTEMPTS = 3
PAUSES = (timedelta(seconds=5), timedelta(seconds=20))
CLAIM_BYTES = 32 * 1024 * 1024
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # the end of a lease whose holder is dead
DIED = "the process died while working on it"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mail that was taken and is being worked on. `attempts` counts this one."""

    id: int
    raw: bytes
    envelope: Envelope
    received_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """A receipt that failed for good, until `retry`."""

    id: int
    error: str
    received_at: datetime


# --- keeping ------------------------------------------------------------------------------------


class Journal:
    """Keeps mail: `keep` returns when the mail is on stable storage. Thread-safe."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        in_flight_bytes: int = 134_217_728,
    ) -> None:
        self._database = database
        self._clock = clock
        self._group = GroupCommit(self._commit, in_flight_bytes=in_flight_bytes)

    def keep(self, raw: bytes, envelope: Envelope) -> int:
        """Commit the mail and return its receipt's id; the earlier id for a Place seen before.

        Blocks, also while too many bytes are in flight. Raises: Temporary.
        """
        row = new_row(raw, envelope, envelope.received_at or self._clock())
        return self._group.submit((row, raw), len(raw))

    def close(self) -> None:
        """Commit what waits, then refuse more."""
        self._group.close()

    def _commit(self, entries: Sequence[tuple[dict[str, Any], bytes]]) -> list[int]:
        with self._database.write() as session:
            return insert_new(session.connection(), entries)


# --- working off --------------------------------------------------------------------------------

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


# --- looking ------------------------------------------------------------------------------------

_SHOWN = [column for column in receipts.c if column.name not in ("envelope", "trace")]


def list_receipts(
    session: Session, *, state: str | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """One object a receipt, newest last; with a limit, the newest ones."""
    query = select(*_SHOWN).order_by(receipts.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(receipts.c.state == state)
    return [as_json(row) for row in reversed(session.execute(query).all())]


def show(session: Session, receipt_id: int) -> dict[str, Any]:
    """All that is known of a receipt, its trace too, without the raw mail. Raises: NotFound."""
    row = session.execute(select(receipts).where(receipts.c.id == receipt_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no receipt {receipt_id}")
    return as_json(row)


def raw_of(session: Session, receipt_id: int) -> bytes:
    """The mail as it came. Raises: NotFound."""
    raw = session.scalar(select(receipt_raws.c.raw).where(receipt_raws.c.receipt == receipt_id))
    if raw is None:
        raise NotFound(f"there is no receipt {receipt_id}")
    return bytes(raw)


def stats(session: Session) -> dict[str, dict[str, int]]:
    """Counts by state and by disposition; every word is there, zeros too."""
    states = dict.fromkeys(("received", "done", "failed"), 0)
    states |= _counts(session, receipts.c.state)
    dispositions = dict.fromkeys(map(str, Disposition), 0)
    dispositions |= _counts(session, receipts.c.disposition)
    return {"states": states, "dispositions": dispositions}


def _counts(session: Session, column: Column[Any]) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).group_by(column))
    return {word: count for word, count in rows if word is not None}


def waiting(session: Session, now: datetime) -> int:
    """How many receipts may be claimed now."""
    return session.scalar(_WAITING, {"now": now}) or 0


def oldest_waiting(session: Session) -> datetime | None:
    """When the oldest receipt that is not worked off came in."""
    return session.scalar(
        select(receipts.c.received_at)
        .where(receipts.c.state == "received")
        .order_by(receipts.c.id)
        .limit(1)
    )
