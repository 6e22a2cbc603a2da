"""What was last said for everybody to read, by either side, on a ticket or one merged into it.

A message is found by its number first: to sort what is said with the texts would read them all.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from maildesk.mail.message import Address, Span, cut
from maildesk.model.facts import Said
from maildesk.model.ticket import Direction, Visibility
from maildesk.store.tables import messages, tickets

SAID_CHARACTERS = 4000

_ON_THEM: Any = bindparam("tickets", expanding=True)
_IS_PUBLIC = messages.c.visibility == str(Visibility.PUBLIC)
_NEWEST_IN = (
    select(messages.c.id)
    .where(
        messages.c.ticket == tickets.c.number,
        messages.c.direction == str(Direction.IN),
        _IS_PUBLIC,
    )
    .order_by(messages.c.id.desc())
    .limit(1)
    .correlate(tickets)
    .scalar_subquery()
)
_LAST_IN = select(func.max(_NEWEST_IN)).where(tickets.c.number.in_(_ON_THEM))
_LAST_OUT = (
    select(messages.c.id)
    .where(messages.c.ticket.in_(_ON_THEM), messages.c.direction == str(Direction.OUT), _IS_PUBLIC)
    .order_by(messages.c.at.desc(), messages.c.id.desc())
    .limit(1)
)
_MESSAGE = select(
    messages.c.author_name,
    messages.c.author_address,
    messages.c.at,
    messages.c.text,
    messages.c.reply,
)
_LAST_SAID = _MESSAGE.where(messages.c.id == _LAST_IN.scalar_subquery())
_LAST_REPLY = _MESSAGE.where(messages.c.id == _LAST_OUT.scalar_subquery())


def last_said(connection: Connection, *numbers: int) -> Said | None:
    """What somebody outside the desk wrote last: a quotation, so a long text is cut."""
    row = connection.execute(_LAST_SAID, {"tickets": numbers}).one_or_none()
    return _said(row) if row else None


def last_reply(connection: Connection, *numbers: int) -> Said | None:
    """What the desk wrote last. A mail that was held and released counts from its release."""
    row = connection.execute(_LAST_REPLY, {"tickets": numbers}).one_or_none()
    return _said(row) if row else None


def _said(row: Any) -> Said:
    words = cut(row.text, (Span(*pair) for pair in row.reply))
    if len(words) > SAID_CHARACTERS:
        words = words[:SAID_CHARACTERS].rstrip() + " […]"
    return Said(Address(row.author_name, row.author_address), row.at, words)
