"""What waits for a bundle, and what a bundle lists."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.mail.identifiers import Purpose, is_genuine, read_address
from maildesk.mail.message import Address
from maildesk.model.changes import Bundle
from maildesk.model.facts import Bundled, TicketLine
from maildesk.model.plan import Audience, Disposition, Notice, Plan
from maildesk.model.ticket import Priority, Status
from maildesk.policy.due.bundling import LINES, PER_HOUR, bundled, digest, notified

KARI = "kari@example.com"
BO = "bo@example.com"


def notice(kind="queue_new", to=KARI, **fields):
    defaults = {
        "audience": Audience.AGENT,
        "ticket": 7,
        "cause": "receipt:1",
        "sender": Address("IT Service Desk", "support@example.com"),
        "subject": "Re: Printer [#7]",
        "message_id": f"{kind}.{to}",
        "facts": {},
    }
    return Notice(kind=kind, to=Address("", to), **(defaults | fields))


def plan(*notices):
    return Plan(Disposition.REPLY, 7, notices=notices, reasons=("because",))


def sent_by(world, *notices, **sent):
    counts = {f"{name}@example.com": count for name, count in sent.items()}
    return bundled(plan(*notices), world.rules, counts, world.now)


def kinds(plan):
    return [(each.kind, each.to.address) for each in plan.notices]


# --- what waits ---------------------------------------------------------------------------------


def test_sixtieth_mail_goes_out_and_the_next_waits(world):
    assert sent_by(world, notice(), kari=PER_HOUR - 1) == plan(notice())
    late = sent_by(world, notice(), kari=PER_HOUR)
    assert late.notices == ()
    assert late.changes == (Bundle("kari", 7, "queue_new", world.now),)
    assert late.reasons == (
        "because",
        "kari is told in a bundle, with others",
    )


def test_each_agent_has_a_count_of_his_own(world):
    late = sent_by(world, notice(), notice(to=BO), kari=PER_HOUR, bo=3)
    assert kinds(late) == [("queue_new", BO)]
    assert [change.agent for change in late.changes] == ["kari"]


def test_mails_of_one_plan_count_one_by_one(world):
    both = (notice("assigned"), notice("user_replied"))
    late = sent_by(world, *both, kari=PER_HOUR - 1)
    assert kinds(late) == [("assigned", KARI)]
    assert [change.kind for change in late.changes] == ["user_replied"]


@pytest.mark.parametrize(
    "other",
    [
        notice("command_confirm"),
        notice("command_receipt"),
        notice("case"),
        notice("case_list", ticket=None),
        notice("bundle", ticket=None),
        notice("held", facts={"is_own": True}),
        notice("health", audience=Audience.ADMIN, ticket=None),
        notice("reopened", audience=Audience.REQUESTER, to="ada@example.org"),
        notice("reopened", audience=Audience.REQUESTER),
    ],
    ids=lambda each: f"{each.kind}-{each.audience}",
)
def test_what_asks_and_what_answers_never_waits_and_never_counts(world, other):
    assert sent_by(world, other, kari=1000) == plan(other)
    assert notified(plan(other)) == []


@pytest.mark.parametrize(
    "kind", ["queue_new", "user_replied", "reopened", "bounced", "assigned", "note", "held"]
)
def test_every_notification_waits(world, kind):
    assert sent_by(world, notice(kind), kari=1000).notices == ()


# --- what is told -------------------------------------------------------------------------------


def waits(number, kind="queue_new", *, minutes=0, priority=Priority.P3, party=2, world, id_=None):
    ticket = TicketLine(
        number,
        f"Printer {number}",
        Status.NEW,
        world.now,
        priority,
        requester=Address("Ada Berg", "ada@example.org"),
    )
    at = world.now + timedelta(minutes=minutes)
    return Bundled(id_ or number, kind, at, ticket, "helpdesk", party)


def told(world, *waiting):
    return digest(world.rules.agents[0], waiting, world.rules, world.now)


def test_each_case_is_one_line_with_all_that_came(world):
    (mail,) = told(
        world,
        waits(7, world=world, id_=1),
        waits(8, world=world, id_=2),
        waits(7, "user_replied", minutes=3, world=world, id_=3),
        waits(7, "user_replied", minutes=5, world=world, id_=4),
    )
    first, second = mail.facts["items"]
    assert (mail.facts["total"], mail.facts["number"]) == (4, 2)
    assert mail.facts["since"] == world.now
    assert (first["number"], second["number"]) == (7, 8)
    assert first["came"] == [
        {"kind": "queue_new", "count": 1},
        {"kind": "user_replied", "count": 2},
    ]
    assert first["at"] == world.now + timedelta(minutes=5)


def test_most_urgent_come_first_then_the_oldest(world):
    urgent = waits(9, priority=Priority.P1, world=world)
    (mail,) = told(world, waits(7, world=world), waits(8, world=world), urgent)
    assert [item["number"] for item in mail.facts["items"]] == [9, 7, 8]


def test_long_list_comes_in_parts_that_hold_every_case_once(world):
    count = 2 * LINES + 1
    mails = told(world, *(waits(number, world=world) for number in range(1, count + 1)))
    assert [len(mail.facts["items"]) for mail in mails] == [LINES, LINES, 1]
    assert [mail.facts["page"] for mail in mails] == [1, 2, 3]
    assert {mail.facts["pages"] for mail in mails} == {3}
    listed = [item["number"] for mail in mails for item in mail.facts["items"]]
    assert listed == list(range(1, count + 1))
    assert len({mail.cause for mail in mails}) == len({mail.message_id for mail in mails}) == 3


def test_every_link_is_a_command_at_an_address_that_proves_the_agent(world):
    (mail,) = told(world, waits(7, world=world), waits(8, party=0, world=world))
    proved, unproved = (item["href"] for item in mail.facts["items"])
    address = proved.removeprefix("mailto:").partition("?")[0].replace("%2B", "+")
    token = read_address(world.rules.reply, address)
    assert (token.ticket, token.party, token.purpose) == (7, 2, Purpose.INTERNAL)
    assert is_genuine(world.rules.reply, token, KARI)
    assert proved.endswith("&body=%23show%207")
    assert unproved == "mailto:support@example.com?subject=Re%3A%20%5B%238%5D&body=%23show%208"


def test_answer_stays_internal_and_what_comes_back_finds_a_case(world):
    (mail,) = told(world, waits(7, party=0, world=world), waits(8, world=world))
    answered = read_address(world.rules.reply, mail.reply_to.address)
    returned = read_address(world.rules.reply, mail.reverse_path)
    assert (answered.ticket, answered.purpose) == (8, Purpose.INTERNAL)
    assert (returned.ticket, returned.purpose) == (8, Purpose.BOUNCE)


def test_who_is_party_to_none_of_the_cases_is_told_all_the_same(world):
    (mail,) = told(world, waits(7, party=0, world=world))
    assert (mail.reply_to, mail.reverse_path) == (None, "")


def test_bundle_is_written_in_the_agents_own_time(world):
    kari = replace(world.rules.agents[0], timezone="Asia/Tokyo")
    (mail,) = digest(kari, [waits(7, world=world)], world.rules, world.now)
    assert (mail.timezone, mail.to.address) == ("Asia/Tokyo", KARI)
