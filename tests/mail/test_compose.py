"""Composed mails, read back by both of the standard library's parsers."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage, Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.compose import compose
from maildesk.mail.fields import address_field, one_line, text_field
from maildesk.mail.message import Address, File, OutboundMail

MAIL = OutboundMail(
    sender=Address("IT Service Desk", "support@example.com"),
    to=Address("Ada Berg", "ada@acme.example"),
    subject="Printer is dead [#1042]",
    text="Hello,\n\nit works again.\n",
    message_id="m1042.abc@example.com",
    date=datetime(2026, 11, 23, 8, 15, tzinfo=UTC),
    html="<p>Hello</p>",
)


def read(mail: OutboundMail) -> EmailMessage:
    raw = compose(mail)
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert_sound(raw, email.message_from_bytes(raw))
    assert_sound(raw, parsed)
    return parsed


def assert_sound(raw: bytes, mail: Message) -> None:
    assert raw.replace(b"\r\n", b"").count(b"\n") == raw.replace(b"\r\n", b"").count(b"\r") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    for part in mail.walk():
        assert part.defects == []
    assert mail["From"].count("support@example.com") == 1


def unix(text: str) -> str:
    return text.replace("\r\n", "\n")


def decoded(value: str) -> str:
    return str(make_header(decode_header(value.replace("\r\n ", " "))))


def test_fields_stand_in_the_order_of_a_letter():
    mail = replace(
        MAIL,
        reply_to=Address("IT Service Desk", "support+t1042@example.com"),
        in_reply_to="first@acme.example",
        references=("first@acme.example", "second@example.com"),
        auto_submitted="auto-replied",
        headers=(("X-Maildesk-Loop", "example.com"),),
    )
    assert compose(mail).decode().partition("\r\nContent-Type")[0].split("\r\n") == [
        "Date: Mon, 23 Nov 2026 08:15:00 +0000",
        "From: IT Service Desk <support@example.com>",
        "To: Ada Berg <ada@acme.example>",
        "Reply-To: IT Service Desk <support+t1042@example.com>",
        "Subject: Printer is dead [#1042]",
        "Message-ID: <m1042.abc@example.com>",
        "In-Reply-To: <first@acme.example>",
        "References: <first@acme.example> <second@example.com>",
        "Auto-Submitted: auto-replied",
        "Content-Language: en",
        "X-Maildesk-Loop: example.com",
        "MIME-Version: 1.0",
    ]


def test_text_comes_first_then_html():
    mail = read(MAIL)
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert text["Content-Type"] == 'text/plain; charset="utf-8"; format="flowed"'
    assert unix(text.get_content()) == MAIL.text
    assert unix(html.get_content()) == "<p>Hello</p>\n"


def test_a_mail_without_html_is_plain_text():
    mail = read(replace(MAIL, html=None))
    assert mail.get_content_type() == "text/plain"
    assert mail["Content-Transfer-Encoding"] == "7bit"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "7bit"),
        ("Åsa skriver på norsk", "quoted-printable"),
        ("打印机坏了", "base64"),
        ("x" * 5000, "quoted-printable"),
        ("nul \0 inside", "quoted-printable"),
        ("lone \ud800 surrogate", "7bit"),
    ],
    ids=["ascii", "latin", "han", "long line", "nul", "surrogate"],
)
def test_any_text_passes_any_server_unchanged(text, encoding):
    mail = read(replace(MAIL, text=text, html=None))
    assert mail["Content-Transfer-Encoding"] == encoding
    assert unix(mail.get_content()) == text.replace("\ud800", "?") + "\n"


def test_flowed_text_is_stuffed_and_keeps_its_soft_breaks():
    text = "From here on \nit flows.\n> quoted\n  indented\n"
    body = compose(replace(MAIL, text=text, html=None)).partition(b"\r\n\r\n")[2]
    assert body == b" From here on \r\nit flows.\r\n> quoted\r\n   indented\r\n"


@pytest.mark.parametrize("field", ["subject", "name", "address", "header", "message_id", "file"])
@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x0b", "\u2028", "\x85"])
def test_no_value_begins_another_field(field, break_):
    evil = f"x{break_}Bcc: victim@example.org{break_}{break_}body"
    changed = {
        "subject": {"subject": evil},
        "name": {"to": Address(evil, "ada@acme.example")},
        "address": {"to": Address("", f"{evil}@acme.example")},
        "header": {"headers": (("X-Thing", evil),)},
        "message_id": {"message_id": evil, "references": (evil,), "in_reply_to": evil},
        "file": {"files": (File(evil, f"text/plain{break_}Bcc: v@x", b"x", evil),)},
    }[field]
    mail = read(replace(MAIL, **changed))
    assert mail["Bcc"] is None
    assert all(part["Bcc"] is None for part in mail.walk())


def test_a_field_name_of_ours_that_is_none_is_a_bug():
    with pytest.raises(ValueError, match="not a field name"):
        compose(replace(MAIL, headers=(("X-A: b\r\nBcc", "c"),)))


@pytest.mark.parametrize(
    "subject",
    [
        "Ståle har problem " * 20,
        "打印机坏了" * 40,
        "word " * 60,
        "x" * 900,
        "=?utf-8?q?Bcc?=",
        "🖨️ 👩‍💻",
    ],
    ids=["norwegian", "chinese", "ascii", "one word", "encoded word", "emoji"],
)
def test_any_subject_is_folded_and_read_back(subject):
    raw = compose(replace(MAIL, subject=subject)).partition(b"\r\n\r\n")[0]
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert decoded(email.message_from_bytes(raw)["Subject"]) == one_line(subject)


@pytest.mark.parametrize(
    ("name", "address", "field"),
    [
        ("", "ada@acme.example", "To: ada@acme.example"),
        ("Berg, Ada", "ada@acme.example", 'To: "Berg, Ada" <ada@acme.example>'),
        ('A "B" \\', "ada@acme.example", 'To: "A \\"B\\" \\\\" <ada@acme.example>'),
        ("Åse", "ase@bø.example", "To: =?utf-8?q?=C3=85se?= <ase@xn--b-5ga.example>"),
        ("", "ø@example.com", "To: ø@example.com"),
        ("", "a b@example.com", 'To: "a b"@example.com'),
        ("", '"a b"@example.com', 'To: "a b"@example.com'),
        ("", "x>,<evil@example.org", 'To: "x>,<evil"@example.org'),
        ("evil@example.org", "ada@acme.example", 'To: "evil@example.org" <ada@acme.example>'),
        ("\u202egreB adA\u2066", "ada@acme.example", "To: greB adA <ada@acme.example>"),
    ],
)
def test_addresses_are_written_so_that_only_one_is_read(name, address, field):
    assert address_field("To", Address(name, address)) == field


def test_long_references_are_folded_between_ids():
    ids = tuple(f"{number:04d}.{'a' * 40}@example.com" for number in range(50))
    raw = compose(replace(MAIL, references=ids)).decode()
    lines = raw.partition("References:")[2].partition("\r\nContent-Language")[0].split("\r\n")
    assert [line.strip() for line in lines if line.strip()] == [f"<{one}>" for one in ids]
    assert max(map(len, lines)) <= 78


def test_files_ride_in_a_mixed_part_and_inline_images_beside_the_html():
    files = (
        File("a.pdf", "application/pdf", b"%PDF" + bytes(range(256))),
        File("logo.png", "image/png", b"\x89PNG", "logo@example.com"),
        File("", "text/plain", b"no name"),
    )
    mail = read(replace(MAIL, files=files))
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
        "text/plain",
    ]
    image, pdf, nameless = list(mail.walk())[5:]
    assert (image["Content-ID"], image["Content-Disposition"]) == (
        "<logo@example.com>",
        'inline; filename="logo.png"',
    )
    assert pdf.get_content() == files[0].content
    assert nameless["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    "filename",
    [
        "a.txt",
        "my file.txt",
        'quo"te\\.txt',
        "Årsmøte – protokoll.pdf",
        "长" * 80 + ".pdf",
        "a" * 250,
    ],
    ids=["token", "space", "quotes", "latin", "long han", "long ascii"],
)
def test_any_file_name_is_read_back(filename):
    mail = replace(MAIL, files=(File(filename, "application/pdf", b"x"),))
    assert next(iter(read(mail).iter_attachments())).get_filename() == filename
    compat = email.message_from_bytes(compose(mail)).get_payload()[1]
    assert compat.get_filename() == filename


@pytest.mark.parametrize(
    ("content", "content_type", "encoding"),
    [
        (b"Subject: x\n\nbody\n", "message/rfc822", "7bit"),
        ("Subject: x\n\næ\n".encode(), "message/rfc822", "8bit"),
        (b"Subject: x\n\n" + b"y" * 2000, "application/octet-stream", "base64"),
    ],
    ids=["ascii", "eight bit", "long line"],
)
def test_a_mail_as_attachment_is_never_base64_of_a_message(content, content_type, encoding):
    mail = read(replace(MAIL, files=(File("mail.eml", "message/rfc822", content),)))
    part = list(mail.iter_parts())[1]
    assert part.get_content_type() == content_type
    assert part["Content-Transfer-Encoding"] == encoding


def test_a_composite_or_broken_type_becomes_a_plain_file():
    for content_type in ("multipart/mixed", "message/partial", "nonsense", "a/b; c=d"):
        mail = read(replace(MAIL, files=(File("x", content_type, b"--b\r\n"),)))
        part = next(iter(mail.iter_attachments()))
        assert part.get_content_type() == "application/octet-stream"


def test_the_same_mail_gives_the_same_bytes():
    assert compose(MAIL) == compose(MAIL)


@given(
    subject=st.text(max_size=120),
    name=st.text(max_size=60),
    text=st.text(max_size=300),
    filename=st.text(min_size=1, max_size=60),
)
def test_whatever_people_write_one_sound_mail_comes_out(subject, name, text, filename):
    mail = replace(
        MAIL,
        subject=subject,
        to=Address(name, "ada@acme.example"),
        text=text,
        files=(File(filename, "application/pdf", text.encode("utf-8", "replace")),),
    )
    raw = compose(mail)
    parsed = email.message_from_bytes(raw)
    assert_sound(raw, parsed)
    assert one_line(decoded(parsed["Subject"])) == one_line(subject)
    assert sorted(set(parsed.keys())) == [
        "Content-Language", "Content-Type", "Date", "From", "MIME-Version", "Message-ID",
        "Subject", "To",
    ]  # fmt: skip


def test_an_extra_field_may_hold_any_text():
    assert text_field("X-Queue", "Årsak").startswith("X-Queue: =?utf-8?")
