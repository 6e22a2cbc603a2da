"""A wave of mails: each is decided on, in order, and its letters are written beside it."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from maildesk.desk.alerts import send_alert
from maildesk.desk.attempts import fail
from maildesk.desk.bundles import Tally
from maildesk.desk.desk import Desk
from maildesk.desk.gathering import known_of
from maildesk.desk.letters import Order, order, write_letters
from maildesk.desk.waves import Work
from maildesk.errors import Temporary
from maildesk.model.changes import JoinContacts, OpenTicket, SetAbsence
from maildesk.model.facts import Facts
from maildesk.model.plan import Plan
from maildesk.policy.decide import decide
from maildesk.store.letters import Letter
from maildesk.store.tickets import next_number

# What every later decision may rest on, whatever ticket it is about: no version tells of it.
_FOR_ALL = (JoinContacts, SetAbsence)


@dataclass(frozen=True, slots=True)
class Decided:
    """A receipt with its plan and the finished letters."""

    work: Work
    plan: Plan
    letters: tuple[Letter, ...] = ()


class Decisions:
    """Decisions on a wave. `left` are the mails whose turn comes when these are written."""

    def __init__(self, desk: Desk, wave: Sequence[Work]) -> None:
        self.left = deque(wave)
        self._desk = desk
        self._plans: list[tuple[Work, Plan]] = []

    def made(self) -> Iterator[Decided]:
        """Yield each mail's plan and letters; one that failed is written down as such."""
        desk = self._desk
        with desk.database.read() as session:
            letters = write_letters(
                desk, self._orders(session), lambda alert: send_alert(desk, alert)
            )
        for (work, plan), written in zip(self._plans, letters, strict=True):
            if isinstance(written, Temporary):
                raise written
            if isinstance(written, Exception):  # its child died, or a template has a bug
                fail(desk, work.receipt, written)
            else:
                yield Decided(work, plan, written)

    def _orders(self, session: Session) -> Iterator[Order]:
        """Decide on one mail after the other; note each plan, and order its letters."""
        desk = self._desk
        number = next_number(session)
        acknowledged = 0
        tally = Tally(desk, session, desk.clock())
        while self.left:
            work = self.left.popleft()
            try:
                plan, ordered = _decide_on(desk, session, work, tally, number, acknowledged)
            except Temporary:
                raise
            except Exception as error:  # noqa: BLE001 - a bug costs this mail an attempt, no other
                fail(desk, work.receipt, error)
                continue
            number += sum(isinstance(change, OpenTicket) for change in plan.changes)
            acknowledged += sum(notice.is_unverified for notice in plan.notices)
            self._plans.append((work, plan))
            yield ordered
            if any(isinstance(change, _FOR_ALL) for change in plan.changes):
                return


def _decide_on(
    desk: Desk, session: Session, work: Work, tally: Tally, number: int, acknowledged: int
) -> tuple[Plan, Order]:
    rules, receipt = desk.rules, work.receipt
    facts, trust = known_of(session, work, rules, number=number)
    facts = replace(facts, unverified_in_hour=facts.unverified_in_hour + acknowledged)
    now, written_at = receipt.received_at, desk.clock()
    plan = decide(work.mail, receipt.envelope, trust, facts, rules, now, written_at=written_at)
    plan = tally.bundled(plan)
    return plan, _order(desk, work, facts, plan)


def _order(desk: Desk, work: Work, facts: Facts, plan: Plan) -> Order:
    """Order the letters; where a held mail is decided on, their files are that one's."""
    if facts.confirms and work.kept:
        return order(desk, plan.notices, work.kept.stored.raw, work.kept.mail)
    return order(desk, plan.notices, work.receipt.raw, work.mail)
