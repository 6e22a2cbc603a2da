"""What routing rules ask of the store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from maildesk.mail.message import Address
from maildesk.model.changes import GroupMail, SetAssignee, SetStatus
from maildesk.model.facts import Asked, Facts, GroupedTicket
from maildesk.model.ticket import Status
from maildesk.store import tickets
from maildesk.store.engine import Database

from .conftest import ADA, NOW, carry_out, change, facts_for, history, inbound, opening, shown

BO = Address("Bo", "bo@example.net")


def asking(database: Database, **asked: object) -> Facts:
    with database.read() as session:
        return tickets.gather(
            session,
            inbound("new", message_id=None),
            ticket_numbers=(),
            now=NOW,
            asked=Asked(**asked),  # type: ignore[arg-type]
        )


def open_many(database: Database, *fields: dict[str, object]) -> None:
    for number, more in enumerate(fields, 1):
        mail = inbound(str(number), message_id=f"{number}@example.org")
        carry_out(database, opening(number, mail, **more))


def test_nothing_is_looked_up_that_nobody_asks_for(database: Database) -> None:
    open_many(database, {"group_key": "web1", "assignee": "kari"})
    facts = facts_for(database, inbound("new", message_id=None))
    assert (facts.open_tickets, facts.grouped, facts.turns, facts.loads) == (None, {}, {}, {})


def test_open_tickets_of_the_sender_are_counted(database: Database) -> None:
    open_many(database, {}, {}, {"status": Status.SOLVED})
    carry_out(database, opening(4, inbound("4", senders=(BO,), message_id="4@example.net")))
    assert asking(database, has_open_tickets=True).open_tickets == 2


def test_the_newest_open_ticket_of_a_key_is_found_with_its_facts(database: Database) -> None:
    key = {"group_key": "web1"}
    open_many(database, key, key, {**key, "status": Status.SOLVED}, {"group_key": "web2"})
    facts = asking(database, group_keys=("web1", "web3"))
    assert facts.grouped == {"web1": GroupedTicket(2, NOW, 1)}
    assert facts.tickets[2].ticket.group_key == "web1"


def test_an_empty_key_finds_nothing(database: Database) -> None:
    open_many(database, {}, {})
    assert asking(database, group_keys=("",)).grouped == {}


def test_mails_of_a_group_are_counted_with_the_time_of_the_last(database: Database) -> None:
    open_many(database, {"group_key": "web1"})
    later = NOW + timedelta(hours=1)
    change(database, GroupMail(1, NOW))
    change(database, GroupMail(1, later))
    assert asking(database, group_keys=("web1",)).grouped["web1"] == GroupedTicket(1, later, 3)
    assert [line[2] for line in history(database) if line[0] == "grouped"] == ["2", "3"]


def test_loads_and_turns_of_a_team(database: Database) -> None:
    open_many(database, *[{"team": "net", "assignee": name} for name in ("kari", "bo", "kari")])
    change(database, SetStatus(1, Status.SOLVED, "#solve"))
    asked = (("net", "kari"), ("net", "bo"), ("net", "ny"), ("other", "kari"))
    facts = asking(database, turns=asked)
    assert facts.turns == {("net", "kari"): 3, ("net", "bo"): 2}
    assert facts.loads == {"kari": 1, "bo": 1, "ny": 0}
    change(database, SetAssignee(3, "bo"))
    assert asking(database, turns=asked).turns == {("net", "kari"): 1, ("net", "bo"): 3}


def test_contacts_and_answers_of_a_named_requester_are_looked_up(database: Database) -> None:
    facts = asking(database, requesters=(BO.key,))
    assert facts.contacts == {}


def test_what_the_rules_give_a_ticket_is_kept(database: Database) -> None:
    given = {"sla": "gold", "watchers": ("kari", "bo"), "group_key": "web1"}
    open_many(database, given)
    with database.read() as session:
        ticket = tickets.find_ticket(session, 1)
    assert ticket is not None
    assert (ticket.sla, ticket.watchers, ticket.group_key) == ("gold", ("kari", "bo"), "web1")
    assert replace(ticket, version=0) == ticket
    assert shown(database)["requester"] == ADA.address


@pytest.mark.parametrize(
    "asked",
    [{"group_keys": ("web1",)}, {"turns": (("net", "kari"),)}, {"has_open_tickets": True}],
    ids=["group", "turns", "open tickets"],
)
def test_every_question_has_an_index(database: Database, asked: dict[str, object]) -> None:
    open_many(database, {"group_key": "web1", "assignee": "kari", "team": "net"})
    said: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, text: str, values: object, *_rest: object) -> None:
        said.append((text, values))

    event.listen(database._reader, "before_cursor_execute", note)
    asking(database, **asked)
    event.remove(database._reader, "before_cursor_execute", note)
    with database.read() as session:
        connection = session.connection()
        mine = [one for one in said if "FROM ticket" in one[0]]
        for text, values in mine:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            assert not [row for row in plan if row[3].startswith("SCAN ticket")], text
