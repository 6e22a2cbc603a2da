"""What time brings about on a ticket: what is due at an instant, and when to look again.

    step        of the ladder, of a clock that runs; one mail for those within five minutes
    page        of a step that pages, until somebody acknowledges
    word        that the last mail to the requester has promised: the owner is told before
    reminder    of a question that nobody answers, and in the end `unanswered`: the case closes
    solved      and nobody came back: the case closes
    stale       nobody has said anything for days: its owner is told, then the lead
    reopens     it was solved three times: the lead is told

All of it is a function of the log, the rules and what has fired: it does not matter how often, or
how late, anybody asks. What each means is `due_work`'s to say; `follow_ups` knows all but clocks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.model.facts import Key, TicketFacts
from maildesk.model.ticket import Status
from maildesk.policy.due.follow_ups import (
    AUTOMATIC_IN_A_ROW,
    Occasion,
    Rung,
    Turn,
    automatic_in_a_row,
    turns,
)
from maildesk.policy.rules import Rules
from maildesk.policy.sla.clock import Clock
from maildesk.policy.sla.ladder import (
    LATE_AFTER,
    REQUESTER,
    Firing,
    StepsDue,
    due_together,
    pages,
    steps_due,
)
from maildesk.policy.sla.promised import clocks_of, ends_at
from maildesk.policy.sla.promises import ClockName

_GONE = (Status.CLOSED, Status.MERGED, Status.SPAM)
MANY_REOPENS = 3


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is due. `others` are the steps that the mail of a step names, which then need
    none of their own; `missed` whom the steps from 100 % on would have told that were passed with
    it."""

    turn: Turn
    others: tuple[Firing, ...] = ()
    is_late: bool = False
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is due now, what is only to be noted as passed (`silent`), when to look again, and when
    the next clock ends."""

    due: tuple[Due, ...] = ()
    silent: tuple[tuple[Key, datetime], ...] = ()
    next_at: datetime | None = None
    due_at: datetime | None = None
    clocks: Mapping[ClockName, Clock] | None = None


def agenda(facts: TicketFacts, rules: Rules, now: datetime) -> Agenda:
    """Return what is due on a ticket at `now`, and what is next."""
    if facts.ticket.status in _GONE:
        return Agenda()
    shown = clocks_of(facts, rules, now)
    running = [clock for clock in shown.values() if clock.is_running]
    steps, passed = _steps(running, facts, now)
    others = [*turns(facts, rules, shown, now), *_pages(running, facts), *_reopens(shown, now)]
    open_turns = [turn for turn in others if turn.key not in facts.fired]
    last, lower = _highest(open_turns, now)
    if steps:  # whoever hears of those hears enough
        lower += [turn for turn in last if turn.occasion is Occasion.STALE]
        last = [turn for turn in last if turn.occasion is not Occasion.STALE]
    ahead = [
        *(turn.at for turn in open_turns if turn.at > now),
        *(firing.at for clock in running for firing in clock.ahead[:1]),
    ]
    return Agenda(
        due=(*steps, *(Due(turn, is_late=_is_late(turn.at, now)) for turn in last)),
        silent=(*((one.key, one.at) for one in passed), *((one.key, one.at) for one in lower)),
        next_at=min(ahead, default=None),
        due_at=ends_at(shown),
        clocks=shown,
    )


def _is_late(at: datetime, now: datetime) -> bool:
    return now - at > LATE_AFTER


def _highest(turns: Iterable[Turn], now: datetime) -> tuple[list[Turn], list[Turn]]:
    """Of each occasion what is due last, and what is passed over for it: after downtime nobody is
    reminded twice at once."""
    last: dict[Occasion, Turn] = {}
    lower: list[Turn] = []
    for turn in sorted(turns, key=lambda turn: turn.at):
        if turn.at <= now:
            lower += [last[turn.occasion]] if turn.occasion in last else []
            last[turn.occasion] = turn
    return list(last.values()), lower


# --- the ladder ---------------------------------------------------------------------------------


def _steps(
    running: Iterable[Clock], facts: TicketFacts, now: datetime
) -> tuple[list[Due], list[Firing]]:
    """The steps to send, and those that are passed without a mail."""
    found = [(clock, steps_due(clock.fired, facts.fired, now)) for clock in running]
    passed = [firing for _clock, steps in found for firing in steps.silent]
    update = [one for one in found if one[0].name is ClockName.UPDATE]
    promises = [one for one in found if one[0].name is not ClockName.UPDATE]
    sent = [*_together(promises, now)]
    is_told = automatic_in_a_row(facts.log) >= AUTOMATIC_IN_A_ROW or any(map(tells_delay, sent))
    for clock, steps in update:
        if steps.send and is_told and REQUESTER in steps.send.step.notify:
            passed.append(steps.send)
        elif steps.send:
            sent.append(_due(clock, steps.send, now))
    return sent, passed


def names_of(due: Due) -> list[str]:
    """Return the words of `notify` that a step's mail goes to."""
    rungs = [due.turn.rung.firing] if due.turn.rung else []
    names = [name for one in (*rungs, *due.others) for name in one.step.notify]
    return list(dict.fromkeys([*names, *due.missed]))


