"""What is done by the clock. The scheduler only calls; each job asks the store what is due.

To add a job: a function here with `@job(every=…)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from maildesk.desk.alerts import send_alert
from maildesk.desk.desk import Desk
from maildesk.model.plan import Alert
from maildesk.store import outbox

LATE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Job:
    """A function that is called every so often."""

    name: str
    every: timedelta
    run: Callable[[Desk], None]


JOBS: list[Job] = []


def job(*, every: timedelta) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """Have the decorated function called `every` so often."""

    def register(run: Callable[[Desk], None]) -> Callable[[Desk], None]:
        JOBS.append(Job(run.__name__, every, run))
        return run

    return register


@job(every=timedelta(seconds=10))
def look_again(desk: Desk) -> None:
    """Wake worker and sender: a retry may be due, another process may have journalled."""
    desk.arrived.set()
    desk.queued.set()


@job(every=timedelta(minutes=1))
def checkpoint(desk: Desk) -> None:
    """Move the write-ahead log into the database, so that it stays short."""
    desk.database.checkpoint()


@job(every=timedelta(minutes=10))
def warn_of_late_mail(desk: Desk) -> None:
    """Tell the admins of mails that have waited four hours for the next server."""
    now = desk.clock()
    for late in outbox.long_deferred(desk.database, now, LATE):
        problem = f"Mail to {late.recipient} has been waiting for more than four hours"
        send_alert(desk, Alert(f"late:{late.id}", problem, late.error))
