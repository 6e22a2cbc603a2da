"""The database: one writer at a time, readers beside it, and errors in our own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `Database.migrate` did. `old` is None where the database was made; `backup` is the copy
    of the older one, left beside it."""

    old: str | None
    new: str
    backup: Path | None = None


class Database:
    """One database of maildesk. Thread-safe; a session never crosses a thread."""

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a write transaction, committed at the end."""
        raise NotImplementedError

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads, on one consistent state."""
        raise NotImplementedError

    def migrate(self) -> Migrated | None:
        """Make the schema, or bring an older one up to date; None if there was nothing to do."""
        raise NotImplementedError

    def check_schema(self) -> None:
        """Refuse a schema that is not this program's (for readers, which never migrate)."""
        raise NotImplementedError

    def hold_daemon_lock(self) -> None:
        """Be the one daemon on this database until `close`."""
        raise NotImplementedError

    def checkpoint(self) -> None:
        """Bring what the write-ahead log holds into the database file."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections and give back the locks."""
        raise NotImplementedError


def open_database(url: str, *, is_reader: bool = False) -> Database:
    """Open the database at an SQLAlchemy URL."""
    raise NotImplementedError


def memory_database() -> Database:
    """Return an empty desk in memory."""
    raise NotImplementedError
