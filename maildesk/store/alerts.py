"""Which alerts went out lately, so that one trouble is told once an hour."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from maildesk.store.tables import alerts

EVERY = timedelta(hours=1)


def may_alert(session: Session, key: str, now: datetime, every: timedelta = EVERY) -> bool:
    """Answer whether an alert of this key may go out now, and remember that it does."""
    if not is_due(session, key, now, every):
        return False
    session.execute(delete(alerts).where(alerts.c.key == key))
    session.execute(insert(alerts).values(key=key, last_at=now))
    return True


def is_due(session: Session, key: str, now: datetime, every: timedelta = EVERY) -> bool:
    """Answer whether an alert of this key may go out now; remembers nothing."""
    last_at = session.scalar(select(alerts.c.last_at).where(alerts.c.key == key))
    # A clock that was set back silences nothing.
    return last_at is None or not last_at <= now < last_at + every
