"""Rules end to end through `decide`: order, effects, what becomes of the mail; and their limits."""

import random
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy.conftest import World

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import Address, AutomaticKind
from maildesk.model.changes import (
    AddMessage,
    AddParty,
    GroupMail,
    OpenTicket,
    SetAssignee,
    SetStatus,
)
from maildesk.model.facts import Asked, Facts, GroupedTicket, Level, SentAnswer, Trust
from maildesk.model.plan import Disposition
from maildesk.model.ticket import Contact, Priority, Role, Status, TicketType, Visibility
from maildesk.policy.decide import classify_arrival
from maildesk.policy.routing.foresight import asked_by_rules
from maildesk.policy.routing.routes import matches_ticket, route
from maildesk.policy.routing.rule import BadRule, Verdict, View
from maildesk.policy.routing.rule_file import compile_rule, compile_rules, references
from maildesk.policy.rules import Acknowledge, Organisation, Team
from maildesk.policy.threads import Arrival

GO_ON = {"continue": True}
NIGHTLY = (("Auto-Submitted", "auto-generated"),)
FORM = Address("", "noreply@forms.example.com")
CY = Address("Cy", "cy@customer.example")
BOB = Address("Bob", "bob@customer.example")
KARI = Address("Kari Nordmann", "kari@example.com")


@pytest.fixture
def decide(world):
    """Decide on a mail by these rules."""

    def run(mail, *rules, facts=None, level=Level.V0, **more):
        return world.decide(mail, facts, level=level, routing=compile_rules(list(rules)), **more)

    return run


def rule(then, when=None, name="a rule", **more):
    return {"name": name, "when": when or {}, "then": then, **more}


def opened(plan):
    return next(change.ticket for change in plan.changes if isinstance(change, OpenTicket))


# --- order --------------------------------------------------------------------------------------


def test_the_first_rule_that_fits_ends_it(decide, world):
    plan = decide(
        world.mail(),
        rule({"tags": ["one"]}, {"subject_contains": "toner"}, "no"),
        rule({"tags": ["two"]}, {"subject_contains": "printer"}, "yes"),
        rule({"tags": ["three"]}, name="never asked"),
    )
    assert plan.route.tags == ("two",)
    assert [(one.name, one.is_matched) for one in plan.route.rules] == [
        ("no", False),
        ("yes", True),
    ]


def test_effects_add_up_and_a_later_rule_wins_on_the_same_word(decide, world):
    plan = decide(
        world.mail(),
        rule(
            {"tags": ["a"], "priority": "P1", "fields": {"x": "1", "y": "1"}},
            name="1",
            **{"continue": True},
        ),
        rule({"tags": ["b", "a"], "priority": "P2", "fields": {"y": "2"}}, name="2"),
    )
    ticket = opened(plan)
    assert (ticket.tags, ticket.priority) == (("a", "b"), Priority.P2)
    assert dict(ticket.fields) == {"x": "1", "y": "2"}


def test_later_rules_see_what_earlier_ones_did(decide, world):
    plan = decide(
        world.mail(),
        rule({"queue": "finance", "tags": ["vip"]}, name="1", **{"continue": True}),
        rule(
            {"priority": "P1"}, {"queue_is": "finance", "tag_is": "VIP", "team_is": "finance"}, "2"
        ),
    )
    assert opened(plan).priority is Priority.P1


def test_no_rule_that_fits_leaves_the_queue_of_the_address(decide, world):
    plan = decide(world.to("billing@example.com"), rule({"tags": ["x"]}, {"subject_is": "?"}))
    assert (plan.route.queue, plan.route.team) == ("finance", "finance")


def test_a_queue_brings_its_team_and_a_team_has_the_last_word(decide, world):
    assert decide(world.mail(), rule({"queue": "finance"})).route.team == "finance"
    both = {"team": "first-line", "queue": "finance"}
    assert decide(world.mail(), rule(both)).route.team == "first-line"


def test_the_reasons_name_the_rules_that_fitted(decide, world):
    assert "rule “a rule”" in decide(world.mail(), rule({"tags": ["x"]})).reasons


