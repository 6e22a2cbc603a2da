"""Reading tickets: the facts for one mail, and tickets as JSON."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.orm import Session

from maildesk.errors import NotFound
from maildesk.mail.message import InboundMail, Span, cut
from maildesk.model.facts import Asked, Facts, TicketFacts
from maildesk.model.ticket import Role, Ticket
from maildesk.store import (
    agent_facts,
    asked_facts,
    clocks,
    contacts,
    facts,
    lists,
    routing_facts,
)
from maildesk.store.absences import absent
from maildesk.store.message_ids import owners_of
from maildesk.store.rows import as_json, instant, ticket_of
from maildesk.store.tables import attachments, events, messages, parties, tickets

NOTHING_ASKED = Asked()
TICKETS_ASKED = 10

# --- for decisions ------------------------------------------------------------------------------


def gather(
    session: Session,
    mail: InboundMail,
    *,
    ticket_numbers: Iterable[int],
    now: datetime,
    receipt: int = 0,
    next_number: int | None = None,
    agent_keys: Sequence[str] = (),
    asked: Asked = NOTHING_ASKED,
    released: int | None = None,
) -> Facts:
    """All that is read for one mail.

    `ticket_numbers` are those that tokens, markers and tags of the mail name; those that its ids
    belong to are added. `next_number`: one that the caller has reserved, else the highest plus
    one; that it is free is checked when the plan is applied. `agent_keys`: the address keys of the
    agent who is From, if one is. `asked`: what the mail wants to know besides. `released`: the
    receipt of the mail itself, where it was held and is decided on again.
    """
    connection = session.connection()
    ids = _ids_near_first(mail)
    owners = owners_of(connection, ids)
    owning = (number for id_ in ids for number in owners.get(id_, ()))
    groups = routing_facts.grouped(connection, asked.group_keys)
    grouping = (group.number for group in groups.values())
    wanted = (*asked.tickets[:TICKETS_ASKED], *ticket_numbers, *grouping, *owning)
    known = _known(connection, wanted, mail, agent_keys=agent_keys, asked=asked, released=released)
    people = (*asked.requesters, *asked.addresses)
    key = mail.sender.key if mail.sender else None
    contact, person = contacts.find_person(connection, key) if key else (None, frozenset())
    return Facts(
        next_number=next_number or _following(connection),
        receipt=receipt,
        tickets=known,
        owners=owners,
        contact=contact,
        same_person=person,
        duplicate=facts.duplicate_of(connection, mail, receipt=receipt, now=now),
        same_message_id=facts.same_message_id(connection, mail, receipt),
        earlier_tickets=facts.earlier_tickets(connection, key) if key else (),
        answers=facts.recent_answers(connection, _answered_at(mail).union(people), known, now),
        unverified_in_hour=facts.unverified_in_hour(connection, now),
        same_subject=facts.same_subject(connection, mail, now),
        absent=absent(connection, now),
        found={words: lists.found(connection, words) for words in asked.words},
        mine=lists.mine(connection, asked.agent, asked.teams) if asked.agent else (),
        own=lists.own(connection, person) if asked.is_own and person else (),
        grouped=groups,
        open_tickets=routing_facts.open_tickets(connection, person or ([key] if key else []))
        if asked.has_open_tickets
        else None,
        turns=routing_facts.turns(connection, asked.turns),
        loads=routing_facts.loads(connection, (agent for _team, agent in asked.turns)),
        contacts={
            one: found for one in people if (found := contacts.find_person(connection, one)[0])
        },
    )


def _ids_near_first(mail: InboundMail) -> tuple[str, ...]:
    """The ids that the mail names, what it answers first; its own last."""
    near_first = (*mail.in_reply_to, *reversed(mail.references))
    return (*near_first, mail.message_id) if mail.message_id else near_first


def _known(
    connection: Connection,
    numbers: Iterable[int],
    mail: InboundMail,
    *,
    agent_keys: Sequence[str],
    asked: Asked,
    released: int | None,
) -> dict[int, TicketFacts]:
    """These tickets, with what only an agent's mail needs, and what only this one asks for."""
    known = facts.ticket_facts(connection, numbers)
    for number, ticket in known.items():
        one = ticket
        if agent_keys:
            one = agent_facts.for_agent(connection, one, mail, agent_keys, released=released)
        known[number] = asked_facts.with_what_is_asked(connection, one, asked)
    return clocks.with_logs(connection, known) if asked.has_clocks else known


def _answered_at(mail: InboundMail) -> set[str]:
    """Where an answer to the mail may go: From, and whom its Reply-To names."""
    wanted = (*mail.senders[:1], *mail.reply_to[:1])
    return {address.key for address in wanted if address.address}


_FOLLOWING = select(func.coalesce(func.max(tickets.c.number), 0) + 1)


def _following(connection: Connection) -> int:
    return connection.scalar(_FOLLOWING) or 1


