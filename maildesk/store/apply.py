"""The one door: carries out a plan's changes and writes the tickets' event log.

To add a change: a value in `model.plan`, a function here, a line in `_carry_out`. Kinds of events:
`created` (new: status), `message` (new: direction and visibility), `party` (new: role and address),
`status`, `assignee` (old, new), `link` (new: the other ticket, cause: the relation), `bounced`
(new: address and status code) and `delivery` (new: how it stands and address, cause: why). What
the desk remembers of contacts is no event.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from maildesk.mail.message import Span
from maildesk.model.changes import (
    AddMessage,
    AddParty,
    AskAgain,
    Change,
    CloseHold,
    JoinContacts,
    LinkTickets,
    LowerParty,
    MarkBounced,
    MergeTicket,
    NoteDelivery,
    NoteEvent,
    OpenHold,
    OpenTicket,
    ReleaseMessage,
    RememberContact,
    SetAbsence,
    SetAssignee,
    SetDetail,
    SetRequester,
    SetStatus,
    SetTags,
    StopMail,
)
from maildesk.model.facts import ThreadId
from maildesk.model.plan import Plan
from maildesk.model.ticket import Party, Role, Visibility
from maildesk.store import contacts
from maildesk.store.message_ids import add_ids
from maildesk.store.rows import party_columns, ticket_columns
from maildesk.store.tables import attachments, events, links, messages, parties, tickets

_NEW_TICKET = insert(tickets)
_NEW_PARTY = insert(parties)
_NEW_MESSAGE = insert(messages)
_NEW_ATTACHMENTS = insert(attachments)
_NEW_EVENTS = insert(events)
_RANK = {Role.KNOWN: 0, Role.PARTICIPANT: 1, Role.AGENT: 2, Role.REQUESTER: 3}


class Stale(Exception):
    """The plan rests on something that has moved on: gather and decide again."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One plan being carried out."""

    connection: Connection
    receipt: int | None
    now: datetime
    actor: str
    opened: set[int] = field(default_factory=set)
    empty: set[int] = field(default_factory=set)  # opened, and without a message yet
    touched: set[int] = field(default_factory=set)
    log: list[dict[str, Any]] = field(default_factory=list)

    def note(
        self,
        ticket: int,
        kind: str,
        new: str | None,
        *,
        old: str | None = None,
        cause: str = "",
        at: datetime | None = None,
    ) -> None:
        """Write a line of the ticket's history; without a cause it is the mail."""
        self.touched.add(ticket)
        line = {
            "ticket": ticket,
            "at": at or self.now,
            "actor": self.actor,
            "kind": kind,
            "old": old,
            "new": new,
            "cause": cause or (f"receipt {self.receipt}" if self.receipt else ""),
            "receipt": self.receipt,
        }
        self.log.append(line)


def apply(session: Session, plan: Plan, *, receipt: int, now: datetime, actor: str) -> None:
    """Carry out all changes of the plan, in order. `receipt` 0: no mail caused it.

    Raises: Stale where a ticket's version has moved on or a number is taken; the caller rolls back
    (a savepoint, where several plans share a transaction).
    """
    work = _Work(session.connection(), receipt or None, now, actor)
    _check_versions(work.connection, plan)
    for change in plan.changes:
        _carry_out(work, change)
    if work.log:
        work.connection.execute(_NEW_EVENTS, work.log)
    _bump(work, work.touched - work.opened)


_VERSIONS = select(tickets.c.number, tickets.c.version).where(
    tickets.c.number.in_(bindparam("numbers", expanding=True))
)


def _check_versions(connection: Connection, plan: Plan) -> None:
    if not plan.versions:
        return
    rows = connection.execute(_VERSIONS, {"numbers": list(plan.versions)})
    found = {row.number: row.version for row in rows}
    for number, version in plan.versions.items():
        if found.get(number) != version:
            raise Stale(f"ticket {number} is at {found.get(number)}, the plan rests on {version}")


_BUMP = (
    update(tickets)
    .where(tickets.c.number.in_(bindparam("numbers", expanding=True)))
    .values(version=tickets.c.version + 1, updated_at=bindparam("now"))
)


def _bump(work: _Work, numbers: Iterable[int]) -> None:
    changed = sorted(numbers)
    if changed:
        work.connection.execute(_BUMP, {"numbers": changed, "now": work.now})


def _carry_out(work: _Work, change: Change) -> None:
    match change:
        case OpenTicket():
            _open(work, change)
        case AddMessage():
            _add_message(work, change)
        case AddParty():
            _add_party(work, change)
        case SetStatus():
            _set(work, change.ticket, "status", str(change.status), change.trigger)
        case SetAssignee():
            _set(work, change.ticket, "assignee", change.assignee, "")
        case LinkTickets():
            _link(work, change)
        case MarkBounced():
            _mark_bounced(work, change)
        case NoteDelivery():
            what = f"{change.state} {change.address}"
            work.note(change.ticket, "delivery", what, cause=change.text)
        case RememberContact():
            contacts.remember(work.connection, change)
        case ReleaseMessage() | LowerParty() | SetRequester() | SetDetail() | SetTags():
            raise NotImplementedError
        case MergeTicket() | NoteEvent() | StopMail() | JoinContacts() | SetAbsence():
            raise NotImplementedError
        case OpenHold() | AskAgain() | CloseHold():
            raise NotImplementedError
        case _:
            assert_never(change)


