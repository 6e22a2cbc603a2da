"""Random calendars and logs: clocks agree with a walk from minute to minute.

150 logs by default; `MAILDESK_SLA_LOGS=2000` for the long run, `MAILDESK_SLA_FIRST` to begin
elsewhere.
"""

import os
import random
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from policy.minute_walk import MINUTE, OpenMinutes, Walk

from maildesk.model.ticket import Status
from maildesk.policy.calendars.calendar_file import read_calendars
from maildesk.policy.sla.cases import read_case, read_policies
from maildesk.policy.sla.clocks import clocks, due_times, read_log
from maildesk.policy.sla.events import PolicySet, StatusSet
from maildesk.policy.sla.ladder import steps_due
from maildesk.policy.sla.words import Faults

FIRST = int(os.environ.get("MAILDESK_SLA_FIRST", "0"))
LOGS = range(FIRST, FIRST + int(os.environ.get("MAILDESK_SLA_LOGS", "150")))
CHUNKS = [LOGS[start : start + 25] for start in range(0, len(LOGS), 25)]
KNOWN_DAYS = 20  # how far the walk knows the calendars; 2 before the first day

DAY = timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Zones with a date in 2026 or 2027 at which their clocks change.
ZONES = [
    ("Europe/Oslo", "2027-03-28"),
    ("Europe/Oslo", "2026-10-25"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2027-04-04"),  # half an hour
    ("Pacific/Chatham", "2026-09-27"),  # at 02:45
    ("Africa/Cairo", "2027-04-30"),  # at midnight
    ("America/Havana", "2026-11-01"),  # back to midnight
    ("Atlantic/Azores", "2026-10-25"),
    ("America/Santiago", "2026-09-06"),
    ("Asia/Kolkata", "2026-10-25"),
    ("Asia/Shanghai", "2026-10-04"),
]
LADDER = [50, 75, 90, 100, 150]
KINDS = [
    *("agent_reply", "user_reply", "user_reply", "internal_note", "auto_reply", "user_auto_reply"),
    *("policy_edit", "calendar_edit", *["status"] * 6, *["priority"] * 3),
]


# --- a world at random --------------------------------------------------------------------------


def frames(dice):
    edges = sorted(dice.sample(range(0, 1441, 15), dice.choice([2, 2, 4])))
    made = [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if dice.random() < 0.3:  # overnight
        made[-1] = (made[-1][1] % 1440, made[-1][0])
    return [(0, 1440)] if dice.random() < 0.1 else made


def local_calendar(dice, zone, around):
    shape = frames(dice)
    week = [shape if dice.random() < 0.8 else [] for _ in DAYS]
    week[dice.randrange(7)] = week[dice.randrange(7)] = shape
    days = [around + n * DAY for n in range(-6, 12)]
    return {
        "zone": zone,
        "week": [frames(dice) if day and dice.random() < 0.2 else day for day in week],
        "holidays": set(dice.sample(days, dice.choice([0, 0, 1, 2]))),
        "overrides": {
            on: dice.choice([[], frames(dice)]) for on in dice.sample(days, dice.choice([0, 1, 2]))
        },
    }


def calendars_at_random(dice):
    zone, change = dice.choice(ZONES)
    around = date.fromisoformat(change) - dice.randrange(7) * DAY
    a = local_calendar(dice, zone, around)
    b = local_calendar(dice, dice.choice(ZONES)[0], around)
    return around, {"a": a, "b": b, "both": {"union": [a, b]}}


def log_at_random(dice, around):
    """Events on minutes that end in 7, where no frame begins or ends."""
    start = datetime(around.year, around.month, around.day, 0, 7, tzinfo=UTC)
    instants = sorted(start + dice.randrange(5 * 144) * 10 * MINUTE for _ in range(13))
    count = dice.randrange(len(instants))
    by = {"by": "agent"} if dice.random() < 0.15 else {}
    first = {
        "type": "created",
        "at": instants[0],
        "priority": dice.choice(["P1", "P2", "P3"]),
        **by,
    }
    return [first, *(event_at_random(dice, at, around) for at in instants[1 : count + 1])]


def event_at_random(dice, at, around):
    kind = dice.choice(KINDS)
    event = {"type": kind, "at": at}
    if kind == "status":
        often = ["open", "open", "waiting_user", "waiting_user", "on_hold", "scheduled", "solved"]
        event["to"] = dice.choice([*often, "solved", "closed", "spam", "merged"])
        event["withdrawn"] = dice.random() < 0.2
    elif kind == "priority":
        event["to"] = dice.choice(["P1", "P2", "P3"])
    elif kind == "policy_edit":
        event |= {"priority": dice.choice(["P1", "P2", "P3"])}
        event["targets"] = {dice.choice(list(TIMES)): 20 * dice.randrange(1, 60)}
    elif kind == "calendar_edit":
        event |= {"calendar": dice.choice("ab"), "add_holidays": [around + dice.randrange(8) * DAY]}
    return event


TIMES = {"first_response": 20, "next_response": 30, "resolution": 80}  # at most, in 20 minutes


def targets_at_random(dice):
    return {
        priority: {"calendar": dice.choice(["a", "b", "both"])}
        | {clock: 20 * dice.randrange(1, most) for clock, most in TIMES.items()}
        for priority in ("P1", "P2", "P3")
    }


# --- the same in the form of worked cases -------------------------------------------------------


def calendar_table(spec, names):
    if "union" in spec:
        return {"union": names}
    return {
        "timezone": spec["zone"],
        "hours": {day: written(shape) for day, shape in zip(DAYS, spec["week"], strict=True)},
        "holidays": [str(on) for on in spec["holidays"]],
        "overrides": {str(on): written(shape) for on, shape in spec["overrides"].items()},
    }


def written(shape):
    return [[f"{minute // 60:02}:{minute % 60:02}" for minute in frame] for frame in shape]


class World:
    """Calendars, a policy and a log, twice: as tables for the walk, as values for the clocks."""

    def __init__(self, seed):
        dice = random.Random(seed)
        self.around, self.specs = calendars_at_random(dice)
        self.start = datetime(self.around.year, self.around.month, self.around.day, tzinfo=UTC)
        self.tables = {name: calendar_table(s, ["a", "b"]) for name, s in self.specs.items()}
        self.targets, self.events = targets_at_random(dice), log_at_random(dice, self.around)
        self.pause = dice.choice([["waiting_user", "scheduled"], ["waiting_user", "on_hold"]])
        self.reopen_days = dice.choice([1, 2])
        self.now = self.events[-1]["at"] + dice.randrange(2 * 1440) * MINUTE
        self.case = self.read()

    def read(self):
        table = {"policy": "p", "events": self.events, "now": self.now, "ladder": LADDER}
        faults = Faults()
        calendars = read_calendars(self.tables, (), faults)
        policies = read_policies({"p": self.targets}, (), calendars, faults)
        assert faults.found == []
        case = read_case({**table, "pause_states": self.pause}, calendars, policies)
        return replace(
            case, policy=self.edited(case.policy), events=tuple(map(self.set_window, case.events))
        )

    def edited(self, policy):
        return replace(policy, reopen_days=self.reopen_days)

    def set_window(self, event):
        """Cases have no word for the window in which a reply opens a ticket again."""
        is_edit = isinstance(event, PolicySet)
        return replace(event, policy=self.edited(event.policy)) if is_edit else event

    def opened(self, spec):
        return OpenMinutes(spec, self.start - 2 * DAY, KNOWN_DAYS)

    def walk(self):
        made = Walk(
            deepcopy(self.specs), self.targets, self.pause, LADDER, self.reopen_days, self.opened
        )
        return made.run(self.events, self.now)

    def shown(self, now=None, events=None):
        case = self.case
        return clocks(events or case.events, case.policy, case.calendars, now or self.now)


# --- properties ---------------------------------------------------------------------------------


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(chunk, marks=pytest.mark.xdist_group(f"sla-{chunk[0]}")) for chunk in CHUNKS
    ],
    ids=[f"{chunk[0]}-{chunk[-1]}" for chunk in CHUNKS],
)
def worlds(request):
    """Some worlds by seed, for all properties, because their calendars are dear."""
    return {seed: World(seed) for seed in request.param}