def next_number(session: Session) -> int:
    """The number that the next new ticket gets, if nobody is faster."""
    return _following(session.connection())


def find_ticket(session: Session, number: int) -> Ticket | None:
    """The ticket of this number."""
    row = session.execute(select(tickets).where(tickets.c.number == number)).one_or_none()
    return ticket_of(row) if row else None


_TO_WAKE = (
    select(tickets.c.number)
    .where(tickets.c.wake_at <= bindparam("now"))
    .order_by(tickets.c.wake_at, tickets.c.number)
    .limit(bindparam("limit"))
)


def due_to_wake(connection: Connection, now: datetime, limit: int = 100) -> tuple[int, ...]:
    """The numbers of the tickets whose day has come, longest due first."""
    return tuple(connection.scalars(_TO_WAKE, {"now": now, "limit": limit}))


# --- for people ---------------------------------------------------------------------------------


def list_tickets(
    session: Session,
    *,
    status: str | None = None,
    queue: str | None = None,
    team: str | None = None,
    assignee: str | None = None,
    requester: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """One object a ticket, newest last, due as the last beat has noted; with a limit, the newest
    ones."""
    wanted = {
        tickets.c.status: status,
        tickets.c.queue: queue,
        tickets.c.team: team,
        tickets.c.assignee: assignee,
        tickets.c.requester_key: requester.lower() if requester else None,
    }
    query = select(tickets).order_by(tickets.c.number.desc()).limit(limit)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return [_line(row) for row in reversed(session.execute(query).all())]


def _line(row: Row[Any]) -> dict[str, Any]:
    return {
        "number": row.number,
        "subject": row.subject,
        "status": row.status,
        "priority": row.priority,
        "type": row.type,
        "queue": row.queue,
        "team": row.team,
        "assignee": row.assignee,
        "requester": row.requester_address,
        "tags": row.tags,
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
        "next_due_at": instant(row.due_at) if row.due_at else None,
    }


def moved_since_beat(session: Session, now: datetime, number: int | None = None) -> set[int]:
    """The numbers of the tickets that the beat has still to look at, among them all that have
    changed since it did: what it has noted of them may be old. `number`: only this one."""
    query = select(tickets.c.number).where(tickets.c.next_at <= now)
    if number is not None:
        query = query.where(tickets.c.number == number)
    return set(session.scalars(query))


def unfinished(session: Session, after: int, limit: int) -> list[int]:
    """The numbers of the next tickets that are not over, greater than `after`."""
    is_alive = tickets.c.status.in_([str(status) for status in lists.UNFINISHED])
    query = select(tickets.c.number).where(is_alive, tickets.c.number > after)
    return list(session.scalars(query.order_by(tickets.c.number).limit(limit)))


def show_ticket(session: Session, number: int) -> dict[str, Any]:
    """The object of `ticket show --json`, its clocks left out. Raises: NotFound."""
    row = session.execute(select(tickets).where(tickets.c.number == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no ticket {number}")
    line = _line(row)
    del line["next_due_at"]
    return {
        **line,
        "participants": _participants(session, number),
        "language": row.language,
        "fields": {**row.fields, **({"title": row.title} if row.title else {})},
        "clocks": {},
        "messages": _messages(session, number),
        "events": _events(session, number),
    }


def _participants(session: Session, number: int) -> list[str]:
    query = select(parties.c.address).where(
        parties.c.ticket == number, parties.c.role == Role.PARTICIPANT
    )
    return list(session.scalars(query.order_by(parties.c.number)))


def _messages(session: Session, number: int) -> list[dict[str, Any]]:
    query = select(messages).where(messages.c.ticket == number).order_by(messages.c.id)
    files = _files(session, number)
    return [_message(row, files[row.id]) for row in session.execute(query)]


def _message(row: Row[Any], files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "direction": row.direction,
        "visibility": row.visibility,
        "author": row.author_address,
        "at": instant(row.at),
        "message_id": row.message_id,
        "text": cut(row.text, (Span(*pair) for pair in row.reply)),
        "quoted": cut(row.text, (Span(*pair) for pair in row.quoted)),
        "attachments": files,
        "trust": row.level,
        "automatic": row.automatic,
    }


def _files(session: Session, number: int) -> dict[int, list[dict[str, Any]]]:
    query = (
        select(attachments)
        .join(messages, messages.c.id == attachments.c.message)
        .where(messages.c.ticket == number)
        .order_by(attachments.c.message, attachments.c.part)
    )
    files: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(query):
        file = {
            "filename": row.filename,
            "content_type": row.content_type,
            "size": row.size,
            "sha256": row.sha256,
        }
        files[row.message].append(file)
    return files


def _events(session: Session, number: int) -> list[dict[str, Any]]:
    shown = [events.c[name] for name in ("at", "actor", "kind", "old", "new", "cause")]
    query = select(*shown).where(events.c.ticket == number).order_by(events.c.id)
    return [as_json(row) for row in session.execute(query)]