def test_misses_say_condition_by_condition_what_does_not_hold(decide, world):
    when = {"all": [{"subject_matches": "vpn"}, {"any": [{"cc_is": "a@b.c"}, {"size_over": 100}]}]}
    trace = decide(world.mail(), rule({"tags": ["x"]}, when)).route.rules[0]
    assert trace.misses == (
        "subject_matches vpn: subject is “Printer is dead”",
        "cc_is a@b.c: there is no cc",
        "size_over 100: size is 5",
    )


# --- what becomes of the mail -------------------------------------------------------------------


def test_a_dropped_mail_is_on_record_and_opens_nothing(decide, world):
    mail = world.mail(headers=(("List-Id", "<news.example.org>"),))
    plan = decide(mail, rule({"drop": "newsletter"}, {"automatic_in": ["list", "bulk"]}, "News"))
    assert plan.disposition is Disposition.DROPPED
    assert (plan.ticket, plan.changes, plan.notices) == (None, (), ())
    assert plan.reasons == ("rule “News”", "dropped: newsletter")


def test_a_reply_is_not_routed_again(decide, world):
    facts = world.facts(world.ticket_facts())
    plan = decide(world.to(world.address()), rule({"drop": "all"}), facts=facts)
    assert (plan.disposition, plan.route) == (Disposition.REPLY, None)


def test_accept_makes_a_mail_a_persons(decide, world, told):
    mail = world.mail(headers=NIGHTLY)
    assert "received" not in dict(told(decide(mail)))
    plan = decide(mail, rule({"accept": True}, {"automatic_is": "auto-generated"}))
    assert "received" in dict(told(plan))
    assert plan.automatic.kind is AutomaticKind.NONE


def test_accept_makes_an_answer_through_a_list_a_persons(decide, world):
    mail = world.to(world.address(), headers=(("List-Id", "<all.example.org>"),))
    facts = world.facts(world.ticket_facts())
    assert decide(mail, facts=facts).disposition is Disposition.AUTOMATIC
    assert decide(mail, rule({"accept": True}), facts=facts).disposition is Disposition.REPLY


def test_nobodys_word_makes_our_own_mail_a_persons(decide, world):
    mail = world.mail(headers=(("X-Maildesk-Loop", "example.com"),))
    assert decide(mail, rule({"accept": True})).disposition is Disposition.AUTOMATIC


def test_acknowledge_false_sends_none(decide, world, told):
    plan = decide(world.mail(), rule({"acknowledge": False}))
    assert "received" not in dict(told(plan))
    assert "no acknowledgement: a rule says so" in plan.reasons


def test_a_template_takes_the_place_of_the_acknowledgements(decide, world):
    plan = decide(world.mail(), rule({"template": "vip"}), level=Level.V2)
    assert [(n.kind, n.template) for n in plan.notices if n.kind == "received"] == [
        ("received", "vip")
    ]


def test_solve_opens_a_solved_ticket_and_tells_no_agent(decide, world, told, changes):
    plan = decide(world.mail(), rule({"solve": True, "notify": "bo"}))
    assert [change.status for change in changes(plan, SetStatus)] == [Status.SOLVED]
    assert told(plan) == [("received", "ada@example.org"), ("queue_new", "bo@example.com")]


def test_hold_opens_a_ticket_that_waits(decide, world, changes):
    plan = decide(world.mail(), rule({"hold": True}))
    assert [change.status for change in changes(plan, SetStatus)] == [Status.ON_HOLD]


def test_impact_and_urgency_of_several_rules_give_the_priority(decide, world):
    plan = decide(
        world.mail(),
        rule({"impact": "high"}, name="1", **GO_ON),
        rule({"urgency": "high"}, name="2"),
    )
    assert opened(plan).priority is Priority.P1


def test_type_sla_and_fields_are_the_tickets(decide, world):
    then = {"type": "request", "sla": "gold", "fields": {"asset": "{asset}"}}
    plan = decide(
        world.mail(text="asset AB-1234"), rule(then, {"body_matches": r"asset (?P<asset>\S+)"})
    )
    ticket = opened(plan)
    assert (ticket.type, ticket.sla) == (TicketType.REQUEST, "gold")
    assert dict(ticket.fields) == {"asset": "AB-1234"}


