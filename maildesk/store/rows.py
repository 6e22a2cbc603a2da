"""Rows of the tables as values of `model`, and back; and as JSON."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from maildesk.mail.identifiers import subject_key
from maildesk.mail.message import Address
from maildesk.model.facts import ThreadId
from maildesk.model.ticket import (
    Contact,
    Party,
    Priority,
    Role,
    Status,
    Ticket,
    TicketType,
)

_NOWHERE = Address("", "")


def ticket_columns(ticket: Ticket) -> dict[str, Any]:
    """The row of a ticket."""
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "requester_name": ticket.requester.name,
        "requester_address": ticket.requester.address,
        "subject_key": subject_key(ticket.subject),
        "requester_key": ticket.requester.key,
        "queue": ticket.queue,
        "team": ticket.team,
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "type": str(ticket.type),
        "assignee": ticket.assignee,
        "language": ticket.language,
        "tags": list(ticket.tags),
        "fields": dict(ticket.fields),
        "merged_into": ticket.merged_into,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "version": ticket.version,
        "title": ticket.title,
        "wake_at": ticket.wake_at,
        "sla": ticket.sla,
        "watchers": list(ticket.watchers),
        "group_key": ticket.group_key,
        "grouped": 1 if ticket.group_key else 0,
        "grouped_at": ticket.created_at if ticket.group_key else None,
        "policy": ticket.policy,
        "solved_at": ticket.solved_at,
        "due_at": ticket.due_at,
        "next_at": ticket.created_at,
    }


def ticket_of(row: Any) -> Ticket:
    """The ticket of a row with all columns of the table."""
    return Ticket(
        number=row.number,
        subject=row.subject,
        requester=Address(row.requester_name, row.requester_address),
        queue=row.queue,
        team=row.team,
        created_at=row.created_at,
        updated_at=row.updated_at,
        status=Status(row.status),
        priority=Priority(row.priority),
        type=TicketType(row.type),
        assignee=row.assignee,
        language=row.language,
        tags=tuple(row.tags),
        fields=row.fields,
        merged_into=row.merged_into,
        version=row.version,
        title=row.title,
        wake_at=row.wake_at,
        sla=row.sla,
        watchers=tuple(row.watchers),
        group_key=row.group_key,
        policy=row.policy,
        solved_at=row.solved_at,
        due_at=row.due_at,
    )


def party_columns(ticket: int, party: Party) -> dict[str, Any]:
    """The row of a party."""
    reply_to = party.reply_to or _NOWHERE
    return {
        "ticket": ticket,
        "number": party.number,
        "name": party.address.name,
        "address": party.address.address,
        "address_key": party.address.key,
        "role": str(party.role),
        "reply_to_name": reply_to.name,
        "reply_to_address": reply_to.address,
    }


def party_of(row: Any) -> Party:
    """The party of a row."""
    reply_to = Address(row.reply_to_name, row.reply_to_address) if row.reply_to_address else None
    return Party(row.number, Address(row.name, row.address), Role(row.role), reply_to)


def thread_of(row: Any) -> ThreadId:
    """The Message-ID of a row."""
    return ThreadId(row.message_id, frozenset(row.holders), row.is_ours, row.is_internal)


def contact_of(row: Any) -> Contact:
    """The contact of a row."""
    return Contact(
        address=Address(row.name, row.address),
        was_aligned=row.was_aligned,
        language=row.language,
        bounced_status=row.bounced_status,
        wants_no_mail=row.wants_no_mail,
        same_as=row.same_as or "",
    )


def as_json(row: Row[Any]) -> dict[str, Any]:
    """The row as JSON: instants as `instant` writes them."""
    return {
        name: instant(value) if isinstance(value, datetime) else value
        for name, value in row._asdict().items()
    }


def instant(at: datetime) -> str:
    """UTC, whole seconds, with Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def first_fitting(rows: Iterable[Row[int, int]], limit_bytes: int) -> list[int]:
    """The ids of the first (id, size) rows that stay under the limit together; at least one."""
    ids: list[int] = []
    total = 0
    for id_, size in rows:
        total += size
        if ids and total > limit_bytes:
            break
        ids.append(id_)
    return ids
