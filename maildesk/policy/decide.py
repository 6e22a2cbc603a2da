"""The decision on one mail: from what is known to a plan, with its reasons. Pure.

    decide
    ├── duplicate          a copy of a mail that we have
    ├── bounce             our own mail came back
    ├── silent             vacation notices, reports, loops: stored, attached where they belong
    ├── new ticket         nothing shows that it belongs to one
    └── joins a ticket     ├── an agent: a reply, a note, or held
                           ├── the requester or a participant
                           └── somebody else: held for agents

What each branch says goes through `Draft`; who is told stands in `notices`.
"""

from dataclasses import replace
from datetime import datetime

from maildesk.mail.automatic import classify
from maildesk.mail.envelope import Envelope
from maildesk.mail.identifiers import Purpose, read_message_id
from maildesk.mail.message import Address, Automatic, AutomaticKind, DeliveryReport, InboundMail
from maildesk.model.plan import (
    Alert,
    Disposition,
    Facts,
    Level,
    LinkTickets,
    MarkBounced,
    Match,
    OpenTicket,
    Plan,
    RememberContact,
    Signal,
    Standing,
    TicketFacts,
    Trust,
)
from maildesk.model.ticket import Direction, Role, Status, Ticket, Visibility
from maildesk.policy import notices
from maildesk.policy.commands import find_commands
from maildesk.policy.draft import Draft, author_of, is_ours
from maildesk.policy.lifecycle import Trigger
from maildesk.policy.routing import route
from maildesk.policy.rules import Agent, Rules
from maildesk.policy.threads import Arrival, is_new_matter, match_ticket, proved_tokens

PARTICIPANTS = 10  # taken from To and Cc of the first mail of a proved requester

_SILENT = (
    AutomaticKind.AUTO_REPLY,
    AutomaticKind.REPORT,
    AutomaticKind.LOOP,
    AutomaticKind.OWN,
)


def decide(
    mail: InboundMail, envelope: Envelope, trust: Trust, facts: Facts, rules: Rules, now: datetime
) -> Plan:
    """Return what the mail changes and who hears of it; `now` is when it was received."""
    arrival = Arrival(mail, envelope, trust, facts, rules, now)
    automatic = classify_arrival(arrival)
    if facts.duplicate:
        return _duplicate(arrival, automatic)
    if automatic.kind is AutomaticKind.BOUNCE:
        return _bounce(arrival, automatic)
    match = match_ticket(arrival)
    if automatic.kind in _SILENT:
        plan = _silent(arrival, automatic, match)
    elif match.ticket is None:
        plan = _new_ticket(arrival, automatic, match)
    else:
        plan = _join(_draft(arrival, automatic, match, facts.tickets[match.ticket]))
    return _archived(plan) if envelope.is_archive else plan


def classify_arrival(arrival: Arrival) -> Automatic:
    """Return whether a person wrote the mail, given what we know to be ours."""
    rules = arrival.rules
    return classify(
        arrival.mail,
        arrival.reverse_path,
        is_own=lambda address: rules.is_own(address) or rules.is_reply_address(address),
        own_lists=rules.own_lists,
        loop_id=rules.domain,
    )


def _draft(arrival: Arrival, automatic: Automatic, match: Match, facts: TicketFacts) -> Draft:
    return Draft(arrival, automatic, match, facts)


# --- mails that no person wrote, and copies -----------------------------------------------------


def _duplicate(arrival: Arrival, automatic: Automatic) -> Plan:
    duplicate = arrival.facts.duplicate
    assert duplicate is not None  # noqa: S101 - the caller looked
    recipients = ", ".join(arrival.recipients) or "no envelope"
    return Plan(
        Disposition.DUPLICATE,
        ticket=duplicate.ticket,
        trust=arrival.trust,
        automatic=automatic,
        reasons=(f"a copy of receipt {duplicate.receipt}", f"addressed to {recipients}"),
    )


