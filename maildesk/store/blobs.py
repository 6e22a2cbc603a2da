"""Big mails, written and read in place: in a statement SQLite holds each three times in memory.

https://sqlite.org/c3ref/blob_open.html
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, func, insert

from maildesk.store import failures
from maildesk.store.tables import receipt_raws

BIG_BYTES = 1024 * 1024


def is_big(size_bytes: int) -> bool:
    """Whether the bytes of a receipt are better handled here."""
    return size_bytes >= BIG_BYTES


def insert_big(connection: Connection, receipt: int, raw: bytes) -> None:
    """Insert a receipt's bytes. Raises: Temporary."""
    room = insert(receipt_raws).values(receipt=receipt, raw=func.zeroblob(len(raw)))
    connection.execute(room)
    with _opened(connection, receipt) as blob:
        blob.write(raw)


def read_big(connection: Connection, receipt: int) -> bytes:
    """Return a receipt's bytes. Raises: Temporary."""
    with _opened(connection, receipt) as blob:
        return blob.read()


@contextmanager
def _opened(connection: Connection, receipt: int) -> Iterator[sqlite3.Blob]:
    database: Any = connection.connection.dbapi_connection
    try:
        with database.blobopen(receipt_raws.name, receipt_raws.c.raw.name, receipt) as blob:
            yield blob
    except sqlite3.Error as error:
        failure = failures.translate(error, None)
        if failure is None:
            raise
        connection.invalidate(error)  # as `failures.watch` has it for statements
        raise failure from error
