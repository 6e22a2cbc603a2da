"""Which alerts went out lately, so that one trouble is told once an hour."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session


def may_alert(
    session: Session, key: str, now: datetime, every: timedelta = timedelta(hours=1)
) -> bool:
    """Answer whether an alert of this key may go out now, and remember that it does."""
    raise NotImplementedError
