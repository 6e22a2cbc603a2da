"""Changes that bring words: a ticket opens, a mail becomes its message, a held one comes free."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from maildesk.mail.message import InboundMail, Span
from maildesk.model.changes import AddMessage, OpenTicket, ReleaseMessage
from maildesk.model.facts import ThreadId
from maildesk.model.ticket import Party, Role, Visibility
from maildesk.store.apply_work import Work, only_once
from maildesk.store.message_ids import add_ids, release_id
from maildesk.store.rows import party_columns, ticket_columns
from maildesk.store.tables import attachments, messages, parties, tickets

_NEW_TICKET = insert(tickets)
_NEW_PARTY = insert(parties)
_NEW_MESSAGE = insert(messages)
_NEW_ATTACHMENTS = insert(attachments)


def open_ticket(work: Work, change: OpenTicket) -> None:
    """Make a ticket; its requester is party 1. Raises: Stale if the number is taken."""
    ticket = change.ticket
    with only_once(f"ticket number {ticket.number} is taken"):
        work.connection.execute(_NEW_TICKET, ticket_columns(ticket))
    requester = Party(1, ticket.requester, Role.REQUESTER)
    work.connection.execute(_NEW_PARTY, party_columns(ticket.number, requester))
    work.opened.add(ticket.number)
    work.empty.add(ticket.number)
    by = change.agent or None
    work.note(ticket.number, "created", str(ticket.status), old=by, at=ticket.created_at)


# --- a mail comes in ------------------------------------------------------------------------------


def add_message(work: Work, change: AddMessage) -> None:
    """Make the mail a message of the ticket, with its files and ids."""
    row = _message_columns(change, work.receipt)
    key = work.connection.execute(_NEW_MESSAGE, row).inserted_primary_key
    files = [_attachment_columns(key[0], file) for file in change.mail.attachments] if key else []
    if files:
        work.connection.execute(_NEW_ATTACHMENTS, files)
    is_new = change.ticket in work.empty
    add_ids(work.connection, change.ticket, _ids(change, row["people"]), is_new=is_new)
    work.empty.discard(change.ticket)
    what = f"{change.direction} {change.visibility}"
    kind = "courtesy" if change.is_courtesy else None
    work.note(change.ticket, "message", what, old=kind, cause=change.reason, at=change.at)


def _message_columns(change: AddMessage, receipt: int | None) -> dict[str, Any]:
    mail = change.mail
    people = (change.author, *mail.to, *mail.cc)
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
        **_words(mail),
        "level": str(change.trust.level),
        "level_evidence": list(change.trust.evidence),
        "automatic": str(change.automatic.kind),
        "automatic_evidence": list(change.automatic.evidence),
        "reason": change.reason,
        "people": sorted({person.key for person in people}),
    }


def _words(mail: InboundMail) -> dict[str, Any]:
    return {
        "text": mail.text,
        "reply": _pairs(mail.reply),
        "quoted": _pairs(mail.quoted),
        "signature": _pairs(mail.signature),
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


def _ids(change: AddMessage, people: Iterable[str]) -> list[ThreadId]:
    """The mail's ancestors, oldest first, as named; then its own id, held by all who have it.
    What a held mail says of that is not believed."""
    mail = change.mail
    ids = [ThreadId(id_) for id_ in (*mail.references, *mail.in_reply_to)]
    if mail.message_id:
        is_internal = change.visibility is not Visibility.PUBLIC
        is_held = change.visibility is Visibility.HELD
        holders = frozenset() if is_held else frozenset(people)
        ids.append(ThreadId(mail.message_id, holders, is_internal=is_internal))
    return ids


# --- a held one comes free ------------------------------------------------------------------------

_OF_RECEIPT = (
    select(
        messages.c.id,
        messages.c.direction,
        messages.c.visibility,
        messages.c.reason,
        messages.c.message_id,
        messages.c.people,
    )
    .where(messages.c.ticket == bindparam("ticket"), messages.c.receipt == bindparam("receipt"))
    .order_by(messages.c.id.desc())
    .limit(1)
)


def release_message(work: Work, change: ReleaseMessage) -> None:
    """Let a message be read by those it is for. What is public has been sent: it stays as it is.

    Raises: ValueError where the receipt brought the ticket no message, or one that is public and
    would be read in another way.
    """
    of_receipt = {"ticket": change.ticket, "receipt": change.receipt}
    row = work.connection.execute(_OF_RECEIPT, of_receipt).one_or_none()
    if row is None:
        raise ValueError(f"receipt {change.receipt} brought no message to ticket {change.ticket}")
    old = f"{row.direction} {row.visibility}"
    new = f"{change.direction} {change.visibility}"
    if old == new and change.mail is None:
        return
    if row.visibility == Visibility.PUBLIC:
        raise ValueError(f"the message of receipt {change.receipt} is public already")
    _free(work, change, row)
    if old != new:
        kind = "admitted" if change.mail is None else "released"
        work.note(change.ticket, kind, new, old=old, cause=f"receipt {change.receipt}")


def _free(work: Work, change: ReleaseMessage, row: Any) -> None:
    is_held = change.visibility is Visibility.HELD
    values: dict[str, Any] = {
        "direction": str(change.direction),
        "visibility": str(change.visibility),
        "reason": row.reason if is_held else "",
        **(_words(change.mail) if change.mail else {}),
        **({"at": change.at} if change.at else {}),
    }
    work.connection.execute(update(messages).where(messages.c.id == row.id).values(values))
    if row.message_id and not is_held:
        is_internal = change.visibility is not Visibility.PUBLIC
        id_ = ThreadId(row.message_id, frozenset(row.people), is_internal=is_internal)
        release_id(work.connection, change.ticket, id_)
