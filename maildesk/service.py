"""What the main thread does while a daemon runs.

It waits for signals: SIGHUP reloads the rules, SIGTERM and SIGINT end. Every ten seconds it tells
the service manager that we live, unless a part is stuck, and looks whether the wall clock was set.
"""

import hashlib
import signal
import time
from datetime import timedelta
from pathlib import Path

import structlog

from maildesk import systemd
from maildesk.config import load_again
from maildesk.daemon import Daemon
from maildesk.desk.alerts import send_alert, tell_silent_pagers
from maildesk.desk.desk import Desk
from maildesk.desk.intake import LEASE
from maildesk.errors import MaildeskError, Misconfigured, Problem, Temporary
from maildesk.health import is_stuck
from maildesk.in_force import take_over
from maildesk.mail.template_sources import BadTemplate, Sources, load_sources
from maildesk.model.plan import Alert
from maildesk.settings import Settings
from maildesk.share import template_folders
from maildesk.store import claims, sending

log = structlog.get_logger()

CLOCK_JUMP_SECONDS = 30.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def block_signals() -> None:
    """Block what `Service.serve` waits for; threads started afterwards inherit it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def tell_rejected(
    desk: Desk, rejected: Misconfigured, every: timedelta = timedelta(hours=1)
) -> None:
    """Tell log and admins that the last good copy of the configuration serves."""
    for problem in rejected.problems:
        log.error("configuration rejected, the last good copy serves", problem=str(problem))
    words = "The configuration is rejected; the last good copy serves"
    send_alert(desk, _alert_of(words, rejected, every))


def _alert_of(words: str, rejected: Misconfigured, every: timedelta) -> Alert:
    """One alert for each new fault, whatever was told of others."""
    told = str(rejected)
    key = f"rules:{hashlib.sha256(f'{words}{told}'.encode()).hexdigest()[:16]}"
    return Alert(key, words, f"{told}\n`maildesk check` shows the lines.", every)


class Service:
    """A daemon that was started, as systemd sees it. Its rules are reloaded from `folder`; without
    one they stay. `rejected` is what is wrong there, where the last good copy serves. The signals
    must be blocked already."""

    def __init__(
        self, daemon: Daemon, folder: Path | None = None, rejected: Misconfigured | None = None
    ) -> None:
        self._daemon = daemon
        self._desk = daemon.desk
        self._folder = folder
        self._rules_problem = str(rejected or "")

    def serve(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads."""
        systemd.notify("READY=1")
        log.info("ready", listen=[str(listener.endpoint) for listener in self._daemon.listeners])
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
            settings = load_again(self._folder, self._desk.settings)
            sources = self._read_templates(settings)
            with self._desk.in_force:
                self._desk.rules = take_over(self._desk.database, settings, self._desk.clock())
                self._desk.sources = sources
            self._rules_problem = ""
            log.info("rules reloaded", version=self._desk.rules.version)
            tell_silent_pagers(self._desk)
        except Misconfigured as error:
            self._reject_rules(error)
        except MaildeskError as error:
            log.error("rules not reloaded, the old ones stay in force", error=error.text)
        systemd.notify("READY=1")

    def _read_templates(self, settings: Settings) -> Sources:
        """Raises: Misconfigured where one cannot be read, or fails on its samples."""
        try:
            sources = load_sources(template_folders(settings.templates))
        except BadTemplate as error:
            raise Misconfigured(Problem("templates", None, None, error.text)) from error
        named = settings.rules.acknowledgements
        problems = self._desk.children.run("template_problems", sources, named)
        if problems:
            told = (one.partition(": ") for one in problems)
            raise Misconfigured(
                *(Problem(f"templates/{file}", None, None, fault) for file, _, fault in told)
            )
        return sources

    def _reject_rules(self, error: Misconfigured) -> None:
        for problem in error.problems:
            log.error("rules rejected, the old ones stay in force", problem=str(problem))
        if str(error) != self._rules_problem:
            words = "The new configuration is rejected; the old one stays in force"
            send_alert(self._desk, _alert_of(words, error, timedelta()))
        self._rules_problem = str(error)

    def _watch_clock(self, drift: float) -> float:
        """After the wall clock was set, re-arm all jobs: interval jobs would stand still. Where it
        was set back, what is due in the old time would wait for it; so would leases."""
        now = time.time() - time.monotonic()
        if abs(now - drift) <= CLOCK_JUMP_SECONDS:
            return now
        log.warning("clock set", seconds=round(now - drift))
        self._daemon.call_jobs_now()
        return now if now > drift or self._pull_back() else drift

    def _pull_back(self) -> bool:
        """Answer whether it is done; a database that is locked is asked again."""
        database, now = self._desk.database, self._desk.clock()
        try:
            claims.pull_back(database, now, LEASE)
            sending.pull_back(database, now)
        except Temporary as error:
            log.warning("clock set, mails may wait", error=error.text)
            return False
        return True

    def _ping(self) -> None:
        """Tell systemd that we live, only while every part makes progress."""
        stuck = {part: why for part, why in self._daemon.health.troubles().items() if is_stuck(why)}
        if stuck:
            log.error("stuck: the service manager is not told that we live", parts=stuck)
        else:
            systemd.notify("WATCHDOG=1")
