"""A database on disk, a clock that stands still, and mails to put into them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from databases import put_database
from stories.conftest import children, house, sources

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import Address, Automatic, InboundMail, Span
from maildesk.model.changes import AddMessage, Change, OpenTicket
from maildesk.model.facts import Facts, Level, Trust
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Ticket, Visibility
from maildesk.store import finishing, tickets
from maildesk.store.apply import apply
from maildesk.store.engine import Database, open_database
from maildesk.store.journal import Journal

__all__ = ["children", "house", "sources"]  # a whole desk, as the stories have it

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
ADA = Address("Ada Berg", "ada@example.org")
DESK = Address("", "support@example.com")
ENVELOPE = Envelope(Source.SMTP, ADA.address, (DESK.address,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    put_database(path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def keeper(database: Database) -> Iterator[Journal]:
    keeper = Journal(database, lambda: NOW)
    yield keeper
    keeper.close()


def inbound(text: str = "The printer is dead.", **changes: object) -> InboundMail:
    values = {
        "size": len(text),
        "content_key": f"key of {text}",
        "message_id": "first@example.org",
        "senders": (ADA,),
        "to": (DESK,),
        "subject": "Printer",
        "text": text,
        "reply": (Span(0, len(text)),),
    }
    return InboundMail(**(values | changes))  # type: ignore[arg-type]


def message(number: int, mail: InboundMail, **changes: object) -> AddMessage:
    values = {
        "ticket": number,
        "author": mail.senders[0],
        "mail": mail,
        "direction": Direction.IN,
        "visibility": Visibility.PUBLIC,
        "trust": Trust(Level.V0),
        "automatic": Automatic(),
        "at": NOW,
    }
    return AddMessage(**(values | changes))  # type: ignore[arg-type]


def opening(number: int, mail: InboundMail, **changes: object) -> Plan:
    values = {"queue": "helpdesk", "team": "first-line", "created_at": NOW, "updated_at": NOW}
    ticket = Ticket(number, mail.subject, mail.senders[0], **(values | changes))  # type: ignore[arg-type]
    return Plan(Disposition.NEW_TICKET, number, (OpenTicket(ticket), message(number, mail)))


def carry_out(database: Database, plan: Plan, *, receipt: int = 0) -> None:
    with database.write() as session:
        apply(session, plan, receipt=receipt, now=NOW, actor="ada@example.org")


def change(database: Database, *changes: Change, receipt: int = 0, **plan: object) -> None:
    """Carry out changes of ticket 1, and of others."""
    carry_out(database, Plan(Disposition.REPLY, 1, changes, **plan), receipt=receipt)  # type: ignore[arg-type]


def shown(database: Database, number: int = 1) -> dict[str, Any]:
    with database.read() as session:
        return tickets.show_ticket(session, number)


def history(database: Database, number: int = 1) -> list[tuple[object, ...]]:
    """Kind, old, new and cause of a ticket's events."""
    events = shown(database, number)["events"]
    return [tuple(event[name] for name in ("kind", "old", "new", "cause")) for event in events]


def facts_for(database: Database, mail: InboundMail, *numbers: int, receipt: int = 0) -> Facts:
    with database.read() as session:
        return tickets.gather(session, mail, ticket_numbers=numbers, now=NOW, receipt=receipt)


@pytest.fixture
def received(database: Database, keeper: Journal) -> Callable[..., int]:
    """Keep a mail and finish its receipt as its own ticket, or as what is said."""

    def receive(
        mail: InboundMail, disposition: Disposition = Disposition.NEW_TICKET, number: int = 1
    ) -> int:
        receipt = keeper.keep(mail.text.encode(), ENVELOPE)
        with database.write() as session:
            finishing.finish(
                session,
                receipt,
                disposition=disposition,
                ticket=number,
                trace={},
                content_key=mail.content_key,
                message_id=mail.message_id,
                now=NOW,
            )
        return receipt

    return receive


def finish(database: Database, receipt: int, disposition: Disposition) -> None:
    """Say that a receipt is done, a minute after it came."""
    with database.write() as session:
        finishing.finish(
            session,
            receipt,
            disposition=disposition,
            ticket=None,
            trace={"reasons": ["because"]},
            content_key="key",
            message_id=None,
            now=NOW + timedelta(minutes=1),
        )
