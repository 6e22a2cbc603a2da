"""Two weeks of promises, over the end of summer time, a holiday and nights: every step happens
once, at its instant, to its people, however the scheduler beats.

The instants stand in the table as Oslo's wall has them, worked out by hand.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from stories.house import BO, KARI, SUPPORT, House
from stories.people import bare
from stories.promises import (
    DAY,
    HOUR,
    MINUTE,
    MONA,
    OFFICE,
    Beats,
    beat_at,
    every,
    fired,
    mails,
    on_the_dot,
    oslo,
    policy,
    promise,
    promising,
    trail,
)

ADA = "ada@example.org"
NAMES = {"ada": ADA, "kari": KARI, "bo": BO, "mona": MONA}
NIGHTLY = policy("night", "nightly", first_response=4, next_response=4, resolution=10)
DAILY = policy("office", "daily", first_response=4, next_response=8, resolution=24)
RULES = promising(promise(NIGHTLY, subject_contains="night"), promise(DAILY))

START, END = oslo("2026-10-23 14:00 CEST"), oslo("2026-11-06 16:00 CET")
FIRST_NIGHT, SECOND_NIGHT = oslo("2026-10-24 20:00 CEST"), oslo("2026-10-31 20:00 CET")

# Case 1 is Kari's: office hours, Monday 26 October is a holiday. Four hours are over on Tuesday at
# ten, for two of them are Friday's. Case 2 is Bo's, who is also the lead: that night is nine hours
# long. Case 3 is nobody's: the holiday of 1 November cuts its night off at midnight, and is no
# night itself.
STEPS = """
2026-10-23 16:00 CEST  1  first_response 50%   -
2026-10-25 00:00 CEST  2  first_response 50%   -
2026-10-25 01:00 CEST  2  first_response 75%   sla_warning bo
2026-10-25 01:36 CEST  2  first_response 90%   sla_warning bo
2026-10-25 02:00 CEST  2  first_response 100%  sla_breach bo, delay ada
2026-10-25 02:00 CET   2  resolution 50%       -
2026-10-25 03:00 CET   2  first_response 150%  sla_manager mona
2026-10-25 04:00 CET   2  word owner           sla_warning bo
2026-10-25 04:30 CET   2  resolution 75%       sla_warning bo
2026-10-25 05:00 CET   2  word requester       progress ada
2026-10-25 06:00 CET   2  resolution 90%       sla_warning bo
2026-10-25 23:00 CET   2  resolution 100%      sla_breach bo, delay ada
2026-10-26 04:00 CET   2  resolution 150%      sla_manager mona
2026-10-27 09:00 CET   1  first_response 75%   sla_warning kari
2026-10-27 09:36 CET   1  first_response 90%   sla_warning kari, sla_warning bo
2026-10-27 10:00 CET   1  first_response 100%  sla_breach kari, sla_breach bo, delay ada
2026-10-27 12:00 CET   1  first_response 150%  sla_manager mona
2026-10-27 13:00 CET   1  word owner           sla_warning kari
2026-10-27 14:00 CET   1  word requester       progress ada
2026-10-27 22:00 CET   2  stale owner          assigned bo
2026-10-28 10:00 CET   1  resolution 50%       -
2026-10-28 16:00 CET   1  resolution 75%       sla_warning kari
2026-10-29 11:36 CET   1  resolution 90%       sla_warning kari, sla_warning bo
2026-10-29 14:00 CET   1  resolution 100%      sla_breach kari, sla_breach bo, delay ada
2026-10-30 22:00 CET   2  stale lead           assigned bo
2026-11-01 00:00 CET   3  first_response 50%   sla_warning kari, sla_warning bo
2026-11-02 10:00 CET   1  resolution 150%      sla_manager mona
2026-11-02 23:00 CET   3  first_response 75%   sla_warning kari, sla_warning bo
2026-11-02 23:36 CET   3  first_response 90%   sla_warning kari, sla_warning bo
2026-11-03 00:00 CET   3  first_response 100%  sla_breach kari, sla_breach bo, delay ada
2026-11-03 01:00 CET   3  resolution 50%       sla_warning kari, sla_warning bo
2026-11-03 02:00 CET   3  first_response 150%  sla_manager mona
2026-11-03 03:00 CET   3  word owner           sla_warning kari, sla_warning bo
2026-11-03 03:30 CET   3  resolution 75%       sla_warning kari, sla_warning bo
2026-11-03 04:00 CET   3  word requester       progress ada
2026-11-03 05:00 CET   3  resolution 90%       sla_warning kari, sla_warning bo
2026-11-03 06:00 CET   3  resolution 100%      sla_breach kari, sla_breach bo, delay ada
2026-11-03 14:00 CET   1  stale lead           assigned bo
2026-11-04 03:00 CET   3  resolution 150%      sla_manager mona
2026-11-04 22:00 CET   3  stale owner          assigned kari, assigned bo
"""
BESIDE_A_STEP = {(1, "stale", "owner")}  # due with the breach of 29 October: that says enough


class Expected(NamedTuple):
    at: datetime
    ticket: int
    clock: str
    step: str
    mails: frozenset[tuple[str, str]]


def _rows() -> Iterator[Expected]:
    for line in STEPS.strip().splitlines():
        day, time, zone, ticket, clock, step, *told = line.split()
        words = " ".join(told).strip("-")
        pairs = (each.split() for each in words.split(",") if each)
        sent = frozenset((kind, NAMES[name]) for kind, name in pairs)
        yield Expected(oslo(f"{day} {time} {zone}"), int(ticket), clock, step, sent)


TABLE = list(_rows())
Told = set[tuple[datetime, int, str, str]]  # mails: when, of which case, what, to whom


def told(rows: list[Expected]) -> Told:
    return {(row.at, row.ticket, kind, to) for row in rows for kind, to in row.mails}


def by_time(house: House) -> list[tuple[datetime, int, str, str]]:
    """What time alone has sent, with the table's columns."""
    replies = ("received", "received_closed", "queue_new", "command_receipt", "user_replied")
    found = [(m.at, m.ticket or 0, m.kind, m.to) for m in mails(house) if m.kind not in replies]
    return sorted(found)


