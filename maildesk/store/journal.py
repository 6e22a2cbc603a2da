"""The journal: every mail that was taken, while it is worked off and after.

    received ──claim──> (leased) ──finish──> done
        ^                  │ fail, three times ──> failed
        └──── retry ───────┴──────────────────────────┘

Here mail is kept, and looked at. `claims` hands it out to be worked off, `finishing` notes what
became of it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, func, select
from sqlalchemy.orm import Session

from maildesk.errors import NotFound
from maildesk.mail.envelope import Envelope
from maildesk.model.plan import Disposition
from maildesk.store.engine import Database
from maildesk.store.groupcommit import GroupCommit
from maildesk.store.receipts import insert_new, new_row
from maildesk.store.rows import as_json
from maildesk.store.tables import receipt_raws, receipts


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


def oldest_waiting(session: Session) -> datetime | None:
    """When the oldest receipt came in that is not worked off; one that has failed waits for itself
    alone."""
    return session.scalar(
        select(receipts.c.received_at)
        .where(receipts.c.state == "received", receipts.c.error == "")
        .order_by(receipts.c.id)
        .limit(1)
    )
