"""Letters: composed mails, and how they become rows of the outbox, in few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from maildesk.model.facts import ThreadId
from maildesk.model.plan import Audience
from maildesk.store import pages
from maildesk.store.message_ids import add_ids
from maildesk.store.tables import answers, outgoing, outgoing_raws

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 section 4.5.4.1


@dataclass(frozen=True, slots=True)
class Letter:
    """One composed mail to one recipient. Unique by ticket, kind, cause and recipient. `audience`
    is a word of `model.plan.Audience`; `is_answer` and `is_unverified` are the governor's. It is
    not sent any more once it is no longer useful."""

    kind: str
    ticket: int | None
    cause: str
    recipient: str
    recipient_key: str
    reverse_path: str
    message_id: str
    raw: bytes
    audience: str
    is_answer: bool = False
    is_unverified: bool = False
    useful_for: timedelta = GIVE_UP_AFTER


_NEW_LETTERS = insert(outgoing)
_NEW_RAWS = insert(outgoing_raws)
_NEW_ANSWERS = insert(answers)
_NEXT_ID = select(func.coalesce(func.max(outgoing.c.id), 0) + 1)
_KNOWN = select(outgoing.c.notice_key).where(
    outgoing.c.notice_key.in_(bindparam("keys", expanding=True))
)


def insert_new(connection: Connection, letters: Sequence[Letter], now: datetime) -> list[int]:
    """Insert those letters that are not there yet and return their ids, which are given here: we
    are the only writer, and one statement for all rows is cheaper than one for each."""
    new = _new_ones(connection, letters)
    if not new:
        return []
    first = connection.scalar(_NEXT_ID) or 1
    numbered = list(enumerate(new.values(), first))
    keys = list(new)
    connection.execute(
        _NEW_LETTERS,
        [
            _columns(id_, key, letter, now)
            for key, (id_, letter) in zip(keys, numbered, strict=True)
        ],
    )
    connection.execute(
        _NEW_RAWS, [{"outgoing": id_, "raw": letter.raw} for id_, letter in numbered]
    )
    _note_answers(connection, numbered, now)
    _note_ids(connection, list(new.values()))
    paged = [one for one in new.values() if one.kind == pages.PAGE]
    pages.overtake(connection, [(one.ticket, one.recipient_key) for one in paged], first)
    return [id_ for id_, _letter in numbered]


def notice_key(letter: Letter) -> str:
    """What makes a letter the only one of its kind."""
    return f"{letter.ticket or 0} {letter.kind} {letter.cause} {letter.recipient_key}"


def _new_ones(connection: Connection, letters: Sequence[Letter]) -> dict[str, Letter]:
    by_key: dict[str, Letter] = {}
    for letter in letters:
        by_key.setdefault(notice_key(letter), letter)
    if by_key:
        for known in connection.scalars(_KNOWN, {"keys": list(by_key)}).all():
            del by_key[known]
    return by_key


def _columns(id_: int, key: str, letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "notice_key": key,
        "ticket": letter.ticket,
        "kind": letter.kind,
        "audience": letter.audience,
        "recipient": letter.recipient,
        "recipient_key": letter.recipient_key,
        "reverse_path": letter.reverse_path,
        "message_id": letter.message_id,
        "size": len(letter.raw),
        "state": "queued",
        "attempts": 0,
        "created_at": now,
        "due_at": now,
        "expires_at": now + letter.useful_for,
        "error": "",
        "is_warned": False,
    }


def _note_answers(
    connection: Connection, letters: Sequence[tuple[int, Letter]], now: datetime
) -> None:
    rows = [
        {
            "outgoing": id_,
            "address_key": letter.recipient_key,
            "ticket": letter.ticket,
            "notice": letter.kind,
            "at": now,
            "is_unverified": letter.is_unverified,
        }
        for id_, letter in letters
        if letter.is_answer
    ]
    if rows:
        connection.execute(_NEW_ANSWERS, rows)


def _note_ids(connection: Connection, letters: Sequence[Letter]) -> None:
    """Each id belongs to its ticket, held by who gets it."""
    by_ticket: dict[int, list[ThreadId]] = {}
    for letter in letters:
        if letter.ticket is not None:
            id_ = ThreadId(
                letter.message_id,
                frozenset({letter.recipient_key}),
                is_ours=True,
                is_internal=letter.audience != Audience.REQUESTER,
            )
            by_ticket.setdefault(letter.ticket, []).append(id_)
    for ticket, ids in by_ticket.items():
        add_ids(connection, ticket, ids)
