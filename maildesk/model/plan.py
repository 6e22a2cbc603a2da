"""What a decision is made from (`Facts`) and what it says (`Plan`: changes, notices, reasons).

To add an effect, add a `Change` here, decide on it in `policy`, and carry it out in `store.apply`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildesk.mail.message import Address, Automatic, InboundMail
from maildesk.model.ticket import (
    Contact,
    Direction,
    Party,
    Priority,
    Status,
    Ticket,
    TicketType,
    Visibility,
)


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


class Disposition(StrEnum):
    """What became of a mail."""

    NEW_TICKET = "new-ticket"
    REPLY = "reply"
    NOTE = "note"
    HELD = "held"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    FAILED = "failed"


# --- facts: all that is read from the store for one mail --------------------------------------


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


# --- changes: the only ways a ticket is altered ------------------------------------------------


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


# --- notices: the mails that go out ------------------------------------------------------------


class Audience(StrEnum):
    """Who reads a notice; only agents and admins ever see internal text."""

    REQUESTER = "requester"
    AGENT = "agent"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail to one recipient, before it is rendered: `kind` names the template, `facts` is what
    the template sees. `cause` with ticket, kind and recipient is unique in the outbox. `files` are
    part paths of the mail that caused it. `reverse_path` "" is the null sender."""

    kind: str
    audience: Audience
    ticket: int | None
    cause: str
    to: Address
    sender: Address
    subject: str
    message_id: str
    facts: Mapping[str, object]
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    auto_submitted: str = ""
    language: str = "en"
    timezone: str = "UTC"
    reverse_path: str = ""
    files: tuple[str, ...] = ()
    is_answer: bool = False  # counted by the governor
    is_unverified: bool = False


# --- the plan ----------------------------------------------------------------------------------


class Signal(StrEnum):
    """What showed that a mail belongs to a ticket, strongest first."""

    TOKEN = "token"  # noqa: S105 - a word of the contract, not a secret
    MESSAGE_ID = "message-id"
    ANCESTOR = "ancestor"
    BODY_TOKEN = "body-token"  # noqa: S105 - no password
    SUBJECT = "subject"
    NONE = "none"


class Standing(StrEnum):
    """What the sender is to the ticket that the mail joins."""

    PARTICIPANT = "participant"
    AGENT = "agent"
    KNOWN = "known"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Match:
    """Which ticket a mail joins (None: a new one) and why. `hint` is one it may belong to,
    `suggests` are others that it links. `token_purpose` is that of the token that decided."""

    ticket: int | None = None
    signal: Signal = Signal.NONE
    evidence: str = ""
    standing: Standing = Standing.STRANGER
    token_purpose: str = ""
    hint: int | None = None
    suggests: tuple[int, ...] = ()
    follows: int | None = None  # the closed ticket that the new one continues


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One routing rule's verdict; `misses` are the conditions that did not hold."""

    name: str
    is_matched: bool
    misses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where a new ticket goes, and the rules that were asked."""

    queue: str
    team: str
    priority: Priority = Priority.P3
    type: TicketType = TicketType.INCIDENT
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[RuleTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandTrace:
    """A command line and what became of it: `run`, `held` or `inert`."""

    verb: str
    args: tuple[str, ...]
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something an admin must know; alerts of one `key` are sent at most once an hour."""

    key: str
    problem: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole decision on one mail. `ticket` is the one it joined or opened; `versions` are the
    ticket versions it rests on: where one has moved on, the decision is made again."""

    disposition: Disposition
    ticket: int | None = None
    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    match: Match = Match()
    trust: Trust = Trust()
    automatic: Automatic = Automatic()
    route: Route | None = None
    commands: tuple[CommandTrace, ...] = ()
    reasons: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    versions: Mapping[int, int] = field(default_factory=dict)
