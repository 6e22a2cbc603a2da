from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, new_message_id, read_address
from maildesk.mail.message import (
    Address,
    Attachment,
    Automatic,
    AutomaticKind,
    DeliveryReport,
    ReportedRecipient,
    Span,
)
from maildesk.model.changes import (
    AddMessage,
    MarkBounced,
    OpenHold,
    OpenTicket,
    SetAssignee,
    SetStatus,
)
from maildesk.model.facts import Duplicate, Level, SentAnswer, Trust
from maildesk.model.plan import Audience, Disposition
from maildesk.model.ticket import Direction, Party, Role, Status, Visibility
from maildesk.policy.decide import decide
from maildesk.policy.rules import Acknowledge
from maildesk.policy.threads import named_tickets

EVE = Address("Eve", "eve@example.net")
VACATION = (("Auto-Submitted", "auto-replied"),)
PDF = Attachment("2", "a.pdf", "application/pdf", 9_000_000, "00")


def test_new_mail_opens_a_ticket_acknowledges_and_tells_the_team(world, told, changes):
    plan = world.decide(world.mail())
    assert plan.disposition is Disposition.NEW_TICKET
    assert told(plan) == [
        ("received", "ada@example.org"),
        ("queue_new", "kari@example.com"),
        ("queue_new", "bo@example.com"),
    ]
    ticket = changes(plan, OpenTicket)[0].ticket
    assert (ticket.number, ticket.queue, ticket.status) == (1, "helpdesk", Status.NEW)


def test_queue_is_that_of_the_first_of_our_addresses_in_to(world):
    mail = world.to("x@example.org", "billing@example.com", "support@example.com")
    assert world.decide(mail).route.queue == "finance"


def test_subject_stays_the_requesters_own_with_the_tag_last(world):
    plan = world.decide(world.mail(subject="Re: AW: Printer is dead"))
    assert {notice.subject for notice in plan.notices} == {"Re: Printer is dead [#1]"}


def test_everybody_has_a_reply_address_of_his_own_purpose(world):
    plan = world.decide(world.mail())
    tokens = [read_address(world.rules.reply, n.reply_to.address) for n in plan.notices]
    assert [t.purpose for t in tokens] == [Purpose.PARTICIPANT, Purpose.AGENT, Purpose.AGENT]
    assert len({t.party for t in tokens}) == 3


def test_answer_threads_for_the_requester_and_not_for_agents(world):
    received, queue_new, _ = world.decide(world.mail()).notices
    assert (received.in_reply_to, received.references) == ("m1@example.org", ("m1@example.org",))
    assert (queue_new.in_reply_to, queue_new.references) == (None, ())


def test_people_in_cc_are_known_and_take_no_part(world, roles):
    carl = Address("Carl", "carl@example.org")
    assert roles(world.decide(world.mail(cc=(carl,))))["carl@example.org"] is Role.KNOWN
    proved = world.decide(world.mail(cc=(carl,)), level=Level.V1)
    assert roles(proved)["carl@example.org"] is Role.PARTICIPANT


def test_at_most_ten_take_part_from_the_first_mail_and_none_of_ours(world, roles):
    people = tuple(Address("", f"p{n}@example.org") for n in range(30))
    ours = (Address("", "billing@example.com"), Address("", world.address()))
    added = roles(world.decide(world.mail(cc=ours + people), level=Level.V2))
    assert list(added.values()).count(Role.PARTICIPANT) == 10
    assert not {"billing@example.com", world.address()} & set(added)


# --- acknowledgements ---------------------------------------------------------------------------

GENERIC = Acknowledge("generic", 100)


def received(plan):
    return [notice for notice in plan.notices if notice.kind == "received"]


def test_unproved_sender_is_acknowledged_without_a_word_of_his_mail(world):
    (notice,) = received(world.decide(world.mail(), acknowledge=GENERIC))
    assert notice.subject == "Your request [#1]"
    assert notice.facts["full"] is False
    assert notice.reverse_path == ""


def test_proved_sender_is_acknowledged_in_full(world):
    (notice,) = received(world.decide(world.mail(), acknowledge=GENERIC, level=Level.V1))
    assert notice.facts["full"] is True


