"""Commands that say who takes part, in whose name a case stands, and what belongs together."""

import pytest
from stories.cases import WORDS, said, spoken, vouched, written
from stories.house import KARI, SUPPORT
from stories.people import Letter

ANN = "ann@example.net"


@pytest.fixture
def ann(cases):
    return cases.house.client("Ann", ANN)


# --- #cc, #uncc -----------------------------------------------------------------------------------


def test_participant_gets_replies_from_when_he_joined(cases, ann):
    cases.answer("The drum is worn out.")
    sent = cases.answer(f"#cc {ANN}\n\n{WORDS}", is_proved=True, client="outlook-desktop")
    assert {letter.recipient for letter in sent} == {cases.ada.address, ANN}
    (letter,) = ann.inbox
    assert "worn out" not in letter.text
    cases.house.post(cases.ada.answer("Is it noisy?"))
    sent = cases.answer("No.", cases.kari.last)
    assert {each.recipient for each in sent} == {cases.ada.address, ANN}


def test_former_participant_gets_nothing_more(cases, ann):
    cases.answer(f"#cc {ANN}", is_proved=True)
    sent = cases.answer(f"#uncc {ANN}\n\n{WORDS}", is_proved=True)
    assert [letter.recipient for letter in sent] == [cases.ada.address]
    assert cases.ticket()["participants"] == []
    (question,) = cases.answer(f"#uncc {ANN}", cases.letter(), is_proved=True, client="k9")
    assert f"{ANN} takes no part in this case" in question.text


@pytest.mark.parametrize("is_proved", [True, False])
def test_whom_a_proved_agent_copies_takes_part_and_is_not_mailed_twice(cases, ann, is_proved):
    sent = cases.answer(WORDS, cc=f"Ann <{ANN}>", is_proved=is_proved)
    assert [letter.recipient for letter in sent] == [cases.ada.address]
    assert cases.ticket()["participants"] == ([ANN] if is_proved else [])
    cases.house.post(cases.ada.answer("Is it noisy?"))
    sent = cases.answer("No.", cases.kari.last)
    assert (ANN in {letter.recipient for letter in sent}) is is_proved


@pytest.mark.parametrize("who", [SUPPORT, "bo@example.com", "ann"])
def test_nobody_of_ours_is_copied(cases, who):
    (question,) = cases.answer(f"#cc {who}\n\n{WORDS}", is_proved=True)
    assert said(question).startswith("Answer with one word: send or drop")


# --- #admit ---------------------------------------------------------------------------------------


def held_from(cases, client, text="I have the same printer."):
    """A mail to somebody else's reply address; what agents get of it."""
    letter = cases.ada.inbox[-1]
    mail = client.write(
        letter.reply_to, letter["Subject"], text, fields={"In-Reply-To": letter["Message-ID"]}
    )
    sent = cases.house.post(mail)
    number = int(letter["Subject"].rpartition("#")[2].rstrip("]"))
    (told, *_) = cases.to(cases.kari, sent)
    return number, told


def test_admitted_mail_and_its_sender_take_part(cases, ann):
    number, told = held_from(cases, ann)
    assert "Your reply stays internal." in said(told)
    assert cases.last_message(number)["visibility"] == "held"
    cases.answer("#admit", told, is_proved=True, client="outlook-ios", language="es")
    assert cases.last_message(number)["visibility"] == "public"
    assert cases.ticket(number)["participants"] == [ANN]
    sent = cases.answer(WORDS, cases.letter(number))
    assert {letter.recipient for letter in sent} == {cases.ada.address, ANN}


def test_admitted_as_the_requesters_further_address(cases):
    home = cases.house.client("Ada Berg", "ada@home.example.net")
    number, told = held_from(cases, home, "From home: it is still dead.")
    cases.answer("#admit requester", told, is_proved=True)
    assert cases.last_message(number)["visibility"] == "public"
    (sent,) = cases.answer(WORDS, cases.letter(number))
    assert sent.recipient == home.address


def test_admission_waits_for_a_word_where_a_reply_address_is_all_proof(cases, ann):
    number, told = held_from(cases, ann)
    (question,) = cases.to(cases.kari, cases.answer("#admit", told))
    assert cases.last_message(number)["visibility"] == "held"
    cases.answer("run", question)
    assert cases.ticket(number)["participants"] == [ANN]


def test_nothing_held_to_admit(cases):
    (question,) = cases.answer("#admit", is_proved=True)
    assert "no mail is held in this case" in question.text


# --- #merge, #link --------------------------------------------------------------------------------


def test_mail_to_a_merged_case_goes_to_its_target(cases):
    """By its old reply address, its old ids and its old subject."""
    cases.answer("#merge 2", is_proved=True)
    old = next(letter for letter in cases.ada.inbox if letter["Subject"].endswith("[#1]"))
    before = len(cases.ticket(2)["messages"])
    sent = cases.house.post(cases.ada.answer("It smells, too.", old))
    assert len(cases.ticket(2)["messages"]) == before + 1
    assert {letter["Subject"] for letter in cases.to(cases.kari, sent)} == {
        "Re: Printer 2 is dead [#2]"
    }
    (reply,) = cases.to(cases.ada, cases.answer(WORDS, cases.letter(1), client="thunderbird"))
    assert spoken(reply) == WORDS
    assert cases.last_message(2)["text"] == WORDS


