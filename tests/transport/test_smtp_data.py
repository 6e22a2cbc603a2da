from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.transport.smtp_data import DataReader

TRACE = b"Received: from x\r\n"
# The bytes that matter, so that every dangerous sequence is met at every border.
DANGEROUS = st.lists(st.sampled_from([b"\r", b"\n", b".", b"x", b"\r\n", b"\r\n."])).map(b"".join)


def read(chunks, limit_bytes=10_000, *, normalises=True):
    reader = DataReader(TRACE, limit_bytes=limit_bytes, normalises_bare_lf=normalises)
    for number, chunk in enumerate(chunks):
        rest = reader.feed(chunk)
        if rest is not None:
            return reader, rest + b"".join(chunks[number + 1 :])
    return reader, None


def content(reader):
    return reader.raw().removeprefix(TRACE)


@pytest.mark.parametrize(
    ("sent", "mail", "rest"),
    [
        (b".\r\n", b"", b""),
        (b"a\r\n.\r\n", b"a\r\n", b""),
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n", b"QUIT\r\n"),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b"...\r\n..a\r\n.b\r\n.\r\n", b"..\r\n.a\r\nb\r\n", b""),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n", b""),
        (b"a\r\n.\r\n.\r\n", b"a\r\n", b".\r\n"),
    ],
)
def test_dots_are_taken_off_and_the_rest_is_left(sent, mail, rest):
    for chunks in ([sent], [sent[n : n + 1] for n in range(len(sent))]):
        reader, left = read(chunks, normalises=False)
        assert reader.refusal is None
        assert content(reader) == mail
        assert left == rest


@pytest.mark.parametrize(
    "sent", [b"a\n.\n", b"a\r.\r\n", b"a\n.\r\n", b"a\r\n.\n", b"\r\n.\r", b"."]
)
def test_nothing_but_crlf_dot_crlf_ends_a_mail(sent):
    reader, rest = read([sent])
    assert rest is None
    assert reader.feed(b"\r\n.\r\nNOOP\r\n") is not None


@given(sent=DANGEROUS, cuts=st.sets(st.integers(0, 60)))
def test_it_does_not_matter_where_the_chunks_are_cut(sent, cuts):
    sent += b"\r\n.\r\n"
    borders = [0, *sorted(cut for cut in cuts if cut < len(sent)), len(sent)]
    chunks = [sent[a:b] for a, b in pairwise(borders)]
    whole, whole_rest = read([sent])
    cut_up, cut_up_rest = read(chunks)
    assert cut_up_rest == whole_rest
    assert content(cut_up) == content(whole)
    strict, _ = read([sent], normalises=False)
    strict_cut_up, _ = read(chunks, normalises=False)
    assert (strict.refusal is None) == (strict_cut_up.refusal is None)


@given(mail=st.lists(st.binary().filter(lambda line: not set(line) & {10, 13})))
def test_what_a_client_stuffs_is_unstuffed(mail):
    stuffed = b"".join((b"." + line if line[:1] == b"." else line) + b"\r\n" for line in mail)
    reader, rest = read([stuffed + b".\r\n"], limit_bytes=1_000_000, normalises=False)
    assert rest == b""
    assert content(reader) == b"".join(line + b"\r\n" for line in mail)


@pytest.mark.parametrize("sent", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"\n\r\n", b"a\n\r\n"])
def test_a_bare_newline_is_refused_and_nothing_is_kept(sent):
    reader, rest = read([sent + b".\r\n"], normalises=False)
    assert rest == b""
    assert reader.refusal.status == "5.6.11"
    assert reader.held_bytes == 0


def test_a_bare_lf_is_made_crlf_and_a_bare_cr_is_left():
    reader, _ = read([b"a\nb\rc\r\r\nd\r\n.\r\n"])
    assert content(reader) == b"a\r\nb\rc\r\r\nd\r\n"


def test_the_limit_counts_the_mail_as_it_is_kept():
    fits, _ = read([b"12345678\r\n.\r\n"], limit_bytes=10)
    assert content(fits) == b"12345678\r\n"
    too_big, rest = read([b"1234", b"56789\r\n", b"more\r\n", b".\r\nQUIT"], limit_bytes=10)
    assert too_big.refusal.code == 552
    assert rest == b"QUIT"
    assert too_big.held_bytes == 0