@pytest.mark.parametrize(
    ("acknowledge", "facts"),
    [
        (Acknowledge("none", 100), {}),
        (GENERIC, {"unverified_in_hour": 100}),
        (GENERIC, {"answers": "a minute ago"}),
        (Acknowledge("full", 0), {"answers": "twenty"}),
    ],
    ids=["none", "cap in all", "one an hour", "governor"],
)
def test_no_acknowledgement(world, acknowledge, facts):
    minute = world.now - timedelta(minutes=1)
    answer = SentAnswer("ada@example.org", 3, "received", minute, is_unverified=True)
    count = {"a minute ago": 1, "twenty": 20}.get(facts.get("answers"), 0)
    facts = facts | {"answers": (answer,) * count}
    plan = world.decide(world.mail(), world.facts(**facts), acknowledge=acknowledge)
    assert received(plan) == []
    assert any("no acknowledgement" in reason for reason in plan.reasons)
    assert plan.disposition is Disposition.NEW_TICKET


def test_no_cap_where_the_admin_says_so(world):
    facts = world.facts(unverified_in_hour=10_000)
    assert received(world.decide(world.mail(), facts))


def test_answers_go_to_reply_to_of_the_same_domain_only(world):
    desk = Address("Berg", "berg@example.org")
    (notice,) = received(world.decide(world.mail(reply_to=(desk,))))
    assert notice.to == desk
    (notice,) = received(world.decide(world.mail(reply_to=(EVE,))))
    assert notice.to.address == "ada@example.org"


@pytest.mark.parametrize(
    "senders", [(), (Address("", "a@x.org"), Address("", "b@x.org"))], ids=["none", "two"]
)
def test_mail_without_one_sender_is_a_ticket_and_is_not_answered_as_an_agent(world, senders):
    plan = world.decide(world.mail(senders))
    assert plan.disposition is Disposition.NEW_TICKET


# --- what no person wrote -----------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "root", "support"])
def test_sender_with_a_name_alone_is_known_by_his_envelope(world, told, address):
    mail = world.mail(Address("Ann", address))
    plan = world.decide(mail, reverse_path="ann@example.org")
    assert plan.disposition is Disposition.NEW_TICKET
    assert plan.changes[0].ticket.requester == Address("Ann", "ann@example.org")


def test_nobody_is_the_same_person_as_nobody(world):
    nobody = Address("Ann", "")
    facts = world.facts(
        world.ticket_facts(requester=nobody, parties=(Party(3, nobody, Role.REQUESTER),))
    )
    mail = world.mail(nobody, subject="Re: Printer is dead [#7]")
    assert world.decide(mail, facts, reverse_path="").disposition is not Disposition.REPLY


def test_vacation_notice_is_attached_for_agents_and_nobody_is_told(world, changes):
    facts = world.facts(world.ticket_facts(status=Status.SOLVED))
    plan = world.decide(world.to(world.address(), headers=VACATION), facts)
    assert plan.disposition is Disposition.AUTOMATIC
    assert changes(plan, AddMessage)[0].visibility is Visibility.INTERNAL
    assert (plan.notices, changes(plan, SetStatus)) == ((), [])


def test_agents_vacation_notice_is_never_public(world, changes):
    facts = world.facts(world.ticket_facts())
    mail = world.to(world.agent_address(), sender=world.kari, headers=VACATION)
    plan = world.decide(mail, facts)
    assert plan.notices == ()
    assert changes(plan, AddMessage)[0].visibility is Visibility.INTERNAL


def test_vacation_notice_that_belongs_nowhere_opens_nothing(world):
    plan = world.decide(world.mail(headers=VACATION))
    assert (plan.disposition, plan.changes, plan.notices) == (Disposition.AUTOMATIC, (), ())


def test_list_mail_is_a_ticket_without_an_answer(world, told):
    plan = world.decide(world.mail(headers=(("List-Id", "<l.example.org>"),)))
    assert plan.disposition is Disposition.NEW_TICKET
    assert {kind for kind, _ in told(plan)} == {"queue_new"}


def test_own_looped_mail_is_stored_and_nothing_else(world):
    plan = world.decide(world.mail(headers=(("X-Maildesk-Loop", "example.com"),)))
    assert (plan.disposition, plan.changes, plan.notices) == (Disposition.AUTOMATIC, (), ())


