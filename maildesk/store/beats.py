"""When the ticker last beat: the wall clock is held against it."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from maildesk.store.tables import beats

_TICKER = "ticker"
_HERE = beats.c.name == _TICKER


def last_beat(connection: Connection) -> datetime | None:
    """When the ticker last beat; None before its first time."""
    at: datetime | None = connection.scalar(select(beats.c.at).where(_HERE))
    return at


def note_beat(connection: Connection, now: datetime) -> None:
    """The ticker beats."""
    if not connection.execute(update(beats).where(_HERE).values(at=now)).rowcount:
        connection.execute(insert(beats).values(name=_TICKER, at=now))
