import binascii

from maildesk.mail.parse import extract_parts, parse_mail
from maildesk.mail.uuencode import decode, find_files

LINES = b"".join(binascii.b2a_uu(b"x" * 45) for _ in range(3)) + binascii.b2a_uu(b"y")
FILE = b"begin 644 a b.png\n" + LINES + b"`\nend\n"


def test_file_in_plain_text_is_an_attachment():
    raw = b"Subject: scan\n\nsee below\n" + FILE + b"\nregards\n"
    mail = parse_mail(raw)
    assert mail.text == "see below\n\n\n\nregards"
    (attachment,) = mail.attachments
    assert (attachment.filename, attachment.content_type) == ("a b.png", "image/png")
    assert extract_parts(raw, [attachment.part]) == [b"x" * 135 + b"y"]


def test_line_ends_and_several_files():
    raw = (FILE + b"between\n" + FILE).replace(b"\n", b"\r\n")
    assert [found.name for found in find_files(raw, 0, len(raw))] == [b"a b.png"] * 2
    assert decode(raw) == b"x" * 135 + b"y"


def test_words_that_only_begin_so_are_text():
    mail = parse_mail(b"Subject: x\n\nbegin 644 times\nand never end\n")
    assert mail.text == "begin 644 times\nand never end"
    assert mail.attachments == ()


def test_many_beginnings_end_quickly():
    raw = b"Subject: x\n\n" + (b"begin 644 a\n" + b"A" * 60 + b"\n") * 20_000
    assert parse_mail(raw).attachments == ()


def test_many_files_are_over_the_limit():
    mail = parse_mail(b"Subject: x\n\n" + FILE * 600)
    assert "over 500 parts" in mail.defects
    assert mail.text.startswith("begin 644")
