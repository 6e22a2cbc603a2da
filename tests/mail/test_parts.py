import base64

import pytest

from maildesk.mail.limits import ParseLimits, read_header
from maildesk.mail.parts import as_message, decoded, split_parts

LIMITS = ParseLimits()


def split(raw: bytes):
    root, defects = split_parts(raw, read_header(raw, LIMITS), LIMITS)
    return [(part.path, part.content_type, decoded(raw, part)) for part in root.walk()], defects


def test_parts_are_numbered_as_imap_counts():
    parts, defects = split(
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\npreamble\r\n"
        b"--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
        b"--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--\r\n"
        b"--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--o--\r\nepilogue"
    )
    assert [(path, kind) for path, kind, _ in parts] == [
        ("", "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "message/rfc822"),
    ]
    assert [content for *_, content in parts][2:] == [b"plain", b"<p>", b"Subject: x\r\n\r\ny"]
    assert defects == []


def test_mail_without_parts_is_part_1():
    assert split(b"Subject: x\r\n\r\nbody\r\n")[0] == [("1", "text/plain", b"body\r\n")]


@pytest.mark.parametrize(
    ("body", "contents"),
    [
        (b"--b\n\none\n--b\n\ntwo", [b"one", b"two"]),
        (b"--b \t\r\n\r\none\r\n--b--\r\n", [b"one"]),
        (b"--b\n\none\n--bx\ntwo\n--b--", [b"one\n--bx\ntwo"]),
        (b"--b\n\none --b\n--b--", [b"one --b"]),
        (b"--b\n--b\n\n--b--", [b"", b""]),
        (b"--b ignored\n\none\n--b-- ignored\n--b\n\ntwo", [b"one"]),
        (b"--b--", []),
        (b"--b\n\none--b--", [b"one"]),
        (b"--b\n\none--b--\r\n", [b"one"]),
        (b"--b\n\none--b--\ntwo\n--b--", [b"one--b--\ntwo"]),
    ],
    ids=[
        "unclosed",
        "spaces",
        "longer word",
        "inside a line",
        "empty",
        "words behind",
        "closed",
        "glued to the end",
        "glued to the last line",
        "glued above",
    ],
)
def test_delimiters(body, contents):
    parts, _ = split(b"Content-Type: multipart/mixed; boundary=b\n\n" + body)
    assert [content for *_, content in parts][1:] == contents


@pytest.mark.parametrize(("outer", "inner"), [(b"b", b"bb"), (b"bb", b"b"), (b"b--", b"b----")])
def test_one_boundary_may_begin_another(outer, inner):
    header = b"Content-Type: multipart/mixed; boundary=%b\n\n"
    part = header % inner + b"--%b\n\none\n--%b--\n" % (inner, inner)
    raw = header % outer + b"--%b\n%b--%b--\n" % (outer, part, outer)
    parts, _ = split(raw)
    assert [content for path, _, content in parts if path == "1.1"] == [b"one"]
    assert not [content for path, _, content in parts if path == "2"]


def test_delimiters_on_one_endless_line_are_passed_over_quickly():
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b-- " * 300_000
    assert len(split(raw)[0]) == 1


def test_multipart_without_parts_is_shown_as_text():
    parts, defects = split(b"Content-Type: multipart/mixed; boundary=b\n\nwords")
    assert parts == [("1", "text/plain", b"words")]
    assert defects == ["multipart without parts"]


@pytest.mark.parametrize(
    "content_type",
    [
        b'multipart/mixed; boundary="a b"',
        b'multipart/mixed;\r\n boundary="a\r\n b"',
        b'multipart/mixed boundary="a b"',
        b'multipart/mixed; boundary*0="a"; boundary*1=" b"',
    ],
)
def test_boundary_is_found(content_type):
    parts, _ = split(b"Content-Type: " + content_type + b"\r\n\r\n--a b\r\n\r\nx\r\n--a b--")
    assert [content for *_, content in parts][1:] == [b"x"]


@pytest.mark.parametrize(
    ("encoding", "content", "expected"),
    [
        (b"base64", base64.encodebytes(b"hello" * 50), b"hello" * 50),
        (b"BASE64 ", b"aGVsbG8=\r\n", b"hello"),
        (b"base64", b"aGVsbG8\r\n", b"hello"),
        (b"base64", b"aGVsbG8= junk", b"hello"),
        (b"base64", b"a", b""),
        (b"base64", b"", b""),
        (b"quoted-printable", b"gr=C3=BCn=\r\n!\r\n", b"gr\xc3\xbcn!\r\n"),
        (b"quoted-printable", b"soft =  \r\nbreak", b"soft break"),
        (b"quoted-printable", b"=ZZ=", b"=ZZ="),
        (b"x-uuencode", b"begin 644 a\n%:&5L;&\\\n`\nend\n", b"hello"),
        (b"x-uuencode", b"no begin", b"no begin"),
        (b"8bit", b"gr\xfcn", b"gr\xfcn"),
        (b"unknown", b"as it is", b"as it is"),
    ],
)
def test_transfer_encodings(encoding, content, expected):
    raw = b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content
    ((_, _, got),) = split(raw)[0]
    assert got.rstrip(b"=") == expected.rstrip(b"=")


def test_digest_holds_mails():
    parts, _ = split(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--")
    assert parts[1] == ("1", "message/rfc822", b"Subject: x\n\ny")


def test_report_is_given_as_the_standard_library_reads_it():
    raw = (
        b"Content-Type: multipart/report; boundary=b\n\n"
        b"--b\n\nsorry\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed\n"
        b"--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@x>\n\nhi\n--b--\n"
    )
    root, _ = split_parts(raw, read_header(raw, LIMITS), LIMITS)
    message = as_message(raw, root)
    text, status, returned = message.get_payload()
    assert text.get_payload() == "sorry"
    assert [block.items() for block in status.get_payload()] == [
        [("Reporting-MTA", "dns; x")],
        [("Action", "failed")],
    ]
    assert returned.get_payload()[0]["message-id"] == "<1@x>"
