"""What the clocks are told of a ticket's log, and of what became of sla.yaml meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest
from policy.clock_logs import at, case, line
from stories.promises import CALENDARS, OFFICE, STANDARD, policy, promise, rules

from maildesk.model.facts import LogLine
from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.hours import read_week
from maildesk.policy.sla.clock import ClockState
from maildesk.policy.sla.events import (
    Acknowledged,
    Created,
    Message,
    MessageKind,
    PolicySet,
    PrioritySet,
    StatusSet,
)
from maildesk.policy.sla.promised import choose_policy, clocks_of, promised
from maildesk.policy.sla.promises import ClockName, Edition
from maildesk.policy.sla.ticket_log import heard

HOUR = timedelta(hours=1)
FIRST, NEXT, UPDATE, RESOLUTION = ClockName
DESK = rules()


def told(*lines, desk=DESK, **fields):
    facts = case(*lines, **fields)
    return heard(facts.log, facts.ticket, desk).events


def shown(now, *lines, desk=DESK, **fields):
    return clocks_of(case(*lines, **fields), desk, at(now))


# --- line by line ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "event"),
    [
        ("10:00 in", Message(at("10:00"), MessageKind.USER_REPLY, moves=False)),
        ("10:00 thanks", Message(at("10:00"), MessageKind.USER_AUTO_REPLY, moves=False)),
        ("10:00 out", Message(at("10:00"), MessageKind.AGENT_REPLY, moves=False)),
        ("10:00 released out public", Message(at("10:00"), MessageKind.AGENT_REPLY, moves=False)),
        ("10:00 told delay", Message(at("10:00"), MessageKind.STATUS_UPDATE, moves=False)),
        ("10:00 on_hold", StatusSet(at("10:00"), Status.ON_HOLD)),
        ("10:00 merged", StatusSet(at("10:00"), Status.MERGED)),
        ("10:00 priority P1", PrioritySet(at("10:00"), Priority.P1)),
        ("10:00 ack", Acknowledged(at("10:00"))),
    ],
)
def test_line_is_this_event(written, event):
    assert told(written)[2:] == (event,)  # after Created, and Ada's mail


@pytest.mark.parametrize(
    "written",
    ["note", "held", "released out internal", "admitted in internal", "assignee kari", "step x"],
)
def test_what_the_requester_does_not_see_is_not_told(written):
    assert len(told(f"10:00 {written}")) == len(told())


def test_admitted_mail_counts_from_when_our_server_had_it():
    admitted = line("11:00 admitted in public", said_at=at("10:00"))
    assert told(admitted)[-1] == Message(at("10:00"), MessageKind.USER_REPLY, moves=False)


def test_mail_that_opened_the_ticket_is_not_told_twice():
    created = line("09:00 created new", receipt=4)
    first, second = line("09:00 in", receipt=4), line("09:00 in", receipt=5)
    assert len(told(created, first)) == 1
    assert len(told(created, first, second)) == 2


def test_priority_at_the_opening_is_the_one_before_the_first_change():
    events = told(line("10:00 priority P1", old="P4"), priority=Priority.P1)
    assert [e.priority for e in events if isinstance(e, Created | PrioritySet)] == ["P4", "P1"]
    (created, *_) = told(priority=Priority.P2)
    assert created.priority is Priority.P2


def test_ticket_that_an_agent_logged_owes_no_first_answer():
    created = line("09:00 created new", old="kari")
    clocks = shown("10:00", created, "09:00 policy standard", "09:00 in")
    assert clocks[FIRST].state is ClockState.NOT_APPLICABLE


# --- the clocks of a log --------------------------------------------------------------------------


def test_conversation_runs_the_clocks():
    lines = ["10:00 out", "10:00 waiting_user", "11:00 in", "11:00 open"]
    clocks = shown("12:00", *lines)
    assert (clocks[FIRST].state, clocks[FIRST].elapsed) == (ClockState.MET, HOUR)
    assert (clocks[NEXT].state, clocks[NEXT].elapsed) == (ClockState.RUNNING, HOUR)
    assert (clocks[RESOLUTION].state, clocks[RESOLUTION].elapsed) == (ClockState.RUNNING, 2 * HOUR)


def test_thanks_start_no_clock():
    clocks = shown("12:00", "10:00 out", "11:00 thanks")
    assert clocks[NEXT].state is ClockState.NOT_STARTED


def test_released_answer_ends_the_first_response():
    clocks = shown("12:00", "10:00 note", "11:00 released out public")
    assert clocks[FIRST].met_at == at("11:00")


def test_reopened_case_goes_on_where_it_stopped():
    lines = ["10:00 out", "10:00 solved", "24 10:00 in", "24 10:00 open"]
    clock = shown("24 12:00", *lines)[RESOLUTION]
    assert (clock.elapsed, clock.reopens) == (3 * HOUR, 1)


def test_merged_away_is_cancelled():
    assert shown("12:00", "10:00 merged")[RESOLUTION].state is ClockState.CANCELLED


# --- the configuration ----------------------------------------------------------------------------

FASTER = policy(first_response=2, next_response=8, resolution=8)
LONGER = replace(OFFICE, hours=read_week({"mon-fri": ["08:00-20:00"]}))


def edition(since, *policies, **calendars):
    named = {each.name: each for each in policies}
    return Edition(at(since), named, CALENDARS | calendars)


OLDEST = edition("01 09:00", STANDARD)


def edited(*editions, now=None):
    current = [promise(each) for each in editions[-1].policies.values()]
    calendars = editions[-1].calendars
    return replace(rules(), promises=tuple(current), calendars=calendars, editions=editions)


def test_edited_target_counts_from_its_instant_and_keeps_the_accumulated_time():
    desk = edited(OLDEST, edition("11:00", FASTER))
    before, after = (shown(now, desk=desk)[FIRST] for now in ("10:59", "11:30"))
    assert (before.due_at, before.target) == (at("13:00"), 4 * HOUR)
    assert (after.due_at, after.target, after.elapsed) == (at("11:00"), 2 * HOUR, 2.5 * HOUR)


def test_edition_that_the_ticket_has_not_seen_is_none_of_its():
    desk = edited(OLDEST, edition("20 08:00", FASTER))
    events = told(desk=desk)
    assert not [event for event in events if isinstance(event, PolicySet)]
    assert shown("10:00", desk=desk)[FIRST].due_at == at("11:00")


def test_edited_calendar_is_retroactive_for_open_clocks():
    desk = edited(OLDEST, edition("24 12:00", STANDARD, office=LONGER))
    before, after = (shown(now, desk=desk)[RESOLUTION] for now in ("24 11:59", "24 12:00"))
    assert before.elapsed == 7 * HOUR + 3 * HOUR + 59 * timedelta(minutes=1)
    assert after.elapsed == 11 * HOUR + 4 * HOUR


def test_edited_calendar_leaves_finished_clocks_alone():
    desk = edited(OLDEST, edition("24 12:00", STANDARD, office=LONGER))
    lines = ["15:00 out", "15:00 solved"]
    clock = shown("25 12:00", *lines, desk=desk)[FIRST]
    assert (clock.state, clock.due_at) == (ClockState.MET_LATE, at("13:00"))


def test_removed_policy_cancels_its_clocks():
    desk = edited(OLDEST, edition("11:00"))
    assert choose_policy(case().ticket, desk, at("11:00")).policy == ""
    by_edition = shown("12:00", desk=desk)
    by_log = shown("12:00", "11:01 policy", desk=desk, policy="")
    for clocks in (by_edition, by_log):
        assert clocks[FIRST].state is ClockState.CANCELLED
        assert clocks[RESOLUTION].state is ClockState.CANCELLED


def test_other_policy_is_in_force_from_the_change_on():
    gold = policy("24x7", "gold", first_response=1, resolution=4)
    desk = rules(promise(gold, type_is="incident"), STANDARD)
    lines = [
        LogLine(at("09:00"), "created", "new"),
        line("09:00 policy standard"),
        line("09:00 in"),
        line("10:30 policy gold"),
    ]
    before, after = (shown(now, *lines, desk=desk) for now in ("10:00", "11:00"))
    assert before[FIRST].due_at == at("13:00")
    assert (after[FIRST].due_at, after[FIRST].state) == (at("10:00"), ClockState.BREACHED)


def test_policy_that_was_renamed_is_another_one():
    """The ticket is told by the beat; until then its old policy is gone."""
    renamed = replace(STANDARD, name="ordinary")
    desk = edited(OLDEST, edition("11:00", renamed))
    assert shown("12:00", desk=desk)[FIRST].state is ClockState.CANCELLED
    clock = shown("12:30", "12:00 policy ordinary", desk=desk, policy="ordinary")[FIRST]
    assert clock.state is ClockState.RUNNING
    assert clock.elapsed == 2.5 * HOUR, "S12: what is accumulated stays"


def test_ticket_before_there_were_promises_begins_with_the_first():
    lines = [line("09:00 created new"), line("09:00 in"), line("11:00 policy standard")]
    clocks = shown("12:00", *lines)
    assert clocks[FIRST].state is ClockState.RUNNING


# --- which policy ---------------------------------------------------------------------------------

GOLD = policy("24x7", "gold", first_response=1)
SILVER = policy("office", "silver", first_response=2)


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ({"type": "incident"}, "gold"),
        ({"type": "question"}, "silver"),
        ({"type": "request"}, ""),
        ({"type": "request", "sla": "gold"}, "gold"),
        ({"type": "incident", "sla": "silver"}, "silver"),
        ({"type": "incident", "sla": "no such"}, "gold"),
        ({"type": "request", "status": Status.SOLVED, "policy": "gold"}, "gold"),
        ({"type": "incident", "status": Status.CLOSED, "policy": ""}, ""),
    ],
    ids=[
        "first that fits",
        "next that fits",
        "none",
        "named",
        "named before all others",
        "named and gone",
        "kept when solved",
        "none when closed",
    ],
)
def test_policy_is_chosen(fields, chosen):
    both = (promise(GOLD, type_in=["incident"]), promise(SILVER, type_in=["incident", "question"]))
    ticket = case(**{"policy": "x", **fields}).ticket
    choice = choose_policy(ticket, rules(*both), at("09:00"))
    assert choice.policy == chosen


def test_choice_says_why():
    desk = rules(promise(GOLD, type_is="incident"), SILVER)
    assert "incident" in choose_policy(case().ticket, desk, at("09:00")).why
    assert choose_policy(case(type="question").ticket, desk, at("09:00")).why
    named = choose_policy(case(sla="gold").ticket, desk, at("09:00"))
    assert named.why == "a rule, or the organisation, names it"


def test_new_ticket_is_promised_local_instants():
    ticket = replace(case().ticket, created_at=at("21 10:00"))
    promise_made = promised(ticket, DESK, at("21 10:00"))
    assert promise_made
    assert (promise_made.answer_by, promise_made.solve_by) == (at("23 12:00"), at("25 16:00"))
    assert (promise_made.is_open, promise_made.opens_at) == (False, at("23 08:00"))
    assert promised(replace(ticket, policy=""), DESK, at("21 10:00")) is None
