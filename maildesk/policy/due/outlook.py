"""What our mails say of what comes: promises, due times, and when the desk returns by itself."""

from dataclasses import replace
from datetime import datetime

from maildesk.model.changes import SetStatus
from maildesk.model.facts import TicketFacts
from maildesk.model.ticket import TicketType
from maildesk.policy.draft import Draft
from maildesk.policy.due.follow_ups import calendar_of, reopen_ends_at
from maildesk.policy.lifecycle import LIVE, Trigger
from maildesk.policy.rules import Agent
from maildesk.policy.sla import promised
from maildesk.policy.sla.promises import ClockName


def next_due_at(draft: Draft) -> datetime | None:
    """Return when the ticket's next clock ends, with all that the draft does; where its log was not
    read, what the last beat saw."""
    return draft.once(_next_due_at)


def _next_due_at(draft: Draft) -> datetime | None:
    if draft.ticket.status not in LIVE:
        return None
    facts = _written(draft)
    if facts is None:
        return draft.ticket.due_at
    return promised.next_due_at(facts, draft.arrival.rules, draft.arrival.now)


def answer_by(draft: Draft) -> datetime | None:
    """Return by when the requester is promised an answer to what he has just written."""
    facts = _written(draft)
    if facts is None:
        return None
    shown = promised.clocks_of(facts, draft.arrival.rules, draft.arrival.now)
    clock = shown[ClockName.NEXT_RESPONSE]
    return clock.due_at if clock.is_running else None


def _written(draft: Draft) -> TicketFacts | None:
    """The ticket with its log as they will be; None where the log was not read."""
    log = draft.log
    if not any(line.kind == "created" for line in log):
        return None
    return replace(draft.facts, ticket=draft.ticket, log=log)


def promise_facts(draft: Draft, by: Agent | None) -> tuple[str, dict[str, object]]:
    """Return the kind of acknowledgement, and what it promises. An agent who opens a case is there,
    and has heard it: no answer is owed."""
    promise = promised.promised(draft.ticket, draft.arrival.rules, draft.arrival.now)
    if promise is None:
        return "received", {}
    facts: dict[str, object] = {
        "answer_by": None if by else promise.answer_by,
        "solve_by": promise.solve_by,
    }
    if promise.is_open or promise.opens_at is None or by:
        return "received", facts
    opening: dict[str, object] = {"opens_at": promise.opens_at, "why_closed": promise.why_closed}
    return "received_closed", facts | opening


def is_question(draft: Draft) -> bool:
    """Whether an agent's mail makes the case wait for the requester."""
    moves = (one for one in draft.changes if isinstance(one, SetStatus))
    last = next((one for one in reversed([*moves]) if one.ticket == draft.ticket.number), None)
    return last is not None and last.trigger == Trigger.WAIT


def what_follows(draft: Draft, kind: str) -> dict[str, object]:
    """Return when the desk comes back by itself, as `follow_ups` counts it: a complaint is never
    closed so, nor is a case that comes back on a day of its own."""
    wanted, back_at = draft.arrival.rules.follow_up, draft.ticket.wake_at
    may_close = draft.ticket.type is not TicketType.COMPLAINT and back_at is None
    if kind == "solved":
        return {"closes_at": _ends_at(draft) if may_close else None}
    remind_at = _days_from_now(draft, wanted.reminders[0]) if wanted.reminders else None
    is_before = remind_at is not None and (back_at is None or remind_at < back_at)
    return {
        "remind_at": remind_at if is_before else None,
        "closes_at": _days_from_now(draft, wanted.close_unanswered) if may_close else None,
        "back_at": back_at,
    }


def _days_from_now(draft: Draft, days: int) -> datetime | None:
    """The open instant so many open dates from now; None for 0, which is never."""
    calendar = calendar_of(draft.ticket, draft.arrival.rules)
    later = calendar.days_later(draft.arrival.now, days) if days else None
    return calendar.next_opening(later) if later else None


def _ends_at(draft: Draft) -> datetime | None:
    """Return until when an answer to a solved case opens it again: it closes then, or the reopen
    window of its policy ends before."""
    rules, now = draft.arrival.rules, draft.arrival.now
    window = reopen_ends_at(draft.ticket, rules, now)
    closing = _days_from_now(draft, rules.follow_up.close_solved)
    return min(window, closing) if window and closing else closing
