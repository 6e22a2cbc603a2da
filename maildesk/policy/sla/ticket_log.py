"""A ticket's event log as its clocks hear it, with what became of sla.yaml meanwhile in between.

The log tells every change of the status itself, so no message moves one (`Message.moves`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from maildesk.model.changes import (
    AddMessage,
    Change,
    Detail,
    NoteEvent,
    OpenTicket,
    ReleaseMessage,
    SetDetail,
    SetStatus,
)
from maildesk.model.facts import LogLine
from maildesk.model.ticket import Priority, Status, Ticket
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.rules import Rules
from maildesk.policy.sla.events import (
    Acknowledged,
    CalendarSet,
    Created,
    Event,
    Message,
    MessageKind,
    PolicySet,
    PrioritySet,
    StatusSet,
)
from maildesk.policy.sla.promises import Edition, Policy

_FROM_REQUESTER = "in public"
_FROM_AGENT = "out public"


@dataclass(frozen=True, slots=True)
class Heard:
    """What `sla.clocks` takes: events, the policy at the beginning, the calendars before edits."""

    events: tuple[Event, ...]
    policy: Policy | None
    calendars: Mapping[str, Calendar]


def heard(log: Iterable[LogLine], ticket: Ticket, rules: Rules) -> Heard:
    """Return what the clocks of a ticket are told."""
    lines = tuple(log)
    editions = _editions(rules, ticket.created_at)
    promised = tuple(_policy_events(lines, editions))
    first = [one.policy for one in promised if one.at <= ticket.created_at]
    calendars: dict[str, Calendar] = {}
    edits = tuple(_calendar_events(editions, calendars))
    said = tuple(_events(lines, ticket))
    opening = [one for one in said if isinstance(one, Created)]
    rest = [one for one in said if not isinstance(one, Created)]
    later = [one for one in promised if one.at > ticket.created_at]
    return Heard((*opening, *edits, *later, *rest), first[-1] if first else None, calendars)


def _editions(rules: Rules, since: datetime) -> tuple[Edition, ...]:
    """The editions of sla.yaml that the ticket has seen, the one that it was opened under first."""
    known = rules.editions or (Edition(since, rules.policies, rules.calendars),)
    start = max((n for n, one in enumerate(known) if one.since <= since), default=0)
    return known[start:]


# --- the configuration --------------------------------------------------------------------------


def _policy_events(lines: Iterable[LogLine], editions: tuple[Edition, ...]) -> Iterator[PolicySet]:
    """What was promised from when on: another policy was chosen, or the chosen one was edited."""
    chosen = [(line.at, line.new) for line in lines if line.kind == "policy"]
    instants = sorted({at for at, _ in chosen} | {one.since for one in editions[1:]})
    before: Policy | None = None
    for at in instants:
        name = next((name for since, name in reversed(chosen) if since <= at), "")
        edition = next((one for one in reversed(editions) if one.since <= at), editions[0])
        policy = edition.policies.get(name)
        if policy != before:
            yield PolicySet(at, policy)
        before = policy


def _calendar_events(
    editions: Iterable[Edition], calendars: dict[str, Calendar]
) -> Iterator[CalendarSet]:
    """The edits of calendars; those that nothing has edited yet are put into `calendars`."""
    latest: dict[str, Calendar] = {}
    for edition in editions:
        for name, calendar in edition.calendars.items():
            calendars.setdefault(name, calendar)
            if latest.setdefault(name, calendar) != calendar:
                latest[name] = calendar
                yield CalendarSet(edition.since, name, calendar)


# --- the ticket ---------------------------------------------------------------------------------


def _events(lines: tuple[LogLine, ...], ticket: Ticket) -> Iterator[Event]:
    first = next((line.old for line in lines if line.kind == "priority"), ticket.priority)
    opening = next((line.receipt for line in lines if line.kind == "created"), None)
    for line in lines:
        if line.kind == "created":
            yield Created(line.at, Priority(first), is_by_agent=bool(line.old))
        elif line.kind != "message" or line.receipt is None or line.receipt != opening:
            yield from _event(line)


def _event(line: LogLine) -> Iterator[Event]:
    match line.kind:
        case "message" if line.new == _FROM_REQUESTER:
            is_courtesy = line.old == "courtesy"
            kind = MessageKind.USER_AUTO_REPLY if is_courtesy else MessageKind.USER_REPLY
            yield Message(line.at, kind, moves=False)
        case "admitted" if line.new == _FROM_REQUESTER:
            yield Message(line.said_at or line.at, MessageKind.USER_REPLY, moves=False)
        case "message" | "released" if line.new == _FROM_AGENT:
            yield Message(line.at, MessageKind.AGENT_REPLY, moves=False)
        case "told":
            yield Message(line.at, MessageKind.STATUS_UPDATE, moves=False)
        case "status":
            yield StatusSet(line.at, Status(line.new))
        case "priority":
            yield PrioritySet(line.at, Priority(line.new))
        case "ack":
            yield Acknowledged(line.at)
        case _:
            pass


# --- lines that are still to be written ---------------------------------------------------------


def to_be_written(changes: Iterable[Change], before: Ticket, now: datetime) -> Iterator[LogLine]:
    """The lines that these changes will write into the log of a ticket, as `store.apply` does;
    `before` is the ticket without them."""
    number = before.number
    values = {Detail.PRIORITY: str(before.priority), Detail.POLICY: before.policy}
    for change in changes:
        match change:
            case OpenTicket() if change.ticket.number == number:
                yield LogLine(change.ticket.created_at, "created", old=change.agent, receipt=0)
            case AddMessage() if change.ticket == number:
                old = "courtesy" if change.is_courtesy else ""
                what = f"{change.direction} {change.visibility}"
                yield LogLine(change.at, "message", what, old, receipt=0)
            case ReleaseMessage() if change.ticket == number:
                kind = "admitted" if change.mail is None else "released"
                yield LogLine(now, kind, f"{change.direction} {change.visibility}")
            case SetStatus() if change.ticket == number:
                yield LogLine(now, "status", str(change.status))
            case SetDetail() if change.ticket == number and change.detail in values:
                yield LogLine(now, str(change.detail), change.value, values[change.detail])
                values[change.detail] = change.value
            case NoteEvent() if change.ticket == number and change.kind in ("ack", "told"):
                yield LogLine(now, change.kind, change.new, cause=change.cause)
            case _:
                pass
