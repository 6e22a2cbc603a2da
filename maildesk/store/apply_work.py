"""One plan while it is carried out: what `apply` and its parts share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError


class Stale(Exception):
    """The plan rests on something that has moved on: gather and decide again."""


@contextmanager
def only_once(why: str) -> Iterator[None]:
    """Write what only one may write. Raises: Stale where another has."""
    try:
        yield
    except IntegrityError as error:
        if "UNIQUE" not in str(error.orig):
            raise
        raise Stale(why) from error


@dataclass(frozen=True, slots=True)
class Work:
    """One plan being carried out, and the history that it writes."""

    connection: Connection
    receipt: int | None
    now: datetime
    actor: str
    opened: set[int] = field(default_factory=set)
    empty: set[int] = field(default_factory=set)  # opened, and without a message yet
    touched: set[int] = field(default_factory=set)
    log: list[dict[str, Any]] = field(default_factory=list)
    cause: str = ""  # of what no mail has caused

    def note(
        self,
        ticket: int,
        kind: str,
        new: str | None,
        *,
        old: str | None = None,
        cause: str = "",
        at: datetime | None = None,
    ) -> None:
        """Write a line of the ticket's history; without a cause it is the plan's, or the mail."""
        self.touched.add(ticket)
        of_plan = self.cause or (f"receipt {self.receipt}" if self.receipt else "")
        line = {
            "ticket": ticket,
            "at": at or self.now,
            "actor": self.actor,
            "kind": kind,
            "old": old,
            "new": new,
            "cause": cause or of_plan,
            "receipt": self.receipt,
        }
        self.log.append(line)
