"""Reading tickets: the facts for one mail, and tickets as JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from maildesk.mail.message import InboundMail
from maildesk.model.plan import Facts
from maildesk.model.ticket import Ticket


def gather(
    session: Session,
    mail: InboundMail,
    *,
    ticket_numbers: Iterable[int],
    now: datetime,
    receipt: int = 0,
    next_number: int | None = None,
) -> Facts:
    """All that is read for one mail. `next_number`: one that the caller has reserved."""
    raise NotImplementedError


def next_number(session: Session) -> int:
    """The number that the next new ticket gets, if nobody is faster."""
    raise NotImplementedError


def find_ticket(session: Session, number: int) -> Ticket | None:
    """The ticket of this number."""
    raise NotImplementedError


def list_tickets(
    session: Session,
    *,
    status: str | None = None,
    queue: str | None = None,
    team: str | None = None,
    assignee: str | None = None,
    requester: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """One object a ticket, newest last (`ticket list --json`); with a limit, the newest ones."""
    raise NotImplementedError


def show_ticket(session: Session, number: int) -> dict[str, Any]:
    """The object of `ticket show --json`. Raises NotFound."""
    raise NotImplementedError
