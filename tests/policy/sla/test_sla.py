"""What each event means for the promises, rule by rule (S6 to S16)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildesk.model.ticket import Priority, Status
from maildesk.policy.calendars.calendar import ALWAYS, LocalCalendar
from maildesk.policy.calendars.hours import read_week
from maildesk.policy.sla.clocks import clocks
from maildesk.policy.sla.events import (
    Acknowledged,
    CalendarSet,
    Created,
    Message,
    MessageKind,
    PolicySet,
    PrioritySet,
    StatusSet,
)
from maildesk.policy.sla.explain import SegmentKind, explain
from maildesk.policy.sla.ladder import Repeat, due_together, pages, read_step, steps_due
from maildesk.policy.sla.promises import ClockName, Policy, Targets
from maildesk.policy.sla.stopwatch import Stopwatch

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OFFICE = LocalCalendar("Europe/Oslo", read_week({"mon-fri": ["08:00-16:00"]}))
CALENDARS = {"office": OFFICE, "24x7": ALWAYS}
P1, P2, P3 = Priority.P1, Priority.P2, Priority.P3
LADDER = tuple(read_step(step) for step in ("50%", "75%", "90%", "100%", "150%"))


def targets(calendar, first, following, update, resolution):
    hours = zip(ClockName, (first, following, update, resolution), strict=True)
    return Targets(calendar, {clock: time * HOUR for clock, time in hours if time})


GOLD = Policy(
    "gold",
    {
        P1: targets("24x7", 0.25, 0.5, 1, 4),
        P2: targets("office", 1, 2, 4, 8),
        P3: targets("office", 4, 8, None, 24),
    },
    ladder={ClockName.RESOLUTION: LADDER},
)


def at(text, day="2026-11-23"):
    """An instant in Oslo's winter; the 23rd is a Monday."""
    day, _, time = text.rpartition(" ") if " " in text else (day, "", text)
    return datetime.fromisoformat(f"{day}T{time}+01:00").astimezone(UTC)


def agent(text):
    return Message(at(text), MessageKind.AGENT_REPLY)


def user(text):
    return Message(at(text), MessageKind.USER_REPLY)


def status(text, to, **more):
    return StatusSet(at(text), Status(to), **more)


def shown(
    now, *events, policy=GOLD, priority=P2, start="09:00", calendars=CALENDARS, by_agent=False
):
    created = Created(at(start), priority, is_by_agent=by_agent)
    return clocks([created, *events], policy, calendars, at(now))


def states(clock_values):
    return {str(name): str(clock.state) for name, clock in clock_values.items()}


def steps(clock):
    return [(firing.step.name, firing.arming, firing.at) for firing in clock.fired]


# --- states (S6) --------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "state"), [("10:00", "running"), ("10:00:00.000001", "breached")])
def test_a_promise_is_breached_after_its_due_time(now, state):
    assert shown(now)["first_response"].state == state


@pytest.mark.parametrize(("answer", "state"), [("10:00", "met"), ("10:00:00.000001", "met_late")])
def test_an_answer_at_the_due_time_is_in_time(answer, state):
    assert shown("15:00", agent(answer))["first_response"].state == state


def test_events_after_now_are_not_known_yet():
    assert shown("09:30", agent("09:40"))["first_response"].state == "running"


def test_what_is_remaining_is_shown_while_something_is_promised():
    first = shown("09:15")["first_response"]
    assert (first.remaining, first.target) == (45 * MINUTE, HOUR)
    assert shown("09:15", agent("09:10"))["first_response"].remaining is None


# --- first response (S7) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["internal_note", "auto_reply", "user_auto_reply", "user_reply", "status_update"]
)
def test_only_a_person_answers(kind):
    values = shown("09:30", Message(at("09:10"), MessageKind(kind)))
    assert values["first_response"].state == "running"
    assert values["next_response"].state == "not_started"


def test_solving_answers():
    assert shown("12:00", status("09:30", "solved"))["first_response"].state == "met"


def test_first_response_never_pauses():
    first = shown("09:45", status("09:10", "waiting_user"))["first_response"]
    assert (first.state, first.elapsed) == ("running", 45 * MINUTE)


def test_a_question_withdrawn_wants_no_answer():
    values = shown("12:00", status("09:30", "solved", is_withdrawn=True))
    assert states(values) == {
        "first_response": "cancelled",
        "next_response": "not_started",
        "update": "met",
        "resolution": "met",
    }


