"""A wall clock that leaps: mail goes on, what is due waits until somebody accepts the clock."""

from datetime import timedelta

import pytest
from stories.house import ADMIN, SUPPORT, House
from stories.promises import next_at

from maildesk.desk.clock_guard import accept, is_trusted
from maildesk.desk.jobs import run_timed
from maildesk.store import clocks


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
    assert "journal" not in told[0].text, "no mail is the matter"
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


def test_ticket_that_was_touched_while_the_clock_was_ahead_is_looked_at_when_it_is_set_back(
    house: House,
) -> None:
    asa = house.client("Åsa Øst", "asa@example.org")
    run_timed(house.desk)
    house.clock.pass_time(hours=12)
    run_timed(house.desk)
    house.post(asa.write(SUPPORT))
    house.clock.pass_time(hours=-12)
    assert looked_at(house) == ()
    run_timed(house.desk)
    house.clock.pass_time(minutes=1)
    assert looked_at(house) == (), "it was looked at, and waits for its own time"
    assert next_at(house) < house.clock.at + timedelta(days=7)


def looked_at(house: House) -> tuple[int, ...]:
    with house.desk.database.read() as session:
        return tuple(clocks.due(session.connection(), house.clock.at, 9))


def test_clock_that_goes_back_little_by_little_is_gone_by(house: House) -> None:
    assert is_trusted(house.desk)
    for _leap in range(3):
        house.clock.at -= timedelta(hours=13)
        assert is_trusted(house.desk)


def test_jobs_that_read_the_clock_at_once_do_not_take_each_other_for_a_leap(house: House) -> None:
    """One has noted the beat while the other was about to ask: that is no reason to look at all."""
    run_timed(house.desk)
    house.post(house.client("Åsa Øst", "asa@example.org").write(SUPPORT))
    run_timed(house.desk)
    waits_until = next_at(house)
    house.clock.pass_time(seconds=-1)
    assert is_trusted(house.desk)
    assert next_at(house) == waits_until
