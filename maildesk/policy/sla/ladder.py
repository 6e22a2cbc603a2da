"""The escalation ladder of a clock: its steps, and which of them fired when.

A step is passed at a share of the target (`75%`), or some time before or after the due time: open
time (`-30m`, `+2h`), or time on the wall (`+2h wall`). `Climb` tells, from a stopwatch alone, when
steps fired or would have; `steps_due` tells which of them are still to be sent. So it does not
matter how often, or how late, anybody asks.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maildesk.model.facts import Key
from maildesk.policy.sla.stopwatch import Stopwatch

_ZERO = timedelta()
_ACKNOWLEDGED_BELOW = 1.5  # of the target: `#ack` stops the steps below
LATE_AFTER = timedelta(minutes=5)
TOGETHER = timedelta(minutes=5)
REQUESTER = "requester"  # of `notify`: he hears of a delay, whoever has acknowledged what


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a page is sent again until somebody answers `#ack`."""

    every: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step: when it is passed, and who is told. Either `percent` of the target, or `offset` from
    the due time, in open time unless `is_wall`. `page_for` are the priorities that are paged for,
    none means all. `refer` takes the ticket to the next tier."""

    name: str
    percent: int | None = None
    offset: timedelta = _ZERO
    is_wall: bool = False
    notify: tuple[str, ...] = ()
    page: bool = False
    repeat: Repeat | None = None
    refer: bool = False
    page_for: tuple[str, ...] = ()

    def threshold(self, target: timedelta) -> timedelta:
        """The elapsed time at which it is passed; of a step by the wall, what orders it."""
        return target + self.offset if self.percent is None else target * self.percent / 100


_PERCENT = re.compile(r"(\d{1,4})\s*%?")
_OFFSET = re.compile(r"([+-])\s*(\d{1,5})\s*(m|h|d)(\s+wall|\s+business)?")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def read_step(
    at: str,
    *,
    notify: Sequence[str] = (),
    page: bool = False,
    repeat: Repeat | None = None,
    refer: bool = False,
) -> Step:
    """Read when a step is passed: `75%`, `-30m`, `+2h`, `+2h wall`. Raises: ValueError."""
    who = tuple(notify)
    if percent := _PERCENT.fullmatch(at.strip()):
        share = int(percent[1])
        return Step(f"{share}%", share, notify=who, page=page, repeat=repeat, refer=refer)
    if not (offset := _OFFSET.fullmatch(at.strip())):
        raise ValueError(f"{at!r} is no step: write 75%, -30m, +2h or +2h wall")
    time = int(offset[2]) * _UNITS[offset[3]] * (-1 if offset[1] == "-" else 1)
    is_wall = (offset[4] or "").strip() == "wall"
    name = f"{offset[1]}{int(offset[2])}{offset[3]}{' wall' if is_wall else ''}"
    return Step(name, None, time, is_wall, who, page=page, repeat=repeat, refer=refer)


@dataclass(frozen=True, slots=True)
class Firing:
    """A step of a clock that fired, or will. `arming` counts how often it was armed anew, after
    another target had left it ahead again."""

    clock: str
    cycle: int
    arming: int
    step: Step
    at: datetime

    @property
    def key(self) -> Key:
        """What is unique among the firings of a ticket."""
        return self.clock, self.cycle, self.arming, self.step.name


@dataclass(slots=True)
class Climb:
    """How far the ladder was climbed in a cycle of a clock.

    While the target stands, steps fire at the instants at which they are reached. After a jump
    (another target, an edited calendar, a pause) those that are passed are looked at together: the
    highest fires, unless it or a higher one already did in this cycle, and the lower ones are
    spent. It fires in open time, so that nobody is mailed at midnight about an office's clock.
    """

    clock: str
    cycle: int
    watch: Stopwatch
    target: timedelta = _ZERO
    steps: tuple[Step, ...] = ()
    fired: list[Firing] = field(default_factory=list)
    is_acknowledged: bool = False
    _spent: set[str] = field(default_factory=set)
    _arming: dict[str, int] = field(default_factory=dict)
    _jumped_at: datetime | None = None

    def set_ladder(self, at: datetime, target: timedelta, steps: tuple[Step, ...]) -> None:
        """Climb towards another target: steps that are ahead again are armed anew."""
        self.target = target
        self.steps = tuple(sorted(steps, key=lambda step: step.threshold(target)))
        elapsed = self.watch.elapsed(at)
        for step in self.steps:
            if step.name in self._spent and step.threshold(target) > elapsed:
                self._spent.remove(step.name)
                self._arming[step.name] = self._arming.get(step.name, 0) + 1
        self.jump(at)

    def begin(self) -> None:
        """Leave out what is passed before the cycle begins, such as an hour before a due time that
        is half an hour away."""
        self._spent |= {s.name for s in self.steps if s.threshold(self.target) <= _ZERO}
        self._jumped_at = None

    def jump(self, at: datetime) -> None:
        """Look at all passed steps together, as soon as the clock runs in open time."""
        self._jumped_at = at

    def advance(self, until: datetime, *, is_included: bool = False) -> None:
        """Fire what is reached before an instant, or at it if that is included."""
        self.fired += self._firings(until, is_included=is_included)

    def ahead(self, now: datetime) -> list[Firing]:
        """What will fire if nothing happens, in order. To be called last: it uses the climb up."""
        coming = self._firings(None, is_included=True)
        return [firing for firing in coming if firing.at > now]

    def _firings(self, until: datetime | None, *, is_included: bool) -> list[Firing]:
        """Use up the steps that fire until then, and return their firings in order."""
        if self.watch.lap is None or all(step.name in self._spent for step in self.steps):
            return []

        def is_early(at: datetime | None) -> bool:
            return at is not None and (until is None or at < until or (is_included and at == until))

        firings: list[Firing] = []
        moment = None
        if self._jumped_at:
            passed = self._passed(self._jumped_at)
            moment = self._moment(passed[-1] if passed else None, self._jumped_at)
            if moment is None or not is_early(moment):
                return []
            firings += self._fire_highest(passed, moment)
            self._jumped_at = None
        for step in self.steps:
            at = None if step.name in self._spent else self._reached_at(step)
            if at is not None and is_early(at := max(at, moment) if moment else at):
                firings += self._fire(step, at)
        return sorted(firings, key=lambda firing: firing.at)

    def _passed(self, at: datetime) -> list[Step]:
        """The steps that are passed, the highest last."""
        reached = ((step, self._reached_at(step)) for step in self.steps)
        return [step for step, instant in reached if instant is not None and instant <= at]

    def _moment(self, highest: Step | None, at: datetime) -> datetime | None:
        """When a jump shows: at once by the wall, else in open time."""
        lap = self.watch.lap
        if lap is None or highest is None or highest.is_wall:
            return at
        return lap.calendar.next_opening(at)

    def _fire_highest(self, passed: list[Step], at: datetime) -> list[Firing]:
        if not passed:
            return []
        highest = passed[-1].threshold(self.target)
        is_done = passed[-1].name in self._spent or any(
            firing.step.threshold(self.target) >= highest for firing in self.fired
        )
        self._spent |= {step.name for step in passed}
        return [] if is_done else self._fire(passed[-1], at)

    def _fire(self, step: Step, at: datetime) -> list[Firing]:
        self._spent.add(step.name)
        share = step.threshold(self.target)
        if self.is_acknowledged and share < self.target * _ACKNOWLEDGED_BELOW:
            if REQUESTER not in step.notify:
                return []
            step = replace(step, notify=(REQUESTER,), page=False, refer=False)
        return [Firing(self.clock, self.cycle, self._arming.get(step.name, 0), step, at)]

    def _reached_at(self, step: Step) -> datetime | None:
        if not step.is_wall:
            return self.watch.reached_at(step.threshold(self.target))
        due = self.watch.reached_at(self.target)
        return due + step.offset if due else None


# --- what is to be sent -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepsDue:
    """What a beat does about a clock: a step to send, others to note as passed without a mail."""

    send: Firing | None = None
    silent: tuple[Firing, ...] = ()


def steps_due(fired: Sequence[Firing], done: Collection[Key], now: datetime) -> StepsDue:
    """Return what is to be sent of the steps that fired in the present cycle of a clock that runs:
    after downtime the highest alone. `done` are the keys that the store holds."""
    reached = [firing for firing in fired if firing.at <= now]
    waiting = [firing for firing in reached if firing.key not in done]
    if not waiting or waiting[-1] != reached[-1]:
        return StepsDue(silent=tuple(waiting))
    return StepsDue(waiting[-1], tuple(waiting[:-1]))


def due_together(ahead: Sequence[Firing], at: datetime) -> tuple[Firing, ...]:
    """Return the coming firings of a ticket that a mail sent at `at` names, and so spares."""
    return tuple(firing for firing in ahead if firing.at <= at + TOGETHER)


def pages(
    firing: Firing, acknowledged_at: datetime | None, until: datetime
) -> tuple[datetime, ...]:
    """Return when the page of a step goes out, from the first on, until somebody acknowledges."""
    if not firing.step.page or firing.at > until:
        return ()
    repeat = firing.step.repeat or Repeat(_ZERO, 0)
    instants = [firing.at + count * repeat.every for count in range(repeat.most + 1)]
    is_heard = acknowledged_at or until + timedelta(days=1)
    return tuple(at for at in instants if at <= until and (at == firing.at or at < is_heard))