def test_what_a_mail_says_is_never_read_as_a_place(decide, world):
    mail = world.mail(text="name {subject} {{7*7}} {sender}")
    plan = decide(mail, rule({"fields": {"x": "<{all}>"}}, {"body_matches": "name (?P<all>.*)"}))
    assert opened(plan).fields["x"] == "<{subject} {{7*7}} {sender}>"


# --- people -------------------------------------------------------------------------------------


def test_a_named_agent_owns_the_ticket_unless_he_is_away(decide, world, told, changes):
    plan = decide(world.mail(), rule({"assign": "bo"}))
    assert [change.assignee for change in changes(plan, SetAssignee)] == ["bo"]
    assert ("queue_new", "kari@example.com") not in told(plan)
    away = world.facts(absent={"bo": world.now + timedelta(days=3)})
    plan = decide(world.mail(), rule({"assign": "bo"}), facts=away)
    assert changes(plan, SetAssignee) == []
    assert "assigned to nobody: bo is away until 2026-11-26" in plan.reasons


def test_watching_agents_hear_all_and_others_take_part(decide, world, told, roles):
    then = {"team": "first-line", "assign": "kari", "watchers": ["bo", "Boss@Example.org"]}
    plan = decide(world.mail(), rule(then))
    assert ("queue_new", "bo@example.com") in told(plan)
    assert opened(plan).watchers == ("bo",)
    assert roles(plan)["boss@example.org"] is Role.PARTICIPANT


def test_notify_tells_the_lead_and_the_manager(decide, world, told):
    teams = (Team("first-line"), Team("finance", lead="kari", manager="kari"))
    then = {"queue": "finance", "notify": ["lead", "manager"]}
    plan = decide(world.mail(), rule(then), teams=teams)
    assert ("queue_new", "kari@example.com") in told(plan)
    assert len([one for one in told(plan) if one[0] == "queue_new"]) == 2


def test_an_organisation_brings_its_promise_its_language_and_its_watchers(decide, world, roles):
    acme = Organisation(
        "acme", "Acme", ("example.org",), language="nb", sla="gold", watchers=("it@example.org",)
    )
    plan = decide(world.mail(), organisations=(acme,))
    assert (opened(plan).sla, opened(plan).language) == ("gold", "nb")
    assert roles(plan)["it@example.org"] is Role.PARTICIPANT


# --- web forms ----------------------------------------------------------------------------------

FORM_RULE = rule({"requester": "reply_to"}, {"sender_is": FORM.address})
EMAIL_RULE = rule({"requester": "{email}"}, {"body_matches": r"E-mail: (?P<email>\S+)"})


def test_a_form_names_the_requester_by_reply_to(decide, world, told, roles):
    mail = world.mail(FORM, reply_to=(CY,), headers=NIGHTLY)
    plan = decide(mail, FORM_RULE, level=Level.V2)
    assert opened(plan).requester == CY
    assert roles(plan)[CY.address] is Role.REQUESTER
    assert ("received", CY.address) in told(plan)
    assert FORM.address not in dict(told(plan)).values()
    assert plan.changes[-1] is not None
    assert plan.trust.level is Level.V0


def test_a_form_names_the_requester_in_its_text(decide, world):
    plan = decide(world.mail(FORM, text=f"E-mail: {CY.address}\nHelp!"), EMAIL_RULE)
    assert opened(plan).requester.address == CY.address


NOBODY = [
    ("nonsense", "no address to take the requester from: “nonsense”"),
    ("a@b@c", "no address to take the requester from: “a@b@c”"),
    ("x@y", "no address to take the requester from: “x@y”"),
    ("a@b.example\rX", "no address to take the requester from: “a@b.example X”"),
    ("<script>", "no address to take the requester from: “script”"),
    ("support@example.com", "support@example.com is ours, and no requester"),
    ("Support+web@example.com", "Support+web@example.com is ours, and no requester"),
    ("kari@example.com", "kari@example.com is an agent's, and forms speak for no agent"),
]


