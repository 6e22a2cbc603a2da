"""Mails of the journal that are needed once more: to confirm one, to send its files again."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from maildesk.mail.envelope import Envelope
from maildesk.model.facts import Level, Trust
from maildesk.store.receipts import envelope_of
from maildesk.store.tables import messages, receipt_raws, receipts


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail as it came in, the ticket that it is a message of, and how far it was believed."""

    receipt: int
    ticket: int
    raw: bytes
    envelope: Envelope
    trust: Trust


_MAIL = (
    select(receipts.c.envelope, receipt_raws.c.raw)
    .join(receipt_raws, receipt_raws.c.receipt == receipts.c.id)
    .where(receipts.c.id == bindparam("receipt"))
)
_TRUST = (
    select(messages.c.level, messages.c.level_evidence)
    .where(messages.c.ticket == bindparam("ticket"), messages.c.receipt == bindparam("receipt"))
    .limit(1)
)


def stored_mail(session: Session, receipt: int, ticket: int) -> StoredMail | None:
    """The mail of this receipt that is a message of the ticket; None where its bytes are gone."""
    connection = session.connection()
    row = connection.execute(_MAIL, {"receipt": receipt}).one_or_none()
    if row is None:
        return None
    trust = _trust(connection, receipt, ticket)
    return StoredMail(receipt, ticket, bytes(row.raw), envelope_of(row.envelope), trust)


def _trust(connection: Connection, receipt: int, ticket: int) -> Trust:
    """What was noted with the message. Whether a signature covered the whole mail was not."""
    row = connection.execute(_TRUST, {"receipt": receipt, "ticket": ticket}).one_or_none()
    if row is None:
        return Trust(covers_mail=False)
    return Trust(Level(row.level), tuple(row.level_evidence), covers_mail=False)


_SIZES = select(receipts.c.id, receipts.c.size).where(
    receipts.c.id.in_(bindparam("receipts", expanding=True))
)
_RAW = select(receipt_raws.c.raw).where(receipt_raws.c.receipt == bindparam("receipt"))


def raws_of(session: Session, wanted: Iterable[int], limit_bytes: int) -> dict[int, bytes]:
    """The bytes of these receipts, as far as they are there: one after the other in the order
    asked, as long as they stay under the limit together."""
    asked = list(dict.fromkeys(wanted))
    connection = session.connection()
    sizes = {row.id: row.size for row in connection.execute(_SIZES, {"receipts": asked})}
    found: dict[int, bytes] = {}
    for receipt in asked:
        size = sizes.get(receipt, limit_bytes + 1)
        raw = None
        if size <= limit_bytes:
            raw = connection.scalar(_RAW, {"receipt": receipt})
        if raw is not None:
            found[receipt] = bytes(raw)
            limit_bytes -= size
    return found
