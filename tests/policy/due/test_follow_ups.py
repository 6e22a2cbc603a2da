"""When the desk comes back by itself: reminders, closings, silence, and the word that it gave.

The first days: Monday, 23 November 2026 in Oslo, offices open from eight to four.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from policy.clock_logs import at, case, line
from stories.promises import STANDARD, policy, promise, rules

from maildesk.model.ticket import Status, TicketType
from maildesk.policy.due.agenda import agenda
from maildesk.policy.due.follow_ups import AUTOMATIC_IN_A_ROW, Occasion, automatic_in_a_row, turns
from maildesk.policy.sla.promised import clocks_of
from maildesk.policy.sla.promises import FollowUp

DESK = rules()
ASKED = ("10:00 out", "10:00 waiting_user")
SOLVED = ("10:00 out", "10:00 solved")
MINUTE = timedelta(minutes=1)


def coming(facts, *occasions, now="10:00", desk=DESK):
    """What comes of a ticket: `(occasion, number, instant)`, in order."""
    shown = clocks_of(facts, desk, at(now))
    found = sorted(turns(facts, desk, shown, at(now)), key=lambda turn: turn.at)
    wanted = [turn for turn in found if not occasions or turn.occasion in occasions]
    return [(turn.occasion, turn.number, turn.at) for turn in wanted]


def due(facts, now, desk=DESK):
    """What is done at an instant, steps aside."""
    found = agenda(facts, desk, at(now)).due
    return [(str(one.turn.occasion), one.turn.number) for one in found]


# --- a question -----------------------------------------------------------------------------------


def reminded(*numbers, when, arming=0):
    return {("question", 1, arming, f"reminder {n}"): at(when) for n in numbers}


def test_question_is_reminded_of_twice_on_open_days():
    assert coming(case(*ASKED)) == [
        (Occasion.REMINDER, 1, at("25 10:00")),
        (Occasion.REMINDER, 2, at("27 10:00")),
    ]


def test_it_closes_two_open_days_after_the_last_reminder():
    facts = case(*ASKED, fired=reminded(1, 2, when="27 10:00"))
    assert coming(facts, Occasion.UNANSWERED) == [(Occasion.UNANSWERED, 1, at("12-01 10:00"))]
    assert due(facts, "12-01 09:59") == []
    assert due(facts, "12-01 10:00") == [("unanswered", 1)]


@pytest.mark.parametrize("now", ["27 10:00", "12-02 10:00", "12-20 10:00"])
def test_whoever_was_not_reminded_is_not_closed(now):
    """However long the desk stood still, the last reminder comes first, and its days."""
    facts = case(*ASKED)
    assert due(facts, now) == [("reminder", 2)]
    (reminder,) = agenda(facts, DESK, at(now)).due
    silent = [key for key, _ in agenda(facts, DESK, at(now)).silent]
    assert silent == [("question", 1, 0, "reminder 1")]
    after = replace(facts, fired=reminded(1, 2, when=now))
    (closing,) = coming(after, Occasion.UNANSWERED)
    assert closing[2] == reminder.turn.closes_at
    assert due(after, now) == []


def test_reminder_at_night_waits_for_the_morning():
    facts = case("22:00 out", "22:00 waiting_user")
    assert [when for *_, when in coming(facts)] == [at("26 08:00"), at("30 08:00")]


def test_question_that_is_asked_again_counts_from_there():
    """Nobody is closed a day after an agent has written once more."""
    facts = case(*ASKED, "26 11:00 out", fired=reminded(1, when="25 10:00"))
    assert coming(facts, now="26 11:00") == [
        (Occasion.REMINDER, 1, at("30 11:00")),
        (Occasion.REMINDER, 2, at("12-02 11:00")),
    ]
    assert due(facts, "12-01 11:00") == [("reminder", 1)]


def test_answer_ends_it():
    facts = case(*ASKED, "24 09:00 in", "24 09:00 open", status=Status.OPEN)
    assert coming(facts, Occasion.REMINDER, Occasion.UNANSWERED) == []


def test_next_question_has_reminders_of_its_own():
    lines = [*ASKED, "26 09:00 in", "26 09:00 open", "26 10:00 out", "26 10:00 waiting_user"]
    facts = case(*lines, fired=reminded(1, when="25 10:00"))
    assert coming(facts)[0] == (Occasion.REMINDER, 1, at("30 10:00"))
    assert due(facts, "30 10:00") == [("reminder", 1)]


def test_case_that_comes_back_on_a_day_is_not_closed():
    """`#wait 3d`: one reminder before, none after, and then agents have it again."""
    facts = case(*ASKED, wake_at=at("26 10:00"))
    assert coming(facts) == [(Occasion.REMINDER, 1, at("25 10:00"))]
    shown = clocks_of(facts, DESK, at("10:00"))
    assert [turn.closes_at for turn in turns(facts, DESK, shown, at("10:00"))] == [None]


def test_complaint_is_reminded_of_and_never_closed():
    fired = reminded(1, 2, when="27 10:00")
    asked = case(*ASKED, type=TicketType.COMPLAINT, fired=fired)
    assert coming(asked, Occasion.UNANSWERED) == []
    assert coming(case(*SOLVED, type=TicketType.COMPLAINT)) == []


@pytest.mark.parametrize(
    ("follow_up", "expected"),
    [
        (FollowUp(reminders=()), [(Occasion.UNANSWERED, 1, at("12-01 10:00"))]),
        (FollowUp(reminders=(), close_unanswered=0), []),
        (FollowUp(reminders=(1,), close_unanswered=0), [(Occasion.REMINDER, 1, at("24 10:00"))]),
    ],
    ids=["no reminders", "nothing", "never closed"],
)
def test_admin_may_leave_parts_out(follow_up, expected):
    assert coming(case(*ASKED), desk=replace(DESK, follow_up=follow_up)) == expected


# --- a solution -----------------------------------------------------------------------------------


def test_solved_is_closed_after_five_open_days():
    facts = case(*SOLVED)
    assert coming(facts) == [(Occasion.SOLVED, 1, at("30 10:00"))]
    assert due(facts, "30 09:59") == []
    assert due(facts, "30 10:00") == [("solved", 1)]


def test_thanks_do_not_put_the_closing_off():
    assert coming(case(*SOLVED, "26 10:00 thanks")) == coming(case(*SOLVED))


def test_second_solution_has_its_own_days():
    lines = [*SOLVED, "25 10:00 in", "25 10:00 open", "25 11:00 out", "25 11:00 solved"]
    assert coming(case(*lines)) == [(Occasion.SOLVED, 1, at("12-02 11:00"))]


def test_calendar_of_the_promise_counts_and_else_the_desks():
    nightly = policy("night", first_response=4, resolution=24)
    every_day = rules(nightly)
    assert coming(case(*SOLVED), desk=every_day) == [(Occasion.SOLVED, 1, at("28 22:00"))]
    assert coming(case(*SOLVED, policy="")) == [(Occasion.SOLVED, 1, at("30 10:00"))]


# --- silence --------------------------------------------------------------------------------------


def test_owner_hears_of_silence_after_three_open_days_and_the_lead_after_six():
    assert coming(case("10:00 out", "10:00 open")) == [
        (Occasion.STALE, 1, at("26 10:00")),
        (Occasion.STALE, 2, at("12-01 10:00")),
    ]


@pytest.mark.parametrize("spoken", ["24 09:00 in", "24 09:00 out", "24 09:00 thanks"])
def test_any_public_word_of_a_person_breaks_it(spoken):
    assert coming(case("10:00 out", "10:00 open", spoken))[0][2] == at("27 09:00")


@pytest.mark.parametrize("unheard", ["24 09:00 note", "24 09:00 held", "24 09:00 told progress"])
def test_what_nobody_outside_hears_or_no_person_says_does_not(unheard):
    found = coming(case("10:00 out", "10:00 open", unheard), Occasion.STALE)
    assert found[0][2] == at("26 10:00")


@pytest.mark.parametrize("status", ["waiting_user", "scheduled", "solved", "closed"])
def test_case_that_waits_is_not_stale(status):
    assert coming(case("10:00 out", f"10:00 {status}"), Occasion.STALE) == []


def test_case_on_hold_is_stale_unless_it_has_a_day():
    held = ("10:00 out", "10:00 on_hold")
    assert coming(case(*held), Occasion.STALE)[0][2] == at("26 10:00")
    assert coming(case(*held, wake_at=at("12-10 08:00")), Occasion.STALE) == []


# --- the word that was given ----------------------------------------------------------------------


def promised(until, *, since="14:00"):
    return line(f"{since} told delay", cause=at(until).isoformat())


def test_owner_is_told_before_the_promised_word_and_then_it_is_given():
    facts = case("10:00 open", promised("24 10:00"))
    assert coming(facts, Occasion.WORD, now="15:00") == [
        (Occasion.WORD, 1, at("24 08:00")),
        (Occasion.WORD, 2, at("24 10:00")),
    ]
    assert ("word", 2) in due(facts, "24 10:00")


def test_nobody_waits_for_a_word_once_we_have_spoken():
    assert coming(case("10:00 open", promised("24 10:00"), "15:00 out"), Occasion.WORD) == []


@pytest.mark.parametrize("meanwhile", ["15:00 in", "15:00 waiting_user", "15:00 scheduled"])
def test_what_the_requester_writes_and_where_the_case_stands_takes_no_word_back(meanwhile):
    facts = case("10:00 open", promised("24 10:00"), meanwhile)
    assert coming(facts, Occasion.WORD)[-1][2] == at("24 10:00")


def test_nobody_is_reminded_of_what_he_was_never_asked():
    facts = case("10:00 waiting_user")
    assert coming(facts, Occasion.REMINDER) == coming(facts, Occasion.UNANSWERED) == []
    assert coming(facts, Occasion.STALE) != []


def test_time_that_a_case_was_put_off_for_is_no_silence():
    back = line("12-04 08:00 open", old="scheduled")
    facts = case("10:00 scheduled", back)
    assert coming(facts, Occasion.STALE)[0][2] == at("12-09 08:00")


def test_mail_that_promised_nothing_owes_nothing():
    assert coming(case("10:00 open", "14:00 told progress"), Occasion.WORD) == []


def test_update_clock_that_comes_in_time_keeps_the_word_and_one_that_does_not_leaves_it():
    facts = case("10:00 open", promised("24 10:00"))
    often, seldom = (rules(policy(first_response=4, update=hours)) for hours in (2, 12))
    assert coming(facts, Occasion.WORD, now="15:00", desk=often) == []
    assert coming(facts, Occasion.WORD, now="15:00", desk=seldom)[-1][2] == at("24 10:00")


def test_automatic_mails_are_counted_until_a_person_speaks():
    lines = ["10:00 open", "11:00 told delay", "12:00 told progress"]
    assert automatic_in_a_row(case(*lines).log) == AUTOMATIC_IN_A_ROW
    assert automatic_in_a_row(case(*lines, "13:00 out").log) == 0
    assert automatic_in_a_row(case(*lines, "13:00 note").log) == AUTOMATIC_IN_A_ROW


def test_promise_of_no_priority_counts_in_the_desks_calendar():
    bare = rules(promise(replace(STANDARD, targets={})))
    assert coming(case(*SOLVED), desk=bare) == [(Occasion.SOLVED, 1, at("30 10:00"))]
