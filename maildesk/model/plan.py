"""What a decision says (`Plan`): changes, notices and the reasons for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from maildesk.mail.message import Address, Automatic
from maildesk.model.changes import Change
from maildesk.model.facts import Level, StoredFile, Trust
from maildesk.model.ticket import Priority, Status, TicketType


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
    part paths of the mail that caused it (of a confirmed one: the held mail), `stored_files` come
    from other mails. `reverse_path` "" is the null sender."""

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
    stored_files: tuple[StoredFile, ...] = ()
    is_answer: bool = False  # counted by the governor
    is_unverified: bool = False
    template: str = ""  # that is written by instead of the kind's own
    useful_for: timedelta | None = None  # given up after that; None: after days, as mail is


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
    """One routing rule's verdict; `misses` are the conditions that did not hold, `fault` says why
    it could not be asked."""

    name: str
    is_matched: bool
    misses: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a new ticket goes, what else the rules make of it, and the rules that were asked.

    `assign` is an agent's handle, `round_robin` or `least_loaded`; `assignee` whom that gave.
    `watchers` are agents' handles and addresses; `notify` agents, teams, `lead` and `manager`.
    `template` takes the place of the acknowledgement's. `status`: solved or on_hold, None: new.
    `dropped` is the reason to open no ticket, "" for none. `is_accepted`: a person wrote it,
    whatever it looks like. `is_form`: a web form sent it, and `requester` is who writes
    (`reply_to`, or an address as the mail says it), believed as far as `requester_level` says.
    `group_key` joins mail to the open ticket of the same key, if the last one came no longer than
    `group_within` ago. `notes` are for the reasons, `faults` for admins.
    """

    queue: str
    team: str
    priority: Priority = Priority.P3
    type: TicketType = TicketType.INCIDENT
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[RuleTrace, ...] = ()
    impact: str = ""
    urgency: str = ""
    assign: str = ""
    assignee: str | None = None
    sla: str = ""
    watchers: tuple[str, ...] = ()
    template: str = ""
    is_acknowledged: bool = True
    notify: tuple[str, ...] = ()
    status: Status | None = None
    dropped: str = ""
    is_accepted: bool = False
    is_form: bool = False
    requester: str = ""
    requester_level: Level = Level.V0
    group_key: str = ""
    group_within: timedelta | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandTrace:
    """A command line and what became of it: `run`, `held` or `inert`."""

    verb: str
    args: tuple[str, ...]
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something an admin must know; alerts of one `key` are sent once in that time at most. One
    that `is_about_mail` says how to look at what came in and what waits to go out."""

    key: str
    problem: str
    detail: str = ""
    every: timedelta = timedelta(hours=1)
    is_about_mail: bool = True


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