def two_weeks(house: House, beats: Beats) -> None:
    """Ada writes three times, and nobody ever answers."""
    house.change_rules(**RULES)
    ada = house.client("Ada Berg", ADA, style=bare)
    kari = house.client("Kari Nordmann", KARI, style=bare)
    bo = house.client("Bo Li", BO, style=bare)
    house.clock.at = START
    house.post(ada.write(SUPPORT, "Printer is dead"))
    house.post(kari.answer("#take"))
    beats(house, FIRST_NIGHT)
    house.post(ada.write(SUPPORT, "The door at night", "It stays open."))
    house.post(bo.answer("#take"))
    beats(house, SECOND_NIGHT)
    house.post(ada.write(SUPPORT, "Another night", "It stays open still."))
    beats(house, END)


def keys_of(house: House) -> list[tuple[int, str, str]]:
    return sorted((one.ticket, one.key[0], one.key[3]) for one in fired(house))


EVERY_KEY = sorted({(row.ticket, row.clock, row.step) for row in TABLE} | BESIDE_A_STEP)


def test_every_step_comes_on_the_dot_to_its_people(house):
    two_weeks(house, on_the_dot)
    sent = by_time(house)
    assert len(set(sent)) == len(sent)
    assert set(sent) == told(TABLE)
    assert keys_of(house) == EVERY_KEY
    reached = {(one.ticket, one.key[0], one.key[3]): one for one in fired(house)}
    for row in TABLE:
        step = reached[row[1:4]]
        assert (step.reached_at, step.at, step.is_sent) == (row.at, row.at, True), row
    house.work()  # every mail is looked at as it goes out


def _seen_at(rows: list[Expected], beat_after: Callable[[datetime], datetime]) -> list[Expected]:
    """The table as a slower scheduler sees it: later, and of each clock only what is due last."""
    highest: dict[tuple[datetime, int, str], Expected] = {}
    for row in rows:
        at = beat_after(row.at)
        highest[at, row.ticket, row.clock] = row._replace(at=at)
    return list(highest.values())


