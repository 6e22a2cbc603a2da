"""A ticket as it will be once a change is carried out: what later decisions of the same mail see.

The change itself is carried out by `store.apply`, to the same effect.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from maildesk.model.changes import (
    Change,
    Detail,
    MergeTicket,
    SetAssignee,
    SetDetail,
    SetFields,
    SetRequester,
    SetStatus,
    SetTags,
    SetWatchers,
)
from maildesk.model.ticket import Priority, Status, Ticket, TicketType


def after(ticket: Ticket, change: Change) -> Ticket:
    """Return the ticket as it is after the change; itself where the change is none of its own."""
    return replace(ticket, **_columns(change))


def _columns(change: Change) -> Mapping[str, Any]:
    columns: dict[str, Any] = {}
    match change:
        case SetStatus():
            columns = {"status": change.status, "wake_at": change.wake_at}
        case SetAssignee():
            columns = {"assignee": change.assignee}
        case SetTags():
            columns = {"tags": change.tags}
        case SetFields():
            columns = {"fields": change.fields}
        case SetWatchers():
            columns = {"watchers": change.watchers}
        case SetRequester():
            columns = {"requester": change.requester}
        case MergeTicket():
            columns = {"status": Status.MERGED, "merged_into": change.into}
        case SetDetail():
            read = _DETAILS.get(change.detail, str)
            columns = {str(change.detail): read(change.value)}
        case _:
            pass
    return columns


_DETAILS = {Detail.PRIORITY: Priority, Detail.TYPE: TicketType}
