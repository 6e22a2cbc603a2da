"""An agent's client quotes our notification as it likes: only his own words reach the requester."""

import html
from email.message import EmailMessage

import pytest
from clients import interleaved
from stories.house import BO, KARI, SUPPORT
from stories.people import gmail, html_of, text_of

WORDS = "Please hold the green button for ten seconds."
ASKED = "It says PC LOAD LETTER since the power came back."


@pytest.fixture
def case(house, ada, kari, bo):
    house.post(ada.write(SUPPORT, text=ASKED))
    return house


def before_each_line(sign: str):
    def style(answer: EmailMessage, text: str, to: EmailMessage) -> None:
        lines = text_of(to).splitlines()
        answer.set_content(text + "\n\n" + "\n".join(f"{sign}{line}" for line in lines) + "\n")

    return style


def answer_below(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    answer.set_content(f"{text_of(to)}\n\n{text}\n")


def answer_below_initials(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    quote = "\n".join(f"IS> {line}" for line in text_of(to).splitlines())
    answer.set_content(f"{quote}\n\n{text}\n")


def unknown_introduction(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    answer.set_content(
        f"{text}\n\nIn the letter of today IT Service Desk has told me so:\n\n{text_of(to)}"
    )


def in_a_div(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    answer.set_content(
        f"<html><body><p>{html.escape(text)}</p><div>{html_of(to)}</div></body></html>",
        subtype="html",
    )


def wrapped(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """Broken into lines of forty characters, each behind a bar."""
    words, lines = text_of(to).split(), [""]
    for word in words:
        lines = [*lines, word] if len(lines[-1]) > 40 else [*lines[:-1], f"{lines[-1]} {word}"]
    answer.set_content(text + "\n\n" + "\n".join(f"| {line}" for line in lines))


@pytest.mark.parametrize(
    "style",
    [
        before_each_line("IS> "),
        before_each_line("| "),
        before_each_line("\t"),
        before_each_line(""),
        answer_below,
        answer_below_initials,
        unknown_introduction,
        in_a_div,
        wrapped,
    ],
    ids=[
        "initials",
        "bars",
        "tab",
        "unmarked",
        "answer below",
        "answer below initials",
        "unknown introduction",
        "html div",
        "wrapped",
    ],
)
def test_of_our_notification_nothing_goes_out(case, ada, kari, snapshot_words, style):
    (letter,) = case.to(ada, case.post(kari.answer(WORDS, style=style)))
    assert snapshot_words(letter).split("\n\n")[0] == WORDS
    assert "P3 incident" not in letter.text
    assert letter.text.count(WORDS) == 1


def test_answers_between_the_lines_stay_readable(case, ada, kari, snapshot_words):
    def style(answer, text, to):
        lines = [f"IS> {line}" for line in text_of(to).splitlines()]
        asked = next(n for n, line in enumerate(lines) if ASKED in line)
        answer.set_content("\n".join([*lines[: asked + 1], text, *lines[asked + 1 :]]))

    (letter,) = case.to(ada, case.post(kari.answer(WORDS, style=style)))
    assert snapshot_words(letter).startswith(f"IS> > {ASKED}")
    assert WORDS in letter.text


def held(case, ada, kari, mail):
    sent = case.post(mail)
    assert case.to(ada, sent) == []
    assert [letter.recipient for letter in sent] == [kari.address]
    return kari.last.text


def test_a_line_of_ours_between_his_own_holds_the_reply(case, ada, kari):
    text = f"{WORDS}\nSender ada@example.org: not proven (V0).\nIs that you?"
    told = held(case, ada, kari, kari.answer(text, style=gmail))
    assert "It has a line of our notification: “Sender ada@example.org: not proven (V0).”" in (
        " ".join(told.split())
    )


def test_the_quote_alone_is_no_answer(case, ada, kari):
    told = held(case, ada, kari, kari.answer("", style=before_each_line("| ")))
    assert "there is nothing to send" in told


def test_her_own_words_may_be_said_again(case, ada, kari, snapshot_words):
    (letter,) = case.to(ada, case.post(kari.answer(f"You wrote:\n{ASKED}\nSince when?")))
    assert ASKED in snapshot_words(letter)


def test_a_line_of_an_internal_note_holds_the_reply(case, ada, kari):
    first = kari.inbox[0]
    note = "She has called four times about this, be patient."
    case.post(kari.answer(f"#note\n{note}", first))
    assert case.ticket()["messages"][-1]["visibility"] == "internal"
    told = held(case, ada, kari, kari.answer(f"Hello Ada.\n{note}", first))
    assert "It has a line of an internal message" in told


@pytest.mark.parametrize("client", ["gmail-web", "apple-ios", "thunderbird"])
def test_an_answer_between_the_lines_of_a_note_leaves_them_inside(case, ada, kari, bo, client):
    """Short lines, which may stand anywhere by chance."""
    case.post(kari.answer("#note\n\nHe is a fool.\nAsk Ada."))
    answers = [("He is a fool.", "It was the drum."), ("Ask Ada.", "Does it print now?")]
    raw = interleaved(client, answers=answers, quoting=bo.last.raw, above="#reply", sender=BO)
    (letter,) = case.to(ada, case.post(raw, to=[bo.last.reply_to], sender=BO))
    assert "fool" not in f"{letter.text}{letter.html}"
    assert letter.text.startswith("It was the drum.\nDoes it print now?")


def test_an_answer_between_her_lines_keeps_what_a_note_repeats(case, ada, kari, bo):
    case.post(kari.answer(f"#note\n\n{ASKED}\nThat is all she says."))
    raw = interleaved(
        "gmail-web",
        answers=[(ASKED, "It was the drum.")],
        quoting=kari.inbox[0].raw,
        sender=KARI,
        above="Good news:",
    )
    (letter,) = case.to(ada, case.post(raw, to=[kari.inbox[0].reply_to], sender=KARI))
    assert f"> {ASKED}\n\nIt was the drum." in letter.text


def test_what_was_held_may_be_sent_again_in_other_form(case, ada, kari):
    first = kari.inbox[0]
    held(case, ada, kari, kari.answer(f"{WORDS}\n#solv", first))
    assert case.to(ada, case.post(kari.answer(WORDS, first)))


def test_an_agents_own_reply_address_in_his_words_holds_them(case, ada, kari):
    told = held(case, ada, kari, kari.answer(f"Write to {kari.last.reply_to} please.\n"))
    assert "a reply address or reference of ours" in " ".join(told.split())


# --- parts ----------------------------------------------------------------------------------------


def with_attached(mail: EmailMessage, attached: EmailMessage) -> EmailMessage:
    mail.add_attachment(attached)
    return mail


def test_our_notification_as_an_attached_mail_is_held(case, ada, kari):
    told = held(case, ada, kari, with_attached(kari.answer(WORDS), kari.last.mail))
    assert "attached mail" in told


def test_our_notification_as_a_file_is_held(case, ada, kari):
    held(case, ada, kari, kari.answer(WORDS, files={"Fwd.eml": kari.last.raw}))


def test_another_attached_mail_goes_out(case, ada, kari, bo):
    attached = bo.write("vendor@example.net", text="The drum is on its way.")
    (letter,) = case.to(ada, case.post(with_attached(kari.answer(WORDS), attached)))
    assert b"The drum is on its way." in letter.raw


def test_encrypted_mail_is_no_answer(case, ada, kari):
    mail = kari.answer("", style=before_each_line("| "))
    mail.clear_content()
    mail.set_content(b"MII", maintype="application", subtype="pkcs7-mime")
    mail.set_param("smime-type", "enveloped-data")
    assert "(encrypted message)" in held(case, ada, kari, mail)


def test_calendar_entry_alone_is_no_answer(case, ada, kari):
    mail = kari.answer("", style=before_each_line("| "))
    mail.clear_content()
    mail.set_content("BEGIN:VCALENDAR\nMETHOD:REPLY\n", subtype="calendar")
    assert "invitation" in held(case, ada, kari, mail)


def test_signatures_and_answers_to_invitations_stay_here(case, ada, kari):
    mail = kari.answer(WORDS, files={"plan.bin": b"plan"})
    mail.add_attachment(b"sig", maintype="application", subtype="pgp-signature", filename="s.asc")
    mail.add_attachment("BEGIN:VCALENDAR", subtype="calendar", params={"method": "REPLY"})
    (letter,) = case.to(ada, case.post(mail))
    assert [part.get_filename() for part in letter.mail.iter_attachments()] == ["plan.bin"]
    assert "(calendar entry)" not in letter.text


# --- another mail ---------------------------------------------------------------------------------


def test_a_reply_address_used_for_another_matter_sends_nothing(case, ada, kari):
    mail = kari.write(kari.last.reply_to, "Lunch on Friday", "Shall we take the new place?")
    assert "new matter" in held(case, ada, kari, mail)


def test_an_unmarked_vacation_notice_goes_to_nobody_outside(case, ada, kari):
    text = "Hello,\nI'm hiking until Monday and read no mail."
    mail = kari.write(kari.last.reply_to, kari.last["Subject"], text)
    assert "vacation notice" in held(case, ada, kari, mail)


def test_a_reply_without_ids_is_sent(case, ada, kari):
    mail = kari.write(kari.last.reply_to, kari.last["Subject"], WORDS)
    assert case.to(ada, case.post(mail))


# --- the subject of what is for agents alone ------------------------------------------------------


@pytest.mark.parametrize("text", ["#note\n\nHe breaks them himself.", "#colse\n\nJust so."])
def test_a_case_that_began_inside_takes_nobody_from_outside_in(case, ada, kari, text):
    """Its subject would stand in every letter about it."""
    case.post(kari.write(SUPPORT, "He breaks printers", text))
    (about,) = [t["number"] for t in case.tickets() if t["subject"] == "He breaks printers"]
    case.post(kari.answer(f"#merge {about}", kari.inbox[0]))
    assert f"nothing in #{about} is public yet" in " ".join(kari.last.text.split())
    assert case.ticket()["status"] == "new"
    assert not [letter for letter in case.to(ada) if "breaks" in str(letter)]
