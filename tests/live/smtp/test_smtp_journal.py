"""The listener in front of the real journal."""

import smtplib
import threading
from datetime import UTC, datetime

import pytest
from databases import put_database

from maildesk.mail.envelope import Answer
from maildesk.store.claims import claim
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal


@pytest.fixture
def database(tmp_path):
    put_database(tmp_path / "desk.db")
    opened = open_database(f"sqlite:///{tmp_path}/desk.db")
    yield opened
    opened.close()


@pytest.fixture
def journal(database):
    opened = Journal(database, lambda: datetime(2026, 1, 5, tzinfo=UTC))
    yield opened
    opened.close()


def storing(journal):
    def receive(raw, envelope):
        return Answer(250, "2.6.0", f"Receipt {journal.keep(raw, envelope)}")

    return receive


def test_every_mail_answered_250_is_in_the_journal_once(open_listener, journal, database):
    listener = open_listener(receive=storing(journal))
    answered = []

    def send(client):
        with smtplib.SMTP("127.0.0.1", listener.endpoint.port, "c.example", timeout=30) as smtp:
            for number in range(20):
                mail = f"Subject: {client}-{number}\r\n\r\nx\r\n".encode()
                smtp.sendmail("ola@customer.example", ["help@desk.example"], mail)
                answered.append(f"{client}-{number}")

    clients = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(30)
    receipts = claim(database, datetime(2026, 1, 6, tzinfo=UTC), limit=1_000)
    subjects = [r.raw.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for r in receipts]
    assert len(answered) == 80
    assert sorted(subjects) == sorted(answered)
