"""Clocks by walking from minute to minute: slow, plain, with nothing of maildesk's arithmetic.

Everything lies on whole minutes, edges of frames and changes of clocks on quarters. `OpenMinutes`
asks of each whether it is open; `Walk` goes through a log, minute by minute, and counts.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
QUARTER = 15 * MINUTE
DAY = timedelta(days=1)
MARGIN = 2 * 96  # quarters on both sides, for shifts that reach in


class OpenMinutes:
    """The open minutes of a calendar from a start, for some days."""

    def __init__(self, spec, start, days):
        self.start, self.count = start, days * 1440
        quarters = bytearray(days * 96)
        for member in spec.get("union", [spec]):
            self._open(member, quarters)
        self.open = b"".join(b"\1" * 15 if is_open else b"\0" * 15 for is_open in quarters)

    def _open(self, spec, quarters):
        # A frame begins with the first quarter that reads so, or later; it ends with the last one
        # that reads so, or else with the first that reads later.
        wall, latest, earliest = readings(spec["zone"], self.start, len(quarters))
        first = wall[0].replace(hour=0, minute=0) + DAY
        for n in range((wall[-1] - first).days):
            midnight = first + n * DAY
            for start, end in frames_on(spec, midnight.date()):
                begin = bisect_left(latest, midnight + start * MINUTE)
                close = midnight + (end + 1440 * (end <= start)) * MINUTE
                later = bisect_right(earliest, close)
                stop = later - (wall[later - 1] == close)
                for place in range(max(begin, MARGIN), min(stop, MARGIN + len(quarters))):
                    on = wall[place].date()
                    if on == midnight.date() or not is_special(spec, on):
                        quarters[place - MARGIN] = 1

    def elapsed(self, start, end):
        return sum(self.open[self.place(start) : self.place(end)]) if start < end else 0

    def due(self, start, target):
        """When so many minutes have passed; None behind the end of what is known."""
        place = self.place(start)
        for _ in range(target):
            place = self.open.find(1, place) + 1
            if place == 0:
                return None
        return self.start + place * MINUTE

    def place(self, at):
        return (at - self.start) // MINUTE


@cache
def readings(zone, start, count):
    """What the clock on the wall shows each quarter; the latest it showed until then, and the
    earliest it will show from then on."""
    wall = [
        (start + n * QUARTER).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for n in range(-MARGIN, count + MARGIN)
    ]
    return wall, list(accumulate(wall, max)), list(accumulate(reversed(wall), min))[::-1]


def frames_on(spec, on):
    if on in spec["overrides"]:
        return spec["overrides"][on]
    return [] if on in spec["holidays"] else spec["week"][on.weekday()]


def is_special(spec, on):
    return on in spec["overrides"] or on in spec["holidays"]


VOID = ("merged", "spam")
OVER = ("solved", "closed")


class Counter:
    """One clock. `minutes` are the open ones it ran for: when, and in which calendar; the first
    `sealed` of them stand. `names` are the calendars it ran in since. `was`: the one it ran in a
    minute ago, "" if none."""

    def __init__(self):
        self.state, self.cycles, self.is_downgraded, self.fired = "not_started", 0, False, []

    def begin(self):
        self.state, self.cycles = "running", self.cycles + 1
        self.minutes, self.sealed, self.names = [], 0, set()
        self.fired, self.spent, self.is_jump = [], set(), False
        self.was, self.off_at, self.is_downgraded, self.met_at = "", None, False, None


class Walk:
    """A ticket, from minute to minute, as tables in the form of worked cases tell it.

    `opened` makes the open minutes of a calendar's table."""

    def __init__(self, calendars, targets, pause, ladder, reopen_days, opened):
        self.calendars, self.opened = calendars, opened
        self.minutes = {name: opened(spec) for name, spec in calendars.items()}
        self.targets, self.pause, self.ladder = targets, pause, ladder
        self.reopen_days, self.status, self.is_by_agent = reopen_days, "new", False
        names = ("first_response", "next_response", "resolution")
        self.clocks = {name: Counter() for name in names}

    def run(self, events, now):
        at, waiting = events[0]["at"], list(events)
        while at <= now:
            while waiting and waiting[0]["at"] == at:
                self.hear(waiting.pop(0), at)
            for name, clock in self.clocks.items():
                if clock.state == "running":
                    self.tick(name, clock, at, is_counted=at < now)
            at += MINUTE
        self.now = now
        return self

    def tick(self, name, clock, at, is_counted):
        used = self.targets[self.priority]["calendar"] if self.is_on(name) else ""
        if clock.was and not used:
            clock.off_at = at
        if used and clock.was != used:
            clock.is_jump = clock.is_jump or bool(clock.names) or clock.sealed > 0
            clock.names.add(used)
        clock.was = used
        if used and name == "resolution":
            self.climb(clock, at)
        if used and is_counted and self.is_open(used, at):
            clock.minutes.append((at, used))

    def climb(self, clock, at):
        target, elapsed = self.target("resolution"), self.elapsed(clock)
        passed = [step for step in self.ladder if target * step <= elapsed * 100]
        if clock.is_jump and not self.is_open(clock.was, at):
            return
        if clock.is_jump and passed:
            highest = passed[-1]
            if highest not in clock.spent and all(step < highest for step, _ in clock.fired):
                clock.fired.append((highest, at))
            clock.spent |= set(passed)
        clock.is_jump = False
        for step in passed:
            if step not in clock.spent:
                clock.spent.add(step)
                clock.fired.append((step, at))

    # --- sums -----------------------------------------------------------------------------------

    def is_on(self, name):
        return self.status not in VOID and not (name == "resolution" and self.status in self.pause)

    def is_open(self, name, at):
        return self.minutes[name].open[self.minutes[name].place(at)]

    def target(self, name):
        return self.targets[self.priority][name]

    def counted(self, clock):
        """The minutes it ran for that are open, as the calendars are now."""
        late = [(at, name) for at, name in clock.minutes[clock.sealed :] if self.is_open(name, at)]
        return clock.minutes[: clock.sealed] + late

    def elapsed(self, clock):
        return len(clock.minutes)

    def due_at(self, name, at):
        """When it is due, if it runs on from `at`; None behind the end of what is known."""
        counted, target = self.clocks[name].minutes, self.target(name)
        if len(counted) >= target:
            return counted[target - 1][0] + MINUTE
        return self.minutes[self.targets[self.priority]["calendar"]].due(at, target - len(counted))

    def is_breached(self, name, at):
        clock = self.clocks[name]
        if self.elapsed(clock) < self.target(name):
            return False
        return self.due_at(name, at) < (at if clock.was else clock.off_at or at)

    def state(self, name):
        clock = self.clocks[name]
        if name == "first_response" and self.is_by_agent:
            return "not_applicable"
        if clock.state != "running":
            return clock.state
        if self.status in VOID:
            return "cancelled"
        if not self.is_on(name):
            return "paused"
        return "breached" if self.is_breached(name, self.now) else "running"

    # --- events ---------------------------------------------------------------------------------

    def hear(self, event, at):
        kind, is_shut = event["type"], self.status in (*VOID, "closed")
        if kind == "created":
            self.create(event)
        elif kind == "agent_reply" and not is_shut:
            self.finish("first_response", at)
            self.finish("next_response", at)
            self.move("open" if self.status == "new" else self.status, at)
        elif kind == "user_reply" and not is_shut:
            self.user_reply(at)
        elif kind == "status":
            if event.get("withdrawn") and event["to"] in OVER:
                first = self.clocks["first_response"]
                first.state = "cancelled" if first.state == "running" else first.state
            self.move(event["to"], at)
        elif kind in ("priority", "policy_edit"):
            self.retarget(event, at)
        elif kind == "calendar_edit":
            self.edit_calendar(event)

    def create(self, event):
        self.priority, self.is_by_agent = event["priority"], event.get("by") == "agent"
        self.clocks["resolution"].begin()
        if not self.is_by_agent:
            self.clocks["first_response"].begin()

    def user_reply(self, at):
        if self.status == "solved" and not self.is_in_window(at):
            return
        is_over = self.is_by_agent or self.clocks["first_response"].state != "running"
        if is_over and self.clocks["next_response"].state != "running":
            self.clocks["next_response"].begin()
        answered = self.status in ("waiting_user", "scheduled", "solved")
        self.move("open" if answered else self.status, at)

    def is_in_window(self, at):
        spec = self.calendars[self.targets[self.priority]["calendar"]]
        members = spec.get("union", [spec])
        zone, left = ZoneInfo(members[0]["zone"]), self.reopen_days
        on = self.solved_at.astimezone(zone).replace(tzinfo=None)
        while left:
            on += DAY
            left -= any(frames_on(member, on.date()) for member in members)
        return self.minute_of(on, zone) >= at

    def minute_of(self, wall, zone):
        """The last minute that reads so; in an hour left out, the first that reads later."""
        at = wall.replace(tzinfo=UTC) + DAY
        while at.astimezone(zone).replace(tzinfo=None) > wall:
            at -= MINUTE
        is_shown = at.astimezone(zone).replace(tzinfo=None) == wall
        return at if is_shown else at + MINUTE

    def move(self, status, at):
        if status in OVER:
            for name in self.clocks:
                self.finish(name, at)
        elif status not in VOID and self.clocks["resolution"].state in ("met", "met_late"):
            self.reopen(self.clocks["resolution"], at)
        if status == "solved" != self.status:
            self.solved_at = at
        self.status = status

    def reopen(self, clock, at):
        """What was promised anew meanwhile is so from now."""
        was_breached, clock.state = clock.state == "met_late", "running"
        if clock.under != self.terms("resolution"):
            self.rearm("resolution", clock, at, was_breached)

    def finish(self, name, at):
        clock = self.clocks[name]
        if clock.state != "running":
            return
        clock.due_at, clock.met_at = self.due_at(name, at), at
        clock.state = "met_late" if clock.due_at and at > clock.due_at else "met"
        clock.under = self.terms(name)
        clock.sealed, clock.names, clock.was, clock.off_at = len(clock.minutes), set(), "", at

    def retarget(self, event, at):
        running = {name: clock for name, clock in self.clocks.items() if clock.state == "running"}
        was_breached = {name: self.is_breached(name, at) for name in running}
        before = {name: self.terms(name) for name in running}
        if event["type"] == "priority":
            self.priority = event["to"]
        else:
            edited = {**self.targets[event["priority"]], **event["targets"]}
            self.targets = {**self.targets, event["priority"]: edited}
        for name, clock in running.items():
            if before[name] != self.terms(name):
                self.rearm(name, clock, at, was_breached[name])

    def terms(self, name):
        return self.targets[self.priority]["calendar"], self.target(name)

    def rearm(self, name, clock, at, was_breached):
        """Steps that are ahead of the present time again may fire again."""
        clock.is_jump = True
        elapsed = self.elapsed(clock) * 100
        clock.spent -= {step for step in self.ladder if self.target(name) * step > elapsed}
        if was_breached and not self.is_breached(name, at):
            clock.is_downgraded = True

    def edit_calendar(self, event):
        name, added = event["calendar"], event["add_holidays"]
        spec = self.calendars[name]
        spec["holidays"] |= set(added)  # unions of it hold the same table
        changed = {
            other for other, table in self.calendars.items() if spec in table.get("union", [table])
        }
        for other in changed:
            self.minutes[other] = self.opened(self.calendars[other])
        for clock in self.clocks.values():
            if clock.state == "running":
                clock.minutes = self.counted(clock)  # holidays take minutes away, and add none
                clock.is_jump = clock.is_jump or bool(clock.names & changed)
