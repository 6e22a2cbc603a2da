"""When the desk comes back to a case by itself, clocks apart: instants in the ticket's open time.

To add an occasion: a word in `Occasion`, a function that yields its `Turn`s, a line in `turns`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from maildesk.model.facts import Key, LogLine, TicketFacts
from maildesk.model.ticket import Direction, Status, Ticket, TicketType
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.lifecycle import LIVE
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.ladder import Firing
from maildesk.policy.sla.promises import ClockName

_REOPEN_DAYS = 5  # where nothing is promised
AUTOMATIC_IN_A_ROW = 2  # mails to a requester that no person wrote
_UNTOUCHED = (Status.NEW, Status.OPEN, Status.ON_HOLD, Status.WAITING_USER)
_PUT_OFF = (Status.WAITING_USER, Status.SCHEDULED)


class Occasion(StrEnum):
    """What is due."""

    STEP = "step"
    PAGE = "page"
    WORD = "word"
    REMINDER = "reminder"
    UNANSWERED = "unanswered"
    SOLVED = "solved"
    STALE = "stale"
    REOPENS = "reopens"


@dataclass(frozen=True, slots=True)
class Rung:
    """A step that fired, and the clock whose it is."""

    firing: Firing
    clock: Clock


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that is due at an instant, and happens once by its key. `number` counts pages and
    reminders, and tells who hears of it (1: the owner, 2: who comes next). `closes_at` is when the
    case ends if nothing happens."""

    occasion: Occasion
    key: Key
    at: datetime
    number: int = 1
    closes_at: datetime | None = None
    rung: Rung | None = None  # of steps and pages


def calendar_of(ticket: Ticket, rules: Rules) -> Calendar:
    """Return the calendar that a ticket's days are counted in: that of its promise, else the
    desk's."""
    policy = rules.policies.get(ticket.policy)
    targets = policy.targets.get(ticket.priority) if policy else None
    return rules.calendars[targets.calendar] if targets else rules.office


def reopen_ends_at(ticket: Ticket, rules: Rules, solved_at: datetime) -> datetime | None:
    """Return until when a reply belongs to a ticket that was solved then: so many open dates as its
    policy says (S11). None: for ever."""
    policy = rules.policies.get(ticket.policy)
    days = policy.reopen_days if policy else _REOPEN_DAYS
    return calendar_of(ticket, rules).days_later(solved_at, days)


def turns(
    facts: TicketFacts, rules: Rules, shown: Mapping[ClockName, Clock], now: datetime
) -> Iterator[Turn]:
    """Yield what comes of the ticket's state, be it past or ahead."""
    calendar = calendar_of(facts.ticket, rules)

    def days_after(at: datetime, days: int) -> datetime | None:
        later = calendar.days_later(at, days)
        return calendar.next_opening(later) if later else None

    status, is_asked = facts.ticket.status, _is_asked(facts)
    if status is Status.SOLVED:
        yield from _solved(facts, rules, days_after)
    elif status in LIVE:
        yield from _word(facts, calendar, shown[ClockName.UPDATE])
    if status is Status.WAITING_USER and is_asked:
        yield from _question(facts, rules, days_after, now)
    elif status in _UNTOUCHED and facts.ticket.wake_at is None:  # else he comes back to it
        yield from _stale(facts, rules, days_after)


def _is_asked(facts: TicketFacts) -> bool:
    """Whether it is the requester's turn: ours was the last word that is public."""
    said = [line for line in facts.log if is_public(line) and line.old != "courtesy"]
    return bool(said) and _is_ours(said[-1])


Days = Callable[[datetime, int], datetime | None]


def _entered(log: Iterable[LogLine], status: Status) -> list[datetime]:
    """When the ticket came to a status, first to last."""
    return [line.at for line in log if line.kind == "status" and line.new == status]


# --- a question ---------------------------------------------------------------------------------


