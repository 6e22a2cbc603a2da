"""The tables. A change here needs a migration beside it (`migrations/`), and a test holds the two
together.

Models are for the schema; statements are written on the Core tables below them, which cost a
quarter of the time. Rows become the values of `model` in `rows.py`. Raw mails have tables of their
own: SQLite rewrites a whole row, blob and all, when one column changes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from maildesk.store.columns import Instant, Json, Words

metadata = MetaData(
    naming_convention={  # a migration can alter only what has a name
        "ix": "%(table_name)s_%(column_0_name)s",
        "uq": "%(table_name)s_%(column_0_name)s_once",
        "fk": "%(table_name)s_%(column_0_name)s_is_%(referred_table_name)s",
        "pk": "%(table_name)s_primary",
    }
)


class Row(SQLModel):
    """What all our tables have in common: one MetaData, not the global one of SQLModel."""

    metadata = metadata


class ReceiptRow(Row, table=True):
    """A mail that was taken. `state`: received, done, failed. Not to be worked on before `due_at`
    (None: at once): a lease, or the pause after a failure."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("account", "folder", "uidvalidity", "uid", name="receipt_place"),
        Index("receipt_state", "state", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    state: str
    source: str
    envelope: dict[str, Any] = Field(sa_type=Json)
    sha256: str
    size: int
    received_at: datetime = Field(sa_type=Instant)
    account: str | None = None
    folder: str | None = None
    uidvalidity: int | None = Field(default=None, sa_type=BigInteger)
    uid: int | None = Field(default=None, sa_type=BigInteger)
    attempts: int = 0
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str = Field(default="", sa_type=Words)
    disposition: str | None = None
    ticket: int | None = None
    content_key: str | None = Field(default=None, index=True)
    message_id: str | None = Field(default=None, sa_type=Words, index=True)
    trace: dict[str, Any] | None = Field(default=None, sa_type=Json)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class ReceiptRawRow(Row, table=True):
    """The bytes of a receipt, as they came."""

    __tablename__ = "receipt_raw"
    receipt: int = Field(primary_key=True, foreign_key="receipt.id")
    raw: bytes = Field(sa_type=LargeBinary)


class TicketRow(Row, table=True):
    """A call to the desk; the columns are those of `model.ticket.Ticket`. `grouped` mails of its
    group key lie in it, the last one came at `grouped_at`. `due_at` and `next_at` are caches of
    what its log says: when its next clock ends, and when the beat must look at it (after every
    change: at once)."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ticket_requester", "requester_key", "number"),
        Index("ticket_subject", "subject_key", "number"),
        Index("ticket_team", "team", "status"),
        Index("ticket_status", "status", "number"),
        Index("ticket_assignee", "assignee", "status", sqlite_where=text("assignee IS NOT NULL")),
        Index("ticket_wake", "wake_at", sqlite_where=text("wake_at IS NOT NULL")),
        Index("ticket_next", "next_at", sqlite_where=text("next_at IS NOT NULL")),
        Index("ticket_merged", "merged_into", sqlite_where=text("merged_into IS NOT NULL")),
        Index("ticket_group", "group_key", "number", sqlite_where=text("group_key != ''")),
        Index(
            "ticket_turn",
            "team",
            "assignee",
            "number",
            sqlite_where=text("assignee IS NOT NULL"),
        ),
    )
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    subject: str = Field(sa_type=Words)
    subject_key: str = Field(sa_type=Words)
    requester_name: str = Field(sa_type=Words)
    requester_address: str = Field(sa_type=Words)
    requester_key: str = Field(sa_type=Words)
    queue: str
    team: str
    status: str
    priority: str
    type: str
    assignee: str | None = None
    language: str
    tags: list[str] = Field(sa_type=Json)
    fields: dict[str, str] = Field(sa_type=Json)
    merged_into: int | None = Field(default=None, foreign_key="ticket.number")
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    version: int
    title: str = Field(default="", sa_type=Words)
    wake_at: datetime | None = Field(default=None, sa_type=Instant)
    sla: str = ""
    watchers: list[str] = Field(sa_type=Json)
    group_key: str = Field(default="", sa_type=Words)
    grouped: int = 0
    grouped_at: datetime | None = Field(default=None, sa_type=Instant)
    policy: str = ""
    solved_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    next_at: datetime | None = Field(default=None, sa_type=Instant)


class PartyRow(Row, table=True):
    """Somebody a ticket knows."""

    __tablename__ = "party"
    __table_args__ = (UniqueConstraint("ticket", "address_key", name="party_address"),)
    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(sa_type=Words)
    address: str = Field(sa_type=Words)
    address_key: str = Field(sa_type=Words)
    role: str
    reply_to_name: str = Field(default="", sa_type=Words)
    reply_to_address: str = Field(default="", sa_type=Words)


class MessageRow(Row, table=True):
    """A mail that is part of a ticket. `reply`, `quoted` and `signature` are pairs of offsets;
    `people` are the address keys of those who are taken to have it once it is no longer held."""

    __tablename__ = "message"
    __table_args__ = (Index("message_ticket", "ticket", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    receipt: int | None = Field(default=None, foreign_key="receipt.id")
    direction: str
    visibility: str
    author_name: str = Field(sa_type=Words)
    author_address: str = Field(sa_type=Words)
    at: datetime = Field(sa_type=Instant)
    message_id: str | None = Field(default=None, sa_type=Words)
    subject: str = Field(sa_type=Words)
    text: str = Field(sa_type=Words)
    reply: list[Any] = Field(sa_type=Json)
    quoted: list[Any] = Field(sa_type=Json)
    signature: list[Any] = Field(sa_type=Json)
    level: str
    level_evidence: list[str] = Field(sa_type=Json)
    automatic: str
    automatic_evidence: list[str] = Field(sa_type=Json)
    reason: str = Field(default="", sa_type=Words)
    people: list[str] = Field(sa_type=Json)


class AttachmentRow(Row, table=True):
    """A file of a message; its bytes are in the raw mail, at `part`."""

    __tablename__ = "attachment"
    message: int = Field(primary_key=True, foreign_key="message.id")
    part: str = Field(primary_key=True)
    filename: str = Field(sa_type=Words)
    content_type: str = Field(sa_type=Words)
    size: int
    sha256: str
    is_inline: bool
    content_id: str | None = Field(default=None, sa_type=Words)


class ThreadRow(Row, table=True):
    """A Message-ID that belongs to a ticket; `holders` are the address keys that sent or got it."""

    __tablename__ = "thread"
    __table_args__ = (
        UniqueConstraint("message_id", "ticket", name="thread_message_id"),
        Index("thread_ticket", "ticket", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    message_id: str = Field(sa_type=Words)
    holders: list[str] = Field(sa_type=Json)
    is_ours: bool
    is_internal: bool


class EventRow(Row, table=True):
    """One line of a ticket's history; clocks and reports are functions of it."""

    __tablename__ = "event"
    __table_args__ = (Index("event_ticket", "ticket", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(sa_type=Words)
    kind: str
    old: str | None = Field(default=None, sa_type=Words)
    new: str | None = Field(default=None, sa_type=Words)
    cause: str = Field(sa_type=Words)
    receipt: int | None = Field(default=None, foreign_key="receipt.id")


class LinkRow(Row, table=True):
    """Two tickets that are related."""

    __tablename__ = "link"
    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    other: int = Field(primary_key=True, foreign_key="ticket.number")
    relation: str = Field(primary_key=True)


class HoldRow(Row, table=True):
    """An agent's mail that waits for his word. `state`: open, or what he said: run, send, drop;
    `is_note`: a note that may still be sent, of which nobody is reminded."""

    __tablename__ = "hold"
    __table_args__ = (
        Index("hold_ticket", "ticket", "state"),
        Index("hold_asked", "state", "asked_at"),
    )
    receipt: int = Field(primary_key=True, foreign_key="receipt.id")
    ticket: int = Field(foreign_key="ticket.number")
    agent: str
    reason: str = Field(sa_type=Words)
    opened_at: datetime = Field(sa_type=Instant)
    asked_at: datetime = Field(sa_type=Instant)
    times_asked: int
    is_first: bool
    is_note: bool
    question: dict[str, Any] = Field(sa_type=Json)
    state: str
    reminded_at: datetime | None = Field(default=None, sa_type=Instant)
    told_team_at: datetime | None = Field(default=None, sa_type=Instant)


class AbsenceRow(Row, table=True):
    """An agent (his handle) who is away."""

    __tablename__ = "absence"
    agent: str = Field(primary_key=True)
    until: datetime = Field(sa_type=Instant, index=True)
    since: datetime = Field(sa_type=Instant)


class BundleRow(Row, table=True):
    """A notice that an agent (his handle) is told of with others, in one mail."""

    __tablename__ = "bundle"
    __table_args__ = (
        Index("bundle_agent", "agent", "id"),
        Index("bundle_ticket", "ticket"),
    )
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    ticket: int = Field(foreign_key="ticket.number")
    kind: str
    at: datetime = Field(sa_type=Instant)


class RuleFiringRow(Row, table=True):
    """A rule with `every` (its name) has done on a ticket what it does, and the ticket has fitted
    it ever since."""

    __tablename__ = "rule_firing"
    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    rule: str = Field(primary_key=True, sa_type=Words)
    at: datetime = Field(sa_type=Instant)


class FiringRow(Row, table=True):
    """Something that time brought about on a ticket, once: a step of the ladder, a reminder, a
    page. `reached_at` is when it was due; `is_sent`: by a mail of its own."""

    __tablename__ = "firing"
    __table_args__ = (Index("firing_reached", "reached_at"),)
    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    clock: str = Field(primary_key=True)
    cycle: int = Field(primary_key=True)
    arming: int = Field(primary_key=True)
    step: str = Field(primary_key=True)
    reached_at: datetime = Field(sa_type=Instant)
    at: datetime = Field(sa_type=Instant)
    is_sent: bool


class DigestRow(Row, table=True):
    """A reader (an agent's handle, `team:` and a team's) has had the digest of a day (`2026-11-23`,
    his own)."""

    __tablename__ = "digest"
    reader: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)


class ConfigurationRow(Row, table=True):
    """A version of the reloaded files that took over at an instant. `files`: their texts by name;
    `sla`: sla.yaml with the dates of its holidays, which stay as they were then. `promised`: a hash
    of what clocks go by in it."""

    __tablename__ = "configuration"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    version: str
    promised: str
    files: dict[str, Any] = Field(sa_type=Json)
    sla: dict[str, Any] = Field(sa_type=Json)


class BeatRow(Row, table=True):
    """When the ticker last looked at the tickets: what the wall clock is held against."""

    __tablename__ = "beat"
    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)


class ContactRow(Row, table=True):
    """What the desk remembers of an address. `same_as` is the key of the main address of the
    person, on his further ones."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("contact_same_as", "same_as", sqlite_where=text("same_as IS NOT NULL")),
    )
    address_key: str = Field(primary_key=True, sa_type=Words)
    name: str = Field(sa_type=Words)
    address: str = Field(sa_type=Words)
    was_aligned: bool
    language: str | None = None
    bounced_status: str = Field(default="", sa_type=Words)
    wants_no_mail: bool = False
    same_as: str | None = Field(default=None, sa_type=Words)


class OutgoingRow(Row, table=True):
    """A mail that goes out. `notice_key` (ticket, kind, cause, recipient) is what makes it the only
    one. Not to be tried before `due_at` (while it is `sending` that is the end of the lease), given
    up after `expires_at`."""

    __tablename__ = "outgoing"
    __table_args__ = (
        Index("outgoing_due", "state", "due_at"),
        Index("outgoing_reader", "ticket", "recipient_key"),
        Index(
            "outgoing_agent",
            "recipient_key",
            "created_at",
            "kind",
            "audience",
            sqlite_where=text("audience = 'agent'"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    notice_key: str = Field(sa_type=Words, unique=True)
    ticket: int | None = Field(default=None, foreign_key="ticket.number")
    kind: str
    audience: str
    recipient: str = Field(sa_type=Words)
    recipient_key: str = Field(sa_type=Words)
    reverse_path: str = Field(sa_type=Words)
    message_id: str = Field(sa_type=Words)
    size: int
    state: str
    attempts: int = 0
    created_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    error: str = Field(default="", sa_type=Words)
    is_warned: bool = False


class OutgoingRawRow(Row, table=True):
    """The bytes of a letter, as they go out."""

    __tablename__ = "outgoing_raw"
    outgoing: int = Field(primary_key=True, foreign_key="outgoing.id")
    raw: bytes = Field(sa_type=LargeBinary)


class AnswerRow(Row, table=True):
    """An automatic answer to somebody who is no agent: what the governor counts."""

    __tablename__ = "answer"
    __table_args__ = (
        Index("answer_address", "address_key", "at"),
        Index("answer_ticket", "ticket", "at"),
        Index("answer_unverified", "is_unverified", "at"),
    )
    outgoing: int = Field(primary_key=True, foreign_key="outgoing.id")
    address_key: str = Field(sa_type=Words)
    ticket: int | None = Field(default=None, foreign_key="ticket.number")
    notice: str
    at: datetime = Field(sa_type=Instant)
    is_unverified: bool


class FolderRow(Row, table=True):
    """An IMAP folder that mail is taken from."""

    __tablename__ = "folder"
    account: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    first_contact_at: datetime = Field(sa_type=Instant)
    first_uidvalidity: int = Field(sa_type=BigInteger)
    last_poll_at: datetime | None = Field(default=None, sa_type=Instant)


class FolderValidityRow(Row, table=True):
    """A UIDVALIDITY that a folder had; mail up to `seen_uid` is none of ours."""

    __tablename__ = "folder_validity"
    account: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    uidvalidity: int = Field(primary_key=True, sa_type=BigInteger)
    seen_uid: int = Field(sa_type=BigInteger)
    opened_at: datetime = Field(sa_type=Instant)


class LeftRow(Row, table=True):
    """A mail that stays where it lies in its folder, and why."""

    __tablename__ = "left_in_place"
    account: str = Field(primary_key=True)
    folder: str = Field(primary_key=True)
    uidvalidity: int = Field(primary_key=True, sa_type=BigInteger)
    uid: int = Field(primary_key=True, sa_type=BigInteger)
    reason: str = Field(sa_type=Words)


class AlertRow(Row, table=True):
    """When an alert last went out."""

    __tablename__ = "alert"
    key: str = Field(primary_key=True, sa_type=Words)
    last_at: datetime = Field(sa_type=Instant)


def _table(model: type[Row]) -> Table:
    return metadata.tables[str(model.__tablename__)]


receipts = _table(ReceiptRow)
receipt_raws = _table(ReceiptRawRow)
tickets = _table(TicketRow)
parties = _table(PartyRow)
messages = _table(MessageRow)
attachments = _table(AttachmentRow)
threads = _table(ThreadRow)
events = _table(EventRow)
links = _table(LinkRow)
holds = _table(HoldRow)
absences = _table(AbsenceRow)
bundles = _table(BundleRow)
rule_firings = _table(RuleFiringRow)
firings = _table(FiringRow)
digests = _table(DigestRow)
configurations = _table(ConfigurationRow)
beats = _table(BeatRow)
contacts = _table(ContactRow)
outgoing = _table(OutgoingRow)
outgoing_raws = _table(OutgoingRawRow)
answers = _table(AnswerRow)
folders = _table(FolderRow)
folder_validities = _table(FolderValidityRow)
left_in_place = _table(LeftRow)
alerts = _table(AlertRow)
