"""What a rule with `every` does to a ticket that it fits, and who hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maildesk.model.changes import (
    AddParty,
    Detail,
    NoteEvent,
    SetAssignee,
    SetDetail,
    SetFields,
    SetStatus,
    SetTags,
    SetWatchers,
)
from maildesk.model.facts import Facts
from maildesk.model.plan import Audience
from maildesk.model.ticket import Priority, Role, Status
from maildesk.policy.routing.routes import matches_ticket
from maildesk.policy.routing.rule import View
from maildesk.policy.routing.rule_file import compile_rule
from maildesk.policy.routing.scheduled_rules import asked_turns, fire
from maildesk.policy.rules import Team

BO = "bo@example.com"


def nagging(then, **words):
    when = words.pop("when", {"status_is": "open"})
    return compile_rule({"name": "Nagging", "every": "15m", "when": when, "then": then, **words})


@pytest.fixture
def done(world):
    """What the actions of a rule do to an open ticket."""
    teams = (Team("first-line", lead="kari", manager="bo"), Team("finance", lead="bo"))
    rules = replace(world.rules, teams=teams)

    def carry_out(then, known=Facts(), when=None, **ticket):  # noqa: B008 - a frozen value
        ticket.setdefault("status", Status.OPEN)
        rule = nagging(then, **({"when": when} if when else {}))
        return fire(rule, world.ticket_facts(**ticket), rules, world.now, known)

    return carry_out


ALTERED = [
    ({"priority": "P1"}, SetDetail(7, Detail.PRIORITY, "P1")),
    ({"impact": "high", "urgency": "high"}, SetDetail(7, Detail.PRIORITY, "P1")),
    ({"type": "problem"}, SetDetail(7, Detail.TYPE, "problem")),
    ({"team": "finance"}, SetDetail(7, Detail.TEAM, "finance")),
    ({"sla": "gold"}, SetDetail(7, Detail.SLA, "gold")),
    ({"tags": ["Stale", "{sender_domain}"]}, SetTags(7, ("vip", "stale", "example.org"))),
    ({"fields": {"by": "{sender}"}}, SetFields(7, {"room": "3", "by": "ada@example.org"})),
    ({"watchers": ["bo", "kn@example.net"]}, SetWatchers(7, ("bo", "kari"))),
    ({"assign": "bo"}, SetAssignee(7, "bo")),
    ({"hold": True}, SetStatus(7, Status.ON_HOLD, "rule_holds")),
    ({"solve": True}, SetStatus(7, Status.SOLVED, "rule_solves")),
]


@pytest.mark.parametrize(("then", "change"), ALTERED, ids=lambda one: str(one)[:40])
def test_each_action_is_one_change_and_the_rules_name_stands_first(done, then, change):
    plan = done(then, tags=("vip",), fields={"room": "3"})
    altered = [one for one in plan.changes if not isinstance(one, AddParty)]
    assert altered == [NoteEvent(7, "rule", "Nagging"), change]
    assert plan.versions == {7: 3}


def test_a_queue_brings_its_team(done, changes):
    said = [(c.detail, c.value) for c in changes(done({"queue": "finance"}), SetDetail)]
    assert said == [(Detail.QUEUE, "finance"), (Detail.TEAM, "finance")]


def test_what_the_ticket_is_already_is_no_change(done, told):
    same = {"priority": "P2", "tags": "vip", "assign": "bo", "watchers": ["kari"], "hold": True}
    plan = done(
        same,
        tags=("vip",),
        assignee="bo",
        watchers=("kari",),
        status=Status.ON_HOLD,
        priority=Priority.P2,
    )
    assert plan.changes == (NoteEvent(7, "rule", "Nagging"),)
    assert told(plan) == []


def test_a_watcher_outside_the_desk_takes_part(done, roles):
    assert roles(done({"watchers": ["cy@example.net"]})) == {"cy@example.net": Role.PARTICIPANT}


# --- who hears of it ----------------------------------------------------------------------------


def by(plan):
    return {
        notice.to.address: notice.facts["by"]
        for notice in plan.notices
        if notice.audience is Audience.AGENT
    }


def test_whom_it_names_is_told_once_and_why(done):
    plan = done({"notify": ["lead", "kari"]})
    (notice,) = plan.notices
    assert (notice.kind, notice.to.address) == ("assigned", "kari@example.com")
    assert notice.facts["by"] == "rule"
    assert notice.facts["reason"] == "the rule “Nagging” fits"
    assert notice.cause == "rule:Nagging:20261123T090000"


def test_the_new_owner_is_told_that_it_is_his_and_not_told_twice(done):
    assert by(done({"assign": "bo", "notify": ["lead", "manager"]})) == {
        BO: "agent",
        "kari@example.com": "rule",
    }


def test_the_new_team_hears_of_what_nobody_owns(done):
    assert by(done({"team": "finance"})) == {BO: "team"}
    assert by(done({"team": "finance"}, assignee="kari")) == {}


def test_the_team_hears_of_what_somebody_who_is_away_would_have_got(done, world):
    away = Facts(absent={"bo": world.now + timedelta(days=1)})
    assert by(done({"assign": "bo"}, away)) == {"kari@example.com": "team"}


def test_of_what_it_solves_only_those_hear_whom_it_names(done):
    assert by(done({"team": "finance", "solve": True, "notify": "kari"})) == {
        "kari@example.com": "rule"
    }


def test_nothing_is_told_to_the_requester_but_that_it_is_solved(done, told, world):
    quiet = {"hold": True, "priority": "P1", "tags": ["stale"]}
    assert told(done(quiet)) == []
    assert told(done({"solve": True})) == [("solved", world.ada.address)]
    assert told(done({"solve": True, "acknowledge": False})) == []


# --- by turns -----------------------------------------------------------------------------------


def test_who_is_there_and_has_least_to_do_gets_it(done, changes, world):
    rule = nagging({"assign": "least_loaded"})
    view = View(world.rules, world.now, world.ticket())
    assert asked_turns(rule, view) == (("first-line", "kari"), ("first-line", "bo"))
    known = Facts(loads={"kari": 2, "bo": 5})
    (change,) = changes(done({"assign": "least_loaded"}, known), SetAssignee)
    assert change.assignee == "kari"
    away = replace(known, absent={"kari": world.now + timedelta(days=1)})
    (change,) = changes(done({"assign": "least_loaded"}, away), SetAssignee)
    assert change.assignee == "bo"


def test_a_rule_that_cannot_be_asked_says_so(world):
    rule = nagging({"solve": True}, when={"calendar_open": "gone"})
    trace = matches_ticket(rule, View(world.rules, world.now, world.ticket()))
    assert (trace.is_matched, trace.fault) == (False, "it failed: KeyError: 'gone'")
