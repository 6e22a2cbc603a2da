import base64
from datetime import UTC, datetime

import pytest

from maildesk.mail.message import Address, Span, cut
from maildesk.mail.parse import extract_parts, parse_mail

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HEAD = (
    b"From: =?utf-8?q?=C3=85sa?= <asa@x.example>\r\nTo: desk@y.example\r\nSubject: hello\r\n"
    b"Date: Mon, 23 Nov 2026 09:15:00 +0100\r\nMessage-ID: <1@x.example>\r\n"
)


def part(content: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join((*fields, b"", content))


def multi(subtype: str, *parts: bytes, boundary: str = "b") -> bytes:
    delimiter = f"\r\n--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + each for each in parts) + delimiter + b"--\r\n"
    return part(body, f'Content-Type: multipart/{subtype}; boundary="{boundary}"'.encode())


PLAIN = part(b"plain words", b"Content-Type: text/plain; charset=utf-8")
HTML = part(b"<p>html words</p>", b"Content-Type: text/html; charset=utf-8")
IMAGE = part(
    base64.encodebytes(PNG),
    b"Content-Type: image/png; name=dot.png",
    b"Content-ID: <dot@x>",
    b"Content-Transfer-Encoding: base64",
)


def parse(mail: bytes):
    return parse_mail(HEAD + mail)


def test_header_is_read():
    mail = parse(
        b"Cc: a@y.example, b@y.example\r\nReply-To: r@x.example\r\nReferences: <0@x> <00@x>\r\n"
        b"In-Reply-To: <00@x>\r\nDelivered-To: desk@y.example\r\nX-Original-To: help@y.example\r\n"
        b"Content-Language: nb, en\r\nX-Odd: one\r\n\ttwo\x07\r\n\r\nbody"
    )
    assert mail.message_id == "1@x.example"
    assert mail.sender == Address("Åsa", "asa@x.example")
    assert mail.to == (Address("", "desk@y.example"),)
    assert [each.address for each in mail.cc] == ["a@y.example", "b@y.example"]
    assert mail.reply_to == (Address("", "r@x.example"),)
    assert (mail.in_reply_to, mail.references) == (("00@x",), ("0@x", "00@x"))
    assert mail.delivered_to == ("desk@y.example", "help@y.example")
    assert mail.date == datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
    assert mail.language == "nb"
    assert mail.header("x-odd") == "one two"
    assert mail.headers[0] == ("From", "Åsa <asa@x.example>")
    assert mail.defects == ()


@pytest.mark.parametrize(
    ("mail", "text", "is_html_only"),
    [
        (PLAIN, "plain words", False),
        (HTML, "html words", True),
        (multi("alternative", PLAIN, HTML), "plain words", False),
        (multi("alternative", part(b" \r\n"), HTML), "html words", True),
        (multi("related", HTML, IMAGE), "html words", True),
        (multi("mixed", PLAIN, IMAGE, part(b"more")), "plain words\n\nmore", False),
        (multi("mixed", IMAGE), "", False),
        (
            multi("mixed", multi("alternative", PLAIN, HTML, boundary="i"), PLAIN),
            "plain words\n\nplain words",
            False,
        ),
        (
            part(b"two \r\nlines", b"Content-Type: text/plain; format=flowed"),
            "two lines",
            False,
        ),
        (part(b"two \r\nlines", b"Content-Type: text/plain"), "two \nlines", False),
        (part(b"a\x00b\x1b[2Jc", b"Content-Type: text/plain"), "a\ufffdb\ufffd[2Jc", False),
        (part(b"words", b"Content-Type: text/markdown"), "words", False),
        (part(b"words", b"Content-Type: text/plain; name=mail.txt"), "words", False),
        (part(b"words", b"Content-Type: nonsense"), "words", False),
        (b"\r\n", "", False),
    ],
    ids=["plain", "html", "both", "empty plain", "related", "mixed", "image only", "nested",
         "flowed", "fixed", "controls", "other text", "named", "no type", "empty"],
)  # fmt: skip
def test_text_is_what_a_reader_sees(mail, text, is_html_only):
    found = parse(mail)
    assert found.text == text
    assert found.is_html_only is is_html_only
    covered = sorted((*found.reply, *found.quoted, *found.signature))
    assert sum(span.end - span.start for span in covered) == len(text)


def test_quote_is_no_new_text():
    mail = parse(b"\r\nNew words.\r\n\r\n> old words\r\n")
    assert mail.new_text == "New words."
    assert mail.quoted == (Span(mail.text.index(">"), len(mail.text)),)


def test_attachment_is_described_and_found_again():
    raw = HEAD + multi(
        "mixed",
        PLAIN,
        part(
            base64.encodebytes(b"%PDF" * 100),
            b"Content-Type: application/pdf",
            b"Content-Disposition: attachment; filename*=utf-8''m%C3%A5ned.pdf",
            b"Content-Transfer-Encoding: base64",
        ),
    )
    (attachment,) = parse_mail(raw).attachments
    assert attachment.filename == "måned.pdf"
    assert (attachment.part, attachment.content_type) == ("2", "application/pdf")
    assert (attachment.size, attachment.is_inline) == (400, False)
    assert extract_parts(raw, ["2", "1"]) == [b"%PDF" * 100, b"plain words"]


def test_unknown_part_is_an_error():
    with pytest.raises(KeyError):
        extract_parts(HEAD + PLAIN, ["2"])


def test_inline_image_is_told_from_a_file():
    inline = multi("related", part(b'<img src="cid:dot@x">', b"Content-Type: text/html"), IMAGE)
    (attachment,) = parse(inline).attachments
    assert (attachment.is_inline, attachment.content_id) == (True, "dot@x")
    as_file = part(IMAGE.partition(b"\r\n\r\n")[2], b"Content-Disposition: attachment",
                   *IMAGE.partition(b"\r\n\r\n")[0].split(b"\r\n"))  # fmt: skip
    (attachment,) = parse(multi("mixed", PLAIN, as_file)).attachments
    assert attachment.is_inline is False


def test_image_without_a_name_is_a_file_and_no_text():
    mail = parse(part(PNG, b"Content-Type: image/png"))
    assert mail.text == ""
    (attachment,) = mail.attachments
    assert (attachment.part, attachment.filename, attachment.size) == ("1", "part-1.png", len(PNG))


def test_attached_mail_is_one_file_that_nobody_looks_into():
    inner = b"Subject: =?utf-8?q?the_inner/one?=\r\n\r\n#close\r\n"
    raw = HEAD + multi("mixed", PLAIN, part(inner, b"Content-Type: message/rfc822"))
    mail = parse_mail(raw)
    assert mail.text == "plain words"
    (attachment,) = mail.attachments
    assert attachment.filename == "the inner-one.eml"
    assert extract_parts(raw, [attachment.part]) == [inner.rstrip(b"\r\n") + b"\r\n"]


def test_files_of_every_alternative_are_kept():
    calendar = part(b"BEGIN:VCALENDAR", b"Content-Type: text/calendar; method=REQUEST")
    mail = parse(multi("alternative", PLAIN, multi("related", HTML, IMAGE, boundary="r"), calendar))
    assert mail.text == "plain words\n\n(calendar entry)"
    assert [each.filename for each in mail.attachments] == ["dot.png", "part-3.ics"]


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (
            multi(
                "encrypted",
                part(b"Version: 1", b"Content-Type: application/pgp-encrypted"),
                part(b"-----BEGIN PGP", b"Content-Type: application/octet-stream"),
            ),
            "(encrypted message)",
        ),
        (
            part(b"x", b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data"),
            "(encrypted message)",
        ),
        (
            part(b"x", b"Content-Type: application/pkcs7-mime; smime-type=signed-data"),
            "(signed message)",
        ),
        (
            multi("mixed", PLAIN, part(b"x", b"Content-Type: application/ms-tnef; name=w.dat")),
            "plain words\n\n(attachments in Outlook's own format)",
        ),
        (
            multi("signed", PLAIN, part(b"x", b"Content-Type: application/pgp-signature")),
            "plain words",
        ),
    ],
    ids=["PGP", "S/MIME encrypted", "S/MIME signed", "winmail.dat", "PGP signature"],
)  # fmt: skip
def test_text_says_what_it_cannot_show(mail, text):
    found = parse(mail)
    assert found.text == text
    assert found.attachments
    spans = (*found.reply, *found.quoted, *found.signature)
    assert sum(span.end - span.start for span in spans) == len(text)