@pytest.mark.parametrize(("words", "why"), NOBODY, ids=[repr(words) for words, _ in NOBODY])
def test_what_is_no_address_of_anybody_else_names_nobody(decide, world, told, words, why):
    any_words = rule({"requester": "{email}"}, {"body_matches": r"E-mail: (?P<email>[^\n]+)"})
    mail = world.mail(FORM, text=f"E-mail: {words}", reply_to=(KARI,), cc=(CY,))
    plan = decide(mail, any_words, level=Level.V2)
    assert opened(plan).requester == FORM
    assert why in plan.reasons
    assert [who for kind, who in told(plan) if kind == "received"] == []
    assert {one.party.reply_to for one in plan.changes if isinstance(one, AddParty)} == {None}


@pytest.mark.parametrize(("people", "count"), [((), "no"), ((CY, BOB), "2")])
def test_a_form_names_nobody_by_no_reply_to_or_by_two(decide, world, people, count):
    plan = decide(world.mail(FORM, reply_to=people), FORM_RULE)
    assert f"no requester: there are {count} addresses in Reply-To" in plan.reasons


def test_an_address_may_stand_in_angle_brackets(decide, world):
    plan = decide(world.mail(FORM, text=f"E-mail: <{CY.address}>"), EMAIL_RULE)
    assert opened(plan).requester.address == CY.address


BELIEVED = [
    (Level.VX, None, Level.VX),
    (Level.VX, "V1", Level.VX),
    (Level.V0, "V1", Level.V0),
    (Level.V1, "V1", Level.V1),
    (Level.V2, "V1", Level.V1),
    (Level.V2, None, Level.V0),
]


@pytest.mark.parametrize(("of_mail", "of_rule", "believed"), BELIEVED)
def test_a_forms_requester_is_believed_no_more_than_the_form_nor_than_the_rule_says(
    decide, world, told, roles, of_mail, of_rule, believed
):
    trusting = rule({"requester": "reply_to", **({"level": of_rule} if of_rule else {})})
    eve = Address("Eve", "eve@example.net")
    plan = decide(world.mail(FORM, reply_to=(CY,), cc=(eve,)), trusting, level=of_mail)
    assert plan.trust.level is believed
    assert opened(plan).requester == CY
    assert (("received", CY.address) in told(plan)) is (believed is not Level.VX)
    assert eve.key not in roles(plan), "whoever fills a form in chooses nobody else's part"


def test_what_is_written_into_a_form_is_no_agents_command(decide, world):
    mail = world.mail(KARI, text="#solve", reply_to=(CY,))
    plan = decide(mail, rule({"requester": "reply_to"}), level=Level.V2)
    assert (opened(plan).requester, plan.disposition) == (CY, Disposition.NEW_TICKET)
    assert [command.status for command in plan.commands] == ["inert"]


def test_what_the_victim_has_proved_once_speaks_for_no_form(decide, world):
    contacts = {CY.key: Contact(CY, was_aligned=True)}
    mail = world.mail(FORM, reply_to=(CY,), text="Buy!")
    careful = Acknowledge("generic", 100)
    plan = decide(mail, FORM_RULE, facts=world.facts(contacts=contacts), acknowledge=careful)
    (letter,) = [one for one in plan.notices if one.kind == "received"]
    assert letter.facts["full"] is False


def test_a_form_cannot_bomb_a_victim_with_acknowledgements(decide, world, told):
    answers = (SentAnswer(CY.address, 3, "received", world.now, is_unverified=True),)
    mail = world.mail(FORM, reply_to=(CY,))
    plan = decide(
        mail, FORM_RULE, facts=world.facts(answers=answers), acknowledge=Acknowledge("generic", 100)
    )
    assert "received" not in dict(told(plan))


def test_a_requester_of_a_form_who_wants_no_mail_gets_none(decide, world, told):
    contacts = {CY.key: Contact(CY, wants_no_mail=True)}
    plan = decide(world.mail(FORM, reply_to=(CY,)), FORM_RULE, facts=world.facts(contacts=contacts))
    assert "received" not in dict(told(plan))


