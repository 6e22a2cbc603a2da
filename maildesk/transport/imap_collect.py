"""One look through a folder: take what is new, move what is stored.

The order is the promise: fetch, hand over (which commits), then move. A crash between two of these
leaves mail in the folder; the journal knows it by its place, and it is only moved next time.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import structlog

from maildesk.errors import MaildeskError, Unavailable
from maildesk.mail.envelope import Answer, Envelope, Place, Receive, Source
from maildesk.mail.limits import HEAD_BYTES
from maildesk.settings import Mailbox
from maildesk.transport.imap_memory import FolderState, Memory
from maildesk.transport.imap_session import Folder, Listed, Session
from maildesk.transport.imap_strikes import Strikes
from maildesk.transport.imap_trouble import Refused

BATCH_COUNT = 50  # handed over at once, so that they share one commit
BATCH_BYTES = 8 * 1024 * 1024
LIST_COUNT = 500

Alert = Callable[[str, str], None]  # a key, the same for the same trouble; the words

_RETURN_PATH = re.compile(rb"^Return-Path:[ \t]*<([^<>\s]*)>", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Round:
    """What one look through the folder rests on."""

    folder: Folder
    state: FolderState
    last_poll: datetime | None
    is_rescan: bool  # dates, not UIDs, tell what was there before us


@dataclass(frozen=True, slots=True)
class Job:
    """A mail that is about to be handed over."""

    uid: int
    raw: bytes
    envelope: Envelope


class Collector:
    """Takes the mail of one mailbox; remembers what this process has learnt about it."""

    def __init__(
        self,
        mailbox: Mailbox,
        receive: Receive,
        memory: Memory,
        *,
        clock: Callable[[], datetime],
        message_bytes: int,
        alert: Alert,
    ) -> None:
        self._mailbox = mailbox
        self._receive = receive
        self._memory = memory
        self._clock = clock
        self._message_bytes = message_bytes
        self._alert = alert
        self._log = structlog.get_logger().bind(mailbox=mailbox.name)
        self._known: tuple[int, FolderState] | None = None  # by UIDVALIDITY
        self._seen_to: tuple[int, int] | None = None  # UIDVALIDITY, first UID not looked at
        self._doubtful: dict[int, int] = {}  # known, of another size than the server says
        self._settled: set[int] = set()  # where UIDs do not outlive the session
        self._strikes = Strikes()
        self._told: set[str] = set()

    def begin(self) -> None:
        """A new session: look at the whole folder again."""
        self._seen_to = None
        self._settled.clear()

    def collect(self, session: Session, is_wanted: Callable[[], bool]) -> int:
        """Take everything that is there, or stop early when `is_wanted` elsewhere; it is asked
        between batches. Return how many mails were taken.

        Raises: Unavailable where a mail could not be stored now."""
        started_at = self._clock()
        folder = session.select()
        now_seen = self._open(session, folder, started_at)
        uids = session.search(folder, self._first_uid(now_seen))
        fresh = self._sort_out(session, now_seen, uids)
        taken = self._take_all(session, now_seen, fresh, is_wanted)
        if is_wanted():
            return taken
        if uids and not self._strikes.has_set_aside:
            self._seen_to = (folder.uidvalidity, uids[-1] + 1)
        self._memory.record_poll(self._mailbox.account, self._mailbox.folder, started_at)
        return taken

    # --- what is new ---

    def _open(self, session: Session, folder: Folder, now: datetime) -> Round:
        state = self._state(session, folder, now)
        is_seen = self._seen_to is not None and self._seen_to[0] == folder.uidvalidity
        is_rescan = not is_seen and (state.is_new_validity or not folder.uidvalidity)
        last_poll = self._memory.last_poll(self._mailbox.account, self._mailbox.folder)
        return Round(folder, state, last_poll, is_rescan)

    def _state(self, session: Session, folder: Folder, now: datetime) -> FolderState:
        if self._known is None or self._known[0] != folder.uidvalidity:
            highest_uid = 0 if self._mailbox.start == "all" else _highest_uid(session, folder)
            state = self._memory.open_folder(
                self._mailbox.account, self._mailbox.folder, folder.uidvalidity, highest_uid, now
            )
            if state.is_new_validity:
                self._log.warning("the server has numbered its mails anew")
            self._known = folder.uidvalidity, state
        return self._known[1]

    def _first_uid(self, now_seen: Round) -> int:
        if self._seen_to and self._seen_to[0] == now_seen.folder.uidvalidity:
            return self._seen_to[1]
        if self._mailbox.start == "new" and not now_seen.is_rescan:
            return now_seen.state.first_uid_to_take
        return 1

    def _sort_out(self, session: Session, now_seen: Round, uids: list[int]) -> list[int]:
        """Move what is stored already; return what nobody has taken yet."""
        validity = now_seen.folder.uidvalidity
        if not validity:
            return [uid for uid in uids if uid not in self._settled]
        key = (self._mailbox.account, self._mailbox.folder, validity)
        left = self._memory.left_uids(*key, uids)
        known = self._memory.known_sizes(*key, [uid for uid in uids if uid not in left])
        listed = session.list_mails(sorted(known))
        stored = [mail.uid for mail in listed if mail.size == known[mail.uid]]
        if stored:
            self._log.info("stored before, moved now", count=len(stored))
            self._move(session, validity, stored)
        self._doubtful = {m.uid: known[m.uid] for m in listed if m.size != known[m.uid]}
        return [
            uid for uid in uids if uid not in left and (uid in self._doubtful or uid not in known)
        ]

    def _batches(
        self, session: Session, now_seen: Round, uids: list[int]
    ) -> Iterator[list[Listed]]:
        """Group mails by count and bytes; what is too big or has failed before goes alone."""
        waiting: list[Listed] = []
        for start in range(0, len(uids), LIST_COUNT):
            listed = session.list_mails(uids[start : start + LIST_COUNT])
            for mail in self._without_old(now_seen, listed):
                if self._strikes.is_set_aside(mail.uid):
                    continue
                if waiting and not self._may_join(waiting, mail):
                    yield waiting
                    waiting = []
                waiting.append(mail)
        if waiting:
            yield waiting

    def _may_join(self, batch: list[Listed], mail: Listed) -> bool:
        is_alone = any(self._strikes.is_suspect(one.uid) for one in (batch[0], mail))
        size = sum(min(one.size, self._message_bytes) for one in (*batch, mail))
        return not is_alone and len(batch) < BATCH_COUNT and size <= BATCH_BYTES

    def _without_old(self, now_seen: Round, mails: list[Listed]) -> list[Listed]:
        """Drop what was there before us and came back under another UID."""
        if not now_seen.is_rescan or self._mailbox.start != "new":
            return mails
        old = {mail.uid for mail in mails if _is_older(mail, now_seen.state.first_contact_at)}
        if old:
            self._leave(now_seen.folder.uidvalidity, sorted(old), "there before maildesk")
        return [mail for mail in mails if mail.uid not in old]

    # --- take ---

    def _take_all(
        self, session: Session, now_seen: Round, uids: list[int], is_wanted: Callable[[], bool]
    ) -> int:
        """Fetch a batch while the one before it is being committed."""
        taken = 0
        with ThreadPoolExecutor(BATCH_COUNT, f"imap-{self._mailbox.name}") as hands:
            under_way: tuple[list[Job], Iterator[Answer]] = [], iter(())
            for batch in self._batches(session, now_seen, uids):
                if is_wanted():
                    break
                jobs = self._jobs(session, now_seen, batch)
                taken += self._settle(session, now_seen.folder.uidvalidity, *under_way)
                under_way = jobs, hands.map(self._hand_over, jobs)
            return taken + self._settle(session, now_seen.folder.uidvalidity, *under_way)

    def _jobs(self, session: Session, now_seen: Round, batch: list[Listed]) -> list[Job]:
        raws = self._fetch(session, batch)
        found = [mail for mail in batch if mail.uid in raws]
        if len(found) < len(batch):
            self._log.info("gone before they were fetched", count=len(batch) - len(found))
        return [self._job(now_seen, mail, raws.pop(mail.uid)) for mail in found]

    def _fetch(self, session: Session, batch: list[Listed]) -> dict[int, bytes]:
        uids = [mail.uid for mail in batch]
        try:
            if len(batch) == 1 and batch[0].size > self._message_bytes:
                raws = session.fetch_head(batch[0].uid, HEAD_BYTES)
            else:
                raws = session.fetch(batch)
        except Exception:
            if culprit := self._strikes.add(uids):
                self._tell(f"mail {culprit} cannot be fetched", "it stays in the mailbox")
            raise
        self._strikes.clear(uids)
        return raws

    def _job(self, now_seen: Round, mail: Listed, raw: bytes) -> Job:
        full_size = max(mail.size, len(raw))
        is_oversized = full_size > self._message_bytes
        if is_oversized:
            raw = raw[:HEAD_BYTES]
        is_archive = self._is_archive(now_seen, mail)
        envelope = Envelope(
            Source.IMAP,
            reverse_path=reverse_path(raw),
            peer=self._mailbox.host,
            received_at=self._received_at(mail, None if is_archive else now_seen.last_poll),
            place=self._place(now_seen.folder, mail.uid, len(raw)),
            full_size=full_size if is_oversized else None,
            is_archive=is_archive,
        )
        return Job(mail.uid, raw, envelope)

    def _place(self, folder: Folder, uid: int, size: int) -> Place | None:
        """Without UIDVALIDITY the same UID may be another mail tomorrow; and a mail of another size
        than the one that the journal has from this place is another mail, whatever the server
        says. No place then: the journal tells copies by their content."""
        if not folder.uidvalidity or self._doubtful.get(uid, size) != size:
            return None
        return Place(self._mailbox.account, self._mailbox.folder, folder.uidvalidity, uid)

    def _is_archive(self, now_seen: Round, mail: Listed) -> bool:
        if self._mailbox.start != "archive":
            return False
        if now_seen.is_rescan:
            return _is_older(mail, now_seen.state.first_contact_at)
        return mail.uid < now_seen.state.first_uid_to_take

    def _received_at(self, mail: Listed, last_poll: datetime | None) -> datetime:
        """An old mail that is dragged into the folder comes in when we could first see it."""
        now = self._clock()
        moments = [moment for moment in (mail.arrived_at, last_poll) if moment]
        return min(max(moments, default=now), now)

    def _hand_over(self, job: Job) -> Answer:
        try:
            return self._receive(job.raw, job.envelope)
        except MaildeskError as error:
            return Answer(error.reply_code, error.status, error.text)
        except Exception:  # noqa: BLE001 - the others of the batch go on
            self._log.exception("a mail could not be handed over")
            return Answer(451, "4.3.0", "the mail could not be stored")

    # --- what becomes of it in the folder ---

    def _settle(
        self,
        session: Session,
        validity: int,
        jobs: Sequence[Job],
        answers: Iterable[Answer],
    ) -> int:
        """Move what was committed; return how many that are."""
        ends = list(zip(jobs, answers, strict=True))
        taken = [job for job, answer in ends if answer.is_accepted]
        refused = [(j.uid, str(a)) for j, a in ends if a.is_final and not a.is_accepted]
        self._leave(validity, [job.uid for job in taken if job.envelope.full_size], "too big")
        self._leave(validity, [uid for uid, _ in refused], "not taken")
        self._move(session, validity, [job.uid for job in taken if not job.envelope.full_size])
        if refused:
            self._tell("mail was not taken and stays in the mailbox", refused[0][1])
        for _, answer in ends:
            if not answer.is_final:
                raise Unavailable(f"mail stays in the mailbox: {answer.text}")
        return len(taken)

    def _move(self, session: Session, validity: int, uids: list[int]) -> None:
        try:
            reason = session.move(uids)
        except Refused as error:
            self._leave(validity, uids, error.text)
            self._tell("mail cannot be moved and stays in place", error.text)
            return
        if reason:
            self._leave(validity, uids, reason)

    def _leave(self, validity: int, uids: Sequence[int], reason: str) -> None:
        if not uids:
            return
        self._log.info("left in place", count=len(uids), reason=reason)
        if validity:
            self._memory.leave_in_place(
                self._mailbox.account, self._mailbox.folder, validity, uids, reason
            )
        else:
            self._settled.update(uids)

    def _tell(self, what: str, words: str) -> None:
        """Alert once in the life of this process."""
        if what not in self._told:
            self._told.add(what)
            self._log.warning(what, error=words)
            name = self._mailbox.name
            self._alert(f"mailbox {name}: {what}", f"Mailbox {name}: {what}: {words}")


def reverse_path(raw: bytes) -> str | None:
    """Return what the server that delivered the mail noted as its reverse-path (RFC 5321 section
    4.4), "" for the null sender, None if it noted nothing."""
    header = re.split(rb"\r?\n\r?\n", raw[:65_536], maxsplit=1)[0]
    found = _RETURN_PATH.search(header)
    return found[1].decode("utf-8", "replace") if found else None


def _is_older(mail: Listed, moment: datetime) -> bool:
    return mail.arrived_at is not None and mail.arrived_at < moment


def _highest_uid(session: Session, folder: Folder) -> int:
    if folder.next_uid:
        return folder.next_uid - 1
    return max(session.search(folder, 1), default=0)