def _question(facts: TicketFacts, rules: Rules, days_after: Days, now: datetime) -> Iterator[Turn]:
    """Reminders, and the end. A case that comes back on a day of its own is reminded of before,
    and never closed."""
    entered, wanted = _entered(facts.log, Status.WAITING_USER), rules.follow_up
    if not entered:
        return
    again = _asked_again(facts.log, entered[-1])
    asked_at, wake_at = again[-1] if again else entered[-1], facts.ticket.wake_at
    cycle, arming = len(entered), len(again)
    keys = [("question", cycle, arming, f"reminder {n}") for n, _ in enumerate(wanted.reminders, 1)]
    days_left = wanted.close_unanswered - (wanted.reminders[-1] if wanted.reminders else 0)
    planned = days_after(asked_at, wanted.close_unanswered)
    is_closing = bool(wanted.close_unanswered and planned and wake_at is None and _may_end(facts))
    for key, days in zip(keys, wanted.reminders, strict=True):
        at = days_after(asked_at, days)
        if at and (wake_at is None or at < wake_at):
            ends = _latest(planned, days_after(max(at, now), wanted.close_unanswered - days))
            number = keys.index(key) + 1
            yield Turn(Occasion.REMINDER, key, at, number, ends if is_closing else None)
    reminded_at = facts.fired.get(keys[-1]) if keys else asked_at
    if is_closing and reminded_at and planned:
        at = _latest(planned, days_after(reminded_at, days_left)) or planned
        yield Turn(Occasion.UNANSWERED, ("question", cycle, arming, "close"), at)


def _asked_again(log: Iterable[LogLine], since: datetime) -> list[datetime]:
    """When the desk wrote again while it waited: the days count from there."""
    return [line.at for line in log if _is_ours(line) and line.at > since]


def _latest(*instants: datetime | None) -> datetime | None:
    return max((at for at in instants if at), default=None)


def _may_end(facts: TicketFacts) -> bool:
    return facts.ticket.type is not TicketType.COMPLAINT


# --- a solution ---------------------------------------------------------------------------------


def _solved(facts: TicketFacts, rules: Rules, days_after: Days) -> Iterator[Turn]:
    entered, days = _entered(facts.log, Status.SOLVED), rules.follow_up.close_solved
    if not entered or not days or not _may_end(facts):
        return
    if at := days_after(entered[-1], days):
        yield Turn(Occasion.SOLVED, ("solved", len(entered), 0, "close"), at)


# --- silence ------------------------------------------------------------------------------------


def is_public(line: LogLine) -> bool:
    """Whether a person said something then that the requester wrote or got."""
    return line.kind in ("message", "admitted", "released") and line.new.endswith(" public")


def _is_ours(line: LogLine) -> bool:
    return is_public(line) and line.new.startswith(Direction.OUT)


def last_said_at(facts: TicketFacts) -> datetime:
    """Return when a person said something last that the requester wrote or got."""
    said = (line.at for line in facts.log if is_public(line))
    return max(said, default=facts.ticket.created_at)


def _stale(facts: TicketFacts, rules: Rules, days_after: Days) -> Iterator[Turn]:
    """The time that a case was put off for is no silence."""
    back = [one.at for one in facts.log if one.kind == "status" and one.old in _PUT_OFF]
    days, since = rules.follow_up.stale, max([last_said_at(facts), *back])
    times = sum(map(is_public, facts.log))
    for number, who in enumerate(("owner", "lead"), 1):
        if days and (at := days_after(since, days * number)):
            yield Turn(Occasion.STALE, ("stale", times, len(back), who), at, number)


# --- the next word ------------------------------------------------------------------------------


def automatic_in_a_row(log: Sequence[LogLine]) -> int:
    """Return how many mails by timers the requester has had since a person said something."""
    count = 0
    for line in log:
        if line.kind == "told":
            count += 1
        elif is_public(line):
            count = 0
    return count


def _word(facts: TicketFacts, calendar: Calendar, update: Clock) -> Iterator[Turn]:
    """The word that the last automatic mail has promised, unless we have spoken since, or the
    update clock brings it in time. What the requester writes meanwhile takes nothing back."""
    said = [line for line in facts.log if line.kind == "told" or _is_ours(line)]
    last = said[-1] if said else None
    if last is None or last.kind != "told" or not last.cause:
        return
    promised_at = datetime.fromisoformat(last.cause)
    if update.is_running and update.due_at and update.due_at <= promised_at:
        return
    number = sum(line.kind == "told" for line in facts.log)
    nudge_at = calendar.next_opening(promised_at - (promised_at - last.at) / 4)
    if nudge_at and nudge_at < promised_at:
        yield Turn(Occasion.WORD, ("word", number, 0, "owner"), nudge_at, 1, promised_at)
    yield Turn(Occasion.WORD, ("word", number, 0, "requester"), promised_at, 2)
