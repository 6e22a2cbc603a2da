"""From the journal to tickets and letters.

    receive        journals a mail and answers; nothing is parsed on this path
    Worker.work    claim -> parse -> gather -> decide -> write letters -> apply, in order

A wave of receipts (see `waves`) shares one transaction, so that an fsync is paid once.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session

from maildesk.desk.alerts import send_alert
from maildesk.desk.children import ChildError
from maildesk.desk.desk import Desk
from maildesk.desk.evidence import check_ahead
from maildesk.desk.letters import Order, order, write_letters
from maildesk.desk.waves import WAVE, Work, keys_of, waves
from maildesk.errors import Temporary
from maildesk.mail.envelope import Answer, Envelope, Receive
from maildesk.mail.message import InboundMail
from maildesk.model.facts import Facts
from maildesk.model.plan import Alert, Plan
from maildesk.policy.decide import decide
from maildesk.policy.outgoing import agent_keys
from maildesk.policy.threads import named_tickets
from maildesk.policy.trust import Verdicts, trust_of, worth_checking
from maildesk.store import journal, outbox
from maildesk.store.apply import Stale, apply
from maildesk.store.journal import Journal, Receipt
from maildesk.store.letters import Letter
from maildesk.store.tickets import gather, next_number

log = structlog.get_logger()

BATCH = 200
LEASE = timedelta(minutes=10)
DECISIONS = 3  # on one receipt, where others change the same ticket meanwhile


@dataclass(frozen=True, slots=True)
class Decided:
    """A receipt with its plan and the finished letters."""

    work: Work
    plan: Plan
    letters: tuple[Letter, ...] = ()


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
        _report_set_aside(desk)
        if not self._is_ready():
            return 0
        now = desk.clock()
        receipts = journal.claim(desk.database, now, limit, LEASE)
        self._claimed, self._lease_ends_at = [receipt.id for receipt in receipts], now + LEASE
        try:
            self._work_on(receipts)
        except Temporary:
            raise
        except Exception:  # no mail's own, as far as we can tell; yet a mail may have caused it
            claimed, self._claimed = self._claimed, []
            journal.suspect(desk.database, claimed, now + LEASE)
            raise
        self._claimed = []
        return len(receipts)

    def _work_on(self, receipts: Sequence[Receipt]) -> None:
        parsed = self._progressing(_parse(self._desk, receipts))
        for wave in waves(_keyed(self._desk, parsed)):
            _process_wave(self._desk, wave)
            self.on_progress()

    def _progressing(self, works: Iterable[Work]) -> Iterator[Work]:
        for work in works:
            self.on_progress()
            yield work

    def _hand_back(self) -> None:
        if self._claimed:
            journal.release(self._desk.database, self._claimed, self._lease_ends_at)
            self._claimed = []

    def _is_ready(self) -> bool:
        """Whether there is work, and children who can do it. They are started before the first
        claim: a daemon that is killed soon after each start would count attempts and do nothing."""
        if self._is_warm:
            return True
        with self._desk.database.read() as session:
            if not journal.waiting(session, self._desk.clock()):
                return False
        self._desk.children.warm_up()
        self._is_warm = True
        return True


def _report_set_aside(desk: Desk) -> None:
    for lost in journal.set_aside(desk.database, desk.clock()):
        _tell_set_aside(desk, lost.id, lost.error)


def _tell_set_aside(desk: Desk, receipt: int, error: str) -> None:
    problem = f"Mail {receipt} is set aside: it failed three times"
    detail = f"{error}\nAfter the fix: maildesk journal retry {receipt}"
    send_alert(desk, Alert(f"receipt:{receipt}", problem, detail))


def _parse(desk: Desk, receipts: Sequence[Receipt]) -> Iterator[Work]:
    """Yield the mails in order; while some are worked on, the next ones are being read."""
    reading = _begin_to_parse(desk, receipts[:WAVE])
    for start in range(WAVE, len(receipts) + WAVE, WAVE):
        following = _begin_to_parse(desk, receipts[start : start + WAVE])
        for (receipt, mail), verdicts in check_ahead(reading, partial(_begin_to_check, desk)):
            if isinstance(mail, Temporary):
                raise mail
            if isinstance(mail, Exception):
                _fail(desk, receipt, _words(mail))
            else:
                yield Work(receipt, mail, verdicts)
        reading = following


def _keyed(desk: Desk, works: Iterable[Work]) -> Iterator[tuple[Work, set[str]]]:
    """Yield each with what its decision may rest on."""
    for work in works:
        try:
            keys = keys_of(work, desk.rules)
        except Exception as error:  # noqa: BLE001 - a bug costs this mail an attempt, no other
            _fail(desk, work.receipt, _words(error))
            continue
        yield work, keys


def _begin_to_parse(
    desk: Desk, receipts: Sequence[Receipt]
) -> Iterable[tuple[Receipt, InboundMail | Exception]]:
    mails = desk.children.parse_many([receipt.raw for receipt in receipts])
    return zip(receipts, mails, strict=True)


def _begin_to_check(
    desk: Desk, read: tuple[Receipt, InboundMail | Exception]
) -> Future[Verdicts] | None:
    receipt, mail = read
    if desk.checker is None or isinstance(mail, Exception):
        return None
    try:
        signatures = worth_checking(mail, receipt.envelope, desk.rules, receipt.received_at)
    except Exception:  # the decision meets it again, and then it costs this mail an attempt
        log.exception("signatures not looked at", receipt=receipt.id)
        return None
    return desk.checker.begin(receipt.raw, signatures) if signatures else None


def _process_wave(desk: Desk, wave: list[Work]) -> None:
    for _ in range(DECISIONS):
        decided = list(_decide_wave(desk, wave))
        wave = _write_wave(desk, decided)
        if not wave:
            return
    for work in wave:
        journal.release(desk.database, [work.receipt.id])


def _decide_wave(desk: Desk, wave: list[Work]) -> Iterator[Decided]:
    """Yield each receipt's plan and letters; one that failed is written down as such."""
    plans: list[tuple[Work, Plan]] = []
    with desk.database.read() as session:
        letters = write_letters(
            desk, _orders(desk, session, wave, plans), lambda alert: send_alert(desk, alert)
        )
    for (work, plan), written in zip(plans, letters, strict=True):
        if isinstance(written, Temporary):
            raise written
        if isinstance(written, Exception):  # its child died, or a template has a bug
            _fail(desk, work.receipt, _words(written))
        else:
            yield Decided(work, plan, written)