# --- groups -------------------------------------------------------------------------------------

ALERTS = rule(
    {"group_by": "{host}", "within": "4h"}, {"subject_matches": r"(?P<host>web\d+) is down"}
)


WEB1, PROVED = "helpdesk/a rule/unproved//web1", "helpdesk/a rule/proved//web1"


def alert(world, host="WEB1", **more):
    return world.mail(subject=f"{host.lower()} is down", headers=NIGHTLY, **more)


def test_the_first_alert_opens_a_ticket_with_its_key(decide, world):
    assert opened(decide(alert(world), ALERTS)).group_key == WEB1


@pytest.mark.parametrize(("ago", "joins"), [(3, True), (5, False)])
def test_a_further_alert_joins_quietly_if_the_last_one_is_recent(
    decide, world, changes, ago, joins
):
    group = GroupedTicket(7, world.now - timedelta(hours=ago), 12)
    facts = world.facts(world.ticket_facts(), grouped={WEB1: group})
    plan = decide(alert(world), ALERTS, facts=facts)
    assert (plan.ticket == 7) is joins
    if joins:
        assert (plan.notices, plan.disposition) == ((), Disposition.AUTOMATIC)
        assert changes(plan, GroupMail) == [GroupMail(7, world.now)]
        assert "mail 13 with the key “web1”" in plan.reasons


def test_the_words_of_strangers_in_a_group_are_for_agents(decide, world, changes):
    group = {WEB1: GroupedTicket(7, world.now)}
    facts = world.facts(world.ticket_facts(), grouped=group)
    eve = Address("Eve", "eve@example.net")
    for sender, seen in ((eve, Visibility.INTERNAL), (world.ada, Visibility.PUBLIC)):
        plan = decide(alert(world, sender=sender), ALERTS, facts=facts)
        assert changes(plan, AddMessage)[0].visibility is seen


def test_an_empty_key_groups_nothing(decide, world):
    loose = rule({"group_by": "{host}"}, {"subject_matches": "down|(?P<host>web)"})
    facts = world.facts(world.ticket_facts(), grouped={"": GroupedTicket(7, world.now)})
    assert decide(world.mail(subject="down"), loose, facts=facts).ticket == 8


def test_each_rule_and_each_queue_has_keys_of_its_own(decide, world):
    others = {**ALERTS, "name": "other"}
    to_finance = {**others, "then": {**others["then"], "queue": "finance"}}
    keys = [opened(decide(alert(world), one)).group_key for one in (ALERTS, others, to_finance)]
    assert keys == [WEB1, "helpdesk/other/unproved//web1", "finance/other/unproved//web1"]


@pytest.mark.parametrize("level", Level)
def test_what_is_less_believed_than_a_ticket_does_not_join_it(decide, world, level):
    facts = world.facts(world.ticket_facts(), grouped={PROVED: GroupedTicket(7, world.now)})
    plan = decide(alert(world, sender=world.ada), ALERTS, facts=facts, level=level)
    assert (plan.ticket == 7) is (level in (Level.V1, Level.V2))
    if level is Level.VX:
        assert opened(plan).group_key == "", "nothing that is true ends in it"


def test_forms_of_two_people_are_two_tickets(decide, world):
    grouping = rule({"group_by": "{subject}"})
    forms = [{**FORM_RULE, "continue": True, "name": "form"}, grouping]
    keys = [
        opened(decide(world.mail(FORM, reply_to=people), *forms)).group_key
        for people in ((CY,), (BOB,), ())
    ]
    assert keys == [
        "helpdesk/a rule/unproved/cy@customer.example/printer is dead",
        "helpdesk/a rule/unproved/bob@customer.example/printer is dead",
        "",
    ]
    asked = foreseen(world, world.mail(FORM, reply_to=(CY,)), *forms)
    assert keys[0] in asked.group_keys