def test_an_answer_that_was_given_stays_when_the_requester_solves():
    values = shown("12:00", agent("09:10"), status("09:30", "solved", is_withdrawn=True))
    assert values["first_response"].state == "met"


def test_a_call_logged_by_an_agent_needs_no_first_response_but_the_next():
    values = shown("10:00", user("09:30"), by_agent=True)
    assert values["first_response"].state == "not_applicable"
    assert (values["next_response"].state, values["next_response"].elapsed) == (
        "running",
        30 * MINUTE,
    )


# --- next response (S8) -------------------------------------------------------------------------


def test_each_question_is_a_cycle_with_its_own_result():
    log = [agent("09:10"), user("09:30"), agent("12:00"), user("13:00"), agent("13:30")]
    following = shown("14:00", *log)["next_response"]
    assert (following.state, following.cycles, following.elapsed) == ("met", 2, 30 * MINUTE)
    assert [result.state for result in following.results] == ["met_late", "met"]


def test_solving_ends_the_question():
    following = shown("14:00", agent("09:10"), user("09:30"), status("10:00", "solved"))
    assert following["next_response"].state == "met"


def test_further_mails_do_not_start_the_clock_anew():
    following = shown("12:00", agent("09:10"), user("10:00"), user("11:00"))["next_response"]
    assert (following.started_at, following.cycles) == (at("10:00"), 1)


# --- update (S9) --------------------------------------------------------------------------------


def test_update_runs_from_the_last_public_message_while_work_goes_on():
    values = shown("12:00", agent("09:30"), status("10:00", "on_hold"))
    assert (values["update"].state, values["update"].elapsed) == ("running", 2.5 * HOUR)


def test_update_is_suspended_while_the_user_is_asked():
    update = shown("12:00", agent("09:30"), status("10:00", "waiting_user"))["update"]
    assert (update.state, update.elapsed) == ("paused", 30 * MINUTE)


def test_each_public_message_begins_the_update_anew():
    sent = Message(at("11:00"), MessageKind.STATUS_UPDATE)
    update = shown("12:00", agent("09:30"), sent, Message(at("11:30"), MessageKind.INTERNAL_NOTE))
    assert (update["update"].elapsed, update["update"].due_at) == (HOUR, at("15:00"))


def test_without_a_target_there_is_no_clock():
    assert shown("12:00", agent("09:30"), priority=P3)["update"].state == "not_applicable"
    assert set(states(shown("12:00", policy=None)).values()) == {"not_applicable"}


# --- resolution and reopening (S10, S11) --------------------------------------------------------


def test_pause_states_are_the_policys():
    strict = replace(GOLD, pause=frozenset({Status.ON_HOLD}))
    held = shown("12:00", status("10:00", "on_hold"), policy=strict)["resolution"]
    asked = shown("12:00", status("10:00", "waiting_user"), policy=strict)["resolution"]
    assert (held.state, held.elapsed, held.due_at) == ("paused", HOUR, None)
    assert asked.state == "running"


def test_solved_while_paused_is_in_time_if_time_was_left():
    resolution = shown("15:00", status("10:00", "waiting_user"), status("12:00", "solved"))
    assert resolution["resolution"].state == "met"
    assert resolution["resolution"].elapsed == HOUR


def test_a_finished_clock_keeps_its_target_and_calendar():
    values = shown("12:00", status("10:00", "solved"), PrioritySet(at("11:00"), P1))
    assert (values["resolution"].target, values["resolution"].calendar) == (8 * HOUR, "office")


def test_a_reply_in_time_opens_again_where_it_stopped():
    values = shown("2026-11-25 11:00", status("10:00", "solved"), user("2026-11-25 10:00"))
    assert (values["resolution"].state, values["resolution"].elapsed) == ("running", 2 * HOUR)
    assert values["resolution"].reopens == 1
    assert values["next_response"].state == "running"


@pytest.mark.parametrize(
    ("reply", "state"), [("2026-11-30 10:00", "running"), ("2026-11-30 10:01", "met")]
)
def test_a_reply_after_five_business_days_belongs_to_another_ticket(reply, state):
    values = shown("2026-11-30 12:00", status("10:00", "solved"), user(reply))
    assert values["resolution"].state == state
    assert (values["next_response"].state == "running") == (state == "running")


def test_a_closed_ticket_hears_no_mail_but_an_agent_may_open_it():
    closed = [status("10:00", "solved"), status("10:30", "closed")]
    assert shown("12:00", *closed, user("11:00"))["resolution"].state == "met"
    assert shown("12:00", *closed, status("11:00", "open"))["resolution"].elapsed == 2 * HOUR


