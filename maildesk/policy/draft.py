"""A plan in the making: what one mail changes on one ticket, and who hears of it.

The branches of `decide` fill a `Draft`; `notices` writes letters into it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from maildesk.mail.message import Address, Automatic, AutomaticKind
from maildesk.model.changes import (
    AddMessage,
    AddParty,
    Change,
    Detail,
    LinkTickets,
    LowerParty,
    MergeTicket,
    OpenTicket,
    ReleaseMessage,
    RememberContact,
    SetAssignee,
    SetDetail,
    SetRequester,
    SetStatus,
)
from maildesk.model.facts import Level, LogLine, ThreadId, TicketFacts
from maildesk.model.plan import Alert, CommandTrace, Disposition, Match, Notice, Plan, Route
from maildesk.model.ticket import Direction, Party, Role, Ticket, Visibility
from maildesk.policy.lifecycle import Trigger, next_status
from maildesk.policy.preview import after
from maildesk.policy.rules import Agent, Queue
from maildesk.policy.sla.promised import choose_policy
from maildesk.policy.sla.ticket_log import to_be_written
from maildesk.policy.threads import Arrival

Value = TypeVar("Value")

_RANK = [Role.KNOWN, Role.AGENT, Role.PARTICIPANT, Role.REQUESTER]


@dataclass
class Draft:
    """Changes and notices for the ticket in `facts`, which the mail may be about to open."""

    arrival: Arrival
    automatic: Automatic
    match: Match
    facts: TicketFacts
    route: Route | None = None
    is_opening: bool = False
    released: int | None = None  # the receipt of the held mail that takes the mail's place
    commands: tuple[CommandTrace, ...] = ()
    changes: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._parties = {party.address.key: party for party in self.facts.parties}
        self.ticket: Ticket = self.facts.ticket
        self.forwarded = self.arrival.mail.forwarded
        self._is_held = False
        self._is_beside = False
        self._beside: list[Draft] = []
        self._known: dict[object, tuple[object, Any]] = {}

    @classmethod
    def without_ticket(cls, arrival: Arrival, automatic: Automatic, match: Match) -> "Draft":
        """A draft for letters that belong to no ticket: its ticket is numbered 0."""
        queue, now = arrival.rules.default_queue, arrival.now
        nothing = Ticket(0, arrival.mail.subject, author_of(arrival), queue.handle, "", now, now)
        return cls(arrival, automatic, match, TicketFacts(nothing))

    def beside(self, number: int) -> "Draft":
        """The draft for another ticket that the mail concerns; what it says is said in this one."""
        facts = self.arrival.facts.tickets[number]
        other = Draft(self.arrival, self.automatic, Match(number), facts)
        other.changes, other.notices = self.changes, self.notices
        other.reasons, other.alerts = self.reasons, self.alerts
        other._is_beside = True
        self._beside.append(other)
        return other

    @property
    def queue(self) -> Queue:
        """The queue that the ticket stands in."""
        return self.arrival.rules.queue(self.ticket.queue)

    @property
    def thread(self) -> tuple[ThreadId, ...]:
        """The ticket's ids, oldest first, the present mail's last; of a held one nothing is
        believed, so nobody is taken to have it."""
        mail = self.arrival.mail
        if mail.message_id is None or self._is_held or self._is_beside:
            return self.facts.thread
        people = (*mail.senders, *mail.to, *mail.cc)
        present = ThreadId(mail.message_id, frozenset(person.key for person in people))
        return (*self.facts.thread, present)

    @property
    def log(self) -> tuple[LogLine, ...]:
        """The ticket's log, as far as it is known, with what the draft will write into it."""
        new = to_be_written(self.changes, self.facts.ticket, self.arrival.now)
        return (*self.facts.log, *new)

    def once(self, work: "Callable[[Draft], Value]") -> Value:
        """Return what `work` makes of the ticket and its log as they stand: every letter asks, and
        between two of them seldom anything changes."""
        state = (self.arrival.now, self.ticket, self.log)
        known = self._known.get(work)
        if known is None or known[0] != state:
            known = self._known[work] = (state, work(self))
        value: Value = known[1]
        return value

    def parties(self, *roles: Role) -> list[Party]:
        """The ticket's parties of these roles, those that the draft adds too."""
        return [party for party in self._parties.values() if party.role in roles]

    def change(self, change: Change) -> None:
        """Add a change, and see the ticket as it is after it."""
        self.changes.append(change)
        self.ticket = after(self.ticket, change)

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
        self,
        visibility: Visibility,
        direction: Direction = Direction.IN,
        reason: str = "",
        *,
        is_courtesy: bool = False,
    ) -> None:
        """Make the mail a message of the ticket, and the people it names known."""
        self._is_held = visibility is Visibility.HELD
        self.changes.append(self._message(visibility, direction, reason, is_courtesy=is_courtesy))
        if reason:
            self.reasons.append(reason)
        mail = self.arrival.mail
        for person in (*mail.to, *mail.cc):
            if "@" in person.address and not is_ours(self.arrival, person.address):
                self.add_party(person, Role.KNOWN)

    def _message(
        self, visibility: Visibility, direction: Direction, reason: str, *, is_courtesy: bool
    ) -> Change:
        arrival, number = self.arrival, self.ticket.number
        if self.released is not None:
            return ReleaseMessage(
                number, self.released, visibility, direction, arrival.mail, arrival.now
            )
        return AddMessage(
            ticket=number,
            author=author_of(arrival),
            mail=arrival.mail,
            direction=direction,
            visibility=visibility,
            trust=arrival.trust,
            automatic=self.automatic,
            at=arrival.now,
            reason=reason,
            is_courtesy=is_courtesy,
        )

    def lower_party(self, address: Address) -> bool:
        """Have a participant take part no longer; return whether he was one."""
        known = self._parties.get(address.key)
        if known is None or known.role is not Role.PARTICIPANT:
            return False
        self._parties[address.key] = replace(known, role=Role.KNOWN)
        self.changes.append(LowerParty(self.ticket.number, address))
        return True

    def set_requester(self, person: Address) -> None:
        """Make somebody the requester; whoever was is a party like others from now on."""
        for key, party in self._parties.items():
            if party.role is Role.REQUESTER:
                self._parties[key] = replace(party, role=Role.KNOWN)
        self.change(SetRequester(self.ticket.number, person))
        self.add_party(person, Role.REQUESTER)

    def trigger(self, trigger: Trigger) -> None:
        """Move the ticket as the lifecycle says."""
        status = next_status(self.ticket.status, trigger)
        if status is not self.ticket.status:
            self.change(SetStatus(self.ticket.number, status, trigger))

    def assign(self, agent: Agent | None, cause: str = "") -> None:
        """Give the ticket to `agent`, or to nobody."""
        self.change(SetAssignee(self.ticket.number, agent.handle if agent else None, cause))

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

    def note_logged(self, agent: Agent) -> None:
        """Note that an agent has logged the new ticket for somebody: nobody waits for a first
        answer."""
        for place, change in enumerate(self.changes):
            if isinstance(change, OpenTicket):
                self.changes[place] = replace(change, agent=agent.handle)

    def settle_promise(self) -> None:
        """Note which promise is in force for the ticket as it is now, if that is another one."""
        choice = choose_policy(self.ticket, self.arrival.rules, self.arrival.now)
        if choice.policy != self.ticket.policy:
            number = self.ticket.number
            self.change(SetDetail(number, Detail.POLICY, choice.policy, choice.why))

    def plan(self, disposition: Disposition) -> Plan:
        """Return the finished plan."""
        for draft in (self, *self._beside):
            if draft.ticket.number:
                draft.settle_promise()
        known = self.arrival.facts.tickets
        tickets = (draft.facts.ticket for draft in (self, *self._beside))
        return Plan(
            disposition=disposition,
            ticket=self.ticket.number or None,
            # A merge takes along what is held: what the same mail lets go is let go before.
            changes=tuple(sorted(self.changes, key=lambda each: isinstance(each, MergeTicket))),
            notices=tuple(self.notices),
            match=self.match,
            trust=self.arrival.trust,
            automatic=self.automatic,
            route=self.route,
            commands=self.commands,
            reasons=tuple(self.reasons),
            alerts=tuple(self.alerts),
            versions={t.number: t.version for t in tickets if t.number in known},
        )


Begin = Callable[[], Draft]  # makes a new draft, as it stands before the mail is looked at


def author_of(arrival: Arrival) -> Address:
    """Return whom the mail says it is from; where it gives no address, the envelope does."""
    senders = arrival.mail.senders
    with_address = (sender for sender in senders if "@" in sender.address)
    name = senders[0].name if senders else ""
    return next(with_address, Address(name, arrival.reverse_path))


def is_ours(arrival: Arrival, address: str) -> bool:
    """Whether an address leads to this desk: a queue, an alias, one of these with a tag behind the
    local part (`support+web@…`), a reply address, an own list."""
    rules = arrival.rules
    local, _, domain = address.rpartition("@")
    untagged = f"{local.partition(rules.reply.separator)[0]}@{domain}"
    is_queue = rules.is_own(address) or rules.is_own(untagged)
    return is_queue or rules.is_reply_address(address) or rules.is_never_added(address)