@pytest.mark.parametrize("text", ["Hello.", "#note Hello."])
@pytest.mark.parametrize("then", [{"drop": "noise"}, {"group_by": "x"}], ids=["drop", "group"])
def test_what_an_agent_writes_opens_a_ticket(decide, world, text, then):
    key = "helpdesk/a rule/proved//x"
    facts = world.facts(world.ticket_facts(), grouped={key: GroupedTicket(7, world.now)})
    mail = world.mail(KARI, text=text)
    plan = decide(mail, rule(then), facts=facts, level=Level.V2)
    assert (plan.disposition, opened(plan).group_key) == (Disposition.NEW_TICKET, "")
    (said,) = [reason for reason in plan.reasons if "an agent wrote it himself" in reason]
    assert ("noise" in said) is ("drop" in then)


@pytest.mark.parametrize(
    ("headers", "level"), [(NIGHTLY, Level.V2), ((), Level.VX)], ids=["a program", "forged"]
)
def test_what_a_program_sends_in_an_agents_name_may_be_dropped(decide, world, headers, level):
    plan = decide(world.mail(KARI, headers=headers), rule({"drop": "noise"}), level=level)
    assert plan.disposition is Disposition.DROPPED


# --- what is looked up beforehand ---------------------------------------------------------------


def foreseen(world, mail, *rules):
    return foreseen_by(world, mail, *compile_rules(list(rules)))


def foreseen_by(world, mail, *rules):
    known = replace(world.rules, routing=rules)
    envelope = Envelope(Source.SMTP, mail.senders[0].address, ())
    arrival = Arrival(mail, envelope, Trust(), Facts(), known, world.now, world.now)
    return asked_by_rules(arrival, classify_arrival(arrival), Asked())


def test_desks_without_such_rules_ask_for_nothing(world):
    assert foreseen(world, world.mail(), rule({"tags": ["x"]})) == Asked()


def test_the_key_of_the_mail_is_foreseen(world):
    assert foreseen(world, alert(world), ALERTS).group_keys == (WEB1, PROVED)


def test_a_key_is_foreseen_whatever_the_sender_turns_out_to_be(world):
    when = {"subject_matches": r"(?P<host>web\d+)", "level_is": "V2", "open_tickets_over": 5}
    asked = foreseen(world, alert(world), rule({"group_by": "{host}"}, when))
    assert asked.group_keys == (WEB1, PROVED)


@pytest.mark.parametrize("level", Level)
def test_each_look_ahead_may_read_as_much_as_the_route_itself(world, decide, level):
    """There are eight, one for each answer that the store may give, and each reads 2 MiB."""
    when = {"body_matches": r"(?P<host>web\d+) is", "open_tickets_over": 5, "level_is": level}
    mail = world.mail(text=f"{'a ' * 500_000}\nweb1 is down")
    grouping = rule({"group_by": "{host}"}, when)
    facts = world.facts(open_tickets=6)
    routed = decide(mail, grouping, facts=facts, level=level).route
    assert (routed.group_key, routed.faults) == ("web1", ())
    assert foreseen(world, mail, grouping).group_keys == (WEB1, PROVED)


def test_what_rests_on_the_mail_alone_is_worked_out_once_for_all_looks_ahead(world):
    asked = []

    def check(view):
        asked.append(view.level)
        return Verdict(holds=False)

    when = {"level_is": "V2", "open_tickets_over": 5}
    plain, grouping = compile_rules(
        [rule({"tags": ["x"]}, {"subject_contains": "y"}), rule({"group_by": "x"}, when, "group")]
    )
    counted = replace(plain, when=replace(plain.when, check=check))
    foreseen_by(world, world.mail(), counted, grouping)
    assert len(asked) == 1


def test_the_requester_of_a_form_is_foreseen(world):
    assert foreseen(world, world.mail(FORM, reply_to=(CY,)), FORM_RULE).requesters == (CY.key,)


def test_the_turns_of_the_team_are_foreseen(world):
    then = {"team": "first-line", "assign": "round_robin"}
    turns = foreseen(world, world.mail(), rule(then)).turns
    assert turns == (("first-line", "kari"), ("first-line", "bo"))


