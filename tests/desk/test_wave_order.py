"""What a batch of mails does is what they would do one after the other."""

import pytest
from sqlalchemy import select
from stories.house import BO, KARI, SUPPORT, House
from stories.people import Client, bare

from maildesk.desk.intake import Worker
from maildesk.store.tables import receipts


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=bare)


@pytest.fixture
def bo(house: House) -> Client:
    return house.client("Bo Li", BO, style=bare)


@pytest.fixture
def people(house: House) -> list[Client]:
    """Requesters with a case each, numbered from 1."""
    people = [house.client(f"Person {n}", f"p{n}@example.org") for n in range(1, 5)]
    for number, person in enumerate(people, 1):
        house.post(person.write(SUPPORT, f"Printer {number}"))
    return people


def about(client: Client, number: int):
    return next(x for x in client.inbox[::-1] if f"[#{number}]" in x["Subject"])


def test_absence_counts_for_the_next_mail_of_the_batch(house, kari, bo, people):
    house.post(kari.answer("#take", about(kari, 1)))
    house.hand_in(kari.answer("#away 2026-12-24", about(kari, 2)))
    house.hand_in(people[0].answer("Still dead.", about(people[0], 1)))
    sent = house.work()
    assert house.to(bo, sent), "the team reads it meanwhile"


def test_list_shows_what_the_mails_before_it_did(house, kari, bo, people):
    house.hand_in(kari.answer("#take", about(kari, 3)))
    house.hand_in(people[1].write(SUPPORT, "A fifth printer"))
    house.hand_in(bo.answer("#queue", about(bo, 1)))
    (answer,) = [x for x in house.to(bo, house.work()) if "fifth" in x.text and "#3" in x.text]
    assert "Kari" in answer.text


def test_two_agents_on_one_case_are_heard_one_after_the_other(house, kari, bo, people):
    house.hand_in(kari.answer("#take #priority P1", about(kari, 1)))
    house.hand_in(bo.answer("#assign bo #tag vip", about(bo, 1)))
    house.work()
    ticket = house.ticket(1)
    assert (ticket["assignee"], ticket["priority"], ticket["tags"]) == ("bo", "P1", ["vip"])


def test_strangers_share_a_transaction(house, people):
    for person in people:
        house.hand_in(person.answer("More.", about(person, people.index(person) + 1)))
    progress = []
    worker = Worker(house.desk)
    worker.on_progress = lambda: progress.append(1)
    assert worker.work() == 4
    assert len(progress) == 4 + 1, "four mails were read, one wave was written"


def test_mail_whose_plan_is_always_out_of_date_is_set_aside(house, people):
    """Nothing can say that the receipt is done: it is as if somebody else had always done it."""
    with house.desk.database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER never BEFORE UPDATE ON receipt WHEN NEW.state = 'done'"
            " BEGIN SELECT RAISE(IGNORE); END"
        )
    house.hand_in(people[0].answer("More.", about(people[0], 1)))
    worker = Worker(house.desk)
    for seconds in (5, 20, 0):
        assert worker.work() == 1
        assert worker.work() == 0, "it waits, and does not spin"
        house.clock.pass_time(seconds=seconds)
    with house.desk.database.read() as session:
        state, error = session.execute(
            select(receipts.c.state, receipts.c.error).order_by(receipts.c.id.desc()).limit(1)
        ).one()
    assert state == "failed"
    assert "finished by somebody else" in error
