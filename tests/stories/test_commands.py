"""An agent steers the desk from his mail client, one command at a time."""

import pytest
from stories.house import KARI, SUPPORT

from maildesk.policy.rules import Authentication

ASKED = "It says PC LOAD LETTER since the power came back."


@pytest.fixture
def case(house, ada, kari):
    house.post(ada.write(SUPPORT, text=ASKED))
    return house


def test_command_and_words_go_separate_ways(case, ada, kari):
    letters = case.post(kari.answer("#take #priority P1\n\nI bring a new drum at ten."))
    ticket = case.ticket()
    assert (ticket["assignee"], ticket["priority"], ticket["status"]) == ("kari", "P1", "open")
    assert [letter.recipient for letter in letters] == [ada.address]
    assert "I bring a new drum at ten." in ada.last.text
    assert "#" not in ada.last.text.split("On Mon")[0].replace("[#1]", "").split("Case #1")[0]


def test_solve_is_one_mail_with_the_answer_and_a_question(case, ada, kari):
    case.post(kari.answer("The drum was worn out; it prints again.\n\n#solve"))
    assert case.ticket()["status"] == "solved"
    assert "it prints again" in ada.last.text
    assert "Is it solved?" in ada.last.text
    assert len(case.to(ada)) == 2  # the acknowledgement, and this


def test_commands_alone_post_no_empty_message(case, ada, kari):
    case.post(kari.answer("#take"))
    assert case.ticket()["assignee"] == "kari"
    assert len(case.ticket()["messages"]) == 1
    assert len(case.to(ada)) == 1


def test_misspelt_command_is_held_and_run_on_a_word(case, ada, kari):
    letters = case.post(kari.answer("#colse\n\nIt prints again."))
    assert [letter.recipient for letter in letters] == [KARI]
    assert case.ticket()["status"] == "new"
    assert "did you mean #close?" in kari.last.text
    case.post(kari.answer("run"))
    assert case.ticket()["status"] == "solved"
    assert "It prints again." in ada.last.text
    assert "colse" not in ada.last.text


def test_send_sends_the_words_alone(case, ada, kari):
    case.post(kari.answer("#colse\n\nIt prints again."))
    case.post(kari.answer("Send."))
    assert case.ticket()["status"] == "open"
    assert "It prints again." in ada.last.text
    assert "colse" not in str(ada.last)


def test_drop_sends_nothing(case, ada, kari):
    case.post(kari.answer("#colse\n\nIt prints again."))
    question = kari.last
    case.post(kari.answer("drop"))
    assert len(case.to(ada)) == 1
    case.post(kari.answer("send", question))
    assert len(case.to(ada)) == 1
    assert "waits for this answer" in kari.last.text


def test_anything_else_asks_once_more(case, ada, kari):
    case.post(kari.answer("#colse\n\nIt prints again."))
    case.post(kari.answer("what's this?"))
    assert "Answer with one word" in kari.last.text
    assert "You answered “what's this?”: nothing was done with that." in kari.last.text
    asked = len(case.to(kari))
    case.post(kari.answer("what's this?"))
    assert len(case.to(kari)) == asked
    assert len(case.to(ada)) == 1


def test_question_does_not_promise_to_send_a_note(case, ada, kari):
    case.post(kari.answer("Bo, look at this:\n#note\nit is the drum."))
    assert "run: does what was understood; your words become a note." in kari.last.text
    case.post(kari.answer("run"))
    assert len(case.to(ada)) == 1


def test_unknown_command_alone_is_not_called_an_empty_mail(case, kari):
    case.post(kari.answer("#hilfee"))
    assert "There is no command #hilfee." in kari.last.text
    assert "empty" not in kari.last.text


def test_note_stays_inside(case, ada, kari):
    letters = case.post(kari.answer("#note He shouts at the printer, I think."))
    assert case.to(ada, letters) == []
    assert case.ticket()["messages"][-1]["visibility"] == "internal"
    assert "nothing was sent to Ada" in kari.last.text


@pytest.mark.parametrize("signature", ["Kari", "Kari Nordmann\nIT, floor 3\n+47 22 33 44 55"])
def test_bare_signature_below_a_command_is_no_message(case, ada, kari, signature):
    case.post(kari.answer(f"#take\n\n{signature}"))
    assert case.ticket()["assignee"] == "kari"
    assert len(case.to(ada)) == 1


def test_answer_that_comes_a_day_late_is_asked_about_anew(case, ada, kari):
    case.post(kari.answer("#colse\n\nIt prints again."))
    case.clock.pass_time(hours=25)
    case.post(kari.answer("send"))
    assert len(case.to(ada)) == 1
    assert "more than a day after" in kari.last.text
    case.post(kari.answer("send"))
    assert "It prints again." in ada.last.text


# --- what a review found ------------------------------------------------------------------------


def proved(mail):
    """Have our own server say that From is right."""
    mail["Authentication-Results"] = "mx.example.com; dmarc=pass header.from=example.com"
    return mail


