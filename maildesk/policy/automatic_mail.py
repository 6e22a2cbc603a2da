"""Mails that no person wrote, and copies of mails that we have: stored, and never answered."""

from dataclasses import replace

from maildesk.mail.identifiers import Purpose, read_message_id
from maildesk.mail.message import Address, Automatic, DeliveryReport
from maildesk.model.plan import Alert, Disposition, Duplicate, MarkBounced, Match, Plan, Signal
from maildesk.model.ticket import Visibility
from maildesk.policy import notices
from maildesk.policy.draft import Draft
from maildesk.policy.threads import Arrival, proved_tokens


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


def _bounced_ticket(arrival: Arrival) -> tuple[int | None, str]:
    for proved in proved_tokens(arrival):
        if proved.token.purpose is Purpose.BOUNCE:
            return proved.token.ticket, f"bounce address of party {proved.party.number}"
    mail = arrival.mail
    returned = mail.report.returned_ids if mail.report else ()
    for message_id in (*returned, *mail.in_reply_to, *reversed(mail.references)):
        token = read_message_id(arrival.rules.reply, message_id)
        if token and token.ticket in arrival.facts.tickets:
            return token.ticket, message_id
    return None, ""


def _mark_bounced(draft: Draft) -> None:
    """Mark the addresses that failed, if we wrote to them, and tell the agents."""
    report = draft.arrival.mail.report or DeliveryReport()
    failed = tuple(
        recipient
        for recipient in report.recipients
        if recipient.action not in ("delayed", "delivered", "relayed", "expanded")
        and Address("", recipient.address).key in draft.facts.written_to
    )
    rules = draft.arrival.rules
    for recipient in failed:
        draft.changes.append(
            MarkBounced(draft.ticket.number, recipient.address, recipient.status or "5.0.0")
        )
        if rules.agent_at(recipient.address):
            problem = f"Mail to the agent {recipient.address} came back"
            draft.alerts.append(Alert(f"bounce:{recipient.address}", problem, recipient.status))
    users = tuple(recipient for recipient in failed if not rules.agent_at(recipient.address))
    if users:
        notices.tell_agents_bounced(draft, DeliveryReport(users))
