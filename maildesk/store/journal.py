"""The journal: every mail that was taken, until it is worked off and after."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from maildesk.mail.envelope import Envelope
from maildesk.model.plan import Disposition
from maildesk.store.engine import Database


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


class Journal:
    """Keeps mail: `keep` returns when the mail is on stable storage."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        in_flight_bytes: int = 134_217_728,
    ) -> None:
        raise NotImplementedError

    def keep(self, raw: bytes, envelope: Envelope) -> int:
        """Commit the mail and return its receipt's id; the earlier id for a Place seen before."""
        raise NotImplementedError

    def close(self) -> None:
        """Commit what waits, then refuse more."""
        raise NotImplementedError


def claim(
    database: Database, now: datetime, limit: int = 50, lease: timedelta = timedelta(minutes=10)
) -> list[Receipt]:
    """Take the next receipts, in journal order; lease and attempt are committed first."""
    raise NotImplementedError


def set_aside(database: Database, now: datetime) -> list[SetAside]:
    """Give up on receipts whose third attempt never came back, and name them for an alert."""
    raise NotImplementedError


def finish(
    session: Session,
    receipt_id: int,
    *,
    disposition: Disposition,
    ticket: int | None,
    trace: Mapping[str, Any],
    content_key: str | None,
    message_id: str | None,
    now: datetime | None = None,
) -> None:
    """The receipt is done; Stale if somebody else has finished it."""
    raise NotImplementedError


def fail(database: Database, receipt_id: int, error: str, now: datetime) -> bool:
    """Note a failed attempt; True where it was the last one and the receipt is set aside."""
    raise NotImplementedError


def release(database: Database, ids: Iterable[int]) -> None:
    """Hand back receipts that were claimed and not worked on; no attempt is counted."""
    raise NotImplementedError


def retry(database: Database, receipt_id: int) -> None:
    """Work on a failed receipt again. Raises NotFound, or Permanent if it has not failed."""
    raise NotImplementedError


def list_receipts(session: Session, *, state: str | None = None) -> list[dict[str, Any]]:
    """One object a receipt, newest last."""
    raise NotImplementedError


def show(session: Session, receipt_id: int) -> dict[str, Any]:
    """All that is known of a receipt, its trace too, without the raw mail. Raises NotFound."""
    raise NotImplementedError


def raw_of(session: Session, receipt_id: int) -> bytes:
    """The mail as it came. Raises NotFound."""
    raise NotImplementedError


def stats(session: Session) -> dict[str, dict[str, int]]:
    """Counts by state and by disposition; every word is there, zeros too."""
    raise NotImplementedError


def waiting(session: Session, now: datetime) -> int:
    """How many receipts may be claimed now."""
    raise NotImplementedError


def oldest_waiting(session: Session) -> datetime | None:
    """When the oldest receipt that is not worked off came in."""
    raise NotImplementedError
