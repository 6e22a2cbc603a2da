"""Does a mail join a ticket? The first signal that holds decides; see docs/threading.md.

    token        a reply address of ours whose party is From
    message-id   In-Reply-To or References hold an id that we signed, From is known
    ancestor     they hold an id that the ticket knows, From is known
    body-token   the quoted text holds a marker that we signed, From is known
    subject      the tag [#1042], From is known

Known to a ticket are its parties (participants and the people in To and Cc of its messages) and
every agent. To add a signal, add a function to `SIGNALS`, in the order of its strength.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.mail.envelope import Envelope
from maildesk.mail.identifiers import (
    AGENT_TOKEN_LIFE,
    Purpose,
    ReplyAddresses,
    Token,
    base_subject,
    find_markers,
    find_tags,
    is_genuine,
    read_address,
    read_message_id,
    thread_ids,
)
from maildesk.mail.message import InboundMail
from maildesk.model.facts import Facts, Level, TicketFacts, Trust
from maildesk.model.plan import Match, Route, Signal, Standing
from maildesk.model.ticket import Party, Role, Status, Ticket
from maildesk.policy.due.follow_ups import reopen_ends_at
from maildesk.policy.rules import Agent, Rules

AGENT_PURPOSES = (Purpose.AGENT, Purpose.INTERNAL)
_FINISHED = (Status.SOLVED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail and what is known around it, as the signals ask. `now` is when it was received,
    `written_at` when the letters about it are: an old mail's tokens are not born old."""

    mail: InboundMail
    envelope: Envelope
    trust: Trust
    facts: Facts
    rules: Rules
    now: datetime
    written_at: datetime
    routed: Route | None = None  # what the routing rules say, once they were asked

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope's recipients."""
        return self.envelope.recipients

    @property
    def reverse_path(self) -> str:
        """The envelope's reverse-path; "" for the null sender and where nobody told us."""
        return self.envelope.reverse_path or ""


@dataclass(frozen=True, slots=True)
class ProvedToken:
    """An address token whose MAC is right, with the party that it was made for."""

    token: Token
    ticket: TicketFacts
    party: Party


Finding = tuple[int, str]  # a ticket's number, and what points to it


def addressed_tokens(
    mail: InboundMail, recipients: Iterable[str], reply: ReplyAddresses
) -> list[Token]:
    """Return the token-shaped recipients, unproved: envelope first, then the header."""
    named = [*mail.delivered_to, *(a.address for a in (*mail.to, *mail.cc))]
    tokens = (read_address(reply, address) for address in (*recipients, *named))
    return list(dict.fromkeys(token for token in tokens if token))


def named_tickets(
    mail: InboundMail, recipients: Iterable[str], reply: ReplyAddresses
) -> tuple[int, ...]:
    """Return every ticket number that the mail names, true or not: what `gather` must look up.

    The strongest first: no more than a few are looked up."""
    ids = [*thread_ids(mail.in_reply_to, mail.references)]
    if mail.report:
        ids += mail.report.returned_ids
    signed = (read_message_id(reply, message_id) for message_id in ids)
    numbers = [
        *(token.ticket for token in addressed_tokens(mail, recipients, reply)),
        *(token.ticket for token in signed if token),
        *(token.ticket for token in find_markers(reply, mail.text)),
        *find_tags(mail.subject),
    ]
    return tuple(dict.fromkeys(numbers))


def match_ticket(arrival: Arrival) -> Match:
    """Return which ticket the mail joins, and why."""
    findings = _findings(arrival)
    joined = next((found for found in findings if _may_join(arrival, *found)), None)
    if joined is None:
        return _stolen_token(arrival) or _new_ticket(arrival, findings)
    signal, (number, evidence) = joined
    match = Match(
        ticket=number,
        signal=signal,
        evidence=evidence,
        standing=_standing(arrival, arrival.facts.tickets[number]),
        token_purpose=_purpose(arrival, number),
        suggests=_others(findings, number),
    )
    return _after_the_end(arrival, match)


def proved_tokens(arrival: Arrival) -> Iterator[ProvedToken]:
    """Yield the address tokens with a right MAC that are not too old."""
    for token in addressed_tokens(arrival.mail, arrival.recipients, arrival.rules.reply):
        ticket = arrival.facts.tickets.get(token.ticket)
        if ticket is None or _is_expired(token, arrival.now):
            continue
        for party in ticket.parties:
            if party.number == token.party and is_genuine(
                arrival.rules.reply, token, party.address.key
            ):
                yield ProvedToken(token, ticket, party)


