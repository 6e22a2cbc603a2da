"""What a poller must know from one run to the next; the store keeps it.

`maildesk.store.mailboxes` has a class of this shape. All keys are (account, folder, UIDVALIDITY,
UID), as RFC 9051 section 2.3.1.1 asks: only together do they name one mail for ever.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class FolderState(Protocol):
    """What is known of a folder under one UIDVALIDITY.

    `is_new_validity`: it is not the UIDVALIDITY of the first contact. That stays so after the first
    look: what decides then are dates, and a scan may take several runs."""

    @property
    def first_uid_to_take(self) -> int:
        """Mail below this UID lay there at first contact; 1 under a new UIDVALIDITY."""

    @property
    def first_contact_at(self) -> datetime:
        """When the folder was first seen, under whatever UIDVALIDITY; aware, UTC."""

    @property
    def is_new_validity(self) -> bool:
        """The server has numbered the mails anew since the first contact."""


class Memory(Protocol):
    """What the store remembers of mailboxes."""

    def open_folder(
        self, account: str, folder: str, uidvalidity: int, highest_uid: int, now: datetime
    ) -> FolderState:
        """Return what is known of the folder; the first call for a UIDVALIDITY records it.
        Mail up to `highest_uid` counts as lying there before us."""

    def known_sizes(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> dict[int, int]:
        """Return those of `uids` that are in the journal, each with the bytes that it has there."""

    def left_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> set[int]:
        """Return those of `uids` that were left in place on purpose: they are not to be moved."""

    def leave_in_place(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], reason: str
    ) -> None:
        """Remember that these mails stay where they are."""

    def record_poll(self, account: str, folder: str, now: datetime) -> None:
        """Remember when the folder was last looked through to its end."""

    def last_poll(self, account: str, folder: str) -> datetime | None:
        """Return what `record_poll` wrote last; None before the first poll."""
