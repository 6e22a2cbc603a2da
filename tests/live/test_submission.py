"""The way out against a real SMTP server, over real TLS."""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from smtp_sink import SmtpSink, running_sink

from maildesk.mail.envelope import DeliveryState, Envelope, Source
from maildesk.settings import Smarthost
from maildesk.transport.smarthost import Timeouts
from maildesk.transport.submission import MaildirSubmitter, SmarthostSubmitter

RAW = b"From: a@example.com\r\nSubject: Hello\r\n\r\nOne\r\n.\r\n..two\r\n"
SHORT = Timeouts(connect=5, command=5, final_dot=0.5)


def envelope(recipient: str, reverse_path: str = "bounce@example.com") -> Envelope:
    return Envelope(Source.SMTP, reverse_path, (recipient,))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def issue(authority: trustme.CA, tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}.pem"
    authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    with running_sink(tmp_path / "sink") as running:
        yield running


@pytest.fixture
def submitter(sink: SmtpSink) -> Iterator[SmarthostSubmitter]:
    out = SmarthostSubmitter(Smarthost("127.0.0.1", sink.port, "none"), "desk.example", SHORT)
    yield out
    out.close()


def test_mail_arrives_byte_for_byte_with_its_envelope(sink, submitter):
    result = submitter(RAW, envelope("ada@acme.example"))
    assert result.state is DeliveryState.SENT
    assert result.text == f"127.0.0.1:{sink.port}: 250 2.0.0 Ok: taken"
    (mail,) = sink.mails
    assert mail.raw == RAW
    assert mail.reverse_path == "bounce@example.com"
    assert mail.recipients == ["ada@acme.example"]


def test_null_sender_is_submitted(sink, submitter):
    assert submitter(RAW, envelope("ada@acme.example", "")).state is DeliveryState.SENT
    assert sink.mails[0].reverse_path in ("", "<>")


@pytest.mark.parametrize(
    ("recipient", "state", "text"),
    [
        ("defer@x.example", DeliveryState.DEFERRED, "450 4.7.1 Greylisted, 4.7.1 come back later"),
        ("fail@x.example", DeliveryState.FAILED, "550 5.1.1 No such mailbox"),
        ("refuse@x.example", DeliveryState.FAILED, "554 5.6.0 We do not want this"),
        ("full@x.example", DeliveryState.DEFERRED, "452 4.3.1 The disk is full"),
        ("bye@x.example", DeliveryState.DEFERRED, "421 4.3.2 Shutting down"),
    ],
)
def test_refusals_are_told_with_the_servers_words(sink, submitter, recipient, state, text):
    result = submitter(RAW, envelope(recipient))
    assert (result.state, result.text) == (state, f"127.0.0.1:{sink.port}: {text}")
    assert submitter(RAW, envelope("ada@acme.example")).state is DeliveryState.SENT


@pytest.mark.parametrize("recipient", ["lost@x.example", "stall@x.example", "garbled@x.example"])
def test_a_loss_after_the_final_dot_is_unknown(sink, submitter, recipient):
    result = submitter(RAW, envelope(recipient))
    assert result.state is DeliveryState.UNKNOWN
    assert "no reply after the mail" in result.text
    assert len(sink.mails) == 1
    assert submitter(RAW, envelope("ada@acme.example")).state is DeliveryState.SENT


def test_the_connection_is_kept_for_the_next_mail(sink, submitter):
    for _ in range(3):
        submitter(RAW, envelope("ada@acme.example"))
    assert {mail.session for mail in sink.mails} == {1}


def test_an_idle_or_worn_connection_is_opened_anew(sink):
    clock = [0.0]
    smarthost = Smarthost("127.0.0.1", sink.port, "none")
    out = SmarthostSubmitter(smarthost, "desk.example", SHORT, lambda: clock[0])
    for now in (0.0, 59.0, 120.0):
        clock[0] = now
        assert out(RAW, envelope("ada@acme.example")).state is DeliveryState.SENT
    assert [mail.session for mail in sink.mails] == [1, 1, 2]
    for _ in range(100):
        out(RAW, envelope("ada@acme.example"))
    out.close()
    assert [mail.session for mail in sink.mails][-2:] == [2, 3]


