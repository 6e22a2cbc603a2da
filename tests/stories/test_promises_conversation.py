"""Ada's printer, from the promise to the end: what she reads, what the desk reads, and where the
promises stand at each station."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from stories.house import BO, KARI, SUPPORT, House
from stories.people import Client, Letter, bare, gmail, outlook
from stories.promises import (
    HOUR,
    MONA,
    STANDARD,
    TOR,
    after,
    beat_at,
    clocks_now,
    mails,
    next_at,
    oslo,
    policy,
    promise,
    promising,
    states,
)

from maildesk.policy.sla.ladder import read_step
from maildesk.policy.sla.promises import ClockName
from maildesk.store.tables import contacts


class Desk:
    """Ada, Kari, Bo and Mona around one case, from Monday, 23 November at ten in Oslo."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.change_rules(**promising())
        house.clock.at = oslo("2026-11-23 10:00 CET")
        self.ada = house.client("Ada Berg", "ada@example.org", style=gmail)
        self.kari = house.client("Kari Nordmann", KARI, style=outlook)
        self.bo = house.client("Bo Li", BO, style=bare)
        self.mona = house.client("Mona Dahl", MONA)

    def until(self, written: str) -> list[Letter]:
        """Let time pass, with a beat whenever something is due; return what was delivered."""
        before, end = len(self.house.sent), oslo(f"2026-{written} CET")
        while (at := next_at(self.house)) and at <= end:
            beat_at(self.house, max(at, self.house.clock.at))
            self.house.work()
        beat_at(self.house, end)
        self.house.work()
        return self.house.sent[before:]

    def to_ada(self, letters: list[Letter]) -> list[Letter]:
        return self.house.to(self.ada, letters)

    def newest_for(self, client: Client, words: str) -> Letter:
        """The newest mail of somebody that holds these words."""
        return next(letter for letter in reversed(client.inbox) if words in letter.text)


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def says(letter: Letter, *words: str) -> None:
    """Both parts of a mail say so."""
    for each in words:
        assert each in letter.text, str(letter)
        assert each in letter.html, (each, letter.html)


def follows(house: House, number: int) -> int:
    """Which case this one goes on from."""
    links = [one for one in house.ticket(number)["events"] if one["kind"] == "link"]
    (link,) = [one for one in links if one["cause"] == "follows"]
    return int(link["new"])


def resolution(desk: Desk) -> float:
    """How many hours of the time for the solution are spent."""
    return clocks_now(desk.house)[ClockName.RESOLUTION].elapsed / HOUR


def test_story_of_a_promise(desk: Desk) -> None:
    """Promised, asked, reminded, late, solved, thanked, broken again, closed."""
    promised_asked_and_reminded(desk)
    late_and_sorry(desk)
    solved_and_broken_again(desk)
    closed_in_silence(desk)


def promised_asked_and_reminded(desk: Desk) -> None:
    house, ada, kari = desk.house, desk.ada, desk.kari

    # She is promised an answer by an instant.
    desk_tells = house.post(ada.write(SUPPORT, "Printer is dead", "It does not print."))
    (received,) = desk.to_ada(desk_tells)
    says(received, "case #1", "by Mon, 23 Nov 2026, 14:00 CET")
    says(house.to(kari, desk_tells)[0], "due Mon, 23 Nov 2026, 14:00 CET")
    assert states(house) == {
        "first_response": "running",
        "next_response": "not_started",
        "update": "not_applicable",
        "resolution": "running",
    }

    # Kari asks: the answer is given, and the solution waits.
    desk.until("11-23 11:00")
    (asked,) = desk.to_ada(house.post(kari.answer("#take #wait\n\nWhich printer is it?")))
    says(asked, "Which printer is it?", "Wed, 25 Nov 2026, 11:00", "Tue, 1 Dec 2026, 11:00 CET")
    assert (states(house)["first_response"], states(house)["resolution"]) == ("met", "paused")

    # Nobody is in a hurry but Ada, who is reminded once.
    (reminder,) = desk.until("11-26 10:00")
    assert reminder.recipient == ada.address
    assert reminder.mail["Date"].datetime == oslo("2026-11-25 11:00 CET")
    says(reminder, "Which printer is it?", "a line is enough")
    says(reminder, "we close the case on Tue, 1 Dec 2026, 11:00 CET")
    assert resolution(desk) == 1


