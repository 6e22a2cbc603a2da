"""Everything that runs in `maildesk run`: its parts are started, and stopped in reverse.

To add a way in, build it in `_start_ways_in`. What the main thread does meanwhile is in `service`.
"""

import math
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from maildesk import systemd
from maildesk.desk.delivery import Sender
from maildesk.desk.desk import Desk
from maildesk.desk.intake import Worker, receiver
from maildesk.desk.jobs import JOBS, Job
from maildesk.errors import MaildeskError
from maildesk.health import Health, HealthServer
from maildesk.loops import Loop
from maildesk.mail.envelope import Receive
from maildesk.parts import open_poller, open_submitter, utc_now
from maildesk.store.journal import Journal
from maildesk.transport.smtp import Listener

log = structlog.get_logger()

STOP_SECONDS = 25.0  # SIGTERM to exit, with something to spare of the 30 that we promise
LOOP_STOP_SECONDS = 6.0  # of these for worker and sender, each; half of it undisturbed
WORKER_SECONDS = 120.0  # over one mail: it has thirty to be read, and as many to be answered
SENDER_SECONDS = 1800.0  # over one mail: all that RFC 5321 section 4.5.3.2 grants a slow server


class Daemon:
    """All parts together, on an open desk: ways in, worker, sender, ticker, /healthz."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.health = Health()
        self.listeners: list[Listener] = []
        self.http: HealthServer | None = None
        self._stack = ExitStack()
        self._ending: list[Callable[[], None]] = []
        self._stop_by = math.inf

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
        self.desk.stopping.set()
        for end in self._ending:
            end()
        self._stack.close()
        if self.desk.left_running:
            log.warning("left running", parts=self.desk.left_running)

    def call_jobs_now(self) -> None:
        """Call every job, and count its interval from now."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=utc_now())

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
        submit = open_submitter(desk.settings.send, desk.rules.domain, lambda: desk.rules)
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
            poller = open_poller(desk, mailbox, receive)
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
            job(self.desk)
        except MaildeskError as error:
            log.warning("job again later", job=job.name, error=error.text)
        except Exception:
            log.exception("job failed", job=job.name)


def _alive(listener: Listener) -> Callable[[], str]:
    return lambda: "" if listener.is_alive else "ended"