def bounce(world, *addresses, **fields):
    report = DeliveryReport(
        tuple(ReportedRecipient(a, "5.1.1", "failed") for a in addresses), **fields
    )
    daemon = Address("", "mailer-daemon@example.org")
    content_type = (("Content-Type", "multipart/report; report-type=delivery-status"),)
    return world.mail(daemon, report=report, headers=content_type)


def written_to(world, *keys):
    return replace(world.ticket_facts(), written_to=frozenset(keys))


def test_bounce_marks_only_whom_we_wrote_to_and_tells_the_agent(world, told, changes):
    facts = world.facts(written_to(world, "ada@example.org"))
    mail = bounce(world, "ada@example.org", "victim@example.net")
    plan = world.decide(mail, facts, recipients=[world.address(Purpose.BOUNCE)], reverse_path="")
    assert plan.disposition is Disposition.BOUNCE
    assert changes(plan, MarkBounced) == [MarkBounced(7, "ada@example.org", "5.1.1")]
    assert {kind for kind, _ in told(plan)} == {"bounced"}


def test_bounce_is_known_by_the_returned_message_id(world):
    facts = world.facts(written_to(world, "ada@example.org"))
    ours = new_message_id(world.rules.reply, 7, "x", world.now)
    plan = world.decide(
        bounce(world, "ada@example.org", returned_ids=(ours,)), facts, reverse_path=""
    )
    assert plan.ticket == 7


def test_forged_bounce_touches_no_ticket(world):
    facts = world.facts(written_to(world, "ada@example.org"), owners={"x@example.com": (7,)})
    mail = bounce(world, "ada@example.org", returned_ids=("x@example.com",))
    plan = world.decide(mail, facts, reverse_path="")
    assert (plan.disposition, plan.changes, plan.notices) == (Disposition.BOUNCE, (), ())


def test_bounce_of_a_notification_is_told_to_admins_not_mailed_in_circles(world):
    facts = world.facts(written_to(world, "kari@example.com"))
    mail = bounce(world, "kari@example.com")
    address = world.address(Purpose.BOUNCE, 2, world.kari)
    plan = world.decide(mail, facts, recipients=[address], reverse_path="")
    assert plan.notices == ()
    assert len(plan.alerts) == 1


def test_copy_is_recorded_and_nothing_more(world):
    plan = world.decide(world.mail(), world.facts(duplicate=Duplicate(1, 7, world.now)))
    assert (plan.disposition, plan.ticket, plan.changes) == (Disposition.DUPLICATE, 7, ())


# --- the requester and the agents ---------------------------------------------------------------


def test_requesters_mail_reaches_the_assignee_only_with_its_files(world, told):
    facts = world.facts(world.ticket_facts(assignee="bo"))
    plan = world.decide(world.to(world.address(), attachments=(PDF, replace(PDF, part="3"))), facts)
    assert told(plan) == [("user_replied", "bo@example.com")]
    assert plan.notices[0].files == ("2",)
    assert [f["filename"] for f in plan.notices[0].facts["mail"]["left_out"]] == ["a.pdf"]


@pytest.mark.parametrize(
    ("was", "becomes", "kind"),
    [
        (Status.WAITING_USER, Status.OPEN, "user_replied"),
        (Status.SOLVED, Status.OPEN, "reopened"),
        (Status.NEW, None, "user_replied"),
        (Status.ON_HOLD, None, "user_replied"),
    ],
)
def test_requesters_mail_moves_the_ticket(world, told, changes, was, becomes, kind):
    plan = world.decide(world.to(world.address()), world.facts(world.ticket_facts(status=was)))
    assert [change.status for change in changes(plan, SetStatus)] == ([becomes] if becomes else [])
    assert {k for k, _ in told(plan)} == {kind}


def agent_reply(world, facts=None, **fields):
    fields.setdefault("sender", world.kari)
    mail = world.to(world.agent_address(), **fields)
    return world.decide(mail, facts or world.facts(world.ticket_facts()))


