"""Rules with `every`: asked of all live tickets when their time has come, a few tickets at a time.

A rule fires once when a ticket begins to fit it, and again only after the ticket has not fitted in
between. That it fired is noted in the transaction that does what it says: whoever is killed in
between, and however many look at the same time, it happens once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.desk.alerts import by_itself, send_alert
from maildesk.desk.bundles import Tally
from maildesk.desk.desk import Desk
from maildesk.desk.letters import letters_of
from maildesk.model.facts import Facts, WatchedTicket
from maildesk.model.plan import Alert, Plan
from maildesk.policy.lifecycle import LIVE
from maildesk.policy.routing import scheduled_rules as policy
from maildesk.policy.routing.routes import matches_ticket
from maildesk.policy.routing.rule import Rule, View
from maildesk.policy.rules import Rules
from maildesk.store import outbox, routing_facts, rule_firings
from maildesk.store.absences import absent
from maildesk.store.apply import Stale, apply
from maildesk.store.facts import ticket_facts

log = structlog.get_logger()

FIRINGS_A_DAY = 5  # of one rule on one ticket; whoever is told more often reads it no more
DAY = timedelta(days=1)
FIRINGS_AT_ONCE = 500  # what is more is done the next minute: the daemon must be able to stop


def run_due(desk: Desk) -> None:
    """Ask the rules whose time has come, and do what they say."""
    now = desk.clock()
    rules = [rule for rule in desk.rules.routing if is_due(desk, rule, now)]
    if not rules:
        return
    names = [rule.name for rule in desk.rules.routing if rule.every]
    with desk.database.write() as session:
        rule_firings.forget_others(session.connection(), names)
    left = FIRINGS_AT_ONCE
    for tickets in _live(desk):
        for rule, ticket in _beginning_to_fit(desk, rules, tickets, now):
            if not left:
                return
            left -= 1
            _try(desk, rule, ticket)
    desk.rules_ran_at.update((rule.name, now) for rule in rules)


def is_due(desk: Desk, rule: Rule, now: datetime) -> bool:
    """Whether a rule's time has come; after a start it has."""
    if rule.every is None:
        return False
    ran_at = desk.rules_ran_at.get(rule.name)
    return ran_at is None or now - ran_at >= rule.every


# --- which tickets ------------------------------------------------------------------------------


def _live(desk: Desk) -> Iterator[list[WatchedTicket]]:
    """Yield all live tickets, as many at a time as fit into memory; no read stays open."""
    for status in LIVE:
        after = 0
        while True:
            with desk.database.read() as session:
                tickets = rule_firings.of_status(session.connection(), status, after)
            if not tickets:
                break
            yield tickets
            after = tickets[-1].ticket.number


def _beginning_to_fit(
    desk: Desk, rules: Iterable[Rule], tickets: Iterable[WatchedTicket], now: datetime
) -> list[tuple[Rule, int]]:
    """Return which rules fit which tickets and have not fired there; forget where one has fired and
    fits no longer."""
    beginning: list[tuple[Rule, int]] = []
    stopped: list[tuple[str, int]] = []
    faults: dict[str, str] = {}
    for one in tickets:
        view, number = _view(desk.rules, one, now), one.ticket.number
        for rule in rules:
            trace, has_fired = matches_ticket(rule, view), rule.name in one.fired
            if trace.fault:
                faults[rule.name] = trace.fault  # whether it fits is not known
            elif trace.is_matched and not has_fired:
                beginning.append((rule, number))
            elif has_fired and not trace.is_matched:
                stopped.append((rule.name, number))
    if stopped:
        with desk.database.write() as session:
            rule_firings.forget(session.connection(), stopped)
    for name, fault in faults.items():
        send_alert(desk, Alert(f"routing:{name}", f"The routing rule “{name}” failed", fault))
    return beginning


def _view(rules: Rules, one: WatchedTicket, now: datetime) -> View:
    return View(rules, now, one.ticket, due_at=one.ticket.due_at, said_at=one.said_at)


# --- what they do -------------------------------------------------------------------------------


def _try(desk: Desk, rule: Rule, ticket: int) -> None:
    """Fire a rule. One that fails holds up no other, and comes again when it is due next."""
    with by_itself(
        desk, f"routing:{rule.name}", f"The routing rule “{rule.name}” failed on case #{ticket}"
    ):
        if not _is_stopped(desk, rule, ticket):
            fire(desk, rule, ticket)


def _is_stopped(desk: Desk, rule: Rule, ticket: int) -> bool:
    """Whether a rule has fired on a ticket too often: of two that undo each other one stops there,
    until the ticket has not fitted it in between."""
    now = desk.clock()
    with desk.database.read() as session:
        fired = rule_firings.fired_since(session.connection(), ticket, now - DAY)
    if fired.get(rule.name, 0) < FIRINGS_A_DAY:
        return False
    with desk.database.write() as session:
        rule_firings.note(session.connection(), rule.name, ticket, now)
    often = (f"“{name}” {count} times" for name, count in fired.items() if count > 1)
    problem = f"The routing rule “{rule.name}” does no more on case #{ticket}"
    detail = f"Within a day fired there: {', '.join(often)}. Do these rules undo each other?"
    send_alert(desk, Alert(f"often:{rule.name}", problem, detail, every=DAY))
    return True


def fire(desk: Desk, rule: Rule, number: int) -> None:
    """Do what a rule says, in one transaction. Raises: Stale where the ticket does not fit any
    more, has moved on meanwhile, or another has done it."""
    now = desk.clock()
    with desk.database.read() as session:
        connection = session.connection()
        one = rule_firings.watched(connection, number)
        decided = decide(connection, desk.rules, rule, one, now)
        plan = Tally(desk, session, now).bundled(decided)
    letters = letters_of(desk, plan, lambda alert: send_alert(desk, alert))
    with desk.database.write() as session:
        rule_firings.note(session.connection(), rule.name, number, now)
        cause = policy.cause_of(rule)
        apply(session, plan, receipt=0, now=now, actor="maildesk", cause=cause)
        outbox.put(session, letters, now)
    if letters:
        desk.queued.set()
    for alert in plan.alerts:
        send_alert(desk, alert)
    log.info("rule fired", rule=rule.name, ticket=number, mails=len(letters))


def decide(
    connection: Connection, rules: Rules, rule: Rule, one: WatchedTicket | None, now: datetime
) -> Plan:
    """Return what the rule means for a ticket as it is now. Raises: Stale where it does not fit, or
    is not live any more (None)."""
    view = _view(rules, one, now) if one else None
    if one is None or view is None or not matches_ticket(rule, view).is_matched:
        raise Stale("the ticket does not fit any more")
    members = policy.asked_turns(rule, view)
    known = Facts(
        absent=absent(connection, now),
        turns=routing_facts.turns(connection, members),
        loads=routing_facts.loads(connection, (agent for _team, agent in members)),
    )
    number = one.ticket.number
    ticket = ticket_facts(connection, [number])[number]
    return policy.fire(rule, ticket, rules, now, known)
