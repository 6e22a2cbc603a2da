"""Mails of the journal that are needed once more."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import Address, Automatic, InboundMail, Span
from maildesk.model.changes import AddMessage, OpenTicket
from maildesk.model.facts import Level, Trust
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Ticket, Visibility
from maildesk.store.apply import apply
from maildesk.store.blobs import BIG_BYTES
from maildesk.store.stored_mails import StoredMail, raws_of, stored_mail
from maildesk.store.tables import receipt_raws

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
KARI = Address("Kari", "kari@example.com")
ENVELOPE = Envelope(Source.LMTP, KARI.address, ("support+t1.2.cx@example.com",), full_size=9_000)
MAIL = InboundMail(size=3, content_key="key", senders=(KARI,), text="run", reply=(Span(0, 3),))


@pytest.fixture
def held(database, keeper):
    """The receipt of a mail that is held on ticket 1."""
    receipt = keeper.keep(b"raw", ENVELOPE)
    ticket = Ticket(1, "Printer", KARI, "helpdesk", "first-line", NOW, NOW)
    trust = Trust(Level.V1, ("SPF passed",))
    message = AddMessage(
        1, KARI, MAIL, Direction.IN, Visibility.HELD, trust, Automatic(), NOW, "unproved"
    )
    plan = Plan(Disposition.HELD, 1, (OpenTicket(ticket), message))
    with database.write() as session:
        apply(session, plan, receipt=receipt, now=NOW, actor=KARI.address)
    return receipt


def forget(database, receipt):
    with database.write() as session:
        session.execute(delete(receipt_raws).where(receipt_raws.c.receipt == receipt))


def test_stored_mail_is_as_it_came_in_and_as_it_was_believed(database, held):
    with database.read() as session:
        found = stored_mail(session, held, 1)
    trust = Trust(Level.V1, ("SPF passed",), covers_mail=False)
    assert found == StoredMail(held, 1, b"raw", ENVELOPE, trust)


def test_mail_of_another_ticket_is_not_believed(database, held):
    with database.read() as session:
        found = stored_mail(session, held, 2)
    assert found.trust == Trust(Level.V0, covers_mail=False)


def test_mail_whose_bytes_are_gone_is_none(database, held):
    forget(database, held)
    with database.read() as session:
        assert stored_mail(session, held, 1) is None
        assert raws_of(session, [held], 100) == {}


def test_bytes_come_in_order_as_long_as_there_is_room(database, keeper):
    raws = [b"a" * 40, b"b" * 70, b"c" * 60]
    ids = [keeper.keep(raw, ENVELOPE) for raw in raws]
    with database.read() as session:
        found = raws_of(session, [ids[2], ids[1], 999, ids[0], ids[2]], 100)
    assert list(found.items()) == [(ids[2], raws[2]), (ids[0], raws[0])]


def test_big_mail_is_read_too(database, keeper):
    raw = b"x" * (BIG_BYTES + 1)
    receipt = keeper.keep(raw, ENVELOPE)
    with database.read() as session:
        assert raws_of(session, [receipt], len(raw)) == {receipt: raw}
        assert stored_mail(session, receipt, 1).raw == raw
