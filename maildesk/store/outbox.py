"""The outbox: every mail that goes out, from the ticket's transaction to the next server's yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from maildesk.mail.envelope import DeliveryResult
from maildesk.store.engine import Database


@dataclass(frozen=True, slots=True)
class Letter:
    """One composed mail to one recipient. Unique by ticket, kind, cause and recipient."""

    kind: str
    ticket: int | None
    cause: str
    recipient: str
    recipient_key: str
    reverse_path: str
    message_id: str
    raw: bytes
    audience: str
    is_answer: bool = False
    is_unverified: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter that is claimed for sending. `attempts` counts this one."""

    id: int
    ticket: int | None
    kind: str
    recipient: str
    reverse_path: str
    message_id: str
    raw: bytes
    attempts: int


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


def put(session: Session, letters: Sequence[Letter], now: datetime) -> list[int]:
    """Queue letters, each once; returns the ids of those that were new."""
    raise NotImplementedError


def claim_due(
    database: Database, now: datetime, limit: int = 50, lease: timedelta = timedelta(minutes=15)
) -> list[Outgoing]:
    """Take letters that are due, oldest first, never past an earlier one to the same reader."""
    raise NotImplementedError


def mark(
    database: Database, letter_id: int, result: DeliveryResult, now: datetime
) -> list[Outcome]:
    """Note the next server's word on one letter."""
    raise NotImplementedError


def mark_all(
    database: Database, results: Sequence[tuple[int, DeliveryResult]], now: datetime
) -> list[Outcome]:
    """Note the next server's word on several letters, in one transaction."""
    raise NotImplementedError


def release(database: Database, ids: Sequence[int]) -> None:
    """Hand back letters that were claimed and not tried."""
    raise NotImplementedError


def drop(database: Database, letter_id: int) -> None:
    """Never send this letter. Raises NotFound, or Permanent if it is sent."""
    raise NotImplementedError


def retry(database: Database, letter_id: int, now: datetime) -> None:
    """Try a letter again, now. Raises NotFound, or Permanent if it is sent."""
    raise NotImplementedError


def list_outgoing(session: Session, *, state: str | None = None) -> list[dict[str, Any]]:
    """One object a letter, newest last (`outbox list --json`)."""
    raise NotImplementedError


def show(session: Session, letter_id: int) -> dict[str, Any]:
    """All that is known of a letter, without its text. Raises NotFound."""
    raise NotImplementedError


def raw_of(session: Session, letter_id: int) -> bytes:
    """The mail as it goes out. Raises NotFound."""
    raise NotImplementedError


def due_count(session: Session, now: datetime) -> int:
    """How many letters are due."""
    raise NotImplementedError


def oldest_due(session: Session, now: datetime) -> datetime | None:
    """Since when the oldest due letter waits."""
    raise NotImplementedError


def long_deferred(
    database: Database, now: datetime, after: timedelta = timedelta(hours=4)
) -> list[Outcome]:
    """Letters that cannot be delivered since `after`; each is named once, for a warning."""
    raise NotImplementedError
