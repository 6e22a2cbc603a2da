"""Which schema a database has, and how it becomes this program's.

Versions are the Alembic revisions in `migrations/versions`, forward only. To change a table: change
`tables.py`, write `migrations/versions/NNNN_what.py`, add NNNN here; a test compares the two.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect

from maildesk.errors import Permanent, Unavailable

VERSIONS = ("0001", "0002")
MIGRATIONS = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `Database.migrate` did. `old` is None where the database was made; `backup` is the copy
    of the older one, left beside it."""

    old: str | None
    new: str
    backup: Path | None = None


def found_version(connection: Connection) -> str | None:
    """The version of the schema in the database; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def refuse_newer(found: str | None, path: Path | None) -> None:
    """Raise Permanent for a version that this program does not know."""
    if found is not None and found not in VERSIONS:
        raise Permanent(
            f"the database {path} has schema {found}, this program knows {VERSIONS[-1]}: "
            "install the newer maildesk again, or restore an older backup"
        )


def require_file(path: Path | None) -> None:
    """Raise Unavailable where there is no database at all: SQLite would only say that it cannot
    open it."""
    try:
        if path is not None:
            path.stat()
    except FileNotFoundError:
        raise Unavailable(f"there is no database {path} yet: start maildesk once") from None
    except OSError as error:
        raise Unavailable(f"the database {path} cannot be opened: {error.strerror}") from None


def require_current(found: str | None, path: Path | None) -> None:
    """Raise Permanent, or Unavailable, unless the version is exactly this program's."""
    refuse_newer(found, path)
    if found is None:
        raise Unavailable(f"the database {path} is empty: start maildesk once")
    if found != VERSIONS[-1]:
        raise Permanent(
            f"the database {path} has schema {found}, this program needs {VERSIONS[-1]}: "
            "start `maildesk run` once, it makes a backup and migrates"
        )


def upgrade(connection: Connection) -> None:
    """Bring the schema up to date inside the connection's transaction.

    Foreign keys must be off (SQLite alters a table by rebuilding it); they are checked at the end.
    """
    from alembic import command  # noqa: PLC0415 - takes 0.1 s, and is rarely needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if orphans:
        raise sqlite3.IntegrityError(f"the migration left orphans: {orphans[:5]}")
