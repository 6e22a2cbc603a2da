from datetime import timedelta

import pytest

from maildesk.mail.identifiers import Purpose, new_marker, new_message_id
from maildesk.mail.message import Address
from maildesk.model.changes import LinkTickets, SetStatus
from maildesk.model.facts import Level
from maildesk.model.plan import Disposition, Signal, Standing
from maildesk.model.ticket import Party, Role, Status

EVE = Address("Eve", "eve@example.net")
CARL = Address("Carl", "carl@example.org")


def match_of(plan):
    return plan.match.ticket, plan.match.signal, plan.match.standing


def test_reply_address_of_the_writer_joins(world):
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.to(world.address()), facts)
    assert match_of(plan) == (7, Signal.TOKEN, Standing.PARTICIPANT)
    assert plan.disposition is Disposition.REPLY


def test_reply_address_counts_in_the_envelope_alone(world):
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.mail(), facts, recipients=[world.address()])
    assert plan.match.signal is Signal.TOKEN


def test_stolen_reply_address_holds_the_mail(world, told):
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.to(world.address(), sender=EVE), facts)
    assert match_of(plan) == (7, Signal.TOKEN, Standing.STRANGER)
    assert plan.disposition is Disposition.HELD
    assert {kind for kind, _ in told(plan)} == {"held"}


def test_stolen_reply_address_tells_a_proved_stranger_that_his_mail_came(world, told):
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.to(world.address(), sender=EVE), facts, level=Level.V1)
    notice = next(notice for notice in plan.notices if notice.kind == "unknown_address")
    assert notice.to.address == "eve@example.net"
    assert notice.reply_to is None


@pytest.mark.parametrize(
    "fields",
    [{"number": 8}, {"bound_to": EVE}, {"party": 2}],
    ids=["another ticket", "bound to another address", "another party"],
)
def test_forged_reply_address_is_no_token(world, fields):
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.to(world.address(**fields)), facts)
    assert plan.match.signal is Signal.NONE


def test_agent_token_ends_after_90_days(world):
    facts = world.facts(world.ticket_facts())
    old = world.agent_address(at=world.now - timedelta(days=91))
    plan = world.decide(world.to(old, sender=world.kari), facts)
    assert plan.match.signal is Signal.NONE


def test_agent_may_answer_from_his_other_address(world):
    facts = world.facts(world.ticket_facts())
    other = Address("Kari", "kn@example.net")
    plan = world.decide(world.to(world.agent_address(), sender=other), facts)
    assert match_of(plan) == (7, Signal.TOKEN, Standing.AGENT)


def test_signed_message_id_joins_known_people(world):
    ours = new_message_id(world.rules.reply, 7, "x", world.now)
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.mail(in_reply_to=(ours,)), facts)
    assert match_of(plan) == (7, Signal.MESSAGE_ID, Standing.PARTICIPANT)


def test_signed_message_id_in_a_strangers_hands_is_only_a_hint(world):
    ours = new_message_id(world.rules.reply, 7, "x", world.now)
    plan = world.decide(world.mail(EVE, in_reply_to=(ours,)), world.facts(world.ticket_facts()))
    assert plan.disposition is Disposition.NEW_TICKET
    assert (plan.match.ticket, plan.match.hint) == (None, 7)


def test_ancestor_joins_even_with_another_subject(world):
    facts = world.facts(world.ticket_facts(thread=[world.thread_id("root@x", "ada@example.org")]))
    mail = world.mail(subject="Something else", references=("root@x", "lost@x"))
    assert match_of(world.decide(mail, facts))[:2] == (7, Signal.ANCESTOR)


def test_mail_whose_own_id_was_named_before_joins(world):
    facts = world.facts(world.ticket_facts(), owners={"m1@example.org": (7,)})
    assert world.decide(world.mail(), facts).match.signal is Signal.ANCESTOR


def test_forged_mail_joins_by_no_ancestor_and_no_tag(world):
    facts = world.facts(world.ticket_facts(thread=[world.thread_id("root@x")]))
    mail = world.mail(in_reply_to=("root@x",), subject="Re: [#7]")
    plan = world.decide(mail, facts, level=Level.VX)
    assert (plan.match.ticket, plan.match.hint) == (None, 7)
    assert [notice.kind for notice in plan.notices if notice.kind == "received"] == []


