"""From the journal to tickets and letters.

    receive        journals a mail and answers; nothing is parsed on this path
    Worker.work    claim -> read -> gather -> decide -> write letters -> apply, in order

    reading    mails are read ahead           deciding   a wave is decided on, letters are written
    waves      which share a transaction      writing    and all of it is committed
    gathering  what a decision rests on       attempts   what has failed

A wave of receipts (see `waves`) shares one transaction, so that an fsync is paid once.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from maildesk.desk.attempts import fail, report_set_aside
from maildesk.desk.deciding import Decisions
from maildesk.desk.desk import Desk
from maildesk.desk.reading import read_mails, with_keys
from maildesk.desk.waves import Work, waves
from maildesk.desk.writing import write_wave
from maildesk.errors import Temporary
from maildesk.mail.envelope import Answer, Envelope, Receive
from maildesk.store import claims
from maildesk.store.claims import Receipt
from maildesk.store.journal import Journal

log = structlog.get_logger()

BATCH = 200
LEASE = timedelta(minutes=10)
DECISIONS = 3  # in one attempt, where others change the same ticket meanwhile


def receiver(desk: Desk, kept: Journal) -> Receive:
    """Return the one function that every way in hands its mails to."""

    def receive(raw: bytes, envelope: Envelope) -> Answer:
        try:
            receipt = kept.keep(raw, envelope)
        except Temporary as error:
            log.warning("mail not taken", error=error.text, source=envelope.source)
            return Answer(error.reply_code, error.status, "Try again later")
        desk.arrived.set()
        return Answer(250, "2.0.0", f"Ok: receipt {receipt}")

    return receive


class Worker:
    """Works the journal off. What a failing database kept it from finishing it hands back first
    of all next time, with no attempt counted."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.on_progress: Callable[[], None] = lambda: None
        self._claimed: list[int] = []
        self._lease_ends_at: datetime | None = None
        self._is_warm = False

    def work(self, limit: int = BATCH) -> int:
        """Work off up to `limit` receipts; return how many were claimed.

        Raises: Temporary where the database does not let us.
        """
        desk = self._desk
        self._hand_back()
        report_set_aside(desk)
        if not self._is_ready():
            return 0
        now = desk.clock()
        receipts = claims.claim(desk.database, now, limit, LEASE)
        self._claimed, self._lease_ends_at = [receipt.id for receipt in receipts], now + LEASE
        try:
            self._work_on(receipts)
        except Temporary:
            raise
        except Exception:  # no mail's own, as far as we can tell; yet a mail may have caused it
            claimed, self._claimed = self._claimed, []
            claims.suspect(desk.database, claimed, now + LEASE)
            raise
        self._claimed = []
        return len(receipts)

    def _work_on(self, receipts: Sequence[Receipt]) -> None:
        mails = self._progressing(read_mails(self._desk, receipts))
        for wave in waves(with_keys(self._desk, mails)):
            process_wave(self._desk, wave)
            self.on_progress()

    def _progressing(self, works: Iterable[Work]) -> Iterator[Work]:
        for work in works:
            self.on_progress()
            yield work

    def _hand_back(self) -> None:
        if self._claimed:
            claims.release(self._desk.database, self._claimed, self._lease_ends_at)
            self._claimed = []

    def _is_ready(self) -> bool:
        """Whether there is work, and children who can do it. They are started before the first
        claim: a daemon that is killed soon after each start would count attempts and do nothing."""
        if self._is_warm:
            return True
        with self._desk.database.read() as session:
            if not claims.waiting(session, self._desk.clock()):
                return False
        self._desk.children.warm_up()
        self._is_warm = True
        return True


def process_wave(desk: Desk, wave: Sequence[Work]) -> None:
    """Decide and write until the whole wave is done. What others keep changing under us waits for
    its next attempt, as what fails does: else it would spin, were it we who see it wrong."""
    refused: Counter[int] = Counter()
    while wave:
        decisions = Decisions(desk, wave)
        again: list[Work] = []
        for work, why in write_wave(desk, list(decisions.made())):
            refused[work.receipt.id] += 1
            if refused[work.receipt.id] < DECISIONS:
                again.append(work)
            else:
                fail(desk, work.receipt, why)
        wave = [*again, *decisions.left]
