"""What a database complains of, in the words of `maildesk.errors`; the one place for it.

Everything that waiting or an admin can mend is Temporary, so that whoever sent a mail keeps it.
Errors that are none of these (a broken constraint, wrong SQL) pass unchanged.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from maildesk.errors import MaildeskError, Permanent, StorageFull, Unavailable
from maildesk.store.backups import newest_backup

# https://sqlite.org/rescode.html; the low byte is the primary code
_IS_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_IS_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_IS_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "the database is locked",
    sqlite3.SQLITE_LOCKED: "the database is locked",
    sqlite3.SQLITE_PROTOCOL: "the database is locked",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened",
    sqlite3.SQLITE_PERM: "the database may not be opened",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_SCHEMA: "the database has just been changed",
}


def watch(engine: Engine, path: Path | None) -> None:
    """Let every error of this engine be raised in our words, and its connection be thrown away:
    after a failed fsync nothing that it holds can be trusted."""

    def answer(context: ExceptionContext) -> MaildeskError | None:
        failure = translate(context.original_exception, path)
        if failure is not None:
            context.is_disconnect = True
        return failure

    event.listen(engine, "handle_error", answer, retval=True)


@contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """The same for statements on a bare sqlite3 connection."""
    try:
        yield
    except sqlite3.Error as error:
        failure = translate(error, path)
        if failure is None:
            raise
        raise failure from error


def translate(error: BaseException, path: Path | None) -> MaildeskError | None:
    """Return the error in our words, None if it is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite3.Error) or code is None:
        return None
    primary = code & 0xFF
    if primary in _IS_FULL:
        return StorageFull(f"the database cannot be written: {error}")
    if primary in _IS_UNAVAILABLE:
        return Unavailable(_IS_UNAVAILABLE[primary])
    if primary in _IS_DAMAGED:
        return _damaged(error, path)
    return None


def _damaged(error: sqlite3.Error, path: Path | None) -> Permanent:
    backup = newest_backup(path) if path else None
    advice = f"the newest backup is {backup}" if backup else "no backup lies beside it"
    return Permanent(f"the database {path} is damaged ({error}); {advice}")
