"""The database under trouble: locks, full disks, read-only files, damage, other schemas."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from maildesk.errors import Permanent, StorageFull, Temporary, Unavailable
from maildesk.store import claims, engine, journal, schema
from maildesk.store.engine import Database, memory_database, open_database
from maildesk.store.journal import Journal
from maildesk.store.locks import FairLock
from maildesk.store.tables import metadata, tickets

from .conftest import ENVELOPE, NOW

IS_ROOT = os.geteuid() == 0


def received(database: Database) -> int:
    with database.read() as session:
        return journal.stats(session)["states"]["received"]


def test_a_statement_is_compiled_once_for_all_databases(database: Database) -> None:
    def compiled_by(session: Session) -> object:
        result: Any = session.execute(select(tickets.c.number))
        return result.context.compiled

    with database.write() as writer, database.read() as reader, memory_database().read() as other:
        assert compiled_by(writer) is compiled_by(reader) is compiled_by(other)


# --- schema -------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_known_versions_are_the_migrations() -> None:
    files = sorted(path.name[:4] for path in schema.MIGRATIONS.glob("versions/0*.py"))
    assert files == list(schema.VERSIONS)


def test_a_migrated_database_is_left_alone(database: Database) -> None:
    assert database.migrate() is None
    database.check_schema()


def test_an_older_database_is_backed_up_and_migrated(
    database: Database, path: Path, keeper: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.keep(b"x", ENVELOPE)
    monkeypatch.setattr(schema, "VERSIONS", ("0001", "0002", "0003"))
    with pytest.raises(Permanent, match="has schema 0002, this program needs 0003"):
        database.check_schema()
    upgraded: list[str] = []
    monkeypatch.setattr(schema, "upgrade", lambda _connection: upgraded.append("0003"))
    done = database.migrate()
    assert done is not None
    assert (done.old, done.new, upgraded) == ("0002", "0003", ["0003"])
    assert done.backup == path.with_name("desk.db.0002.backup")
    copy = open_database(f"sqlite:///{done.backup}", is_reader=True)
    assert received(copy) == 1
    copy.close()
    again = database.migrate()
    assert again is not None
    assert again.backup == path.with_name("desk.db.0002-2.backup")


def test_the_schema_of_a_newer_program_is_refused_and_untouched(
    database: Database, path: Path
) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    database.checkpoint()
    before = path.read_bytes()
    for refuse in (database.migrate, database.check_schema):
        with pytest.raises(Permanent, match=r"has schema 0099, this program knows 0002"):
            refuse()
    assert path.read_bytes() == before


MIGRATE_AND_DIE = """
import os, sys
from maildesk.store import schema
from maildesk.store.engine import open_database
upgrade = schema.upgrade
def die(connection):
    upgrade(connection)
    os._exit(9)
