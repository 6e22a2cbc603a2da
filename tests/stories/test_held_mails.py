"""A held mail: its writer decides on it in one word, in time and once; it is never lost."""

import re

import pytest
from stories.cases import WORDS, said, spoken, vouched, written

DOUBTFUL = f"#colse\n\n{WORDS}"


@pytest.fixture
def question(cases):
    """The question on Kari's mail."""
    (letter,) = cases.answer(DOUBTFUL)
    return letter


def outcome(cases):
    """What the history says of the hold."""
    return [new for kind, _, new in cases.events() if kind == "hold"]


# --- run, send, drop ------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["run", "Run.", "RUN!", "*run*", "run\n\nThanks, Kari", "“run”"])
def test_run_does_what_was_understood(cases, question, word):
    sent = cases.answer(word, question, client="outlook-ios", language="de")
    assert cases.ticket()["status"] == "solved"
    assert [spoken(letter) for letter in cases.to(cases.ada, sent)] == [WORDS]
    assert "colse" not in sent[0].text + sent[0].html
    assert outcome(cases) == ["open", "run"]
    assert [m["visibility"] for m in cases.ticket()["messages"]] == ["public", "public"]


@pytest.mark.parametrize("client", ["gmail-android", "thunderbird-below", "k9"])
def test_send_sends_the_words_alone(cases, question, client):
    sent = cases.answer("send", question, client=client, language="fr")
    assert (cases.ticket()["status"], cases.ticket()["assignee"]) == ("open", "kari")
    assert [spoken(letter) for letter in sent] == [WORDS]
    assert outcome(cases) == ["open", "send"]


def test_drop_leaves_the_mail_for_agents_to_see(cases, question):
    assert cases.answer("drop", question) == []
    assert cases.ticket()["status"] == "new"
    assert cases.last_message()["visibility"] == "held"
    assert cases.last_message()["text"].startswith("#colse")
    assert outcome(cases) == ["open", "drop"]


def test_run_says_again_what_stands_in_the_way(cases):
    """A colleague has changed the case meanwhile: rights and states are looked at when it runs."""
    (question,) = cases.answer(f"#wait 2d\n#colse\n\n{WORDS}")
    cases.answer("#spam", agent=cases.bo, is_proved=True)
    sent = cases.answer("run", question)
    assert cases.ticket()["status"] == "spam"
    assert cases.to(cases.ada, sent) == []
    assert [letter.recipient for letter in sent] == [cases.kari.address]


# --- anything else --------------------------------------------------------------------------------


def test_anything_else_asks_once_more(cases, question):
    (again,) = cases.answer("What do you mean?", question)
    assert said(again).startswith("Answer with one word")
    assert "Held since Mon, 23 Nov 2026, 09:00 UTC" in again.text
    assert cases.answer("I do not understand.", again) == []
    assert outcome(cases) == ["open"]
    cases.answer("send", again)
    assert outcome(cases) == ["open", "send"]


def test_both_questions_may_be_answered_and_one_answer_counts(cases, question):
    (again,) = cases.answer("Hm?", question)
    cases.answer("send", question)
    (refused,) = cases.answer("run", again)
    assert "No mail of yours waits for this answer" in refused.text
    assert cases.ticket()["status"] == "open"
    assert len(cases.to(cases.ada)) == 1


def test_a_word_is_good_once(cases, question):
    cases.answer("send", question)
    (refused,) = cases.answer("send, please", question)
    assert refused.recipient == cases.kari.address
    assert "Nothing was changed, and nothing was sent." in refused.text
    assert len(cases.to(cases.ada)) == 1


def test_a_word_is_good_for_a_day(cases, question):
    """Whoever comes later is asked anew."""
    cases.house.clock.pass_time(hours=24, minutes=1)
    (again,) = cases.answer("run", question)
    assert (cases.ticket()["status"], outcome(cases)) == ("new", ["open"])
    assert said(again).startswith("Answer with one word")
    cases.answer("run", again)
    assert cases.ticket()["status"] == "solved"


def test_a_reminder_makes_it_good_for_another_day(cases, question):
    (reminder,) = cases.to(cases.kari, cases.pass_hours(1))
    cases.house.clock.pass_time(hours=23, minutes=59)
    cases.answer("run", reminder)
    assert cases.ticket()["status"] == "solved"


@pytest.mark.parametrize("who", ["bo", "eve"])
def test_nobody_else_decides(cases, question, who):
    eve = cases.house.client("Eve", "eve@example.net")
    writer = cases.bo if who == "bo" else eve
    sent = cases.post(written(writer, "run", question, client="gmail-web"), writer.address)
    assert cases.ticket()["status"] == "new"
    assert outcome(cases) == ["open"]
    assert cases.to(cases.ada, sent) == []


