"""The beat: looks at the tickets whose time has come, and does what is due on them.

What is due is `policy.due.agenda`'s to say, what it means `policy.due.work`'s. Its keys are noted
in the transaction that does it and queues its mails: whoever is killed in between, and however many
beat at the same time, it happens once. A ticket on which nothing is due is only told when to be
looked at again.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from maildesk.desk.alerts import send_alert
from maildesk.desk.bundles import Tally
from maildesk.desk.desk import Desk
from maildesk.desk.letters import letters_of
from maildesk.errors import Temporary
from maildesk.model.changes import Detail, SetDetail
from maildesk.model.facts import TicketFacts
from maildesk.model.plan import Alert, Disposition, Plan
from maildesk.policy.due.agenda import Agenda, agenda
from maildesk.policy.due.bundling import bundled, too_late
from maildesk.policy.due.work import late_readers, work_off
from maildesk.policy.sla.promised import choose_policy
from maildesk.store import clocks, journal, outbox
from maildesk.store.absences import absent
from maildesk.store.apply import Stale, apply
from maildesk.store.clocks import Fired, Settled
from maildesk.store.facts import ticket_facts
from maildesk.store.said import last_reply

log = structlog.get_logger()

AT_ONCE = 200  # tickets in memory
PER_BEAT = 5_000  # what is more is done the next minute: the daemon must be able to stop
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
    now, left = desk.clock(), PER_BEAT
    looks: Counter[int] = Counter()
    while left > 0:
        with desk.database.read() as session:
            connection = session.connection()
            numbers = clocks.due(connection, now, min(AT_ONCE, left))
            found = clocks.on_the_clock(connection, numbers)
            away = absent(connection, now)
        if not found:
            return
        left -= len(found)
        looks.update(list(found))
        looked_at = [_look(desk, one, now) for one in found.values()]
        _settle(desk, [one for one in looked_at if not one.is_loud])
        loud = [one for one in looked_at if one.is_loud]
        late = late_readers(((one.facts, one.agenda) for one in loud), desk.rules, now, away)
        for one in loud:
            is_restless = looks[one.facts.ticket.number] > LOOKS
            _try(desk, replace(one, fault=_RESTLESS) if is_restless else one, late)


@dataclass(frozen=True, slots=True)
class Looked:
    """A ticket that was looked at: what is due on it, and which policy is to be in force."""

    facts: TicketFacts
    agenda: Agenda
    policy: SetDetail | None = None
    fault: str = ""

    @property
    def is_loud(self) -> bool:
        """Whether anything is to be done or noted."""
        return bool(self.agenda.due or self.agenda.silent or self.policy or self.fault)


def _look(desk: Desk, facts: TicketFacts, now: datetime) -> Looked:
    ticket = facts.ticket
    try:
        choice = choose_policy(ticket, desk.rules, now)
        if choice.policy != ticket.policy:
            change = SetDetail(ticket.number, Detail.POLICY, choice.policy, choice.why)
            return Looked(facts, Agenda(), change)
        return Looked(facts, agenda(facts, desk.rules, now))
    except Exception as error:
        log.exception("clocks not read", ticket=ticket.number)
        return Looked(facts, Agenda(), fault=repr(error))


def _settle(desk: Desk, looked_at: list[Looked]) -> None:
    settled = [
        Settled(t.number, t.version, one.agenda.next_at, one.agenda.due_at)
        for one in looked_at
        for t in [one.facts.ticket]
    ]
    if settled:
        with desk.database.write() as session:
            clocks.settle(session.connection(), settled)


# --- what is due ----------------------------------------------------------------------------------


def _try(desk: Desk, one: Looked, late: Mapping[str, int]) -> None:
    """Do what is due on a ticket. One that fails holds up no other, and is looked at again."""
    number = one.facts.ticket.number
    fault = one.fault
    try:
        if not fault:
            fire(desk, one, late)
            return
    except Stale as error:
        log.info("not due any more", ticket=number, reason=str(error))
        return
    except Temporary:
        raise
    except Exception as error:
        log.exception("not done", ticket=number)
        fault = repr(error)
    with desk.database.write() as session:
        clocks.postpone(session.connection(), number, desk.clock() + AGAIN)
    problem = f"What is due on case #{number} cannot be done"
    send_alert(desk, Alert(f"firing:{number}", problem, fault))


def fire(desk: Desk, one: Looked, late: Mapping[str, int]) -> None:
    """Do it, in one transaction. Raises: Stale where it is done, or the ticket has moved on."""
    now, ticket = desk.clock(), one.facts.ticket
    plan = _decide(desk, one, now, late)
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


def _decide(desk: Desk, one: Looked, now: datetime, late: Mapping[str, int]) -> Plan:
    """Return what is due as a plan, the mails to whoever got too many late ones waiting."""
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
        decided = bundled(decided, desk.rules, too_late(late, desk.rules), now)
        return Tally(desk, session, now).bundled(decided)


def _fired(due: Agenda) -> list[Fired]:
    sent = [Fired(one.turn.key, one.turn.at, is_sent=True) for one in due.due]
    named = [Fired(one.key, one.at, is_sent=False) for each in due.due for one in each.others]
    return [*sent, *named, *(Fired(key, at, is_sent=False) for key, at in due.silent)]
