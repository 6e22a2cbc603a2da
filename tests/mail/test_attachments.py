import pytest

from maildesk.mail.attachments import clean_filename
from maildesk.mail.parse import parse_mail


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/cron.d/x", "x"),
        ("C:\\temp\\x.doc", "x.doc"),
        ("a\x00b.txt", "ab.txt"),
        ("x.pdf\u202egpj.exe", "x.pdfgpj.exe"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("..", ""),
        ("  two\r\n words.txt ", "two words.txt"),
        ("x" * 4096 + ".tar.gz", "x" * 117 + ".gz"),
        ("x" * 4096, "x" * 120),
        ("", ""),
    ],
)
def test_name_is_one_clean_component(name, shown):
    assert clean_filename(name, 120) == shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (b'Content-Disposition: attachment; filename="a.pdf"', "a.pdf"),
        (b"Content-Disposition: attachment; filename*=utf-8''%C3%A5.pdf", "å.pdf"),
        (
            b"Content-Disposition: attachment; filename*0*=iso-8859-1''%E5;\r\n filename*1=.pdf",
            "å.pdf",
        ),
        (b'Content-Disposition: attachment; filename="=?utf-8?q?=C3=A5.pdf?="', "å.pdf"),
        (b'Content-Type: application/pdf; name="a.pdf"', "a.pdf"),
        (b'Content-Disposition: attachment; filename="\xe5.pdf"', "å.pdf"),
        (b"Content-Disposition: attachment; filename*=utf-8\x00''x", "part-1"),
        (b"Content-Disposition: attachment", "part-1"),
        (b"Content-Type: image/png", "part-1.png"),
        (b"Content-Type: message/rfc822", "inner.eml"),
    ],
)
def test_declared_names_are_decoded(fields, shown):
    (attachment,) = parse_mail(fields + b"\r\n\r\nSubject: inner\r\n\r\nx").attachments
    assert attachment.filename == shown


TOKEN = b"support+t1042.3.ak2z4aaaaaaaaaaaaaaaa@example.com"


@pytest.mark.parametrize(
    ("fields", "has_token"),
    [
        (b"Content-Type: message/rfc822", True),
        (b"Content-Type: text/html; name=ATT00001.htm", True),
        (b"Content-Type: application/octet-stream; name=Fwd.EML", True),
        (b"Content-Type: application/octet-stream; name=a.bin", False),
    ],
)
def test_token_in_an_attached_mail_or_text_is_noted(fields, has_token):
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n"
        + fields
        + b"\r\nContent-Disposition: attachment\r\n\r\nReply-To: "
        + TOKEN
        + b"\r\n\r\n--b--\r\n"
    )
    (attachment,) = parse_mail(raw).attachments
    assert attachment.has_token is has_token


def test_method_of_a_calendar_entry_is_noted():
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\n--b--\r\n"
    )
    (attachment,) = parse_mail(raw).attachments
    assert attachment.method == "reply"
