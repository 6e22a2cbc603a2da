"""Instants, lengths of time and clocks in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maildesk.cli.times import clock_words, length, local

OSLO = ZoneInfo("Europe/Oslo")
CLOCK = {
    "state": "running",
    "due_at": "2026-11-23T12:00:00Z",
    "met_at": None,
    "remaining_min": 125.5,
}


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(), "0 min"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=27, seconds=30), "27 h 30 s"),
        (timedelta(days=3), "72 h"),
        (-timedelta(hours=1, minutes=2), "-1 h 2 min"),
        (-timedelta(milliseconds=1), "0 min"),
    ],
)
def test_length_is_told_in_hours_and_minutes(time, words):
    assert length(time) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 23, 8, 15, tzinfo=UTC), "Mon 2026-11-23 09:15 CET"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Sun 2026-10-25 02:30 CEST"),
        (datetime(2026, 10, 25, 1, 30, 7, 999, tzinfo=UTC), "Sun 2026-10-25 02:30:07 CET"),
    ],
)
def test_instant_has_date_time_and_zone(at, words):
    assert local(at, OSLO) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "running, due {}, 2 h 5 min left"),
        ({"state": "breached", "remaining_min": -3.2}, "breached, was due {}, 3 min late"),
        ({"state": "paused", "due_at": None, "remaining_min": 60}, "paused, 1 h left"),
        ({"state": "not_started", "due_at": None, "remaining_min": None}, "not started"),
        ({"due_at": None}, "running, 2 h 5 min left"),
        ({"state": "met", "met_at": CLOCK["due_at"], "remaining_min": None}, "met {0}, due {0}"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_clock_says_how_it_stands(changes, words):
    due = local(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert clock_words({**CLOCK, **changes}) == words.format(due)