def _full_hour(at: datetime) -> datetime:
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % HOUR


def test_beat_each_hour_leaves_out_what_a_higher_step_covers(house):
    two_weeks(house, every(HOUR))
    sent = by_time(house)
    assert len(set(sent)) == len(sent)
    assert set(sent) == told(_seen_at(TABLE, _full_hour))
    assert keys_of(house) == EVERY_KEY, "what was left out is noted"
    assert {(s.ticket, s.key[0], s.key[3]) for s in fired(house) if not s.is_sent} == {
        (1, "first_response", "90%"),
        (2, "first_response", "90%"),
        (3, "first_response", "90%"),
        *BESIDE_A_STEP,
    }


def the_night(house: House) -> House:
    """Case 2 in the night in which the clocks change: Bo's, as case 1."""
    house.change_rules(**RULES)
    ada, bo = house.client("Ada Berg", ADA, style=bare), house.client("Bo Li", BO, style=bare)
    house.clock.at = START
    house.post(ada.write(SUPPORT, "Printer is dead"))
    house.post(bo.answer("#solve"))
    house.clock.at = FIRST_NIGHT
    house.post(ada.write(SUPPORT, "The door at night", "It stays open."))
    house.post(bo.answer("#take"))
    house.clock.at = oslo("2026-10-24 23:30 CEST")
    beat_at(house, house.clock.at)
    return house


NIGHT_ROWS = [row for row in TABLE if row.ticket == 2 and row.at <= oslo("2026-10-25 06:30 CET")]


def test_beat_each_minute_through_the_repeated_hour(house):
    the_night(house)
    since = house.clock.at
    every(MINUTE)(house, oslo("2026-10-25 06:30 CET"))
    sent = [row for row in by_time(house) if row[0] > since]
    assert sent == sorted(told(NIGHT_ROWS))


@pytest.mark.parametrize("leap", [HOUR, -HOUR], ids=["forth and right again", "back"])
@pytest.mark.parametrize("minutes", [61, 121, 200])
def test_clock_that_jumps_sends_nothing_twice_and_misses_nothing(house, leap, minutes):
    the_night(house)
    since = house.clock.at
    jump_at, end = since + minutes * MINUTE, oslo("2026-10-25 06:30 CET")
    on_the_dot(house, jump_at)
    beat_at(house, jump_at + leap)
    once = trail(house)
    beat_at(house, jump_at if leap > timedelta() else jump_at - HOUR + MINUTE)
    assert trail(house) == once, "what was done once is done"
    every(10 * MINUTE)(house, end + 30 * MINUTE)
    sent = [(kind, to) for at, ticket, kind, to in by_time(house) if ticket == 2]
    keys = [key for key in keys_of(house) if key[0] == 2]
    assert keys == sorted((row.ticket, row.clock, row.step) for row in NIGHT_ROWS)
    fewest = sorted(pair for row in _silenced(NIGHT_ROWS, house) for pair in row.mails)
    replies = ("received_closed", "queue_new", "received")
    assert sorted(pair for pair in sent if pair[0] not in replies) == fewest


def _silenced(rows: list[Expected], house: House) -> list[Expected]:
    """The rows whose step was sent, and not covered by a higher one."""
    sent = {(one.ticket, one.key[0], one.key[3]) for one in fired(house) if one.is_sent}
    return [row for row in rows if row[1:4] in sent]


# --- three days of silence ------------------------------------------------------------------------


