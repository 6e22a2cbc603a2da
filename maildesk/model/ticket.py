"""The ticket and what belongs to it. Rows of `store.tables` become these values and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildesk.mail.message import Address


class Status(StrEnum):
    """Where a ticket stands; `policy.lifecycle` says how it moves."""

    NEW = "new"
    OPEN = "open"
    WAITING_USER = "waiting_user"
    ON_HOLD = "on_hold"
    SCHEDULED = "scheduled"
    SOLVED = "solved"
    CLOSED = "closed"
    MERGED = "merged"
    SPAM = "spam"


class Priority(StrEnum):
    """Impact and urgency in one word; P1 is the most urgent."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class TicketType(StrEnum):
    """ITIL's kinds of call."""

    INCIDENT = "incident"
    REQUEST = "request"
    QUESTION = "question"
    COMPLAINT = "complaint"
    PROBLEM = "problem"
    CHANGE = "change"


class Visibility(StrEnum):
    """Who may read a message: everybody on the ticket; agents; agents until it is admitted."""

    PUBLIC = "public"
    INTERNAL = "internal"
    HELD = "held"


class Direction(StrEnum):
    """Towards the desk, or from the desk to the requester."""

    IN = "in"
    OUT = "out"


class Role(StrEnum):
    """What a party is to a ticket. `known` people stand in To or Cc of its messages only."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"
    AGENT = "agent"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call to the desk. `version` grows with every change; `assignee` is an agent's handle.
    `subject` is the requester's own, for life; `title` is what agents call the ticket, "" if the
    subject says it. `wake_at`: when a ticket that is scheduled, or waits, comes back. `sla`: the
    policy that a routing rule has chosen, "" for none; `policy` the one that is in force, by name.
    `due_at`: when its next clock ends, as the last beat saw it. `watchers` are agents (handles) who
    are told what the owner is told. Mails of one `group_key` are gathered in one ticket."""

    number: int
    subject: str
    requester: Address
    queue: str
    team: str
    created_at: datetime
    updated_at: datetime
    status: Status = Status.NEW
    priority: Priority = Priority.P3
    type: TicketType = TicketType.INCIDENT
    assignee: str | None = None
    language: str = "en"
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    merged_into: int | None = None
    version: int = 0
    title: str = ""
    wake_at: datetime | None = None
    sla: str = ""
    watchers: tuple[str, ...] = ()
    group_key: str = ""
    policy: str = ""
    solved_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody a ticket knows. `number` names the party in tokens; it is unique in the ticket.
    An agent's `address` is the one that notifications go to. `reply_to` is where somebody else
    wants our mails; it never says who he is."""

    number: int
    address: Address
    role: Role
    reply_to: Address | None = None

    @property
    def mailbox(self) -> Address:
        """Where mails to the party go."""
        return self.reply_to or self.address


@dataclass(frozen=True, slots=True)
class Contact:
    """What the desk remembers of an address. `was_aligned`: it once wrote with level V1 or more.
    `bounced_status` is the enhanced status code of the last bounce from it, "" if none.
    `wants_no_mail`: it asked for no more automatic mail. `same_as`: the key of the address of the
    same person that agents have named, "" if none."""

    address: Address
    was_aligned: bool = False
    language: str | None = None
    bounced_status: str = ""
    wants_no_mail: bool = False
    same_as: str = ""
