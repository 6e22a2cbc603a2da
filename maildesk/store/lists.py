"""Lists of tickets that a mail asks for: `#queue`, `#find`, and a requester's `status`."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, exists, false, or_, select

from maildesk.mail.identifiers import base_subject
from maildesk.mail.message import Address
from maildesk.model.facts import TicketLine
from maildesk.model.ticket import Priority, Status
from maildesk.store.tables import messages, tickets

UNFINISHED = (Status.NEW, Status.OPEN, Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED)
MINE_AT_MOST = 50
OWN_AT_MOST = 20
OWN_SEARCHED = 1_000
FOUND_AT_MOST = 20
SEARCHED = 5_000  # newest tickets: a search walks through their words
SEARCHED_WORDS = 8
WORD_CHARACTERS = 50

LINE = [
    tickets.c[name]
    for name in (
        "number", "subject", "title", "status", "created_at", "updated_at", "priority",
        "requester_name", "requester_address", "team", "assignee", "due_at",
    )
]  # fmt: skip
_IS_UNFINISHED = tickets.c.status.in_(map(str, UNFINISHED))
_DUE_FIRST = tickets.c.due_at.asc().nulls_last()
_MOST_URGENT_FIRST = (
    _DUE_FIRST,
    tickets.c.priority,
    tickets.c.created_at,
    tickets.c.number,
)

# --- an agent's ---------------------------------------------------------------------------------

_HIS = (
    select(*LINE)
    .where(tickets.c.assignee == bindparam("agent"), _IS_UNFINISHED)
    .order_by(*_MOST_URGENT_FIRST)
    .limit(MINE_AT_MOST)
)
_HIS_TEAMS = (
    select(*LINE)
    .where(tickets.c.team.in_(bindparam("teams", expanding=True)), _IS_UNFINISHED)
    .where(or_(tickets.c.assignee.is_(None), tickets.c.assignee != bindparam("agent")))
    .order_by(*_MOST_URGENT_FIRST)
    .limit(MINE_AT_MOST)
)


def mine(connection: Connection, agent: str, teams: Collection[str]) -> tuple[TicketLine, ...]:
    """What is not finished of an agent's, then of his teams': next due first, then by priority; at
    most 50."""
    rows = list(connection.execute(_HIS, {"agent": agent}))
    if teams and len(rows) < MINE_AT_MOST:
        rows += connection.execute(_HIS_TEAMS, {"agent": agent, "teams": list(teams)})
    return tuple(map(line_for_agents, rows[:MINE_AT_MOST]))


# --- a requester's ------------------------------------------------------------------------------

_NEWEST_OWN = (
    select(tickets.c.number)
    .where(tickets.c.requester_key.in_(bindparam("keys", expanding=True)))
    .order_by(tickets.c.number.desc())
    .limit(OWN_SEARCHED)
)
_OWN = (
    select(*LINE)
    .where(tickets.c.number.in_(_NEWEST_OWN), _IS_UNFINISHED)
    .order_by(_DUE_FIRST, tickets.c.number.desc())
    .limit(OWN_AT_MOST)
)


def own(connection: Connection, keys: Collection[str]) -> tuple[TicketLine, ...]:
    """What is not finished of a requester's at these address keys, next due first, then newest; at
    most 20, of his last 1,000. He is shown his own subject, never the title that agents gave."""
    rows = connection.execute(_OWN, {"keys": list(keys)})
    return tuple(_line(row, row.subject) for row in rows)


# --- a search -----------------------------------------------------------------------------------

_ABOUT = (
    tickets.c.subject,
    tickets.c.title,
    tickets.c.requester_name,
    tickets.c.requester_address,
)


def _newest(count: int) -> Select[Any]:
    newest = select(tickets.c.number).order_by(tickets.c.number.desc()).limit(count)
    return select(newest.subquery("newest").c.number)


_NEWEST = _newest(SEARCHED)


def found(connection: Connection, words: str) -> tuple[TicketLine, ...]:
    """The newest tickets that hold all these words, in subject, title, requester or messages; a
    number finds its ticket too. At most 20, of the newest 5,000: there is no index of words."""
    wanted = [word[:WORD_CHARACTERS] for word in words.split()[:SEARCHED_WORDS]]
    if not wanted:
        return ()
    query = (
        select(*LINE)
        .where(tickets.c.number.in_(_NEWEST), *map(_holds, wanted))
        .order_by(tickets.c.number.desc())
        .limit(FOUND_AT_MOST)
    )
    return tuple(map(line_for_agents, connection.execute(query)))


def _holds(word: str) -> ColumnElement[bool]:
    """Whether a ticket holds the word, in capitals or not (see `_cases`)."""
    cases = _cases(word)
    on_it = [column.contains(w, autoescape=True) for column in _ABOUT for w in cases]
    in_text = [messages.c.text.contains(w, autoescape=True) for w in cases]
    said = exists().where(messages.c.ticket == tickets.c.number, or_(*in_text))
    return or_(_has_number(word), *on_it, said)


def _has_number(word: str) -> ColumnElement[bool]:
    digits = word.removeprefix("#")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= 10
    return tickets.c.number == int(digits) if is_number else false()


def _cases(word: str) -> Iterable[str]:
    """SQLite's LIKE takes a and A for the same, but not ä and Ä."""
    if word.isascii():
        return (word,)
    return dict.fromkeys((word, word.lower(), word.upper(), word.capitalize()))


# --- lines --------------------------------------------------------------------------------------


def line_for_agents(row: Row[Any]) -> TicketLine:
    """The line of a row with all columns of `LINE`, named as agents have named the ticket."""
    return _line(row, row.title or row.subject)


def _line(row: Row[Any], subject: str) -> TicketLine:
    return TicketLine(
        number=row.number,
        subject=base_subject(subject),
        status=Status(row.status),
        created_at=row.created_at,
        priority=Priority(row.priority),
        requester=Address(row.requester_name, row.requester_address),
        team=row.team,
        assignee=row.assignee,
        updated_at=row.updated_at,
        due_at=row.due_at,
    )
