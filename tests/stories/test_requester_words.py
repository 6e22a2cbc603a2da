"""What requesters can say in a word: status, STOP, thanks, "works now". Their commands are text."""

import pytest
from stories.cases import vouched
from stories.house import SUPPORT

STATES = {
    "new": "", "open": "#take", "waiting_user": "#wait", "on_hold": "#hold",
    "scheduled": "#schedule 2d", "solved": "#solve", "closed": "#solve",
}  # fmt: skip


@pytest.fixture
def put(cases):
    """Put case 1 into a state; return Ada's newest letter of it."""

    def put(state):
        if STATES[state]:
            cases.answer(STATES[state])
        if state == "closed":
            cases.house.post(cases.ada.answer("Yes, works now!", letter(cases)))
        assert cases.ticket()["status"] == state
        return letter(cases)

    return put


def letter(cases, number=1):
    return [each for each in cases.ada.inbox if each["Subject"].endswith(f"[#{number}]")][-1]


# --- thanks and reactions -------------------------------------------------------------------------


THANKS = ("Thank you!", "Tusen takk!\n\nHilsen Ada", "谢谢！")


@pytest.mark.parametrize("state", STATES)
def test_thanks_change_nothing_and_are_told_to_nobody(cases, put, state):
    answered, words = put(state), THANKS[len(state) % len(THANKS)]
    before = len(cases.ticket()["messages"])
    assert cases.house.post(cases.ada.answer(words, answered)) == []
    assert cases.ticket()["status"] == state
    assert len(cases.house.tickets()) == 7
    assert len(cases.ticket()["messages"]) == before + 1


REACTIONS = {
    "outlook": "[like] Ada Berg reacted to your message:",
    "outlook, norwegian": "[Liker] Ada Berg reagerte på meldingen din:",
    "gmail": "👍 Ada Berg reacted via Gmail",
    "by hand": "👍",
}


@pytest.mark.parametrize("text", REACTIONS.values(), ids=REACTIONS)
@pytest.mark.parametrize("state", ["open", "solved", "closed"])
def test_reaction_of_a_client_changes_nothing(cases, put, state, text):
    assert cases.house.post(cases.ada.answer(text, put(state))) == []
    assert cases.ticket()["status"] == state


def test_thanks_for_no_case_open_none(cases):
    assert cases.house.post(cases.ada.write(SUPPORT, "Thanks", "Thank you!")) == []
    assert len(cases.house.tickets()) == 7


def test_thanks_with_a_question_are_a_mail_like_any_other(cases, put):
    sent = cases.house.post(cases.ada.answer("Thanks! But when will it print?", put("solved")))
    assert cases.ticket()["status"] == "open"
    assert cases.kari.address in {each.recipient for each in sent}


# --- works now ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["Yes, works now.", "yes", "Ja, det virker nå.", "Funktioniert, danke!"]
)
def test_works_now_closes_a_solved_case(cases, put, words):
    assert cases.house.post(cases.ada.answer(words, put("solved"))) == []
    assert cases.ticket()["status"] == "closed"
    assert ("status", "solved", "closed") in cases.events()


@pytest.mark.parametrize("state", ["new", "open", "waiting_user", "on_hold", "scheduled"])
def test_works_now_elsewhere_is_an_answer(cases, put, state):
    sent = cases.house.post(cases.ada.answer("Yes, works now.", put(state)))
    assert cases.kari.address in {each.recipient for each in sent}
    assert cases.ticket()["status"] not in ("solved", "closed")


def test_works_now_on_a_closed_case_opens_no_other(cases, put):
    assert cases.house.post(cases.ada.answer("It works now, thank you", put("closed"))) == []
    assert (cases.ticket()["status"], len(cases.house.tickets())) == ("closed", 7)


def test_works_now_from_somebody_else_closes_nothing(cases, put):
    cy = cases.house.client("Cy", "cy@example.org")
    cases.answer(f"#cc {cy.address}", is_proved=True)
    put("solved")
    cases.house.post(cy.answer("Yes, works now.", cy.last))
    assert cases.ticket()["status"] != "closed"


# --- status, STOP ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "text"), [("status", ""), ("Status", "status"), ("STATUS?", "")]
)
def test_status_lists_the_own_open_cases(cases, subject, text):
    cases.answer("#take #wait", cases.letter(2))
    cases.answer("#solve #quiet", cases.letter(3))
    cases.house.post(cases.house.client("Cy", "cy@example.net").write(SUPPORT, "Mouse", "Dead."))
    (answer,) = cases.house.post(cases.ada.write(SUPPORT, subject, text))
    assert answer.recipient == cases.ada.address
    assert "You have 6 open cases" in answer.text
    assert "#2 Printer 2 is dead – waits for your answer" in answer.text
    assert "#3" not in answer.text
    assert "Mouse" not in answer.text
    assert len(cases.house.tickets()) == 8


def test_status_in_a_conversation_is_delivered_too(cases):
    sent = cases.house.post(cases.ada.answer("status", letter(cases)))
    assert {each.recipient for each in sent} >= {cases.ada.address, cases.kari.address}
    assert "You have 7 open cases" in cases.to(cases.ada, sent)[0].text
    assert cases.last_message()["text"] == "status"


def test_status_of_somebody_without_cases(cases):
    cy = cases.house.client("Cy", "cy@example.net")
    (answer,) = cases.house.post(cy.write(SUPPORT, "status", ""))
    assert "You have no open case" in answer.text
    assert SUPPORT in answer.text


@pytest.mark.parametrize("is_proved", [True, False])
def test_stop_ends_automatic_mail_of_who_is_proved(cases, is_proved):
    raw = cases.ada.write(SUPPORT, "STOP", "").as_bytes()
    cases.post(raw, cases.ada.address, is_proved=is_proved)
    sent = cases.house.post(cases.ada.write(SUPPORT, "Mouse", "Dead."))
    assert (cases.ada.address in {each.recipient for each in sent}) is not is_proved


def test_who_stopped_automatic_mail_still_gets_agents_replies(cases):
    raw = vouched(cases.ada.answer("STOP", letter(cases)).as_bytes(), cases.ada.address)
    cases.post(raw, cases.ada.address)
    assert cases.last_message()["text"] == "STOP"
    (sent,) = cases.answer("I bring a drum.")
    assert sent.recipient == cases.ada.address


# --- their commands -------------------------------------------------------------------------------


def test_a_requesters_commands_are_text(cases):
    sent = cases.house.post(cases.ada.answer("#solve\n#assign bo\n\nPlease!", letter(cases)))
    assert (cases.ticket()["status"], cases.ticket()["assignee"]) == ("new", None)
    assert cases.last_message()["text"] == "#solve\n#assign bo\n\nPlease!"
    assert "> #solve" in cases.to(cases.kari, sent)[0].text
