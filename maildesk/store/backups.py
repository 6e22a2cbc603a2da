"""Copies of the database, whole and consistent even while it is written to."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def back_up(path: Path, target: Path) -> None:
    """Copy the database to a file that must not exist yet; it is there whole, or not at all."""
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    source = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    unfinished.chmod(0o600)
    _sync(unfinished)
    unfinished.rename(target)
    _sync(target.parent)


def free_name(path: Path, version: str) -> Path:
    """A name beside the database for its copy with this schema version."""
    name = path.with_name(f"{path.name}.{version}.backup")
    count = 1
    while name.exists():
        count += 1
        name = path.with_name(f"{path.name}.{version}-{count}.backup")
    return name


def newest_backup(path: Path) -> Path | None:
    """The last copy that was made beside the database."""
    copies = path.parent.glob(f"{path.name}.*.backup")
    return max(copies, key=lambda copy: copy.stat().st_mtime, default=None)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
