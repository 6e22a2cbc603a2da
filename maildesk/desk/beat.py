"""The beat: looks at the tickets whose time has come, and does what is due on them.

What is due is `policy.due.agenda`'s to say, what it means `policy.due.work`'s. Its keys are noted
in the transaction that does it and queues its mails: whoever is killed in between, and however many
beat at the same time, it happens once. A ticket on which nothing is due is only told when to be
looked at again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from maildesk.desk.alerts import send_alert
from maildesk.desk.bundles import Tally, send_at_once
from maildesk.desk.desk import Desk
from maildesk.desk.letters import letters_of
from maildesk.errors import Temporary
from maildesk.mail.message import address_key
from maildesk.model.changes import Detail, SetDetail
from maildesk.model.facts import TicketFacts
from maildesk.model.plan import Alert, Disposition, Plan
from maildesk.policy.due.agenda import Agenda, agenda
from maildesk.policy.due.bundling import PER_HOUR, bundled, crowded
from maildesk.policy.due.work import readers_of_steps, work_off
from maildesk.policy.rules import Agent
from maildesk.policy.sla.promised import choose_policy
from maildesk.store import clocks, journal, outbox
from maildesk.store.absences import absent
from maildesk.store.apply import Stale, apply
from maildesk.store.clocks import Fired, Settled
from maildesk.store.facts import ticket_facts
from maildesk.store.said import last_reply

log = structlog.get_logger()

AT_ONCE = 200  # tickets in memory
SHOWN = 10  # cases in an alert
LOOKS = 10  # at one ticket in a beat: what is done on it may make more of it due
AGAIN = timedelta(minutes=10)  # after a failure
BACKLOG = timedelta(minutes=1)  # mail that waits for so long is more than the worker's usual share
PATIENCE = timedelta(minutes=15)
_RESTLESS = f"it was looked at {LOOKS} times, and something is due on it still"


def is_behind(desk: Desk) -> bool:
    """Whether mail that came in before must be read first: an answer may lie there. That is so
    after downtime, and it is waited for a quarter of an hour at most."""
    now = desk.clock()
    with desk.database.read() as session:
        oldest = journal.oldest_waiting(session)
    if oldest is None or now - oldest < BACKLOG:
        desk.behind_since = None
        return False
    desk.behind_since = desk.behind_since or now
    return now - desk.behind_since < PATIENCE


def beat(desk: Desk) -> None:
    """Look at every ticket whose time has come."""
    if is_behind(desk):
        log.info("beat waits: mail that came before is read first")
        return
    now, faults = desk.clock(), Faults()
    looks: Counter[int] = Counter()
    while not desk.stopping.is_set():
        looked_at = _look_at_due(desk, now)
        if not looked_at:
            break
        looks.update(one.number for one in looked_at)
        restless = {number for number, count in looks.items() if count > LOOKS}
        _fire_all(desk, [one for one in looked_at if one.is_loud], restless, faults)
    faults.tell(desk)


@dataclass(slots=True)
class Faults:
    """What cannot be done, told to the admins in one mail however many cases it hits."""

    cases: list[int] = field(default_factory=list)
    first: str = ""

    def note(self, number: int, fault: str) -> None:
        """Note a fault of a case."""
        self.cases.append(number)
        self.first = self.first or fault

    def tell(self, desk: Desk) -> None:
        """Alert the admins, if there is anything."""
        if not self.cases:
            return
        shown = ", ".join(f"#{number}" for number in self.cases[:SHOWN])
        more = len(self.cases) - SHOWN
        what = f"case {shown}" if len(self.cases) == 1 else f"{len(self.cases)} cases"
        detail = f"{shown}{f' and {more} more' if more > 0 else ''}: {self.first}"
        send_alert(desk, Alert("firing", f"What is due on {what} cannot be done", detail))


@dataclass(frozen=True, slots=True)
class Looked:
    """A ticket that was looked at, because it was due at `seen_at`: what is due on it, and which
    policy is to be in force."""

    facts: TicketFacts
    agenda: Agenda
    seen_at: datetime
    policy: SetDetail | None = None
    fault: str = ""

    @property
    def number(self) -> int:
        """The ticket's."""
        return self.facts.ticket.number

    @property
    def is_loud(self) -> bool:
        """Whether anything is to be done or noted."""
        return bool(self.agenda.due or self.agenda.silent or self.policy or self.fault)


def _look_at_due(desk: Desk, now: datetime) -> list[Looked]:
    """Look at some tickets that are due, and settle those on which nothing is to be done. A reload
    waits meanwhile: what is settled is settled by the rules that are in force."""
    with desk.in_force:
        with desk.database.read() as session:
            due = clocks.due(session.connection(), now, AT_ONCE)
            found = clocks.on_the_clock(session.connection(), due)
        looked_at = [_look(desk, found[number], now, at) for number, at in due.items()]
        _settle(desk, [one for one in looked_at if not one.is_loud])
    return looked_at