def tells_delay(due: Due) -> bool:
    """Whether the requester hears of it that a promise is broken."""
    return REQUESTER in names_of(due)


def _together(found: list[tuple[Clock, StepsDue]], now: datetime) -> Iterator[Due]:
    """One mail for the steps of all clocks that are due, and for those of the next minutes."""
    sent = [(clock, steps.send) for clock, steps in found if steps.send]
    if not sent:
        return
    clock, firing = max(sent, key=lambda one: _share(*one))
    coming = (
        one
        for other, _ in found
        for one in due_together(other.ahead, now)
        if not _is_weighty(other, one)
    )
    others = [one for _, one in sent if one is not firing]
    passed = [one for other, steps in found for one in steps.silent if _share(other, one) >= 1]
    missed = dict.fromkeys(name for one in passed for name in one.step.notify)
    yield replace(_due(clock, firing, now, (*others, *coming)), missed=tuple(missed))


def _is_weighty(clock: Clock, firing: Firing) -> bool:
    """Whether a step may not come early: nobody is told that we are late before we are."""
    step = firing.step
    return REQUESTER in step.notify or step.refer or _share(clock, firing) >= 1


def _share(clock: Clock, firing: Firing) -> float:
    return firing.step.threshold(clock.target) / clock.target if clock.target else 0.0


def _due(clock: Clock, firing: Firing, now: datetime, others: tuple[Firing, ...] = ()) -> Due:
    turn = Turn(Occasion.STEP, firing.key, firing.at, rung=Rung(firing, clock))
    return Due(turn, others, _is_late(firing.at, now))


def _pages(running: Iterable[Clock], facts: TicketFacts) -> Iterator[Turn]:
    """Pages past and ahead; who acknowledged in this cycle is not paged for what follows."""
    for clock in running:
        heard = _acknowledged_at(clock, facts)
        for firing in clock.fired:
            if heard and heard < firing.at:
                continue
            repeat = firing.step.repeat
            last = firing.at + repeat.every * repeat.most if repeat else firing.at
            for number, at in enumerate(pages(firing, heard, last), 1):
                name = f"{firing.step.name} {number}"
                key = (f"page:{clock.name}", firing.cycle, firing.arming, name)
                yield Turn(Occasion.PAGE, key, at, number, rung=Rung(firing, clock))


def _acknowledged_at(clock: Clock, facts: TicketFacts) -> datetime | None:
    """When an agent said first that he knows, in this cycle and since the case was solved last."""
    solved = [one.at for one in facts.log if one.kind == "status" and one.new == Status.SOLVED]
    since = max(filter(None, [clock.started_at, *solved]), default=None)
    acks = (line.at for line in facts.log if line.kind == "ack")
    return min((at for at in acks if since and at >= since), default=None)


def _reopens(shown: Mapping[ClockName, Clock], now: datetime) -> Iterator[Turn]:
    count = shown[ClockName.RESOLUTION].reopens
    if count >= MANY_REOPENS:
        yield Turn(Occasion.REOPENS, ("reopens", count, 0, "lead"), now, count)
