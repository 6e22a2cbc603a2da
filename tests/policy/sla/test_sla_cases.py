"""Worked examples of promises: the shared ones where they are, and how the form is read."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from maildesk.policy.calendars.calendar_file import read_calendars
from maildesk.policy.sla.cases import differences, read_case, read_policies
from maildesk.policy.sla.words import Faults

CASES = Path(
    os.environ.get("MAILDESK_CASES", Path(__file__).parents[3].parent / "shared" / "cases")
)
SHARED = CASES / "sla_cases.json"
WORKED = json.loads(SHARED.read_text()) if SHARED.is_file() else {"cases": []}


def calendars_of(tables):
    faults = Faults()
    read = read_calendars(tables, (), faults)
    if faults.found:
        raise faults.found[0]
    return read


def case_of(table, tables, policies):
    faults = Faults()
    calendars = calendars_of(tables)
    read = read_policies(policies, (), calendars, faults)
    assert faults.found == []
    return read_case(table, calendars, read)


@pytest.mark.skipif(not SHARED.is_file(), reason=f"the shared cases are not at {SHARED}")
@pytest.mark.parametrize("table", WORKED["cases"], ids=lambda table: table["id"])
def test_shared_case(table):
    case = case_of(table, WORKED["calendars"], WORKED["policies"])
    assert differences(case) == ()


# --- the form -----------------------------------------------------------------------------------

OFFICE = {"timezone": "Europe/Oslo", "hours": {"mon-fri": ["08:00-16:00"]}}
CALENDARS = {"office": OFFICE, "desk": {"union": ["office"]}}
POLICIES = {"std": {"P2": {"calendar": "desk", "first_response": 60, "resolution": 480}}}
CASE = {
    "id": "one",
    "policy": "std",
    "events": [{"at": "2026-11-23T09:00:00+01:00", "type": "created", "priority": "P2"}],
    "now": "2026-11-23T13:30:00+01:00",
    "ladder": [50],
}


def worked(*events, **more):
    table = {**CASE, **more, "events": [*CASE["events"], *events]}
    return case_of(table, CALENDARS, POLICIES)


def test_what_differs_is_said_in_a_line_each():
    expect = {
        "first_response": {"state": "running", "elapsed_min": 270, "met_at": None},
        "resolution": {
            "due_at": "2026-11-24T10:00:00+01:00",
            "elapsed_min": 200,
            "remaining_min": 210,
            "cycles": 2,
            "fired": [[75, "2026-11-23T13:00:00+01:00"]],
        },
    }
    assert differences(worked(expect=expect)) == (
        "first_response.state: expected running, got breached",
        "resolution.due_at: expected 2026-11-24T10:00:00+01:00, got 2026-11-24T09:00:00+01:00",
        "resolution.elapsed_min: expected 200, got 270.0",
        "resolution.cycles: expected 2, got 1",
        "resolution.fired: expected [(75, '2026-11-23T13:00:00+01:00')], "
        "got [(50, '2026-11-23T13:00:00+01:00')]",
    )


def test_instants_are_compared_as_instants():
    assert differences(worked(expect={"resolution": {"due_at": "2026-11-24T08:00:00Z"}})) == ()


def test_an_edit_of_a_calendar_reaches_the_unions_that_hold_it():
    edit = {
        "at": "2026-11-23T13:00:00+01:00",
        "type": "calendar_edit",
        "calendar": "office",
        "add_holidays": ["2026-11-24"],
    }
    due = {"due_at": "2026-11-25T09:00:00+01:00", "elapsed_min": 270}
    assert differences(worked(edit, expect={"resolution": due})) == ()


def test_edits_of_a_policy_add_up():
    edits = [
        {
            "at": "2026-11-23T10:00:00+01:00",
            "type": "policy_edit",
            "priority": "P2",
            "targets": {clock: 600},
        }
        for clock in ("first_response", "resolution")
    ]
    due = {"due_at": "2026-11-24T11:00:00+01:00"}
    assert differences(worked(*edits, expect={"first_response": due, "resolution": due})) == ()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"policy": "gone"}, "case one: 'gone' is missing"),
        ({"now": "2026-11-23T13:30:00"}, "has no time zone"),
        ({"now": "soon"}, "case one: Invalid isoformat"),
        ({"pause_states": ["asleep"]}, "'asleep' is not a valid Status"),
        ({"expect": {"lunch": {}}}, "'lunch' is not a valid ClockName"),
        ({"expect": {"resolution": {"mood": "good"}}}, "'mood' cannot be expected of a clock"),
        ({"expect": {"resolution": {"state": "fine"}}}, "'fine' is not a valid ClockState"),
    ],
)
def test_cases_that_cannot_be_read_say_why(more, problem):
    with pytest.raises(ValueError, match=problem):
        worked(**more)


@pytest.mark.parametrize(
    ("calendars", "problem"),
    [
        ({"a": {"union": ["a"]}}, "the union holds itself: a → a"),
        ({"a": {"union": ["b"]}}, 'unknown calendar "b"'),
        ({"a": {"timezone": "Mars/Base", "hours": {}}}, 'there is no time zone "Mars/Base"'),
        ({"a": {"timezone": "UTC"}}, '"hours" is missing'),
        ({"a": {**OFFICE, "holidays": ["2026-13-01"]}}, "there is no date 2026-13-01"),
        ({"a": {**OFFICE, "overrides": {"2026-12-24": "08:00-12:00"}}}, "a list of hours"),
    ],
)
def test_calendars_that_cannot_be_read_say_why(calendars, problem):
    with pytest.raises(ValueError, match=problem):
        calendars_of(calendars)


def test_dates_may_be_named():
    named = calendars_of({"a": {**OFFICE, "holidays": {"2026-12-25": "Christmas Day"}}})["a"]
    assert list(named.holidays.values()) == ["Christmas Day"]


def test_holidays_may_be_those_of_a_country():
    table = {
        "timezone": "Asia/Shanghai",
        "hours": {"mon-fri": ["09:00-18:00"]},
        "holidays": {"country": "CN"},
        "overrides": {"2026-10-10": ["10:00-12:00"]},
    }
    china = calendars_of({"a": table})["a"]
    assert not china.has_shift(date(2026, 10, 1))
    assert [len(china.frames_on(date(2026, month, 20))) for month in (9, 10)] == [1, 1]
    assert china.frames_on(date(2026, 9, 20)) == china.normal_frames()  # a Sunday that is worked
    assert china.frames_on(date(2026, 10, 10))[0].start == 10 * 60
