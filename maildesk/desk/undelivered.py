"""Telling of our own mails that do not arrive: events and letters, for one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from maildesk.desk.alerts import send_alert
from maildesk.desk.bundles import Tally
from maildesk.desk.desk import Desk
from maildesk.desk.letters import letters_of
from maildesk.errors import Unavailable
from maildesk.model.plan import Alert, Audience, Plan
from maildesk.policy.undelivered import Undelivered, note_undelivered, refused_alert
from maildesk.store import outbox
from maildesk.store.apply import Stale, apply
from maildesk.store.facts import ticket_facts
from maildesk.store.letters import Letter
from maildesk.store.sending import Outcome


@dataclass(frozen=True, slots=True)
class Tidings:
    """What is to be written and told of letters that failed or are late."""

    plans: tuple[Plan, ...] = ()
    letters: tuple[Letter, ...] = ()
    alerts: tuple[Alert, ...] = ()

    def write(self, session: Session, now: datetime) -> None:
        """Write events and letters. Raises: Unavailable where a ticket has moved on meanwhile."""
        try:
            for plan in self.plans:
                apply(session, plan, receipt=0, now=now, actor="maildesk")
        except Stale as error:
            raise Unavailable(str(error)) from error
        if self.letters:
            outbox.put(session, self.letters, now)

    def tell(self, desk: Desk) -> None:
        """Alert the admins, once all is written."""
        if self.letters:
            desk.queued.set()
        for alert in self.alerts:
            send_alert(desk, alert)


def tidings_of(desk: Desk, session: Session, outcomes: Iterable[Outcome], now: datetime) -> Tidings:
    """Decide what the `failed` and `deferred` among the outcomes mean, and write the letters.

    An alert that does not arrive is told to nobody: its answer would be an alert.
    """
    plans: list[Plan] = []
    letters: list[Letter] = []
    alerts: list[Alert] = []
    tally = Tally(desk, session, now)
    for outcome in outcomes:
        if outcome.audience == Audience.ADMIN or outcome.state not in ("failed", "deferred"):
            continue
        plan = _plan(desk, session, outcome, now)
        if plan is None:
            alerts.append(refused_alert(outcome.recipient, outcome.error))
            continue
        plan = tally.bundled(plan)
        plans.append(plan)
        letters += letters_of(desk, plan, alerts.append)
        alerts += plan.alerts
    return Tidings(tuple(plans), tuple(letters), tuple(alerts))


def _plan(desk: Desk, session: Session, outcome: Outcome, now: datetime) -> Plan | None:
    """What the letter's ticket makes of it; None for a letter without one."""
    if outcome.ticket is None:
        return None
    ticket = ticket_facts(session.connection(), [outcome.ticket]).get(outcome.ticket)
    if ticket is None:
        return None
    state = "failed" if outcome.state == "failed" else "delayed"
    lost = Undelivered(
        cause=f"outgoing:{outcome.id}:{state}",
        address=outcome.recipient,
        audience=outcome.audience,
        state=state,
        text=outcome.error,
    )
    return note_undelivered(lost, ticket, desk.rules, now)