def late_and_sorry(desk: Desk) -> None:
    house, ada, kari = desk.house, desk.ada, desk.kari

    # She answers; the question of hers is a promise of its own.
    house.post(ada.answer("The one in the hall."))
    assert states(house)["next_response"] == "running"
    assert house.ticket()["status"] == "open"

    # Nobody answers in eight hours: she hears it from us, with an instant, and no excuse.
    late = desk.until("11-27 11:00")
    (delay,) = desk.to_ada(late)
    assert delay.mail["Date"].datetime == oslo("2026-11-27 10:00 CET")
    says(delay, "We are late", "by Fri, 27 Nov 2026, 10:00 CET", "Kari Nordmann has your case")
    says(delay, "You hear from us again by Mon, 30 Nov 2026, 10:00 CET")
    assert delay["Auto-Submitted"] == "auto-generated"
    breach = desk.newest_for(desk.bo, "Late: no answer")
    says(breach, "#breach", "Ada Berg is told now that we are late")
    assert states(house)["next_response"] == "breached"

    # The manager hears of it at half as much again; Kari is told before the word that we gave.
    desk.until("11-30 09:00")
    says(desk.newest_for(desk.mona, "Far too late"), "speak with Kari Nordmann", "answered")
    nudge = desk.newest_for(kari, "Tell Ada Berg how it goes")
    says(nudge, "by Mon, 30 Nov 2026, 10:00 CET")
    assert nudge.mail["Date"].datetime == oslo("2026-11-30 08:00 CET")


def solved_and_broken_again(desk: Desk) -> None:
    house, ada, kari = desk.house, desk.ada, desk.kari

    # Solved: what happens next stands in the mail.
    nudge = desk.newest_for(kari, "Tell Ada Berg how it goes")
    (solved,) = desk.to_ada(house.post(kari.answer("#solve\n\nThere is a new drum in it.", nudge)))
    says(solved, "There is a new drum in it.", "closes on Mon, 7 Dec 2026, 09:00 CET")
    assert states(house)["next_response"] == "met_late"
    assert (states(house)["resolution"], resolution(desk)) == ("met", 16)

    # The word that was promised for ten is given: no mail comes.
    assert desk.until("11-30 10:00") == []

    # Thanks move nothing.
    assert house.post(ada.answer("Thanks!")) == []
    assert (house.ticket()["status"], states(house)["next_response"]) == ("solved", "met_late")

    # "Still broken" does: the solution goes on from its sixteen hours, the gap does not count.
    desk.until("12-01 10:00")
    told = house.post(ada.answer("It is still broken."))
    (reopened,) = desk.to_ada(told)
    says(reopened, "open again")
    says(house.to(kari, told)[0], "due Wed, 2 Dec 2026, 10:00 CET")
    assert (states(house)["resolution"], states(house)["next_response"]) == ("running", "running")
    desk.until("12-01 11:00")
    assert resolution(desk) == 17


def closed_in_silence(desk: Desk) -> None:
    house, ada, kari = desk.house, desk.ada, desk.kari

    # Solved again, silence, closed with a word.
    house.post(kari.answer("#solve\n\nIt was the cable."))
    (closed,) = desk.until("12-12 10:00")
    assert closed.mail["Date"].datetime == oslo("2026-12-08 11:00 CET")
    says(closed, "case #1 is closed", "we take it that it works")
    assert house.ticket()["status"] == "closed"
    assert next_at(house) is None
    assert states(house)["resolution"] == "met"

    # What she writes now is a new case, linked, with a promise of its own.
    again = house.post(ada.answer("It is broken again."))
    says(desk.to_ada(again)[0], "case #2", "outside our opening hours", "Mon, 14 Dec 2026, 12:00")
    assert follows(house, 2) == 1


