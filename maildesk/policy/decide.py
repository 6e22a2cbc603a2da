"""The decision on one mail: from what is known to a plan, with its reasons. Pure.

    decide
    ├── fold_duplicate     a copy of a mail that we have            automatic_mail
    ├── take_bounce        our own mail came back                   automatic_mail
    ├── confirm            an agent's word on a mail of his         confirming
    ├── keep_silently      vacation notices, reports, loops         automatic_mail
    ├── open_ticket        nothing shows that it belongs to one     opening
    │                      ├── a rule drops it, or gathers it       routed
    └── join_ticket        ├── an agent: a reply, a note, or held   agents
                           ├── the requester or a participant       joining
                           └── somebody else: held for agents       joining

What each branch says goes through `draft.Draft`; who is told stands in `notices`.
"""

from dataclasses import replace
from datetime import datetime

from maildesk.mail.automatic import classify
from maildesk.mail.envelope import Envelope
from maildesk.mail.message import Automatic, AutomaticKind, InboundMail
from maildesk.model.changes import OpenTicket
from maildesk.model.facts import Facts, Trust
from maildesk.model.plan import Plan
from maildesk.model.ticket import Status
from maildesk.policy.automatic_mail import (
    KEPT_SILENTLY,
    fold_duplicate,
    is_unread_bounce,
    keep_silently,
    take_bounce,
)
from maildesk.policy.commands.confirmations import may_decide
from maildesk.policy.commands.confirming import confirm
from maildesk.policy.joining import join_ticket
from maildesk.policy.opening import open_ticket
from maildesk.policy.routing.routed import accept
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival, claimed_agent, match_ticket


def decide(
    mail: InboundMail,
    envelope: Envelope,
    trust: Trust,
    facts: Facts,
    rules: Rules,
    now: datetime,
    *,
    written_at: datetime | None = None,
) -> Plan:
    """Return what the mail changes and who hears of it.

    `now` is when it was received, `written_at` when its letters are written (else the same).
    """
    arrival = Arrival(mail, envelope, trust, facts, rules, now, written_at or now)
    automatic = classify_arrival(arrival)
    if facts.duplicate:
        return fold_duplicate(arrival, automatic, facts.duplicate)
    if automatic.kind is AutomaticKind.BOUNCE or is_unread_bounce(arrival, automatic):
        return take_bounce(arrival, automatic)
    arrival, automatic = accept(arrival, automatic)
    match, agent = match_ticket(arrival), claimed_agent(arrival)
    if facts.confirms and agent and may_decide(arrival, automatic):
        plan = confirm(arrival, automatic, facts.confirms, agent)
    elif automatic.kind in KEPT_SILENTLY:
        plan = keep_silently(arrival, automatic, match)
    elif match.ticket is None:
        plan = open_ticket(arrival, automatic, match)
    else:
        plan = join_ticket(arrival, automatic, match, facts.tickets[match.ticket])
    return _archived(plan) if envelope.is_archive else plan


def classify_arrival(arrival: Arrival) -> Automatic:
    """Return whether a person wrote the mail, given what we know to be ours."""
    rules = arrival.rules
    return classify(
        arrival.mail,
        arrival.reverse_path,
        has_envelope=arrival.envelope.reverse_path is not None,
        recipients=arrival.recipients,
        is_own=lambda address: rules.is_own(address) or rules.is_reply_address(address),
        own_lists=rules.own_lists,
        loop_id=rules.domain,
    )


def _archived(plan: Plan) -> Plan:
    """Return the plan without mails; a ticket that it opens is closed from the start."""
    changes = tuple(
        OpenTicket(replace(change.ticket, status=Status.CLOSED))
        if isinstance(change, OpenTicket)
        else change
        for change in plan.changes
    )
    return replace(plan, changes=changes, notices=(), reasons=(*plan.reasons, "archive: silent"))