def test_agents_reply_goes_to_the_requester_in_his_name_and_takes_the_ticket(world, told, changes):
    plan = agent_reply(world, attachments=(PDF,))
    (notice,) = plan.notices
    assert told(plan) == [("reply", "ada@example.org")]
    assert notice.sender == Address("Kari Nordmann (IT Service Desk)", "support@example.com")
    assert (notice.auto_submitted, notice.files) == ("", ("2",))
    message = changes(plan, AddMessage)[0]
    assert (message.visibility, message.direction) == (Visibility.PUBLIC, Direction.OUT)
    assert changes(plan, SetAssignee) == [SetAssignee(7, "kari")]
    assert changes(plan, SetStatus) == [SetStatus(7, Status.OPEN, "agent_reply")]


def test_ticket_of_somebody_else_is_not_taken(world, changes):
    plan = agent_reply(world, world.facts(world.ticket_facts(assignee="bo")))
    assert changes(plan, SetAssignee) == []


def test_whom_the_agent_wrote_to_himself_is_not_mailed_again(world):
    mail = world.to(world.agent_address(), "ada@example.org", sender=world.kari)
    plan = world.decide(mail, world.facts(world.ticket_facts()))
    assert plan.notices == ()


def test_internal_reply_address_makes_a_note(world, changes):
    mail = world.to(world.agent_address(Purpose.INTERNAL), world.agent_address(), sender=world.kari)
    plan = world.decide(mail, world.facts(world.ticket_facts()))
    assert plan.disposition is Disposition.NOTE
    assert {notice.audience for notice in plan.notices} == {Audience.AGENT}
    assert changes(plan, AddMessage)[0].visibility is Visibility.INTERNAL


@pytest.mark.parametrize(
    "text",
    [
        "#solv\nFixed.",
        "Fixed.\n#merge 404",
        "Fixed.\n#solve\nI hope.",
        "＃assign nobody\nto it",
        "  - #solve",
        "\u200b#WAIT 03/04\nuntil then",
    ],
)
def test_command_line_in_doubt_holds_the_agents_mail_whole(world, told, changes, text):
    plan = agent_reply(world, text=text)
    assert plan.disposition is Disposition.HELD
    assert told(plan) == [("command_confirm", "kari@example.com")]
    assert changes(plan, AddMessage)[0].visibility is Visibility.HELD
    assert {command.status for command in plan.commands} == {"held"}
    assert not changes(plan, SetStatus)


def test_command_that_nothing_can_come_of_asks_nothing(world, told, changes):
    plan = agent_reply(world, text="#assign nobody")
    assert plan.disposition is Disposition.HELD
    assert told(plan) == [("command_receipt", "kari@example.com")]
    assert not changes(plan, OpenHold)


@pytest.mark.parametrize("text", ["See #123.", "# Close the valve", "I used #solve before", "#1"])
def test_reference_or_heading_is_prose(world, text):
    assert agent_reply(world, text=text).disposition is Disposition.REPLY


@pytest.mark.parametrize(
    "level", [Level.V0, Level.V1, Level.VX], ids=["unproved", "aligned", "forged"]
)
def test_mail_in_an_agents_name_without_proof_is_held(world, told, level):
    facts = world.facts(world.ticket_facts(thread=[world.thread_id("root@x")]))
    mail = world.mail(world.kari, in_reply_to=("root@x",))
    plan = world.decide(mail, facts, level=level)
    assert "reply" not in {kind for kind, _ in told(plan)}
    if level is not Level.VX:
        assert told(plan) == [("command_confirm", "kari@example.com")]


def test_participants_token_is_no_agents_proof(world, told):
    """An agent who asks for help himself: his participant's address makes him no agent there."""
    facts = world.facts(
        replace(
            world.ticket_facts(requester=world.kari),
            parties=(world.ticket_facts().parties[1],),
        )
    )
    mail = world.to(world.address(Purpose.PARTICIPANT, 2, world.kari), sender=world.kari)
    plan = world.decide(mail, facts)
    assert "reply" not in {kind for kind, _ in told(plan)}


def test_empty_reply_is_held(world):
    assert agent_reply(world, text="").disposition is Disposition.HELD


def test_agents_new_mail_with_a_command_is_held_and_not_lost(world, told):
    plan = world.decide(world.mail(world.kari, text="#take"))
    assert (plan.disposition, plan.ticket) == (Disposition.HELD, 1)
    assert told(plan) == [("command_confirm", "kari@example.com")]


