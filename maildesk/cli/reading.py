"""Opening the database to look into it, with the rules that clocks are counted by."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from maildesk.cli.console import database_of, naming, say
from maildesk.errors import Misconfigured
from maildesk.store.engine import open_database

if TYPE_CHECKING:
    from maildesk.policy.rules import Rules


@contextmanager
def reading(config: Path | None) -> Iterator[Session]:
    """Look into the database, whether a daemon runs or not."""
    database = open_database(database_of(config), is_reader=True)
    try:
        database.check_schema()
        with database.read() as session:
            yield session
    finally:
        database.close()


def rules_for_clocks(config: Path | None, session: Session) -> "Rules":
    """Return the rules that clocks are counted by: those in force, whatever the files say.

    Raises: Misconfigured where the files are faulty and no copy of good ones is kept.
    """
    from maildesk.config import find_folder  # noqa: PLC0415 - heavy
    from maildesk.in_force import load_or_kept, rules_in_force  # noqa: PLC0415

    folder = find_folder(config, os.environ)
    with naming(folder):
        loaded = load_or_kept(folder, os.environ)
    if loaded.rejected:
        say(f"Clocks go by the last good copy; maildesk check tells what is wrong in {folder}")
    return rules_in_force(session.connection(), loaded.settings.rules)


def rules_or_none(config: Path | None, session: Session) -> "Rules | None":
    """Return the same; None, after a word on it, where there are none."""
    try:
        return rules_for_clocks(config, session)
    except Misconfigured as error:
        say(f"Clocks are left out: {error.problems[0]}")
        return None