# --- other targets (S12, S13) -------------------------------------------------------------------


def test_a_breach_that_another_priority_clears_is_remembered():
    resolution = shown("2026-11-24 12:00", PrioritySet(at("2026-11-24 11:00"), P3))["resolution"]
    assert resolution.state == "running"
    assert resolution.downgraded_after_breach


def test_steps_ahead_of_the_new_target_are_armed_again():
    log = [PrioritySet(at("16:00"), P3), PrioritySet(at("2026-11-24 09:00"), P2)]
    resolution = shown("2026-11-24 12:00", *log)["resolution"]  # 7 h of 8, of 24, 8 h of 8
    assert steps(resolution)[:2] == [("50%", 0, at("13:00")), ("75%", 0, at("15:00"))]
    assert steps(resolution)[2:] == [("100%", 0, at("2026-11-24 09:00"))]


def test_what_fired_in_the_cycle_is_not_repeated_by_going_back():
    log = [PrioritySet(at("15:30"), P3), PrioritySet(at("15:40"), P2)]
    resolution = shown("15:50", *log)["resolution"]
    assert steps(resolution) == [("50%", 0, at("13:00")), ("75%", 0, at("15:00"))]


def test_a_step_that_is_armed_again_fires_when_it_is_reached():
    log = [PrioritySet(at("15:30"), P3)]
    resolution = shown("2026-11-25 15:00", *log)["resolution"]
    assert ("75%", 1, at("2026-11-25 11:00")) in steps(resolution)


def test_a_step_passed_by_a_change_at_night_waits_for_the_morning():
    resolution = shown("2026-11-24 12:00", PrioritySet(at("22:00"), P2), priority=P3)
    assert steps(resolution["resolution"])[0] == ("75%", 0, at("2026-11-24 08:00"))


def test_a_step_passed_by_a_change_in_a_pause_waits_for_its_end():
    log = [status("15:00", "waiting_user"), PrioritySet(at("15:10"), P2)]
    assert steps(shown("15:40", *log, priority=P3)["resolution"]) == []
    resolution = shown("15:50", *log, user("15:45"), priority=P3)["resolution"]
    assert steps(resolution) == [("75%", 0, at("15:45"))]


def test_edits_of_calendars_reach_open_clocks_only():
    closed = OFFICE.with_holidays({at("12:00").date(): "a holiday"})
    edit = CalendarSet(at("2026-11-24 12:00"), "office", closed)
    values = shown("2026-11-24 13:00", agent("11:00"), edit)
    assert values["first_response"].state == "met_late"
    assert (values["resolution"].elapsed, values["resolution"].state) == (5 * HOUR, "running")


def test_a_policy_that_is_removed_cancels_what_is_open():
    values = shown("12:00", agent("09:30"), PolicySet(at("11:00"), None))
    assert values["first_response"].state == "met"
    assert (values["resolution"].state, values["resolution"].due_at) == ("cancelled", None)
    assert values["resolution"].elapsed == 2 * HOUR


# --- merged, spam (S14) -------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["merged", "spam"])
def test_merged_and_spam_cancel_and_hear_nothing(to):
    values = shown("12:00", status("09:30", to), agent("10:00"), user("11:00"))
    assert states(values) == {
        "first_response": "cancelled",
        "next_response": "not_started",
        "update": "cancelled",
        "resolution": "cancelled",
    }
    assert all(clock.next_at is None for clock in values.values())


def test_what_was_no_spam_goes_on():
    values = shown("12:00", status("09:30", "spam"), status("11:00", "open"))
    assert (values["resolution"].state, values["resolution"].elapsed) == ("running", 1.5 * HOUR)


# --- the ladder (S15) ---------------------------------------------------------------------------


def laddered(*names):
    return replace(GOLD, ladder={ClockName.RESOLUTION: tuple(read_step(name) for name in names)})


def test_time_steps_count_open_time_or_that_of_the_wall():
    policy = laddered("-30m", "100%", "+2h", "+2h wall")
    resolution = shown("2026-11-24 12:00", policy=policy)["resolution"]  # due on Tuesday at 09:00
    assert [(name, when) for name, _, when in steps(resolution)] == [
        ("-30m", at("2026-11-24 08:30")),
        ("100%", at("2026-11-24 09:00")),
        ("+2h", at("2026-11-24 11:00")),
        ("+2h wall", at("2026-11-24 11:00")),
    ]
    evening = shown("23:00", policy=policy, start="08:00")["resolution"]  # due at close
    assert steps(evening)[-1] == ("+2h wall", 0, at("18:00"))