@pytest.fixture
def believing(case):
    case.change_rules(authentication=Authentication(("mx.example.com",), 1, None, False))
    return case


def test_old_question_decides_nothing_however_often_it_is_answered(case, ada, kari):
    case.post(kari.answer("#colse\n\nIt prints again."))
    old = kari.last
    case.clock.pass_time(days=5)
    case.post(kari.answer("run", old))
    case.post(kari.answer("run", old))
    assert len(case.to(ada)) == 1
    case.post(kari.answer("run"))
    assert case.ticket()["status"] == "solved"


def test_answer_to_a_note_stays_inside_at_whatever_address(bo, believing, ada, kari):
    believing.post(kari.answer("#note What do you think?"))
    told = next(letter for letter in bo.inbox[::-1] if "Note from Kari" in letter.text)
    mail = bo.answer("I would not help her before she pays.", told)
    mail.replace_header("To", SUPPORT)
    letters = believing.post(proved(mail))
    assert believing.to(ada, letters) == []
    assert believing.ticket()["messages"][-1]["visibility"] == "internal"


@pytest.mark.parametrize(
    "signature",
    [
        "Thanks,\nKari",
        "Mvh Kari",
        "Cheers, Kari",
        "KN",
        "Kari Nordmann | Example Ltd | +47 22 33 44 55",
        "Best regards\n\nKari Nordmann\nIT Service Desk",
    ],
)
def test_signature_below_a_command_is_no_message(case, ada, kari, signature):
    case.post(kari.answer(f"#tag x\n\n{signature}"))
    assert case.ticket()["tags"] == ["x"]
    assert len(case.to(ada)) == 1


def test_letter_to_somebody_of_the_agents_name_is_words(case, ada, kari):
    case.post(kari.answer("#tag x\n\nKari,\nplease restart the printer."))
    assert "please restart the printer" in ada.last.text


def test_case_does_not_change_hands_by_for(believing, ada, kari):
    believing.post(proved(kari.answer("#for eve@example.net\n\nHere you are.")))
    assert believing.ticket()["requester"] == ada.address
    assert len(believing.to(ada)) == 1
    assert "in a new mail" in kari.last.text


def test_who_takes_part_from_now_on_gets_no_history(believing, ada, kari):
    eve = believing.client("Eve", "eve@example.net")
    believing.post(proved(kari.answer("#cc eve@example.net\n\nEve knows this printer.")))
    assert "Eve knows this printer." in eve.last.text
    assert ASKED not in eve.last.text
    assert ASKED in ada.last.text


def test_word_on_a_forged_mail_lets_nobody_else_in(case, ada, kari):
    first = kari.inbox[0]
    forged = kari.write(SUPPORT, str(first["Subject"]), "Hello", cc=["evil@bad.example"])
    forged["In-Reply-To"] = str(first["Message-ID"])
    case.post(forged)
    case.post(kari.answer("send"))
    assert "evil@bad.example" not in str(case.ticket()["participants"])


def test_note_runs_its_commands_once(case, ada, kari):
    case.post(kari.answer("#note #time 15m\nHe was rude."))
    case.post(kari.answer("#note\nAnother.", kari.inbox[0]))
    case.post(kari.answer("run"))
    assert sum(event["kind"] == "time" for event in case.ticket()["events"]) <= 1


def test_works_now_from_anybody_who_knows_the_number_closes_nothing(case, ada, kari):
    case.post(kari.answer("Done.\n#solve"))
    case.post(ada.write(SUPPORT, "Printer is dead [#1]", "Yes, it works now."))
    assert case.ticket()["status"] != "closed"
    case.post(kari.answer("#solve", kari.inbox[0]))
    case.post(ada.answer("Yes, it works now."))
    assert case.ticket()["status"] == "closed"


def test_question_beside_a_request_opens_the_case_too(believing, kari):
    believing.post(proved(kari.write(SUPPORT, "Coffee", "#queue\n\nThe coffee machine is broken.")))
    assert len(believing.tickets()) == 2
    assert any("open case" in letter.text for letter in believing.to(kari))


def test_dropped_opening_leaves_no_open_case(case, kari):
    case.post(kari.write(SUPPORT, "A call", "#for ada@example.org\n\nShe called."))
    case.post(kari.answer("drop"))
    assert case.ticket(2)["status"] == "closed"


def test_a_reason_is_kept_though_the_case_is_solved_already(case, ada, kari):
    told = kari.last
    case.post(kari.answer("The drum was worn out.\n\n#solve", told))
    letters = case.post(kari.answer("#solve drum", told))
    assert case.to(ada, letters) == []
    assert "drum" in [e["new"] for e in case.ticket()["events"] if e["kind"] == "solution"]
    case.post(kari.answer("#solve It was the drum after all", told))
    assert "takes a reason of one word" in " ".join(kari.last.text.split())