def test_unanswered_question_is_reminded_of_twice_and_closed_with_notice(desk: Desk) -> None:
    house, ada = desk.house, desk.ada
    house.post(ada.write(SUPPORT, "Printer is dead", "It does not print."))
    house.post(desk.kari.answer("#take #wait\n\nWhich printer is it?"))
    first, second, closed = desk.until("12-20 10:00")
    assert {letter.recipient for letter in (first, second, closed)} == {ada.address}
    dates = [letter.mail["Date"].datetime for letter in (first, second, closed)]
    assert dates == [oslo(f"2026-{day} 10:00 CET") for day in ("11-25", "11-27", "12-01")]
    says(first, "Tue, 1 Dec 2026, 10:00 CET")
    says(second, "Tue, 1 Dec 2026, 10:00 CET", "Which printer is it?")
    assert "last" in second.text.lower()
    assert "last" not in first.text.lower()
    says(closed, "closed")
    assert "solved" not in closed.text, "we did not solve it"
    assert house.ticket()["status"] == "closed"


def test_wait_with_a_day_comes_back_and_is_not_closed(desk: Desk) -> None:
    desk.house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    desk.house.post(desk.kari.answer("#take #wait 3d\n\nDoes it print tomorrow?"))
    letters = desk.until("12-20 10:00")
    assert [m.kind for m in mails(desk.house, "closed")] == []
    assert desk.house.ticket()["status"] != "closed"
    assert len([letter for letter in letters if letter.recipient == desk.ada.address]) <= 1


def test_complaint_never_closes_by_itself(desk: Desk) -> None:
    desk.house.post(desk.ada.write(SUPPORT, "Rude", "You were rude."))
    desk.house.post(desk.kari.answer("#take #type complaint #solve\n\nWe are sorry."))
    assert desk.until("12-20 10:00") == []
    assert desk.house.ticket()["status"] == "solved"


def test_late_answer_to_a_solved_complaint_opens_a_new_case(desk: Desk) -> None:
    """The reopen window: five open days. The last instant belongs to it."""
    desk.house.post(desk.ada.write(SUPPORT, "Rude", "You were rude."))
    desk.house.post(desk.kari.answer("#take #type complaint #solve\n\nWe are sorry."))
    desk.until("11-30 10:00")
    desk.house.post(desk.ada.answer("You were very rude."))
    assert desk.house.ticket()["status"] == "open"
    desk.house.post(desk.kari.answer("#solve\n\nWe are very sorry."))
    desk.until("12-07 10:01")
    desk.house.post(desk.ada.answer("You still are."))
    assert desk.house.ticket()["status"] == "solved"
    assert follows(desk.house, 2) == 1
    desk.house.post(desk.kari.answer("A note for you.", desk.newest_for(desk.kari, "case #1")))
    assert len(desk.house.tickets()) == 2, "an agent's mail joins as ever"


def test_late_thanks_for_what_was_solved_open_nothing(desk: Desk) -> None:
    desk.house.post(desk.ada.write(SUPPORT, "Rude", "You were rude."))
    desk.house.post(desk.kari.answer("#take #type complaint #solve\n\nWe are sorry."))
    desk.until("12-10 10:00")
    assert desk.house.post(desk.ada.answer("Thank you!")) == []
    assert len(desk.house.tickets()) == 1


def test_silent_desk_owns_up_to_each_broken_promise_and_keeps_its_word_once(desk: Desk) -> None:
    """Late with the first answer, then the word that it promised; after that a broken promise is
    the only news, and it says no more times."""
    desk.house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    letters = desk.to_ada(desk.until("12-31 10:00"))
    assert [m.kind for m in mails(desk.house) if m.to == desk.ada.address][1:] == [
        "delay",
        "progress",
        "delay",
    ]
    delay, progress, last = letters
    says(delay, "You hear from us again by Tue, 24 Nov 2026, 10:00 CET")
    assert progress.mail["Date"].datetime == oslo("2026-11-24 10:00 CET")
    says(progress, "as soon as there is something new")
    says(last, "We wanted to solve", "as soon as")


