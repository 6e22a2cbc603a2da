"""The poller on the real journal: Dovecot at one end, SQLite at the other."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import put_database
from dovecot import PASSWORD, Dovecot
from imap_script import LISTED, RAW, ScriptedServer
from imap_shelf import ACCEPTED, now

from maildesk.mail.envelope import Answer, Envelope
from maildesk.settings import Mailbox
from maildesk.store.engine import Database, open_database
from maildesk.store.journal import Journal, list_receipts
from maildesk.store.mailboxes import MailboxMemory
from maildesk.transport.imap import Poller


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    dovecot = Dovecot()
    yield dovecot
    dovecot.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    put_database(tmp_path / "maildesk.db")
    database = open_database(f"sqlite:///{tmp_path}/maildesk.db")
    yield database
    database.close()


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    journal = Journal(database, now)
    yield journal
    journal.close()


def poller(
    server: Dovecot | ScriptedServer, database: Database, journal: Journal, user: str, start: str
) -> Poller:
    def receive(raw: bytes, envelope: Envelope) -> Answer:
        journal.keep(raw, envelope)
        return ACCEPTED

    return Poller(
        Mailbox("support", "127.0.0.1", user, PASSWORD, server.port, "none", start=start),
        receive,
        MailboxMemory(database),
        clock=now,
        message_bytes=100_000,
        alert=lambda _key, _words: None,
    )


def receipts(database: Database) -> int:
    with database.read() as session:
        return len(list_receipts(session))


def test_every_mail_has_one_receipt_and_is_moved(
    server: Dovecot, database: Database, journal: Journal
) -> None:
    for number in range(120):
        server.deliver("many", b"Subject: %d\r\n\r\nHello\r\n" % number)
    server.deliver("many", b"Subject: huge\r\n\r\n" + b"0123456789\r\n" * 20_000)
    for expected in (121, 0):  # each by a poller that knows only what the store knows
        assert poller(server, database, journal, "many", "all").poll_once() == expected
    assert receipts(database) == 121
    assert server.count("many") == 1
    assert server.count("many", ".Processed") == 120


def test_first_contact_is_remembered_beyond_a_new_uidvalidity(
    server: Dovecot, database: Database, journal: Journal
) -> None:
    server.deliver("new", b"Subject: old\r\n\r\n", arrived_at=time.time() - 3600)
    assert poller(server, database, journal, "new", "new").poll_once() == 0
    server.deliver("new", b"Subject: new\r\n\r\n", arrived_at=time.time() + 2)
    server.renumber("new")
    assert poller(server, database, journal, "new", "new").poll_once() == 1
    assert poller(server, database, journal, "new", "new").poll_once() == 0
    assert server.mails("new") == [b"Subject: old\r\n\r\n"]


def test_rescan_that_was_cut_short_still_leaves_old_mail(
    server: Dovecot, database: Database, journal: Journal
) -> None:
    server.deliver("cut", b"Subject: old\r\n\r\n", arrived_at=time.time() - 3600)
    assert poller(server, database, journal, "cut", "new").poll_once() == 0
    server.renumber("cut")
    server.deliver("cut", b"Subject: new\r\n\r\n", arrived_at=time.time() + 2)
    dying = poller(server, database, journal, "cut", "new")
    dying._collector._take_all = _die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        dying.poll_once()
    assert poller(server, database, journal, "cut", "new").poll_once() == 1
    assert server.mails("cut") == [b"Subject: old\r\n\r\n"]


def test_same_uid_of_another_account_is_another_mail(database: Database, journal: Journal) -> None:
    with ScriptedServer() as old:
        assert poller(old, database, journal, "a@example.com", "all").poll_once() == 1
        assert poller(old, database, journal, "a@example.com", "all").poll_once() == 0
    with ScriptedServer() as new:  # numbers its mails alike; the mailbox has the same name
        assert poller(new, database, journal, "b@example.com", "all").poll_once() == 1
    assert receipts(database) == 2


def test_known_uid_of_another_size_is_another_mail(database: Database, journal: Journal) -> None:
    with ScriptedServer() as server:
        assert poller(server, database, journal, "a@example.com", "all").poll_once() == 1
    raw = RAW + b"Another one.\r\n"
    body = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n$ OK -\r\n" % (len(raw), raw)
    replies = {"UID FETCH SIZE": LISTED % len(raw), "UID FETCH BODY": body}
    with ScriptedServer(replies) as server:
        assert poller(server, database, journal, "a@example.com", "all").poll_once() == 1
        assert any("MOVE" in line for line in server.heard)
    with database.read() as session:
        sizes = [receipt["size"] for receipt in list_receipts(session)]
    assert sizes == [len(RAW), len(raw)]


def test_size_that_a_server_only_guesses_makes_no_second_receipt(
    database: Database, journal: Journal
) -> None:
    with ScriptedServer({"UID FETCH SIZE": LISTED % (len(RAW) + 9)}) as server:
        for _ in range(2):
            assert poller(server, database, journal, "a@example.com", "all").poll_once() == 1
    assert receipts(database) == 1


def _die(*_: object) -> int:
    raise KeyboardInterrupt
