"""A mail that belongs to no ticket opens one."""

from dataclasses import replace
from functools import partial

from maildesk.mail.message import Address, Automatic, AutomaticKind
from maildesk.model.changes import LinkTickets, OpenTicket
from maildesk.model.facts import Level, TicketFacts
from maildesk.model.plan import Disposition, Match, Plan
from maildesk.model.ticket import Role, Ticket, Visibility
from maildesk.policy import notices
from maildesk.policy.agents import open_for_agent
from maildesk.policy.command_lines import read_commands
from maildesk.policy.command_mail import inert_commands, may_hold_commands, vocabulary
from maildesk.policy.commands import COMMANDS
from maildesk.policy.draft import Draft, author_of, is_ours
from maildesk.policy.requesters import take_without_case
from maildesk.policy.routing import route
from maildesk.policy.rule import View
from maildesk.policy.threads import Arrival, claimed_agent

PARTICIPANTS = 10  # taken from To and Cc of the first mail of a proved requester


def open_ticket(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    """Return a plan with a new ticket; an agent's command lines are carried out, or hold it."""
    agent = claimed_agent(arrival)
    if agent and automatic.kind is AutomaticKind.NONE:
        verbs = _verbs(arrival)
        if verbs and not any(COMMANDS[verb].needs_ticket for verb in verbs if verb):
            return open_for_agent(partial(_without_ticket, arrival, automatic, match), agent)
        if verbs:
            return open_for_agent(partial(_begin, arrival, automatic, match), agent)
    return take_without_case(arrival, automatic, match) or _open_for_all(arrival, automatic, match)


def _verbs(arrival: Arrival) -> list[str]:
    """The verbs of an agent's new mail, "" for a line in doubt."""
    if not may_hold_commands(arrival.mail):
        return []
    reading = read_commands(arrival.mail, vocabulary(arrival.rules.aliases_of_verbs))
    guessed = (doubt.suggestion for doubt in reading.doubts)
    return [line.verb if line else "" for line in (*reading.commands, *guessed)]


def _without_ticket(arrival: Arrival, automatic: Automatic, match: Match) -> Draft:
    draft = Draft.without_ticket(arrival, automatic, match)
    draft.is_opening = True
    return draft


def _begin(arrival: Arrival, automatic: Automatic, match: Match) -> Draft:
    """A draft with the new ticket and its people.

    What the mail forwards is its body here: a request that somebody passes on is the request.
    """
    whole = replace(arrival, mail=arrival.mail.with_forwarded_as_body())
    routed = route(_view(whole, automatic), arrival.rules)
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
    draft = Draft(arrival, automatic, match, TicketFacts(ticket), route=routed, is_opening=True)
    draft.changes.append(OpenTicket(ticket))
    draft.add_party(ticket.requester, Role.REQUESTER, _reply_to(arrival))
    draft.reasons.append("nothing shows that it belongs to a ticket")
    _add_participants(draft)
    if match.follows:
        draft.changes.append(LinkTickets(ticket.number, match.follows, "follows"))
    draft.link_suggested()
    draft.remember_sender()
    return draft


def _view(arrival: Arrival, automatic: Automatic) -> View:
    """What the rules see of the mail."""
    queue, now = arrival.rules.default_queue, arrival.now
    author = author_of(arrival)
    ticket = Ticket(0, arrival.mail.subject, author, queue.handle, queue.team, now, now)
    return View(
        arrival.rules,
        now,
        ticket,
        arrival.mail,
        arrival.recipients,
        automatic,
        arrival.trust.level,
        arrival.facts,
    )


def _open_for_all(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    draft = _begin(arrival, automatic, match)
    draft.arrival = replace(arrival, mail=arrival.mail.with_forwarded_as_body())
    draft.add_message(Visibility.PUBLIC)
    draft.commands = inert_commands(arrival.mail, arrival.rules)
    for requester in draft.parties(Role.REQUESTER):
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