schema.upgrade = die
open_database(sys.argv[1]).migrate()
"""


def test_a_migration_that_is_killed_leaves_nothing_half_done(path: Path) -> None:
    url = f"sqlite:///{path}"
    subprocess.run([sys.executable, "-c", MIGRATE_AND_DIE, url], check=False)
    database = open_database(url)
    with pytest.raises(Unavailable, match="is empty"):
        database.check_schema()
    assert database.migrate() is not None
    database.close()


def test_a_reader_finds_no_database(path: Path) -> None:
    reader = open_database(f"sqlite:///{path}", is_reader=True)
    with pytest.raises(Unavailable, match=r"no database .* yet"):
        reader.check_schema()
    reader.close()
    assert not path.exists()


def test_other_kinds_of_database_are_refused() -> None:
    with pytest.raises(Permanent, match="only sqlite"):
        open_database("postgresql+psycopg://localhost/desk")


# --- sessions -----------------------------------------------------------------------------------


def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    def write_half() -> None:
        with database.write() as session:
            session.execute(text("INSERT INTO alert VALUES ('a', '2026-01-01 00:00:00.000000')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM alert")) == 0


def test_readers_cannot_write(database: Database) -> None:
    with database.read() as session, pytest.raises(Unavailable, match="read-only"):
        session.execute(text("DELETE FROM alert"))


def test_a_reader_sees_one_state_while_others_write(keeper: Journal, database: Database) -> None:
    keeper.keep(b"x", ENVELOPE)
    with database.read() as session:
        assert claims.waiting(session, NOW) == 1
        keeper.keep(b"y", ENVELOPE)
        assert claims.waiting(session, NOW) == 1
    assert received(database) == 2


def test_the_database_is_for_its_owners_eyes_only(path: Path) -> None:
    database = open_database(f"sqlite:///{path}")
    database.migrate()
    with database.write():
        files = [path, *path.parent.glob("desk.db-*"), path.with_name("desk.db.lock")]
        assert {file.stat().st_mode & 0o077 for file in files} == {0}
    database.close()


def test_a_long_log_is_brought_home(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Journal(database, lambda: NOW)
    log = path.with_name("desk.db-wal")
    database._checkpoint_at = 500_000
    monkeypatch.setattr(engine, "WAL_BYTES", 500_000)
    with database.read() as session:
        claims.waiting(session, NOW)
        for _ in range(15):
            keeper.keep(b"x" * 100_000, ENVELOPE)
        assert log.stat().st_size > 1_000_000  # the reader is in the way
    keeper.keep(b"x" * 1_000_000, ENVELOPE)
    keeper.keep(b"x", ENVELOPE)
    keeper.close()
    assert log.stat().st_size < 500_000
    assert received(database) == 17


def test_close_leaves_one_file_that_is_whole(database: Database, path: Path) -> None:
    keeper = Journal(database, lambda: NOW)
    keeper.keep(b"x", ENVELOPE)
    keeper.close()
    database.close()
    assert not path.with_name("desk.db-wal").exists()
    shutil.copy(path, path.with_name("copy.db"))
    copy = open_database(f"sqlite:///{path.with_name('copy.db')}", is_reader=True)
    assert received(copy) == 1
    copy.close()


def test_a_desk_in_memory_has_all_tables() -> None:
    database = memory_database()
    database.hold_daemon_lock()
    with database.write() as session:
        session.execute(text("INSERT INTO alert VALUES ('a', '2026-01-01 00:00:00.000000')"))
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM alert")) == 1
    database.close()


# --- locks --------------------------------------------------------------------------------------


def test_a_second_daemon_is_refused_by_name(database: Database, path: Path) -> None:
    database.hold_daemon_lock()
    second = open_database(f"sqlite:///{path}")
    with pytest.raises(Unavailable, match=f"process {os.getpid()}"):
        second.hold_daemon_lock()
    database.close()
    second.hold_daemon_lock()
    second.close()


def test_a_locked_database_is_unavailable_until_it_is_free(
    database: Database, path: Path, keeper: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.3)
    keeper.keep(b"x", ENVELOPE)
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        keeper.keep(b"y", ENVELOPE)
    assert 0.2 < time.monotonic() - started < 5
    assert caught.value.reply_code == 451
    foreign.execute("ROLLBACK")
    foreign.close()
    assert keeper.keep(b"z", ENVELOPE) == 2


def test_writers_of_two_processes_take_turns(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.1)
    other = open_database(f"sqlite:///{path}")
    with (
        database.write(),
        pytest.raises(Unavailable, match="another process"),
        other.write(),
    ):
        pass
    with other.write():
        pass
    other.close()


def test_a_thread_waits_no_longer_than_its_deadline() -> None:
    lock = FairLock()
    with (
        lock.hold(time.monotonic()),
        pytest.raises(Unavailable),
        lock.hold(time.monotonic() + 0.01),
    ):
        pass
    with lock.hold(time.monotonic()):
        pass


def test_the_lock_goes_round_in_the_order_of_asking() -> None:
    lock = FairLock()
    order: list[int] = []

    def take(number: int) -> None:
        with lock.hold(time.monotonic() + 10):
            order.append(number)

    threads = []
    with lock.hold(time.monotonic()):
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            while len(lock._queue) <= number:
                pass
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


# --- disks --------------------------------------------------------------------------------------


def test_a_damaged_database_names_the_newest_backup(database: Database, path: Path) -> None:
    database.close()
    backup = path.with_name("desk.db.0002.backup")
    shutil.copy(path, backup)
    path.write_bytes(b"not a database at all" * 1000)
    damaged = open_database(f"sqlite:///{path}")
    with pytest.raises(Permanent, match=r"is damaged .*desk\.db\.0002\.backup"):
        damaged.migrate()
    damaged.close()


def test_a_damaged_database_never_bounces_a_mail(database: Database, path: Path) -> None:
    database.close()
    path.write_bytes(b"not a database at all" * 1000)
    damaged = open_database(f"sqlite:///{path}")
    keeper = Journal(damaged, lambda: NOW)
    with pytest.raises(Temporary):
        keeper.keep(b"x", ENVELOPE)
    keeper.close()
    damaged.close()


IN_A_SMALL_DISK = """
mount -t tmpfs -o size=3m none "$1" || exit 99
exec "$2" -c "$3" "$1"
"""
PRELUDE = """
import subprocess, sys
from datetime import UTC, datetime
from pathlib import Path
from maildesk.errors import StorageFull, Unavailable
from maildesk.mail.envelope import Envelope, Source
from maildesk.store import journal
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal
folder = Path(sys.argv[1])
database = open_database(f"sqlite:///{folder}/desk.db")
database.migrate()
keeper = Journal(database, lambda: datetime.now(UTC))
def keep(size):
    return keeper.keep(b"x" * size, Envelope(Source.SMTP))
