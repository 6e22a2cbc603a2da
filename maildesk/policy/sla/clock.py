"""One clock of a ticket: what it shows, and how it runs.

`ClockRun` is told what happens, in time order, and by whom it is told knows what that means for the
promise (`sla`). It keeps the arithmetic (`Stopwatch`) and the ladder (`Climb`) in step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.sla.ladder import Climb, Firing
from maildesk.policy.sla.promises import ClockName, Terms
from maildesk.policy.sla.stopwatch import Stopwatch

_INSTANT = timedelta(microseconds=1)


class ClockState(StrEnum):
    """Where a promise stands. At the due time itself it is not breached yet."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    BREACHED = "breached"
    PAUSED = "paused"
    MET = "met"
    MET_LATE = "met_late"
    CANCELLED = "cancelled"
    NOT_APPLICABLE = "not_applicable"


_RUNNING = (ClockState.RUNNING, ClockState.BREACHED)


@dataclass(frozen=True, slots=True)
class Result:
    """How a cycle that is over went. `due_at` None: it was not due within 30 years."""

    state: ClockState
    started_at: datetime
    met_at: datetime
    due_at: datetime | None
    elapsed: timedelta
    target: timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock shows at an instant. `remaining` is negative once it is breached. `results` are
    the cycles that are over; `ahead` is what will fire if nothing happens; at `next_at` the value
    changes by itself."""

    name: ClockName
    state: ClockState
    elapsed: timedelta = timedelta()
    target: timedelta | None = None
    remaining: timedelta | None = None
    calendar: str | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    met_at: datetime | None = None
    cycles: int = 0
    results: tuple[Result, ...] = ()
    fired: tuple[Firing, ...] = ()
    ahead: tuple[Firing, ...] = ()
    next_at: datetime | None = None
    downgraded_after_breach: bool = False
    reopens: int = 0

    @property
    def is_running(self) -> bool:
        """Whether it runs, in time or breached: only then steps are sent."""
        return self.state in _RUNNING


@dataclass(slots=True)
class ClockRun:
    """A clock while the log is read. `offered` is what the ticket's policy promises at present;
    `terms` what the cycle runs under, which a finished one keeps. Only the last cycle can run."""

    name: ClockName
    calendars: Mapping[str, Calendar]
    offered: Terms | None = None
    terms: Terms | None = None
    watch: Stopwatch = field(default_factory=Stopwatch)
    climb: Climb = field(init=False)
    cycles: int = 0
    started_at: datetime | None = None
    result: Result | None = None
    past: list[Result] = field(default_factory=list)  # of the cycles before
    hold: str = ""  # why it does not run, in a word; "" while it should
    is_void: bool = False  # spam, or merged away: shown as cancelled, and may come back
    is_finished: bool = False
    is_cancelled: bool = False
    is_not_applicable: bool = False
    downgraded_after_breach: bool = False
    reopens: int = 0

    def __post_init__(self) -> None:
        self.climb = Climb(self.name, 0, self.watch)

    # --- what happens to it ---------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether nothing more is promised in this cycle, or ever was."""
        return self.is_finished or self.is_cancelled or self.is_not_applicable

    @property
    def is_pending(self) -> bool:
        """Whether a cycle has begun that is not over."""
        return self.cycles > 0 and not self.is_over

    def begin(self, at: datetime) -> None:
        """Start a cycle from nothing."""
        if self.result:
            self.past.append(self.result)
        self.cycles += 1
        self.started_at, self.terms, self.result = at, None, None
        self.is_finished = self.is_cancelled = self.downgraded_after_breach = False
        self.watch = Stopwatch()
        self.climb = Climb(self.name, self.cycles, self.watch)
        self._take_terms(at)
        self.climb.begin()

    def finish(self, at: datetime) -> None:
        """The promise is kept, in time or not; what was counted stands."""
        if not self.is_pending:
            return
        due_at = self._due_at(at)
        self._stop(at, "finished")
        self.watch.seal()
        self.is_finished = True
        if self.terms and self.started_at:
            is_late = due_at is not None and at > due_at
            state = ClockState.MET_LATE if is_late else ClockState.MET
            elapsed = self.watch.elapsed(at)
            self.result = Result(state, self.started_at, at, due_at, elapsed, self.terms.target)

    def cancel(self, at: datetime) -> None:
        """Nobody waits for it any more."""
        if self.is_pending:
            self._stop(at, "cancelled")
            self.is_cancelled = True

    def reopen(self, at: datetime) -> None:
        """Go on where it stopped, under what is promised now."""
        if self.is_finished:
            self.is_finished, self.result = False, None
            self.climb.is_acknowledged = False
            self.reopens += 1
            self._take_terms(at)
            self._settle(at)

    def set_hold(self, at: datetime, why: str, *, is_void: bool = False) -> None:
        """Stand still for a reason, or run if there is none."""
        self.hold, self.is_void = why, is_void
        self._settle(at)

    def offer(self, at: datetime, terms: Terms | None) -> None:
        """Promise something else. A cycle that is over keeps what it ran under."""
        self.offered = terms
        if self.is_pending:
            self._take_terms(at)

    def recount(self, at: datetime, name: str, calendar: Calendar) -> None:
        """A calendar was edited: a cycle that is not over is counted anew."""
        if self.is_pending:
            self.climb.advance(at)
            if self.watch.recount(name, calendar):
                self.climb.jump(at)

    def acknowledge(self, at: datetime) -> None:
        """Stop the steps below 150 % for this cycle."""
        if self.is_pending:
            self.climb.advance(at)
            self.climb.is_acknowledged = True

    def _take_terms(self, at: datetime) -> None:
        if self.offered == self.terms:
            return
        was_breached = self._is_breached(at)
        self._stop(at, "terms")
        self.terms = self.offered
        self._settle(at)
        if self.terms:
            self.climb.set_ladder(at, self.terms.target, self.terms.steps)
        if was_breached and not self._is_breached(at):
            self.downgraded_after_breach = True

    def _settle(self, at: datetime) -> None:
        """Let the watch run if it should."""
        if not self.is_pending or self.terms is None or self.hold:
            self._stop(at, self.hold or "no policy")
        elif self.watch.lap is None:
            name = self.terms.calendar
            if self.watch.run(at, name, self.calendars[name]):
                self.climb.jump(at)

    def _stop(self, at: datetime, why: str) -> None:
        if self.watch.lap:
            self.climb.advance(at)
            self.watch.stop(at, why)

    # --- what it shows --------------------------------------------------------------------------

    def due_at(self, now: datetime) -> datetime | None:
        """Return when it is due, if it runs; see `show`."""
        is_running = self._state(now) in _RUNNING
        return self._due_at(now) if is_running else None

    def show(self, now: datetime) -> Clock:
        """Return what it shows. To be called once, after all events."""
        self.climb.advance(now, is_included=True)
        state = self._state(now)
        elapsed = self.watch.elapsed(now)
        is_open = state in (ClockState.RUNNING, ClockState.BREACHED, ClockState.PAUSED)
        results = (*self.past, self.result) if self.result else tuple(self.past)
        clock = Clock(
            self.name,
            state,
            elapsed,
            target=self.terms.target if self.terms else None,
            calendar=self.terms.calendar if self.terms else None,
            remaining=self.terms.target - elapsed if self.terms and is_open else None,
            started_at=self.started_at,
            cycles=self.cycles,
            results=results,
            fired=tuple(self.climb.fired),
            downgraded_after_breach=self.downgraded_after_breach,
            reopens=self.reopens,
        )
        if self.result and self.is_finished:
            return replace(clock, due_at=self.result.due_at, met_at=self.result.met_at)
        return self._with_coming(clock, now) if clock.is_running else clock

    def _with_coming(self, clock: Clock, now: datetime) -> Clock:
        """Add what time alone will bring."""
        due_at = self._due_at(now)
        ahead = tuple(self.climb.ahead(now))
        turns = [firing.at for firing in ahead[:1]]
        if due_at and due_at >= now:
            turns.append(due_at + _INSTANT)  # at the due time itself it is not breached yet
        return replace(clock, due_at=due_at, ahead=ahead, next_at=min(turns, default=None))

    def _state(self, now: datetime) -> ClockState:
        was_promised = self.offered if self.cycles == 0 else self.terms or self.watch.laps
        if self.is_not_applicable or not was_promised:
            return ClockState.NOT_APPLICABLE
        if self.cycles == 0:
            return ClockState.NOT_STARTED
        if self.result:
            return self.result.state
        if self.is_cancelled or self.is_void or self.terms is None:
            return ClockState.CANCELLED
        return self._pending_state(now)

    def _pending_state(self, now: datetime) -> ClockState:
        if self.hold:
            return ClockState.PAUSED
        return ClockState.BREACHED if self._is_breached(now) else ClockState.RUNNING

    def _is_breached(self, at: datetime) -> bool:
        """Whether it ran past its due time."""
        if self.terms is None:
            return False
        due_at = self.watch.reached_at(self.terms.target)
        ran_until = at if self.watch.lap else self.watch.stopped_at
        return due_at is not None and ran_until is not None and due_at < ran_until

    def _due_at(self, at: datetime) -> datetime | None:
        """When it is due; of one that stands still, when it would be if it went on at `at`."""
        if self.terms is None:
            return None
        due_at = self.watch.reached_at(self.terms.target)
        if due_at or self.watch.lap:
            return due_at
        left = self.terms.target - self.watch.elapsed(at)
        return self.calendars[self.terms.calendar].due(at, left)
