"""What the IMAP poller must remember of folders.

UIDs count within one (account, folder, UIDVALIDITY), RFC 9051 section 2.3.1.1. What lay in a folder
before maildesk first saw it is none of its mail, unless the mailbox is to be taken whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, insert, select, update
from sqlalchemy.orm import Session

from maildesk.store.engine import Database
from maildesk.store.tables import folder_validities, folders, left_in_place, receipts

UIDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FolderState:
    """What is known of a folder under one UIDVALIDITY. Mail below `first_uid_to_take` lay there
    before we came. Under another UIDVALIDITY than that of the first contact (`is_new_validity`) it
    is 1: skip what the server got (INTERNALDATE) before `first_contact_at`, unless the mailbox is
    taken whole."""

    first_uid_to_take: int
    is_new_validity: bool
    first_contact_at: datetime


class MailboxMemory:
    """The poller's memory, per (account, folder, UIDVALIDITY). Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_folder(
        self, account: str, folder: str, uidvalidity: int, highest_uid: int, now: datetime
    ) -> FolderState:
        """Remember the folder at first contact. `highest_uid` is the last one that is *not* to be
        taken (UIDNEXT - 1), 0 to take all."""
        with self._database.write() as session:
            met = _met(session, account, folder)
            if met is None:
                _meet(session, account, folder, uidvalidity, now)
            first_validity, met_at = met or (uidvalidity, now)
            is_new = uidvalidity != first_validity
            here = {"account": account, "folder": folder, "uidvalidity": uidvalidity}
            seen = _seen_uid(session, here)
            if seen is None:
                seen = 0 if is_new else highest_uid
                row = {**here, "seen_uid": seen, "opened_at": now}
                session.execute(insert(folder_validities).values(row))
        return FolderState(seen + 1, is_new, met_at)

    def known_sizes(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> dict[int, int]:
        """Those that are in the journal, each with the bytes that it has there."""
        place = (account, folder, uidvalidity)
        return dict(self._among(receipts, place, uids, receipts.c.size))

    def left_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> set[int]:
        """Those that were left in place for good."""
        return {uid for (uid,) in self._among(left_in_place, (account, folder, uidvalidity), uids)}

    def leave_in_place(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], reason: str
    ) -> None:
        """Remember mail that cannot or must not be moved."""
        wanted = list(dict.fromkeys(uids))
        known = self.left_uids(account, folder, uidvalidity, wanted)
        place = {"account": account, "folder": folder, "uidvalidity": uidvalidity}
        rows = [{**place, "uid": uid, "reason": reason} for uid in wanted if uid not in known]
        if rows:
            with self._database.write() as session:
                session.connection().execute(insert(left_in_place), rows)

    def record_poll(self, account: str, folder: str, now: datetime) -> None:
        """The folder, which has been opened, was looked through at `now`."""
        here = _same(folders, {"account": account, "folder": folder})
        with self._database.write() as session:
            session.execute(update(folders).where(here).values(last_poll_at=now))

    def last_poll(self, account: str, folder: str) -> datetime | None:
        """When the folder was last looked through."""
        here = _same(folders, {"account": account, "folder": folder})
        with self._database.read() as session:
            return session.scalar(select(folders.c.last_poll_at).where(here))

    def _among(
        self,
        table: Table,
        place: tuple[str, str, int],
        uids: Iterable[int],
        *columns: Column[Any],
    ) -> Iterator[tuple[Any, ...]]:
        """Yield UID and `columns` of each row that is there."""
        here = _same(table, dict(zip(("account", "folder", "uidvalidity"), place, strict=True)))
        query = select(table.c.uid, *columns).where(here)
        with self._database.read() as session:
            for some in _portions(list(uids)):
                yield from map(tuple, session.execute(query.where(table.c.uid.in_(some))))


def _met(session: Session, account: str, folder: str) -> tuple[int, datetime] | None:
    """With which UIDVALIDITY and when the folder was first seen."""
    query = select(folders.c.first_uidvalidity, folders.c.first_contact_at)
    here = _same(folders, {"account": account, "folder": folder})
    row = session.execute(query.where(here)).one_or_none()
    return (row[0], row[1]) if row else None


def _meet(session: Session, account: str, folder: str, uidvalidity: int, now: datetime) -> None:
    row = {
        "account": account,
        "folder": folder,
        "first_contact_at": now,
        "first_uidvalidity": uidvalidity,
    }
    session.execute(insert(folders).values(row))


def _seen_uid(session: Session, here: dict[str, Any]) -> int | None:
    query = select(folder_validities.c.seen_uid).where(_same(folder_validities, here))
    return session.scalar(query)


def _same(table: Table, values: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in values.items()))


def _portions(uids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(uids), UIDS_AT_ONCE):
        yield uids[start : start + UIDS_AT_ONCE]
