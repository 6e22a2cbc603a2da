"""The database: one writer at a time, readers beside it, and errors in our own words.

SQLite with a write-ahead log and `synchronous=FULL`: a commit that returned is on stable storage.
Before 3.51.3 SQLite can corrupt a write-ahead log when two connections write or checkpoint at once,
so every write, checkpoint and close of any process holds `flock` on `<database>.lock`; readers open
read-only. What SQLite complains of becomes `Temporary` or `Permanent` in `store.failures`; a
connection that saw the disk fail is thrown away, and the next write opens another.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, Pool, QueuePool, StaticPool
from sqlalchemy.util import LRUCache

from maildesk.errors import MaildeskError, Permanent, StorageFull, Unavailable
from maildesk.store import failures, schema
from maildesk.store.backups import back_up, free_name
from maildesk.store.locks import FairLock, FileLock
from maildesk.store.schema import Migrated
from maildesk.store.tables import metadata

WAIT_SECONDS = 10.0
WAL_BYTES = 16 * 1024 * 1024
SAFE_SQLITE = (3, 51, 3)
_COMPILED: LRUCache[Any, Any] = LRUCache(500)  # as many as an engine of its own would keep


class Database:
    """One database of maildesk. Thread-safe; a session never crosses a thread."""

    def __init__(self, writer: Engine | None, reader: Engine, path: Path | None) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._turn = FairLock()
        self._file_lock = FileLock(_beside(path, ".lock")) if path else None
        self._daemon_lock = FileLock(_beside(path, ".daemon.lock")) if path else None
        self._deadline = 0.0
        self._checkpoint_at = WAL_BYTES
        if writer:
            event.listen(writer, "begin", self._begin)
        if reader is not writer:
            event.listen(reader, "begin", _begin_reading)

    @property
    def warning(self) -> str | None:
        """What `doctor` should say of this SQLite, if anything."""
        if sqlite3.sqlite_version_info >= SAFE_SQLITE:
            return None
        return (
            f"SQLite {sqlite3.sqlite_version} is older than 3.51.3: other programs must not write "
            "to the database or checkpoint it while maildesk runs (maildesk itself takes turns)"
        )

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a write transaction, committed at the end, rolled back where the block
        raises. Statements only: others wait meanwhile.

        Raises: StorageFull, or Unavailable where the lock is not ours within ten seconds.
        """
        with self._alone(), Session(self._writing, autoflush=False) as session:
            session.connection()  # begins now, not at the first statement
            yield session
            _require_transaction(session)
            session.commit()
            self._checkpoint_if_long()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads, on one consistent state of the database."""
        with Session(self._reader, autoflush=False) as session:
            yield session

    def migrate(self) -> Migrated | None:
        """Make the schema, or bring an older one up to date, after a backup beside it.

        None if there was nothing to do. Raises Permanent for the schema of a newer program.
        """
        path = self._file
        with contextlib.suppress(OSError):  # told by what follows
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = _engine(lambda: _connect(path, "OFF"), NullPool, path)
        event.listen(engine, "begin", self._begin)
        with self._alone(), engine.begin() as connection:
            found = schema.found_version(connection)
            schema.refuse_newer(found, path)
            if found == schema.VERSIONS[-1]:
                return None
            backup = _back_up(path, found) if found else None
            schema.upgrade(connection)
        return Migrated(found, schema.VERSIONS[-1], backup)

    def check_schema(self) -> None:
        """Refuse a schema that is not this program's: for readers, which never migrate.

        Raises: Permanent, Unavailable where there is no database.
        """
        schema.require_file(self.path)
        with self._reader.connect() as connection:
            schema.require_current(schema.found_version(connection), self.path)

    def hold_daemon_lock(self) -> None:
        """Be the one daemon on this database until `close`.

        Raises: Unavailable with the process id of the one that runs.
        """
        if self._daemon_lock is None:
            return
        if not self._daemon_lock.try_lock():
            raise Unavailable(
                f"another maildesk works on {self.path}: process {self._daemon_lock.holder()}"
            )
        self._daemon_lock.note_holder()

    def checkpoint(self) -> None:
        """Bring what the write-ahead log holds into the database file, as far as readers let us."""
        with self._alone():
            self._checkpoint()

    def close(self) -> None:
        """Close all connections and give back the locks."""
        with contextlib.suppress(MaildeskError), self._alone():
            if self._writer and self.path and self.path.exists():
                self._checkpoint()
            self._dispose()
        self._dispose()
        for lock in (self._file_lock, self._daemon_lock):
            if lock:
                lock.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes: no thread of ours, no other process."""
        deadline = time.monotonic() + WAIT_SECONDS
        with self._turn.hold(deadline), self._between_processes(deadline):
            self._deadline = deadline
            yield

    def _between_processes(self, deadline: float) -> AbstractContextManager[None]:
        if self._file_lock is None:
            return contextlib.nullcontext()
        return self._file_lock.hold(deadline)

    def _begin(self, connection: Connection) -> None:
        """Begin by writing, so that the lock is waited for here and nowhere later."""
        left = max(0.0, self._deadline - time.monotonic())
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(left * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _checkpoint_if_long(self) -> None:
        if self.path is None:
            return
        with contextlib.suppress(OSError, MaildeskError):  # the commit holds; next time
            log_bytes = _beside(self.path, "-wal").stat().st_size
            if log_bytes >= self._checkpoint_at:
                is_whole = self._checkpoint()
                self._checkpoint_at = WAL_BYTES + (0 if is_whole else log_bytes)

    def _checkpoint(self) -> bool:
        """Answer whether the log is empty now; a reader may be in the way."""
        with (
            failures.translated(self.path),
            contextlib.closing(self._writing.raw_connection()) as raw,
        ):
            cursor = raw.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return bool(cursor.fetchall()[0][0] == 0)

    def _dispose(self) -> None:
        self._reader.dispose()
        if self._writer:
            self._writer.dispose()

    @property
    def _writing(self) -> Engine:
        if self._writer is None:
            raise RuntimeError("this database was opened for reading")
        return self._writer

    @property
    def _file(self) -> Path:
        if self.path is None:
            raise RuntimeError("a database in memory has no file")
        return self.path


def open_database(url: str, *, is_reader: bool = False) -> Database:
    """Open the database at an SQLAlchemy URL; nothing is touched before the first use.

    Raises: Permanent for a kind of database that is not supported.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise Permanent(f"database: only sqlite:///PATH is supported, not {parsed!r}")
    path = Path(parsed.database).absolute()
    reader = _engine(lambda: _connect_reader(path), QueuePool, path)
    writer = None if is_reader else _engine(lambda: _connect(path), QueuePool, path, pool_size=1)
    return Database(writer, reader, path)


def memory_database() -> Database:
    """Return an empty desk in memory."""
    engine = _engine(_connect_memory, StaticPool, None)
    metadata.create_all(engine)
    return Database(engine, engine, None)


def _engine(
    connect: Callable[[], sqlite3.Connection], pool: type[Pool], path: Path | None, **options: int
) -> Engine:
    pooled = create_engine("sqlite://", creator=connect, poolclass=pool, **options)
    shared = {"compiled_cache": _COMPILED}
    engine = Engine(pooled.pool, _dialect(), pooled.url, execution_options=shared)
    failures.watch(engine, path)
    return engine


@cache
def _dialect() -> Dialect:
    """One for all our engines: SQLAlchemy keeps what it has compiled by dialect object, and to
    compile a statement for writer and reader each takes longer than to carry it out."""
    engine = create_engine("sqlite://")
    with engine.connect():  # asks SQLite what it can do
        return engine.dialect


def _connect(path: Path, foreign_keys: str = "ON") -> sqlite3.Connection:
    if not path.exists():
        with contextlib.suppress(OSError):  # people's mail: for the owner's eyes only
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(
        path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    return _prepare(
        connection,
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=0",
        "cache_size=-16384",
        f"foreign_keys={foreign_keys}",
    )


def _connect_reader(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(
        address, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    return _prepare(connection, "cache_size=-8192")


def _connect_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    return _prepare(connection, "foreign_keys=ON")


def _prepare(connection: sqlite3.Connection, *pragmas: str) -> sqlite3.Connection:
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _back_up(path: Path, version: str) -> Path:
    target = free_name(path, version)
    with failures.translated(path):
        back_up(path, target)
    return target


def _require_transaction(session: Session) -> None:
    """SQLite ends a transaction by itself on some failures (a full disk). Had a block swallowed the
    error, what it did before would be lost, and a commit would say nothing."""
    raw = session.connection().connection.dbapi_connection
    if not getattr(raw, "in_transaction", True):
        raise StorageFull("the database gave up the transaction")
