"""The only ways in which a ticket is altered, as values.

To add an effect, add a `Change` here, decide on it in `policy`, and carry it out in `store.apply`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maildesk.mail.message import Address, Automatic, InboundMail
from maildesk.model.facts import Hold, Trust
from maildesk.model.ticket import Direction, Party, Status, Ticket, Visibility


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A new ticket with this number; its requester becomes party 1. `agent`: the handle of the
    agent who logged it, "" where its requester wrote."""

    ticket: Ticket
    agent: str = ""


@dataclass(frozen=True, slots=True)
class AddMessage:
    """The mail becomes a message of the ticket, its ids and files with it. `is_courtesy`: it says
    thanks, or that it works, and starts no clock."""

    ticket: int
    author: Address
    mail: InboundMail
    direction: Direction
    visibility: Visibility
    trust: Trust
    automatic: Automatic
    at: datetime
    reason: str = ""  # why it is held, or attached
    is_courtesy: bool = False


@dataclass(frozen=True, slots=True)
class AddParty:
    """Somebody the ticket knows from now on; a known party is raised to a higher role."""

    ticket: int
    party: Party


@dataclass(frozen=True, slots=True)
class ReleaseMessage:
    """A message of the ticket that was held, or internal, is one of this visibility from now on.
    `mail`: as it is to be read now (an agent's, cut as it goes out); None: as it is stored.
    `at`: when it counts as said; None: when it came in."""

    ticket: int
    receipt: int
    visibility: Visibility
    direction: Direction
    mail: InboundMail | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LowerParty:
    """A participant takes no part any more: known, and written to no longer."""

    ticket: int
    address: Address


@dataclass(frozen=True, slots=True)
class SetRequester:
    """Somebody else is the ticket's requester; the former one is a party like others."""

    ticket: int
    requester: Address


@dataclass(frozen=True, slots=True)
class SetStatus:
    """The ticket's status moves; `trigger` is `policy.lifecycle`'s word for why. `wake_at` is when
    it comes back, and None for every status that does not wait for a day."""

    ticket: int
    status: Status
    trigger: str
    wake_at: datetime | None = None


class Detail(StrEnum):
    """What can be set on a ticket in one word; named as the columns are."""

    PRIORITY = "priority"
    TYPE = "type"
    QUEUE = "queue"
    TEAM = "team"
    SLA = "sla"
    POLICY = "policy"
    TITLE = "title"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class SetDetail:
    """A detail of the ticket has this value; `cause` is the reason given, if any."""

    ticket: int
    detail: Detail
    value: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class SetTags:
    """The ticket has these tags, and no others."""

    ticket: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetFields:
    """The ticket's fields have these values, and there are no others."""

    ticket: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SetWatchers:
    """These agents (handles) watch the ticket, and no others."""

    ticket: int
    watchers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergeTicket:
    """The ticket is part of another one from now on: its mail goes there."""

    ticket: int
    into: int


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """Something that alters no column and belongs in the history: `time` (minutes), `ack`,
    `breach` (the reason), `rule` (the name of one with `every`), `told` (the notice by which the
    requester was told how it goes), `step` (clock and step of the ladder)."""

    ticket: int
    kind: str
    new: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class SetAssignee:
    """The ticket has this owner (an agent's handle), or none; `cause` is the reason given, if
    any."""

    ticket: int
    assignee: str | None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class LinkTickets:
    """Two tickets are related: `follows` (a new one after a closed one) or `suggested` (a mail
    named both)."""

    ticket: int
    other: int
    relation: str


@dataclass(frozen=True, slots=True)
class MarkBounced:
    """Mail to this address came back with this enhanced status code."""

    ticket: int | None
    address: str
    status: str


@dataclass(frozen=True, slots=True)
class NoteDelivery:
    """A mail of ours to this address has `failed` for good, or is `delayed`; `text` is why."""

    ticket: int
    address: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class RememberContact:
    """The desk has seen this address; True is never forgotten, a known language stays."""

    address: Address
    is_aligned: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class StopMail:
    """An address wants no more automatic mail, or wants it again."""

    address: Address
    is_stopped: bool = True


@dataclass(frozen=True, slots=True)
class JoinContacts:
    """Two addresses are one person's: `address` is a further one of the person at `main`."""

    address: Address
    main: Address


@dataclass(frozen=True, slots=True)
class GroupMail:
    """A further mail of the ticket's group key has joined it."""

    ticket: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SetAbsence:
    """An agent is away until then; None: back."""

    agent: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """An agent (his handle) is told of this with others in one mail, for he gets too many."""

    agent: str
    ticket: int
    kind: str  # of the notice that is not written
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenHold:
    """An agent's mail is held, and he is asked."""

    hold: Hold


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The agent of a hold is asked once more."""

    receipt: int


@dataclass(frozen=True, slots=True)
class CloseHold:
    """A hold is over; `outcome`: run, send, drop."""

    ticket: int
    receipt: int
    outcome: str


Change = (
    OpenTicket
    | AddMessage
    | ReleaseMessage
    | AddParty
    | LowerParty
    | SetRequester
    | SetStatus
    | SetAssignee
    | SetDetail
    | SetTags
    | SetFields
    | SetWatchers
    | MergeTicket
    | GroupMail
    | LinkTickets
    | NoteEvent
    | MarkBounced
    | NoteDelivery
    | RememberContact
    | StopMail
    | JoinContacts
    | SetAbsence
    | Bundle
    | OpenHold
    | AskAgain
    | CloseHold
)