def test_a_step_before_the_beginning_is_left_out():
    assert steps(shown("09:30", policy=laddered("-9h", "5%"))["resolution"]) == [
        ("5%", 0, at("09:24"))
    ]


def test_nothing_fires_in_a_pause():
    resolution = shown("15:00", status("12:00", "waiting_user"))["resolution"]
    assert (steps(resolution), resolution.ahead, resolution.next_at) == ([], (), None)


def test_ack_stops_the_steps_below_150_percent():
    resolution = shown("2026-11-25 12:00", Acknowledged(at("14:00")))["resolution"]
    assert [name for name, _, _ in steps(resolution)] == ["50%", "150%"]


def test_what_comes_is_known():
    values = shown("12:00")
    resolution = values["resolution"]
    assert [firing.step.name for firing in resolution.ahead] == [s.name for s in LADDER]
    assert resolution.next_at == resolution.ahead[0].at == at("13:00")
    assert due_together(resolution.ahead, at("12:56")) == resolution.ahead[:1]


def test_next_at_is_past_the_due_time_itself():
    first = shown("10:00")["first_response"]
    assert first.next_at == at("10:00:00.000001")
    assert shown("10:00:00.000001")["first_response"].next_at is None


def test_after_downtime_the_highest_step_alone_is_sent():
    fired = shown("2026-11-24 12:30", start="08:00")["resolution"].fired
    due = steps_due(fired, [fired[0].key], at("2026-11-24 12:30"))
    assert (due.send, due.silent) == (fired[-1], fired[1:-1])
    noted = [firing.key for firing in fired]
    assert steps_due(fired, noted, at("2026-11-24 12:30")).send is None


def test_pages_repeat_until_somebody_answers():
    policy = replace(
        GOLD,
        ladder={
            ClockName.RESOLUTION: (read_step("50%", page=True, repeat=Repeat(10 * MINUTE, 3)),)
        },
    )
    (firing,) = shown("16:00", policy=policy)["resolution"].fired
    assert pages(firing, None, at("14:30")) == tuple(
        at(text) for text in ("13:00", "13:10", "13:20", "13:30")
    )
    assert pages(firing, at("13:15"), at("14:30")) == (at("13:00"), at("13:10"))
    assert pages(firing, None, at("12:59")) == ()


@pytest.mark.parametrize("text", ["", "soon", "-30", "+2h walls", "%", "30m"])
def test_steps_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match="is no step"):
        read_step(text)


# --- the arithmetic (S16) -----------------------------------------------------------------------


def test_explanation_adds_up_and_names_pauses_and_holidays():
    closed = OFFICE.with_holidays({at("2026-11-25 12:00").date(): "All Fools"})
    log = [
        Created(at("15:00"), P2),
        agent("15:30"),
        status("2026-11-24 10:00", "waiting_user"),
        user("2026-11-24 11:00"),
    ]
    told = explain(log, GOLD, {"office": closed}, at("2026-11-26 09:00"))["resolution"]
    assert [(part.kind, part.words, part.elapsed) for part in told] == [
        (SegmentKind.COUNTED, "office", HOUR),
        (SegmentKind.COUNTED, "office", 2 * HOUR),
        (SegmentKind.PAUSED, "waiting_user", timedelta()),
        (SegmentKind.COUNTED, "office", 5 * HOUR),
        (SegmentKind.HOLIDAY, "All Fools", timedelta()),
        (SegmentKind.COUNTED, "office", HOUR),
    ]
    total = clocks(log, GOLD, {"office": closed}, at("2026-11-26 09:00"))["resolution"].elapsed
    assert sum((part.elapsed for part in told), timedelta()) == total


def test_watch_that_runs_at_the_instant_of_its_stop_was_never_stopped():
    """Else a step that is reached at closing time waits for the next morning."""
    watch = Stopwatch()
    assert watch.run(at("09:00"), "office", OFFICE)
    watch.stop(at("10:00"), "scheduled")
    assert not watch.run(at("10:00"), "office", OFFICE)
    (lap,) = watch.laps
    assert (lap.start, lap.end, lap.stop) == (at("09:00"), None, "")
    assert watch.elapsed(at("11:00")) == timedelta(hours=2)