def test_open_tickets_are_counted_where_a_rule_asks(world):
    asked = foreseen(world, world.mail(), rule({"tags": ["x"]}, {"open_tickets_over": 5}))
    assert asked.has_open_tickets


# --- how a team is told -------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["everyone", "digest"])
def test_a_case_that_an_agent_logs_waits_for_the_digest_too(world, told, how):
    teams = tuple(replace(team, notify=how) for team in world.rules.teams)
    logged = world.mail(world.kari, "It is dead.\n\n#for ada@example.org")
    plan = world.decide(logged, level=Level.V2, teams=teams)
    assert plan.disposition is Disposition.NEW_TICKET
    agents = {address for kind, address in told(plan) if kind == "queue_new"}
    assert agents == ({"bo@example.com"} if how == "everyone" else set())


# --- scheduled rules ----------------------------------------------------------------------------


def test_a_scheduled_rule_looks_at_tickets_and_never_at_mail(decide, world):
    nagging = rule(
        {"notify": "lead"}, {"status_is": "open", "idle_longer_than": "2bd"}, every="15m"
    )
    assert decide(world.mail(), nagging).route.rules == ()
    compiled = compile_rule(nagging)
    assert compiled.every == timedelta(minutes=15)
    old = world.ticket(status=Status.OPEN, created_at=world.now - timedelta(days=6))
    new = world.ticket(status=Status.OPEN)
    assert matches_ticket(compiled, View(world.rules, world.now, old)).is_matched
    assert matches_ticket(compiled, View(world.rules, world.now, new)).misses


# --- faults -------------------------------------------------------------------------------------


def test_a_rule_that_raises_sends_the_mail_to_the_default_queue_and_alarms(decide, world):
    broken = rule({"queue": "finance"}, {"calendar_open": "nowhere"}, "Broken")
    plan = decide(world.to("billing@example.com"), broken)
    assert plan.disposition is Disposition.NEW_TICKET
    assert plan.route.queue == "helpdesk"
    assert any("Broken" in reason for reason in plan.reasons)
    assert [alert.key for alert in plan.alerts] == ["routing"]


def many(count):
    def when(number):
        return {
            "any": [
                {"subject_matches": rf"(?i)\b(vpn{number}|wire{number})\b"},
                {"body_matches": rf"asset {number} (?P<asset>[A-Z]{{2}}-\d{{4}})"},
            ]
        }

    return compile_rules([rule({"tags": ["x"]}, when(n), f"rule {n}") for n in range(count)])


@pytest.mark.parametrize(
    ("text", "count"),
    [("Hello. " * 300, 500), ("a" * 1_000_000 + "!", 500), ("a" * 1_000_000 + "!", 0)],
    ids=["500 rules", "500 rules and 1 MB", "one hard expression and 1 MB"],
)
def test_work_of_the_rules_is_bounded(world, text, count):
    rules = many(count) or compile_rules([rule({"tags": ["x"]}, {"body_matches": "(a+)+$"})])
    known = replace(world.rules, routing=rules)
    mail = world.mail(text=text)
    times = []
    for _ in range(3):
        view = View(known, world.now, world.ticket(0), mail)
        begun = time.process_time()
        routed = route(view, known)
        times.append(time.process_time() - begun)
    assert routed.queue == "helpdesk"
    # 50 ms of processor time; the first round builds what later ones share.
    assert min(times) < 0.05


@pytest.mark.parametrize(
    "expression",
    [
        r"\pL{50}\d",
        r"[\s\S]{0,500}#",
        r"[a-q][^u-z]{13}x\d",
        r"(?i)[\w.+-]{1,64}@[\w.-]{1,200}\.no",
    ],
)
@pytest.mark.parametrize("letters", ["abcdefghijklmnopqrstuvwxyz ", "打印机坏了", "ax"])
def test_large_expressions_are_bounded_too(world, expression, letters):
    compiled = compile_rule(rule({"tags": ["x"]}, {"body_matches": expression}))
    known = replace(world.rules, routing=(compiled,))
    mail = world.mail(text="".join(random.Random(7).choices(letters, k=1_000_000)))
    times = []
    for _ in range(2):
        begun = time.process_time()
        routed = route(View(known, world.now, world.ticket(0), mail), known)
        times.append(time.process_time() - begun)
    assert routed.queue == "helpdesk"
    assert min(times) < 0.05


