"""Which configuration is in force, and which ones were before.

The files, once they took over, are kept in the database: with a fault in them at start, the last
good copy serves. What was promised in earlier versions of sla.yaml becomes `Rules.editions`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from maildesk.config import load, load_database
from maildesk.errors import MaildeskError, Misconfigured, Problem
from maildesk.policy.rules import Rules
from maildesk.policy.sla.file import SlaBook, read_sla
from maildesk.policy.sla.promises import Edition
from maildesk.settings import Settings
from maildesk.store import configurations
from maildesk.store.configurations import Configuration
from maildesk.store.engine import Database, open_database

log = structlog.get_logger()

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings to work with. `rejected` is what is wrong with the files, where the last good copy
    of them serves."""

    settings: Settings
    rejected: Misconfigured | None = None


def load_or_kept(folder: Path, environ: Mapping[str, str]) -> Loaded:
    """Read the configuration; where files that are reloaded have a fault, the last good copy.

    Raises: Misconfigured with every problem, where there is no copy, maildesk.yaml is at fault, or
    this version of the program refuses the copy too.
    """
    try:
        return Loaded(load(folder, environ))
    except Misconfigured as error:
        kept = _newest(folder, environ)
        if kept is None:
            raise
        try:
            settings = load(folder, environ, kept=kept.files)
        except Misconfigured as refused:
            raise Misconfigured(*error.problems, *_of_copy(error, refused)) from None
        rules = replace(settings.rules, version=kept.version)
        return Loaded(replace(settings, rules=rules), error)


def _of_copy(error: Misconfigured, refused: Misconfigured) -> Iterator[Problem]:
    """What is wrong with the copy, and not with the files."""
    for problem in refused.problems:
        if problem not in error.problems:
            yield Problem("the last good copy", None, None, str(problem))


def _newest(folder: Path, environ: Mapping[str, str]) -> Configuration | None:
    """The last good copy; None where there is no database yet, one that is too old to hold any, or
    maildesk.yaml does not say where. It is read before an older schema is brought up to date."""
    try:
        database = open_database(load_database(folder, environ), is_reader=True)
        try:
            with database.read() as session:
                return configurations.newest(session.connection())
        finally:
            database.close()
    except (MaildeskError, SQLAlchemyError):
        return None


def take_over(database: Database, settings: Settings, now: datetime) -> Rules:
    """Let rules that were read take over at `now`, and return them with the editions before them;
    nothing changes where they are in force already."""
    rules, sources = settings.rules, settings.sources
    new = Configuration(now, rules.version, sources.files, sources.sla)
    with database.write() as session:
        in_force = configurations.take_over(session.connection(), new)
    with database.read() as session:
        editions = _editions(session.connection())
    if in_force.sla != sources.sla:
        if book := _book(in_force.sla, in_force.at):  # the dates of holidays are those of then
            rules = replace(rules, calendars=book.calendars, promises=book.promises)
        else:
            now_in_force = Edition(in_force.at, rules.policies, rules.calendars)
            editions = (*editions, now_in_force)
    return replace(rules, editions=editions)


def rules_in_force(connection: Connection, rules: Rules) -> Rules:
    """Return rules that were read with what is promised at present, and was before: for those who
    look into the database, and let nothing take over."""
    newest = configurations.newest(connection)
    book = _book(newest.sla, newest.at) if newest else None
    if book:
        rules = replace(
            rules, calendars=book.calendars, promises=book.promises, follow_up=book.follow_up
        )
    return replace(rules, editions=_editions(connection))


def rules_to_come(connection: Connection, settings: Settings, now: datetime) -> Rules:
    """Return the rules that would be in force if these settings took over at `now`."""
    rules, newest = settings.rules, configurations.newest(connection)
    before = rules_in_force(connection, rules)
    if newest is None or newest.files.get("sla.yaml") == settings.sources.files.get("sla.yaml"):
        return before
    edition = Edition(now, rules.policies, rules.calendars)
    return replace(rules, editions=(*before.editions, edition))


_read: dict[str, Edition | None] = {}  # what was promised, by its hash: it never changes


def _editions(connection: Connection) -> tuple[Edition, ...]:
    """Return what was promised from when on, also to tickets that are closed: they may come back.
    What stays the same is the same object, so that clocks need not look into it."""
    editions: list[Edition] = []
    for one in configurations.promised(connection):
        if one.hash not in _read:
            book = _book(configurations.sla_of(connection, one.id), one.at)
            before = editions[-1] if editions else Edition(one.at, {}, {})
            _read[one.hash] = _edition(book, before) if book else None
        if edition := _read[one.hash]:
            editions.append(replace(edition, since=one.at))
    return tuple(editions)


def _edition(book: SlaBook, before: Edition) -> Edition:
    calendars = _kept(book.calendars, before.calendars)
    return Edition(before.since, _kept(book.policies, before.policies), calendars)


def _kept(new: Mapping[str, Value], old: Mapping[str, Value]) -> dict[str, Value]:
    """Return `new` with what equals it in `old` in its place."""
    return {name: old[name] if old.get(name) == value else value for name, value in new.items()}


def _book(sla: Mapping[str, object], at: datetime) -> SlaBook | None:
    """Read what sla.yaml said once; None where it cannot be read any more."""
    book = read_sla(sla)
    if not book.faults:
        return book
    problem = f"{book.faults[0].path}: {book.faults[0].message}"
    log.warning("an old sla.yaml is left out", since=at.isoformat(), problem=problem)
    return None