def is_same_person(arrival: Arrival, party: Party) -> bool:
    """Whether From is the party: the same address, or another address of the same agent."""
    sender = arrival.mail.sender
    if sender is None:
        return False
    if party.address.key in sender_keys(arrival):
        return True
    agent = claimed_agent(arrival)
    return agent is not None and agent == arrival.rules.agent_at(party.address.address)


def claimed_agent(arrival: Arrival) -> Agent | None:
    """Return the agent that From claims to be; proves nothing.

    One field, one plain address: a From that could be read in two ways is no agent's.
    """
    return agent_of(arrival.mail, arrival.rules)


def agent_of(mail: InboundMail, rules: Rules) -> Agent | None:
    """Return the agent that a mail's From claims to be, as `claimed_agent` does."""
    if mail.sender is None or any(defect.startswith("From: ") for defect in mail.defects):
        return None
    return rules.agent_at(mail.sender.address)


def is_known(arrival: Arrival, ticket: TicketFacts) -> bool:
    """Whether From is somebody whom the ticket knows, or an agent."""
    sender = arrival.mail.sender
    if sender is None:
        return False
    if claimed_agent(arrival):
        return True
    return any(party.address.key in sender_keys(arrival) for party in ticket.parties)


def sender_keys(arrival: Arrival) -> frozenset[str]:
    """Return the keys of all addresses of From's person that agents have named, From's own
    among them; none where From is no one address."""
    sender = arrival.mail.sender
    return arrival.facts.same_person | {sender.key} if sender else frozenset()


# --- signals ------------------------------------------------------------------------------------


def _by_token(arrival: Arrival) -> Iterator[Finding]:
    for proved in proved_tokens(arrival):
        if proved.token.purpose is not Purpose.BOUNCE and is_same_person(arrival, proved.party):
            yield proved.token.ticket, f"reply address of party {proved.party.number}"


def _by_message_id(arrival: Arrival) -> Iterator[Finding]:
    for message_id in thread_ids(arrival.mail.in_reply_to, arrival.mail.references):
        token = read_message_id(arrival.rules.reply, message_id)
        if token:
            yield token.ticket, message_id


def _by_ancestor(arrival: Arrival) -> Iterator[Finding]:
    mail = arrival.mail
    # The mail's own id last: an answer that named it may have come in before it.
    for message_id in (*thread_ids(mail.in_reply_to, mail.references), mail.message_id):
        for number in arrival.facts.owners.get(message_id or "", ()):
            yield number, message_id or ""


def _by_marker(arrival: Arrival) -> Iterator[Finding]:
    for token in find_markers(arrival.rules.reply, arrival.mail.text):
        yield token.ticket, f"marker of #{token.ticket}"


def _by_subject(arrival: Arrival) -> Iterator[Finding]:
    for number in find_tags(arrival.mail.subject):
        yield number, f"[#{number}]"


SIGNALS: dict[Signal, Callable[[Arrival], Iterator[Finding]]] = {
    Signal.TOKEN: _by_token,
    Signal.MESSAGE_ID: _by_message_id,
    Signal.ANCESTOR: _by_ancestor,
    Signal.BODY_TOKEN: _by_marker,
    Signal.SUBJECT: _by_subject,
}
_NEEDS_UNFORGED = (Signal.ANCESTOR, Signal.SUBJECT)


def _findings(arrival: Arrival) -> list[tuple[Signal, Finding]]:
    """Return all that points to tickets that exist, strongest first, merged ones followed."""
    found = []
    for signal, look in SIGNALS.items():
        for number, evidence in look(arrival):
            target = follow_merges(arrival.facts, number)
            if target is not None:
                found.append((signal, (target, evidence)))
    return found


def _may_join(arrival: Arrival, signal: Signal, finding: Finding) -> bool:
    if signal is Signal.TOKEN:
        return True
    if signal in _NEEDS_UNFORGED and arrival.trust.level is Level.VX:
        return False
    return is_known(arrival, arrival.facts.tickets[finding[0]])


def follow_merges(facts: Facts, number: int) -> int | None:
    """Return the ticket that this one was merged into, itself if it was not; None if unknown."""
    for _ in range(len(facts.tickets)):  # a ring of merges would never end
        target = facts.tickets[number].ticket.merged_into if number in facts.tickets else None
        if target is None:
            break
        number = target
    return number if number in facts.tickets else None


# --- what the match means -----------------------------------------------------------------------


