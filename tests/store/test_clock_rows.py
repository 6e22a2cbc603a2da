"""What the beat asks and keeps; and a database from before there were clocks."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, select, text, update
from stories.house import BO, KARI, SUPPORT, House, open_house
from stories.people import bare
from stories.promises import (
    MINUTE,
    beat_at,
    facts_of,
    fired,
    mails,
    oslo,
    promising,
    states,
)

from maildesk.desk.children import Children
from maildesk.mail.template_sources import Sources
from maildesk.store import clocks
from maildesk.store.apply_work import Stale
from maildesk.store.clocks import Fired
from maildesk.store.engine import open_database
from maildesk.store.schema import MIGRATIONS
from maildesk.store.tables import tickets

ADA = "ada@example.org"
START = oslo("2026-11-23 10:00 CET")
KEY = ("resolution", 1, 0, "75%")


@pytest.fixture
def three(house: House) -> House:
    """Three cases of Ada's, a minute apart."""
    ada = house.client("Ada Berg", ADA, style=bare)
    house.client("Kari Nordmann", KARI, style=bare)
    for number in range(3):
        house.clock.at = START + number * MINUTE
        house.post(ada.write(SUPPORT, f"Printer {number} is dead"))
    return house


# --- what is due ----------------------------------------------------------------------------------


def due(house: House, at, limit: int = 10) -> tuple[int, ...]:
    with house.desk.database.read() as session:
        return tuple(clocks.due(session.connection(), at, limit))


def test_changed_tickets_are_looked_at_next_the_longest_due_first(three):
    assert due(three, START) == (1,)
    assert due(three, START + 5 * MINUTE) == (1, 2, 3)
    assert due(three, START + 5 * MINUTE, 2) == (1, 2)


def test_due_tickets_are_found_by_an_index(three):
    seen = []
    with three.desk.database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *a: seen.append(a[2:4]))
        clocks.due(connection, START, 10)
        (statement, parameters) = seen[0]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        words = " ".join(row[-1] for row in plan)
    assert "ticket_next" in words
    assert "SCAN" not in words


def test_new_promises_have_all_looked_at_that_are_not_over(three):
    with three.desk.database.write() as session:
        connection = session.connection()
        connection.execute(update(tickets).values(next_at=None))
        connection.execute(update(tickets).where(tickets.c.number == 3).values(status="closed"))
        clocks.look_at_all(connection, START)
    assert due(three, START) == (1, 2)


# --- what fires -----------------------------------------------------------------------------------


def note(house: House, *keys, ticket: int = 1) -> None:
    with house.desk.database.write() as session:
        noted = [Fired(key, START, is_sent=True) for key in keys]
        clocks.note(session.connection(), ticket, noted, START)


def test_key_fires_once_on_a_ticket(three):
    note(three, KEY)
    note(three, KEY, ticket=2)
    other = ("resolution", 1, 1, "75%")
    with pytest.raises(Stale, match="has fired"):
        note(three, other, KEY)
    assert [one.key for one in fired(three) if one.ticket == 1] == [KEY], "all or nothing"
    note(three, other)
    assert facts_of(three).fired == {KEY: START, other: START}


def test_firing_of_no_ticket_is_a_fault_and_not_taken_for_one_that_is_there(three):
    with pytest.raises(Exception, match="FOREIGN KEY"):
        note(three, KEY, ticket=77)


# --- the log --------------------------------------------------------------------------------------


def test_log_holds_what_clocks_hear_in_order(three):
    three.post(
        three.clients[KARI].answer("#take #ack #tag paper\n\nOff and on?", three.to(KARI)[0])
    )
    kinds = [line.kind for line in facts_of(three).log]
    assert kinds[:2] == ["created", "message"]
    assert {"status", "ack", "message"} <= set(kinds[2:])
    assert "tags" not in kinds
    assert facts_of(three, 2).log[0].at == START + MINUTE