def test_what_the_first_mail_forwards_is_its_body(world, changes):
    plan = world.decide(forwarding(world, "Please help her.\n", "The lift is stuck."))
    (message,) = changes(plan, AddMessage)
    assert message.mail.new_text == "Please help her.\nThe lift is stuck."
    assert all("The lift is stuck." in n.facts["mail"]["text"] for n in plan.notices[1:])


def test_what_an_answer_forwards_is_quote(world, changes):
    facts = world.facts(world.ticket_facts())
    mail = forwarding(world, "See below.\n", "The lift.", to=(Address("", world.address()),))
    (message,) = changes(world.decide(mail, facts), AddMessage)
    assert message.mail.new_text == "See below."


def test_command_in_what_an_agent_forwards_is_not_his(world):
    plan = world.decide(forwarding(world, "FYI\n", "#solve", sender=world.kari))
    assert (plan.disposition, plan.commands) == (Disposition.NEW_TICKET, ())


def forwarding(world, written, forwarded, **fields):
    """A mail that forwards another."""
    mail = world.mail(text=written + forwarded, **fields)
    span = Span(len(written), len(mail.text))
    return replace(mail, reply=(Span(0, len(written)),), quoted=(span,), forwarded=(span,))


def test_agent_is_not_told_of_his_own_request(world, told):
    plan = world.decide(world.mail(world.kari))
    assert ("queue_new", "bo@example.com") in told(plan)
    assert ("queue_new", "kari@example.com") not in told(plan)


def test_internal_and_held_words_reach_agents_only(world):
    facts = world.facts(world.ticket_facts())
    secret = "the customer is not to know"
    for purpose in (Purpose.INTERNAL, Purpose.AGENT):
        text = secret if purpose is Purpose.INTERNAL else f"#note {secret}"
        mail = world.to(world.agent_address(purpose), sender=world.kari, text=text)
        for notice in world.decide(mail, facts).notices:
            assert notice.audience is Audience.AGENT
            assert notice.to.address in ("kari@example.com", "bo@example.com")


def test_requesters_commands_are_text(world):
    plan = world.decide(world.to(world.address(), text="#solve"), world.facts(world.ticket_facts()))
    assert plan.disposition is Disposition.REPLY
    assert [command.status for command in plan.commands] == ["inert"]


def test_classified_mail_is_traced(world):
    plan = world.decide(world.mail(headers=VACATION))
    assert isinstance(plan.automatic, Automatic)
    assert plan.automatic.kind is AutomaticKind.AUTO_REPLY


# --- what a review found ------------------------------------------------------------------------


def test_hostile_combining_marks_cost_nothing(world):
    text = "a" + "\u0315" * 60_000 + "\u0316" * 60_000
    plan = world.decide(world.mail(text=f"{text}\n#{text}"))
    assert plan.disposition is Disposition.NEW_TICKET


NULL_SENDER = {"reverse_path": ""}


def test_what_a_program_writes_to_a_bounce_address_opens_no_ticket(world, told):
    facts = world.facts(written_to(world, "ada@example.org"))
    mail = world.mail(Address("", "x@example.org"), text="Konto voll")
    bounces = [world.address(Purpose.BOUNCE)]
    plan = world.decide(mail, facts, recipients=bounces, **NULL_SENDER)
    assert (plan.disposition, plan.ticket) == (Disposition.BOUNCE, 7)
    assert {kind for kind, _ in told(plan)} == {"bounced"}


def test_unread_bounce_of_an_agents_mail_is_told_to_admins_only(world):
    facts = world.facts(written_to(world, "kari@example.com"))
    mail = world.mail(Address("", "x@example.com"), text="Konto voll")
    bounces = [world.address(Purpose.BOUNCE, 2, world.kari)]
    plan = world.decide(mail, facts, recipients=bounces, **NULL_SENDER)
    assert (plan.disposition, plan.notices, len(plan.alerts)) == (Disposition.BOUNCE, (), 1)


def test_vacation_notice_to_a_bounce_address_is_no_bounce(world, changes):
    facts = world.facts(written_to(world, "ada@example.org"))
    mail = world.mail(headers=VACATION)
    bounces = [world.address(Purpose.BOUNCE)]
    plan = world.decide(mail, facts, recipients=bounces, **NULL_SENDER)
    assert plan.disposition is Disposition.AUTOMATIC
    assert changes(plan, MarkBounced) == []


