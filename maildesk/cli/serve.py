"""Run the desk: run, process, receive."""

import os
import sys
from typing import Annotated

import structlog
import typer

from maildesk.cli.console import ConfigOption, complain, settings_of
from maildesk.config import find_folder, load
from maildesk.daemon import (
    Daemon,
    block_signals,
    open_desk,
    process_once,
    utc_now,
)
from maildesk.desk.intake import receiver
from maildesk.errors import MaildeskError, Temporary
from maildesk.logs import configure_logs
from maildesk.mail.envelope import Answer, Envelope, Source
from maildesk.settings import Settings
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal

EX_TEMPFAIL = 75

log = structlog.get_logger()


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(run)
    app.command()(process)
    app.command()(receive)


def run(config: ConfigOption = None) -> None:
    """Run the daemon in the foreground; SIGHUP reloads the rules, SIGTERM stops."""
    configure_logs()
    folder = find_folder(config, os.environ)
    settings = load(folder, os.environ)
    for warning in settings.warnings:
        log.warning("configuration", problem=str(warning))
    block_signals()
    with open_desk(settings) as desk:
        daemon = Daemon(desk, folder)
        daemon.start()
        try:
            daemon.serve()
        finally:
            daemon.stop()
    log.info("stopped")


def process(config: ConfigOption = None) -> None:
    """Poll the mailboxes, work off the journal and the outbox once, then end."""
    configure_logs("warning")
    settings = settings_of(config)
    with open_desk(settings) as desk:
        kept = Journal(desk.database, desk.clock)
        try:
            process_once(desk, receiver(desk, kept))
        finally:
            kept.close()


def receive(
    config: ConfigOption = None,
    sender: Annotated[str, typer.Option("--from", help="The envelope's sender.")] = "",
    to: Annotated[list[str] | None, typer.Option("--to", help="A recipient; repeatable.")] = None,
) -> int:
    """Take one mail from standard input; exits with 0 or 75 and nothing else, as MTAs want it."""
    try:
        configure_logs("warning")
        raw = sys.stdin.buffer.read()
        settings = settings_of(config)
        answer = _journal(settings, raw, sender, tuple(to or ()))
    except MaildeskError as error:
        complain(str(error))
        return EX_TEMPFAIL
    except BaseException as error:  # noqa: BLE001 - any other exit code makes the MTA bounce
        complain(repr(error))
        return EX_TEMPFAIL
    if not answer.is_accepted:
        complain(str(answer))
        return EX_TEMPFAIL
    _process_if_alone(settings)
    return 0


def _journal(settings: Settings, raw: bytes, sender: str, to: tuple[str, ...]) -> Answer:
    if not raw.strip():
        return Answer(451, "4.6.0", "there is no mail on standard input")
    if len(raw) > settings.limits.message_bytes:
        # 75 keeps it in the MTA's queue, where the admin sees it; nothing is lost.
        return Answer(451, "4.3.4", f"the mail is over {settings.limits.message_bytes} bytes")
    database = open_database(settings.database)
    try:
        database.migrate()
        kept = Journal(database, utc_now)
        try:
            reverse_path = sender.strip("<>")
            receipt = kept.keep(raw, Envelope(Source.PIPE, reverse_path, to))
        finally:
            kept.close()
    finally:
        database.close()
    return Answer(250, "2.0.0", f"receipt {receipt}")


def _process_if_alone(settings: Settings) -> None:
    """Work the mail off at once where no daemon will; a failure here loses nothing."""
    try:
        with open_desk(settings) as desk:
            process_once(desk)
    except Temporary:
        return  # a daemon runs, or will
    except Exception as error:  # noqa: BLE001 - the mail is journalled: the MTA is done with it
        complain(repr(error))
