"""Digests: a row a reader and day, and lists of tickets by index."""

from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import IntegrityError

from maildesk.mail.message import Address
from maildesk.model.changes import (
    AddMessage,
    AddParty,
    CloseHold,
    MergeTicket,
    OpenHold,
    SetAssignee,
)
from maildesk.model.digests import Listing, PartyNumber
from maildesk.model.facts import Hold
from maildesk.model.ticket import Party, Role, Visibility
from maildesk.store import clocks, digests
from maildesk.store.apply import Stale
from maildesk.store.clocks import Fired
from maildesk.store.engine import Database
from maildesk.store.tables import tickets

from .conftest import ADA, NOW, carry_out, change, inbound, message, opening

HOUR = timedelta(hours=1)
UNTIL = NOW + HOUR * 12
KARI = Address("Kari Nordmann", "kari@example.com")


@pytest.fixture(autouse=True)
def cases(database: Database) -> None:
    for number in range(1, 8):
        carry_out(database, opening(number, inbound(f"Mail {number}.")))


def put(database: Database, number: int, **columns: object) -> None:
    with database.write() as session:
        session.execute(update(tickets).where(tickets.c.number == number).values(columns))


def ask(database: Database, question: object, *values: object) -> object:
    with database.read() as session:
        return question(session.connection(), *values)  # type: ignore[operator]


def numbers(listing: Listing) -> list[int]:
    return [case.line.number for case in listing.cases]


# --- which were sent ------------------------------------------------------------------------------


def note(database: Database, reader: str, day: str, after: timedelta = timedelta()) -> None:
    with database.write() as session:
        digests.note(session.connection(), reader, day, NOW + after)


def test_a_digest_is_noted_once_a_day_for_each_reader(database: Database) -> None:
    note(database, "kari", "2026-11-23")
    note(database, "team:first-line", "2026-11-23")
    note(database, "kari", "2026-11-24")
    with pytest.raises(Stale, match="kari has had the digest of 2026-11-23"):
        note(database, "kari", "2026-11-23")


def test_a_write_that_is_refused_is_no_digest_that_another_has_sent(database: Database) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER refused BEFORE INSERT ON digest BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(IntegrityError):
        note(database, "kari", "2026-11-23")


def test_which_are_done_and_which_are_not(database: Database) -> None:
    note(database, "kari", "2026-11-23")
    note(database, "bo", "2026-11-22")
    asked = {("kari", "2026-11-23"), ("bo", "2026-11-23"), ("lin", "2026-11-22")}
    assert ask(database, digests.sent, asked) == {("kari", "2026-11-23")}


def test_the_last_one_before_a_day(database: Database) -> None:
    note(database, "kari", "2026-11-20", -HOUR * 72)
    note(database, "kari", "2026-11-23")
    note(database, "bo", "2026-11-21")
    assert ask(database, digests.last_before, "kari", "2026-11-23") == NOW - HOUR * 72
    assert ask(database, digests.last_before, "kari", "2026-11-24") == NOW
    assert ask(database, digests.last_before, "kari", "2026-11-20") is None


# --- tickets --------------------------------------------------------------------------------------


def test_an_agents_next_due_first_then_what_waits_for_nobody(database: Database) -> None:
    put(database, 1, assignee="kari", status="waiting_user")
    put(database, 2, assignee="kari", priority="P1")
    put(database, 3, assignee="kari", due_at=NOW + HOUR)
    put(database, 4, assignee="kari", due_at=NOW - HOUR)
    put(database, 5, assignee="kari", status="solved")
    put(database, 6, assignee="bo")
    listing = ask(database, digests.of_agent, "kari", NOW, UNTIL)
    assert isinstance(listing, Listing)
    assert numbers(listing) == [4, 3, 2, 1]
    assert (listing.total, listing.overdue, listing.today, listing.untaken) == (4, 1, 1, 0)
    assert listing.cases[0].queue == "helpdesk"
    assert listing.cases[0].line.due_at == NOW - HOUR


