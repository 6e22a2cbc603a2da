"""A plan in the making: what one mail changes on one ticket, and who hears of it.

The branches of `decide` fill a `Draft`; `notices` writes letters into it.
"""

from dataclasses import dataclass, field

from maildesk.mail.message import Address, Automatic, AutomaticKind
from maildesk.model.changes import (
    AddMessage,
    AddParty,
    Change,
    LinkTickets,
    RememberContact,
    SetAssignee,
    SetStatus,
)
from maildesk.model.facts import Level, ThreadId, TicketFacts
from maildesk.model.plan import Alert, CommandTrace, Disposition, Match, Notice, Plan, Route
from maildesk.model.ticket import Direction, Party, Role, Ticket, Visibility
from maildesk.policy.lifecycle import Trigger, next_status
from maildesk.policy.rules import Agent, Queue
from maildesk.policy.threads import Arrival

_RANK = [Role.KNOWN, Role.AGENT, Role.PARTICIPANT, Role.REQUESTER]


@dataclass
class Draft:
    """Changes and notices for the ticket in `facts`, which may be about to be opened."""

    arrival: Arrival
    automatic: Automatic
    match: Match
    facts: TicketFacts
    route: Route | None = None
    commands: tuple[CommandTrace, ...] = ()
    changes: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._parties = {party.address.key: party for party in self.facts.parties}
        self.ticket: Ticket = self.facts.ticket
        self._is_held = False

    @property
    def queue(self) -> Queue:
        """The queue that the ticket stands in."""
        return self.arrival.rules.queue(self.ticket.queue)

    @property
    def thread(self) -> tuple[ThreadId, ...]:
        """The ticket's ids, oldest first, the present mail's last; of a held one nothing is
        believed, so nobody is taken to have it."""
        mail = self.arrival.mail
        if mail.message_id is None or self._is_held:
            return self.facts.thread
        people = (*mail.senders, *mail.to, *mail.cc)
        present = ThreadId(mail.message_id, frozenset(person.key for person in people))
        return (*self.facts.thread, present)

    def parties(self, *roles: Role) -> list[Party]:
        """The ticket's parties of these roles, those that the draft adds too."""
        return [party for party in self._parties.values() if party.role in roles]

    def add_party(self, address: Address, role: Role, reply_to: Address | None = None) -> Party:
        """Return the party at `address`, added or raised to `role` where needed."""
        known = self._parties.get(address.key)
        if known:  # whoever names somebody else says nothing about where he wants his mail
            reply_to = reply_to or known.reply_to
        if known and _RANK.index(known.role) >= _RANK.index(role) and reply_to == known.reply_to:
            return known
        number = known.number if known else 1 + max((p.number for p in self._all), default=0)
        best = known.role if known and _RANK.index(known.role) > _RANK.index(role) else role
        party = Party(number, address, best, reply_to)
        self._parties[address.key] = party
        self.changes.append(AddParty(self.ticket.number, party))
        return party

    @property
    def _all(self) -> list[Party]:
        return list(self._parties.values())

    def add_message(
        self, visibility: Visibility, direction: Direction = Direction.IN, reason: str = ""
    ) -> None:
        """Make the mail a message of the ticket, and the people it names known."""
        arrival = self.arrival
        mail = arrival.mail
        self._is_held = visibility is Visibility.HELD
        self.changes.append(
            AddMessage(
                ticket=self.ticket.number,
                author=author_of(arrival),
                mail=mail,
                direction=direction,
                visibility=visibility,
                trust=arrival.trust,
                automatic=self.automatic,
                at=arrival.now,
                reason=reason,
            )
        )
        if reason:
            self.reasons.append(reason)
        for person in (*mail.to, *mail.cc):
            if "@" in person.address and not is_ours(arrival, person.address):
                self.add_party(person, Role.KNOWN)

    def trigger(self, trigger: Trigger) -> None:
        """Move the ticket as the lifecycle says."""
        status = next_status(self.ticket.status, trigger)
        if status is not self.ticket.status:
            self.changes.append(SetStatus(self.ticket.number, status, trigger))

    def assign(self, agent: Agent) -> None:
        """Give the ticket to `agent`."""
        self.changes.append(SetAssignee(self.ticket.number, agent.handle))

    def link_suggested(self) -> None:
        """Note the other tickets that the mail names."""
        others = [*self.match.suggests, *([self.match.hint] if self.match.hint else [])]
        for other in dict.fromkeys(others):
            relation = "hint" if other == self.match.hint else "suggested"
            self.changes.append(LinkTickets(self.ticket.number, other, relation))

    def remember_sender(self) -> None:
        """Keep the sender as a contact, if a person wrote the mail."""
        sender = self.arrival.mail.sender
        if sender and "@" in sender.address and self.automatic.kind is AutomaticKind.NONE:
            proved = self.arrival.trust.level in (Level.V1, Level.V2)
            self.changes.append(RememberContact(sender, proved))

    def plan(self, disposition: Disposition) -> Plan:
        """Return the finished plan."""
        known = self.facts.ticket.number in self.arrival.facts.tickets
        return Plan(
            disposition=disposition,
            ticket=self.ticket.number,
            changes=tuple(self.changes),
            notices=tuple(self.notices),
            match=self.match,
            trust=self.arrival.trust,
            automatic=self.automatic,
            route=self.route,
            commands=self.commands,
            reasons=tuple(self.reasons),
            alerts=tuple(self.alerts),
            versions={self.ticket.number: self.ticket.version} if known else {},
        )


def author_of(arrival: Arrival) -> Address:
    """Return whom the mail says it is from; where it gives no address, the envelope does."""
    senders = arrival.mail.senders
    with_address = (sender for sender in senders if "@" in sender.address)
    name = senders[0].name if senders else ""
    return next(with_address, Address(name, arrival.reverse_path))


def is_ours(arrival: Arrival, address: str) -> bool:
    """Whether an address leads to this desk: a queue, an alias, a reply address, an own list."""
    rules = arrival.rules
    return rules.is_own(address) or rules.is_reply_address(address) or rules.is_never_added(address)
