"""Which rules with `every` have fired on which tickets, and the live tickets that they look at.

A row stands here from the transaction in which a rule did its work until the ticket fits it no
longer. While it stands, the rule does nothing on that ticket.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, insert, select

from maildesk.model.facts import WatchedTicket
from maildesk.model.ticket import Status, Visibility
from maildesk.store.apply_work import only_once
from maildesk.store.lists import UNFINISHED
from maildesk.store.rows import ticket_of
from maildesk.store.tables import events, messages, rule_firings, tickets

AT_ONCE = 200  # tickets in memory
RULE = "rule"  # what the history calls a firing

# --- tickets --------------------------------------------------------------------------------------

_SAID_AT = (
    select(func.max(messages.c.at))
    .where(messages.c.ticket == tickets.c.number, messages.c.visibility == str(Visibility.PUBLIC))
    .correlate(tickets)
    .scalar_subquery()
)
_WATCHED = select(tickets, _SAID_AT.label("said_at"))
_OF_STATUS = (
    _WATCHED.where(tickets.c.status == bindparam("status"), tickets.c.number > bindparam("after"))
    .order_by(tickets.c.number)
    .limit(AT_ONCE)
)
_ONE = _WATCHED.where(tickets.c.number == bindparam("number"))
_FIRED = select(rule_firings.c.ticket, rule_firings.c.rule).where(
    rule_firings.c.ticket.in_(bindparam("numbers", expanding=True))
)


def of_status(connection: Connection, status: Status, after: int) -> list[WatchedTicket]:
    """The next tickets of a status whose number is greater than `after`, by number; at most 200."""
    rows = connection.execute(_OF_STATUS, {"status": str(status), "after": after})
    return _watched(connection, rows.all())


def watched(connection: Connection, number: int) -> WatchedTicket | None:
    """The ticket as it is now; None where it is not live any more."""
    rows = connection.execute(_ONE, {"number": number}).all()
    return next(
        (one for one in _watched(connection, rows) if one.ticket.status in UNFINISHED), None
    )


def _watched(connection: Connection, rows: Collection[Row[Any]]) -> list[WatchedTicket]:
    fired: dict[int, set[str]] = {row.number: set() for row in rows}
    for ticket, rule in connection.execute(_FIRED, {"numbers": list(fired)}) if fired else ():
        fired[ticket].add(rule)
    return [
        WatchedTicket(ticket_of(row), row.said_at, frozenset(fired[row.number])) for row in rows
    ]


# --- firings --------------------------------------------------------------------------------------


def note(connection: Connection, rule: str, ticket: int, now: datetime) -> None:
    """The rule fires on the ticket. Raises: Stale where it has, and the ticket fits it still."""
    row = {"ticket": ticket, "rule": rule, "at": now}
    with only_once(f"the rule {rule} has fired on ticket {ticket}"):
        connection.execute(insert(rule_firings), row)


_FIRINGS = (
    select(events.c.new, func.count())
    .where(
        events.c.ticket == bindparam("ticket"),
        events.c.kind == RULE,
        events.c.at > bindparam("since"),
    )
    .group_by(events.c.new)
    .order_by(func.count().desc(), events.c.new)
)


def fired_since(connection: Connection, ticket: int, since: datetime) -> dict[str, int]:
    """How many times each rule (by name) has fired on a ticket since then, by its history; the most
    frequent first."""
    rows = connection.execute(_FIRINGS, {"ticket": ticket, "since": since}).all()
    return {str(name): int(count) for name, count in rows}


_THIS = delete(rule_firings).where(
    rule_firings.c.ticket == bindparam("of_ticket"), rule_firings.c.rule == bindparam("of_rule")
)


def forget(connection: Connection, stopped: Iterable[tuple[str, int]]) -> None:
    """These rules (by name) do not fit these tickets any more: they may fire there again."""
    rows = [{"of_rule": rule, "of_ticket": ticket} for rule, ticket in stopped]
    if rows:
        connection.execute(_THIS, rows)


def forget_others(connection: Connection, rules: Collection[str]) -> None:
    """Forget the firings of all rules but these, and on tickets that are not live any more."""
    is_live = exists().where(
        tickets.c.number == rule_firings.c.ticket, tickets.c.status.in_(map(str, UNFINISHED))
    )
    connection.execute(delete(rule_firings).where(rule_firings.c.rule.not_in(list(rules))))
    connection.execute(delete(rule_firings).where(~is_live))
