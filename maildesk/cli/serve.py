"""Run the desk: run, process."""

import os
from datetime import timedelta
from typing import Annotated

import structlog
import typer

from maildesk.cli.console import ConfigOption, naming
from maildesk.config import find_folder
from maildesk.daemon import Daemon
from maildesk.desk import clock_guard
from maildesk.desk.alerts import tell_silent_pagers
from maildesk.desk.intake import receiver
from maildesk.in_force import load_or_kept
from maildesk.logs import configure_logs
from maildesk.parts import open_desk
from maildesk.process import process_once
from maildesk.service import Service, block_signals, tell_rejected
from maildesk.store.journal import Journal

log = structlog.get_logger()


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(run)
    app.command()(process)


def run(
    config: ConfigOption = None,
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="Go by the clock, however far it has leapt.")
    ] = False,
) -> None:
    """Run the daemon in the foreground; SIGHUP reloads the rules, SIGTERM stops."""
    configure_logs()
    folder = find_folder(config, os.environ)
    loaded = load_or_kept(folder, os.environ)
    settings = loaded.settings
    for warning in settings.warnings:
        log.warning("configuration", problem=str(warning))
    block_signals()
    with open_desk(settings) as desk:
        if accept_clock:
            clock_guard.accept(desk)
        if loaded.rejected:
            tell_rejected(desk, loaded.rejected)
        tell_silent_pagers(desk)
        daemon = Daemon(desk)
        daemon.start()
        try:
            Service(daemon, folder, loaded.rejected).serve()
        finally:
            daemon.stop()
    log.info("stopped")
    if desk.left_running:
        os._exit(0)  # Python would wait for their threads


def process(config: ConfigOption = None) -> None:
    """Poll the mailboxes, work off the journal and the outbox once, then end."""
    configure_logs("warning")
    folder = find_folder(config, os.environ)
    with naming(folder):
        loaded = load_or_kept(folder, os.environ)
    with open_desk(loaded.settings) as desk:
        if loaded.rejected:
            tell_rejected(desk, loaded.rejected, every=timedelta(days=1))
        tell_silent_pagers(desk)
        kept = Journal(desk.database, desk.clock)
        try:
            process_once(desk, receiver(desk, kept))
        finally:
            kept.close()