def _silent(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
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
    draft = _draft(arrival, automatic, replace(match, ticket=number), arrival.facts.tickets[number])
    draft.add_message(Visibility.INTERNAL)
    draft.reasons.extend(automatic.evidence)
    return draft.plan(Disposition.AUTOMATIC)


def _bounce(arrival: Arrival, automatic: Automatic) -> Plan:
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
    draft = _draft(arrival, automatic, match, arrival.facts.tickets[number])
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


# --- a new ticket -------------------------------------------------------------------------------


def _new_ticket(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    routed = route(arrival.mail, arrival.recipients, arrival.rules)
    ticket = Ticket(
        number=arrival.facts.next_number,
        subject=arrival.mail.subject,
        requester=author_of(arrival),
        queue=routed.queue,
        team=routed.team,
        priority=routed.priority,
        type=routed.type,
        tags=routed.tags,
        fields=routed.fields,
        language=arrival.rules.queue(routed.queue).language,
        created_at=arrival.now,
        updated_at=arrival.now,
    )
    draft = Draft(arrival, automatic, match, TicketFacts(ticket), route=routed)
    draft.changes.append(OpenTicket(ticket))
    agent = _agent(arrival)
    if agent and _holds_commands(draft, agent):
        return draft.plan(Disposition.HELD)
    requester = draft.add_party(ticket.requester, Role.REQUESTER, _reply_to(arrival))
    _add_participants(draft)
    draft.add_message(Visibility.PUBLIC)
    draft.commands = find_commands(arrival.mail.new_text, "inert", "not an agent's mail")
    if match.follows:
        draft.changes.append(LinkTickets(ticket.number, match.follows, "follows"))
    draft.link_suggested()
    _remember(draft)
    if "@" in requester.address.address:
        notices.acknowledge(draft, requester)
    notices.tell_agents(draft, "queue_new")
    return draft.plan(Disposition.NEW_TICKET)


def _add_participants(draft: Draft) -> None:
    """A proved requester's To and Cc take part from the start; nobody else's do."""
    arrival = draft.arrival
    if arrival.trust.level not in (Level.V1, Level.V2):
        return
    mail = arrival.mail
    people = [p for p in (*mail.to, *mail.cc) if "@" in p.address]
    people = [p for p in people if not is_ours(arrival, p.address)]
    for person in people[:PARTICIPANTS]:
        draft.add_party(person, Role.PARTICIPANT)


def _reply_to(arrival: Arrival) -> Address | None:
    """Return where the sender wants answers, if that is his own domain or he is proved."""
    mail = arrival.mail
    if len(mail.reply_to) != 1 or mail.sender is None or "@" not in mail.reply_to[0].address:
        return None
    wanted, sender = mail.reply_to[0], mail.sender
    if wanted.key == sender.key or is_ours(arrival, wanted.address):
        return None
    same_domain = wanted.key.rpartition("@")[2] == sender.key.rpartition("@")[2]
    return wanted if same_domain or arrival.trust.level is Level.V2 else None


def _remember(draft: Draft) -> None:
    sender = draft.arrival.mail.sender
    if sender and "@" in sender.address and draft.automatic.kind is AutomaticKind.NONE:
        proved = draft.arrival.trust.level in (Level.V1, Level.V2)
        draft.changes.append(RememberContact(sender, proved))


# --- a ticket that is there ---------------------------------------------------------------------


def _join(draft: Draft) -> Plan:
    match = draft.match
    agent = _agent(draft.arrival)
    if draft.automatic.kind is not AutomaticKind.NONE:
        return _append_automatic(draft)
    if match.standing is Standing.AGENT and agent:
        return _agent_mail(draft, agent)
    if match.standing is Standing.PARTICIPANT:
        return _participant_mail(draft)
    return _held_for_agents(draft)


def _append_automatic(draft: Draft) -> Plan:
    """Append what a list or a program sent: it changes nothing and is answered by nobody."""
    draft.add_message(Visibility.INTERNAL)
    draft.reasons.extend(draft.automatic.evidence)
    draft.link_suggested()
    return draft.plan(Disposition.AUTOMATIC)


def _participant_mail(draft: Draft) -> Plan:
    was = draft.ticket.status
    draft.add_message(Visibility.PUBLIC)
    draft.commands = find_commands(draft.arrival.mail.new_text, "inert", "not an agent's mail")
    draft.trigger(Trigger.REQUESTER_MAIL)
    draft.link_suggested()
    _remember(draft)
    kind = "reopened" if was is Status.SOLVED else "user_replied"
    notices.tell_agents(draft, kind, _new_matter(draft))
    return draft.plan(Disposition.REPLY)


def _new_matter(draft: Draft) -> str:
    if not is_new_matter(draft.arrival, draft.match):
        return ""
    return f"It looks like a new matter: the subject is now “{draft.arrival.mail.subject}”."


def _held_for_agents(draft: Draft) -> Plan:
    """Hold a mail of somebody who is no participant: agents see it, nobody else."""
    who = author_of(draft.arrival).address
    if draft.match.standing is Standing.KNOWN:
        reason = f"{who} stands in To or Cc of this case but takes no part in it."
    else:
        reason = f"{who} has a reply address of this case that was made for somebody else."
    draft.add_message(Visibility.HELD, reason=reason)
    draft.link_suggested()
    notices.tell_agents_held(draft, reason)
    if draft.match.standing is Standing.STRANGER:
        notices.tell_stranger(draft)
    return draft.plan(Disposition.HELD)


# --- agents -------------------------------------------------------------------------------------


def _agent(arrival: Arrival) -> Agent | None:
    sender = arrival.mail.sender
    return arrival.rules.agent_at(sender.address) if sender else None


def _agent_mail(draft: Draft, agent: Agent) -> Plan:
    """A public reply is a command: it needs the same proof, else it is held."""
    purpose = draft.match.token_purpose
    is_proved = purpose in (Purpose.AGENT, Purpose.INTERNAL)
    level = draft.arrival.trust.level
    if level is Level.VX or not (is_proved or level is Level.V2):
        reason = (
            "Nothing proves that you wrote it. "
            "To send it, answer the notification of this case: its reply address is the proof."
        )
        return _held_agent_mail(draft, agent, reason)
    if _holds_commands(draft, agent):
        return draft.plan(Disposition.HELD)
    if purpose == Purpose.INTERNAL:
        draft.add_message(Visibility.INTERNAL)
        return draft.plan(Disposition.NOTE)
    return _public_reply(draft, agent)


def _public_reply(draft: Draft, agent: Agent) -> Plan:
    mail = draft.arrival.mail
    if not mail.new_text and not mail.attachments:
        return _held_agent_mail(draft, agent, "It is empty: there is nothing to send.")
    if not any("@" in p.address.address for p in draft.parties(Role.REQUESTER)):
        reason = "The requester's mail named no address that can be written to."
        return _held_agent_mail(draft, agent, reason)
    draft.add_message(Visibility.PUBLIC, Direction.OUT)
    if draft.ticket.assignee is None:
        draft.assign(agent)
    draft.trigger(Trigger.AGENT_REPLY)
    notices.send_reply(draft, agent)
    return draft.plan(Disposition.REPLY)


def _held_agent_mail(draft: Draft, agent: Agent, reason: str) -> Plan:
    draft.add_message(Visibility.HELD, reason=reason)
    notices.tell_author_held(draft, agent, reason)
    return draft.plan(Disposition.HELD)


def _holds_commands(draft: Draft, agent: Agent) -> bool:
    """Hold an agent's mail that has a line beginning with `#word`, and tell him."""
    commands = find_commands(draft.arrival.mail.new_text, "held", "commands do not run yet")
    if not commands:
        return False
    draft.commands = commands
    words = ", ".join(f"#{command.verb}" for command in commands)
    _held_agent_mail(
        draft, agent, f"It has command lines ({words}), which this version does not run."
    )
    return True


def _archived(plan: Plan) -> Plan:
    """Return the plan without mails; a ticket that it opens is closed from the start."""
    changes = tuple(
        OpenTicket(replace(change.ticket, status=Status.CLOSED))
        if isinstance(change, OpenTicket)
        else change
        for change in plan.changes
    )
    return replace(plan, changes=changes, notices=(), reasons=(*plan.reasons, "archive: silent"))
