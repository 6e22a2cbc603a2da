"""What is due on a ticket at an instant: the ladder, pages, and what is next."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy.clock_logs import at, case, line
from stories.promises import STANDARD, policy, rules

from maildesk.model.plan import Audience
from maildesk.model.ticket import Priority
from maildesk.policy.due.agenda import agenda, names_of
from maildesk.policy.due.follow_ups import Occasion
from maildesk.policy.due.work import work_off
from maildesk.policy.sla.ladder import Repeat, read_step
from maildesk.policy.sla.promises import ClockName

DESK = rules()
MINUTE = timedelta(minutes=1)
FIRST, NEXT, UPDATE, RESOLUTION = ClockName


def with_ladder(*steps, clock=FIRST, **hours):
    """A desk whose clock has these steps."""
    made = policy("24x7", **(hours or {"first_response": 4}))
    return rules(replace(made, ladder={clock: steps}))


def sent(facts, now, desk=DESK):
    """The steps that are sent: `(clock, step)`."""
    due = agenda(facts, desk, at(now)).due
    return [one.turn.key[::3] for one in due if one.turn.occasion is Occasion.STEP]


def pages(facts, now, desk):
    due = agenda(facts, desk, at(now)).due
    return [one.turn.number for one in due if one.turn.occasion is Occasion.PAGE]


def done(facts, now, desk=DESK):
    """The ticket after all that was due then was noted."""
    found = agenda(facts, desk, at(now))
    keys = [one.turn.key for one in found.due] + [key for key, _ in found.silent]
    keys += [other.key for one in found.due for other in one.others]
    return replace(facts, fired={**facts.fired, **dict.fromkeys(keys, at(now))})


# --- the ladder -----------------------------------------------------------------------------------


def test_step_is_due_at_its_instant_and_once():
    facts = case()
    assert sent(facts, "10:59") == []
    assert sent(facts, "11:00") == [("first_response", "50%")]
    assert sent(done(facts, "11:00"), "11:00") == []
    assert sent(done(facts, "11:00"), "12:00") == [("first_response", "75%")]


def test_next_look_is_at_the_next_step_and_the_due_time_is_the_first_end():
    found = agenda(case(), DESK, at("10:00"))
    assert (found.next_at, found.due_at) == (at("11:00"), at("13:00"))
    answered = agenda(case("10:00 out", "10:00 open"), DESK, at("10:30"))
    assert answered.due_at == at("26 09:00")


def test_only_the_highest_step_is_sent_late_and_the_others_are_noted():
    found = agenda(case(), DESK, at("12:50"))
    (due,) = found.due
    assert (due.turn.key[3], due.is_late) == ("90%", True)
    assert sorted(key[3] for key, _ in found.silent) == ["50%", "75%"]


@pytest.mark.parametrize(("now", "is_late"), [("11:05", False), ("11:06", True)])
def test_five_minutes_are_not_late(now, is_late):
    (due,) = agenda(case(), DESK, at(now)).due
    assert due.is_late is is_late


@pytest.mark.parametrize("status", ["closed", "merged", "spam"])
def test_nothing_comes_of_what_is_over(status):
    found = agenda(case(f"10:00 {status}"), DESK, at("24 12:00"))
    assert (found.due, found.silent, found.next_at, found.due_at) == ((), (), None, None)


def test_answered_in_time_is_never_late():
    facts = case("10:30 out", "10:30 open")
    assert sent(facts, "14:00") == []


def test_paused_clock_is_silent():
    facts = case("10:00 out", "10:00 waiting_user")
    assert sent(facts, "12-09 12:00") == []


# --- acknowledged ---------------------------------------------------------------------------------


def test_ack_stops_all_steps_below_150_percent_but_what_the_requester_hears():
    facts = case("10:00 ack")
    assert sent(facts, "12:45") == []
    assert sent(facts, "13:30") == [("first_response", "100%")]
    told = {name for due in agenda(facts, DESK, at("13:30")).due for name in names_of(due)}
    assert told == {"requester"}
    assert sent(facts, "15:00") == [("first_response", "150%")]


def test_ack_ends_when_the_case_is_solved():
    facts = case("10:00 ack", "10:30 out", "10:30 solved", "11:00 in", "11:00 open")
    assert sent(facts, "17:00", rules(policy("24x7", resolution=10))) == [("resolution", "75%")]


PAGED = with_ladder(
    read_step("50%", page=True, repeat=Repeat(10 * MINUTE, 3)),
    read_step("150%", notify=["manager"], page=True, repeat=Repeat(10 * MINUTE, 3)),
)


def test_page_is_repeated_as_often_as_it_says():
    facts = case()
    found = []
    for now in ("11:00", "11:10", "11:15", "11:20", "11:30", "11:40", "12:30"):
        found.append(pages(facts, now, PAGED))
        facts = done(facts, now, PAGED)
    assert found == [[1], [2], [], [3], [4], [], []]


def test_ack_stops_the_pages():
    facts = case("11:12 ack")
    assert pages(done(facts, "11:10", PAGED), "11:20", PAGED) == []


def test_whoever_has_acknowledged_is_not_paged_for_a_higher_step():
    facts = done(case("10:30 ack"), "12:00", PAGED)
    assert sent(facts, "15:00", PAGED) == [("first_response", "150%")]
    assert pages(facts, "15:00", PAGED) == []


def test_ack_of_the_cycle_before_does_not_count():
    desk = with_ladder(read_step("50%", page=True), clock=NEXT, first_response=1, next_response=4)
    facts = case("09:10 ack", "09:20 out", "10:00 in")
    assert pages(facts, "12:00", desk) == [1]


def test_pages_after_downtime_are_one():
    assert pages(case(), "11:25", PAGED) == [3]


def test_page_that_comes_more_than_a_day_later_is_not_forgotten():
    desk = with_ladder(read_step("50%", page=True, repeat=Repeat(30 * 60 * MINUTE, 1)))
    facts = done(case(), "11:00", desk)
    assert agenda(facts, desk, at("23 13:30")).next_at == at("24 17:00")


def test_page_is_of_its_priority_alone():
    step = replace(read_step("50%", page=True), page_for=(Priority.P1,))
    desk = with_ladder(step)
    assert pages(case(), "11:00", desk) == []
    assert pages(case(priority=Priority.P1), "11:00", desk) == [1]


# --- two clocks -----------------------------------------------------------------------------------


def test_clocks_that_are_due_within_five_minutes_have_one_mail():
    both = policy("24x7", first_response=4, resolution=4 + 5 / 45)
    desk = rules(both)  # 75 %: 12:00 and 12:05
    facts = done(done(case(), "11:00", desk), "11:04", desk)
    (due,) = agenda(facts, desk, at("12:00")).due
    assert [firing.key[::3] for firing in due.others] == [("resolution", "75%")]
    assert sent(done(facts, "12:00", desk), "12:05", desk) == []


def test_clocks_that_are_due_at_once_have_one_mail_about_the_worst():
    desk = rules(policy("24x7", first_response=2, resolution=4))
    facts = case()
    (due,) = agenda(facts, desk, at("11:00")).due
    assert due.turn.key[::3] == ("first_response", "100%")
    assert [firing.key[::3] for firing in due.others] == [("resolution", "50%")]


def test_nobody_is_told_that_we_are_late_before_we_are():
    """A quarter of an hour: the breach is less than five minutes behind the warning."""
    desk = rules(policy("24x7", first_response=0.25))
    (half,) = agenda(case(), desk, at("09:08")).due
    assert [firing.step.name for firing in half.others] == ["75%"]
    facts = done(case(), "09:08", desk)
    assert sent(facts, "09:12", desk) == []
    (warning,) = agenda(facts, desk, at("09:14")).due
    assert (warning.turn.key[3], warning.others) == ("90%", ())
    assert sent(done(facts, "09:14", desk), "09:15", desk) == [("first_response", "100%")]


def test_case_is_not_handed_on_before_its_time():
    refer = read_step("100%", refer=True)
    desk = with_ladder(read_step("99%", notify=["owner"]), refer, first_response=1)
    (due,) = agenda(case(), desk, at("09:59:24")).due
    assert due.others == ()


def test_stale_is_not_told_beside_a_step():
    found = agenda(case("10:00 open", priority=Priority.P4), DESK, at("26 09:00"))
    assert [one.turn.occasion for one in found.due] == [Occasion.STEP]
    assert ("stale", 1, 0, "owner") in [key for key, _ in found.silent]


# --- the update clock -----------------------------------------------------------------------------

UPDATED = rules(policy("24x7", update=4))


def test_owner_is_nudged_before_the_desk_speaks_itself():
    facts = case("09:00 open")
    assert sent(facts, "12:00", UPDATED) == [("update", "75%")]
    assert sent(done(facts, "12:00", UPDATED), "13:00", UPDATED) == [("update", "100%")]


def test_two_automatic_mails_in_a_row_are_enough():
    facts = case("09:00 open", "10:00 told progress", "11:00 told progress")
    assert sent(facts, "15:00", UPDATED) == []
    silent = [key for key, _ in agenda(facts, UPDATED, at("15:00")).silent]
    assert {key[3] for key in silent} == {"75%", "100%"}
    spoken = case("09:00 open", "10:00 told progress", "11:00 told progress", "11:30 out")
    assert sent(spoken, "15:30", UPDATED) == [("update", "100%")]


# --- other targets --------------------------------------------------------------------------------


def test_higher_priority_fires_the_highest_passed_step_once():
    by_priority = replace(
        STANDARD,
        targets={
            Priority.P3: policy(first_response=4).targets[Priority.P3],
            Priority.P1: policy(first_response=1).targets[Priority.P1],
        },
    )
    desk = rules(by_priority)
    facts = done(case(), "11:00", desk)
    raised = replace(
        facts,
        ticket=replace(facts.ticket, priority=Priority.P1),
        log=(*facts.log, line("11:30 priority P1")),
    )
    assert sent(raised, "11:30", desk) == [("first_response", "150%")]
    assert sent(done(raised, "11:30", desk), "11:31", desk) == []


def test_steps_are_armed_again_when_the_target_moves_away():
    slower = replace(
        STANDARD,
        targets={
            Priority.P3: policy(first_response=4).targets[Priority.P3],
            Priority.P4: policy(first_response=8).targets[Priority.P3],
        },
    )
    desk = rules(slower)
    facts = done(done(case(), "11:00", desk), "12:00", desk)
    lowered = replace(
        facts,
        ticket=replace(facts.ticket, priority=Priority.P4),
        log=(*facts.log, line("12:30 priority P4")),
    )
    found = agenda(lowered, desk, at("13:00"))
    assert [one.turn.key for one in found.due] == [("first_response", 1, 1, "50%")]


# --- three times ----------------------------------------------------------------------------------


def solved_and_back(times):
    days = (f"{day} {hour}" for day in range(24, 24 + times) for hour in ("10:00", "11:00"))
    words = (f"{when} {word}" for when, word in zip(days, ["solved", "open"] * times, strict=True))
    return case("09:30 out", "09:30 open", *words)


def test_lead_is_told_when_it_came_back_three_times():
    def reopens(facts, now):
        due = agenda(facts, DESK, at(now)).due
        return [one.turn.number for one in due if one.turn.occasion is Occasion.REOPENS]

    assert reopens(solved_and_back(2), "25 12:00") == []
    third = solved_and_back(3)
    assert reopens(third, "26 12:00") == [3]
    assert reopens(done(third, "26 12:00"), "26 12:01") == []


# --- it does not matter how often anybody asks ----------------------------------------------------

LINES = [
    "out", "in", "in", "note", "thanks", "open", "waiting_user", "on_hold", "scheduled", "solved",
    "open", "priority P1", "priority P4", "ack", "told progress", "released out public",
]  # fmt: skip


@st.composite
def logs(draw):
    minutes = sorted(draw(st.lists(st.integers(1, 60 * 24 * 5), min_size=1, max_size=8)))
    words = [draw(st.sampled_from(LINES)) for _ in minutes]
    return [
        replace(line(f"09:00 {word}"), at=at("09:00") + after * MINUTE)
        for after, word in zip(minutes, words, strict=True)
    ]


def beaten(lines, instants, desk):
    """All keys that fire where the ticket is looked at then; what it says of itself at the end."""
    fired = {}
    for now in instants:
        known = [one for one in lines if one.at <= now]
        priority = next((one.new for one in reversed(known) if one.kind == "priority"), "P3")
        facts = case(*known, priority=Priority(priority), fired=fired)
        found = agenda(facts, desk, now)
        keys = [one.turn.key for one in found.due] + [key for key, _ in found.silent]
        keys += [other.key for one in found.due for other in one.others]
        assert len(keys) == len(set(keys)), "a key fires once"
        assert not set(keys) & set(fired), "a key fires once"
        assert found.next_at is None or found.next_at > now
        fired = {**fired, **dict.fromkeys(keys, now)}
        calm = agenda(replace(facts, fired=fired), desk, now)
        unanswered = [one.turn.occasion for one in calm.due]
        assert set(unanswered) <= {Occasion.UNANSWERED}, "what was done is done"
        assert not calm.silent
    return set(fired), (found.due_at, {name: one.state for name, one in found.clocks.items()})


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(
    lines=logs(),
    often=st.sets(st.integers(1, 60 * 24 * 6), max_size=30),
    seldom=st.sets(st.integers(1, 60 * 24 * 6), max_size=3),
)
def test_evaluation_does_not_depend_on_how_often_it_was_asked(lines, often, seldom):
    end = at("29 12:00")
    desk = rules(policy("office", first_response=4, next_response=8, update=6, resolution=24))
    rarely = [at("09:00") + minutes * MINUTE for minutes in sorted(seldom)]
    mostly = sorted({*rarely, *(at("09:00") + minutes * MINUTE for minutes in often)})
    fewer, shown = beaten(lines, [*rarely, end], desk)
    more, shown_too = beaten(lines, [*mostly, end], desk)
    assert shown == shown_too
    steps = {key for key in fewer if key[0] in list(ClockName)}
    assert steps <= more, "who looks seldom misses steps of cycles that are over, and adds none"


HOURS = st.integers(1, 30)
STEPS = st.sampled_from(["50%", "75%", "90%", "100%", "150%", "-30m", "+2h", "+1h wall"])
TOLD = st.lists(st.sampled_from(["owner", "lead", "requester"]), min_size=1, unique=True)


@st.composite
def desks(draw):
    """Any targets, any ladders."""
    hours = {str(clock): draw(HOURS) for clock in ClockName}
    steps = {
        clock: tuple(
            read_step(at, notify=draw(TOLD), refer=draw(st.booleans()))
            for at in draw(st.lists(STEPS, max_size=4, unique=True))
        )
        for clock in ClockName
    }
    return rules(replace(policy("office", **hours), ladder=steps))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(lines=logs(), desk=desks(), looks=st.sets(st.integers(1, 60 * 24 * 6), max_size=12))
def test_requester_gets_one_mail_at_most_of_all_that_is_due_at_once(lines, desk, looks):
    fired = {}
    for minutes in sorted(looks):
        now = at("09:00") + minutes * MINUTE
        facts = case(*(one for one in lines if one.at <= now), fired=fired)
        found = agenda(facts, desk, now)
        plan = work_off(facts, found, desk, now, {})
        told = [one.kind for one in plan.notices if one.audience is Audience.REQUESTER]
        assert len(told) <= 1, [one.turn.key for one in found.due]
        keys = [one.turn.key for one in found.due] + [key for key, _ in found.silent]
        keys += [other.key for one in found.due for other in one.others]
        fired = {**fired, **dict.fromkeys(keys, now)}


def test_requester_gets_no_third_automatic_mail_in_a_row_whatever_was_promised_him():
    told = [
        line(f"{when} told progress", cause=at("24 10:00").isoformat())
        for when in ("12:00", "14:00")
    ]
    facts = case("10:00 open", "11:00 out", *told)
    found = agenda(facts, DESK, at("24 10:00"))
    assert Occasion.WORD in [one.turn.occasion for one in found.due]
    notices = work_off(facts, found, DESK, at("24 10:00"), {}).notices
    assert [one.kind for one in notices if one.audience is Audience.REQUESTER] == []


def test_no_step_of_a_broken_promise_comes_before_it_is_broken():
    """Or a promise that is kept in its last minutes is listed as missed."""
    desk = with_ladder(read_step("98%", notify=["owner"]), read_step("100%", notify=["lead"]))
    (due,) = agenda(case(), desk, at("12:56")).due
    assert (due.turn.key[3], due.others) == ("98%", ())


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(lines=logs())
def test_whoever_looks_when_told_to_misses_nothing(lines):
    """Beats at `next_at` and at changes alone fire what beats of every other hour fire."""
    desk = rules(policy("office", first_response=4, next_response=8, resolution=24))
    end = at("29 12:00")
    told: list = []
    fired: dict = {}
    now = at("09:00")
    changes = [one.at for one in lines]
    while now <= end:
        known = [one for one in lines if one.at <= now]
        priority = next((one.new for one in reversed(known) if one.kind == "priority"), "P3")
        facts = case(*known, priority=Priority(priority), fired=fired)
        found = agenda(facts, desk, now)
        keys = [one.turn.key for one in found.due] + [key for key, _ in found.silent]
        keys += [other.key for one in found.due for other in one.others]
        assert not any(one.is_late for one in found.due if one.turn.rung), "never late"
        fired.update(dict.fromkeys(keys, now))
        told += keys
        coming = [one for one in (*changes, found.next_at) if one and one > now]
        now = min(coming, default=end + MINUTE)
    hours = [at("09:00") + n * 120 * MINUTE for n in range(12 * 6)]
    walked, _ = beaten(lines, [*hours, end], desk)
    assert {key for key in walked if key[0] in list(ClockName)} <= set(told)
