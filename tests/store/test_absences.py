"""Agents who are away, as every decision sees them."""

from datetime import timedelta

from sqlalchemy import select

from maildesk.model.changes import SetAbsence
from maildesk.store import tickets
from maildesk.store.engine import Database
from maildesk.store.tables import absences

from .conftest import NOW, carry_out, change, facts_for, inbound, opening, shown

FRIDAY = NOW + timedelta(days=4)
WEEK = timedelta(days=7)


def test_an_agent_is_away_until_the_day_he_named(database: Database) -> None:
    change(database, SetAbsence("kari", FRIDAY), SetAbsence("ola", NOW + WEEK))
    assert facts_for(database, inbound()).absent == {"kari": FRIDAY, "ola": NOW + WEEK}
    with database.read() as session:
        facts = tickets.gather(session, inbound(), ticket_numbers=(), now=FRIDAY)
    assert facts.absent == {"ola": NOW + WEEK}


def test_an_agent_who_is_back_is_not_away(database: Database) -> None:
    change(database, SetAbsence("kari", FRIDAY), SetAbsence("kari", None))
    change(database, SetAbsence("ola", None))
    assert facts_for(database, inbound()).absent == {}


def test_an_absence_that_goes_on_keeps_its_beginning_and_a_new_one_has_its_own(
    database: Database,
) -> None:
    with database.write() as session:
        past = {"agent": "ola", "until": NOW - WEEK, "since": NOW - 2 * WEEK}
        going_on = {"agent": "kari", "until": FRIDAY, "since": NOW - WEEK}
        session.connection().execute(absences.insert(), [past, going_on])
    change(database, SetAbsence("kari", NOW + WEEK), SetAbsence("ola", FRIDAY))
    with database.read() as session:
        rows = session.execute(select(absences).order_by(absences.c.agent)).all()
    assert [tuple(row) for row in rows] == [
        ("kari", NOW + WEEK, NOW - WEEK),
        ("ola", FRIDAY, NOW),
    ]


def test_an_absence_is_no_event_of_a_ticket(database: Database) -> None:
    carry_out(database, opening(1, inbound()))
    change(database, SetAbsence("kari", FRIDAY))
    assert len(shown(database)["events"]) == 2
