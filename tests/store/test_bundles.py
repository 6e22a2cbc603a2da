"""What waits to be told in one mail: counted by an index, taken once, lost never."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from maildesk.mail.message import Address
from maildesk.model.changes import AddParty, Bundle, Detail, MergeTicket, SetDetail
from maildesk.model.ticket import Party, Priority, Role
from maildesk.store import bundles, outbox
from maildesk.store.apply import Stale
from maildesk.store.engine import Database
from maildesk.store.letters import Letter

from .conftest import NOW, carry_out, change, history, inbound, opening

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
KARI = "kari@example.com"
KINDS = ("queue_new", "user_replied")
LETTER = Letter(
    kind="queue_new",
    ticket=None,
    cause="receipt 1",
    recipient=KARI,
    recipient_key=KARI,
    reverse_path="",
    message_id="1@example.com",
    raw=b"",
    audience="agent",
)


@pytest.fixture(autouse=True)
def cases(database: Database) -> None:
    for number in (1, 2):
        carry_out(database, opening(number, inbound(f"Mail {number}.")))


def put(database: Database, *letters: Letter, after: timedelta = timedelta()) -> None:
    with database.write() as session:
        outbox.put(session, letters, NOW + after)


def count(database: Database, *keys: str, since: timedelta = -HOUR) -> dict[str, int]:
    with database.read() as session:
        return dict(bundles.count_since(session.connection(), keys, KINDS, NOW + since))


def wait(database: Database, *rows: tuple[str, int, timedelta]) -> None:
    change(database, *(Bundle(agent, ticket, "queue_new", NOW + at) for agent, ticket, at in rows))


def waiting(database: Database, agent: str = "kari") -> tuple[bundles.Bundled, ...]:
    with database.read() as session:
        return bundles.waiting(session.connection(), agent, KARI)


def take(database: Database, told: tuple[bundles.Bundled, ...], agent: str = "kari") -> None:
    with database.write() as session:
        bundles.take(session.connection(), agent, told)


# --- how many -----------------------------------------------------------------------------------


def test_mails_to_an_agent_count_by_kind_and_time(database: Database) -> None:
    put(database, LETTER, after=-HOUR)
    put(
        database,
        replace(LETTER, cause="2"),
        replace(LETTER, cause="3", kind="user_replied"),
        replace(LETTER, cause="4", kind="case"),
        replace(LETTER, cause="5", kind="user_replied", audience="requester"),
        replace(LETTER, cause="6", recipient_key="bo@example.com"),
    )
    assert count(database, KARI, "bo@example.com", "eve@example.com") == {
        KARI: 2,
        "bo@example.com": 1,
    }
    assert count(database, KARI, since=-HOUR - MINUTE) == {KARI: 3}


def test_count_is_one_statement_that_reads_an_index_and_nothing_else(database: Database) -> None:
    asked: list[tuple[str, object]] = []

    def note(_c: object, _u: object, sql: str, parameters: object, *_rest: object) -> None:
        asked.append((sql, parameters))

    with database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", note)
        bundles.count_since(connection, [KARI, "bo@example.com"], KINDS, NOW)
        ((sql, parameters),) = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()  # type: ignore[arg-type]
    assert "USING COVERING INDEX outgoing_agent (recipient_key=? AND created_at>?)" in plan[0][3]


# --- what waits ---------------------------------------------------------------------------------


def test_what_waits_is_told_with_its_ticket_as_it_is_now(database: Database) -> None:
    wait(database, ("kari", 1, MINUTE))
    party = Party(2, Address("Kari", "Kari@example.com"), Role.AGENT)
    title = SetDetail(1, Detail.TITLE, "Third floor")
    change(database, AddParty(1, party), title, SetDetail(1, Detail.PRIORITY, "P1"))
    (one,) = waiting(database)
    assert (one.kind, one.at, one.queue, one.party) == ("queue_new", NOW + MINUTE, "helpdesk", 2)
    assert (one.ticket.number, one.ticket.subject) == (1, "Third floor")
    assert one.ticket.priority is Priority.P1
    assert waiting(database, "bo") == ()


def test_waiting_is_no_event_of_a_ticket(database: Database) -> None:
    before = history(database)
    wait(database, ("kari", 1, MINUTE))
    assert history(database) == before


def test_agents_are_due_a_while_after_the_first_that_waits(database: Database) -> None:
    wait(database, ("kari", 1, 2 * MINUTE), ("bo", 1, MINUTE), ("bo", 2, 9 * MINUTE))
    with database.read() as session:
        due = [bundles.due(session.connection(), NOW + n * MINUTE) for n in range(3)]
    assert due == [(), ("bo",), ("bo", "kari")]


def test_what_is_taken_waits_no_more_and_what_came_since_does(database: Database) -> None:
    wait(database, ("kari", 1, MINUTE), ("bo", 1, MINUTE))
    told = waiting(database)
    wait(database, ("kari", 2, MINUTE))
    take(database, told)
    assert [one.ticket.number for one in waiting(database)] == [2]
    assert [one.ticket.number for one in waiting(database, "bo")] == [1]


def test_nothing_is_taken_twice(database: Database) -> None:
    wait(database, ("kari", 1, MINUTE))
    told = waiting(database)
    take(database, told)
    with pytest.raises(Stale):
        take(database, told)
    wait(database, ("kari", 2, MINUTE))  # SQLite gives the number of the row again
    assert waiting(database)[0].id == told[0].id
    with pytest.raises(Stale):
        take(database, told)
    assert len(waiting(database)) == 1


def test_what_waits_goes_along_when_its_ticket_is_merged(database: Database) -> None:
    wait(database, ("kari", 1, MINUTE))
    told = waiting(database)
    change(database, MergeTicket(1, 2))
    assert [one.ticket.number for one in waiting(database)] == [2]
    with pytest.raises(Stale):
        take(database, told)


def test_what_waits_for_somebody_can_be_forgotten(database: Database) -> None:
    wait(database, ("kari", 1, MINUTE), ("kari", 2, MINUTE), ("bo", 2, MINUTE))
    with database.write() as session:
        assert bundles.forget(session.connection(), "kari") == 2
    assert waiting(database) == ()
    assert len(waiting(database, "bo")) == 1
