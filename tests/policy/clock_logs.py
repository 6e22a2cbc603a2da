"""Tickets with logs as their clocks hear them: written as lines, in Oslo's time.

`case("09:00 created", "09:00 in", "10:00 out")` is a ticket of Monday, 23 November 2026; a line may
begin with another day of that month. What a line means stands in `_WORDS`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from maildesk.mail.message import Address
from maildesk.model.facts import Key, LogLine, TicketFacts
from maildesk.model.ticket import Party, Role, Status, Ticket

ADA = Address("Ada Berg", "ada@example.org")
_WORDS = {
    "in": ("message", "in public", ""),
    "out": ("message", "out public", ""),
    "note": ("message", "out internal", ""),
    "held": ("message", "in held", ""),
    "thanks": ("message", "in public", "courtesy"),
    "ack": ("ack", "kari", ""),
}
_OLD = {"priority": "P3"}
_STATUS = {str(status): ("status", str(status), "") for status in Status}


def at(written: str) -> datetime:
    """An instant in Oslo's November 2026: `24 10:00`, or `10:00` of the 23rd; `12-01 10:00`."""
    day, _, time = written.rpartition(" ")
    date = day if "-" in day else f"11-{day or 23}"
    return datetime.fromisoformat(f"2026-{date}T{time}+01:00").astimezone(UTC)


def line(written: str, **fields: Any) -> LogLine:
    """A line: when, what, and what is new: `24 10:00 priority P1`, `09:00 in`."""
    words = written.split()
    place = next(n for n, word in enumerate(words) if ":" in word) + 1
    when, what, rest = " ".join(words[:place]), words[place], " ".join(words[place + 1 :])
    kind, new, old = {**_WORDS, **_STATUS}.get(what, (what, rest, _OLD.get(what, "")))
    return LogLine(at(when), kind, new, **{"old": old, **fields})


def case(
    *lines: str | LogLine, fired: Mapping[Key, datetime] | None = None, **fields: Any
) -> TicketFacts:
    """A ticket with such a log; where no line says otherwise, Ada wrote at nine on Monday, and the
    policy `standard` was chosen."""
    log = tuple(each if isinstance(each, LogLine) else line(each) for each in lines)
    if not any(each.kind == "created" for each in log):
        opening = tuple(map(line, ("09:00 created new", "09:00 policy standard", "09:00 in")))
        log = (*opening, *log)
    created = next(each for each in log if each.kind == "created")
    statuses = [each.new for each in log if each.kind == "status"]
    known: dict[str, Any] = {
        "number": 1,
        "subject": "Printer is dead",
        "requester": ADA,
        "queue": "helpdesk",
        "team": "first-line",
        "created_at": created.at,
        "updated_at": created.at,
        "status": Status(statuses[-1] if statuses else "new"),
        "policy": "standard",
    }
    ticket = Ticket(**(known | fields))
    return TicketFacts(ticket, (Party(1, ADA, Role.REQUESTER),), log=log, fired=fired or {})
