"""What clocks hear: the events of a ticket's log, and edits of the configuration, in time order.

Edits stand in a table of their own (spec S13); whoever asks for clocks puts those that concern the
ticket in between its events. What is not listed here, no clock hears.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.sla.promises import Policy


class MessageKind(StrEnum):
    """Who wrote, to whom. A courtesy that does not reopen a ticket counts as automatic."""

    AGENT_REPLY = "agent_reply"  # public, by a person
    USER_REPLY = "user_reply"
    INTERNAL_NOTE = "internal_note"
    AUTO_REPLY = "auto_reply"  # our automatic mail
    USER_AUTO_REPLY = "user_auto_reply"
    STATUS_UPDATE = "status_update"  # ours to the requester, by the update clock


@dataclass(frozen=True, slots=True)
class Created:
    """The ticket was opened. `at` is when our server received the mail; of a held or forwarded
    mail, that mail itself."""

    at: datetime
    priority: Priority
    is_by_agent: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message joined the ticket; `at` is when our server received it. `moves`: the status follows
    from it; a full log tells that by itself."""

    at: datetime
    kind: MessageKind
    moves: bool = True


@dataclass(frozen=True, slots=True)
class StatusSet:
    """The ticket stands elsewhere. `is_withdrawn`: solved by the requester, before an answer."""

    at: datetime
    status: Status
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class PrioritySet:
    """The ticket has another priority."""

    at: datetime
    priority: Priority


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An agent wrote `#ack`: steps below 150 % and paging are off for the cycle."""

    at: datetime


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Another policy, or another version of it, is in force for the ticket; None: it is removed."""

    at: datetime
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class CalendarSet:
    """A calendar was edited; `calendar` is what it is now, and was all the time for open clocks."""

    at: datetime
    name: str
    calendar: Calendar


Event = Created | Message | StatusSet | PrioritySet | Acknowledged | PolicySet | CalendarSet
