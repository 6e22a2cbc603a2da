"""What the poller remembers of folders."""

from datetime import timedelta

import pytest

from maildesk.mail.envelope import Envelope, Place, Source
from maildesk.store.engine import Database
from maildesk.store.journal import Journal
from maildesk.store.mailboxes import MailboxMemory

from .conftest import NOW

LATER = NOW + timedelta(days=1)
BIG = 2**32 - 1  # UIDs are 32 bits wide


@pytest.fixture
def memory(database: Database) -> MailboxMemory:
    return MailboxMemory(database)


def test_what_lay_there_before_us_is_never_ours(memory: MailboxMemory) -> None:
    first = memory.open_folder("support", "INBOX", 7, 41, NOW)
    assert (first.first_uid_to_take, first.is_new_validity) == (42, False)
    again = memory.open_folder("support", "INBOX", 7, 99, LATER)
    assert (again.first_uid_to_take, again.is_new_validity) == (42, False)
    assert again.first_contact_at == NOW


def test_a_new_uidvalidity_is_looked_through_whole(memory: MailboxMemory) -> None:
    memory.open_folder("support", "INBOX", 7, 41, NOW)
    new = memory.open_folder("support", "INBOX", BIG, 99, LATER)
    assert (new.first_uid_to_take, new.is_new_validity, new.first_contact_at) == (1, True, NOW)
    again = memory.open_folder("support", "INBOX", BIG, 120, LATER)
    assert (again.first_uid_to_take, again.is_new_validity) == (1, True)
    old = memory.open_folder("support", "INBOX", 7, 0, LATER)
    assert (old.first_uid_to_take, old.is_new_validity) == (42, False)


def test_folders_are_remembered_apart(memory: MailboxMemory) -> None:
    memory.open_folder("support", "INBOX", 7, 41, NOW)
    assert memory.open_folder("billing", "INBOX", 7, 3, NOW).first_uid_to_take == 4
    assert memory.open_folder("support", "Junk", 7, 0, NOW).first_uid_to_take == 1


def test_journalled_uids_are_known_with_their_sizes(memory: MailboxMemory, keeper: Journal) -> None:
    for uid, raw in ((5, b"five."), (BIG, b"big")):
        keeper.keep(raw, Envelope(Source.IMAP, place=Place("support", "INBOX", 7, uid)))
    uids = [*range(1, 1200), BIG]
    assert memory.known_sizes("support", "INBOX", 7, uids) == {5: 5, BIG: 3}
    assert memory.known_sizes("support", "INBOX", 8, uids) == {}
    assert memory.known_sizes("support", "INBOX", 7, []) == {}


def test_mail_left_in_place_is_remembered_once(memory: MailboxMemory) -> None:
    memory.leave_in_place("support", "INBOX", 7, [1, 2, 2], "over quota")
    memory.leave_in_place("support", "INBOX", 7, [2, 3], "over quota")
    memory.leave_in_place("support", "INBOX", 7, [], "nothing")
    assert memory.left_uids("support", "INBOX", 7, range(10)) == {1, 2, 3}
    assert memory.left_uids("support", "INBOX", 8, range(10)) == set()


def test_the_last_poll_is_remembered(memory: MailboxMemory) -> None:
    assert memory.last_poll("support", "INBOX") is None
    memory.open_folder("support", "INBOX", 7, 0, NOW)
    assert memory.last_poll("support", "INBOX") is None
    memory.record_poll("support", "INBOX", LATER)
    assert memory.last_poll("support", "INBOX") == LATER
