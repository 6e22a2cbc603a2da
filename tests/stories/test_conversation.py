"""The conversation of a newcomer's first day, from every kind of mail client."""

import pytest
from stories.house import BO, KARI, SUPPORT
from stories.people import STYLES, apple, files_of, gmail, ids_of, outlook, phone

from maildesk.mail.identifiers import Purpose, read_address

ANSWER = "Tray 2 was empty. Now it prints.\n\nThank you"


@pytest.fixture(params=STYLES, ids=lambda style: style.__name__)
def style(request):
    return request.param


def purpose_of(house, letter):
    return read_address(house.desk.rules.reply, letter.reply_to).purpose


# --- the first mail -------------------------------------------------------------------------------


def test_a_mail_is_acknowledged_and_the_team_is_told(house, ada, kari, bo):
    sent = house.post(ada.write(SUPPORT))
    assert [letter.recipient for letter in sent] == [ada.address, KARI, BO]
    assert house.ticket()["status"] == "new"
    assert house.dispositions() == ["new-ticket"]


def test_the_acknowledgement_answers_her_mail(house, ada):
    mail = ada.write(SUPPORT)
    house.post(mail)
    received = ada.last
    assert received["From"] == "IT Service Desk <support@example.com>"
    assert received["Subject"] == "Re: Printer is dead [#1]"
    assert received["In-Reply-To"] == received["References"] == mail["Message-ID"]
    assert received["Auto-Submitted"] == "auto-replied"
    assert received.reverse_path == ""
    assert purpose_of(house, received) is Purpose.PARTICIPANT
    assert "Mon, 23 Nov 2026, 09:00 UTC" in received.text
    assert "> It says PC LOAD LETTER." in received.text


def test_the_notification_says_first_to_whom_a_reply_goes(house, ada, kari):
    house.post(ada.write(SUPPORT))
    told = kari.last
    assert told.text.startswith("Your reply goes to Ada Berg.")
    assert told["From"] == "Ada Berg via IT Service Desk <support@example.com>"
    assert told["Auto-Submitted"] == "auto-generated"
    assert purpose_of(house, told) is Purpose.AGENT
    assert read_address(house.desk.rules.reply, told.reverse_path).purpose is Purpose.BOUNCE


def test_her_files_reach_the_agents_byte_for_byte(house, ada, kari, bo):
    files = {"bytes.bin": bytes(range(256)) * 100, "skjerm bilde æ.png": b"\x89PNG\r\n\x1a\n" * 99}
    house.post(ada.write(SUPPORT, files=files))
    assert files_of(kari.last.mail) == files_of(bo.last.mail) == files
    assert files_of(ada.last.mail) == {}


def test_of_sixteen_megabytes_the_rest_is_named(house, ada, kari):
    files = {"big.bin": b"b" * 14_000_000, "small.bin": b"s" * 2_000_000, "last.bin": b"l" * 999}
    raw = ada.write(SUPPORT, files=files).as_bytes()
    house.post(raw, to=[SUPPORT], sender=ada.address)
    assert sorted(files_of(kari.last.mail)) == ["big.bin", "last.bin"]
    assert "Files too big to attach, kept with the case\n- small.bin (2 MB)" in kari.last.text


# --- the agent answers ----------------------------------------------------------------------------


def test_an_agent_answers_and_she_gets_it_from_the_desk_in_his_name(
    house, ada, kari, bo, style, snapshot_words
):
    house.post(ada.write(SUPPORT))
    kari.style = style
    files = {"how.pdf": b"%PDF" * 1000}
    sent = house.post(kari.answer("Hello Ada,\n\nplease fill tray 2.\n\nKari", files=files))
    assert [letter.recipient for letter in sent] == [ada.address]
    reply = ada.last
    assert reply["From"] == '"Kari Nordmann (IT Service Desk)" <support@example.com>'
    assert reply["Subject"] == "Re: Printer is dead [#1]"
    assert reply["Auto-Submitted"] == ""
    assert purpose_of(house, reply) is Purpose.PARTICIPANT
    assert files_of(reply.mail) == files
    assert snapshot_words(reply) == "Hello Ada,\n\nplease fill tray 2.\n\nKari\n\nIT Service Desk"
    assert "Ada Berg wrote:\n\n> It says PC LOAD LETTER." in reply.text