def test_calendars_agree_with_a_walk(worlds):
    for seed, world in worlds.items():
        dice = random.Random(seed)
        for name, calendar in world.case.calendars.items():
            known = world.opened(world.specs[name])
            start, end = sorted(known.start + dice.randrange(10 * 1440) * MINUTE for _ in range(2))
            elapsed, target = known.elapsed(start, end), dice.randrange(1, 3000)
            due = known.due(start, target)
            assert calendar.elapsed(start, end) == elapsed * MINUTE, (seed, name, start, end)
            assert calendar.is_open(start) == known.open[known.place(start)], (seed, name, start)
            if due:
                assert calendar.due(start, target * MINUTE) == due, (seed, name, start, target)


def test_clocks_agree_with_a_walk(worlds):
    for seed, world in worlds.items():
        shown, walked = world.shown(), world.walk()
        for name, clock in walked.clocks.items():
            assert told(shown[name], clock.cycles) == walked_of(walked, name, shown[name]), (
                seed,
                name,
            )


def told(clock, cycles):
    """What a clock shows that the walk knows too."""
    fired = [(firing.step.percent, firing.at) for firing in clock.fired]
    head = (str(clock.state), clock.cycles)
    if not cycles:
        return head
    rest = (clock.elapsed / MINUTE, fired, clock.due_at, clock.met_at)
    return *head, *rest, clock.downgraded_after_breach


