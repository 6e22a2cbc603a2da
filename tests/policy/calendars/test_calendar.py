"""Business time: frames, changes of the clocks, holidays, overrides, unions."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.policy.calendars.calendar import ALWAYS, LocalCalendar, UnionCalendar
from maildesk.policy.calendars.hours import read_frames, read_week
from maildesk.policy.calendars.public_holidays import public_holidays
from maildesk.policy.sla.promises import read_target

HOUR = timedelta(hours=1)
DAILY = "mon-sun"


def calendar(zone="Europe/Oslo", hours=None, holidays=(), overrides=None):
    return LocalCalendar(
        zone,
        read_week(hours or {"mon-fri": ["08:00-16:00"]}),
        {date.fromisoformat(on): "a holiday" for on in holidays},
        {date.fromisoformat(on): read_frames(frames) for on, frames in (overrides or {}).items()},
    )


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


OFFICE = calendar()
NIGHT = calendar(hours={DAILY: ["22:00-06:00"]})


# --- frames -------------------------------------------------------------------------------------


def test_frames_are_open_from_their_start_and_closed_from_their_end():
    assert not OFFICE.is_open(at("2026-11-23T07:59:59+01:00"))
    assert OFFICE.is_open(at("2026-11-23T08:00+01:00"))
    assert OFFICE.is_open(at("2026-11-23T15:59:59.999999+01:00"))
    assert not OFFICE.is_open(at("2026-11-23T16:00+01:00"))


def test_an_hour_before_close_is_due_at_close():
    assert OFFICE.due(at("2026-11-23T15:00+01:00"), HOUR) == at("2026-11-23T16:00+01:00")


def test_nothing_is_due_at_once():
    start = at("2026-11-21T12:00+01:00")
    assert OFFICE.due(start, timedelta()) == start


def test_a_calendar_that_never_opens_has_no_due_time():
    closed = calendar(hours={"mon": []})
    start = at("2026-11-23T12:00+01:00")
    assert closed.due(start, HOUR) is None
    assert closed.next_opening(start) is None
    assert closed.days_later(start, 1) is None
    assert closed.normal_day() == timedelta()


def test_open_until_midnight_goes_on_where_the_next_day_opens():
    evenings = calendar(hours={"mon": ["20:00-24:00"], "tue": ["00:00-02:00"]})
    spans = list(evenings.open_spans(at("2026-11-23T00:00Z"), at("2026-11-25T00:00Z")))
    assert spans == [(at("2026-11-23T20:00+01:00"), at("2026-11-24T02:00+01:00"))]


def test_frames_that_overlap_count_once():
    double = calendar(hours={"mon": ["08:00-12:00", "10:00-14:00"]})
    assert double.normal_day() == 6 * HOUR
    assert double.elapsed(at("2026-11-23T00:00Z"), at("2026-11-24T00:00Z")) == 6 * HOUR


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        OFFICE.is_open(datetime(2026, 11, 23, 9))


def test_any_offset_means_the_same_instant():
    start, end = at("2026-11-23T08:30+01:00"), at("2026-11-23T09:30+01:00")
    shifted = start.astimezone(OFFICE.zone)
    assert OFFICE.elapsed(shifted, end) == OFFICE.elapsed(start, end) == HOUR
    assert OFFICE.due(shifted, HOUR) == end


def test_open_time_is_counted_over_the_turn_of_a_year():
    start = at("2026-12-31T15:00+01:00")  # a Thursday, Friday is worked here
    assert OFFICE.due(start, 2 * HOUR) == at("2027-01-01T09:00+01:00")
    assert NIGHT.elapsed(at("2026-12-31T22:00+01:00"), at("2027-01-01T12:00+01:00")) == 8 * HOUR


# --- changes of the clocks ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("night", "hours"),
    [("2027-03-27T20:00Z", 7), ("2026-10-24T20:00Z", 9), ("2026-11-24T20:00Z", 8)],
    ids=["spring", "autumn", "other"],
)
def test_a_night_shift_is_as_long_as_it_really_is(night, hours):
    assert NIGHT.elapsed(at(night), at(night) + 14 * HOUR) == hours * HOUR


@pytest.mark.parametrize(
    ("zone", "frame", "day", "start", "end"),
    [
        ("Europe/Oslo", "02:30-10:30", "2027-03-28", "01:00", "08:30"),  # in the gap: the jump
        ("Europe/Oslo", "01:00-02:30", "2027-03-28", "00:00", "01:00"),
        ("Europe/Oslo", "02:30-10:30", "2026-10-25", "00:30", "09:30"),  # the first 02:30
        ("Europe/Oslo", "01:00-02:30", "2026-10-25", "-01:00", "01:30"),  # the second 02:30
        ("Europe/Oslo", "01:00-02:00", "2026-10-25", "-01:00", "01:00"),
        ("Europe/Oslo", "03:00-04:00", "2026-10-25", "02:00", "03:00"),
        ("Australia/Lord_Howe", "02:15-06:00", "2026-10-04", "-08:30", "-05:00"),  # half an hour
        ("Africa/Cairo", "00:00-08:00", "2026-04-24", "-02:00", "05:00"),  # at midnight
        ("America/Havana", "00:30-02:00", "2026-11-01", "04:30", "07:00"),
    ],
)
def test_edges_at_a_change_of_the_clocks(zone, frame, day, start, end):
    wanted = [at(f"{day}T00:00Z") + _offset(text) for text in (start, end)]
    changed = calendar(zone, {DAILY: [frame]})
    spans = changed.open_spans(wanted[0] - 3 * HOUR, wanted[1] + 3 * HOUR)
    assert [list(span) for span in spans] == [wanted]


def _offset(text):
    hours, minutes = text.removeprefix("-").split(":")
    return timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if text[0] == "-" else 1)


def test_a_frame_inside_the_hour_left_out_is_empty():
    night = calendar(hours={DAILY: ["02:10-02:50"]})
    before, after = at("2027-03-27T12:00Z"), at("2027-03-28T12:00Z")
    assert night.elapsed(before, after) == timedelta()
    assert night.elapsed(after, after + 24 * HOUR) == timedelta(minutes=40)


def test_a_date_that_a_zone_left_out_has_no_open_time():
    samoa = calendar("Pacific/Apia", {DAILY: ["08:00-16:00"]})
    start, end = at("2011-12-29T20:00-10:00"), at("2011-12-31T20:00+14:00")
    assert samoa.elapsed(start, end) == 8 * HOUR  # the 30th did not happen


# --- holidays and overrides ---------------------------------------------------------------------


def test_a_holiday_cuts_the_night_before_and_the_shift_that_begins_on_it():
    night = calendar(hours={DAILY: ["22:00-06:00"]}, holidays=["2026-12-25"])
    spans = list(night.open_spans(at("2026-12-24T12:00Z"), at("2026-12-27T12:00Z")))
    assert spans == [
        (at("2026-12-24T22:00+01:00"), at("2026-12-25T00:00+01:00")),
        (at("2026-12-26T22:00+01:00"), at("2026-12-27T06:00+01:00")),
    ]


def test_an_override_replaces_the_tail_of_the_night_too():
    night = calendar(hours={DAILY: ["22:00-06:00"]}, overrides={"2026-12-25": ["02:00-03:00"]})
    spans = list(night.open_spans(at("2026-12-24T12:00Z"), at("2026-12-26T12:00Z")))
    assert spans == [
        (at("2026-12-24T22:00+01:00"), at("2026-12-25T00:00+01:00")),
        (at("2026-12-25T02:00+01:00"), at("2026-12-25T03:00+01:00")),
    ]


def test_an_overnight_override_reaches_into_the_next_date():
    office = calendar(overrides={"2026-11-28": ["22:00-06:00"]})
    assert office.is_open(at("2026-11-29T05:59+01:00"))


def test_an_override_beats_a_holiday():
    office = calendar(holidays=["2026-12-24"], overrides={"2026-12-24": ["08:00-12:00"]})
    assert office.is_open(at("2026-12-24T09:00+01:00"))
    assert office.holiday_at(at("2026-12-24T09:00+01:00")) is None


def test_holidays_are_named():
    office = calendar(holidays=["2026-12-25"])
    assert office.holiday_at(at("2026-12-24T23:30Z")) == "a holiday"  # the 25th in Oslo
    assert office.holidays_between(date(2026, 12, 1), date(2027, 1, 1)) == {
        date(2026, 12, 25): "a holiday"
    }


def test_countries_bring_holidays_and_days_worked_in_their_place():
    china = public_holidays("CN", range(2026, 2027), language="en_US")
    assert china.closed[date(2026, 10, 1)] == "National Day"
    assert date(2026, 10, 10) in china.worked
    assert {on.year for on in china.worked} == {2026}
    assert date(2027, 5, 17) in public_holidays("NO", range(2027, 2028)).closed


@pytest.mark.parametrize("country", [("XX", None), ("NO", "ZZ")])
def test_unknown_countries_are_refused(country):
    with pytest.raises(ValueError, match=r"XX|ZZ"):
        public_holidays(country[0], range(2026, 2027), country[1])


# --- unions -------------------------------------------------------------------------------------


def test_a_union_is_open_when_a_member_is():
    union = UnionCalendar((OFFICE, calendar("America/New_York", {"mon-fri": ["09:00-17:00"]})))
    day = at("2026-11-23T00:00Z"), at("2026-11-24T00:00Z")
    spans = list(union.open_spans(*day))
    assert spans == [(at("2026-11-23T07:00Z"), at("2026-11-23T22:00Z"))]  # 14–15 is shared
    assert union.elapsed(*day) == union.normal_day() == 15 * HOUR


def test_a_union_names_the_holidays_of_its_members():
    union = UnionCalendar((OFFICE, calendar(holidays=["2026-12-25"])))
    assert union.holiday_at(at("2026-12-25T12:00Z")) == "a holiday"


# --- days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "normal"),
    [
        ({"mon-fri": ["08:00-16:00"]}, 8),
        ({"mon-thu": ["08:00-16:00"], "fri": ["08:00-14:00"]}, 8),
        ({"mon": ["08:00-12:00"], "tue": ["08:00-16:00"]}, 8),  # as common: the longer
        ({"mon,wed": ["22:00-06:00"]}, 8),
        ({DAILY: ["00:00-24:00"]}, 24),
        ({"mon-fri": ["09:00-12:30", "13:00-17:30"], "sat": ["09:00-12:00"]}, 8),
    ],
)
def test_normal_day_is_the_commonest(hours, normal):
    made = calendar(hours=hours)
    assert made.normal_day() == normal * HOUR
    assert read_target("3bd", made) == 3 * normal * HOUR


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23T10:00+01:00", 5, "2026-11-30T10:00+01:00"),
        ("2026-11-21T10:00+01:00", 5, "2026-11-27T10:00+01:00"),  # from a Saturday
        ("2026-12-23T10:00+01:00", 2, "2026-12-28T10:00+01:00"),  # Friday is a holiday
        ("2027-03-26T02:30+01:00", 1, "2027-03-29T02:30+02:00"),
        ("2026-11-23T22:15+01:00", 0, "2026-11-23T22:15+01:00"),
    ],
)
def test_days_later_is_the_same_local_time(start, days, end):
    office = calendar(holidays=["2026-12-25"])
    assert office.days_later(at(start), days) == at(end)


def test_next_opening():
    assert OFFICE.next_opening(at("2026-11-27T16:00+01:00")) == at("2026-11-30T08:00+01:00")
    assert OFFICE.next_opening(at("2026-11-27T15:00+01:00")) == at("2026-11-27T15:00+01:00")
    new_year = calendar(holidays=["2027-01-01"])
    assert new_year.next_opening(at("2026-12-31T20:00Z")) == at("2027-01-04T08:00+01:00")


def test_always_open_is_plain_time():
    start = at("2026-11-23T10:00+01:00")
    assert ALWAYS.due(start, timedelta(days=900)) == start + timedelta(days=900)
    assert ALWAYS.next_opening(start) == start


# --- hours as written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        ({"mo": ["08:00-16:00"]}, "names no days"),
        ({"mon": "08:00-16:00"}, "is no list of hours"),
        ({"mon": ["08:00"]}, "is no range of hours"),
        ({"mon": ["08:00-25:00"]}, "is no range of hours|is no time of day"),
        ({"mon": ["08:00-24:30"]}, "is no time of day"),
        ({"mon": ["24:00-08:00"]}, "begins at 24:00"),
        ({"mon": [["08:00", 16]]}, "is no time of day"),
        ({"mon": [7]}, "is no range of hours"),
        ({"mon-wed": ["08:00-16:00"], "tue": []}, "tue has hours twice"),
    ],
)
def test_hours_that_cannot_be_read_say_why(hours, problem):
    with pytest.raises(ValueError, match=problem):
        read_week(hours)


def test_days_are_written_in_several_ways():
    week = read_week({"Mon-Wed": [["08:00", "16:00"]], "fri,sun": ["8:00-16:00"]})
    assert [bool(day) for day in week] == [True, True, True, False, True, False, True]
    assert read_week({"sat-mon": ["08:00-16:00"]})[0] == week[0]


@pytest.mark.parametrize("text", ["", "3", "bd", "3 weeks", "-1h"])
def test_targets_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match="is no time"):
        read_target(text, OFFICE)


def test_targets_add_up():
    assert read_target("1h 30m", OFFICE) == 1.5 * HOUR


# --- what holds of every calendar ---------------------------------------------------------------

instants = st.datetimes(datetime(2025, 12, 1), datetime(2028, 2, 1)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)
calendars = st.sampled_from(
    [
        OFFICE,
        NIGHT,
        ALWAYS,
        calendar("Asia/Kolkata", {"mon-sat": ["09:30-18:30"]}, holidays=["2026-01-26"]),
        calendar("America/Havana", {DAILY: ["00:00-01:00", "20:00-24:00"]}),
        UnionCalendar((OFFICE, NIGHT)),
    ]
)


@given(calendars, st.lists(instants, min_size=3, max_size=3))
def test_elapsed_grows_and_adds_up(chosen, three):
    first, middle, last = sorted(three)
    parts = [chosen.elapsed(start, end) for start, end in pairwise((first, middle, last))]
    assert min(parts) >= timedelta()
    assert sum(parts, timedelta()) == chosen.elapsed(first, last)
    assert chosen.elapsed(last, first) == timedelta()


@given(calendars, instants, st.timedeltas(timedelta(), timedelta(days=400)))
def test_elapsed_until_due_is_the_target(chosen, start, target):
    due = chosen.due(start, target)
    assert chosen.elapsed(start, due) == target
    if target:
        assert chosen.elapsed(start, due - timedelta(microseconds=1)) < target


@given(calendars, instants)
def test_next_opening_is_the_first_open_instant(chosen, start):
    opening = chosen.next_opening(start)
    assert chosen.is_open(opening)
    assert chosen.elapsed(start, opening) == timedelta()
    assert (opening == start) == chosen.is_open(start)