def _standing(arrival: Arrival, ticket: TicketFacts) -> Standing:
    keys = sender_keys(arrival)
    roles = [party.role for party in ticket.parties if party.address.key in keys]
    speaks_as_agent = _purpose(arrival, ticket.ticket.number) in AGENT_PURPOSES
    if claimed_agent(arrival) and (speaks_as_agent or Role.REQUESTER not in roles):
        return Standing.AGENT
    if Role.REQUESTER in roles or Role.PARTICIPANT in roles:
        return Standing.PARTICIPANT
    return Standing.KNOWN if roles else Standing.STRANGER


def _purpose(arrival: Arrival, number: int) -> str:
    """Return the purpose of the sender's own token for this ticket; internal wins over others."""
    purposes = [
        proved.token.purpose
        for proved in proved_tokens(arrival)
        if follow_merges(arrival.facts, proved.token.ticket) == number
        and is_same_person(arrival, proved.party)
    ]
    return Purpose.INTERNAL if Purpose.INTERNAL in purposes else next(iter(purposes), "")


def _is_expired(token: Token, now: datetime) -> bool:
    return token.purpose in AGENT_PURPOSES and now - token.signed_at > AGENT_TOKEN_LIFE


def _stolen_token(arrival: Arrival) -> Match | None:
    """Return the match of a right token in the hands of somebody else: the mail will be held."""
    for proved in proved_tokens(arrival):
        if proved.token.purpose is Purpose.BOUNCE:
            continue
        number = follow_merges(arrival.facts, proved.token.ticket)
        if number is None:
            continue
        ticket = arrival.facts.tickets[number]
        if _is_colleague_of_requester(arrival, ticket):
            standing = Standing.PARTICIPANT
        else:
            standing = Standing.STRANGER
        evidence = f"reply address of party {proved.party.number}, who is not From"
        return Match(number, Signal.TOKEN, evidence, standing)
    return None


def _is_colleague_of_requester(arrival: Arrival, ticket: TicketFacts) -> bool:
    """Whether From is proved and of the requester's own organisation, as the admin names it."""
    sender = arrival.mail.sender
    if sender is None or arrival.trust.level is not Level.V2:
        return False
    organisation = arrival.rules.organisation_of(sender.address)
    requester = arrival.rules.organisation_of(ticket.ticket.requester.address)
    return organisation is not None and organisation == requester


def _new_ticket(arrival: Arrival, findings: list[tuple[Signal, Finding]]) -> Match:
    """Return no match, with the tickets that the mail may belong to: for agents' eyes only."""
    numbers = list(dict.fromkeys(number for _, (number, _) in findings))
    if not numbers:
        return Match(hint=arrival.facts.same_subject)
    return Match(hint=numbers[0], suggests=tuple(numbers[1:]))


def _others(findings: list[tuple[Signal, Finding]], joined: int) -> tuple[int, ...]:
    numbers = dict.fromkeys(number for _, (number, _) in findings)
    return tuple(number for number in numbers if number != joined)


def _after_the_end(arrival: Arrival, match: Match) -> Match:
    """Return a match that opens a new ticket where the old one is over.

    Closed, or solved too long ago to be opened again: a new linked ticket, except for an agent's
    reply. Solved or closed, and a reply address that a phone filled in for another matter: the
    same.
    """
    assert match.ticket is not None  # noqa: S101 - only called on a match
    ticket = arrival.facts.tickets[match.ticket].ticket
    has_ended = ticket.status is Status.CLOSED or not _may_reopen(ticket, arrival)
    is_over = has_ended and match.standing is not Standing.AGENT
    if is_over or (ticket.status in _FINISHED and is_new_matter(arrival, match)):
        return replace(match, ticket=None, follows=match.ticket, token_purpose="")
    return match


def _may_reopen(ticket: Ticket, arrival: Arrival) -> bool:
    """Whether a reply belongs to the ticket still: one to a solved ticket must come within so many
    open dates as its policy says."""
    if ticket.status is not Status.SOLVED or ticket.solved_at is None:
        return True
    ends_at = reopen_ends_at(ticket, arrival.rules, ticket.solved_at)
    return ends_at is None or arrival.now <= ends_at


def is_new_matter(arrival: Arrival, match: Match) -> bool:
    """Whether a reply address was used for something else: no In-Reply-To, another subject."""
    mail = arrival.mail
    if match.signal is not Signal.TOKEN or match.ticket is None or mail.in_reply_to:
        return False
    subject = base_subject(arrival.facts.tickets[match.ticket].ticket.subject)
    return not mail.references and base_subject(mail.subject).casefold() != subject.casefold()
