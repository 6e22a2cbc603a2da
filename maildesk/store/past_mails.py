"""Past mails that were routed, for a back-test of rules: read in batches, nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from maildesk.mail.envelope import Envelope
from maildesk.model.plan import Disposition
from maildesk.store.receipts import envelope_of
from maildesk.store.stored_mails import raws_of
from maildesk.store.tables import receipts

BATCH_MAILS = 64
BATCH_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PastMail:
    """A mail that routing rules were asked about, with what came of it (`trace`)."""

    receipt: int
    ticket: int | None
    raw: bytes
    envelope: Envelope
    received_at: datetime
    trace: Mapping[str, Any]


# A quote within a text is written with a backslash: no mail can write this.
_HAS_ROUTE = type_coerce(receipts.c.trace, Text).contains('"route":{')
_WAS_ROUTED = (
    or_(receipts.c.disposition == str(Disposition.NEW_TICKET), _HAS_ROUTE),
    receipts.c.received_at >= bindparam("since"),
)
_COUNT = select(func.count()).select_from(receipts).where(*_WAS_ROUTED)
_NEXT = (
    select(
        receipts.c.id,
        receipts.c.ticket,
        receipts.c.size,
        receipts.c.envelope,
        receipts.c.received_at,
        receipts.c.trace,
    )
    .where(*_WAS_ROUTED, receipts.c.id > bindparam("after"))
    .order_by(receipts.c.id)
    .limit(BATCH_MAILS)
)


def count_past_mails(session: Session, since: datetime) -> int:
    """How many mails that came in since were routed."""
    return session.scalar(_COUNT, {"since": since}) or 0


def past_mails(session: Session, since: datetime, *, after: int = 0) -> list[PastMail]:
    """The next of them behind the receipt `after`, oldest first: as many as fit in memory, at least
    one; none where all were read. Mails whose bytes are gone come without."""
    rows = session.execute(_NEXT, {"since": since, "after": after}).all()
    size = 0
    fitting: list[Any] = []
    for row in rows:
        size += row.size
        if fitting and size > BATCH_BYTES:
            break
        fitting.append(row)
    raws = raws_of(session, (row.id for row in fitting), max(BATCH_BYTES, size))
    return [
        PastMail(
            row.id,
            row.ticket,
            raws.get(row.id, b""),
            envelope_of(row.envelope),
            row.received_at,
            row.trace or {},
        )
        for row in fitting
    ]