def _look(desk: Desk, facts: TicketFacts, now: datetime, seen_at: datetime) -> Looked:
    ticket = facts.ticket
    try:
        choice = choose_policy(ticket, desk.rules, now)
        if choice.policy != ticket.policy:
            change = SetDetail(ticket.number, Detail.POLICY, choice.policy, choice.why)
            return Looked(facts, Agenda(), seen_at, change)
        return Looked(facts, agenda(facts, desk.rules, now), seen_at)
    except Exception as error:
        log.exception("clocks not read", ticket=ticket.number)
        return Looked(facts, Agenda(), seen_at, fault=repr(error))


def _settle(desk: Desk, looked_at: list[Looked]) -> None:
    settled = [
        Settled(
            one.number,
            one.facts.ticket.version,
            one.seen_at,
            one.agenda.next_at,
            one.agenda.due_at,
        )
        for one in looked_at
    ]
    if settled:
        with desk.database.write() as session:
            clocks.settle(session.connection(), settled)


# --- what is due ----------------------------------------------------------------------------------


def _fire_all(desk: Desk, loud: list[Looked], restless: set[int], faults: Faults) -> None:
    if not loud:
        return
    with desk.database.read() as session:
        away = absent(session.connection(), desk.clock())
    looks = ((one.facts, one.agenda) for one in loud)
    steps = readers_of_steps(looks, desk.rules, desk.clock(), away)
    many = crowded(steps, desk.rules)
    for one in loud:
        if desk.stopping.is_set():
            return
        fault = _RESTLESS if one.number in restless else one.fault or _try(desk, one, many)
        if fault:
            faults.note(one.number, fault)
            with desk.database.write() as session:
                until = desk.clock() + AGAIN
                version = one.facts.ticket.version
                clocks.postpone(session.connection(), one.number, version, until)
    send_at_once(desk, many)


def _try(desk: Desk, one: Looked, many: Sequence[Agent]) -> str:
    """Do what is due on a ticket, and return what went wrong. One that fails holds up no other."""
    try:
        fire(desk, one, many)
    except Stale as error:
        log.info("not due any more", ticket=one.number, reason=str(error))
    except Temporary:
        raise
    except Exception as error:
        log.exception("not done", ticket=one.number)
        return repr(error)
    return ""


def fire(desk: Desk, one: Looked, many: Sequence[Agent]) -> None:
    """Do it, in one transaction. Raises: Stale where it is done, or the ticket has moved on."""
    now, ticket = desk.clock(), one.facts.ticket
    plan = _decide(desk, one, now, many)
    plan = replace(plan, versions={**plan.versions, ticket.number: ticket.version})
    letters = letters_of(desk, plan, lambda alert: send_alert(desk, alert))
    with desk.database.write() as session:
        clocks.note(session.connection(), ticket.number, _fired(one.agenda), now)
        apply(session, plan, receipt=0, now=now, actor="maildesk")
        outbox.put(session, letters, now)
    if letters:
        desk.queued.set()
    for alert in plan.alerts:
        send_alert(desk, alert)
    what = [str(due.turn.occasion) for due in one.agenda.due]
    log.info("fired", ticket=ticket.number, what=what, mails=len(letters))


def _decide(desk: Desk, one: Looked, now: datetime, many: Sequence[Agent]) -> Plan:
    """Return what is due as a plan, the mails to whoever would get too many at once waiting."""
    number = one.facts.ticket.number
    if one.policy:
        return Plan(Disposition.NOTE, number, (one.policy,))
    if not one.agenda.due:
        return Plan(Disposition.NOTE, number)
    with desk.database.read() as session:
        connection = session.connection()
        known = ticket_facts(connection, [number])[number]
        reply = last_reply(connection, number, *known.sources)
        facts = replace(known, log=one.facts.log, fired=one.facts.fired, last_reply=reply)
        decided = work_off(facts, one.agenda, desk.rules, now, absent(connection, now))
        full = {address_key(agent.addresses[0]): PER_HOUR for agent in many}
        decided = bundled(decided, desk.rules, full, now)
        return Tally(desk, session, now).bundled(decided)


def _fired(due: Agenda) -> list[Fired]:
    sent = [Fired(one.turn.key, one.turn.at, is_sent=True) for one in due.due]
    named = [Fired(one.key, one.at, is_sent=False) for each in due.due for one in each.others]
    return [*sent, *named, *(Fired(key, at, is_sent=False) for key, at in due.silent)]