def test_known_colleague_joins_held_and_opens_nothing(world, told):
    known = Party(3, CARL, Role.KNOWN)
    ticket = world.ticket_facts(parties=[known], thread=[world.thread_id("root@x")])
    plan = world.decide(world.mail(CARL, in_reply_to=("root@x",)), world.facts(ticket))
    assert plan.disposition is Disposition.HELD
    assert match_of(plan) == (7, Signal.ANCESTOR, Standing.KNOWN)
    assert {kind for kind, _ in told(plan)} == {"held"}


def test_marker_in_quoted_text_joins(world):
    marker = new_marker(world.rules.reply, 7, world.now)
    mail = world.mail(text=f"yes\n> Reference: {marker}\n")
    assert world.decide(mail, world.facts(world.ticket_facts())).match.signal is Signal.BODY_TOKEN


def test_subject_tag_joins_known_people_only(world):
    facts = world.facts(world.ticket_facts())
    assert world.decide(world.mail(subject="Re: x [#7]"), facts).match.signal is Signal.SUBJECT
    plan = world.decide(world.mail(EVE, subject="Re: x [#7]"), facts)
    assert plan.disposition is Disposition.NEW_TICKET
    assert plan.match.hint == 7


def test_tickets_that_a_mail_links_are_suggested(world):
    one = world.ticket_facts(7, thread=[world.thread_id("a@x")])
    two = world.ticket_facts(8, thread=[world.thread_id("b@x")])
    plan = world.decide(world.mail(references=("b@x", "a@x")), world.facts(one, two))
    assert (plan.match.ticket, plan.match.suggests) == (7, (8,))


def test_merged_ticket_leads_to_its_target(world):
    old = world.ticket_facts(7, merged_into=8, status=Status.MERGED)
    plan = world.decide(world.to(world.address()), world.facts(old, world.ticket_facts(8)))
    assert plan.match.ticket == 8


def test_ring_of_merges_ends(world):
    ring = [world.ticket_facts(7, merged_into=8), world.ticket_facts(8, merged_into=7)]
    assert world.decide(world.to(world.address()), world.facts(*ring)).disposition


def test_mail_to_a_closed_ticket_opens_a_linked_one(world, changes):
    facts = world.facts(world.ticket_facts(status=Status.CLOSED))
    plan = world.decide(world.to(world.address()), facts)
    assert plan.disposition is Disposition.NEW_TICKET
    assert LinkTickets(8, 7, "follows") in plan.changes


def test_agents_reply_to_a_closed_ticket_is_sent_and_leaves_it_closed(world, told, changes):
    facts = world.facts(world.ticket_facts(status=Status.CLOSED))
    plan = world.decide(world.to(world.agent_address(), sender=world.kari), facts)
    assert told(plan) == [("reply", "ada@example.org")]
    assert changes(plan, SetStatus) == []


def test_reply_address_reused_for_another_matter(world):
    mail = world.to(world.address(), subject="My new laptop")
    solved = world.facts(world.ticket_facts(status=Status.SOLVED))
    plan = world.decide(mail, solved)
    assert (plan.disposition, plan.match.follows) == (Disposition.NEW_TICKET, 7)
    plan = world.decide(mail, world.facts(world.ticket_facts(status=Status.OPEN)))
    assert plan.disposition is Disposition.REPLY
    assert "new matter" in plan.notices[0].facts["reason"]


def test_reply_address_of_a_bounce_proves_nobody(world):
    facts = world.facts(world.ticket_facts())
    plan = world.decide(world.to(world.address(Purpose.BOUNCE)), facts)
    assert plan.match.signal is Signal.NONE


def test_answering_subject_without_ids_is_a_hint_and_joins_nothing(world):
    facts = world.facts(world.ticket_facts(), same_subject=7)
    plan = world.decide(world.mail(subject="Re: Printer is dead"), facts)
    assert plan.disposition is Disposition.NEW_TICKET
    assert plan.match.hint == 7
