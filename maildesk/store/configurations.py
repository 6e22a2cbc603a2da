"""Versions of the files that are reloaded, from the instant at which each took over.

The newest one serves where the files have a fault at start; what sla.yaml said in each tells what
was promised when. Values here are plain: `in_force` makes rules of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from maildesk.store import clocks
from maildesk.store.tables import configurations

_PROMISES = ("calendars", "sla")  # what clocks go by


@dataclass(frozen=True, slots=True)
class Configuration:
    """A version: the texts of its files by name, and the values of its sla.yaml with the dates of
    its holidays."""

    at: datetime
    version: str
    files: Mapping[str, str]
    sla: Mapping[str, Any]


_NEWEST = select(configurations).order_by(configurations.c.id.desc()).limit(1)
_PROMISED = select(configurations.c.id, configurations.c.at, configurations.c.promised).order_by(
    configurations.c.id
)
_SLA = select(configurations.c.sla).where(configurations.c.id == bindparam("id"))


def newest(connection: Connection) -> Configuration | None:
    """Return the version that took over last."""
    row = connection.execute(_NEWEST).one_or_none()
    return Configuration(row.at, row.version, row.files, row.sla) if row else None


def take_over(connection: Connection, new: Configuration) -> Configuration:
    """Return the version that is in force now: `new`, which is kept; or the newest one, where the
    files are the same. Where sla.yaml is the same, its dates stay as they were."""
    old = newest(connection)
    if old and old.version == new.version:
        return old
    is_known = old is not None and old.files.get("sla.yaml") == new.files.get("sla.yaml")
    sla = old.sla if old and is_known else new.sla
    row = {"at": new.at, "version": new.version, "files": dict(new.files), "sla": dict(sla)}
    connection.execute(insert(configurations), {**row, "promised": _hash_of(sla)})
    if old and (sla != old.sla or new.files.get("people.yaml") != old.files.get("people.yaml")):
        clocks.look_at_all(connection, new.at)
    return Configuration(new.at, new.version, new.files, sla)


def _hash_of(sla: Mapping[str, Any]) -> str:
    said = {section: sla.get(section) for section in _PROMISES}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Promised:
    """What clocks go by from an instant on; where `hash` is the same, so is that. `id` is the
    version in which it was first said."""

    id: int
    at: datetime
    hash: str


def promised(connection: Connection) -> list[Promised]:
    """Return what was promised from when on, oldest first; a version in which sla.yaml says the
    same as before is left out."""
    rows = (Promised(*row) for row in connection.execute(_PROMISED))
    return [next(same) for _, same in groupby(rows, key=lambda one: one.hash)]


def sla_of(connection: Connection, version: int) -> Mapping[str, Any]:
    """Return the values of sla.yaml in a version, by id."""
    sla: Mapping[str, Any] = connection.execute(_SLA, {"id": version}).scalar_one()
    return sla