def test_the_first_reply_takes_the_ticket(house, ada, kari, bo):
    house.post(ada.write(SUPPORT))
    house.post(kari.answer("Please fill tray 2."))
    assert (house.ticket()["assignee"], house.ticket()["status"]) == ("kari", "open")
    sent = house.post(ada.answer("It is full."))
    assert [letter.recipient for letter in sent] == [KARI]


def test_an_inline_image_rides_along(house, ada, kari):
    house.post(ada.write(SUPPORT))
    mail = kari.answer("See the picture.", files={"tray.png": b"\x89PNG\r\n\x1a\n"})
    house.post(mail)
    assert files_of(ada.last.mail) == {"tray.png": b"\x89PNG\r\n\x1a\n"}


# --- she answers again ----------------------------------------------------------------------------


@pytest.mark.parametrize("subject", [None, "Thank you!", "AW: Printer is dead"])
def test_her_answer_joins_whatever_its_subject(house, ada, kari, bo, style, subject):
    house.post(ada.write(SUPPORT))
    house.post(kari.answer("Please fill tray 2."))
    sent = house.post(ada.answer(ANSWER, subject=subject, style=style))
    assert [letter.recipient for letter in sent] == [KARI]
    message = house.ticket()["messages"][-1]
    assert (message["text"], message["visibility"]) == (ANSWER, "public")
    assert len(house.tickets()) == 1
    told = kari.last
    assert told["Subject"] == "Re: Printer is dead [#1]"
    assert "> Tray 2 was empty. Now it prints.\n>\n> Thank you" in told.text
    assert "PC LOAD LETTER" not in told.text


def test_everybodys_client_shows_one_thread(house, ada, kari):
    house.post(ada.write(SUPPORT))
    for turn in range(4):
        house.post(kari.answer(f"Question {turn}"))
        house.post(ada.answer(f"Answer {turn}"))
    for client in (ada, kari):
        first, *rest = [letter.mail for letter in client.inbox]
        for mail in rest:
            assert ids_of(mail, "In-Reply-To")[0] == ids_of(mail, "References")[-1]
            assert str(client.sent[0]["Message-ID"]) in ids_of(mail, "References") or (
                str(first["Message-ID"]) in ids_of(mail, "References")
            )


@pytest.mark.parametrize("mine", [gmail, outlook, apple, phone], ids=lambda style: style.__name__)
def test_a_long_exchange_hands_on_only_what_is_new(house, ada, kari, mine):
    ada.style = mine
    house.post(ada.write(SUPPORT))
    for turn in range(3):
        house.post(kari.answer(f"Unlike the others, this is question {turn}."))
        house.post(ada.answer(f"Nothing like before, this is answer {turn}."))
    texts = [message["text"] for message in house.ticket()["messages"]]
    assert texts[1:] == [
        words
        for turn in range(3)
        for words in (
            f"Unlike the others, this is question {turn}.",
            f"Nothing like before, this is answer {turn}.",
        )
    ]


def test_her_vacation_notice_starts_no_loop(house, ada, kari, bo):
    house.post(ada.write(SUPPORT))
    notice = {"Auto-Submitted": "auto-replied", "Subject": "Out of office"}
    assert house.post(ada.answer("I am away.", fields=notice), sender="") == []
    house.post(kari.answer("Please fill tray 2."))
    assert house.post(ada.answer("I am away.", fields=notice), sender="") == []
    assert house.dispositions()[1::2] == ["automatic", "automatic"]
    assert len(house.tickets()) == 1
    assert house.ticket()["status"] == "open"


def test_a_wish_where_to_be_answered_is_kept(house, ada, kari, bo):
    """Both addresses are hers; only the first proves who she is."""
    house.client("Ada", "office@example.org", sent=ada.sent, inbox=ada.inbox)
    house.post(ada.write(SUPPORT, fields={"Reply-To": "Ada <office@example.org>"}))
    told = kari.last
    assert [letter["To"] for letter in house.to("office@example.org")] == [
        "Ada <office@example.org>"
    ]
    assert house.post(kari.answer("I look at it.", cc=[ada.address])) == []  # she has it already
    sent = house.post(kari.answer("Please fill tray 2.", told))
    assert [letter.recipient for letter in sent] == ["office@example.org"]