def walked_of(walked, name, shown):
    clock, state = walked.clocks[name], walked.state(name)
    if not clock.cycles:
        return state, 0
    due_at = None
    if state in ("met", "met_late"):
        due_at = clock.due_at
    elif state in ("running", "breached"):
        due_at = walked.due_at(name, walked.now)
    if due_at is None and shown.due_at and shown.due_at > walked.minutes["a"].start + 16 * DAY:
        due_at = shown.due_at  # behind what the walk knows
    met_at = clock.met_at if state in ("met", "met_late") else None
    elapsed = walked.elapsed(clock)
    return state, clock.cycles, elapsed, clock.fired, due_at, met_at, clock.is_downgraded


def test_asking_in_between_changes_nothing(worlds):
    """What has fired at an instant is the beginning of what will have fired later, in a cycle."""
    for seed, world in worlds.items():
        last = world.shown()
        for share in (0.3, 0.6, 0.9):
            then = world.case.events[0].at + share * (world.now - world.case.events[0].at)
            for name, clock in world.shown(then).items():
                if clock.cycles == last[name].cycles:
                    assert last[name].fired[: len(clock.fired)] == clock.fired, (seed, name, then)


def test_a_pause_and_its_end_at_one_instant_change_nothing(worlds):
    for seed, world in worlds.items():
        dice = random.Random(seed)
        case = world.case
        at = case.events[0].at + dice.random() * (world.now - case.events[0].at)
        status = read_log(case.events, case.policy, case.calendars, at).status
        if status in (Status.NEW, Status.OPEN, Status.ON_HOLD):
            blink = [StatusSet(at, Status.SCHEDULED), StatusSet(at, status)]
            assert world.shown(events=[*case.events, *blink]) == world.shown(), (seed, at)


def test_nothing_changes_before_next_at(worlds):
    for seed, world in worlds.items():
        shown = world.shown()
        turns = [clock.next_at for clock in shown.values() if clock.next_at]
        if not turns:
            continue
        coming = min(turns)
        assert coming > world.now, seed
        just_before = world.shown(coming - timedelta(microseconds=1))
        assert what_counts(just_before) == what_counts(shown), seed
        assert what_counts(world.shown(coming)) != what_counts(shown), seed


def test_due_times_are_those_that_clocks_show(worlds):
    for seed, world in worlds.items():
        case = world.case
        due = due_times(case.events, case.policy, case.calendars, world.now)
        shown = {
            name: clock.due_at
            for name, clock in world.shown().items()
            if clock.is_running and clock.due_at
        }
        assert due == shown, seed


def what_counts(shown):
    return [(clock.state, clock.fired) for clock in shown.values()]


def test_each_step_is_sent_once_however_often_it_is_looked(worlds):
    """Beats each seven hours, or one at the end."""
    for seed, world in worlds.items():
        often = beats(world, [world.case.events[0].at + n * 7 * 60 * MINUTE for n in range(20)])
        once = beats(world, [])
        assert len(often) == len(set(often)), seed
        assert set(once) <= set(often), seed


def beats(world, instants):
    """The keys of what is sent or passed over, by beats at these instants and at the end."""
    noted = []
    for now in [at for at in instants if at < world.now] + [world.now]:
        for clock in world.shown(now).values():
            if clock.is_running:
                due = steps_due(clock.fired, noted, now)
                noted += [firing.key for firing in (*due.silent, *filter(None, [due.send]))]
    return noted