def test_due_at_this_instant_is_due_today(database: Database) -> None:
    for number, due_at in enumerate((NOW, UNTIL - HOUR, UNTIL), 1):
        put(database, number, assignee="kari", due_at=due_at)
    listing = ask(database, digests.of_agent, "kari", NOW, UNTIL)
    assert isinstance(listing, Listing)
    assert (listing.total, listing.overdue, listing.today) == (3, 0, 2)


def test_a_teams_whoever_has_it_and_what_nobody_has(database: Database) -> None:
    put(database, 1, team="finance")
    put(database, 2, assignee="kari")
    put(database, 3, due_at=NOW - HOUR)
    put(database, 4, status="spam")
    whole = ask(database, digests.of_team, "first-line", NOW, UNTIL)
    assert isinstance(whole, Listing)
    assert numbers(whole) == [3, 2, 5, 6, 7]
    assert (whole.total, whole.overdue, whole.untaken) == (5, 1, 3)
    free = ask(database, digests.untaken, ("first-line", "finance"), NOW, UNTIL)
    assert isinstance(free, Listing)
    assert numbers(free) == [3, 1, 5, 6, 7]
    assert free.total == 5
    assert ask(database, digests.untaken, (), NOW, UNTIL) == Listing()


def test_a_hundred_are_listed_and_all_are_counted(database: Database) -> None:
    for number in range(8, 121):
        carry_out(database, opening(number, inbound(f"Mail {number}."), assignee="kari"))
    listing = ask(database, digests.of_agent, "kari", NOW, UNTIL)
    assert isinstance(listing, Listing)
    assert (len(listing.cases), listing.total) == (digests.LINES, 113)


@pytest.mark.parametrize(
    ("question", "values", "index"),
    [
        (digests.of_agent, ("kari", NOW, UNTIL), "ticket_assignee (assignee=? AND status=?)"),
        (digests.of_team, ("first-line", NOW, UNTIL), "ticket_team (team=? AND status=?)"),
        (digests.untaken, (("first-line",), NOW, UNTIL), "ticket_team (team=? AND status=?)"),
        (digests.missed, ("first-line", NOW - HOUR, NOW), "firing_reached (reached_at>? AND"),
        (digests.sent, ({("kari", "2026-11-23")},), "digest_1 (reader=? AND day=?)"),
    ],
)
def test_no_question_walks_through_all_tickets(
    database: Database, question: object, values: tuple[object, ...], index: str
) -> None:
    put(database, 1, assignee="kari")
    asked: list[tuple[str, object]] = []

    def keep(_c: object, _u: object, sql: str, parameters: object, *_rest: object) -> None:
        asked.append((sql, parameters))

    with database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", keep)
        question(connection, *values)  # type: ignore[operator]
        for sql, parameters in list(asked):
            explained = f"EXPLAIN QUERY PLAN {sql}"
            steps = [row[3] for row in connection.exec_driver_sql(explained, parameters)]  # type: ignore[arg-type]
            assert any(index in step for step in steps), steps
            assert not [step for step in steps if step.startswith("SCAN")], steps


# --- what is held ---------------------------------------------------------------------------------


def hold(receipt: int, **changes: object) -> OpenHold:
    values = {
        "ticket": 1,
        "agent": "kari",
        "reason": "There is no command #colse.",
        "opened_at": NOW,
        "asked_at": NOW,
        "question": {"may_run": True},
    }
    return OpenHold(Hold(receipt, **(values | changes)))  # type: ignore[arg-type]


def test_an_agents_own_held_mails_oldest_first(database: Database, received) -> None:
    receipts = [received(inbound(f"Held {n}.")) for n in range(5)]
    change(
        database,
        hold(receipts[0], opened_at=NOW + HOUR),
        hold(receipts[1], ticket=2),
        hold(receipts[2], agent="bo"),
        hold(receipts[3], is_note=True),
        hold(receipts[4]),
        CloseHold(1, receipts[4], "drop"),
    )
    held = ask(database, digests.held_of, "kari")
    assert isinstance(held, tuple)
    assert [(mail.receipt, mail.case.line.number) for mail in held] == [
        (receipts[1], 2),
        (receipts[0], 1),
    ]
    assert (held[0].at, held[0].question, held[0].author) == (NOW, {"may_run": True}, None)


