"""The composition root: it builds the parts, starts them, and stops them in reverse.

    build_desk     what every command needs that works on tickets
    Daemon         all parts together: listeners, pollers, worker, sender, ticker, /healthz
    process_once   one round of the same, for cron and for `maildesk receive`

To add a way in, build it in `_ways_in`. Here and in `cli` alone the clock is read.
"""

import math
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from maildesk import systemd
from maildesk.config import load_rules
from maildesk.desk.alerts import send_alert
from maildesk.desk.children import Children
from maildesk.desk.delivery import Sender
from maildesk.desk.desk import Desk
from maildesk.desk.evidence import open_checker
from maildesk.desk.holds import fire_due
from maildesk.desk.intake import LEASE, Worker, receiver
from maildesk.desk.jobs import JOBS, Job
from maildesk.errors import MaildeskError, Misconfigured, Temporary, Unavailable
from maildesk.health import Health, HealthServer, is_stuck
from maildesk.loops import Loop
from maildesk.mail.envelope import DeliveryResult, Envelope, Receive
from maildesk.mail.template_sources import load_sources
from maildesk.model.plan import Alert
from maildesk.settings import Mailbox, Send, Settings
from maildesk.share import template_folders
from maildesk.store import claims, sending
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal
from maildesk.store.mailboxes import MailboxMemory
from maildesk.transport.imap import Poller
from maildesk.transport.smtp import Listener
from maildesk.transport.submission import MaildirSubmitter, SmarthostSubmitter

log = structlog.get_logger()

STOP_SECONDS = 25.0  # SIGTERM to exit, with something to spare of the 30 that we promise
LOOP_STOP_SECONDS = 6.0  # of these for worker and sender, each; half of it undisturbed
WORKER_SECONDS = 120.0  # over one mail: it has thirty to be read, and as many to be answered
SENDER_SECONDS = 1800.0  # over one mail: all that RFC 5321 section 4.5.3.2 grants a slow server
CLOCK_JUMP_SECONDS = 30.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Submitter(Protocol):
    """A `Submit` that holds a connection."""

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Hand one mail to the next server."""

    def interrupt(self) -> None:
        """End what is under way; the one thing that another thread may do."""

    def close(self) -> None:
        """Let the connection go."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@contextmanager
def open_desk(
    settings: Settings, clock: Callable[[], datetime] = utc_now, *, readers: int = 2
) -> Iterator[Desk]:
    """Open the store, alone, and all that use cases need; close it at the end. `readers` is how
    many child processes read and write mails.

    Raises: Unavailable where a daemon runs on the same database, Misconfigured for a schema that
    is newer than the program.
    """
    with ExitStack() as stack:
        database = open_database(settings.database)
        left_running: list[str] = []
        stack.callback(lambda: None if left_running else database.close())
        database.hold_daemon_lock()
        migrated = database.migrate()
        if migrated:
            log.info("database migrated", backup=str(migrated.backup or ""), to=migrated.new)
        claims.free_leases(database)
        sending.free_leases(database, clock())
        limits = settings.limits
        children = Children(
            count=readers, seconds=limits.parse_seconds, memory_bytes=limits.parse_bytes
        )
        stack.callback(children.close)
        checker = open_checker(children, settings.rules.authentication)
        if checker:
            stack.callback(checker.close)
        yield Desk(
            settings=settings,
            rules=settings.rules,
            database=database,
            children=children,
            sources=load_sources(template_folders(settings.templates)),
            clock=clock,
            checker=checker,
            left_running=left_running,
        )


def open_submitter(send: Send, hostname: str) -> Submitter:
    """Return the way out that the configuration names."""
    if send.smarthost:
        return SmarthostSubmitter(send.smarthost, hostname)
    assert send.maildir is not None  # noqa: S101 - the configuration has one of both
    return MaildirSubmitter(send.maildir)


def process_once(desk: Desk, receive: Receive | None = None) -> int:
    """Poll every mailbox (if `receive` is given), then work off journal, what is due and outbox
    once.

    Raises: at the end, Unavailable naming the mailboxes that could not be read.
    """
    done, unread = _poll_mailboxes(desk, receive) if receive else (0, [])
    worker = Worker(desk)
    while worked := worker.work():
        done += worked
    fire_due(desk)
    submit = open_submitter(desk.settings.send, desk.rules.domain)
    sender = Sender(desk, submit)
    try:
        while sent := sender.deliver_due():
            done += sent
    finally:
        sender.close()
        submit.close()
    if unread:
        raise Unavailable("; ".join(unread))
    return done