def test_bounce_of_a_merged_ticket_goes_to_its_target(world):
    old = replace(written_to(world, "ada@example.org"), ticket=world.ticket(7, merged_into=8))
    facts = world.facts(old, world.ticket_facts(8))
    bounces = [world.address(Purpose.BOUNCE)]
    plan = world.decide(bounce(world, "ada@example.org"), facts, recipients=bounces)
    assert plan.ticket == 8


def test_odd_from_is_no_agents(world, told):
    mail = world.to(world.agent_address(), sender=world.kari, defects=("From: group syntax",))
    plan = world.decide(mail, world.facts(world.ticket_facts()))
    assert plan.disposition is Disposition.HELD
    assert {kind for kind, _ in told(plan)} == {"held"}


LIST = (("List-Unsubscribe", "<mailto:x@example.org>"), ("Precedence", "list"))


def test_requester_who_answers_through_a_list_is_heard_without_an_answer(world, told, changes):
    facts = world.facts(world.ticket_facts(status=Status.SOLVED))
    plan = world.decide(world.to(world.address(), headers=LIST), facts)
    assert {kind for kind, _ in told(plan)} == {"user_replied"}
    assert changes(plan, SetStatus) == []


def test_agent_who_answers_through_a_list_is_told_that_it_was_not_sent(world, told):
    mail = world.to(world.agent_address(), sender=world.kari, headers=LIST)
    plan = world.decide(mail, world.facts(world.ticket_facts()))
    assert plan.disposition is Disposition.HELD
    assert told(plan) == [("held", "kari@example.com")]


def test_forged_mails_in_an_agents_name_tell_him_once_in_ten_minutes(world, told):
    ticket = world.ticket_facts(thread=[world.thread_id("root@x")])
    mail = world.mail(world.kari, in_reply_to=("root@x",))
    minute = world.now - timedelta(minutes=1)
    lately = SentAnswer("kari@example.com", 7, "command_confirm", minute)
    first = world.decide(mail, world.facts(ticket))
    second = world.decide(mail, world.facts(ticket, answers=(lately,)))
    assert (told(first), told(second)) == ([("command_confirm", "kari@example.com")], [])
    assert second.disposition is Disposition.HELD


def test_held_mail_of_a_proved_agent_is_always_told(world, told):
    minute = world.now - timedelta(minutes=1)
    lately = SentAnswer("kari@example.com", 7, "command_confirm", minute)
    facts = world.facts(world.ticket_facts(), answers=(lately,))
    told_him = told(agent_reply(world, facts, text="#solv"))
    assert told_him == [("command_confirm", "kari@example.com")]


def test_requester_hears_that_his_answer_opened_the_case_again(world, told):
    facts = world.facts(world.ticket_facts(status=Status.SOLVED))
    plan = world.decide(world.to(world.address()), facts)
    assert ("reopened", "ada@example.org") in told(plan)


def test_letters_about_an_old_mail_hold_fresh_tokens(world):
    envelope = Envelope(Source.IMAP)
    long_ago = world.now - timedelta(days=200)
    plan = decide(
        world.mail(), envelope, Trust(), world.facts(), world.rules, long_ago, written_at=world.now
    )
    token = read_address(world.rules.reply, plan.notices[-1].reply_to.address)
    assert world.now - token.signed_at < timedelta(days=1)
    assert changes_of(plan, OpenTicket).ticket.created_at == long_ago


def changes_of(plan, kind):
    return next(change for change in plan.changes if isinstance(change, kind))


def test_tickets_are_looked_up_by_the_strongest_sign_first(world):
    mail = world.to(world.address(), subject=" ".join(f"[#{n}]" for n in range(100, 140)))
    assert named_tickets(mail, (), world.rules.reply)[0] == 7


def test_agents_reply_of_which_only_the_beginning_came_is_held(world, told):
    envelope = Envelope(Source.IMAP, full_size=90_000_000)
    mail = world.to(world.agent_address(), sender=world.kari)
    facts = world.facts(world.ticket_facts())
    plan = decide(mail, envelope, Trust(), facts, world.rules, world.now)
    assert plan.disposition is Disposition.HELD
    assert told(plan) == [("command_confirm", "kari@example.com")]