def test_after_three_days_down_only_the_highest_steps_come_and_say_that_they_are_late(house):
    house.change_rules(**RULES)
    ada = house.client("Ada Berg", ADA, style=bare)
    kari, bo = (house.client(name, at, style=bare) for name, at in (("K", KARI), ("Bo Li", BO)))
    mona = house.client("Mona Dahl", MONA)
    house.clock.at = START
    house.post(ada.write(SUPPORT, "Printer is dead"))
    house.post(kari.answer("#take"))
    on_the_dot(house, FIRST_NIGHT)
    house.post(ada.write(SUPPORT, "The door at night", "It stays open."))
    house.post(bo.answer("#take"))
    back = house.clock.at + 3 * DAY
    beat_at(house, back)
    house.work()
    first, second = sorted(mona.inbox, key=lambda letter: letter["Subject"])
    assert [m for m in by_time(house) if m[0] > FIRST_NIGHT] == [
        (back, 1, "delay", ADA),  # the step that tells her was passed over, and she is owed it
        (back, 1, "sla_manager", BO),  # so are its owner and the lead
        (back, 1, "sla_manager", KARI),
        (back, 1, "sla_manager", MONA),
        (back, 2, "delay", ADA),
        (back, 2, "sla_manager", BO),
        (back, 2, "sla_manager", MONA),
    ]
    assert "This mail comes late; it was due on Tue, 27 Oct 2026, 12:00 CET" in first.text
    assert "Also reached now: the solution" in second.text
    silent = [one for one in fired(house) if not one.is_sent]
    assert {(s.ticket, s.key[0], s.key[3]) for s in silent} == {
        *((1, "first_response", step) for step in ("75%", "90%", "100%")),
        *((2, "first_response", step) for step in ("50%", "75%", "90%", "100%")),
        *((2, "resolution", step) for step in ("50%", "75%", "90%", "100%", "150%")),
    }
    on_the_dot(house, oslo("2026-10-30 16:00 CET"))
    later = [m for m in by_time(house) if m[0] > back and m[1] == 1]
    assert later == [
        (oslo("2026-10-28 08:00 CET"), 1, "sla_warning", KARI),  # a word is owed by noon
        (oslo("2026-10-28 12:00 CET"), 1, "progress", ADA),
        (oslo("2026-10-28 16:00 CET"), 1, "sla_warning", KARI),
        (oslo("2026-10-29 11:36 CET"), 1, "sla_warning", BO),
        (oslo("2026-10-29 11:36 CET"), 1, "sla_warning", KARI),
        (oslo("2026-10-29 14:00 CET"), 1, "delay", ADA),
        (oslo("2026-10-29 14:00 CET"), 1, "sla_breach", BO),
        (oslo("2026-10-29 14:00 CET"), 1, "sla_breach", KARI),
    ]


def test_a_word_that_was_promised_and_comes_late_says_so(house):
    house.change_rules(**RULES)
    ada, kari = house.client("Ada Berg", ADA, style=bare), house.client("K", KARI, style=bare)
    house.clock.at = START
    house.post(ada.write(SUPPORT, "Printer is dead"))
    house.post(kari.answer("#take"))
    on_the_dot(house, oslo("2026-10-27 13:00 CET"))
    house.work()
    assert "You hear from us again by Tue, 27 Oct 2026, 14:00 CET" in in_one_line(ada.last)
    beat_at(house, oslo("2026-10-28 09:00 CET"))
    house.work()
    assert "should have heard from us by Tue, 27 Oct 2026, 14:00 CET" in in_one_line(ada.last)


def in_one_line(letter):
    return " ".join(letter.text.split())


def test_spring_has_a_night_of_seven_hours(house):
    """28 March 2027: two o'clock is three. Half of ten hours is over at four, not at three."""
    house.change_rules(**RULES)
    ada, bo = house.client("Ada Berg", ADA, style=bare), house.client("Bo Li", BO, style=bare)
    house.clock.at = oslo("2027-03-27 20:00 CET")
    house.post(ada.write(SUPPORT, "The door at night", "It stays open."))
    house.post(bo.answer("#take"))
    on_the_dot(house, oslo("2027-03-29 05:00 CEST"))
    reached = {(s.key[0], s.key[3]): s.at for s in fired(house)}
    assert reached["first_response", "100%"] == oslo("2027-03-28 03:00 CEST")
    assert reached["resolution", "50%"] == oslo("2027-03-28 04:00 CEST")
    assert reached["resolution", "75%"] == oslo("2027-03-28 22:30 CEST")
    assert reached["resolution", "100%"] == oslo("2027-03-29 01:00 CEST")
    assert OFFICE.zone.utcoffset(oslo("2027-03-29 01:00 CEST")) == 2 * HOUR