def test_mails_of_others_that_wait_to_be_admitted(database: Database, received) -> None:
    put(database, 1, assignee="kari")
    eve = Address("Eve", "eve@example.net")
    mails = [inbound(f"Let me in {n}.", senders=(eve,)) for n in range(3)]
    receipts = [received(mail) for mail in mails]

    def said(n: int, number: int, visibility: Visibility) -> AddMessage:
        return message(number, mails[n], visibility=visibility, at=NOW + HOUR)

    change(database, said(0, 1, Visibility.HELD), receipt=receipts[0])
    change(database, said(1, 1, Visibility.PUBLIC), receipt=receipts[1])
    change(database, said(2, 1, Visibility.HELD), hold(receipts[2]), receipt=receipts[2])
    listing = ask(database, digests.of_agent, "kari", NOW, UNTIL)
    assert isinstance(listing, Listing)
    held = ask(database, digests.held_on, listing.cases)
    assert isinstance(held, tuple)
    assert [(mail.receipt, mail.case.line.number, mail.author) for mail in held] == [
        (receipts[0], 1, eve)
    ]


# --- what was missed ------------------------------------------------------------------------------


def test_what_a_team_has_missed_since(database: Database) -> None:
    def fire(number: int, clock: str, step: str, before: timedelta) -> None:
        fired = Fired((clock, 1, 0, step), NOW - before, is_sent=True)
        with database.write() as session:
            clocks.note(session.connection(), number, [fired], NOW)

    put(database, 5, team="finance")
    fire(1, "resolution", "100%", HOUR)
    fire(1, "first_response", "100%", HOUR * 2)
    fire(2, "resolution", "75%", HOUR)
    fire(3, "resolution", "100%", HOUR * 24)
    fire(4, "update", "100%", HOUR)
    fire(5, "resolution", "100%", HOUR)
    fire(6, "resolution", "100%", HOUR)
    fire(7, "next_response", "100%", HOUR)
    fire(3, "resolution", "150%", HOUR)  # is no news
    put(database, 7, status="solved")
    change(database, MergeTicket(6, 1))
    missed = ask(database, digests.missed, "first-line", NOW - HOUR * 24, NOW)
    assert isinstance(missed, tuple)
    assert [case.line.number for case in missed] == [1, 7]


@pytest.mark.parametrize(
    ("step", "is_missed"),
    [("150%", True), ("+2h", True), ("+0m wall", True), ("-30m", False), ("90%", False)],
)
def test_ladder_without_a_step_of_100_percent_tells_of_a_miss(
    database: Database, step: str, is_missed: bool
) -> None:
    fired = Fired(("resolution", 1, 0, step), NOW - HOUR, is_sent=True)
    with database.write() as session:
        clocks.note(session.connection(), 1, [fired], NOW)
    missed = ask(database, digests.missed, "first-line", NOW - HOUR * 24, NOW)
    assert isinstance(missed, tuple)
    assert bool(missed) is is_missed


# --- who the reader is ----------------------------------------------------------------------------


def test_a_readers_number_or_the_next_free_one(database: Database) -> None:
    change(database, AddParty(1, Party(2, KARI, Role.AGENT)))
    change(database, AddParty(2, Party(2, Address("", "bo@example.com"), Role.AGENT)))
    change(database, SetAssignee(3, "kari"))
    assert ask(database, digests.numbers_of, "kari@example.com", [1, 2, 3, 3]) == {
        1: PartyNumber(2),
        2: PartyNumber(3, is_new=True),
        3: PartyNumber(2, is_new=True),
    }
    assert ask(database, digests.numbers_of, ADA.key, [3]) == {3: PartyNumber(1)}
