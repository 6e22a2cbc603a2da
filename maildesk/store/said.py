"""What was last said on a ticket for everybody to read, by either side."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from maildesk.mail.message import Address, Span, cut
from maildesk.model.facts import Said
from maildesk.model.ticket import Direction, Visibility
from maildesk.store.tables import messages

SAID_CHARACTERS = 4000

_PUBLIC = select(
    messages.c.author_name,
    messages.c.author_address,
    messages.c.at,
    messages.c.text,
    messages.c.reply,
).where(
    messages.c.ticket == bindparam("ticket"),
    messages.c.visibility == str(Visibility.PUBLIC),
)
_LAST_SAID = (
    _PUBLIC.where(messages.c.direction == str(Direction.IN)).order_by(messages.c.id.desc()).limit(1)
)
_LAST_REPLY = (
    _PUBLIC.where(messages.c.direction == str(Direction.OUT))
    .order_by(messages.c.at.desc(), messages.c.id.desc())
    .limit(1)
)


def last_said(connection: Connection, ticket: int) -> Said | None:
    """What somebody outside the desk wrote last: a quotation, so a long text is cut."""
    row = connection.execute(_LAST_SAID, {"ticket": ticket}).one_or_none()
    return _said(row) if row else None


def last_reply(connection: Connection, ticket: int) -> Said | None:
    """What the desk wrote last. A mail that was held and released counts from its release."""
    row = connection.execute(_LAST_REPLY, {"ticket": ticket}).one_or_none()
    return _said(row) if row else None


def _said(row: Any) -> Said:
    words = cut(row.text, (Span(*pair) for pair in row.reply))
    if len(words) > SAID_CHARACTERS:
        words = words[:SAID_CHARACTERS].rstrip() + " […]"
    return Said(Address(row.author_name, row.author_address), row.at, words)