def test_named_text_behind_the_first_is_a_file():
    log = part(
        b"log lines", b"Content-Type: text/plain; name=a.log", b"Content-Disposition: inline"
    )
    mail = parse(multi("mixed", PLAIN, log))
    assert mail.text == "plain words"
    assert [each.filename for each in mail.attachments] == ["a.log"]


def test_odd_charset_is_noted():
    mail = parse(part(b"words", b"Content-Type: text/plain; charset=zlib_codec"))
    assert mail.text == "words"
    assert mail.defects == ("part 1: unknown charset 'zlib_codec'",)


def test_mail_whose_lines_end_in_cr_is_read():
    mail = parse_mail((HEAD + PLAIN).replace(b"\r\n", b"\r"))
    assert (mail.subject, mail.text) == ("hello", "plain words")


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\x00", b"\xff" * 100, b"Content-Type: multipart/"])
def test_what_is_no_mail_is_still_read(raw):
    mail = parse_mail(raw)
    assert mail.size == len(raw)
    assert mail.content_key


# --- content key ---------------------------------------------------------------------------------


def key(raw: bytes) -> str:
    return parse_mail(raw).content_key


def test_copy_by_another_route_has_the_same_key():
    raw = HEAD + multi("mixed", PLAIN, IMAGE)
    assert key(b"Received: from a by b\r\nDelivered-To: other@y.example\r\n" + raw) == key(raw)
    assert key(raw.replace(b"\r\n", b"\n")) == key(raw)
    assert key(raw.replace(b"--b", b"--other").replace(b'"b"', b'"other"')) == key(raw)