def test_a_vacation_notice_decides_nothing(cases, question):
    cases.answer("run", question, fields=[("Auto-Submitted", "auto-replied")])
    assert outcome(cases) == ["open"]


def test_forged_word_decides_nothing(cases, question):
    raw = vouched(written(cases.kari, "run", question, client="gmail-web"), cases.kari.address)
    forged = raw.replace(b"dmarc=pass", b"dmarc=fail (p=reject dis=none)", 1)
    sent = cases.post(forged)
    assert (outcome(cases), cases.to(cases.ada, sent)) == (["open"], [])


def test_two_held_mails_each_have_their_own_address(cases, question):
    (other,) = cases.answer("#wiat 2d\n\nAt eleven rather.")
    assert other.reply_to != question.reply_to
    cases.answer("drop", question)
    cases.answer("run", other)
    assert cases.ticket()["status"] == "waiting_user"
    assert [spoken(letter) for letter in cases.to(cases.ada)] == ["At eleven rather."]


# --- what is not offered --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        (DOUBTFUL, "run, send or drop"),
        (f"#wait 03/04\n\n{WORDS}", "send or drop"),
        ("#colse", "run or drop"),
    ],
)
def test_question_offers_what_can_be_done(cases, text, offers):
    (letter,) = cases.answer(text)
    assert said(letter).startswith(f"Answer with one word: {offers}.")
    assert re.findall(r"mailto:[^\"]+body=(\w+)", letter.html) == re.findall(
        r"run|send|drop", offers
    )


@pytest.mark.parametrize("text", ["#answer nosuch", "#take it please", "#wait 03/04"])
def test_commands_alone_that_cannot_run_are_refused_and_wait_for_nothing(cases, text):
    (refused,) = cases.answer(text, client="outlook-web", language="nl")
    assert "Not done" in said(refused)
    assert (cases.ticket()["status"], outcome(cases)) == ("new", [])
    assert cases.pass_hours(5) == []


@pytest.mark.parametrize("command", ["#merge 2", "#spam", "#cc ann@example.net"])
def test_weighty_command_waits_for_a_word_and_then_runs(cases, command):
    (question,) = cases.answer(command)
    assert said(question).startswith("Answer with one word: run or drop.")
    assert "a reply address can be passed on" in question.text
    assert outcome(cases) == ["open"]
    cases.answer("run", question)
    assert outcome(cases) == ["open", "run"]


def test_note_by_default_offers_to_send(cases):
    cases.answer("#note He shouts.", agent=cases.bo)
    (receipt,) = cases.to(cases.kari, cases.answer(WORDS, cases.kari.last))
    assert "Stored as a note: nothing was sent to Ada Berg" in said(receipt)
    sent = cases.answer("send", receipt, client="apple-ios", language="nb")
    assert [spoken(letter) for letter in cases.to(cases.ada, sent)] == [WORDS]


# --- time -----------------------------------------------------------------------------------------


def test_after_an_hour_its_writer_is_reminded_once(cases, question):
    assert cases.pass_hours(0.9) == []
    (reminder,) = cases.pass_hours(0.1)
    assert reminder.recipient == cases.kari.address
    assert "Still waiting for your word" in said(reminder)
    assert "Held since Mon, 23 Nov 2026, 09:00 UTC" in reminder.text
    assert "Sender" not in reminder.text
    assert cases.pass_hours(1) == []


def test_after_four_hours_the_team_is_told_once(cases, question):
    cases.pass_hours(1)
    (told,) = cases.pass_hours(3)
    assert told.recipient == cases.bo.address
    assert "A colleague’s mail waits: Printer 1 is dead" in said(told)
    assert "Kari Nordmann" in told.text
    assert cases.pass_hours(4) == []


def test_after_a_reminder_anything_else_still_asks_once_more(cases, question):
    cases.pass_hours(1)
    (again,) = cases.answer("What is this?", cases.kari.last)
    assert said(again).startswith("Answer with one word")


def test_what_is_decided_is_not_reminded_of(cases, question):
    cases.answer("drop", question)
    assert cases.pass_hours(5) == []


def test_a_held_mail_is_never_lost(cases, question):
    """It stands in the case, whatever happens; nobody but agents ever sees it."""
    for _ in range(10):
        cases.pass_hours(12)
    held = cases.last_message()
    assert (held["visibility"], held["author"]) == ("held", cases.kari.address)
    assert held["text"] == DOUBTFUL
    assert cases.to(cases.ada) == []
