"""What agents ask the desk by mail: #status, #queue, #show, #find, #files, #why, #help."""

import pytest
from stories.cases import WORDS, said, spoken
from stories.house import SUPPORT
from stories.people import files_of

from maildesk.policy.commands.verbs import COMMANDS


def ask(cases, text, number=1, **words):
    (letter,) = cases.to(cases.kari, cases.answer(text, cases.letter(number), **words))
    return letter


def ask_anew(cases, text, *, is_proved=True):
    """Ask in a mail that belongs to no case."""
    return cases.post(cases.kari.write(SUPPORT, "A question", text).as_bytes(), is_proved=is_proved)


def test_status_is_the_case_in_a_mail_that_can_be_answered(cases):
    cases.answer(f"#take #title The drum\n\n{WORDS}")
    letter = ask(cases, "#status", client="outlook-smtp", language="es")
    assert said(letter).startswith(
        "Your reply goes to Ada Berg.\n\nCase #1 from Ada Berg: The drum"
    )
    assert "you have it" in said(letter)
    assert "> It says PC LOAD LETTER" in letter.text
    assert "> I bring a new drum at ten." in letter.text
    (sent,) = cases.answer("It is eleven now.", letter)
    assert (sent.recipient, spoken(sent)) == (cases.ada.address, "It is eleven now.")


def test_queue_lists_what_is_mine_and_my_teams(cases):
    cases.answer("#take #priority P1", cases.letter(4))
    cases.answer("#solve #quiet", cases.letter(2))
    letter = ask(cases, "#queue")
    assert said(letter).endswith("6 open cases, yours and your team’s")
    assert "#4 Printer 4 is dead (P1 open, Ada Berg; you have it)" in letter.text
    assert "#2" not in letter.text
    shown = ask_answer(cases, "#show 4", letter)
    assert "Case #4 from Ada Berg" in said(shown)


def ask_answer(cases, text, letter):
    (answer,) = cases.to(cases.kari, cases.answer(text, letter))
    return answer


@pytest.mark.parametrize("way", ["from a case", "in a new mail"])
def test_answer_to_a_shown_case_goes_to_its_requester(cases, way):
    cases.house.post(cases.house.client("Cy", "cy@example.net").write(SUPPORT, "Mouse", "Dead."))
    shown = ask(cases, "#show 8") if way == "from a case" else ask_anew(cases, "#show #8")[0]
    assert said(shown).startswith("Your reply goes to Cy.\n\nCase #8 from Cy: Mouse")
    (sent,) = cases.answer("#take\n\nI bring a new one.", shown, client="apple-ios")
    assert (sent.recipient, spoken(sent)) == ("cy@example.net", "I bring a new one.")
    assert cases.ticket(8)["assignee"] == "kari"
    assert cases.ticket(1)["assignee"] is None


def test_find_lists_cases_with_all_the_words(cases):
    cases.house.post(cases.ada.write(SUPPORT, "Mouse of the board room", "It squeaks."))
    letter = ask(cases, "#find board squeaks")
    assert "1 case with “board squeaks”" in said(letter)
    assert "#8 Mouse of the board room" in letter.text
    assert "No case with “zebra”" in said(ask(cases, "#find zebra", 2))


def test_each_find_of_a_mail_has_its_own_answer(cases):
    cases.house.post(cases.ada.write(SUPPORT, "Mouse of the board room", "It squeaks."))
    letters = cases.to(cases.kari, cases.answer("#find squeaks\n#find zebra", cases.letter(1)))
    zebra, squeaks = sorted(map(said, letters))
    assert "1 case with “squeaks”" in squeaks
    assert "No case with “zebra”" in zebra


def test_why_tells_what_has_happened(cases):
    cases.answer("#take")
    letter = ask(cases, "#why")
    assert said(letter).startswith("Your reply stays internal.")
    assert "nothing shows that it belongs to a ticket" in letter.text
    assert "kari@example.com: assignee kari" in letter.text


def test_help_names_every_command(cases):
    letter = ask(cases, "#help", client="k9", language="zh-Hans")
    assert [
        c.usage for c in COMMANDS.values() if c.usage not in letter.text.replace("\n", " ")
    ] == []


def test_files_of_earlier_mails_come_along(cases):
    for name, content in (("page.png", b"\x89PNG one"), ("log.txt", b"two")):
        cases.house.post(
            cases.ada.answer("See the file.", cases.ada.inbox[0], files={name: content})
        )
    number = int(cases.ada.inbox[0]["Subject"].rpartition("#")[2].rstrip("]"))
    letter = ask(cases, "#files", number)
    assert f"2 files in case #{number}" in said(letter)
    assert files_of(letter.mail) == {"page.png": b"\x89PNG one", "log.txt": b"two"}


def test_questions_stand_beside_words_and_commands(cases):
    sent = cases.answer(f"#take #status #why\n\n{WORDS}")
    assert [spoken(letter) for letter in cases.to(cases.ada, sent)] == [WORDS]
    assert len(cases.to(cases.kari, sent)) == 2
    assert "you have it" in cases.to(cases.kari, sent)[0].text


def test_a_question_without_a_case_opens_none(cases):
    before = len(cases.house.tickets())
    (queue,) = ask_anew(cases, "#queue")
    (refused,) = ask_anew(cases, "#show 99")
    (misspelt,) = ask_anew(cases, "#quue")
    assert "7 open cases" in said(queue)
    assert "there is no case #99" in refused.text
    assert "did you mean #queue?" in misspelt.text
    assert len(cases.house.tickets()) == before
    assert "Reference" not in queue.text + refused.text + misspelt.text


def test_a_question_that_nothing_proves_is_answered_by_nothing_of_the_cases(cases):
    (refused,) = ask_anew(cases, "#show 1", is_proved=False)
    assert refused.recipient == cases.kari.address
    assert "PC LOAD" not in refused.text
    assert "Nothing proves that you wrote it" in refused.text