def test_transfer_encoding_does_not_change_the_key():
    words = "grüne Wörter\r\n".encode()
    one = part(words, b"Content-Type: text/plain; charset=utf-8")
    two = part(
        base64.encodebytes(words),
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: base64",
    )
    assert key(HEAD + one) == key(HEAD + two)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"plain words", b"other words"),
        (b"hello", b"goodbye"),
        (b"<1@x.example>", b"<2@x.example>"),
        (b"asa@x.example", b"eve@x.example"),
        (b"09:15", b"09:16"),
    ],
)
def test_other_content_has_another_key(old, new):
    raw = HEAD + multi("mixed", PLAIN, IMAGE)
    assert key(raw.replace(old, new)) != key(raw)


def test_key_of_a_mail_over_a_limit_covers_all_of_it():
    raw = HEAD + multi("mixed", *[PLAIN] * 600)
    assert key(raw) != key(raw.replace(b"plain words\r\n--b--", b"plain wordS\r\n--b--"))
    assert key(b"Received: x\r\n" + raw) == key(raw)


def test_forwarded_text_is_quote_until_it_is_asked_for_as_body():
    raw = b"""From: a@x.example

Please help him.
--
Ann

---------- Forwarded message ---------
From: Bo <bo@x.example>
Subject: Stuck

The lift is stuck.
"""
    mail = parse_mail(raw)
    assert mail.new_text == "Please help him."
    assert mail.forwarded == mail.quoted
    assert cut(mail.text, mail.forwarded).endswith("The lift is stuck.")
    whole = mail.with_forwarded_as_body()
    assert whole.new_text.startswith("Please help him.\n---------- Forwarded")
    assert whole.new_text.endswith("The lift is stuck.")
    assert (whole.quoted, whole.forwarded) == ((), ())
    assert cut(whole.text, whole.signature) == "--\nAnn"


def test_what_the_mail_answers_is_quote_in_a_first_mail_too():
    mail = parse_mail(b"From: a@x.example\n\nYes.\n\nOn 5 May 2025, Ann wrote:\n> Well?\n")
    assert mail.forwarded == ()
    assert mail.with_forwarded_as_body() == mail
