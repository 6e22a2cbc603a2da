"""Who takes part, who asks, and which addresses are one person's."""

import pytest

from maildesk.mail.message import Address
from maildesk.model.changes import (
    AddParty,
    JoinContacts,
    LowerParty,
    RememberContact,
    SetRequester,
    StopMail,
)
from maildesk.model.ticket import Party, Role
from maildesk.store.engine import Database

from .conftest import ADA, carry_out, change, facts_for, history, inbound, opening, shown

BO = Address("Bo", "Bo@Example.org")
CLEO = Address("", "cleo@example.net")
KARI = Address("Kari", "kari@example.com")


@pytest.fixture(autouse=True)
def ticket(database: Database) -> None:
    carry_out(database, opening(1, inbound()))


def parties(database: Database) -> tuple[Party, ...]:
    return facts_for(database, inbound(), 1).tickets[1].parties


def test_a_lowered_participant_is_known_and_keeps_the_number(database: Database) -> None:
    change(database, AddParty(1, Party(2, BO, Role.PARTICIPANT)))
    change(database, LowerParty(1, Address("", "bo@example.org")))
    assert parties(database)[1] == Party(2, BO, Role.KNOWN)
    assert shown(database)["participants"] == []
    assert history(database)[3:] == [("party", "participant", "known Bo@Example.org", "")]


@pytest.mark.parametrize("who", [ADA, KARI, CLEO], ids=["requester", "agent", "nobody"])
def test_only_participants_are_lowered(database: Database, who: Address) -> None:
    change(database, AddParty(1, Party(2, KARI, Role.AGENT)))
    before = parties(database), history(database)
    change(database, LowerParty(1, who))
    assert (parties(database), history(database)) == before


def test_a_new_requester_owns_the_ticket_and_the_former_one_is_known(database: Database) -> None:
    change(database, SetRequester(1, BO))
    facts = facts_for(database, inbound(senders=(BO,)), 1)
    assert facts.tickets[1].ticket.requester == BO
    assert parties(database) == (Party(1, ADA, Role.KNOWN), Party(2, BO, Role.REQUESTER))
    assert [line.number for line in facts.earlier_tickets] == [1]
    assert facts_for(database, inbound()).earlier_tickets == ()
    assert history(database)[2:] == [("requester", "ada@example.org", "Bo@Example.org", "")]


def test_a_known_party_that_becomes_requester_keeps_the_number(database: Database) -> None:
    change(database, AddParty(1, Party(2, BO, Role.PARTICIPANT)), SetRequester(1, BO))
    assert parties(database) == (Party(1, ADA, Role.KNOWN), Party(2, BO, Role.REQUESTER))


def test_the_same_requester_once_more_is_no_event(database: Database) -> None:
    change(database, SetRequester(1, Address("Ada", "ADA@example.org")))
    assert len(history(database)) == 2


# --- contacts -------------------------------------------------------------------------------------


def test_mail_is_stopped_for_an_address_and_started_again(database: Database) -> None:
    change(database, StopMail(ADA), RememberContact(ADA, is_aligned=True))
    contact = facts_for(database, inbound()).contact
    assert contact is not None
    assert (contact.wants_no_mail, contact.was_aligned) == (True, True)
    assert facts_for(database, inbound(senders=(BO,)), 1).tickets[1].want_no_mail == {ADA.key}
    change(database, StopMail(ADA, is_stopped=False))
    contact = facts_for(database, inbound()).contact
    assert contact is not None
    assert not contact.wants_no_mail
    assert facts_for(database, inbound(), 1).tickets[1].want_no_mail == frozenset()
    assert len(history(database)) == 2


def person(database: Database, who: Address) -> tuple[str, set[str]]:
    facts = facts_for(database, inbound(senders=(who,)))
    return (facts.contact.same_as if facts.contact else ""), set(facts.same_person)


def test_a_further_address_is_the_same_person_from_both_sides(database: Database) -> None:
    change(database, JoinContacts(BO, ADA))
    both = {"ada@example.org", "bo@example.org"}
    assert person(database, BO) == ("ada@example.org", both)
    assert person(database, ADA) == ("", both)
    assert person(database, CLEO) == ("", {"cleo@example.net"})
    assert len(history(database)) == 2


def test_addresses_of_addresses_lead_to_one_main_address(database: Database) -> None:
    change(database, JoinContacts(CLEO, BO), JoinContacts(BO, ADA), JoinContacts(KARI, CLEO))
    everybody = {ADA.key, BO.key, CLEO.key, KARI.key}
    for further in (BO, CLEO, KARI):
        assert person(database, further) == (ADA.key, everybody)
    assert person(database, ADA) == ("", everybody)


def test_two_addresses_joined_both_ways_make_no_ring(database: Database) -> None:
    change(database, JoinContacts(BO, ADA), JoinContacts(ADA, BO), JoinContacts(ADA, ADA))
    assert person(database, BO) == (ADA.key, {ADA.key, BO.key})
    assert person(database, ADA) == ("", {ADA.key, BO.key})
