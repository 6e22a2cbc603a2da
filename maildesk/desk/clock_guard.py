"""The wall clock may be wrong: after a great leap nothing is done by it until somebody says yes.

Mail goes on as ever. What waits is all that time brings about: a clock that is a month ahead would
breach every promise at once, and no mail can be called back.
"""

from datetime import datetime, timedelta

import structlog

from maildesk.desk.alerts import send_alert
from maildesk.desk.desk import Desk
from maildesk.model.plan import Alert
from maildesk.store import clocks
from maildesk.store.beats import last_beat, note_beat

log = structlog.get_logger()

BACK = timedelta(days=1)
FORTH = timedelta(days=30)
NOTED_EVERY = timedelta(seconds=30)
SAID_EVERY = timedelta(hours=12)


def is_trusted(desk: Desk) -> bool:
    """Whether the clock may be gone by; if not, an alert says what to do."""
    now = desk.clock()
    with desk.database.read() as session:
        last = last_beat(session.connection())
    if last and not last - BACK <= now <= last + FORTH:
        _complain(desk, last, now)
        return False
    if last is None or now - last >= NOTED_EVERY:
        _note(desk)
    elif last - now >= NOTED_EVERY:  # by less, another job has but noted it a moment ago
        accept(desk)
    return True


def accept(desk: Desk) -> None:
    """Go by the clock from now on, whatever it shows. What is due by the old one is worked out
    anew: a ticket that was touched while it was ahead must not wait for that time to come."""
    with desk.database.write() as session:
        note_beat(session.connection(), desk.clock())
        clocks.look_at_all(session.connection(), desk.clock())


def _note(desk: Desk) -> None:
    with desk.database.write() as session:
        note_beat(session.connection(), desk.clock())


def _complain(desk: Desk, last: datetime, now: datetime) -> None:
    log.error("clock not trusted: what is due waits", last=str(last), now=str(now))
    problem = (
        f"The clock has leapt from {last:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC; "
        "reminders and escalations wait"
    )
    detail = "If the clock is right, start maildesk once with: maildesk run --accept-clock"
    send_alert(desk, Alert("clock", problem, detail, every=SAID_EVERY, is_about_mail=False))
