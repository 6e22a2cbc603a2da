"""What `tickets.gather` reads, question by question. Each has an index; none grows with time."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from maildesk.mail.identifiers import base_subject, is_reply_subject, subject_key
from maildesk.mail.message import InboundMail
from maildesk.model.facts import Duplicate, SentAnswer, TicketFacts, TicketLine
from maildesk.model.ticket import Party, Status
from maildesk.store.merged import sources_of
from maildesk.store.message_ids import thread_of_ticket
from maildesk.store.rows import party_of, ticket_of
from maildesk.store.said import last_said
from maildesk.store.tables import answers, contacts, outgoing, parties, receipts, tickets

TICKETS_AT_ONCE = 20
MERGES_FOLLOWED = 10
FOLD_ALARMS_FOR = timedelta(minutes=15)
DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
COUNTED_AT_MOST = 1000
SUBJECT_LIFE = timedelta(days=30)  # a subject is reused after that

# --- tickets ------------------------------------------------------------------------------------

_TICKETS = select(tickets).where(tickets.c.number.in_(bindparam("numbers", expanding=True)))
_PARTIES = (
    select(parties, contacts.c.wants_no_mail, contacts.c.was_aligned)
    .outerjoin(contacts, contacts.c.address_key == parties.c.address_key)
    .where(parties.c.ticket.in_(bindparam("numbers", expanding=True)))
    .order_by(parties.c.ticket, parties.c.number)
)
_WRITTEN_TO = (
    select(outgoing.c.ticket, outgoing.c.recipient_key)
    .where(outgoing.c.ticket.in_(bindparam("numbers", expanding=True)))
    .distinct()
)


def ticket_facts(connection: Connection, numbers: Iterable[int]) -> dict[int, TicketFacts]:
    """These tickets, as far as they exist, and those that merged ones lead to; at most 20 asked."""
    rows = _with_targets(connection, list(dict.fromkeys(numbers))[:TICKETS_AT_ONCE])
    if not rows:
        return {}
    found = {"numbers": list(rows)}
    people: dict[int, list[Party]] = defaultdict(list)
    stopped: dict[int, set[str]] = defaultdict(set)
    proved: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(_PARTIES, found):
        people[row.ticket].append(party_of(row))
        if row.wants_no_mail:
            stopped[row.ticket].add(row.address_key)
        if row.was_aligned:
            proved[row.ticket].add(row.address_key)
    written: dict[int, set[str]] = defaultdict(set)
    for ticket, key in connection.execute(_WRITTEN_TO, found):
        written[ticket].add(key)
    sources = sources_of(connection, rows)
    return {
        number: TicketFacts(
            ticket=ticket_of(row),
            parties=tuple(people[number]),
            thread=thread_of_ticket(connection, number),
            written_to=frozenset(written[number]),
            last_said=last_said(connection, number, *sources.get(number, ())),
            want_no_mail=frozenset(stopped[number]),
            proved=frozenset(proved[number]),
            sources=sources.get(number, ()),
        )
        for number, row in rows.items()
    }


def _with_targets(connection: Connection, numbers: list[int]) -> dict[int, Any]:
    rows: dict[int, Any] = {}
    for _step in range(MERGES_FOLLOWED):
        if not numbers:
            break
        found = connection.execute(_TICKETS, {"numbers": numbers}).all()
        rows |= {row.number: row for row in found}
        numbers = [row.merged_into for row in found if row.merged_into not in {None, *rows}]
    return rows


_EARLIER = (
    select(tickets.c.number, tickets.c.subject, tickets.c.status, tickets.c.created_at)
    .where(tickets.c.requester_key == bindparam("key"))
    .order_by(tickets.c.number.desc())
    .limit(5)
)


def earlier_tickets(connection: Connection, key: str) -> tuple[TicketLine, ...]:
    """The last five tickets of a requester, newest first."""
    rows = connection.execute(_EARLIER, {"key": key})
    return tuple(TicketLine(row[0], base_subject(row[1]), Status(row[2]), row[3]) for row in rows)


_SAME_SUBJECT = (
    select(tickets.c.number)
    .where(tickets.c.subject_key == bindparam("key"), tickets.c.updated_at >= bindparam("since"))
    .where(or_(bindparam("is_answer"), tickets.c.requester_key == bindparam("sender")))
    .order_by(tickets.c.number.desc())
    .limit(1)
)


def same_subject(connection: Connection, mail: InboundMail, now: datetime) -> int | None:
    """The newest ticket of the mail's subject with news in the last 30 days.

    Only for an answer's subject (`Re:`), or where the requester writes of the same thing again.
    """
    key = subject_key(mail.subject)
    if not key:
        return None
    values = {
        "key": key,
        "since": now - SUBJECT_LIFE,
        "is_answer": is_reply_subject(mail.subject),
        "sender": mail.sender.key if mail.sender else "",
    }
    return connection.scalar(_SAME_SUBJECT, values)


# --- receipts -----------------------------------------------------------------------------------
# Only receipts that are done have a content key. To ask for the state too would lead SQLite to the
# index on states, through which it walks all that were ever done.

_SAME_CONTENT = select(receipts.c.id, receipts.c.ticket, receipts.c.received_at).where(
    receipts.c.content_key == bindparam("content_key"),
    receipts.c.disposition != "duplicate",
    receipts.c.id != bindparam("receipt"),
)
_FIRST_COPY = _SAME_CONTENT.order_by(receipts.c.id).limit(1)
_LAST_COPY = (
    _SAME_CONTENT.where(receipts.c.received_at >= bindparam("since"))
    .order_by(receipts.c.id.desc())
    .limit(1)
)
_RECEIVED_AT = select(receipts.c.received_at).where(receipts.c.id == bindparam("receipt"))


def duplicate_of(
    connection: Connection, mail: InboundMail, *, receipt: int, now: datetime
) -> Duplicate | None:
    """The receipt that brought the same content before. A mail without Message-ID is a copy for
    15 minutes only: devices send the same alarm again when it is new."""
    parameters: dict[str, Any] = {"content_key": mail.content_key, "receipt": receipt}
    if mail.message_id:
        row = connection.execute(_FIRST_COPY, parameters).one_or_none()
    else:
        received_at = connection.scalar(_RECEIVED_AT, {"receipt": receipt}) or now
        parameters["since"] = received_at - FOLD_ALARMS_FOR
        row = connection.execute(_LAST_COPY, parameters).one_or_none()
    return Duplicate(row.id, row.ticket, row.received_at) if row else None


_SAME_ID = (
    select(receipts.c.id)
    .where(
        receipts.c.message_id == bindparam("message_id"),
        receipts.c.content_key != bindparam("content_key"),
        receipts.c.id != bindparam("receipt"),
    )
    .limit(5)
)


def same_message_id(connection: Connection, mail: InboundMail, receipt: int) -> tuple[int, ...]:
    """Receipts with the Message-ID of this mail and other content, at most five."""
    if not mail.message_id:
        return ()
    parameters = {
        "message_id": mail.message_id,
        "content_key": mail.content_key,
        "receipt": receipt,
    }
    return tuple(sorted(connection.scalars(_SAME_ID, parameters)))


# --- answers ------------------------------------------------------------------------------------

_TO_ADDRESSES = select(answers).where(
    answers.c.address_key.in_(bindparam("keys", expanding=True)), answers.c.at > bindparam("since")
)
_ON_TICKETS = select(answers).where(
    answers.c.ticket.in_(bindparam("numbers", expanding=True)), answers.c.at > bindparam("since")
)
_UNVERIFIED = select(func.count()).select_from(
    select(answers.c.outgoing)
    .where(answers.c.is_unverified.is_(True), answers.c.at > bindparam("since"))
    .limit(COUNTED_AT_MOST)
    .subquery()
)


def recent_answers(
    connection: Connection, keys: Iterable[str], numbers: Iterable[int], now: datetime
) -> tuple[SentAnswer, ...]:
    """Automatic answers of the last day, to these addresses and on these tickets, oldest first."""
    since = now - DAY
    asked = list(keys)
    rows = list(connection.execute(_TO_ADDRESSES, {"keys": asked, "since": since})) if asked else []
    wanted = list(numbers)
    if wanted:
        rows += connection.execute(_ON_TICKETS, {"numbers": wanted, "since": since})
    once = {row.outgoing: row for row in rows}
    return tuple(
        SentAnswer(row.address_key, row.ticket, row.notice, row.at, row.is_unverified)
        for _id, row in sorted(once.items())
    )


def unverified_in_hour(connection: Connection, now: datetime) -> int:
    """How many acknowledgements went to unproven senders in the last hour, as far as 1,000."""
    return connection.scalar(_UNVERIFIED, {"since": now - HOUR}) or 0
