"""What is done by the clock. The scheduler only calls; each job asks the store what is due.

To add a job: a function here with `@job(every=…)`, and `is_timed=True` if it does what is due by
the wall clock; those wait where the clock is not trusted (`clock_guard`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from maildesk.desk import beat, clock_guard, digests
from maildesk.desk.alerts import send_alert
from maildesk.desk.bundles import send_due
from maildesk.desk.desk import Desk
from maildesk.desk.holds import fire_due
from maildesk.desk.scheduled_rules import run_due
from maildesk.desk.undelivered import tidings_of
from maildesk.model.plan import Alert
from maildesk.store import outbox

LATE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Job:
    """A function that is called every so often. `is_timed`: what it does, is due by the clock."""

    name: str
    every: timedelta
    run: Callable[[Desk], None]
    is_timed: bool = False

    def __call__(self, desk: Desk) -> None:
        """Run it, if it may."""
        if not self.is_timed or clock_guard.is_trusted(desk):
            self.run(desk)


JOBS: list[Job] = []


def job(
    *, every: timedelta, is_timed: bool = False
) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """Have the decorated function called `every` so often."""

    def register(run: Callable[[Desk], None]) -> Callable[[Desk], None]:
        JOBS.append(Job(run.__name__, every, run, is_timed))
        return run

    return register


def run_timed(desk: Desk) -> None:
    """Do all that is due by the clock, once."""
    for each in JOBS:
        if each.is_timed:
            each(desk)


@job(every=timedelta(seconds=10))
def look_again(desk: Desk) -> None:
    """Wake worker and sender: a retry may be due, another process may have journalled."""
    desk.arrived.set()
    desk.queued.set()


@job(every=timedelta(minutes=1))
def checkpoint(desk: Desk) -> None:
    """Move the write-ahead log into the database, so that it stays short."""
    desk.database.checkpoint()


@job(every=timedelta(minutes=1), is_timed=True)
def remind_and_wake(desk: Desk) -> None:
    """Remind of held mails that nobody decides on; bring back tickets whose day has come."""
    fire_due(desk)


@job(every=timedelta(minutes=1), is_timed=True)
def look_at_clocks(desk: Desk) -> None:
    """Do what is due on tickets: steps of the ladder, reminders, closings."""
    beat.beat(desk)


@job(every=timedelta(minutes=1), is_timed=True)
def send_digests(desk: Desk) -> None:
    """Mail each agent and each team's lead, at the opening of his day, what waits for him."""
    digests.send_due(desk)


@job(every=timedelta(minutes=1), is_timed=True)
def run_scheduled_rules(desk: Desk) -> None:
    """Ask the routing rules with `every` whose time has come, and do what they say."""
    run_due(desk)


@job(every=timedelta(minutes=1), is_timed=True)
def send_bundles(desk: Desk) -> None:
    """Mail agents who get too many mails a list of what came in the last quarter of an hour."""
    send_due(desk)


@job(every=timedelta(minutes=10))
def warn_of_late_mail(desk: Desk) -> None:
    """Note on their tickets which mails have waited four hours for the next server, and tell the
    admins how many there are. Alerts that are late are told to nobody: there would be no end."""
    now = desk.clock()
    with desk.database.read() as session:
        late = outbox.long_deferred(session, now, LATE)
        if not late:
            return
        tidings = tidings_of(desk, session, late, now)
        count, since = outbox.late_count(session, now, LATE)
    with desk.database.write() as session:
        outbox.note_warned(session, [outcome.id for outcome in late])
        tidings.write(session, now)
    tidings.tell(desk)
    if since:
        mails = "1 mail waits" if count == 1 else f"{count} mails wait"
        problem = f"{mails} for the next server, since {since:%Y-%m-%d %H:%M} UTC"
        send_alert(desk, Alert("late", problem, late[-1].error))