def test_admitted_mail_is_told_with_the_instant_at_which_it_came(three):
    with three.desk.database.write() as session:
        connection = session.connection()
        receipt = connection.scalar(select(text("receipt")).select_from(text("message")))
        connection.execute(
            text(
                "INSERT INTO event (ticket, at, actor, kind, old, new, cause) VALUES "
                "(1, '2026-11-23 12:00:00.000000', 'kari', 'admitted', 'in held', 'in public', "
                f"'receipt {receipt}')"
            )
        )
    line = facts_of(three).log[-1]
    assert (line.kind, line.said_at) == ("admitted", START)


# --- a database of schema 0001 --------------------------------------------------------------------


def as_0001(new: Path, old: Path) -> None:
    """Make a database of the first schema that holds what this one does."""
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with closing(sqlite3.connect(old)) as database:
        database.execute("ATTACH ? AS new", [str(new)])
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in names.fetchall():
            if name != "alembic_version" and not name.startswith("sqlite_"):
                found = database.execute(f"PRAGMA table_info({name})").fetchall()
                columns = ", ".join(f'"{row[1]}"' for row in found)
                database.execute(f"INSERT INTO {name} SELECT {columns} FROM new.{name}")
        database.commit()


def live_in_old_times(house: House) -> None:
    """1 waits for its first answer since Friday, 2 for Ada since two weeks; 3 was solved months
    ago, 4 on Friday; 5 is closed."""
    ada = house.client("Ada Berg", ADA, style=bare)
    bo = house.client("Bo Li", BO, style=bare)
    words = ["", "#wait\n\nWhich one?", "#solve\n\nDone.", "#solve\n\nDone.", "#solve\n\nDone."]
    days = ["11-20", "11-09", "08-03", "11-20", "11-16"]
    for day, said in zip(days, words, strict=True):
        house.clock.at = oslo(f"2026-{day} 10:00 CET")
        house.post(ada.write(SUPPORT, f"Printer of {day}"))
        if said:
            house.post(bo.answer(said))
    house.post(ada.answer("It works, thank you."))


@pytest.fixture
def migrated(house: House, tmp_path: Path, children: Children, sources: Sources) -> Iterator[House]:
    """What those times have left, in a desk with promises."""
    live_in_old_times(house)
    house.desk.database.checkpoint()
    folder = tmp_path / "migrated"
    folder.mkdir()
    as_0001(tmp_path / "desk.db", folder / "desk.db")
    database = open_database(f"sqlite:///{folder / 'desk.db'}")
    done = database.migrate()
    database.close()
    assert done
    assert (done.old, done.new) == ("0001", "0002")
    with open_house(folder, children, sources, **promising()) as opened:
        opened.clock.at = START
        yield opened


def test_first_beat_runs_over_a_database_of_the_first_schema(migrated: House) -> None:
    before = mails(migrated)
    beat_at(migrated, START)
    assert facts_of(migrated, 1).ticket.policy == "standard"
    assert states(migrated, 1)["first_response"] == "running", "no promise was made on Friday"
    statuses = {row["number"]: row["status"] for row in migrated.tickets()}
    assert statuses == {1: "new", 2: "waiting_user", 3: "closed", 4: "solved", 5: "closed"}
    new = [(one.kind, one.to, one.ticket) for one in mails(migrated)[len(before) :]]
    assert new == [("reminder", ADA, 2)], "nobody is told of the end of what is long forgotten"
    beat_at(migrated, START)
    assert len(mails(migrated)) == len(before) + 1


def test_solution_is_dated_by_the_log_and_not_by_the_thanks(migrated: House) -> None:
    solved = {number: facts_of(migrated, number).ticket.solved_at for number in (1, 3, 5)}
    assert solved == {
        1: None,
        3: oslo("2026-08-03 10:00 CET"),
        5: oslo("2026-11-16 10:00 CET"),
    }


def test_promises_of_old_cases_count_from_the_first_beat(migrated: House) -> None:
    beat_at(migrated, START)
    facts = facts_of(migrated, 1)
    assert facts.ticket.due_at == START + timedelta(hours=4)
    beat_at(migrated, START + timedelta(hours=4))
    kinds = {one.kind for one in mails(migrated, since=START + MINUTE)}
    assert {"sla_breach", "delay"} <= kinds
