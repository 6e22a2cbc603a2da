"""What an agenda means for a case: changes, and who hears of it. To add an occasion, see `_DO`."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from maildesk.mail.identifiers import Purpose
from maildesk.model.changes import Detail, NoteEvent, SetDetail
from maildesk.model.facts import TicketFacts
from maildesk.model.plan import Audience, Plan
from maildesk.policy import notices
from maildesk.policy.draft import Draft
from maildesk.policy.due import sla_notices
from maildesk.policy.due.agenda import Agenda, Due, names_of, tells_delay
from maildesk.policy.due.escalation import escalated_to, team_of
from maildesk.policy.due.follow_ups import (
    AUTOMATIC_IN_A_ROW,
    Occasion,
    automatic_in_a_row,
    calendar_of,
    last_said_at,
)
from maildesk.policy.due.timers import Absent, finished, occasion
from maildesk.policy.letters import Letter, write_agent
from maildesk.policy.lifecycle import Trigger
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.ladder import REQUESTER, Firing
from maildesk.policy.sla.promises import ClockName

_FORGOTTEN = timedelta(days=14)  # after so long a mail would only make the requester wonder


def work_off(
    facts: TicketFacts, agenda: Agenda, rules: Rules, now: datetime, absent: Absent
) -> Plan:
    """Return the plan of all that is due on a case at once."""
    cause = "due:" + "+".join(":".join(map(str, due.turn.key)) for due in agenda.due)
    draft = occasion(cause, facts, rules, now, absent)
    for due in agenda.due:
        _DO[due.turn.occasion](draft, due)
    return finished(draft, cause)


def readers_of_steps(
    looked_at: Iterable[tuple[TicketFacts, Agenda]], rules: Rules, now: datetime, absent: Absent
) -> Counter[str]:
    """Return how many steps come to each agent (handle) at once: after downtime they are many."""
    count: Counter[str] = Counter()
    for facts, agenda in looked_at:
        draft = occasion("count", facts, rules, now, absent)
        for due in agenda.due:
            if due.turn.occasion is Occasion.STEP:
                count.update(agent.handle for agent in escalated_to(draft, names_of(due)))
    return count


# --- the ladder ---------------------------------------------------------------------------------


def _rung(due: Due) -> tuple[Firing, Clock]:
    if due.turn.rung is None:
        raise ValueError(f"{due.turn.occasion} belongs to no clock")
    return due.turn.rung.firing, due.turn.rung.clock


def _step(draft: Draft, due: Due) -> None:
    firing, clock = _rung(due)
    draft.changes.append(NoteEvent(draft.ticket.number, "step", f"{clock.name} {firing.step.name}"))
    if clock.name is ClockName.UPDATE:
        _update(draft, due, clock)
        return
    agents = escalated_to(draft, names_of(due))
    if any(one.step.refer for one in (firing, *due.others)):
        _refer(draft, f"{clock.name.replace('_', ' ')} at {firing.step.name}", due)
    sla_notices.tell_step(
        draft,
        firing,
        clock,
        agents,
        others=due.others,
        is_late=due.is_late,
        is_owed=REQUESTER in due.missed,
    )
    if tells_delay(due):
        sla_notices.tell_delay(draft, _as_told(draft, clock), _next_word(draft, clock))


def _as_told(draft: Draft, clock: Clock) -> Clock:
    """The clock as the requester knows it: of a promise that was moved after he was told of it, to
    an instant that had passed already, he is told no date."""
    rules, log = draft.arrival.rules, draft.facts.log
    moves = (line.at for line in log if line.kind in ("priority", "policy"))
    opened_at, due_at = draft.ticket.created_at, clock.due_at
    moved_at = max([opened_at, *moves, *(one.since for one in rules.editions)])
    is_news = due_at is not None and opened_at < moved_at and due_at <= moved_at
    return replace(clock, due_at=None) if is_news else clock


def _update(draft: Draft, due: Due, clock: Clock) -> None:
    """The requester is owed a word: first the owner is told, then the desk speaks itself."""
    firing, _clock = _rung(due)
    if REQUESTER in firing.step.notify:
        sla_notices.tell_progress(draft, _next_word(draft, clock), _late_since(due))
    elif clock.due_at:
        agents = escalated_to(draft, firing.step.notify)
        sla_notices.nudge_owner(draft, agents, clock.due_at)


def _late_since(due: Due) -> datetime | None:
    return due.turn.at if due.is_late else None


def _next_word(draft: Draft, clock: Clock | None = None) -> datetime | None:
    """Return by when the requester hears more: as long from now as the promise itself was, one day
    at most; None if no further mail comes by itself."""
    if automatic_in_a_row(draft.log) + 1 >= AUTOMATIC_IN_A_ROW:
        return None
    calendar = calendar_of(draft.ticket, draft.arrival.rules)
    day = calendar.normal_day()
    target = clock.target if clock and clock.target else day
    return calendar.due(draft.arrival.now, min(target, day))


def _refer(draft: Draft, reason: str, due: Due) -> None:
    """Pass the case on to the next tier, as far as there is one. A delay mail says enough."""
    team = team_of(draft)
    if team is None or team.next is None:
        draft.reasons.append("no team to pass it on to")
        return
    owner = draft.arrival.rules.agent(draft.ticket.assignee or "")
    draft.change(SetDetail(draft.ticket.number, Detail.TEAM, team.next, reason))
    draft.assign(None)
    if owner:
        write_agent(draft, owner, _given(draft, "passed_on", reason))
    for agent in escalated_to(draft, ["team"]):
        if agent != owner:
            write_agent(draft, agent, _given(draft, "team", reason))
    if not tells_delay(due) and automatic_in_a_row(draft.log) < AUTOMATIC_IN_A_ROW:
        sla_notices.tell_referred(draft)


def _given(draft: Draft, by: str, reason: str) -> Letter:
    return Letter(
        kind="assigned",
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=notices.desk_address(draft),
        facts=notices.given_facts(draft, by, reason),
    )


def _page(draft: Draft, due: Due) -> None:
    firing, clock = _rung(due)
    for agent in escalated_to(draft, firing.step.notify or ("owner",)):
        sla_notices.page(draft, firing, clock, agent, due.turn.number)


# --- the requester ------------------------------------------------------------------------------


def _word(draft: Draft, due: Due) -> None:
    if due.turn.number == 1 and due.turn.closes_at:
        agents = escalated_to(draft, ["owner"])
        sla_notices.nudge_owner(draft, agents, due.turn.closes_at)
    elif automatic_in_a_row(draft.log) < AUTOMATIC_IN_A_ROW:
        sla_notices.tell_progress(draft, _next_word(draft), _late_since(due))


def _remind(draft: Draft, due: Due) -> None:
    sla_notices.remind_requester(draft, due.turn.number, due.turn.closes_at)


def _close(draft: Draft, due: Due) -> None:
    draft.trigger(Trigger.SILENCE)
    if draft.arrival.now - due.turn.at > _FORGOTTEN:
        draft.reasons.append("nobody is told: it was due long ago")
        return
    is_solved = due.turn.occasion is Occasion.SOLVED
    sla_notices.tell_closed(draft, "silence" if is_solved else "unanswered")


# --- the desk -----------------------------------------------------------------------------------


def _stale(draft: Draft, due: Due) -> None:
    agents = escalated_to(draft, ["owner" if due.turn.number == 1 else "lead"])
    sla_notices.tell_stale(draft, agents, last_said_at(draft.facts))


def _reopens(draft: Draft, due: Due) -> None:
    sla_notices.tell_reopens(draft, escalated_to(draft, ["lead"]), due.turn.number)


_DO: Mapping[Occasion, Callable[[Draft, Due], None]] = {
    Occasion.STEP: _step,
    Occasion.PAGE: _page,
    Occasion.WORD: _word,
    Occasion.REMINDER: _remind,
    Occasion.UNANSWERED: _close,
    Occasion.SOLVED: _close,
    Occasion.STALE: _stale,
    Occasion.REOPENS: _reopens,
}
