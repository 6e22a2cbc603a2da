"""The clocks of a ticket as functions of its event log: what was promised, and how it stands.

Nothing here is stored, and nothing depends on when it was asked before: events, calendars and an
instant give the whole answer. What each event means for each clock stands in `Case.hear`; how a
clock counts, fires and freezes is in `clock`, `ladder` and `stopwatch`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.lifecycle import OVER, Trigger, next_status
from maildesk.policy.sla.clock import Clock, ClockRun
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
from maildesk.policy.sla.promises import ClockName, Policy, terms_of

_VOID = (Status.MERGED, Status.SPAM)
_UPDATED = (Status.OPEN, Status.ON_HOLD)  # where a requester is told how it goes


def clocks(
    events: Iterable[Event], policy: Policy | None, calendars: Mapping[str, Calendar], now: datetime
) -> dict[ClockName, Clock]:
    """Return what each clock shows at `now`; later events are left out.

    `policy` is the one in force when the ticket was opened, as it was then; `PolicySet` events tell
    what became of it. `calendars` hold every calendar that is named, before its edits. Events at
    the same instant count in the order given.
    """
    case = read_log(events, policy, calendars, now)
    return {name: run.show(now) for name, run in case.runs.items()}


def due_times(
    events: Iterable[Event], policy: Policy | None, calendars: Mapping[str, Calendar], now: datetime
) -> dict[ClockName, datetime]:
    """Return when each clock that runs is due: of all that `clocks` returns, this alone."""
    case = read_log(events, policy, calendars, now)
    found = ((name, run.due_at(now)) for name, run in case.runs.items())
    return {name: at for name, at in found if at}


def read_log(
    events: Iterable[Event], policy: Policy | None, calendars: Mapping[str, Calendar], now: datetime
) -> "Case":
    """Let clocks run through a log up to `now`."""
    case = Case(policy, dict(calendars))
    for event in sorted(events, key=lambda event: event.at):
        if event.at > now:
            break
        case.hear(event)
    return case


@dataclass(slots=True)
class Case:
    """A ticket as its clocks see it, while its log is read."""

    policy: Policy | None
    calendars: dict[str, Calendar]
    status: Status = Status.NEW
    priority: Priority = Priority.P3
    solved_at: datetime | None = None
    runs: dict[ClockName, ClockRun] = field(init=False)

    def __post_init__(self) -> None:
        self.runs = {name: ClockRun(name, self.calendars) for name in ClockName}

    @property
    def first_response(self) -> ClockRun:
        """Ends at the first public message of a person."""
        return self.runs[ClockName.FIRST_RESPONSE]

    @property
    def next_response(self) -> ClockRun:
        """A cycle for each question that follows."""
        return self.runs[ClockName.NEXT_RESPONSE]

    @property
    def update(self) -> ClockRun:
        """A cycle from each public message to the next."""
        return self.runs[ClockName.UPDATE]

    @property
    def resolution(self) -> ClockRun:
        """Ends at solved; goes on when the ticket is opened again."""
        return self.runs[ClockName.RESOLUTION]

    def hear(self, event: Event) -> None:
        """Let an event do to the clocks what it means for them."""
        match event:
            case Created():
                self._create(event)
            case Message():
                self._read(event)
            case StatusSet():
                self._set_status(event.at, event.status, is_withdrawn=event.is_withdrawn)
            case PrioritySet():
                self.priority = event.priority
                self._offer(event.at)
            case PolicySet():
                self.policy = event.policy
                self._offer(event.at)
                self._hold(event.at)
            case CalendarSet():
                self.calendars[event.name] = event.calendar
                for run in self.runs.values():
                    run.recount(event.at, event.name, event.calendar)
            case Acknowledged():
                for run in self.runs.values():
                    run.acknowledge(event.at)
            case _:
                assert_never(event)

    # --- events ---------------------------------------------------------------------------------

    def _create(self, event: Created) -> None:
        self.priority = event.priority
        self._offer(event.at)
        self._hold(event.at)
        self.resolution.begin(event.at)
        self.update.begin(event.at)
        if event.is_by_agent:
            self.first_response.is_not_applicable = True
        else:
            self.first_response.begin(event.at)

    def _read(self, event: Message) -> None:
        """A message; in a ticket that is merged away or spam it means nothing, and mail to a
        closed one opens a linked ticket."""
        if self.status in _VOID or self.status is Status.CLOSED:
            return
        if event.kind is MessageKind.USER_REPLY:
            if not event.moves or self._may_reopen(event.at):
                self._ask(event)
        elif event.kind is MessageKind.AGENT_REPLY:
            self._answer(event)
        elif event.kind is MessageKind.STATUS_UPDATE:
            self._tell(event.at)

    def _ask(self, event: Message) -> None:
        """The requester wrote: the oldest mail that nobody has answered starts the clock."""
        self._tell(event.at)
        if self.first_response.is_over and not self.next_response.is_pending:
            self.next_response.begin(event.at)
        self._move(event, Trigger.REQUESTER_MAIL)

    def _answer(self, event: Message) -> None:
        self.first_response.finish(event.at)
        self.next_response.finish(event.at)
        self._tell(event.at)
        self._move(event, Trigger.AGENT_REPLY)

    def _move(self, event: Message, trigger: Trigger) -> None:
        if event.moves:
            self._set_status(event.at, next_status(self.status, trigger))

    def _tell(self, at: datetime) -> None:
        """The requester has heard, or said, something: the next update is due a while from now."""
        self.update.finish(at)
        if self.status not in OVER:
            self.update.begin(at)

    def _may_reopen(self, at: datetime) -> bool:
        """Whether a reply belongs to the ticket still: one to a solved ticket must come in time."""
        if self.status is not Status.SOLVED or self.solved_at is None or self.policy is None:
            return True
        targets = self.policy.targets.get(self.priority)
        if targets is None:
            return True
        calendar = self.calendars[targets.calendar]
        ends_at = calendar.days_later(self.solved_at, self.policy.reopen_days)
        return ends_at is None or at <= ends_at

    def _set_status(self, at: datetime, status: Status, *, is_withdrawn: bool = False) -> None:
        if status in OVER:
            self._end(at, is_withdrawn=is_withdrawn)
        elif status not in _VOID:
            self.resolution.reopen(at)
            self.update.reopen(at)
        if status is Status.SOLVED and self.status is not Status.SOLVED:
            self.solved_at = at
        self.status = status
        self._hold(at)

    def _end(self, at: datetime, *, is_withdrawn: bool) -> None:
        """Solved, or closed: all clocks end. Whoever withdraws his question wants no answer."""
        if is_withdrawn:
            self.first_response.cancel(at)
        for run in self.runs.values():
            run.finish(at)

    # --- what follows for the clocks ------------------------------------------------------------

    def _offer(self, at: datetime) -> None:
        for name, run in self.runs.items():
            run.offer(at, terms_of(self.policy, self.priority, name))

    def _hold(self, at: datetime) -> None:
        """Let each clock run, or not, as the status wants it."""
        status, is_void = self.status, self.status in _VOID
        paused = self.policy.pause if self.policy else ()
        for name, run in self.runs.items():
            is_held = is_void or (
                (name is ClockName.RESOLUTION and status in paused)
                or (name is ClockName.UPDATE and status not in _UPDATED)
            )
            run.set_hold(at, status.value if is_held else "", is_void=is_void)
