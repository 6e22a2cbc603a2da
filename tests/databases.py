"""A database whose schema is made already: to make it takes longer than most tests. Whoever tests
the making itself opens one with `open_database`."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from maildesk.store.engine import open_database


def put_database(path: Path) -> None:
    """Put an empty desk there."""
    path.touch(mode=0o600)
    path.write_bytes(_empty_database())


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = open_database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        return path.read_bytes()
