"""Agents who get too many mails: what is too much waits, and is told in one.

A `Tally` stands between a decision and its letters, wherever agents are notified. That what waited
is told, and waits no more, is one transaction: whoever is killed in between, it is told once.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from maildesk.desk.alerts import by_itself, send_alert
from maildesk.desk.desk import Desk
from maildesk.desk.letters import order, write_letters
from maildesk.mail.message import address_key
from maildesk.model.changes import Bundle
from maildesk.model.facts import Bundled
from maildesk.model.plan import Plan
from maildesk.policy.due.bundling import (
    HOUR,
    NOTIFICATIONS,
    WAIT,
    alert_of,
    bundled,
    digest,
    notified,
)
from maildesk.policy.rules import Agent
from maildesk.store import bundles, outbox
from maildesk.store.letters import Letter

log = structlog.get_logger()


class Tally:
    """How many mails agents got within the hour, with those of plans that are not written yet."""

    def __init__(self, desk: Desk, session: Session, now: datetime) -> None:
        self._desk = desk
        self._session = session
        self._now = now
        self._sent: Counter[str] = Counter()
        self._asked: set[str] = set()
        self._alerted: set[str] = set()

    def bundled(self, plan: Plan) -> Plan:
        """Return the plan with what is too much waiting, and count what it sends."""
        keys = set(notified(plan))
        if not keys:
            return plan
        self._ask(keys - self._asked)
        plan = bundled(plan, self._desk.rules, self._sent, self._now)
        self._sent.update(notified(plan))
        return self._with_alerts(plan)

    def _ask(self, keys: set[str]) -> None:
        """Ask for agents who were not asked for yet: once for each in a wave of mails."""
        if keys:
            connection, since = self._session.connection(), self._now - HOUR
            self._sent.update(bundles.count_since(connection, keys, NOTIFICATIONS, since))
            self._asked |= keys

    def _with_alerts(self, plan: Plan) -> Plan:
        """Alert the admins once in a wave: each alert asks the store whether it may go out."""
        late = [change.agent for change in plan.changes if isinstance(change, Bundle)]
        new = [agent for agent in dict.fromkeys(late) if agent not in self._alerted]
        self._alerted.update(new)
        return replace(plan, alerts=(*plan.alerts, *map(alert_of, new))) if new else plan


# --- telling ------------------------------------------------------------------------------------


def send_due(desk: Desk) -> None:
    """Mail each agent what has waited for him long enough."""
    with desk.database.read() as session:
        due = bundles.due(session.connection(), desk.clock() - WAIT)
    _send_all(desk, due)


def send_at_once(desk: Desk, agents: Iterable[Agent]) -> None:
    """Mail each of these agents what waits for him."""
    _send_all(desk, [agent.handle for agent in agents])


def _send_all(desk: Desk, handles: Iterable[str]) -> None:
    """One that fails holds up no other, and comes again the next minute."""
    for handle in handles:
        with by_itself(
            desk, f"bundling:{handle}", f"The mail that bundles what came for {handle} failed"
        ):
            send(desk, handle)


def send(desk: Desk, handle: str) -> None:
    """Mail an agent what waits for him. Raises: Stale where another has done so meanwhile."""
    agent = desk.rules.agent(handle)
    if agent is None:
        _forget(desk, handle)
        return
    waiting = read_waiting(desk, agent)
    if waiting:
        write(desk, agent, waiting)


def read_waiting(desk: Desk, agent: Agent) -> tuple[Bundled, ...]:
    """Return what waits for an agent."""
    key = address_key(agent.addresses[0])
    with desk.database.read() as session:
        return bundles.waiting(session.connection(), agent.handle, key)


def write(desk: Desk, agent: Agent, waiting: tuple[Bundled, ...]) -> None:
    """Queue the mails that tell it, in the transaction that ends the waiting."""
    letters = _letters(desk, agent, waiting)
    with desk.database.write() as session:
        bundles.take(session.connection(), agent.handle, waiting)
        outbox.put(session, letters, desk.clock())
    desk.queued.set()
    log.info("bundle sent", agent=agent.handle, notices=len(waiting), mails=len(letters))


def _letters(desk: Desk, agent: Agent, waiting: tuple[Bundled, ...]) -> list[Letter]:
    notices = digest(agent, waiting, desk.rules, desk.clock())
    orders = (order(desk, [notice]) for notice in notices)
    letters: list[Letter] = []
    for written in write_letters(desk, orders, lambda alert: send_alert(desk, alert)):
        if isinstance(written, Exception):
            raise written
        letters += written
    return letters


def _forget(desk: Desk, handle: str) -> None:
    with desk.database.write() as session:
        count = bundles.forget(session.connection(), handle)
    log.warning("bundle of nobody dropped", agent=handle, notices=count)
