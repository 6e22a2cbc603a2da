"""What time brings: each reminder once, each return once, whatever happens in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from stories.house import BO, KARI, SUPPORT, House
from stories.people import Client, bare

from maildesk.desk.holds import due, fire, fire_due
from maildesk.desk.jobs import JOBS
from maildesk.errors import NotFound
from maildesk.mail.identifiers import Purpose, find_tokens
from maildesk.mail.template_sources import Sources
from maildesk.process import process_once
from maildesk.store.apply import Stale
from maildesk.store.outbox import list_outgoing
from maildesk.store.tables import holds, tickets


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=bare)


@pytest.fixture
def bo(house: House) -> Client:
    return house.client("Bo Li", BO, style=bare)


@pytest.fixture
def ada(house: House, kari: Client, bo: Client) -> Client:
    ada = house.client("Ada Berg", "ada@example.org")
    house.post(ada.write(SUPPORT))
    return ada


@pytest.fixture
def question(house: House, ada: Client, kari: Client):
    """What Kari is asked about a mail of hers that nothing proves."""
    house.post(kari.write(SUPPORT, "Re: Printer [#1]", "I come at noon."))
    return kari.last


@pytest.fixture
def asleep(house: House, ada: Client):
    """A case that comes back in two days."""
    until = house.clock() + timedelta(days=2)
    with house.desk.database.write() as session:
        session.execute(update(tickets).values(status="scheduled", wake_at=until))
    return until


def after(house: House, **time: float) -> list:
    """What is sent when so much time has passed."""
    house.clock.pass_time(**time)
    fire_due(house.desk)
    return house.work()


def test_agent_is_reminded_once_and_can_answer_the_reminder(house, ada, kari, question):
    assert after(house, minutes=59) == []
    (reminder,) = after(house, minutes=1)
    assert reminder.recipient == KARI
    assert (
        reminder.reply_to != question.reply_to or reminder["Message-ID"] != question["Message-ID"]
    )
    assert [token.purpose for token in find_tokens(reminder.reply_to)] == [Purpose.CONFIRMATION]
    assert after(house, minutes=1) == []
    assert house.to(ada, house.post(kari.answer("send", reminder)))
    assert after(house, hours=5) == []


def test_old_question_is_not_made_young_by_a_reminder(house, ada, kari, question):
    after(house, hours=20)
    house.clock.pass_time(hours=23)
    assert house.to(ada, house.post(kari.answer("send", question))) == []
    assert "more than a day after" in kari.last.text
    assert house.to(ada, house.post(kari.answer("send")))


def test_reminder_can_be_answered_for_a_day(house, ada, kari, question):
    (reminder,) = house.to(kari, after(house, hours=20))
    house.clock.pass_time(hours=23)
    assert house.to(ada, house.post(kari.answer("send", reminder)))


def test_team_is_told_once_after_four_hours(house, kari, bo, question):
    after(house, hours=1)
    assert after(house, hours=2, minutes=59) == []
    told = after(house, minutes=1)
    assert [letter.recipient for letter in told] == [BO]
    assert after(house, hours=1) == []


def test_what_the_agent_decided_on_is_nobodys_business(house, kari, question):
    house.post(kari.answer("drop", question))
    assert after(house, hours=5) == []


def test_both_are_due_at_once_after_a_long_stop(house, kari, bo, question):
    sent = after(house, hours=9)
    assert sorted(letter.recipient for letter in sent) == [BO, KARI]
    assert after(house, minutes=1) == []


def test_word_between_question_and_writing_wins(house, kari, question):
    house.clock.pass_time(hours=5)
    firings = due(house.desk)
    assert len(firings) == 2
    house.post(kari.answer("drop", question))
    for firing in firings:
        with pytest.raises(Stale):
            fire(house.desk, firing)
    assert house.work() == []


def test_firing_that_another_has_done_is_not_done_again(house, kari, bo, asleep, question):
    house.clock.pass_time(days=3)
    firings = due(house.desk)
    assert len(firings) == 3
    fire_due(house.desk)
    first = house.work()
    for firing in firings:
        with pytest.raises(Stale):
            fire(house.desk, firing)
    assert first
    assert house.work() == []


def test_failure_notes_nothing_and_the_next_minute_does_it(house, kari, question):
    """As a kill does: all of it is one transaction."""
    sources, house.desk.sources = house.desk.sources, Sources({})
    house.clock.pass_time(hours=1)
    with pytest.raises(NotFound):
        fire(house.desk, due(house.desk)[0])
    with house.desk.database.read() as session:
        assert session.scalars(select(holds.c.reminded_at)).all() == [None]
    house.desk.sources = sources
    assert [letter.recipient for letter in after(house, minutes=1)] == [KARI]


def test_one_that_fails_holds_up_no_other(house, kari, bo, asleep, question):
    texts = {k: v for k, v in house.desk.sources.texts.items() if k[0] != "command_confirm"}
    house.desk.sources = replace(house.desk.sources, texts=texts)
    sent = after(house, days=3)
    assert BO in {letter.recipient for letter in sent}
    assert house.ticket()["status"] == "open"
    assert house.to("admin@example.com", sent), "the admins hear of the failure"


def test_case_comes_back_on_its_day_once(house, ada, kari, bo, asleep):
    assert after(house, days=2, minutes=-1) == []
    sent = after(house, minutes=1)
    assert {letter.recipient for letter in sent} == {KARI, BO}
    assert house.ticket()["status"] == "open"
    assert after(house, days=1) == []


def test_case_that_was_put_off_further_sleeps_on(house, ada, asleep):
    house.clock.pass_time(days=2)
    (firing,) = due(house.desk)
    with house.desk.database.write() as session:
        session.execute(
            update(tickets).values(
                wake_at=asleep + timedelta(days=1), version=tickets.c.version + 1
            )
        )
    with pytest.raises(Stale):
        fire(house.desk, firing)
    assert house.ticket()["status"] == "scheduled"


def test_one_round_of_process_does_what_is_due(house, ada, asleep):
    house.clock.pass_time(days=2)
    process_once(house.desk)
    assert house.ticket()["status"] == "open"
    with house.desk.database.read() as session:
        assert {row["state"] for row in list_outgoing(session)} == {"sent"}


def test_daemon_looks_every_minute():
    (job,) = [job for job in JOBS if job.name == "remind_and_wake"]
    assert job.every == timedelta(minutes=1)
