"""Changes of a ticket's own columns: status, owner, priority, tags."""

from typing import Any

from sqlalchemy import select, update

from maildesk.model.changes import SetDetail, SetFields, SetStatus, SetTags, SetWatchers
from maildesk.model.ticket import Status
from maildesk.store import pages
from maildesk.store.apply_work import Work
from maildesk.store.rows import instant
from maildesk.store.tables import tickets

_OVER = (Status.SOLVED, Status.CLOSED, Status.MERGED, Status.SPAM)


def set_status(work: Work, change: SetStatus) -> None:
    """Move the ticket, and note until when it waits."""
    old = work.connection.execute(
        select(tickets.c.status, tickets.c.wake_at).where(tickets.c.number == change.ticket)
    ).one()
    if (old.status, old.wake_at) == (change.status, change.wake_at):
        return
    new = str(change.status)
    columns: dict[str, Any] = {"status": new, "wake_at": change.wake_at}
    if change.status is Status.SOLVED:
        columns["solved_at"] = work.now
    _update(work, change.ticket, columns)
    if change.status in _OVER:
        pages.drop(work.connection, change.ticket, f"the case is {new}")
    until = f" until {instant(change.wake_at)}" if change.wake_at else ""
    cause = f"{change.trigger}{until}"
    work.note(change.ticket, "status", new, old=old.status, cause=cause)


def set_detail(work: Work, change: SetDetail) -> None:
    """Set a detail that is one word."""
    set_column(work, change.ticket, str(change.detail), change.value, change.cause)


def set_tags(work: Work, change: SetTags) -> None:
    """Give the ticket these tags and no others."""
    _set_list(work, change.ticket, "tags", list(change.tags))


def set_watchers(work: Work, change: SetWatchers) -> None:
    """Have these agents watch the ticket, and no others."""
    _set_list(work, change.ticket, "watchers", list(change.watchers))


def _set_list(work: Work, ticket: int, column: str, new: list[str]) -> None:
    old = _value(work, ticket, column)
    if old != new:
        _update(work, ticket, {column: new})
        work.note(ticket, column, ", ".join(new), old=", ".join(old))


def set_fields(work: Work, change: SetFields) -> None:
    """Give the ticket's fields these values; the history tells of those that are new."""
    old, new = _value(work, change.ticket, "fields"), dict(change.fields)
    if old != new:
        _update(work, change.ticket, {"fields": new})
        altered = [f"{name}: {one}" for name, one in new.items() if old.get(name) != one]
        former = [f"{name}: {one}" for name, one in old.items() if new.get(name) != one]
        work.note(change.ticket, "fields", ", ".join(altered), old=", ".join(former))


def set_column(work: Work, ticket: int, column: str, new: str | None, cause: str = "") -> None:
    """Change one column of the ticket; nothing happens where it has that value."""
    old = _value(work, ticket, column)
    if old != new:
        _update(work, ticket, {column: new})
        work.note(ticket, column, new, old=old, cause=cause)


def _value(work: Work, ticket: int, column: str) -> Any:
    here = tickets.c.number == ticket
    return work.connection.execute(select(tickets.c[column]).where(here)).scalar_one()


def _update(work: Work, ticket: int, values: dict[str, Any]) -> None:
    work.connection.execute(update(tickets).where(tickets.c.number == ticket).values(values))