def _orders(
    desk: Desk, session: Session, wave: list[Work], plans: list[tuple[Work, Plan]]
) -> Iterator[Order]:
    """Decide on one receipt after the other; put each plan on `plans` and order its letters."""
    number = next_number(session)
    acknowledged = 0
    for work in wave:
        try:
            facts = facts_of(desk, session, work, number)
            facts = replace(facts, unverified_in_hour=facts.unverified_in_hour + acknowledged)
            plan = _decide(desk, work, facts)
            ordered = order(desk, plan.notices, work.receipt.raw, work.mail)
        except Temporary:
            raise
        except Exception as error:  # noqa: BLE001 - a bug costs this mail an attempt, no other
            _fail(desk, work.receipt, _words(error))
            continue
        number += plan.route is not None
        acknowledged += sum(notice.is_unverified for notice in plan.notices)
        plans.append((work, plan))
        yield ordered


def facts_of(desk: Desk, session: Session, work: Work, number: int) -> Facts:
    """Read all that the decision on one mail rests on; a new ticket would be `number`."""
    receipt = work.receipt
    numbers = named_tickets(work.mail, receipt.envelope.recipients, desk.rules.reply)
    return gather(
        session,
        work.mail,
        ticket_numbers=numbers,
        now=receipt.received_at,
        receipt=receipt.id,
        next_number=number,
        agent_keys=agent_keys(work.mail, desk.rules),
    )


def _decide(desk: Desk, work: Work, facts: Facts) -> Plan:
    receipt, mail = work.receipt, work.mail
    envelope, now = receipt.envelope, receipt.received_at
    trust = trust_of(mail, envelope, desk.rules, now, verdicts=work.verdicts, facts=facts)
    return decide(mail, envelope, trust, facts, desk.rules, now, written_at=desk.clock())


def _write_wave(desk: Desk, decided: Sequence[Decided]) -> list[Work]:
    """Write all plans in one transaction; return what must be decided again."""
    try:
        with desk.database.write() as session:
            _write(desk, session, decided)
    except Temporary:
        raise
    except Exception:  # noqa: BLE001 - one of them is at fault: each by itself shows which
        return _write_singly(desk, decided)
    for item in decided:
        _tell(desk, item)
    return []


def _write_singly(desk: Desk, decided: Sequence[Decided]) -> list[Work]:
    """The same with a savepoint around each: what fails costs its own receipt and no other."""
    stale: list[Work] = []
    written: list[Decided] = []
    broken: list[tuple[Work, str]] = []
    with desk.database.write() as session:
        for item in decided:
            try:
                with session.begin_nested():
                    _write(desk, session, [item])
                written.append(item)
            except Stale:
                stale.append(item.work)
            except Temporary:
                raise
            except Exception as error:  # noqa: BLE001 - a bug costs this mail an attempt, no other
                broken.append((item.work, _words(error)))
    for work, words in broken:
        _fail(desk, work.receipt, words)
    for item in written:
        _tell(desk, item)
    return stale


def _write(desk: Desk, session: Session, decided: Sequence[Decided]) -> None:
    for item in decided:
        receipt, plan, mail = item.work.receipt, item.plan, item.work.mail
        actor = mail.sender.address if mail.sender else "mail"
        apply(session, plan, receipt=receipt.id, now=receipt.received_at, actor=actor)
        journal.finish(
            session,
            receipt.id,
            disposition=plan.disposition,
            ticket=plan.ticket,
            trace=trace_of(plan),
            content_key=mail.content_key,
            message_id=mail.message_id,
            now=desk.clock(),
        )
    outbox.put(session, [letter for item in decided for letter in item.letters], desk.clock())


def trace_of(plan: Plan) -> dict[str, object]:
    """Return why the plan is as it is, for `journal show`."""
    match = plan.match
    return {
        "reasons": list(plan.reasons),
        "signal": str(match.signal),
        "evidence": match.evidence,
        "standing": str(match.standing),
        "automatic": [str(plan.automatic.kind), *plan.automatic.evidence],
        "trust": [str(plan.trust.level), *plan.trust.evidence],
    }


def _tell(desk: Desk, item: Decided) -> None:
    if item.letters:
        desk.queued.set()
    for alert in item.plan.alerts:
        send_alert(desk, alert)
    log.info(
        "mail in",
        receipt=item.work.receipt.id,
        message_id=item.work.mail.message_id,
        disposition=str(item.plan.disposition),
        ticket=item.plan.ticket,
    )


def _words(error: Exception) -> str:
    """What an admin is shown: for our own errors what they say, for a bug where it is."""
    if isinstance(error, ChildError):
        return error.text
    return "".join(traceback.format_exception(error))


def _fail(desk: Desk, receipt: Receipt, error: str) -> None:
    log.error("mail failed", receipt=receipt.id, attempt=receipt.attempts, error=error)
    if journal.fail(desk.database, receipt.id, error, desk.clock()):
        _tell_set_aside(desk, receipt.id, error)
