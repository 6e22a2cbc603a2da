"""Lists that a mail asks for: an agent's queue, a search, a requester's own tickets."""

from datetime import timedelta

import pytest

from maildesk.mail.message import Address
from maildesk.model.changes import Detail, JoinContacts, RememberContact, SetDetail, StopMail
from maildesk.model.facts import Asked, Facts, TicketLine
from maildesk.model.ticket import Priority, Status, Visibility
from maildesk.store import lists, tickets
from maildesk.store.engine import Database

from .conftest import ADA, NOW, carry_out, change, inbound, message, opening

BO = Address("Bo", "bo@example.net")


def put(database: Database, number: int, text: str = "Text.", **columns: object) -> None:
    sender = columns.pop("requester", ADA)
    subject = columns.pop("subject", f"Subject {number}")
    mail = inbound(text, message_id=f"{number}@x", senders=(sender,), subject=subject)
    carry_out(database, opening(number, mail, **columns))


def ask(database: Database, asked: Asked) -> Facts:
    with database.read() as session:
        return tickets.gather(session, inbound(), ticket_numbers=(), now=NOW, asked=asked)


def numbers(lines: tuple[TicketLine, ...]) -> list[int]:
    return [line.number for line in lines]


def test_nothing_is_looked_up_that_was_not_asked_for(database: Database) -> None:
    put(database, 1, assignee="kari")
    facts = ask(database, Asked())
    assert (facts.found, facts.mine, facts.own, facts.tickets) == ({}, (), (), {})
    assert facts.contacts == {}


# --- #queue -------------------------------------------------------------------------------------


def test_an_agents_tickets_come_first_then_his_teams_the_most_urgent_first(
    database: Database,
) -> None:
    put(database, 1)
    put(database, 2, priority=Priority.P1, assignee="ola")
    put(database, 3, assignee="kari", team="network")
    put(database, 4, assignee="kari", priority=Priority.P2, status=Status.WAITING_USER)
    put(database, 5, created_at=NOW - timedelta(days=1))
    put(database, 6, team="network")
    asked = Asked(agent="kari", teams=("first-line", "second-line"))
    assert numbers(ask(database, asked).mine) == [4, 3, 2, 5, 1]
    assert numbers(ask(database, Asked(agent="kari")).mine) == [4, 3]


def test_what_is_due_next_comes_before_all_that_is_never_due(database: Database) -> None:
    put(database, 1, assignee="kari", priority=Priority.P1)
    put(database, 2, assignee="kari", due_at=NOW + timedelta(hours=4))
    put(database, 3, assignee="kari", priority=Priority.P4, due_at=NOW - timedelta(hours=1))
    put(database, 4, due_at=NOW - timedelta(days=1))
    mine = ask(database, Asked(agent="kari", teams=("first-line",))).mine
    assert numbers(mine) == [3, 2, 1, 4], "his own first"
    assert [line.due_at for line in mine[:2]] == [
        NOW - timedelta(hours=1),
        NOW + timedelta(hours=4),
    ]


@pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED, Status.MERGED, Status.SPAM])
def test_what_is_finished_is_in_nobodys_queue(database: Database, status: Status) -> None:
    put(database, 1, assignee="kari", status=status)
    put(database, 2, status=status)
    facts = ask(database, Asked(agent="kari", teams=("first-line",), is_own=True))
    assert (facts.mine, facts.own) == ((), ())


def test_a_line_says_what_the_ticket_is(database: Database) -> None:
    put(database, 1, assignee="kari", priority=Priority.P2)
    change(database, SetDetail(1, Detail.TITLE, "Toner"))
    (line,) = ask(database, Asked(agent="kari")).mine
    assert line == TicketLine(
        number=1,
        subject="Toner",
        status=Status.NEW,
        created_at=NOW,
        priority=Priority.P2,
        requester=ADA,
        team="first-line",
        assignee="kari",
        updated_at=NOW,
    )


def test_a_queue_is_no_longer_than_fifty(database: Database) -> None:
    for number in range(1, 41):
        put(database, number, assignee="kari")
    for number in range(41, 61):
        put(database, number)
    mine = ask(database, Asked(agent="kari", teams=("first-line",))).mine
    assert numbers(mine) == list(range(1, 51))


