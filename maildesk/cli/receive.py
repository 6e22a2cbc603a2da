"""Take one mail from standard input, as an MTA's pipe hands it over: receive.

What works mails off is imported only where no daemon does: it takes half of the time.
"""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from maildesk.cli.console import ConfigOption, complain, naming
from maildesk.config import find_folder
from maildesk.errors import MaildeskError, Temporary, Unavailable
from maildesk.in_force import load_or_kept
from maildesk.logs import configure_logs
from maildesk.mail.envelope import Envelope, Source, written_path
from maildesk.mail.limits import HEAD_BYTES
from maildesk.settings import Settings
from maildesk.store.engine import Database, open_database
from maildesk.store.journal import Journal

READ_BYTES = 1024 * 1024


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(receive)


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
    settings = _settings(config)
    raw, full_size = read_mail(sys.stdin.buffer, settings.limits.message_bytes)
    recipients = tuple(to or ())
    envelope = Envelope(Source.PIPE, written_path(sender), recipients, full_size=full_size)
    if _keep(settings, raw, envelope):
        _process(settings)
    return 0


def _settings(config: Path | None) -> Settings:
    """The settings in force: a fault that somebody wrote into the rules keeps no mail out."""
    folder = find_folder(config, os.environ)
    with naming(folder):
        loaded = load_or_kept(folder, os.environ)
        if loaded.rejected:
            complain(f"{loaded.rejected}\nthe last good copy of the configuration serves")
    return loaded.settings


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


def _keep(settings: Settings, raw: bytes, envelope: Envelope) -> bool:
    """Return when the mail is on stable storage; answer whether no daemon will work it off."""
    database = open_database(settings.database)
    try:
        database.migrate()
        kept = Journal(database, partial(datetime.now, UTC))
        try:
            kept.keep(raw, envelope)
        finally:
            kept.close()
        return _is_alone(database)
    finally:
        database.close()


def _is_alone(database: Database) -> bool:
    try:
        database.hold_daemon_lock()
    except (MaildeskError, OSError):  # the mail is journalled: whoever can will work it off
        return False
    return True


def _process(settings: Settings) -> None:
    """Work the mail off at once; a failure here loses nothing."""
    try:
        from maildesk.parts import open_desk  # noqa: PLC0415 - see above
        from maildesk.process import process_once  # noqa: PLC0415

        with open_desk(settings, readers=1) as desk:
            process_once(desk)
    except Temporary:
        return  # a daemon has begun to run, or will
    except BaseException as error:  # noqa: BLE001 - the mail is journalled: the MTA is done with it
        with suppress(Exception):
            complain(repr(error))
