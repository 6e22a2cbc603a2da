"""What a decision is made from: all that is read from the store for one mail.

To let decisions know more, add a field here and read it in `store.tickets.gather`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildesk.mail.message import Address
from maildesk.model.ticket import Contact, Party, Status, Ticket


class Level(StrEnum):
    """How far a From is believed; `policy.trust` gives the levels."""

    V0 = "V0"  # unproven
    V1 = "V1"  # aligned
    V2 = "V2"  # trusted
    VX = "VX"  # forged


@dataclass(frozen=True, slots=True)
class Trust:
    """The level of one mail's From, and what speaks for it. `covers_mail` is False where V2 rests
    on a signature alone that leaves open to whom the mail went or how it is to be read: it says
    who wrote, but an agent's words and commands need more."""

    level: Level = Level.V0
    evidence: tuple[str, ...] = ()
    covers_mail: bool = True


@dataclass(frozen=True, slots=True)
class ThreadId:
    """A Message-ID that belongs to a ticket. `holders` are the address keys that sent or got that
    mail; empty where the id was only named in References. `is_ours`: we sent it."""

    message_id: str
    holders: frozenset[str] = frozenset()
    is_ours: bool = False
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a public message, without quote and signature."""

    author: Address
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """One ticket that the mail may belong to. `thread` is oldest first, capped (first one kept).
    `written_to`: address keys that we sent mail of this ticket to. `last_said`: the newest public
    message that somebody outside the desk wrote. For an agent's mail only: `sent` are the texts of
    our letters to him that it may quote, `internal` what is for agents alone."""

    ticket: Ticket
    parties: tuple[Party, ...] = ()
    thread: tuple[ThreadId, ...] = ()
    written_to: frozenset[str] = frozenset()
    last_said: Said | None = None
    sent: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket in a list."""

    number: int
    subject: str
    status: Status
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """An automatic answer to a non-agent of the last 24 hours, as the governor counts them."""

    address: str  # key
    ticket: int | None
    notice: str
    at: datetime
    is_unverified: bool = False  # an acknowledgement to V0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An earlier receipt with the same content key."""

    receipt: int
    ticket: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `decide` is told of the store's state.

    `tickets` are those that a token, a Message-ID, a marker or a tag of the mail points to, and
    the targets that merged ones lead to. `owners` says for each id in the mail's In-Reply-To,
    References and Message-ID which tickets hold it (as sent, received or named), oldest first.
    `answers` are those to this sender or to his Reply-To, and those on the tickets above;
    `unverified_in_hour` counts acknowledgements to V0 senders in the last hour, desk-wide."""

    next_number: int = 1
    receipt: int = 0
    tickets: Mapping[int, TicketFacts] = field(default_factory=dict)
    owners: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    contact: Contact | None = None
    duplicate: Duplicate | None = None
    same_message_id: tuple[int, ...] = ()  # receipts with this Message-ID but other content
    earlier_tickets: tuple[TicketLine, ...] = ()  # the sender's, newest first, at most 5
    answers: tuple[SentAnswer, ...] = ()
    unverified_in_hour: int = 0
    same_subject: int | None = None  # a ticket that the mail's subject speaks for