# --- status, asked by a requester ---------------------------------------------------------------


def test_a_requester_is_shown_his_own_tickets_in_his_own_words(database: Database) -> None:
    put(database, 1)
    put(database, 2, requester=BO)
    put(database, 3, status=Status.SCHEDULED)
    change(database, SetDetail(3, Detail.TITLE, "Ada again"))
    own = ask(database, Asked(is_own=True)).own
    assert [(line.number, line.subject) for line in own] == [(3, "Subject 3"), (1, "Subject 1")]


def test_tickets_of_all_addresses_of_a_person_are_his_own(database: Database) -> None:
    put(database, 1)
    put(database, 2, requester=BO)
    change(database, JoinContacts(BO, ADA))
    assert numbers(ask(database, Asked(is_own=True)).own) == [2, 1]


# --- people whom commands name ------------------------------------------------------------------


def test_contacts_are_read_of_the_addresses_that_a_mail_names(database: Database) -> None:
    put(database, 1)
    change(database, RememberContact(BO, is_aligned=True), StopMail(BO))
    contacts = ask(database, Asked(addresses=(BO.key, "nobody@example.net"))).contacts
    assert list(contacts) == [BO.key]
    assert contacts[BO.key].was_aligned
    assert contacts[BO.key].wants_no_mail


# --- #find --------------------------------------------------------------------------------------


def found(database: Database, words: str) -> list[int]:
    return numbers(ask(database, Asked(words=(words,))).found[words])


def test_a_ticket_is_found_by_all_the_words_wherever_they_stand(database: Database) -> None:
    put(database, 1, "The toner is empty.", subject="Printer")
    put(database, 2, "It is jammed.", subject="printer on floor 3")
    put(database, 3, "Password forgotten.", subject="Login", requester=BO)
    change(database, SetDetail(1, Detail.TITLE, "Order ink"))
    assert found(database, "PRINTER") == [2, 1]
    assert found(database, "printer toner") == [1]
    assert found(database, "ink") == [1]
    assert found(database, "bo@example.net") == [3]
    assert found(database, "Bo login") == [3]
    assert found(database, "ada jammed floor") == [2]
    assert found(database, "scanner") == []
    assert found(database, " ") == []


def test_a_number_finds_its_ticket(database: Database) -> None:
    for number in (7, 17):
        put(database, number, subject="Printer")
    assert found(database, "#17") == [17]
    assert found(database, "7 printer") == [7]
    assert found(database, "9" * 40) == []


def test_words_of_later_and_internal_messages_are_found_too(database: Database) -> None:
    put(database, 1)
    note = inbound("The fuser is worn out.", message_id="note@x")
    change(database, message(1, note, visibility=Visibility.INTERNAL))
    assert found(database, "fuser text") == [1]


@pytest.mark.parametrize("word", ["größe", "Größe", "GRÖßE"])
def test_capitals_beyond_ascii_are_found(database: Database, word: str) -> None:
    put(database, 1, "Die Größe stimmt nicht.")
    put(database, 2, "größe")
    assert found(database, word) == [2, 1]


@pytest.mark.parametrize("word", ["%", "_", "/", "50%", "a_b", "'; DROP TABLE ticket; --"])
def test_a_word_is_never_a_pattern(database: Database, word: str) -> None:
    put(database, 1, "Nothing of that kind.", requester=Address("", "ada"))
    put(database, 2, f"Here: {word.split(maxsplit=1)[0]} {word}", requester=Address("", "ada"))
    assert found(database, word) == [2]


def test_a_search_stops_at_twenty_and_looks_no_further_than_the_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 31):
        put(database, number, subject="Printer")
    put(database, 31, subject="Else")
    assert found(database, "printer") == list(range(30, 10, -1))
    monkeypatch.setattr(lists, "_NEWEST", lists._newest(5))
    assert found(database, "printer") == [30, 29, 28, 27]


def test_a_list_names_a_follow_up_by_its_own_subject(database: Database) -> None:
    put(database, 1, assignee="kari", subject="Re: Printer [#7]")
    (line,) = ask(database, Asked(agent="kari")).mine
    assert line.subject == "Printer"
