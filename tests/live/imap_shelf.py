"""A journal and a memory in a folder: what a poller needs, durable enough to test crashes."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maildesk.mail.envelope import Answer, Envelope, Place
from maildesk.settings import Mailbox
from maildesk.transport.imap import Poller

ACCEPTED = Answer(250, "2.0.0", "kept")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class State:
    first_uid_to_take: int
    is_new_validity: bool
    first_contact_at: datetime


class Shelf:
    """Keeps mails as files, one for each place; `received` also holds what was seen twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received: list[tuple[bytes, Envelope]] = []
        self.alerts: list[tuple[str, str]] = []
        self.answer = ACCEPTED
        self._lock = threading.Lock()
        (folder / "mails").mkdir(exist_ok=True, parents=True)
        (folder / "left").mkdir(exist_ok=True)

    # --- Receive ---

    def receive(self, raw: bytes, envelope: Envelope) -> Answer:
        with self._lock:
            self.received.append((raw, envelope))
        if self.answer.is_accepted:
            self.keep(raw, envelope)
        return self.answer

    def keep(self, raw: bytes, envelope: Envelope) -> None:
        name = _name(envelope.place) if envelope.place else f"none-{len(self.received)}"
        written = self.folder / name
        written.write_bytes(raw)  # outlives the process; these tests do not kill the machine
        written.rename(self.folder / "mails" / name)

    def alert(self, subject: str, words: str) -> None:
        self.alerts.append((subject, words))

    @property
    def subjects(self) -> list[str]:
        """The Subject of every mail that was received, sorted."""
        return sorted(_subject(raw) for raw, _ in self.received)

    @property
    def kept(self) -> list[str]:
        """The Subject of every mail that is on the disk, sorted."""
        return sorted(_subject(path.read_bytes()) for path in (self.folder / "mails").iterdir())

    # --- Memory ---

    def open_folder(
        self, account: str, folder: str, uidvalidity: int, highest_uid: int, now: datetime
    ) -> State:
        path = self.folder / f"{account}.json"
        if not path.exists():
            path.write_text(json.dumps([uidvalidity, highest_uid + 1, now.isoformat()]))
        first_validity, first_uid, at = json.loads(path.read_text())
        is_new = first_validity != uidvalidity
        return State(1 if is_new else first_uid, is_new, datetime.fromisoformat(at))

    def known_sizes(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> dict[int, int]:
        there = self._there("mails", account, folder, uidvalidity, uids)
        return {uid: self._size(Place(account, folder, uidvalidity, uid)) for uid in there}

    def _size(self, place: Place) -> int:
        return (self.folder / "mails" / _name(place)).stat().st_size

    def left_uids(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> set[int]:
        return self._there("left", account, folder, uidvalidity, uids)

    def _there(
        self, kind: str, account: str, folder: str, uidvalidity: int, uids: Iterable[int]
    ) -> set[int]:
        there = {path.name for path in (self.folder / kind).iterdir()}
        return {uid for uid in uids if _name(Place(account, folder, uidvalidity, uid)) in there}

    def leave_in_place(
        self, account: str, folder: str, uidvalidity: int, uids: Iterable[int], reason: str
    ) -> None:
        for uid in uids:
            place = Place(account, folder, uidvalidity, uid)
            (self.folder / "left" / _name(place)).write_text(reason)

    def record_poll(self, account: str, folder: str, now: datetime) -> None:
        written = self.folder / f"{account}.written"
        written.write_text(now.isoformat())
        written.rename(self.folder / f"{account}.poll")  # who waits for it finds it whole

    def last_poll(self, account: str, folder: str) -> datetime | None:
        path = self.folder / f"{account}.poll"
        return datetime.fromisoformat(path.read_text()) if path.exists() else None

    # --- Poller ---

    def poller(
        self, mailbox: Mailbox, *, message_bytes: int = 37_748_736, backoff_seconds: int = 1
    ) -> Poller:
        return Poller(
            mailbox,
            self.receive,
            self,
            clock=now,
            message_bytes=message_bytes,
            backoff_seconds=backoff_seconds,
            alert=self.alert,
        )


def _name(place: Place) -> str:
    return f"{place.account}-{place.folder.replace('/', '_')}-{place.uidvalidity}-{place.uid}"


def _subject(raw: bytes) -> str:
    return raw.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()
