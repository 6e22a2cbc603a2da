"""Mails over a limit: read in bounded time and memory, never dropped."""

import time
import tracemalloc

import pytest

from maildesk.mail.limits import ParseLimits, read_header
from maildesk.mail.parse import parse_mail

LIMITS = ParseLimits()
HEAD = b"From: a@x.example\r\nSubject: hello\r\n"


def nested(depth: int) -> bytes:
    return HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )


def multipart(parts: int) -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * parts
        + b"--b--\r\n"
    )


def field_in_a_part(field: bytes) -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\n"
        + field
        + b"\r\n\r\nx\r\n--b--\r\n"
    )


CONTINUATIONS = b";".join(b" f*%d=x" % n for n in range(20_000))
HOSTILE = {
    "2,000 nested multiparts": nested(2_000),
    "1,500 nested mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 1_500 + b"x",
    "100,000 parts": multipart(100_000),
    "501 parts": multipart(501),
    "20,000 continuations": field_in_a_part(b"Content-Type: a/b;" + CONTINUATIONS),
    "20,000 continuations on top": b"Content-Type: a/b;" + CONTINUATIONS + b"\r\n" + HEAD,
    "50,000 parameters": field_in_a_part(b"Content-Type: a/b" + b"; a=b" * 50_000),
    "500,000 semicolons": field_in_a_part(b"Content-Disposition: inline" + b";" * 500_000),
    "500,000 semicolons on top": b"Content-Type: text/plain" + b";" * 500_000 + b"\r\n" + HEAD,
    "5 MB line": HEAD + b"X: " + b"x" * 5_000_000 + b"\r\n\r\nbody",
    "20,000 fields": HEAD + b"X: y\r\n" * 20_000 + b"\r\nbody",
    "100,000 references": HEAD + b"References:" + b" <a@b>\r\n" * 100_000 + b"\r\nbody",
    "parentheses": b"From: " + b"(" * 16_000 + b"\r\n\r\nbody",
    "quotes": b"From: " + b'"' * 16_000 + b"\r\n\r\nbody",
    "angles": b"From: " + b"<" * 16_000 + b"\r\nMessage-ID: <<<<\r\n\r\nbody",
    "commas": b"From: " + b"a@b," * 4_000 + b"\r\n\r\nbody",
    "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 1_100 + b"\r\n\r\nbody",
    "half encoded words": b"Subject: " + b"=?a?q?" * 2_700 + b"\r\n\r\nbody",
    "lines like delimiters": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--bx\n" * 50_000,
    "spaces in quoted-printable": HEAD
    + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    + b" " * 1_000_000,
    "empty lines": HEAD + b"\r\n" + b"\r\n" * 2_000_000,
    "CR only": HEAD + b"\r\n" + b"\r" * 4_000_000,
    "LF only": HEAD + b"\r\n" + b"\n" * 4_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_bounded_time(name):
    raw = HOSTILE[name]
    started = time.process_time()
    mail = parse_mail(raw)
    assert time.process_time() - started < 5
    assert mail.size == len(raw)
    assert len(mail.text) <= LIMITS.text_characters


@pytest.mark.parametrize("name", ["100,000 parts", "empty lines", "CR only", "5 MB line"])
def test_hostile_mail_is_read_in_bounded_memory(name):
    raw = HOSTILE[name]
    tracemalloc.start()
    parse_mail(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * len(raw) + 10_000_000


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("2,000 nested multiparts", "parts nested over 20 deep"),
        ("100,000 parts", "over 500 parts"),
        ("501 parts", "over 500 parts"),
        ("5 MB line", "header block over 102400 bytes"),
        ("20,000 fields", "over 1000 header fields"),
        ("100,000 references", "header block over 102400 bytes"),
        ("50,000 parameters", "header block over 102400 bytes"),
    ],
)
def test_what_is_over_a_limit_is_said_and_the_mail_kept(name, defect):
    mail = parse_mail(HOSTILE[name])
    assert defect in mail.defects
    assert mail.subject == "hello"
    assert mail.sender
    assert mail.text


def test_text_of_a_mail_over_a_limit_is_its_head():
    raw = multipart(100_000)
    mail = parse_mail(raw)
    head = raw.partition(b"\r\n\r\n")[2][: LIMITS.head_bytes]
    assert mail.text.split() == head.decode().split()
    assert mail.attachments == ()


def test_500_parts_are_read():
    mail = parse_mail(multipart(499))
    assert mail.defects == ()
    assert mail.text.count("x") == 499


def test_20_levels_are_read():
    assert not any("deep" in defect for defect in parse_mail(nested(20)).defects)


def test_long_field_is_cut_and_the_rest_read():
    block = read_header(b"X: " + b"x" * 20_000 + b"\r\nSubject: y\r\n\r\nbody", LIMITS)
    assert [(name, len(value)) for name, value in block.fields] == [("X", 16_383), ("Subject", 1)]
    assert block.defects == ("X: over 16384 bytes",)
    assert block.is_whole


def test_parameters_over_the_limit_are_left_out():
    raw = HEAD + b"Content-Type: text/plain; charset=utf-8" + b"; a=b" * 60 + b"\r\n\r\nbody"
    mail = parse_mail(raw)
    assert mail.text == "body"
    assert "Content-Type: over 50 parameters" in mail.defects


@pytest.mark.parametrize(
    ("raw", "names", "body"),
    [
        (b"A: 1\r\n b\r\nB: 2\r\n\r\nbody", ["A", "B"], b"body"),
        (b"A: 1\nB: 2\n\nbody", ["A", "B"], b"body"),
        (b"From x Mon Nov 23 2026\nA: 1\n\nbody", ["A"], b"body"),
        (b"A: 1\nno field\n\nbody", ["A"], b"no field\n\nbody"),
        (b"A : 1\n\nbody", ["A"], b"body"),
        (b"\r\nbody", [], b"body"),
        (b"body", [], b"body"),
        (b"A: 1", ["A"], b""),
        (b"", [], b""),
    ],
)
def test_header_ends_where_fields_end(raw, names, body):
    block = read_header(raw, LIMITS)
    assert [name for name, _ in block.fields] == names
    assert raw[block.body_start :] == body
