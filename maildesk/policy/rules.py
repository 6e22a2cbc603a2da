"""Rules: the reloadable configuration that decisions need, and nothing else of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from maildesk.mail.identifiers import ReplyAddresses, read_address
from maildesk.mail.message import address_key
from maildesk.model.ticket import Priority
from maildesk.policy.calendars.calendar import ALWAYS, Calendar, LocalCalendar
from maildesk.policy.calendars.hours import Frame, Week
from maildesk.policy.routing.rule import Rule
from maildesk.policy.routing.sieve import Sieve, sieve_for
from maildesk.policy.routing.urgency import MATRIX
from maildesk.policy.sla.promises import Edition, FollowUp, Policy, Promise

_OFFICE: Week = (*((Frame(8 * 60, 16 * 60),),) * 5, (), ())


@dataclass(frozen=True)
class Agent:
    """Somebody who works on tickets; the first address is the one that is written to. `receipts`:
    he wants a line for every command that ran, not only where something was held. `calendar`: his
    working hours, None for those of the desk. `pager`: where a page goes, besides his mailbox."""

    handle: str
    name: str
    addresses: tuple[str, ...]
    teams: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    timezone: str | None = None
    receipts: bool = False
    calendar: str | None = None
    pager: str | None = None


@dataclass(frozen=True)
class Team:
    """Agents who answer for tickets together. `notify`: everyone | round_robin | digest."""

    handle: str
    lead: str | None = None
    manager: str | None = None
    tier: int = 1
    next: str | None = None
    notify: str = "everyone"


@dataclass(frozen=True)
class Organisation:
    """A customer: whoever writes from one of its domains or addresses."""

    handle: str
    name: str
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    language: str | None = None
    sla: str | None = None
    watchers: tuple[str, ...] = ()  # addresses that take part in all tickets of its people


@dataclass(frozen=True)
class Queue:
    """An address (or several) that people write to, and the team that answers there."""

    handle: str
    addresses: tuple[str, ...]
    team: str
    name: str
    language: str = "en"
    is_default: bool = False
    timezone: str | None = None


@dataclass(frozen=True)
class Acknowledge:
    """What senders without proof are told: `generic`, `full` or `none`; at most `per_hour` of them
    in all, 0 is no cap."""

    unverified: str = "generic"
    per_hour: int = 100


@dataclass(frozen=True)
class Authentication:
    """Whose word on a sender is believed. `hops`: the Received fields that our own servers add;
    `profile`: m365 | postfix; `dkim`: whether signatures are checked here, which asks the DNS."""

    authserv_ids: tuple[str, ...] = ()
    hops: int = 1
    profile: str | None = None
    dkim: bool = True


@dataclass(frozen=True)
class Rules:
    """All of it; one value, replaced whole on reload. `version` is a hash of the sources."""

    domain: str
    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]
    teams: tuple[Team, ...]
    reply: ReplyAddresses
    organisations: tuple[Organisation, ...] = ()
    acknowledge: Acknowledge = Acknowledge()
    authentication: Authentication = Authentication()
    admins: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()  # further addresses that are ours
    own_lists: tuple[str, ...] = ()  # groups that are our own address
    never_add: tuple[str, ...] = ()
    timezone: str = "UTC"
    version: str = ""
    aliases_of_verbs: Mapping[str, str] = field(default_factory=dict)  # folded word -> verb
    answers: Mapping[str, str] = field(default_factory=dict)  # canned answers, by name
    routing: tuple[Rule, ...] = ()  # in the order of the file
    matrix: Mapping[tuple[str, str], Priority] = field(default_factory=lambda: MATRIX)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)  # by name
    promises: tuple[Promise, ...] = ()  # in the order of the file
    follow_up: FollowUp = FollowUp()
    editions: tuple[Edition, ...] = ()  # of sla.yaml, oldest first; the last one is in force
    pagers: Mapping[str, str] = field(default_factory=dict, repr=False)  # address -> apprise URL
    silent_pagers: tuple[str, ...] = ()  # addresses that want apprise, which is not installed

    @cached_property
    def _agents_by_address(self) -> dict[str, Agent]:
        return {address_key(address): agent for agent in self.agents for address in agent.addresses}

    @cached_property
    def _queues_by_address(self) -> dict[str, Queue]:
        return {address_key(address): queue for queue in self.queues for address in queue.addresses}

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self._queues_by_address) | {address_key(a) for a in self.aliases}

    @cached_property
    def default_queue(self) -> Queue:
        """Where mail goes that no rule and no address sends elsewhere."""
        return next((queue for queue in self.queues if queue.is_default), self.queues[0])

    @cached_property
    def office(self) -> Calendar:
        """The calendar of whoever has none: the first of sla.yaml, else weekdays from 8 to 16."""
        written = (one for one in self.calendars.values() if one is not ALWAYS)
        return next(written, LocalCalendar(self.timezone, _OFFICE))

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """What is promised now, by name."""
        return {promise.policy.name: promise.policy for promise in self.promises}

    @cached_property
    def _sieves(self) -> dict[str, tuple[Sieve | None, Sieve | None]]:
        sought: dict[str, tuple[list[Any], list[Any]]] = {}
        for rule in self.routing:
            for field_name, kind, one in rule.when.sought:
                sought.setdefault(field_name, ([], []))[kind].append(one)
        return {name: (sieve_for(two[0]), sieve_for(two[1])) for name, two in sought.items()}

    @cached_property
    def may_accept(self) -> bool:
        """Whether any routing rule says that a mail is a person's after all."""
        names = ("accept", "requester")
        return any(rule.value(name) is not None for rule in self.routing for name in names)

    @property
    def acknowledgements(self) -> frozenset[str]:
        """The templates that routing rules write the acknowledgement by."""
        return frozenset(name for rule in self.routing if (name := rule.value("template")))

    def sieves(self, field_name: str) -> tuple[Sieve | None, Sieve | None]:
        """The sieves for what the routing rules seek in a field: expressions, and words."""
        return self._sieves.get(field_name, (None, None))

    def agent_at(self, address: str) -> Agent | None:
        """The agent with this address; a quoted local part never matches."""
        if address.startswith('"'):
            return None
        return self._agents_by_address.get(address_key(address))

    def agent(self, handle: str) -> Agent | None:
        """The agent of this handle."""
        return next((agent for agent in self.agents if agent.handle == handle), None)

    def queue_at(self, address: str) -> Queue | None:
        """The queue with this address."""
        return self._queues_by_address.get(address_key(address))

    def queue(self, handle: str) -> Queue:
        """The queue of this handle; the default queue if it is gone from the configuration."""
        return next((queue for queue in self.queues if queue.handle == handle), self.default_queue)

    def is_own(self, address: str) -> bool:
        """Whether mail to this address comes to us (a queue's address or an alias; no tokens)."""
        return address_key(address) in self._own

    def is_reply_address(self, address: str) -> bool:
        """Whether an address is shaped like one of our reply addresses; proves nothing."""
        return read_address(self.reply, address) is not None

    def is_never_added(self, address: str) -> bool:
        """Whether an address never becomes a party: our own lists and `never_add`."""
        return address_key(address) in map(address_key, (*self.own_lists, *self.never_add))

    def accepts(self, address: str) -> bool:
        """Whether a listener takes mail for this address: ours, token-shaped, or postmaster."""
        if self.is_own(address) or self.is_reply_address(address):
            return True
        return address_key(address) in ("postmaster", f"postmaster@{self.domain.lower()}")

    @cached_property
    def own_domains(self) -> frozenset[str]:
        """The desk's domain and those of the queues' addresses."""
        addresses = (address_key(address) for queue in self.queues for address in queue.addresses)
        return frozenset([self.domain.lower(), *(a.rpartition("@")[2] for a in addresses)])

    def members(self, team: str) -> tuple[Agent, ...]:
        """The agents of a team, in the order of the configuration."""
        return tuple(agent for agent in self.agents if team in agent.teams)

    def organisation_of(self, address: str) -> Organisation | None:
        """The organisation that an address belongs to."""
        key = address_key(address)
        domain = key.rpartition("@")[2]
        return next(
            (
                org
                for org in self.organisations
                if key in map(address_key, org.addresses)
                or any(domain == d.lower() or domain.endswith("." + d.lower()) for d in org.domains)
            ),
            None,
        )
