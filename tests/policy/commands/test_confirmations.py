"""Whose word on which held mail an answer is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, reply_address, sign
from maildesk.mail.message import Address, Automatic, AutomaticKind
from maildesk.model.facts import Hold, Level, Trust
from maildesk.model.ticket import Party, Role
from maildesk.policy.commands.confirmations import (
    bound_to,
    confirmation_tokens,
    confirmed_hold,
    may_decide,
)
from maildesk.policy.threads import Arrival

BO = Address("Bo Li", "bo@example.com")
KARI_AT_HOME = Address("Kari", "kn@example.net")


@pytest.fixture
def hold(world):
    return Hold(11, 7, "kari", "two Bobs", world.now, world.now)


@pytest.fixture
def address(world):
    """The address that a question was asked from."""

    def make(hold, party=world.kari, number=2, ticket=7, bound=None, purpose=Purpose.CONFIRMATION):
        bound = bound_to(party, hold.receipt) if bound is None else bound
        token = sign(world.rules.reply, ticket, str(number), purpose, bound, world.now)
        return reply_address(world.rules.reply, "support@example.com", token)

    return make


@pytest.fixture
def decides_on(world):
    """The hold that a mail decides on, of those that are open."""

    def decide(mail, *holds, recipients=(), after=timedelta(minutes=5), tickets=None):
        bo = Party(3, BO, Role.AGENT)
        facts = world.facts(*(tickets or [world.ticket_facts(parties=[bo])]))
        envelope = Envelope(Source.SMTP, "", tuple(recipients))
        now = world.now + after
        return confirmed_hold(Arrival(mail, envelope, Trust(), facts, world.rules, now, now), holds)

    return decide


def test_address_of_the_question_proves_its_reader(world, hold, address, decides_on):
    mail = world.to(address(hold), sender=world.kari, text="run")
    assert decides_on(mail, hold) == hold


def test_address_counts_in_the_envelope_alone(world, hold, address, decides_on):
    mail = world.mail(sender=world.kari)
    assert decides_on(mail, hold, recipients=[address(hold)]) == hold


def test_agent_may_answer_from_his_other_address(world, hold, address, decides_on):
    assert decides_on(world.to(address(hold), sender=KARI_AT_HOME), hold) == hold


def test_token_says_which_of_several_holds_is_meant(world, hold, address, decides_on):
    others = [replace(hold, receipt=receipt) for receipt in (5, 12)]
    mail = world.to(address(others[1]), sender=world.kari)
    assert decides_on(mail, others[0], hold, others[1]) == others[1]


@pytest.mark.parametrize("sender", [BO, Address("Eve", "eve@example.net"), Address("Kari", "")])
def test_address_of_the_question_is_worth_nothing_to_others(
    world, hold, address, decides_on, sender
):
    assert decides_on(world.to(address(hold), sender=sender), hold) is None


def test_sender_who_is_two_is_nobody(world, hold, address, decides_on):
    mail = world.to(address(hold), sender=(world.kari, BO))
    assert decides_on(mail, hold) is None


def test_sender_that_can_be_read_in_two_ways_is_nobody(world, hold, address, decides_on):
    mail = world.to(address(hold), sender=world.kari, defects=("From: two addresses",))
    assert decides_on(mail, hold) is None


def test_hold_of_another_agent_is_not_his_to_decide(world, hold, address, decides_on):
    mail = world.to(address(hold), sender=world.kari)
    assert decides_on(mail, replace(hold, agent="bo")) is None


def test_hold_that_is_closed_is_decided_on_by_nobody(world, hold, address, decides_on):
    mail = world.to(address(hold), sender=world.kari)
    assert decides_on(mail) is None
    assert decides_on(mail, replace(hold, receipt=12)) is None


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.CONFIRMATION])
def test_token_of_another_purpose_confirms_nothing(world, hold, address, decides_on, purpose):
    own = address(hold, purpose=purpose)
    plain = address(hold, purpose=purpose, bound=world.kari.key)
    assert decides_on(world.to(own, plain, sender=world.kari), hold) is None


def test_token_that_is_bound_to_less_confirms_nothing(world, hold, address, decides_on):
    for bound in (world.kari.key, f"{BO.key}|11", "|11", "11"):
        mail = world.to(address(hold, bound=bound), sender=world.kari)
        assert decides_on(mail, hold) is None


def test_token_holds_for_its_party_and_ticket_alone(world, hold, address, decides_on):
    tickets = [world.ticket_facts(), world.ticket_facts(8)]
    for wrong in (address(hold, number=3), address(hold, number=1)):
        moved = wrong.replace("t7.3", "t7.2").replace("t7.1", "t7.2")
        assert decides_on(world.to(moved, sender=world.kari), hold, tickets=tickets) is None
    moved = address(hold, ticket=8).replace("t8.", "t7.")
    assert decides_on(world.to(moved, sender=world.kari), hold, tickets=tickets) is None


def test_ticket_that_is_not_there_confirms_nothing(world, hold, address, decides_on):
    mail = world.to(address(hold, ticket=99), sender=world.kari)
    assert decides_on(mail, hold) is None


def test_question_is_found_after_its_case_was_merged(world, hold, address, decides_on):
    """The address names the old case, the hold has moved to the new one."""
    old, new = world.ticket_facts(7, merged_into=8), world.ticket_facts(8)
    mail = world.to(address(hold), sender=world.kari)
    moved = replace(hold, ticket=8)
    assert decides_on(mail, moved, tickets=[old, new]) == moved


def test_only_confirmations_are_looked_up(world, hold, address):
    own = address(hold)
    mail = world.to(world.address(), world.agent_address(), own)
    found = confirmation_tokens(mail, [own, "ada@example.org"], world.rules.reply)
    assert [token.purpose for token in found] == [Purpose.CONFIRMATION]


@pytest.mark.parametrize(
    ("level", "kind", "is_archive", "may"),
    [
        (Level.V0, AutomaticKind.NONE, False, True),
        (Level.V2, AutomaticKind.NONE, False, True),
        (Level.VX, AutomaticKind.NONE, False, False),
        (Level.V2, AutomaticKind.AUTO_REPLY, False, False),
        (Level.V2, AutomaticKind.LIST, False, False),
        (Level.V2, AutomaticKind.NONE, True, False),
    ],
)
def test_only_a_person_whom_nobody_calls_forged_decides(world, level, kind, is_archive, may):
    envelope = Envelope(Source.SMTP, "", is_archive=is_archive)
    arrival = Arrival(
        world.mail(), envelope, Trust(level), world.facts(), world.rules, world.now, world.now
    )
    assert may_decide(arrival, Automatic(kind)) is may
