"""Run the desk: run, process, receive."""

import os
import sys
from contextlib import suppress
from typing import Annotated, BinaryIO

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
from maildesk.errors import Temporary, Unavailable
from maildesk.logs import configure_logs
from maildesk.mail.envelope import Envelope, Source, written_path
from maildesk.mail.limits import HEAD_BYTES
from maildesk.settings import Settings
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal

READ_BYTES = 1024 * 1024

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
    if desk.left_running:
        os._exit(0)  # Python would wait for their threads


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
    sender: Annotated[
        str | None,
        typer.Option("--from", help="The envelope's sender, <> for none; left out: not known."),
    ] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="<str>", help="A recipient; repeatable.")
    ] = None,
) -> int:
    """Take one mail from standard input; exits with 0 or 75 and nothing else, as MTAs want it."""
    # Whatever is raised before the mail is kept becomes 75: see `maildesk.__main__`.
    configure_logs("warning")
    settings = settings_of(config)
    raw, full_size = read_mail(sys.stdin.buffer, settings.limits.message_bytes)
    recipients = tuple(to or ())
    _keep(
        settings, raw, Envelope(Source.PIPE, written_path(sender), recipients, full_size=full_size)
    )
    _process_if_alone(settings)
    return 0


def read_mail(stream: BinaryIO, limit_bytes: int) -> tuple[bytes, int | None]:
    """Read a mail; of one over the limit only its head, and its full size.

    Refusing it for good would be backscatter, and for now would be for good five days later.
    Raises: Unavailable where there is none.
    """
    raw = stream.read(limit_bytes + 1)
    if not raw.strip():
        raise Unavailable("there is no mail on standard input")
    if len(raw) <= limit_bytes:
        return raw, None
    full_size = len(raw)
    while chunk := stream.read(READ_BYTES):
        full_size += len(chunk)
    return raw[:HEAD_BYTES], full_size


def _keep(settings: Settings, raw: bytes, envelope: Envelope) -> None:
    """Return when the mail is on stable storage."""
    database = open_database(settings.database)
    try:
        database.migrate()
        kept = Journal(database, utc_now)
        try:
            kept.keep(raw, envelope)
        finally:
            kept.close()
    finally:
        database.close()


def _process_if_alone(settings: Settings) -> None:
    """Work the mail off at once where no daemon will; a failure here loses nothing."""
    try:
        with open_desk(settings) as desk:
            process_once(desk)
    except Temporary:
        return  # a daemon runs, or will
    except BaseException as error:  # noqa: BLE001 - the mail is journalled: the MTA is done with it
        with suppress(Exception):
            complain(repr(error))
