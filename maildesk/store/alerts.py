"""Which alerts went out lately, so that one trouble is told once an hour."""

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from maildesk.store.tables import alerts


def may_alert(
    session: Session, key: str, now: datetime, every: timedelta = timedelta(hours=1)
) -> bool:
    """Answer whether an alert of this key may go out now, and remember that it does."""
    here = alerts.c.key == key
    last_at = session.scalar(select(alerts.c.last_at).where(here))
    if last_at is None:
        session.execute(insert(alerts).values(key=key, last_at=now))
        return True
    if last_at <= now < last_at + every:  # a clock that was set back silences nothing
        return False
    session.execute(update(alerts).where(here).values(last_at=now))
    return True
