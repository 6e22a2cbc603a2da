"""Signatures are checked with the keys that are handed in; what a good one leaves open is told."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from mail.signer import (
    EVERYTHING,
    FASTMAIL,
    GOOGLE,
    MICROSOFT,
    OPENDKIM,
    Signer,
    mail,
    replaced,
    with_field,
)

from maildesk.mail import dkim_signatures
from maildesk.mail.authenticity import author_domain
from maildesk.mail.dkim_check import Verdict, check_signatures, record_verdict
from maildesk.mail.parse import parse_mail

SIGNER = Signer()
NOW = datetime.now(UTC)


def check(raw, record=SIGNER.record):
    return check_signatures(raw, {0: record})[0]


def read(raw, now=NOW):
    """The first signature that is tried, with what it leaves open."""
    parsed = parse_mail(raw)
    author = author_domain(parsed)
    signature = dkim_signatures.read_signatures(parsed, author).signatures[0]
    return (
        list(dkim_signatures.faults(signature, now)),
        list(dkim_signatures.doubts(signature, parsed, author, now)),
        list(dkim_signatures.gaps(signature, parsed)),
    )


@pytest.mark.parametrize(
    ("names", "canonical", "doubts", "gaps"),
    [
        pytest.param(GOOGLE, "relaxed/relaxed", [], ["Content-Type unsigned"], id="google"),
        pytest.param(MICROSOFT, "relaxed/relaxed", [], ["To unsigned"], id="microsoft"),
        pytest.param(FASTMAIL, "relaxed/relaxed", [], [], id="fastmail"),
        pytest.param(
            OPENDKIM,
            "relaxed/simple",
            ["Message-ID unsigned"],
            ["Content-Type unsigned"],
            id="opendkim",
        ),
        pytest.param(EVERYTHING, "simple/simple", [], [], id="everything, simple"),
    ],
)
def test_what_common_senders_sign(names, canonical, doubts, gaps):
    raw = SIGNER.sign(mail(), names, canonical=canonical)
    assert check(raw) is Verdict.PASS
    assert read(raw) == ([], doubts, gaps)


def test_mail_with_bare_line_feeds_is_checked_as_it_was_sent():
    raw = SIGNER.sign(mail()).replace(b"\r\n", b"\n")
    assert check(raw) is Verdict.PASS


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw.replace(b"dead", b"fine"), id="text and subject"),
        pytest.param(lambda raw: raw + b"and more\r\n", id="more text"),
        pytest.param(lambda raw: replaced(raw, "From", "bo@example.org"), id="From"),
        pytest.param(lambda raw: with_field(raw, "From: bo@example.org"), id="a second From"),
        pytest.param(lambda raw: raw.replace(b" t=1", b" t=2"), id="signature"),
    ],
)
def test_changed_mail_fails(change):
    assert check(change(SIGNER.sign(mail()))) is Verdict.FAIL


def test_key_of_somebody_else_fails():
    assert check(SIGNER.sign(mail()), Signer(bits=1024).record) is Verdict.FAIL


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"p",
        b"v=DKIM1; p=!!!!",
        b"v=DKIM1; p=AAAA",
        b"v=DKIM2; " + SIGNER.record[9:],
        b"v=spf1 -all",
        b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        b"v=DKIM1; k=what; p=AAAA",
        b"v=DKIM1; s=tlsrpt; " + SIGNER.record[9:],
        b"v=DKIM1; h=sha1; " + SIGNER.record[9:],
        SIGNER.record + b";p=",
        b"\xff" * 10,
        b"v=DKIM1; p=" + b"A" * 100_000,
    ],
    ids=lambda record: record[:24].decode("ascii", "replace"),
)
def test_records_of_no_use_prove_nothing(record):
    assert check(SIGNER.sign(mail()), record) in (Verdict.FAIL, Verdict.KEY_UNUSABLE)


def test_record_says_when_a_key_is_revoked_or_only_tested():
    assert record_verdict(b"v=DKIM1; p=") is Verdict.KEY_REVOKED
    assert record_verdict(SIGNER.record + b"; t=y:s") is Verdict.TESTING
    assert record_verdict(SIGNER.record + b"; t=s; s=email; h=sha1:sha256") is Verdict.PASS


# --- what dkimpy passes, and why it proves less ---------------------------------------------------


def test_text_behind_l_passes_and_proves_nothing():
    raw = SIGNER.sign(mail(), length=True) + b"#close\r\n"
    assert check(raw) is Verdict.PASS
    assert read(raw)[0] == ["l= leaves the end of the body open"]


@pytest.mark.parametrize("name", ["Subject", "Message-ID", "Date"])
def test_second_field_passes_and_is_told(name):
    raw = with_field(SIGNER.sign(mail()), f"{name}: another")
    assert check(raw) is Verdict.PASS
    assert read(raw)[1] == [f"{name} given 2 times"]


@pytest.mark.parametrize("name", ["Subject", "Message-ID", "Date"])
def test_unsigned_field_may_be_changed_and_is_told(name):
    names = EVERYTHING.replace(name, "").replace("  ", " ").strip()
    value = "Sat, 21 Nov 2026 10:00:00 +0000" if name == "Date" else "<another>"
    raw = replaced(SIGNER.sign(mail(), names), name, value)
    assert check(raw) is Verdict.PASS
    assert f"{name} unsigned" in read(raw)[1]


@pytest.mark.parametrize(
    ("field", "gap"),
    [
        ("In-Reply-To: <x@example.com>", "In-Reply-To unsigned"),
        ("References: <x@example.com>", "References unsigned"),
        ("To: other@example.com", "To given 2 times"),
        ("Content-Type: text/html", "Content-Type given 2 times"),
    ],
)
def test_added_field_passes_and_is_told(field, gap):
    names = EVERYTHING.replace("In-Reply-To ", "").replace("References ", "")
    raw = with_field(SIGNER.sign(mail(), names), field)
    assert check(raw) is Verdict.PASS
    assert read(raw)[2] == [gap]


def test_a_field_that_was_taken_off_is_told():
    names = EVERYTHING.replace("Content-Type ", "").replace("To ", "", 1)
    raw = SIGNER.sign(mail(), names).replace(b"To: support@example.com\r\n", b"")
    assert check(raw) is Verdict.PASS
    assert read(raw)[2] == ["To unsigned", "Content-Type unsigned"]


def test_copy_of_a_mail_passes_until_it_is_old():
    raw = SIGNER.sign(mail())
    assert read(raw, NOW + timedelta(days=6)) == ([], [], [])
    assert read(raw, NOW + timedelta(days=8)) == ([], ["over 7 days old"], [])
    assert read(raw, NOW - timedelta(days=2)) == ([], ["dated ahead"], [])


def test_the_older_of_date_and_signature_counts():
    written = SIGNER.sign(mail(at=time.time() - 8 * 86_400))
    assert read(written)[1] == ["over 7 days old"]
    undated = SIGNER.sign(mail(Date=None), t=None)
    assert read(undated)[1] == ["Date given 0 times", "no date"]


def test_signature_expires():
    expires_at = NOW + timedelta(days=1)
    raw = SIGNER.sign(mail(), x=int(expires_at.timestamp()))
    assert check(raw) is Verdict.PASS
    assert read(raw)[0] == []
    assert read(raw, expires_at + timedelta(hours=1))[0] == ["expired"]


def test_sha1_is_not_believed():
    raw = SIGNER.sign(mail()).replace(b"a=rsa-sha256", b"a=rsa-sha1")
    assert read(raw)[0] == ["algorithm not supported"]


def test_domain_above_is_aligned_but_not_strict():
    raw = SIGNER.sign(mail("ada@mail.example.org"))
    assert check(raw) is Verdict.PASS
    assert read(raw) == ([], ["by the domain above"], [])


def test_aligned_signatures_are_tried_first_and_five_in_all():
    raw = mail()
    for number in range(200):
        raw = with_field(
            raw, f"DKIM-Signature: v=1; a=rsa-sha256; d=d{number}.example; s=x; h=From"
        )
    aligned = "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=From; b=; bh="
    raw = raw.replace(b"From:", aligned.encode() + b"\r\nFrom:", 1)
    found = dkim_signatures.read_signatures(parse_mail(raw), "example.org").signatures
    assert [s.domain for s in found] == [
        "example.org", "d199.example", "d198.example", "d197.example", "d196.example"
    ]  # fmt: skip


# --- a mail that dkimpy and we read differently ---------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"From the desk of the director", id="mbox line"),
        pytest.param(b"From : bo@example.org", id="space before the colon"),
        pytest.param(b"no field at all", id="no field"),
        pytest.param(b"\r", id="bare return"),
        pytest.param(b"X-Long: " + b"x" * 20_000, id="a field over the limit"),
    ],
)
def test_a_line_that_is_read_in_two_ways_proves_nothing(line):
    """dkimpy passes over 'From …' lines in the header; for us there the text begins."""
    head, _, body = SIGNER.sign(mail()).partition(b"\r\n\r\n")
    raw = b"\r\n".join([head, line, b"X-Text: #close", b"", body])
    assert check(raw) is Verdict.FAIL


def test_signature_that_is_judged_is_the_one_that_is_checked():
    """The verdict goes by position: a second field must not lend its value to the first."""
    signed = SIGNER.sign(mail(), length=True)
    signature = signed.partition(b"\r\nFrom:")[0]
    lent = signature.replace(b"l=", b"y=").decode()
    assert check(with_field(signed, lent)) is Verdict.FAIL


@pytest.mark.parametrize(
    "value",
    [
        "",
        "v=1",
        "v=2; d=example.org; s=x",
        "v=1; d=example.org; s=x; d=evil.example",
        "v=1; d=exa mple.org; s=x",
        "v=1; d=example.org",
        "v=1; d=example.org; s=x/../y",
        "v=1; d=example.org; s=x; t=" + "9" * 30,
        "v=1; d=example.org; s=x; x=soon",
        "v=1;;d=example.org; s=x",
        "v=1; d=\x00; s=x",
    ],
)
def test_odd_signatures_cannot_be_read(value):
    assert dkim_signatures.read_signature(0, value) is None
