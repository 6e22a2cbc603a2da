"""Mails that no person wrote, and copies of mails that we have: stored, and never answered."""

from dataclasses import replace

from maildesk.mail.identifiers import Purpose, read_message_id
from maildesk.mail.message import (
    Address,
    Automatic,
    AutomaticKind,
    DeliveryReport,
    ReportedRecipient,
)
from maildesk.model.changes import MarkBounced
from maildesk.model.facts import Duplicate
from maildesk.model.plan import Alert, Disposition, Match, Plan, Signal
from maildesk.model.ticket import Visibility
from maildesk.policy import notices
from maildesk.policy.draft import Draft
from maildesk.policy.threads import Arrival, ProvedToken, follow_merges, proved_tokens

KEPT_SILENTLY = (
    AutomaticKind.AUTO_REPLY,
    AutomaticKind.REPORT,
    AutomaticKind.LOOP,
    AutomaticKind.OWN,
)


def fold_duplicate(arrival: Arrival, automatic: Automatic, duplicate: Duplicate) -> Plan:
    """Note that a copy came, and by which of our addresses."""
    recipients = ", ".join(arrival.recipients) or "no envelope"
    return Plan(
        Disposition.DUPLICATE,
        ticket=duplicate.ticket,
        trust=arrival.trust,
        automatic=automatic,
        reasons=(f"a copy of receipt {duplicate.receipt}", f"addressed to {recipients}"),
    )


def keep_silently(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    """Keep the mail; attach it where it belongs, for agents only. Nobody is answered."""
    number = match.ticket or match.follows
    if number is None:
        return Plan(
            Disposition.AUTOMATIC,
            match=match,
            trust=arrival.trust,
            automatic=automatic,
            reasons=automatic.evidence,
        )
    draft = Draft(arrival, automatic, replace(match, ticket=number), arrival.facts.tickets[number])
    draft.add_message(Visibility.INTERNAL)
    draft.reasons.extend(automatic.evidence)
    return draft.plan(Disposition.AUTOMATIC)


def is_unread_bounce(arrival: Arrival, automatic: Automatic) -> bool:
    """Whether a program wrote to a bounce address of ours, in words that nobody can read.

    A ticket of it would be told to agents, and if their mail bounces so, told for ever.
    """
    if automatic.kind is AutomaticKind.NONE or automatic.kind in KEPT_SILENTLY:
        return False
    return _bounce_token(arrival) is not None


def take_bounce(arrival: Arrival, automatic: Automatic) -> Plan:
    """Attach a bounce to the ticket whose mail came back; only a signed token or id says which."""
    number, evidence = _bounced_ticket(arrival)
    if number is None:
        return Plan(
            Disposition.BOUNCE,
            trust=arrival.trust,
            automatic=automatic,
            reasons=("no mail of ours is named", *automatic.evidence),
        )
    match = Match(number, Signal.TOKEN, evidence)
    draft = Draft(arrival, automatic, match, arrival.facts.tickets[number])
    draft.add_message(Visibility.INTERNAL)
    draft.reasons.append(evidence)
    _mark_bounced(draft)
    return draft.plan(Disposition.BOUNCE)


def _bounce_token(arrival: Arrival) -> ProvedToken | None:
    proved = (p for p in proved_tokens(arrival) if p.token.purpose is Purpose.BOUNCE)
    return next(proved, None)


def _bounced_ticket(arrival: Arrival) -> tuple[int | None, str]:
    proved = _bounce_token(arrival)
    if proved:
        number = follow_merges(arrival.facts, proved.token.ticket)
        return number, f"bounce address of party {proved.party.number}"
    mail = arrival.mail
    returned = mail.report.returned_ids if mail.report else ()
    for message_id in (*returned, *mail.in_reply_to, *reversed(mail.references)):
        token = read_message_id(arrival.rules.reply, message_id)
        number = follow_merges(arrival.facts, token.ticket) if token else None
        if number is not None:
            return number, message_id
    return None, ""


def _mark_bounced(draft: Draft) -> None:
    """Mark the addresses that failed, if we wrote to them, and tell the agents."""
    failed = tuple(
        recipient
        for recipient in _reported(draft.arrival)
        if recipient.action not in ("delayed", "delivered", "relayed", "expanded")
        and Address("", recipient.address).key in draft.facts.written_to
    )
    rules = draft.arrival.rules
    for recipient in failed:
        if recipient.status:
            change = MarkBounced(draft.ticket.number, recipient.address, recipient.status)
            draft.changes.append(change)
        if rules.agent_at(recipient.address):
            problem = f"Mail to the agent {recipient.address} came back"
            draft.alerts.append(Alert(f"bounce:{recipient.address}", problem, recipient.status))
    users = tuple(recipient for recipient in failed if not rules.agent_at(recipient.address))
    if users:
        notices.tell_agents_bounced(draft, DeliveryReport(users))


def _reported(arrival: Arrival) -> tuple[ReportedRecipient, ...]:
    """Return whom the report names; where nothing can be read, whom the bounce address is for."""
    report = arrival.mail.report
    if report and report.recipients:
        return report.recipients
    proved = _bounce_token(arrival)
    return (ReportedRecipient(proved.party.address.address),) if proved else ()
