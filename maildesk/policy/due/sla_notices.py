"""What clocks and the calendar make us write: warnings, breaches, delays, updates, reminders.

Each function writes the letters of one occasion into a draft (`timers.occasion`). No mail causes
them, so all are `auto-generated`. An answer to a warning goes to the requester; one to a breach, to
the timeline or to a page stays inside: it is about us. What a requester is told of how it goes is
noted as `told`, which the update clock hears.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from maildesk.mail.identifiers import Purpose
from maildesk.model.changes import NoteEvent
from maildesk.model.plan import Audience
from maildesk.model.ticket import Party, Role
from maildesk.policy.draft import Draft
from maildesk.policy.due.escalation import escalated_to
from maildesk.policy.due.follow_ups import calendar_of
from maildesk.policy.due.outlook import what_follows
from maildesk.policy.due.timed_mail import (
    is_believed,
    is_reached,
    is_requester_told,
    refusal_of,
    requester_of,
)
from maildesk.policy.due.timeline import timeline
from maildesk.policy.letters import Letter, fitting, label, write, write_agent
from maildesk.policy.notices import desk_address, given_facts, readers
from maildesk.policy.rules import Agent
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.ladder import REQUESTER, Firing, Step
from maildesk.policy.sla.promises import ClockName

_FAR_TOO_LATE = 150  # percent, from which on the manager is told what happened
_ZERO = timedelta()


# --- the ladder ---------------------------------------------------------------------------------


def tell_step(
    draft: Draft,
    firing: Firing,
    clock: Clock,
    agents: Iterable[Agent],
    *,
    others: Sequence[Firing] = (),
    is_late: bool = False,
    is_owed: bool = False,
) -> None:
    """Tell agents that a step of the ladder is reached: a warning before the due time, a breach
    after it, from 150 % on with what happened. `others` are steps that this mail stands for, too.
    `is_late`: the desk stood still when it was due, `is_owed`: and did not tell the requester."""
    kind, step = _kind(firing.step), firing.step
    facts: dict[str, object] = {
        **_last_words(draft),
        **_clock_facts(clock),
        "is_late": is_late,
        "reached_at": firing.at,
        "percent": step.percent,
        "is_nudge": False,
        "is_requester_told": is_requester_told(draft, (firing, *others), is_owed=is_owed),
        "others_due": [
            {"clock": each.clock, "step": each.step.name, "is_ahead": each.at > draft.arrival.now}
            for each in others
        ],
        **_next_step(draft, clock, others),
    }
    if kind == "sla_manager":
        facts |= timeline(draft)
    goes_out = kind == "sla_warning"
    letter = Letter(
        kind=kind,
        audience=Audience.AGENT,
        purpose=Purpose.AGENT if goes_out else Purpose.INTERNAL,
        sender=desk_address(draft),
        facts=facts | {"reply_goes": label(draft.ticket.requester) if goes_out else ""},
        topic=_topic(firing),
        offers=_offers(draft, kind),
    )
    _write_all(draft, agents, letter)


def page(draft: Draft, firing: Firing, clock: Clock, agent: Agent, number: int) -> None:
    """Page an agent, the `number`th time: his mailbox, and his pager if he has one."""
    is_breached = clock.remaining is not None and clock.remaining < _ZERO
    letter = Letter(
        kind="page",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=desk_address(draft),
        facts={
            **_clock_facts(clock),
            "number": number,
            "is_breached": is_breached,
            "is_pager": False,
        },
        topic=f"{_topic(firing)}:{number}",
        offers=("#ack",),
    )
    write_agent(draft, agent, letter)
    if agent.pager:
        facts = {**letter.facts, "is_pager": True}
        write_agent(draft, agent, replace(letter, facts=facts, pager=agent.pager))


def nudge_owner(draft: Draft, agents: Iterable[Agent], update_due_at: datetime | None) -> None:
    """Ask whoever has the case for a word to the requester, who is owed one by then."""
    letter = Letter(
        kind="sla_warning",
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=desk_address(draft),
        facts={
            **_last_words(draft),
            "reply_goes": label(draft.ticket.requester),
            "clock": str(ClockName.UPDATE),
            "due_at": update_due_at,
            "left": None,
            "target": None,
            "is_late": False,
            "reached_at": None,
            "percent": None,
            "is_nudge": True,
            "is_requester_told": is_reached(draft),
            "others_due": [],
            "next_at": None,
            "next_told": [],
        },
        topic=f"nudge:{update_due_at:%Y%m%dT%H%M%S}" if update_due_at else "nudge",
    )
    _write_all(draft, agents, letter)


def tell_stale(draft: Draft, agents: Iterable[Agent], since: datetime) -> None:
    """Tell agents that nothing was said in the case since then: the owner first, and as long again
    afterwards the lead."""
    rules, now = draft.arrival.rules, draft.arrival.now
    calendar = calendar_of(draft.ticket, rules)
    later = calendar.days_later(since, 2 * rules.follow_up.stale)
    next_at = calendar.next_opening(later) if later else None
    is_last = next_at is None or next_at <= now
    next_told = [] if is_last else _names(draft, ["lead"])
    _assigned(draft, agents, "stale", {"since": since, "next_at": next_at, "next_told": next_told})


def tell_reopens(draft: Draft, agents: Iterable[Agent], times: int) -> None:
    """Tell agents, the lead above all, that a case was solved so many times and came back."""
    _assigned(draft, agents, "reopens", {"times": times})


def _assigned(draft: Draft, agents: Iterable[Agent], by: str, more: dict[str, object]) -> None:
    letter = Letter(
        kind="assigned",
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=desk_address(draft),
        facts=given_facts(draft, by, "") | more,
        topic=by,
    )
    _write_all(draft, agents, letter)


def _write_all(draft: Draft, agents: Iterable[Agent], letter: Letter) -> None:
    for agent in dict.fromkeys(agents):
        write_agent(draft, agent, letter)


# --- to the requester ---------------------------------------------------------------------------


def tell_delay(draft: Draft, clock: Clock, next_update_at: datetime | None) -> None:
    """Tell the requester and the participants that we are late, and by when they hear again; None:
    no mail comes by itself."""
    facts = {**_clock_facts(clock), "next_update_at": next_update_at}
    told = _write_to(draft, "delay", readers(draft), facts, topic=str(clock.name))
    _note_told(draft, "delay", told, next_update_at)


def tell_progress(
    draft: Draft, next_update_at: datetime | None, late_since: datetime | None = None
) -> None:
    """Tell the requester how it goes, who has the case, and by when the next word comes; None: none
    comes by itself. `late_since`: the desk stood still when this one was due."""
    facts: dict[str, object] = {"next_update_at": next_update_at, "late_since": late_since}
    told = _write_to(draft, "progress", requester_of(draft), facts)
    _note_told(draft, "progress", told, next_update_at)


def tell_referred(draft: Draft, solve_by: datetime | None = None) -> None:
    """Tell the requester and the participants that a specialist takes over."""
    told = _write_to(draft, "specialist", readers(draft), {"due_at": solve_by})
    _note_told(draft, "specialist", told)


def remind_requester(draft: Draft, number: int, closes_at: datetime | None) -> None:
    """Remind the requester, the `number`th time, of a question that only he can answer; `closes_at`
    is what happens if he does not."""
    reply = draft.facts.last_reply
    facts: dict[str, object] = {
        "is_last": number >= len(draft.arrival.rules.follow_up.reminders),
        "closes_at": closes_at,
        "quote": reply.text if reply else "",
        "quote_author": label(reply.author) if reply else "",
        "quote_at": reply.at if reply else None,
    }
    _write_to(draft, "reminder", requester_of(draft), facts, topic=str(number))


def tell_solved(draft: Draft) -> None:
    """Tell the requester and the participants that a rule has solved the case, and what follows."""
    _write_to(draft, "solved", readers(draft), what_follows(draft, "solved"))


def tell_closed(draft: Draft, why: str) -> None:
    """Tell the requester and the participants that the case is closed: in `silence` after it was
    solved, or because our question stayed `unanswered`."""
    _write_to(draft, "closed", readers(draft), {"why": why}, topic=why)


def _write_to(
    draft: Draft, kind: str, parties: Iterable[Party], facts: dict[str, object], topic: str = ""
) -> list[Party]:
    """Write to those who may be written to; return them. Whose name anybody may have used is told
    nothing of what was written in it, as in the acknowledgement."""
    reached = []
    for party in parties:
        full = is_believed(draft, party)
        if why := refusal_of(draft, party, full=full):
            draft.reasons.append(f"no {kind} mail to {party.address.address}: {why}")
            continue
        letter = Letter(
            kind=kind,
            audience=Audience.REQUESTER,
            purpose=Purpose.PARTICIPANT,
            sender=desk_address(draft),
            facts=facts | {"full": full},
            subject="" if full else f"Your request [#{draft.ticket.number}]",
            topic=topic,
            is_nameless=not full,
        )
        write(draft, party, letter)
        reached.append(party)
    return reached


def _note_told(
    draft: Draft, kind: str, told: Iterable[Party], next_at: datetime | None = None
) -> None:
    """Let the update clock hear it, if the requester did; `next_at` is what he was promised."""
    if any(party.role is Role.REQUESTER for party in told):
        cause = next_at.isoformat() if next_at else ""
        draft.change(NoteEvent(draft.ticket.number, "told", kind, cause))


# --- their parts --------------------------------------------------------------------------------


def _kind(step: Step) -> str:
    if step.percent is None:
        return "sla_warning" if step.offset < _ZERO else "sla_breach"
    if step.percent >= _FAR_TOO_LATE:
        return "sla_manager"
    return "sla_breach" if step.percent >= 100 else "sla_warning"


def _topic(firing: Firing) -> str:
    return ":".join(map(str, firing.key)).replace(" ", "-")


def _offers(draft: Draft, kind: str) -> tuple[str, ...]:
    """The commands that fit: a reason is asked for where a promise is broken, and a manager gives
    the case to somebody."""
    if kind == "sla_manager":
        return ("#assign ", "#team ", "#breach ", "#status", "#help")
    reason = () if kind == "sla_warning" else ("#breach ",)
    return (*reason, "#ack", *fitting(draft.ticket))


def _clock_facts(clock: Clock) -> dict[str, object]:
    left = clock.remaining if clock.remaining and clock.remaining > _ZERO else None
    return {
        "clock": str(clock.name),
        "due_at": clock.due_at,
        "left": left,
        "target": clock.target,
    }


def _next_step(draft: Draft, clock: Clock, others: Sequence[Firing]) -> dict[str, object]:
    """What comes next on this clock, and who hears of it."""
    named = {firing.key for firing in others}
    for firing in clock.ahead:
        told = _names(draft, firing.step.notify)
        told += [REQUESTER] if is_requester_told(draft, [firing], is_owed=False) else []
        if told and firing.key not in named:
            return {"next_at": firing.at, "next_told": told}
    return {"next_at": None, "next_told": []}


def _names(draft: Draft, words: Iterable[str]) -> list[str]:
    """The names of those whom words of `notify` reach; `team` for all who are there, if many."""
    agents, team = escalated_to(draft, words), escalated_to(draft, ["team"])
    is_team = len(team) > 2 and set(team) <= set(agents)
    others = [agent.name for agent in agents if not (is_team and agent in team)]
    return ["team", *others] if is_team else others


def _last_words(draft: Draft) -> dict[str, object]:
    """What the requester said last."""
    said = draft.facts.last_said
    if said is None:
        return {}
    return {"quote": said.text, "quote_author": label(said.author), "quote_at": said.at}