def count():
    with database.read() as session:
        return journal.stats(session)["states"]["received"]
"""
FILL_THE_DISK = (
    PRELUDE
    + """
kept = []
try:
    while True:
        kept.append(keep(50_000))
except StorageFull as error:
    assert error.reply_code == 452
try:
    with database.write() as session:      # a savepoint that swallows the error loses nothing
        session.connection().exec_driver_sql("INSERT INTO alert VALUES ('a', '2026-01-01')")
        try:
            with session.begin_nested():
                session.connection().exec_driver_sql(
                    "INSERT INTO alert VALUES (printf('%.*c', 4000000, 'x'), '2026-01-01')")
        except Exception:
            pass
except StorageFull:
    pass
else:
    raise SystemExit("a lost transaction was committed")
assert count() == len(kept), (count(), len(kept))
subprocess.run(["mount", "-o", "remount,size=30m", str(folder)], check=True)
for _ in range(20):
    kept.append(keep(50_000))
assert count() == len(kept) == len(set(kept))
keeper.close()
database.close()
print("recovered")
"""
)
READ_ONLY_DISK = (
    PRELUDE
    + """
keep(1)
keeper.close()
database.close()
subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
database = open_database(f"sqlite:///{folder}/desk.db")
keeper = Journal(database, lambda: datetime.now(UTC))
for _ in range(3):
    try:
        keep(1)
    except (Unavailable, StorageFull) as error:
        assert error.reply_code in (451, 452)
    else:
        raise SystemExit("kept on a read-only disk")
subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
keep(1)
assert count() == 2
print("recovered")
"""
)


@pytest.mark.skipif(not IS_ROOT, reason="mounting a small disk needs root")
@pytest.mark.parametrize("story", [FILL_THE_DISK, READ_ONLY_DISK], ids=["full", "read-only"])
def test_a_disk_in_trouble_is_temporary_and_recovery_comes_by_itself(
    tmp_path: Path, story: str
) -> None:
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", IN_A_SMALL_DISK, "sh", tmp_path, sys.executable, story],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 99:
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert done.stdout.endswith("recovered\n"), done.stdout + done.stderr


def test_a_file_that_became_read_only_is_unavailable(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only = open_database(f"sqlite:///{path}")

    def connect(_path: Path) -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )

    monkeypatch.setattr(engine, "_connect", connect)
    with pytest.raises(Unavailable, match="read-only"), read_only.write() as session:
        session.execute(text("DELETE FROM alert"))
    read_only.close()


def test_an_io_error_makes_a_new_connection(
    database: Database, keeper: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.keep(b"x", ENVELOPE)
    connections: list[Path] = []
    connect = engine._connect
    monkeypatch.setattr(engine, "_connect", lambda path: connections.append(path) or connect(path))

    class Failure(sqlite3.OperationalError):
        sqlite_errorcode = sqlite3.SQLITE_IOERR | (4 << 8)  # SQLITE_IOERR_FSYNC

    dialect = database._writing.dialect
    with monkeypatch.context() as disk:
        disk.setattr(
            dialect, "do_commit", lambda _connection: (_ for _ in ()).throw(Failure("fsync"))
        )
        with pytest.raises(StorageFull):
            keeper.keep(b"y", ENVELOPE)
    assert connections == []
    keeper.keep(b"z", ENVELOPE)
    assert len(connections) == 1
    assert received(database) == 2
