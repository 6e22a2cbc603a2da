"""Agents who are away, and cases that are: both come back on their day."""

from stories.cases import WORDS, said, written
from stories.house import KARI, SUPPORT


def recipients(letters):
    return sorted(letter.recipient for letter in letters)


def test_new_work_goes_to_the_others_while_an_agent_is_away(cases):
    cases.answer("#away fri")
    sent = cases.house.post(cases.ada.write(SUPPORT, "Mouse", "Dead."))
    assert recipients(sent) == [cases.ada.address, cases.bo.address]
    cases.answer("#back")
    sent = cases.house.post(cases.ada.write(SUPPORT, "Keyboard", "Dead."))
    assert cases.kari.address in recipients(sent)


def test_replies_on_an_absent_agents_case_go_to_the_team(cases):
    cases.answer(f"#take\n\n{WORDS}")
    cases.answer("#borte 3d", client="apple-ios", language="nb")
    sent = cases.house.post(cases.ada.answer("It is noisy."))
    assert recipients(sent) == [cases.bo.address]
    assert cases.ticket()["assignee"] == "kari"
    cases.house.clock.pass_time(days=3)
    sent = cases.house.post(cases.ada.answer("It is still noisy."))
    assert recipients(sent) == [cases.kari.address]


def test_somebody_always_hears_of_a_mail(cases):
    cases.answer("#away fri")
    cases.answer("#away fri", agent=cases.bo)
    sent = cases.house.post(cases.ada.write(SUPPORT, "Mouse", "Dead."))
    assert len(recipients(sent)) == 3


def test_away_needs_a_day(cases):
    (refused,) = cases.answer("#away")
    assert "#away needs a day" in refused.text
    assert "Not done" in said(refused)


def test_away_in_a_mail_without_a_case_opens_none(cases):
    raw = cases.kari.write(SUPPORT, "Holidays", "#away 2026-12-04\n#queue").as_bytes()
    (sent,) = cases.post(raw, KARI, is_proved=True)
    assert "open cases" in said(sent)
    assert len(cases.house.tickets()) == 7
    told = cases.house.post(cases.ada.write(SUPPORT, "Mouse", "Dead."))
    assert cases.kari.address not in recipients(told)


# --- cases ----------------------------------------------------------------------------------------


def test_scheduled_case_comes_back_on_its_day(cases):
    cases.answer("#take #schedule 2026-11-27 14:00", client="outlook-web", language="de")
    assert cases.pass_hours(4 * 24 + 4.9) == []
    (back,) = cases.pass_hours(0.2)
    assert back.recipient == cases.kari.address
    assert "Back today, from Ada Berg: Printer 1 is dead" in said(back)
    assert cases.ticket()["status"] == "open"
    assert cases.pass_hours(24) == []


def test_waiting_case_comes_back_where_a_day_was_named(cases):
    cases.answer(f"#take #wait 2d\n\n{WORDS}")
    cases.answer("#wait", cases.letter(2))
    (back,) = cases.pass_hours(48)
    assert (back.recipient, cases.ticket(1)["status"]) == (cases.kari.address, "open")
    assert cases.ticket(2)["status"] == "waiting_user"


def test_requesters_mail_brings_a_scheduled_case_back_at_once(cases):
    cases.answer("#schedule fri")
    received = next(each for each in cases.ada.inbox if each["Subject"].endswith("[#1]"))
    cases.house.post(cases.ada.answer("It burns!", received))
    assert cases.ticket()["status"] == "open"
    assert cases.pass_hours(5 * 24) == []


def test_case_of_an_absent_agent_comes_back_to_the_team(cases):
    cases.answer("#take #schedule 2d")
    cases.answer("#away 4d", cases.letter(2))
    (back,) = cases.pass_hours(48)
    assert back.recipient == cases.bo.address


def test_schedule_can_be_put_off_again(cases):
    cases.send(written(cases.kari, "#schedule 2d", cases.letter(), client="gmail-web"))
    cases.house.work()
    cases.answer("#snooze 3d", client="k9")
    assert cases.pass_hours(49) == []
    assert len(cases.pass_hours(24)) == 2