def test_requester_hears_how_it_goes_where_that_is_promised(desk: Desk) -> None:
    """Every four hours: the owner is asked first, and the desk speaks twice in a row at most."""
    desk.house.change_rules(**promising(policy("24x7", resolution=48, update=4)))
    desk.house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    desk.house.post(desk.kari.answer("#take\n\nI look at it."))
    letters = desk.until("11-24 09:00")
    (nudge, first, _nudge, second) = [one for one in letters if one.recipient != BO][:4]
    assert nudge.mail["Date"].datetime == oslo("2026-11-23 13:00 CET")
    says(nudge, "Tell Ada Berg how it goes by Mon, 23 Nov 2026, 14:00 CET")
    assert first.mail["Date"].datetime == oslo("2026-11-23 14:00 CET")
    says(first, "Kari Nordmann has your case", "Mon, 23 Nov 2026, 18:00 CET")
    assert second.mail["Date"].datetime == oslo("2026-11-23 18:00 CET")
    says(second, "as soon as there is something new")
    assert len(desk.to_ada(letters)) == 2
    desk.house.post(desk.kari.answer("The part comes tomorrow."))
    assert len(desk.to_ada(desk.until("11-24 13:00"))) == 1


def test_whoever_writes_on_a_holiday_is_told_why_nobody_is_there(desk: Desk) -> None:
    """And the promise counts from the opening; in the morning after, nothing is late."""
    desk.house.clock.at = oslo("2026-10-26 10:00 CET")
    desk.house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    (received,) = desk.to_ada(desk.house.sent)
    says(received, "Founding day", "We open on Tue, 27 Oct 2026, 08:00 CET")
    says(received, "by Tue, 27 Oct 2026, 12:00 CET")
    assert desk.until("10-27 09:59") == []
    assert {letter.recipient for letter in desk.until("10-27 10:00")} == {KARI, BO}


def test_mail_that_comes_at_the_last_minute_is_in_time(desk: Desk) -> None:
    """It is received before the breach and worked on after it: its own time counts."""
    house = desk.house
    house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    answer = desk.kari.answer("Off and on, please.")
    house.clock.at = oslo("2026-11-23 14:00 CET")
    house.hand_in(answer)
    house.clock.at = oslo("2026-11-23 14:03 CET")
    house.work()
    assert states(house)["first_response"] == "met"


def test_whoever_wants_no_automatic_mail_gets_none_and_the_desk_knows(desk: Desk) -> None:
    house = desk.house
    house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    with house.desk.database.write() as session:
        session.connection().execute(update(contacts).values(wants_no_mail=True))
    letters = desk.until("12-01 10:00")
    assert desk.to_ada(letters) == []
    breach = desk.newest_for(desk.bo, "Late: no answer")
    assert "is told now that we are late" not in breach.text


def test_owner_who_is_away_is_stood_in_for_by_the_team(desk: Desk) -> None:
    house = desk.house
    house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    house.post(desk.kari.answer("#take"))
    house.post(desk.kari.answer("#away 2026-12-24"))
    before = len(house.sent)
    after(house, hours=3)
    assert {m.recipient for m in house.sent[before:]} == {BO}


def test_case_goes_to_the_next_tier_where_the_ladder_says_so(desk: Desk) -> None:
    steps = (read_step("100%", notify=["lead"], refer=True),)
    referred = replace(STANDARD, ladder={ClockName.FIRST_RESPONSE: steps})
    desk.house.change_rules(**promising(promise(referred)))
    tor = desk.house.client("Tor Vik", TOR)
    desk.house.post(desk.ada.write(SUPPORT, "Printer is dead", "It does not print."))
    desk.house.post(desk.kari.answer("#take"))
    desk.until("11-23 15:00")
    shown = desk.house.ticket()
    assert (shown["team"], shown["assignee"]) == ("second-line", None)
    says(tor.last, "Printer is dead")
    says(desk.ada.last, "specialist")
