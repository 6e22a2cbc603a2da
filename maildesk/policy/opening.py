"""A mail that belongs to no ticket opens one."""

from dataclasses import replace
from functools import partial

from maildesk.mail.message import Address, Automatic, AutomaticKind, cut, joined
from maildesk.model.changes import LinkTickets, OpenTicket
from maildesk.model.facts import Level, TicketFacts
from maildesk.model.plan import Disposition, Match, Plan
from maildesk.model.ticket import Role, Visibility
from maildesk.policy import notices
from maildesk.policy.commands.agents import open_for_agent
from maildesk.policy.commands.lines import Reading, read_commands
from maildesk.policy.commands.reading import inert_commands, may_hold_commands, vocabulary
from maildesk.policy.commands.signing import is_signature
from maildesk.policy.commands.verbs import COMMANDS
from maildesk.policy.draft import Draft, is_ours
from maildesk.policy.requesters import take_without_case
from maildesk.policy.routing.routed import (
    as_requester,
    carry_out,
    drop,
    join_group,
    new_ticket,
    route_of,
    told_of_new,
    with_route,
)
from maildesk.policy.rules import Agent
from maildesk.policy.threads import Arrival, claimed_agent

PARTICIPANTS = 10  # taken from To and Cc of the first mail of a proved requester


def open_ticket(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    """Return a plan with a new ticket; an agent's command lines are carried out, or hold it."""
    agent = claimed_agent(arrival)
    if agent and automatic.kind is AutomaticKind.NONE:
        arrival = with_route(arrival, automatic)
        reading = _read(arrival)
        if reading and _asks_only(arrival, reading, agent):
            return open_for_agent(partial(_without_ticket, arrival, automatic, match), agent)
        if reading and (reading.commands or reading.doubts):
            return open_for_agent(partial(_begin, arrival, automatic, match), agent)
    courteous = take_without_case(arrival, automatic, match)
    return courteous or _open_as_routed(with_route(arrival, automatic), automatic, match)


def _read(arrival: Arrival) -> Reading | None:
    """Read the command lines; what somebody wrote into a form is no order, whoever sent it on."""
    if route_of(arrival).is_form or not may_hold_commands(arrival.mail):
        return None
    return read_commands(arrival.mail, vocabulary(arrival.rules.aliases_of_verbs))


def _asks_only(arrival: Arrival, reading: Reading, agent: Agent) -> bool:
    """Whether an agent asks the desk something and says nothing else: it opens no case."""
    guessed = (doubt.suggestion for doubt in reading.doubts)
    lines = [*reading.commands, *guessed]
    words = cut(arrival.mail.text, joined(reading.words))
    if not lines or (words and not is_signature(words, agent)):
        return False
    return all(line and not COMMANDS[line.verb].needs_ticket for line in lines)


def _without_ticket(arrival: Arrival, automatic: Automatic, match: Match) -> Draft:
    draft = Draft.without_ticket(arrival, automatic, match)
    draft.is_opening = True
    return draft


def _open_as_routed(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    """Do as the routing rules say: drop the mail, let it join others of its kind, or open."""
    if route_of(arrival).dropped:
        return drop(arrival, automatic, match)
    arrival = as_requester(arrival)
    grouped = join_group(arrival, automatic, match)
    return grouped or _open_for_all(arrival, automatic, match)


def _begin(arrival: Arrival, automatic: Automatic, match: Match) -> Draft:
    """A draft with the new ticket and its people."""
    routed = route_of(arrival)
    ticket = new_ticket(arrival, routed)
    draft = Draft(arrival, automatic, match, TicketFacts(ticket), route=routed, is_opening=True)
    draft.changes.append(OpenTicket(ticket))
    draft.add_party(ticket.requester, Role.REQUESTER, _reply_to(arrival))
    draft.reasons.append("nothing shows that it belongs to a ticket")
    _add_participants(draft)
    carry_out(draft, routed)
    draft.settle_promise()
    if match.follows:
        draft.changes.append(LinkTickets(ticket.number, match.follows, "follows"))
    draft.link_suggested()
    draft.remember_sender()
    return draft


def _open_for_all(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    draft = _begin(arrival, automatic, match)
    draft.arrival = replace(draft.arrival, mail=arrival.mail.with_forwarded_as_body())
    draft.add_message(Visibility.PUBLIC)
    draft.commands = inert_commands(arrival.mail, arrival.rules)
    _tell(draft)
    return draft.plan(Disposition.NEW_TICKET)


def _tell(draft: Draft) -> None:
    """Acknowledge, and tell those who must know of the ticket."""
    routed = draft.route
    for requester in draft.parties(Role.REQUESTER):
        if routed and not routed.is_acknowledged:
            draft.reasons.append("no acknowledgement: a rule says so")
        elif "@" in requester.address.address:
            notices.acknowledge(draft, requester, template=routed.template if routed else "")
    named = notices.named_by_rules(draft, routed.notify) if routed else []
    notices.tell_named(draft, "queue_new", dict.fromkeys([*told_of_new(draft), *named]))


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
