"""Which agents are away, and until when."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from maildesk.model.changes import SetAbsence
from maildesk.store.tables import absences

_ABSENT = select(absences.c.agent, absences.c.until).where(absences.c.until > bindparam("now"))


def absent(connection: Connection, now: datetime) -> Mapping[str, datetime]:
    """The handles of the agents who are away now, with their return."""
    return {row.agent: row.until for row in connection.execute(_ABSENT, {"now": now})}


def set_absence(connection: Connection, change: SetAbsence, now: datetime) -> None:
    """Note that an agent is away, for longer or shorter than was said, or back."""
    his = absences.c.agent == change.agent
    if change.until is not None:
        goes_on = update(absences).where(his, absences.c.until > now).values(until=change.until)
        if connection.execute(goes_on).rowcount:
            return
    connection.execute(delete(absences).where(his))
    if change.until is not None:
        row = {"agent": change.agent, "until": change.until, "since": now}
        connection.execute(insert(absences), row)