def test_merge_keeps_both_histories_and_tells_the_requester_once(cases):
    sent = cases.answer("#merge 2", is_proved=True)
    (told,) = sent
    assert (told.recipient, "Your case #1 goes on as case #2" in told.text) == (
        cases.ada.address, True,
    )  # fmt: skip
    assert ("merged", None, "2") in cases.events(1)
    assert ("merged_from", None, "1") in cases.events(2)
    assert len(cases.ticket(1)["messages"]) == 1


def test_confirmed_merge_is_done(cases):
    (question,) = cases.answer("#merge 2")
    sent = cases.answer("run", question, client="apple-ios", language="fr")
    assert cases.ticket(1)["status"] == "merged"
    assert [letter.recipient for letter in sent] == [cases.ada.address]


def test_merge_needs_another_case_that_is_there(cases):
    cases.answer("#merge 2", cases.letter(3), is_proved=True)
    for command, reason in (
        ("#merge 1", "#1 is this case itself"),
        ("#merge 77", "there is no case #77"),
        ("#merge 3", "#3 is itself part of #2"),
        ("#merge soon", "“soon” is no case"),
    ):
        (question,) = cases.answer(command, is_proved=True)
        assert reason in question.text


def test_linked_cases_stay_two(cases):
    assert cases.answer("#link [#2]") == []
    assert ("link", None, "2") in cases.events(1)
    assert cases.ticket(1)["status"] == "new"


# --- #for -----------------------------------------------------------------------------------------

FORWARDED = """#for

---------- Forwarded message ---------
From: Eve Moe <eve@example.net>
Date: Mon, Nov 23, 2026 at 8:00 AM
Subject: Screen
To: <kari@example.com>

My screen flickers.
"""


def phone(cases, text, *, is_proved=True) -> list[Letter]:
    raw = cases.kari.write(SUPPORT, "A call", text).as_bytes()
    return cases.post(raw, KARI, is_proved=is_proved)


def test_case_in_the_name_of_who_called(cases, ann):
    phone(cases, f"#for {ANN} #take #priority P2\n\nHer screen flickers.")
    ticket = cases.ticket(8)
    assert (ticket["requester"], ticket["assignee"], ticket["priority"]) == (ANN, "kari", "P2")
    assert "We have opened a case for you: #8" in ann.last.text
    assert "#for" not in ann.last.text + cases.last_message(8)["text"]
    cases.house.post(ann.answer("It is worse now."))
    assert cases.last_message(8)["text"] == "It is worse now."
    (sent,) = cases.answer(WORDS, cases.kari.last)
    assert sent.recipient == ANN


def test_case_in_the_name_of_whose_mail_is_forwarded(cases):
    sent = phone(cases, FORWARDED)
    assert cases.ticket(8)["requester"] == "eve@example.net"
    assert "My screen flickers." in cases.last_message(8)["text"]
    assert "eve@example.net" in {letter.recipient for letter in sent}


def test_case_that_is_there_keeps_its_requester(cases, ann):
    (question,) = cases.answer(f"#for {ANN}", is_proved=True)
    assert "it stands in a new mail" in question.text
    assert (cases.ticket()["requester"], ann.inbox) == (cases.ada.address, [])


def test_case_that_nothing_proves_waits_for_a_word(cases, ann):
    (question,) = phone(cases, f"#for {ANN}\n\nHer screen flickers.", is_proved=False)
    assert (question.recipient, ann.inbox) == (KARI, [])
    cases.answer("run", question)
    assert cases.ticket(8)["requester"] == ANN
    assert "We have opened a case for you" in ann.last.text


def test_nobody_to_open_a_case_for(cases):
    (question,) = phone(cases, "#for\n\nSomebody called.")
    assert "#for needs an address" in question.text
    assert cases.ticket(8)["requester"] == KARI


# --- #quiet, #answer ------------------------------------------------------------------------------


def test_quiet_changes_the_case_and_mails_nobody(cases):
    assert cases.answer("#assign bo #solve #quiet", client="gmail-android", language="nl") == []
    assert (cases.ticket()["status"], cases.ticket()["assignee"]) == ("solved", "bo")


def test_quiet_note_is_told_to_nobody(cases):
    assert cases.answer(f"#quiet #note\n\n{WORDS}") == []
    assert cases.last_message()["visibility"] == "internal"


def test_canned_answer_alone_is_an_answer(cases):
    (sent,) = cases.answer("#answer Password-Reset", client="k9", language="zh-Hans")
    assert spoken(sent).startswith("You can set a new password yourself")
    assert cases.ticket()["status"] == "open"


def test_every_mail_is_vouched_for_by_its_own_sender(cases):
    """Another domain's proof is none."""
    raw = vouched(written(cases.kari, "#merge 2", cases.letter(), client="k9"), "eve@example.net")
    (question,) = cases.post(raw)
    assert said(question).startswith("Answer with one word")
    assert cases.ticket()["status"] == "new"