def test_rules_that_would_read_too_much_are_given_up_with_a_note(decide, world):
    open_ended = [
        rule({"tags": ["x"]}, {"body_matches": rf"x{n}.*y[a-z]*{n}"}, f"rule {n}")
        for n in range(50)
    ]
    plan = decide(world.mail(text="x1 " * 100_000), *open_ended)
    assert plan.route.queue == "helpdesk"
    assert any("given up" in reason for reason in plan.reasons)
    assert plan.alerts


# --- references ---------------------------------------------------------------------------------


def test_references_lead_to_their_place_in_the_file():
    raw = rule(
        {
            "queue": "helpdesk",
            "assign": "round_robin",
            "notify": ["lead", "bo"],
            "watchers": ["kari", "a@b.c"],
            "sla": "gold",
            "template": "vip",
        },
        {"any": [{"organisation_in": ["acme", "none"]}, {"calendar_open": "oslo"}]},
    )
    found = {tuple(one) for one in references(compile_rule(raw, ("rules", 3)))}
    assert found == {
        ("queue", "helpdesk", ("rules", 3, "then", "queue")),
        ("agent", "bo", ("rules", 3, "then", "notify", 1)),
        ("agent", "kari", ("rules", 3, "then", "watchers", 0)),
        ("sla", "gold", ("rules", 3, "then", "sla")),
        ("template", "vip", ("rules", 3, "then", "template")),
        ("organisation", "acme", ("rules", 3, "when", "any", 0, "organisation_in", 0)),
        ("calendar", "oslo", ("rules", 3, "when", "any", 1, "calendar_open")),
    }


# --- properties ---------------------------------------------------------------------------------

WORDS = st.text(max_size=80)
LEAVES = st.sampled_from(
    [
        {"subject_contains": "a"},
        {"subject_matches": r"(?P<word>\w+)"},
        {"body_matches": r"(?P<word>[^\s]+) (?P<other>\S+)"},
        {"sender_domain_is": ".example.org"},
        {"organisation_is": "none"},
        {"automatic_in": ["list", "none"]},
        {"language_is": "en"},
        {"open_tickets_over": 1},
        {"is_reply": True},
        {"calendar_open": "broken"},
        {"header_contains": {"X-A": "b"}},
        {"tag_is": "t"},
    ]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)
EFFECTS = st.sampled_from(
    [
        {"queue": "finance"},
        {"queue": "gone"},
        {"assign": "least_loaded"},
        {"assign": "gone"},
        {"tags": ["t", "{sender}", "{subject}"]},
        {"group_by": "{subject}"},
        {"requester": "reply_to"},
        {"requester": "{sender}"},
        {"drop": "{subject}"},
        {"solve": True},
        {"watchers": ["x@y.z"]},
        {"fields": {"a": "{sender_domain}"}},
    ]
)
RULES = st.lists(st.tuples(CONDITIONS, EFFECTS, st.booleans()), max_size=6)


@given(rules=RULES, subject=WORDS, text=WORDS, sender=st.sampled_from(["ada@example.org", "", "@"]))
@settings(max_examples=150, deadline=None)
def test_routing_never_raises_and_ends_in_a_queue(rules, subject, text, sender):
    world = World()
    raws = [
        {"name": f"rule {n}", "when": when, "then": then, "continue": more}
        for n, (when, then, more) in enumerate(rules)
    ]
    mail = world.mail(Address("", sender), subject=subject, text=text)
    plan = world.decide(mail, routing=compile_rules(raws))
    assert plan.disposition in (Disposition.NEW_TICKET, Disposition.DROPPED)
    if plan.disposition is Disposition.NEW_TICKET:
        assert world.rules.queue(opened(plan).queue) in world.rules.queues


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(BadRule) as caught:
        compile_rules([rule({"tags": ["x"]}), rule({"tags": ["y"]})])
    assert caught.value.path == ("rules", 1, "name")
