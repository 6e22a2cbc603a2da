"""Whatever the bytes are: no exception, and spans that cover the text."""

from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.parse import extract_parts, parse_mail

MAIL = (
    b"Received: from a by b; Mon, 23 Nov 2026 09:15:00 +0100\r\n"
    b"From: =?utf-8?q?=C3=85sa?= <asa@x.example>\r\n"
    b"To: \"D, E\" <desk@y.example>, g: h@y.example;\r\n"
    b"Subject: =?iso-8859-1?b?aGVs?= =?utf-8?q?lo?=\r\nDate: Mon, 23 Nov 2026 09:15:00 +0100\r\n"
    b"Message-ID: <1@x.example>\r\nReferences: <0@x> <00@x>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=\"o\"\r\n\r\n"
    b"--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
    b"--i\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n"
    b"words \r\n> quote\r\n-- \r\nme\r\n"
    b"--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<p>w=C3=A5\r\n"
    b"--i--\r\n--o\r\nContent-Type: image/png; name*0*=utf-8''%C3%A5; name*1=.png\r\n"
    b"Content-ID: <c@x>\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n"
    b"--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--o--\r\n"
)  # fmt: skip
PIECES = [b"", b"\r\n", b"\n", b"\r", b"--o", b"--i--", b"\x00", b"\xff", b"(", b'"', b"<", b";",
          b"=?utf-8?q?", b"Content-Type: multipart/mixed; boundary=o\r\n", b"\r\n\r\n", b"=", b"%",
          b"charset=utf-7", b"begin 644 x\r\n"]  # fmt: skip

edits = st.lists(
    st.tuples(
        st.integers(0, len(MAIL)),
        st.integers(0, 60),
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)),
    ),
    max_size=6,
)


def check(raw: bytes) -> None:
    mail = parse_mail(raw)
    spans = sorted((*mail.reply, *mail.quoted, *mail.signature))
    at = 0
    for span in spans:
        assert span.start == at
        at = span.end
    assert at == len(mail.text)
    mail.text.encode()
    for name, value in mail.headers:
        assert name.isprintable()
        value.encode()
        assert "\n" not in value
    assert not any("cannot be read: " in defect for defect in mail.defects)
    extract_parts(raw, [attachment.part for attachment in mail.attachments])


@given(edits)
def test_mutated_mail_is_read(changes):
    raw = MAIL
    for start, length, piece in changes:
        raw = raw[:start] + piece + raw[start + length :]
    check(raw)


@given(st.binary(max_size=400))
def test_random_bytes_are_read(raw):
    check(raw)
    check(MAIL[: len(raw)] + raw)