def _poll_mailboxes(desk: Desk, receive: Receive) -> tuple[int, list[str]]:
    """Return how many mails were taken, and what is wrong with which mailboxes."""
    done = 0
    unread: list[str] = []
    for mailbox in desk.settings.mailboxes:
        try:
            done += _poller(desk, mailbox, receive).poll_once()
        except MaildeskError as error:
            unread.append(f"mailbox {mailbox.name}: {error.text}")
    return done, unread


class Daemon:
    """Everything that runs in `maildesk run`, on an open desk."""

    def __init__(self, desk: Desk, folder: Path | None = None) -> None:
        self.desk = desk
        self.health = Health()
        self.listeners: list[Listener] = []
        self.http: HealthServer | None = None
        self._folder = folder
        self._stack = ExitStack()
        self._ending: list[Callable[[], None]] = []
        self._stop_by = math.inf
        self._rules_problem = ""

    def start(self) -> None:
        """Start every part; where one cannot start, stop those that have.

        Raises: MaildeskError naming what could not start.
        """
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()

    def stop(self) -> None:
        """Stop the parts in reverse: first no more mail comes in, then what is at hand is done.

        What takes too long is left as it is: every part bears being killed at any moment.
        """
        systemd.notify("STOPPING=1")
        self._stop_by = time.monotonic() + STOP_SECONDS
        for end in self._ending:
            end()
        self._stack.close()
        if self.desk.left_running:
            log.warning("left running", parts=self.desk.left_running)

    def _start(self, stack: ExitStack) -> None:
        desk, settings = self.desk, self.desk.settings
        kept = Journal(desk.database, desk.clock, in_flight_bytes=settings.limits.in_flight_bytes)
        stack.callback(self._end_within, "journal", kept.close, LOOP_STOP_SECONDS)
        self._start_worker(stack)
        self._start_sender(stack)
        self._start_ticker(stack)
        if settings.http:
            self.http = HealthServer(settings.http, self.health)
            self.http.start()
            stack.callback(self.http.stop)
        self._start_ways_in(stack, receiver(desk, kept))

    def _start_worker(self, stack: ExitStack) -> None:
        desk = self.desk
        worker = Worker(desk)
        loop = Loop(
            "worker",
            worker.work,
            desk.arrived,
            stuck_seconds=WORKER_SECONDS,
            interrupt=desk.children.close,
        )
        worker.on_progress = loop.note_progress
        self._run_loop(stack, loop)

    def _start_sender(self, stack: ExitStack) -> None:
        desk = self.desk
        submit = open_submitter(desk.settings.send, desk.rules.domain)
        sender = Sender(desk, submit)
        loop = Loop(
            "sender",
            sender.deliver_due,
            desk.queued,
            stuck_seconds=SENDER_SECONDS,
            interrupt=submit.interrupt,
        )
        sender.on_progress = loop.note_progress
        self._ending.append(sender.stop_soon)

        def close() -> None:
            if loop.name not in desk.left_running:
                sender.close()
                submit.close()

        stack.callback(self._end_within, "outbox", close, LOOP_STOP_SECONDS)
        self._run_loop(stack, loop)

    def _run_loop(self, stack: ExitStack, loop: Loop) -> None:
        def stop() -> None:
            if not loop.stop(LOOP_STOP_SECONDS):
                self.desk.left_running.append(loop.name)

        loop.start()
        self._ending.append(loop.stop_soon)
        stack.callback(stop)
        self.health.watch(loop.name, loop.trouble)

    def _end_within(self, part: str, end: Callable[[], None], seconds: float) -> None:
        """Call `end`; where it takes too long, go on without."""
        thread = threading.Thread(target=end, name=f"end of {part}", daemon=True)
        thread.start()
        thread.join(self._share(seconds))
        if thread.is_alive():
            self.desk.left_running.append(part)

    def _share(self, seconds: float, *, kept: float = 0.0) -> float:
        """So many seconds, if that many are left till the end, but for those that others need."""
        return max(0.5, min(seconds, self._stop_by - kept - time.monotonic()))

    def _stop_way_in(self, stop: Callable[[float], None]) -> None:
        stop(self._share(STOP_SECONDS / 4, kept=2 * LOOP_STOP_SECONDS))

    def _start_ways_in(self, stack: ExitStack, receive: Receive) -> None:
        desk, settings = self.desk, self.desk.settings
        for mailbox in settings.mailboxes:
            poller = _poller(desk, mailbox, receive)
            poller.start()
            stack.callback(self._stop_way_in, poller.stop)
            self.health.watch(f"mailbox {mailbox.name}", poller.trouble)
        for listen in settings.listen:
            listener = Listener(
                listen,
                settings.limits,
                receive,
                accepts=self._accepts,
                hostname=desk.rules.domain,
                has_room=self._has_room,
            )
            listener.start()
            stack.callback(self._stop_way_in, listener.stop)
            self.listeners.append(listener)
            self.health.watch(f"listener {listener.endpoint}", _alive(listener))

    def _accepts(self, address: str) -> bool:
        return self.desk.rules.accepts(address)  # asked each time: the rules may be reloaded

    def _has_room(self) -> bool:
        path = self.desk.database.path
        if path is None:
            return True
        free = shutil.disk_usage(path.parent).free
        return free > 1.5 * self.desk.settings.limits.message_bytes

    def _start_ticker(self, stack: ExitStack) -> None:
        """Start the metronome: it calls the jobs; what is due is theirs to ask."""
        scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for job in JOBS:
            scheduler.add_job(self._call, "interval", (job,), seconds=job.every.total_seconds())
        scheduler.start()
        stack.callback(self._end_within, "ticker", scheduler.shutdown, LOOP_STOP_SECONDS)
        self._scheduler = scheduler

    def _call(self, job: Job) -> None:
        try:
            job.run(self.desk)
        except MaildeskError as error:
            log.warning("job again later", job=job.name, error=error.text)
        except Exception:
            log.exception("job failed", job=job.name)

    # --- the main thread ---

    def serve(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads. The signals must be blocked already."""
        systemd.notify("READY=1")
        log.info("ready", listen=[str(listener.endpoint) for listener in self.listeners])
        interval = systemd.watchdog_interval()
        wait = min(interval.total_seconds(), 10.0) if interval else 10.0
        drift = time.time() - time.monotonic()
        while True:
            received = signal.sigtimedwait(_SIGNALS, wait)
            if received is None:
                drift = self._watch_clock(drift)
                self._ping()
            elif received.si_signo == signal.SIGHUP:
                self.reload()
            else:
                return

    def reload(self) -> None:
        """Take over new rules, whole; where they have problems the old ones stay in force."""
        if self._folder is None:
            return
        systemd.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self.desk.rules = load_rules(self._folder, self.desk.settings)
            self._rules_problem = ""
            log.info("rules reloaded", version=self.desk.rules.version)
        except Misconfigured as error:
            self._reject_rules(error)
        systemd.notify("READY=1")

    def _reject_rules(self, error: Misconfigured) -> None:
        for problem in error.problems:
            log.error("rules rejected, the old ones stay in force", problem=str(problem))
        if str(error) != self._rules_problem:
            words = "The new configuration is rejected; the old one stays in force"
            send_alert(self.desk, Alert("rules", words, str(error)))
        self._rules_problem = str(error)

    def _watch_clock(self, drift: float) -> float:
        """After the wall clock was set, re-arm all jobs: interval jobs would stand still. Where it
        was set back, what is due in the old time would wait for it; so would leases."""
        now = time.time() - time.monotonic()
        if abs(now - drift) <= CLOCK_JUMP_SECONDS:
            return now
        log.warning("clock set", seconds=round(now - drift))
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=utc_now())
        return now if now > drift or self._pull_back() else drift

    def _pull_back(self) -> bool:
        """Answer whether it is done; a database that is locked is asked again."""
        database, now = self.desk.database, self.desk.clock()
        try:
            claims.pull_back(database, now, LEASE)
            sending.pull_back(database, now)
        except Temporary as error:
            log.warning("clock set, mails may wait", error=error.text)
            return False
        return True

    def _ping(self) -> None:
        """Tell systemd that we live, only while every part makes progress."""
        stuck = {part: why for part, why in self.health.troubles().items() if is_stuck(why)}
        if stuck:
            log.error("stuck: the service manager is not told that we live", parts=stuck)
        else:
            systemd.notify("WATCHDOG=1")


def block_signals() -> None:
    """Block what `Daemon.serve` waits for; threads started afterwards inherit it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _poller(desk: Desk, mailbox: Mailbox, receive: Receive) -> Poller:
    def alert(key: str, problem: str) -> None:
        send_alert(desk, Alert(key, problem))

    return Poller(
        mailbox,
        receive,
        MailboxMemory(desk.database),
        clock=desk.clock,
        message_bytes=desk.settings.limits.message_bytes,
        backoff_seconds=desk.settings.backoff_seconds,
        alert=alert,
    )


def _alive(listener: Listener) -> Callable[[], str]:
    return lambda: "" if listener.is_alive else "ended"
