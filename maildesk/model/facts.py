"""What a decision is made from: all that is read from the store for one mail.

To let decisions know more, add a field here and read it in `store.tickets.gather`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildesk.mail.envelope import Envelope
from maildesk.mail.message import Address, Attachment, InboundMail
from maildesk.model.ticket import Contact, Party, Priority, Status, Ticket


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
class SentLetter:
    """A letter of ours that the mail answers. `cause` is the receipt that it was about, if any."""

    kind: str
    at: datetime
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that is held for agents, with its receipt."""

    receipt: int
    author: Address
    at: datetime
    level: Level


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a ticket: where its bytes are, and what it is called."""

    receipt: int
    file: Attachment


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a ticket's event log, as clocks read it (`store.apply` lists the kinds). Of a
    message that was held: `said_at` is when our server received it."""

    at: datetime
    kind: str
    new: str = ""
    old: str = ""
    cause: str = ""
    receipt: int | None = None
    said_at: datetime | None = None


Key = tuple[str, int, int, str]  # clock, cycle, arming, step: what fires once on a ticket


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """One ticket that the mail may belong to. `thread` is oldest first, capped (first one kept).
    `written_to`: address keys that we sent mail of this ticket to. `want_no_mail`: those of parties
    that asked for no more automatic mail, `proved` those that once wrote with level V1 or more.
    `sources` are the tickets that were merged into it, and
    those that were merged into them: what was said there was said here. `last_said`: the newest
    public message that somebody outside the desk wrote. For an agent's mail only: `sent` are the
    texts of our letters to him that it may quote, `internal` what is for agents alone, `answered`
    is the letter that the mail answers, `last_reply` the newest public message of the desk, `held`
    are the messages of others that wait to be admitted, oldest first; `files` (newest first) and
    `history` (why it is as it is, a line each) only where the mail asks for them. Where promises
    are made: `log`, what its clocks hear, and `fired`, what has fired on it,
    and when."""

    ticket: Ticket
    parties: tuple[Party, ...] = ()
    thread: tuple[ThreadId, ...] = ()
    written_to: frozenset[str] = frozenset()
    want_no_mail: frozenset[str] = frozenset()
    proved: frozenset[str] = frozenset()
    sources: tuple[int, ...] = ()
    last_said: Said | None = None
    sent: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()
    answered: SentLetter | None = None
    last_reply: Said | None = None
    held: tuple[HeldMessage, ...] = ()
    files: tuple[StoredFile, ...] = ()
    history: tuple[str, ...] = ()
    log: tuple[LogLine, ...] = ()
    fired: Mapping[Key, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket in a list."""

    number: int
    subject: str
    status: Status
    created_at: datetime
    priority: Priority = Priority.P3
    requester: Address = Address("", "")
    team: str = ""
    assignee: str | None = None
    updated_at: datetime | None = None
    due_at: datetime | None = None


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
class GroupedTicket:
    """An open ticket that mails of one key are gathered in; `last_at` is when the last one came."""

    number: int
    last_at: datetime
    count: int = 1


@dataclass(frozen=True, slots=True)
class WatchedTicket:
    """A live ticket as rules with `every` look at it: when the last message came that is for
    everybody, and which of those rules (names) have fired on it since it began to fit them."""

    ticket: Ticket
    said_at: datetime | None = None
    fired: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be looked up because a mail asks for it: `tickets` by number, tickets that hold all
    words of one of `words`, the contacts at `addresses` (keys), the open tickets of an `agent` and
    his teams, the sender's own (`is_own`), the files and the history of the ticket that the mail
    belongs to, and the logs of its clocks. For routing rules: the open tickets of these
    `group_keys`, the `requesters` that a form may name (address keys), how many tickets the sender
    has open, and of `turns` (team, agent) who had the last ticket and who has how many."""

    tickets: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    agent: str = ""
    teams: tuple[str, ...] = ()
    is_own: bool = False
    has_files: bool = False
    has_history: bool = False
    has_clocks: bool = False
    group_keys: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()
    has_open_tickets: bool = False
    turns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """An agent's mail that waits for his `run`, `send` or `drop`. `receipt` names it; `asked_at` is
    when the last question went out, `times_asked` how often. `is_first`: it opened the ticket.
    `is_note`: it is a note already, and only waits for a `send`; nobody is reminded of it.
    `question` is what he was asked, as its template sees it."""

    receipt: int
    ticket: int
    agent: str
    reason: str
    opened_at: datetime
    asked_at: datetime
    times_asked: int = 1
    is_first: bool = False
    is_note: bool = False
    question: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bundled:
    """A notice that waits to be told with others: what it was to tell, of which ticket as it is
    now, in which queue. `party` is the agent's number there, 0 where he is none."""

    id: int
    kind: str
    at: datetime
    ticket: TicketLine
    queue: str
    party: int


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A hold and the mail that it keeps back, as it came in."""

    hold: Hold
    mail: InboundMail
    envelope: Envelope
    trust: Trust


@dataclass(frozen=True, slots=True)
class Facts:
    """All that `decide` is told of the store's state.

    `tickets` are those that a token, a Message-ID, a marker or a tag of the mail points to, and
    the targets that merged ones lead to. `owners` says for each id in the mail's In-Reply-To,
    References and Message-ID which tickets hold it (as sent, received or named), oldest first.
    `answers` are those to this sender or to his Reply-To, and those on the tickets above;
    `unverified_in_hour` counts acknowledgements to V0 senders in the last hour, desk-wide.
    `same_person` are the keys of all addresses of the sender, as agents have named them, his own
    among them. `absent` are the handles of agents who are away, with their return. `found`, `mine`
    and `own` are tickets that the mail asks for: a search (newest first), an agent's and his teams'
    (next due first), the sender's open ones. `confirms` is the held mail that this one decides
    on."""

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
    same_person: frozenset[str] = frozenset()
    absent: Mapping[str, datetime] = field(default_factory=dict)
    found: Mapping[str, tuple[TicketLine, ...]] = field(default_factory=dict)  # by the words asked
    mine: tuple[TicketLine, ...] = ()
    own: tuple[TicketLine, ...] = ()
    confirms: HeldMail | None = None
    open_tickets: int | None = None  # the sender's, where a rule asks; counted up to a limit
    loads: Mapping[str, int] = field(default_factory=dict)  # open tickets, by agent
    turns: Mapping[tuple[str, str], int] = field(default_factory=dict)  # team, agent -> last ticket
    grouped: Mapping[str, GroupedTicket] = field(default_factory=dict)  # open ones, by group key
    contacts: Mapping[str, Contact] = field(default_factory=dict)  # whom rules or commands name