def _open(work: _Work, change: OpenTicket) -> None:
    ticket = change.ticket
    try:
        work.connection.execute(_NEW_TICKET, ticket_columns(ticket))
    except IntegrityError as error:
        raise Stale(f"ticket number {ticket.number} is taken") from error
    requester = Party(1, ticket.requester, Role.REQUESTER)
    work.connection.execute(_NEW_PARTY, party_columns(ticket.number, requester))
    work.opened.add(ticket.number)
    work.empty.add(ticket.number)
    work.note(ticket.number, "created", str(ticket.status), at=ticket.created_at)


# --- messages -----------------------------------------------------------------------------------


def _add_message(work: _Work, change: AddMessage) -> None:
    row = _message_columns(change, work.receipt)
    key = work.connection.execute(_NEW_MESSAGE, row).inserted_primary_key
    files = [_attachment_columns(key[0], file) for file in change.mail.attachments] if key else []
    if files:
        work.connection.execute(_NEW_ATTACHMENTS, files)
    add_ids(work.connection, change.ticket, _ids(change), is_new=change.ticket in work.empty)
    work.empty.discard(change.ticket)
    what = f"{change.direction} {change.visibility}"
    work.note(change.ticket, "message", what, cause=change.reason, at=change.at)


def _message_columns(change: AddMessage, receipt: int | None) -> dict[str, Any]:
    mail = change.mail
    return {
        "ticket": change.ticket,
        "receipt": receipt,
        "direction": str(change.direction),
        "visibility": str(change.visibility),
        "author_name": change.author.name,
        "author_address": change.author.address,
        "at": change.at,
        "message_id": mail.message_id,
        "subject": mail.subject,
        "text": mail.text,
        "reply": _pairs(mail.reply),
        "quoted": _pairs(mail.quoted),
        "signature": _pairs(mail.signature),
        "level": str(change.trust.level),
        "level_evidence": list(change.trust.evidence),
        "automatic": str(change.automatic.kind),
        "automatic_evidence": list(change.automatic.evidence),
        "reason": change.reason,
    }


def _pairs(spans: Iterable[Span]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]


def _attachment_columns(message: int, file: Any) -> dict[str, Any]:
    return {
        "message": message,
        "part": file.part,
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "is_inline": file.is_inline,
        "content_id": file.content_id,
    }


def _ids(change: AddMessage) -> list[ThreadId]:
    """The mail's ancestors, oldest first, as named; then its own id, held by all who have it.
    What a held mail says of that is not believed."""
    mail = change.mail
    ids = [ThreadId(id_) for id_ in (*mail.references, *mail.in_reply_to)]
    if mail.message_id:
        people = (change.author, *mail.to, *mail.cc)
        is_internal = change.visibility is not Visibility.PUBLIC
        is_held = change.visibility is Visibility.HELD
        holders = frozenset() if is_held else frozenset(person.key for person in people)
        ids.append(ThreadId(mail.message_id, holders, is_internal=is_internal))
    return ids


# --- parties, states, links ---------------------------------------------------------------------

_KNOWN_PARTY = select(parties).where(
    parties.c.ticket == bindparam("ticket"), parties.c.address_key == bindparam("address_key")
)


def _add_party(work: _Work, change: AddParty) -> None:
    row = party_columns(change.ticket, change.party)
    known = work.connection.execute(_KNOWN_PARTY, row).one_or_none()
    if known is not None:
        _note_reply_to(work, change, known)
        _raise_party(work, change, known)
        return
    try:
        work.connection.execute(_NEW_PARTY, row)
    except IntegrityError as error:
        raise Stale(f"ticket {change.ticket} has a party {change.party.number}") from error
    if change.party.role is not Role.KNOWN:  # To and Cc of every mail would drown the rest
        work.note(change.ticket, "party", f"{change.party.role} {change.party.address.address}")


def _note_reply_to(work: _Work, change: AddParty, known: Any) -> None:
    wanted = change.party.reply_to
    if wanted is None or wanted.address == known.reply_to_address:
        return
    work.connection.execute(
        update(parties)
        .where(parties.c.ticket == change.ticket, parties.c.number == known.number)
        .values(reply_to_name=wanted.name, reply_to_address=wanted.address)
    )


def _raise_party(work: _Work, change: AddParty, known: Any) -> None:
    new = change.party
    if _RANK[new.role] <= _RANK[Role(known.role)]:
        return
    work.connection.execute(
        update(parties)
        .where(parties.c.ticket == change.ticket, parties.c.number == known.number)
        .values(role=str(new.role), name=known.name or new.address.name)
    )
    work.note(change.ticket, "party", f"{new.role} {new.address.address}", old=known.role)


def _set(work: _Work, ticket: int, column: str, new: str | None, cause: str) -> None:
    """Change one column of the ticket; nothing happens where it has that value."""
    here = tickets.c.number == ticket
    old = work.connection.execute(select(tickets.c[column]).where(here)).scalar_one()
    if old != new:
        work.connection.execute(update(tickets).where(here).values({column: new}))
        work.note(ticket, column, new, old=old, cause=cause)


def _link(work: _Work, change: LinkTickets) -> None:
    row = {"ticket": change.ticket, "other": change.other, "relation": change.relation}
    known = select(links.c.ticket).filter_by(**row)
    if work.connection.scalar(known) is None:
        work.connection.execute(insert(links), row)
        work.note(change.ticket, "link", str(change.other), cause=change.relation)


def _mark_bounced(work: _Work, change: MarkBounced) -> None:
    contacts.mark_bounced(work.connection, change)
    if change.ticket is not None:
        work.note(change.ticket, "bounced", f"{change.address} {change.status}".strip())
