"""Odd mails, as their readers see what the desk makes of them."""

import base64

import pytest
from stories.house import KARI, SUPPORT
from stories.people import files_of

HOSTILE = "{{ 7*7 }} {% if %} <script>alert(1)</script> **x** [a](http://evil.example)"


def raw_mail(*fields: str, body: str = "Hello") -> bytes:
    head = ["From: Zoe <zoe@example.org>", f"To: {SUPPORT}", "Message-ID: <raw@example.org>"]
    names = {field.partition(":")[0] for field in fields}
    kept = [field for field in head if field.partition(":")[0] not in names]
    return ("\r\n".join([*kept, *fields, "", body]) + "\r\n").encode()


def post_raw(house, raw):
    return house.post(raw, to=[SUPPORT], sender="zoe@example.org")


def test_an_empty_mail(house, ada, kari):
    house.post(ada.write(SUPPORT, "", ""))
    assert ada.last["Subject"] == "Re: (no subject) [#1]"
    assert "Thank you for writing to us. We got your mail on" in ada.last.text
    assert "You wrote" not in ada.last.text
    assert "New from Ada Berg: no subject\n" in kari.last.text
    assert "The mail has no text." in kari.last.text


def test_a_mail_of_only_an_image(house, ada, kari):
    mail = ada.write(SUPPORT, "A photo")
    mail.clear_content()
    mail.set_content(b"\x89PNG\r\n\x1a\n" * 100, maintype="image", subtype="png")
    house.post(mail)
    assert "The mail has no text.\n\nFiles\n- part-1.png (800 B)" in kari.last.text
    assert list(files_of(kari.last.mail).values()) == [b"\x89PNG\r\n\x1a\n" * 100]
    assert house.ticket()["messages"][0]["text"] == ""


def test_an_attachment_of_thirty_megabytes_is_kept_and_named(house, kari, bo):
    content = base64.encodebytes(b"\x00\xff" * 15_000_000).replace(b"\n", b"\r\n")
    head = raw_mail(
        "MIME-Version: 1.0",
        "Content-Type: application/octet-stream; name=core.bin",
        "Content-Transfer-Encoding: base64",
        body="",
    )
    post_raw(house, head + content)
    assert "Files too big to attach, kept with the case\n- core.bin (30 MB)" in kari.last.text
    assert files_of(kari.last.mail) == {}
    assert house.ticket()["messages"][0]["attachments"][0]["size"] == 30_000_000


@pytest.mark.parametrize("trick", ["=0D=0A", "=0A", "=0D", "=00", "=E2=80=A8", "=C2=85"])
def test_an_encoded_line_break_in_a_subject_makes_no_field(house, kari, trick):
    subject = f"Subject: =?utf-8?q?Hi{trick}Bcc=3A_victim=40example=2Enet?="
    sent = post_raw(house, raw_mail(subject))
    assert {letter.recipient for letter in sent} == {"zoe@example.org", KARI, "bo@example.com"}
    for letter in sent:
        assert letter.mail["Bcc"] is None
        assert letter["Subject"] in (
            "Re: Hi Bcc: victim@example.net [#1]",
            "Re: HiBcc: victim@example.net [#1]",
        )


def test_markup_and_templates_in_every_field_are_text(house, ada, kari):
    fields = {"From": f'"{HOSTILE}" <ada@example.org>'}
    files = {"{{7*7}}<b>.png": b"\x89PNG"}
    house.post(ada.write(SUPPORT, HOSTILE, HOSTILE, fields=fields, files=files))
    house.post(kari.answer(HOSTILE))
    for letter in house.sent:
        page = letter.html
        assert "49" not in letter.text.replace("[#1]", "")
        assert "<script" not in page
        assert "<b>" not in page
        assert "evil.example</a>" not in page or "http://evil.example" in letter.text
        assert HOSTILE in letter.text.replace("\n", " ")
    assert HOSTILE in ada.last["Subject"]


def test_right_to_left_names_turn_nothing_around(house, ada, kari):
    fields = {"From": "محمد العربي <ada@example.org>"}
    house.post(ada.write(SUPPORT, "الطابعة معطلة", "الطابعة لا تعمل", fields=fields))
    assert kari.last["From"] == "محمد العربي via IT Service Desk <support@example.com>"
    assert '<bdi dir="auto">محمد العربي</bdi>' in kari.last.html
    assert '<blockquote dir="auto"' in kari.last.html
    assert ada.last["Subject"] == "Re: الطابعة معطلة [#1]"


def test_marks_that_turn_text_around_are_gone(house, ada, kari):
    files = {"invoice\u202egpj.exe": b"MZ"}
    fields = {"From": "Ada \u202egreB <ada@example.org>"}
    house.post(ada.write(SUPPORT, "safe\u202efdp.exe", "a\u202eb", fields=fields, files=files))
    for letter in house.sent:
        assert "\u202e" not in f"{letter}{letter.html}"
    assert "- invoicegpj.exe (2 B)" in kari.last.text


def test_a_name_of_four_kilobytes_is_cut(house, kari):
    post_raw(house, raw_mail(f"From: {'Zoe ' * 1000} <zoe@example.org>", "Subject: Hi"))
    assert len(kari.last["From"]) < 200
    assert max(map(len, kari.last.text.splitlines())) < 300


def test_a_subject_that_is_only_a_tag_and_a_prefix(house, ada):
    house.post(ada.write(SUPPORT, "Re: [#77]", "Hello"))
    assert ada.last["Subject"] == "Re: (no subject) [#1]"


def test_a_mail_without_an_address_is_kept_and_told(house, kari, bo):
    sent = house.post(raw_mail("From: nobody", "Subject: Hi"), to=[SUPPORT], sender="")
    assert {letter.recipient for letter in sent} == {KARI, "bo@example.com"}
    assert house.tickets()[0]["number"] == 1
    sent = house.post(kari.answer("Who are you?"))
    assert "named no address that can be written to" in house.to(kari, sent)[0].text


def test_binary_rubbish_is_a_case_too(house, kari):
    sent = house.post(bytes(range(256)) * 40, to=[SUPPORT], sender="zoe@example.org")
    assert house.dispositions() == ["new-ticket"]
    assert house.to(kari, sent)


def test_lines_and_columns(house, ada, kari):
    words = "Every page comes out blank, whoever prints and whatever they do. " * 12
    house.post(ada.write(SUPPORT, "Blank pages", words))
    for letter in house.sent:
        part = letter.mail.get_body(("plain",))
        assert part["Content-Type"].params["format"] == "flowed"
        assert max(map(len, part.get_content().splitlines())) <= 78
        assert '<html lang="en" dir="ltr">' in letter.html
        assert "<img" not in letter.html


def test_a_signature_is_said_once(house, ada, kari, snapshot_words):
    house.post(ada.write(SUPPORT))
    for signed, shown in {
        "Done.\n\nKari": "Done.\n\nKari\n\nIT Service Desk",
        "Done.\n\nKari Nordmann\nIT operations": "Done.\n\nKari Nordmann\nIT operations\n\n"
        "IT Service Desk",
        "Done.": "Done.\n\nKari Nordmann\nIT Service Desk",
    }.items():
        house.post(kari.answer(signed, kari.inbox[0]))
        assert snapshot_words(ada.last) == shown
