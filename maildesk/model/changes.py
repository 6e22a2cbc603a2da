"""The only ways in which a ticket is altered, as values.

To add an effect, add a `Change` here, decide on it in `policy`, and carry it out in `store.apply`.
"""

from dataclasses import dataclass
from datetime import datetime

from maildesk.mail.message import Address, Automatic, InboundMail
from maildesk.model.facts import Trust
from maildesk.model.ticket import Direction, Party, Status, Ticket, Visibility


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A new ticket with this number; its requester becomes party 1."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class AddMessage:
    """The mail becomes a message of the ticket, its ids and files with it."""

    ticket: int
    author: Address
    mail: InboundMail
    direction: Direction
    visibility: Visibility
    trust: Trust
    automatic: Automatic
    at: datetime
    reason: str = ""  # why it is held, or attached


@dataclass(frozen=True, slots=True)
class AddParty:
    """Somebody the ticket knows from now on; a known party is raised to a higher role."""

    ticket: int
    party: Party


@dataclass(frozen=True, slots=True)
class SetStatus:
    """The ticket's status moves; `trigger` is `policy.lifecycle`'s word for why."""

    ticket: int
    status: Status
    trigger: str


@dataclass(frozen=True, slots=True)
class SetAssignee:
    """The ticket has this owner (an agent's handle), or none."""

    ticket: int
    assignee: str | None


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


Change = (
    OpenTicket
    | AddMessage
    | AddParty
    | SetStatus
    | SetAssignee
    | LinkTickets
    | MarkBounced
    | NoteDelivery
    | RememberContact
)
