"""What the IMAP poller must remember of folders."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from maildesk.store.engine import Database


@dataclass(frozen=True, slots=True)
class FolderState:
    """What is known of a folder. Mail below `first_uid_to_take` lay there before we came. After a
    change of UIDVALIDITY (`is_new_validity`) that is 1: skip what the server got (INTERNALDATE)
    before `first_contact_at`, unless the mailbox is taken whole."""

    first_uid_to_take: int
    is_new_validity: bool
    is_first_contact: bool
    first_contact_at: datetime


class MailboxMemory:
    """The poller's memory, per (account, folder, UIDVALIDITY). Thread-safe."""

    def __init__(self, database: Database) -> None:
        raise NotImplementedError

    def open_folder(
        self, account: str, folder: str, uidvalidity: int, highest_uid: int, now: datetime
    ) -> FolderState:
        """Remember the folder at first contact. `highest_uid` is the last one that is *not* to be
        taken (UIDNEXT - 1), 0 to take all."""
        raise NotImplementedError

    def known_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> set[int]:
        """Those that are in the journal."""
        raise NotImplementedError

    def left_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> set[int]:
        """Those that were left in place for good."""
        raise NotImplementedError

    def leave_in_place(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], reason: str
    ) -> None:
        """Remember mail that cannot or must not be moved."""
        raise NotImplementedError

    def record_poll(self, account: str, folder: str, now: datetime) -> None:
        """The folder was looked through at `now`."""
        raise NotImplementedError

    def last_poll(self, account: str, folder: str) -> datetime | None:
        """When the folder was last looked through."""
        raise NotImplementedError
