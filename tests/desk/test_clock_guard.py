"""A wall clock that leaps: mail goes on, what is due waits until somebody accepts the clock."""

from datetime import timedelta

import pytest
from stories.house import ADMIN, SUPPORT, House

from maildesk.desk.clock_guard import accept, is_trusted
from maildesk.desk.jobs import run_timed


@pytest.mark.parametrize(
    ("leap", "trusted"),
    [
        (timedelta(minutes=1), True),
        (timedelta(hours=-1), True),
        (timedelta(hours=1), True),
        (timedelta(days=3), True),
        (timedelta(days=30), True),
        (timedelta(days=-1), True),
        (timedelta(days=30, seconds=1), False),
        (timedelta(days=-1, seconds=-1), False),
    ],
)
def test_a_leap_of_more_than_a_day_back_or_30_days_forth_is_not_believed(
    house: House, leap: timedelta, trusted: bool
) -> None:
    assert is_trusted(house.desk)
    house.clock.at += leap
    assert is_trusted(house.desk) is trusted


def test_what_is_due_waits_and_mail_goes_on_until_the_clock_is_accepted(house: House) -> None:
    asa = house.client("Åsa Øst", "asa@example.org")
    kari = house.client("Kari Nordmann", "kari@example.com")
    house.post(asa.write(SUPPORT))
    house.post(kari.answer("#wait 2d"))
    run_timed(house.desk)
    house.clock.pass_time(days=31)
    run_timed(house.desk)
    told = house.work()
    assert [letter.recipient for letter in told] == [ADMIN]
    assert "maildesk run --accept-clock" in told[0].text
    assert house.ticket()["status"] == "waiting_user"
    house.post(asa.write(SUPPORT, "Another one"))
    assert len(house.tickets()) == 2
    accept(house.desk)
    run_timed(house.desk)
    assert house.ticket()["status"] == "open"


def test_the_alert_comes_once(house: House) -> None:
    run_timed(house.desk)
    house.clock.pass_time(days=40)
    for _minute in range(3):
        run_timed(house.desk)
        house.clock.pass_time(minutes=1)
    assert len(house.work()) == 1
