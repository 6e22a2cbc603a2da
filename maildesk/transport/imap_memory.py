"""What a poller must know from one run to the next; the store keeps it.

`maildesk.store.mailboxes` has a class of this shape. All keys are (account, folder, UIDVALIDITY,
UID), as RFC 9051 section 2.3.1.1 asks: only together do they name one mail for ever.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol


class FolderState(Protocol):
    """What is known of a folder under one UIDVALIDITY.

    `first_uid`: the lowest UID that was still to be given out when this UIDVALIDITY was first seen.
    `first_contact_at`: when the folder was first seen, under whatever UIDVALIDITY.
    `is_new_validity`: this is not the UIDVALIDITY of the first contact, so the mails below
    `first_uid` are scanned again by their dates. It stays true: the scan may take several runs."""

    @property
    def first_uid(self) -> int:
        """The lowest UID that counts as new."""

    @property
    def first_contact_at(self) -> datetime:
        """Aware, UTC."""

    @property
    def is_new_validity(self) -> bool:
        """The server numbered the mails anew since the first contact."""


class Memory(Protocol):
    """What the store remembers of mailboxes."""

    def open_folder(
        self, account: str, folder: str, uidvalidity: int, highest_uid: int, now: datetime
    ) -> FolderState:
        """Return what is known of the folder; the first call for a UIDVALIDITY records it."""

    def known_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Collection[int]
    ) -> set[int]:
        """Return those of `uids` that were journalled, or left in place on purpose."""

    def left_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Collection[int]
    ) -> set[int]:
        """Return those of `uids` that were left in place on purpose: they are not to be moved."""

    def leave_in_place(
        self, account: str, folder: str, uidvalidity: int, uids: Collection[int], reason: str
    ) -> None:
        """Remember that these mails stay where they are."""

    def record_poll(self, account: str, folder: str, now: datetime) -> None:
        """Remember when the folder was last looked through to its end."""

    def last_poll(self, account: str, folder: str) -> datetime | None:
        """Return what `record_poll` wrote last; None before the first poll."""