def test_a_server_that_comes_back_is_used_again(sink, submitter):
    submitter(RAW, envelope("ada@acme.example"))
    sink.stop()
    result = submitter(RAW, envelope("ada@acme.example"))
    assert result.state is DeliveryState.DEFERRED
    assert f"127.0.0.1:{sink.port}: " in result.text
    sink.start()
    assert submitter(RAW, envelope("ada@acme.example")).state is DeliveryState.SENT


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls_is_verified_and_the_log_in_goes_through_it(authority, ca, tmp_path, tls):
    certificate = issue(authority, tmp_path, "localhost")
    with running_sink(tmp_path / "sink", tls, certificate, "s3cret") as sink:
        smarthost = Smarthost("localhost", sink.port, tls, ca, "desk", "s3cret")
        out = SmarthostSubmitter(smarthost, "desk.example", SHORT)
        assert out.check().state is DeliveryState.SENT
        assert out(RAW, envelope("ada@acme.example")).state is DeliveryState.SENT
        out.close()
        assert sink.log[-1] == "desk s3cret"
        assert len(sink.mails) == 1


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("fault", ["wrong name", "unknown authority"])
def test_an_untrusted_server_gets_neither_password_nor_mail(authority, ca, tmp_path, tls, fault):
    name = "other.example" if fault == "wrong name" else "localhost"
    certificate = issue(authority, tmp_path, name)
    with running_sink(tmp_path / "sink", tls, certificate, "s3cret") as sink:
        trusted = ca if fault == "wrong name" else None
        smarthost = Smarthost("localhost", sink.port, tls, trusted, "desk", "s3cret")
        result = SmarthostSubmitter(smarthost, "desk.example", SHORT)(RAW, envelope("a@b.example"))
        assert result.state is DeliveryState.DEFERRED
        assert "certificate is not trusted" in result.text
        assert sink.log == []
        assert sink.mails == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(sink):
    smarthost = Smarthost("localhost", sink.port, "starttls", None, "desk", "s3cret")
    result = SmarthostSubmitter(smarthost, "desk.example", SHORT)(RAW, envelope("a@b.example"))
    assert result.state is DeliveryState.DEFERRED
    assert "STARTTLS" in result.text
    assert sink.mails == []


def test_no_tls_is_for_loopback_only():
    smarthost = Smarthost("192.0.2.1", 25, "none")
    result = SmarthostSubmitter(smarthost, "desk.example", SHORT)(RAW, envelope("a@b.example"))
    assert result.state is DeliveryState.DEFERRED
    assert result.text == "192.0.2.1:25: tls: none is for loopback only"


@pytest.mark.parametrize("password", ["wr0ng-one", "wröng-one"])
def test_a_refused_log_in_waits_and_never_shows_the_password(authority, ca, tmp_path, password):
    certificate = issue(authority, tmp_path, "localhost")
    with running_sink(tmp_path / "sink", "implicit", certificate, "s3cret") as sink:
        smarthost = Smarthost("localhost", sink.port, "implicit", ca, "desk", password)
        out = SmarthostSubmitter(smarthost, "desk.example", SHORT)
        result = out(RAW, envelope("ada@acme.example"))
        assert result.state is DeliveryState.DEFERRED
        assert "log-in" in result.text
        assert password not in result.text + repr(smarthost)
        assert "ö" not in result.text


def test_a_missing_log_in_does_not_fail_the_mail(tmp_path):
    with running_sink(tmp_path / "sink", "none", None, "s3cret") as sink:
        out = SmarthostSubmitter(Smarthost("127.0.0.1", sink.port, "none"), "desk.example", SHORT)
        result = out(RAW, envelope("ada@acme.example"))
        out.close()
    assert (result.state, "530" in result.text) == (DeliveryState.DEFERRED, True)


def test_eight_bit_and_international_mail_say_so(sink, submitter):
    raw = "From: a@example.com\r\nTo: ø@example.com\r\n\r\næ\r\n".encode()
    assert submitter(raw, envelope("ø@example.com")).state is DeliveryState.SENT
    (mail,) = sink.mails
    assert mail.raw == raw
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(mail.options)


def test_an_address_that_the_server_cannot_take_fails_before_it_is_sent(tmp_path):
    with running_sink(tmp_path / "sink", "none", None, "", "plain") as sink:
        out = SmarthostSubmitter(Smarthost("127.0.0.1", sink.port, "none"), "desk.example", SHORT)
        result = out(RAW, envelope("ø@example.com"))
        assert out(RAW, envelope("ada@acme.example")).state is DeliveryState.SENT
        out.close()
    assert result.state is DeliveryState.FAILED
    assert "5.6.7" in result.text


def test_maildir_keeps_one_mail_a_file_with_its_envelope(tmp_path):
    out = MaildirSubmitter(tmp_path / "outgoing")
    for recipient in ("ada@acme.example", "bo@acme.example"):
        result = out(RAW, envelope(recipient))
        assert result.state is DeliveryState.SENT
        content = Path(result.text).read_bytes()
        assert content.startswith(
            b"Return-Path: <bounce@example.com>\nDelivered-To: %b\n" % recipient.encode()
        )
        assert content.endswith(RAW.replace(b"\r\n", b"\n"))
    assert len(list((tmp_path / "outgoing" / "new").iterdir())) == 2
    assert list((tmp_path / "outgoing" / "tmp").iterdir()) == []


def test_maildir_envelope_forges_no_field(tmp_path):
    out = MaildirSubmitter(tmp_path)
    result = out(RAW, replace(envelope("a@b.example\r\nBcc: c@d.example"), reverse_path="x\n\ny"))
    assert b"\nBcc:" not in Path(result.text).read_bytes().partition(b"\n\n")[0]


def test_maildir_on_a_full_disk_defers(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = MaildirSubmitter(tmp_path)(RAW, envelope("ada@acme.example"))
    assert result.state is DeliveryState.DEFERRED
    assert "the disk is full" in result.text
    assert list((tmp_path / "new").iterdir()) == list((tmp_path / "tmp").iterdir()) == []
