"""Agents' mails that wait for `run`, `send` or `drop`: asked once, reminded once, told to the team.

open ──run | send | drop──> closed, once
  └─ asked at least an hour ago: a reminder;  open for four hours: the team is told
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from maildesk.model.changes import AskAgain, CloseHold, OpenHold
from maildesk.model.facts import Hold
from maildesk.store.apply_work import Stale, Work, only_once
from maildesk.store.tables import holds

REMIND_AFTER = timedelta(hours=1)  # since the last question
TELL_TEAM_AFTER = timedelta(hours=4)  # since it was held
AT_ONCE = 100
OPEN = "open"

# --- changes --------------------------------------------------------------------------------------


def open_hold(work: Work, change: OpenHold) -> None:
    """Hold a mail; one that was decided on before may be held again."""
    hold = change.hold
    closed = delete(holds).where(holds.c.receipt == hold.receipt, holds.c.state != OPEN)
    work.connection.execute(closed)
    with only_once(f"receipt {hold.receipt} is held already"):
        work.connection.execute(insert(holds), _columns(hold))
    work.note(hold.ticket, "hold", OPEN, cause=hold.reason)


def ask_again(work: Work, change: AskAgain) -> None:
    """Note that the agent was asked once more. Raises: Stale if the hold is not open."""
    again = _open_one(change.receipt).values(asked_at=work.now, times_asked=holds.c.times_asked + 1)
    _require_one(work.connection.execute(again).rowcount, change.receipt)


def close_hold(work: Work, change: CloseHold) -> None:
    """End a hold: the first word counts. Raises: Stale if it is not open any more."""
    closing = _open_one(change.receipt).values(state=change.outcome)
    _require_one(work.connection.execute(closing).rowcount, change.receipt)
    cause = f"receipt {change.receipt}"
    work.note(change.ticket, "hold", change.outcome, old=OPEN, cause=cause)


def move(connection: Connection, ticket: int, into: int) -> None:
    """What is held on one ticket is held on another from now on, which it has not opened. A note
    stays where it is, and waits for no `send` any more."""
    here = (holds.c.ticket == ticket, holds.c.state == OPEN)
    connection.execute(update(holds).where(*here, holds.c.is_note.is_(True)).values(state="drop"))
    connection.execute(update(holds).where(*here).values(ticket=into, is_first=False))


def _open_one(receipt: int) -> Any:
    return update(holds).where(holds.c.receipt == receipt, holds.c.state == OPEN)


def _require_one(count: int, receipt: int) -> None:
    if count != 1:
        raise Stale(f"receipt {receipt} is not held any more")


def _columns(hold: Hold) -> dict[str, Any]:
    return {
        "receipt": hold.receipt,
        "ticket": hold.ticket,
        "agent": hold.agent,
        "reason": hold.reason,
        "opened_at": hold.opened_at,
        "asked_at": hold.asked_at,
        "times_asked": hold.times_asked,
        "is_first": hold.is_first,
        "is_note": hold.is_note,
        "question": dict(hold.question),
        "state": OPEN,
    }


# --- questions ------------------------------------------------------------------------------------

_OPEN = select(holds).where(holds.c.state == OPEN)
_OF_TICKET = _OPEN.where(holds.c.ticket == bindparam("ticket")).order_by(holds.c.receipt)
_OF_RECEIPT = _OPEN.where(holds.c.receipt == bindparam("receipt"))
_WAITING = _OPEN.where(holds.c.is_note.is_(False))
_TO_REMIND = (
    _WAITING.where(holds.c.asked_at <= bindparam("before"), holds.c.reminded_at.is_(None))
    .order_by(holds.c.asked_at, holds.c.receipt)
    .limit(AT_ONCE)
)
_FOR_TEAM = (
    _WAITING.where(holds.c.opened_at <= bindparam("before"), holds.c.told_team_at.is_(None))
    .order_by(holds.c.opened_at, holds.c.receipt)
    .limit(AT_ONCE)
)


def open_holds(connection: Connection, ticket: int) -> tuple[Hold, ...]:
    """The holds of a ticket that are open, oldest first."""
    return tuple(map(_hold_of, connection.execute(_OF_TICKET, {"ticket": ticket})))


def hold_of(connection: Connection, receipt: int) -> Hold | None:
    """The open hold of this receipt; None where there is none, or it is closed."""
    row = connection.execute(_OF_RECEIPT, {"receipt": receipt}).one_or_none()
    return _hold_of(row) if row else None


def due_reminders(connection: Connection, now: datetime) -> tuple[Hold, ...]:
    """Open holds whose agent was asked an hour ago or more and not reminded yet, oldest first, at
    most 100."""
    rows = connection.execute(_TO_REMIND, {"before": now - REMIND_AFTER})
    return tuple(map(_hold_of, rows))


def due_for_team(connection: Connection, now: datetime) -> tuple[Hold, ...]:
    """Holds that are open for four hours or more and that the team was not told of yet, oldest
    first, at most 100."""
    rows = connection.execute(_FOR_TEAM, {"before": now - TELL_TEAM_AFTER})
    return tuple(map(_hold_of, rows))


def note_reminded(connection: Connection, receipts: Iterable[int], now: datetime) -> None:
    """The agents of these holds were reminded, and so asked, if unasked by them: `due_reminders`
    names them no more."""
    _mark(connection, receipts, reminded_at=now, asked_at=now)


def note_told_team(connection: Connection, receipts: Iterable[int], now: datetime) -> None:
    """The teams were told of these holds: `due_for_team` names them no more."""
    _mark(connection, receipts, told_team_at=now)


def _mark(connection: Connection, receipts: Iterable[int], **columns: datetime) -> None:
    marked = update(holds).where(holds.c.receipt.in_(list(receipts)))
    connection.execute(marked.values(columns))


def _hold_of(row: Row[Any]) -> Hold:
    return Hold(
        receipt=row.receipt,
        ticket=row.ticket,
        agent=row.agent,
        reason=row.reason,
        opened_at=row.opened_at,
        asked_at=row.asked_at,
        times_asked=row.times_asked,
        is_first=row.is_first,
        is_note=row.is_note,
        question=row.question,
    )
