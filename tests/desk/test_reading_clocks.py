"""Clocks as people read them: as they are now, with an arithmetic that adds up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from stories.house import KARI, SUPPORT, House
from stories.people import Client, bare

from maildesk.desk.beat import beat
from maildesk.desk.clocks import minutes, note_due_times, read_clocks, show_clocks
from maildesk.desk.sla_arithmetic import Arithmetic, take_apart
from maildesk.desk.sla_diff import Moved, due_times_moved
from maildesk.errors import NotFound
from maildesk.policy.sla.file import read_sla
from maildesk.policy.sla.promises import ClockName, Edition
from maildesk.store import tickets

FIRST, NEXT, WHOLE = ClockName.FIRST_RESPONSE, ClockName.NEXT_RESPONSE, ClockName.RESOLUTION
SLA = {
    "calendars": {
        "oslo": {
            "timezone": "Europe/Oslo",
            "hours": {"mon-fri": ["08:00-16:00"]},
            "holidays": {"2026-11-25": "Founding day"},
        }
    },
    "sla": [
        {
            "name": "gold",
            "clocks": {
                "P1": {"calendar": "24x7", "first_response": "15m", "resolution": "4h"},
                "P3": {
                    "calendar": "oslo",
                    "first_response": "4h",
                    "next_response": "8h",
                    "resolution": "12h",
                },
            },
            "ladder": {"resolution": [{"at": "75%", "notify": "owner"}]},
        }
    ],
}


def promise(house: House, document: dict = SLA) -> None:
    book = read_sla(document)
    assert not book.faults
    house.change_rules(calendars=book.calendars, promises=book.promises, follow_up=book.follow_up)


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=bare)


@pytest.fixture
def ada(house: House, kari: Client) -> Client:
    """She writes on Monday at 10:00 in Oslo."""
    promise(house)
    ada = house.client("Ada Berg", "ada@example.org", style=bare)
    house.post(ada.write(SUPPORT, "Printer", "It is dead."))
    beat(house.desk)
    return ada


def shown(house: House) -> dict:
    with house.desk.database.read() as session:
        return show_clocks(session, 1, house.desk.rules, house.clock())


def apart(house: House) -> Arithmetic:
    with house.desk.database.read() as session:
        return take_apart(session, 1, house.desk.rules, house.clock())


def listed(house: House) -> list[str | None]:
    with house.desk.database.read() as session:
        lines = tickets.list_tickets(session)
        note_due_times(session, lines, house.desk.rules, house.clock())
    return [line["next_due_at"] for line in lines]


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


# --- a ticket and a list of tickets -------------------------------------------------------------


def test_each_clock_says_how_it_stands(house, ada):
    house.clock.pass_time(hours=1, minutes=30)
    clocks = shown(house)
    assert list(clocks) == ["first_response", "next_response", "resolution"], "none of updates"
    assert clocks["next_response"]["state"] == "not_started"
    first = clocks["first_response"]
    assert {name: first[name] for name in ("state", "due_at", "met_at", "cycles")} == {
        "state": "running",
        "due_at": "2026-11-23T13:00:00Z",
        "met_at": None,
        "cycles": 1,
    }
    assert (first["elapsed_min"], first["remaining_min"], first["target_min"]) == (90, 150, 240)
    assert (first["calendar"], first["policy"]) == ("oslo", "gold")


def test_clock_that_is_over_keeps_its_result(house, ada, kari):
    house.clock.pass_time(hours=2)
    house.post(kari.answer("Hello Ada, look at the tray."))
    first = shown(house)["first_response"]
    assert (first["state"], first["met_at"]) == ("met", "2026-11-23T11:00:00Z")
    assert [result["elapsed_min"] for result in first["results"]] == [120]


def test_list_is_right_before_the_next_beat(house, ada, kari):
    assert listed(house) == ["2026-11-23T13:00:00Z"]
    house.post(kari.answer("#priority P1"))
    assert house.tickets()[0]["next_due_at"] == "2026-11-23T13:00:00Z", "as the beat has noted"
    assert listed(house) == ["2026-11-23T09:15:00Z"]
    house.post(kari.answer("The cable was loose.\n\n#solve"))
    assert listed(house) == [None]


def test_policy_that_the_beat_will_choose_is_seen_at_once(house, ada, kari):
    only = [{**SLA["sla"][0], "when": {"type": ["incident"]}}]
    promise(house, {**SLA, "sla": only})
    house.clock.pass_time(hours=1)
    house.post(kari.answer("#type question"))
    assert shown(house)["resolution"]["state"] == "cancelled"
    assert listed(house) == [None]
    beat(house.desk)
    assert shown(house)["resolution"]["state"] == "cancelled"


def test_without_promises_no_clock_applies(house, ada):
    house.change_rules(promises=(), calendars={})
    beat(house.desk)
    house.post(ada.write(SUPPORT, "Other", "Another matter."))
    with house.desk.database.read() as session:
        clocks = show_clocks(session, 2, house.desk.rules, house.clock())
    assert {clock["state"] for clock in clocks.values()} == {"not_applicable"}
    assert {clock["policy"] for clock in clocks.values()} == {None}


def test_ticket_that_is_not_there_is_told(house, ada):
    with house.desk.database.read() as session, pytest.raises(NotFound, match="no ticket 9"):
        read_clocks(session, 9, house.desk.rules, house.clock())


@pytest.mark.parametrize(
    ("time", "count"), [(90, 90), (90.25, 90.2), (0.999, 1), (-30, -30), (None, None)]
)
def test_minutes_are_whole_where_they_can_be(time, count):
    written = minutes(None if time is None else timedelta(minutes=time))
    assert written == count
    assert isinstance(written, int | None) or written != int(written)


# --- the arithmetic -----------------------------------------------------------------------------


def test_rows_lead_to_the_due_time(house, ada):
    """Monday 10 to 16, Tuesday 8 to 14: twelve hours; and a holiday where it would go on."""
    rows = apart(house).sums[WHOLE].rows
    assert [(row.kind, row.start, row.total.seconds // 3600) for row in rows] == [
        ("start", utc(23, 9), 0),
        ("now", utc(23, 9), 0),
        ("counted", utc(23, 9), 6),
        ("counted", utc(24, 7), 12),
        ("due", utc(24, 13), 12),
    ]
    assert [row.is_ahead for row in rows] == [False, False, True, True, False]


def test_pause_and_holiday_are_named(house, ada, kari):
    house.clock.pass_time(hours=2)
    house.post(kari.answer("Which printer is it?\n\n#wait"))
    house.clock.at = utc(24, 8)
    house.post(ada.answer("The one on floor 3."))
    house.clock.at = utc(26, 8)
    rows = apart(house).sums[WHOLE].rows
    assert [(row.kind, row.words, row.start) for row in rows] == [
        ("start", "", utc(23, 9)),
        ("counted", "oslo", utc(23, 9)),
        ("paused", "waiting_user", utc(23, 11)),
        ("counted", "oslo", utc(24, 8)),
        ("holiday", "Founding day", utc(24, 23)),
        ("counted", "oslo", utc(26, 7)),
        ("now", "", utc(26, 8)),
        ("counted", "oslo", utc(26, 8)),
        ("due", "", utc(26, 10)),
    ]


def test_rows_add_up_by_the_second_whatever_the_clocks_say(house, ada, kari):
    house.clock.pass_time(minutes=7, seconds=31, microseconds=600_000)
    house.post(kari.answer("#priority P1"))
    house.clock.pass_time(minutes=50, microseconds=700_000)
    house.post(kari.answer("#priority P3"))
    house.clock.pass_time(hours=30, seconds=3)
    found = apart(house)
    for name, total in found.sums.items():
        assert total.rows or name is NEXT
        for before, after in pairwise(total.rows):
            assert after.total - before.total == after.counted
            assert before.end <= after.start
    resolution = found.sums[WHOLE]
    [due] = [row for row in resolution.rows if row.kind == "due"]
    assert due.total == resolution.clock.target == timedelta(hours=12)
    [now] = [row for row in resolution.rows if row.kind == "now"]
    assert abs(now.total - resolution.clock.elapsed) < timedelta(seconds=2)


def test_rows_are_written_in_the_zone_whose_hours_count(house, ada, kari):
    assert str(apart(house).sums[WHOLE].zone) == "Europe/Oslo"
    house.clock.pass_time(hours=1)
    house.post(kari.answer("#priority P1"))
    assert str(apart(house).sums[WHOLE].zone) == "Europe/Oslo", "some of it was counted there"
    house.post(ada.write(SUPPORT, "Other", "Another matter."))
    house.change_rules(promises=())
    beat(house.desk)
    assert apart(house).sums[NEXT].zone is None


def test_all_is_told_in_the_zone_of_the_hours_else_of_the_desk(house, ada, kari):
    assert str(apart(house).zone) == "Europe/Oslo"
    house.post(ada.write(SUPPORT, "Other", "Another matter."))
    house.change_rules(promises=(), timezone="Europe/Berlin")
    beat(house.desk)
    with house.desk.database.read() as session:
        other = take_apart(session, 2, house.desk.rules, house.clock())
    assert str(other.zone) == "Europe/Berlin"


def test_nothing_follows_the_end_of_a_case_that_waited(house, ada, kari):
    house.clock.pass_time(hours=1)
    house.post(kari.answer("Which printer is it?\n\n#wait"))
    house.clock.pass_time(hours=1)
    house.post(kari.answer("#solve"))
    house.clock.pass_time(hours=1)
    rows = apart(house).sums[WHOLE].rows
    assert [row.kind for row in rows if not row.is_ahead] == ["start", "counted", "paused", "met"]


def test_a_promise_that_was_taken_back_says_so(house, ada):
    house.clock.pass_time(hours=1)
    rules = house.desk.rules
    before = Edition(utc(1, 0), rules.policies, rules.calendars)
    house.change_rules(promises=(), editions=(before, Edition(house.clock(), {}, rules.calendars)))
    beat(house.desk)
    house.clock.pass_time(hours=1)
    found = apart(house).sums[WHOLE]
    assert found.clock.state == "cancelled"
    assert [row.words for row in found.rows if row.kind == "paused"] == ["no policy"]


def test_due_time_of_what_was_done_before_has_no_sum(house, ada, kari):
    house.clock.pass_time(hours=1)
    house.post(kari.answer("Hello Ada."))
    rows = apart(house).sums[FIRST].rows
    assert [(row.kind, row.is_ahead) for row in rows[-2:]] == [("met", False), ("due", True)]


def test_what_fired_and_what_is_ahead_stand_beside(house, ada, kari):
    house.post(kari.answer("Hello Ada, we look into it."))
    [step] = [one for one in apart(house).ahead if one.key[0] == WHOLE]
    assert (step.key[3], step.at, step.who) == ("75%", utc(24, 10), ("owner",))
    house.clock.at = utc(24, 10)
    beat(house.desk)
    found = apart(house)
    assert not [one for one in found.ahead if one.key[0] == WHOLE]
    [step] = [one for one in found.fired if one.key[0] == WHOLE]
    assert (step.key[3], step.reached_at, step.is_sent) == ("75%", utc(24, 10), True)
    assert [(line.new, bool(line.cause)) for line in found.chosen] == [("gold", True)]


# --- another configuration ----------------------------------------------------------------------


def moved(house: House, document: dict) -> list[Moved]:
    rules, now, book = house.desk.rules, house.clock(), read_sla(document)
    old = replace(rules, editions=(Edition(utc(1, 0), rules.policies, rules.calendars),))
    new = replace(rules, promises=book.promises, calendars=book.calendars)
    edition = Edition(now, new.policies, new.calendars)
    new = replace(new, editions=(*old.editions, edition))
    return list(due_times_moved(house.desk.database, old, new, now))


def test_due_times_that_would_move_are_told(house, ada):
    calendar = {**SLA["calendars"]["oslo"], "hours": {"mon-fri": ["08:00-15:00"]}}
    assert moved(house, {**SLA, "calendars": {"oslo": calendar}}) == [
        Moved(1, WHOLE, utc(24, 13), utc(24, 14))
    ]
    assert moved(house, SLA) == []


def test_promises_that_would_be_broken_at_once_are_told(house, ada):
    house.clock.pass_time(hours=3)
    clocks = {"P3": {"calendar": "oslo", "first_response": "1h", "resolution": "12h"}}
    policy = {"name": "gold", "clocks": clocks}
    assert moved(house, {**SLA, "sla": [policy]}) == [
        Moved(1, FIRST, utc(23, 13), utc(23, 10), is_breached=True)
    ]


def test_promises_that_would_end_are_told(house, ada, kari):
    assert moved(house, {**SLA, "sla": []}) == [
        Moved(1, FIRST, utc(23, 13), None, is_promised=False),
        Moved(1, WHOLE, utc(24, 13), None, is_promised=False),
    ]
    house.post(kari.answer("The cable was loose.\n\n#solve"))
    assert moved(house, {**SLA, "sla": []}) == []
