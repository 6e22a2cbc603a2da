import smtplib
import ssl
import threading
from email import message_from_bytes

import pytest

from maildesk.errors import StorageFull, Unavailable
from maildesk.mail.envelope import Answer, Envelope, Source
from maildesk.settings import Endpoint, Limits, ListenTls

MAIL = b"Subject: Printer\r\n\r\nIt is on fire.\r\n"


def client(listener):
    return smtplib.SMTP(
        listener.endpoint.host, listener.endpoint.port, "client.example", timeout=30
    )


def test_a_mail_is_handed_over_with_its_envelope_and_one_trace_field(open_listener, inbox):
    with client(open_listener()) as smtp:
        smtp.sendmail("ola@customer.example", ["help@desk.example"], MAIL)
    ((raw, envelope),) = inbox.mails
    assert envelope == Envelope(
        Source.SMTP, "ola@customer.example", ("help@desk.example",), peer="127.0.0.1"
    )
    assert raw.endswith(b"\r\n" + MAIL)
    (received,) = message_from_bytes(raw).get_all("Received")
    assert received.startswith("from client.example ([127.0.0.1])\r\n\tby desk.example with ESMTP")
    assert received.endswith(" +0000")
    assert "Return-Path" not in message_from_bytes(raw)


def test_the_reply_to_a_mail_is_what_receive_answered(open_listener, connect, inbox):
    inbox.answer = Answer(250, "2.6.0", "Receipt 17\r\n550 forged")
    peer = connect(open_listener())
    peer.begin()
    peer.send(MAIL + b".\r\n")
    assert peer.line() == "250 2.6.0 Receipt 17 550 forged"
    assert peer.ask("NOOP") == "250 2.0.0 OK"


@pytest.mark.parametrize(
    ("failure", "reply"),
    [
        (ValueError("secret\r\n250 forged"), "451 4.3.0"),
        (ValueError("hemmelig: blåbær"), "451 4.3.0"),
        (Unavailable("database is locked"), "451 4.3.0"),
        (StorageFull("/var is full"), "452 4.3.1"),
        (MemoryError(), "451 4.3.0"),
    ],
    ids=["two lines", "not ascii", "unavailable", "full", "memory"],
)
def test_a_failing_receive_is_a_temporary_reply_in_fixed_words(
    open_listener, connect, inbox, failure, reply
):
    inbox.answer = failure
    peer = connect(open_listener())
    peer.begin()
    peer.send(MAIL + b".\r\n")
    said = peer.line()
    assert said.startswith(reply)
    assert not set(str(failure).split()) & set(said.split())
    assert peer.ask("RCPT TO:<help@desk.example>").startswith("503 5.5.1"), "the mail is forgotten"
    inbox.answer = Answer(250, "2.6.0", "Stored")
    assert peer.ask("MAIL FROM:<>").startswith("250 ")


def test_failing_questions_are_temporary(open_listener, connect):
    def fail(*_):
        raise KeyError("secret")

    peer = connect(open_listener(accepts=fail))
    peer.reply()
    peer.ask("EHLO x")
    peer.ask("MAIL FROM:<>")
    assert peer.ask("RCPT TO:<help@desk.example>").startswith("451 4.3.0")
    peer = connect(open_listener(has_room=fail))
    peer.reply()
    peer.ask("EHLO x")
    assert peer.ask("MAIL FROM:<>").startswith("451 4.3.0")


def test_no_room_is_told_before_the_mail_is_sent(open_listener, connect):
    peer = connect(open_listener(has_room=lambda: False))
    peer.reply()
    peer.ask("EHLO x")
    assert peer.ask("MAIL FROM:<>").startswith("452 4.3.1")


def test_the_null_sender_is_empty_and_recipients_are_folded(open_listener, inbox):
    with client(open_listener()) as smtp:
        smtp.sendmail("", ["help@desk.example", "HELP@Desk.Example", "it@desk.example"], MAIL)
    ((_, envelope),) = inbox.mails
    assert envelope.reverse_path == ""
    assert envelope.recipients == ("help@desk.example", "it@desk.example")


def test_a_peer_that_closes_its_side_behind_the_dot_is_answered(open_listener, connect, inbox):
    peer = connect(open_listener())
    peer.begin()
    peer.send(MAIL + b".\r\n")
    peer.socket.shutdown(1)
    assert peer.line() == "250 2.6.0 Stored"
    assert peer.line() == ""
    assert inbox.bodies == [MAIL]


def test_a_mail_is_stored_though_its_peer_goes_away(open_listener, connect, inbox, eventually):
    may_store, is_stored = threading.Event(), threading.Event()

    def store():
        may_store.wait(5)
        is_stored.set()
        return Answer(250, "2.6.0", "Stored")

    inbox.answer = store
    listener = open_listener()
    peer = connect(listener)
    peer.begin()
    peer.send(MAIL + b".\r\n")
    eventually(lambda: inbox.mails)
    peer.close()
    may_store.set()
    assert is_stored.wait(5)
    eventually(lambda: listener.connections == 0)


def test_a_mail_that_breaks_off_is_not_handed_over(open_listener, connect, inbox, eventually):
    listener = open_listener()
    peer = connect(listener)
    peer.begin()
    peer.send(MAIL + b".\r")
    peer.close()
    eventually(lambda: listener.connections == 0)
    assert inbox.mails == []


def test_pipelined_mails_all_arrive(open_listener, connect, inbox):
    peer = connect(open_listener())
    one = b"MAIL FROM:<>\r\nRCPT TO:<help@desk.example>\r\nDATA\r\n" + MAIL + b".\r\n"
    assert peer.reply().startswith("220 ")
    peer.send(b"EHLO x\r\n" + one * 3 + b"QUIT\r\n")
    peer.reply()
    replies = [peer.line()[:3] for _ in range(13)]
    assert replies == ["250", "250", "354", "250"] * 3 + ["221"]
    assert peer.line() == ""
    assert inbox.bodies == [MAIL] * 3


@pytest.mark.parametrize("is_trusted", [True, False])
def test_lines_have_no_limit(open_listener, inbox, is_trusted):
    mail = b"Subject: x\r\n\r\n" + b"x" * 3_000_000 + b"\r\n"
    with client(open_listener(is_trusted=is_trusted)) as smtp:
        smtp.sendmail("", ["help@desk.example"], mail)
    assert inbox.bodies == [mail]


def test_a_mail_over_the_limit_is_read_to_its_end_and_refused(open_listener, inbox):
    with client(open_listener(limits=Limits(message_bytes=100_000))) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused, match="5\\.3\\.4"):
            smtp.sendmail("", ["help@desk.example"], b"x" * 100_001)  # SIZE at MAIL
        smtp.esmtp_features.pop("size")
        with pytest.raises(smtplib.SMTPDataError, match="5\\.3\\.4"):
            smtp.sendmail("", ["help@desk.example"], b"x\r\n" * 100_000)
        smtp.sendmail("", ["help@desk.example"], b"x" * 99_998 + b"\r\n")
    assert len(inbox.bodies[0]) == 100_000
    assert len(inbox.mails) == 1


def test_a_mail_that_never_ends_is_refused_and_cut(open_listener, connect, inbox):
    peer = connect(open_listener(limits=Limits(message_bytes=1_000)))
    peer.begin()
    peer.send(b"x" * 100_000)
    peer.send(b"x" * 100_000)
    assert peer.line().startswith("552 5.3.4")
    assert peer.line() == ""
    assert inbox.mails == []


@pytest.mark.parametrize("raw", [b"a\nb\r\n", b"a\rb\r\n", b"a\n.\nb\r\n", b"a\r.\r\nb\r\n"])
def test_bare_newlines_of_strangers_are_refused(open_listener, connect, inbox, raw):
    peer = connect(open_listener())
    peer.begin()
    peer.send(raw + b".\r\n")
    assert peer.line().startswith("550 5.6.11")
    assert peer.ask("NOOP").startswith("250 ")
    assert inbox.mails == []


def test_bare_newlines_of_a_trusted_peer_are_normalised(open_listener, connect, inbox):
    peer = connect(open_listener(is_trusted=True))
    peer.begin()
    peer.send(b"a\nb\n.\nMAIL FROM:<x@y.example>\r\n.\r\n")
    assert peer.line() == "250 2.6.0 Stored"
    assert inbox.bodies == [b"a\r\nb\r\n.\r\nMAIL FROM:<x@y.example>\r\n"]


def test_smtputf8_and_8bit_mails_pass_unchanged(open_listener, inbox):
    mail = "Subject: blåbær\r\n\r\nsmørbrød\r\n".encode()
    with client(open_listener()) as smtp:
        smtp.ehlo()
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        smtp.sendmail("bjørn@kunde.example", ["help@desk.example"], mail, options)
    ((raw, envelope),) = inbox.mails
    assert envelope.reverse_path == "bjørn@kunde.example"
    assert b" with UTF8SMTP id " in raw
    assert inbox.bodies == [mail]


def test_starttls_hides_the_dialog_and_is_told_in_the_trace(
    open_listener, inbox, certificate, authority
):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with client(open_listener(tls=certificate)) as smtp:
        smtp._host = "desk.example"
        assert smtp.starttls(context=context) == (220, b"2.0.0 Ready to start TLS")
        smtp.sendmail("", ["help@desk.example"], MAIL)
        assert not smtp.has_extn("starttls")
        assert not smtp.has_extn("auth")
        assert smtp.docmd("STARTTLS")[0] == 503
    assert b" with ESMTPS id " in inbox.mails[0][0]


def test_implicit_tls(open_listener, connect, inbox, certificate, authority):
    tls = ListenTls(certificate.certificate, certificate.key, mode="implicit")
    peer = connect(open_listener(tls=tls))
    peer.turn_to_tls(authority)
    peer.begin()
    peer.send(MAIL + b".\r\n")
    assert peer.line() == "250 2.6.0 Stored"
    assert peer.ask("QUIT").startswith("221 2.0.0")
    assert b" with ESMTPS id " in inbox.mails[0][0]


def test_what_follows_starttls_in_the_clear_is_never_a_command(
    open_listener, connect, inbox, certificate
):
    peer = connect(open_listener(tls=certificate))
    peer.reply()
    peer.ask("EHLO x")
    peer.send(b"STARTTLS\r\nMAIL FROM:<>\r\n")
    assert peer.line().startswith("554 5.5.1")
    assert peer.line() == ""


def test_a_failed_handshake_ends_the_session(open_listener, connect, certificate, eventually):
    listener = open_listener(tls=certificate)
    peer = connect(listener)
    peer.reply()
    peer.ask("EHLO x")
    assert peer.ask("STARTTLS").startswith("220 2.0.0")
    peer.send(b"MAIL FROM:<>\r\n")
    while peer.socket.recv(1024):
        pass
    eventually(lambda: listener.connections == 0)


def test_postmaster_needs_no_domain(open_listener, connect, inbox):
    peer = connect(open_listener())
    peer.begin("Postmaster".lower())
    peer.send(MAIL + b".\r\n")
    peer.line()
    assert inbox.mails[0][1].recipients == ("postmaster",)


def test_an_lmtp_mail_is_answered_once_for_each_recipient(open_listener, inbox, tmp_path):
    listener = open_listener("lmtp", endpoint=Endpoint(path=tmp_path / "lmtp"), is_trusted=True)
    recipients = ["help@desk.example", "it@desk.example", "help@desk.example"]
    with smtplib.LMTP(str(listener.endpoint.path), timeout=30) as lmtp:
        lmtp.sendmail("ola@customer.example", [*recipients, "x@other.example"], MAIL)
        assert [lmtp.getreply()[0] for _ in range(2)] == [250, 250]
        assert lmtp.noop() == (250, b"2.0.0 OK")
    ((raw, envelope),) = inbox.mails
    assert envelope.source is Source.LMTP
    assert envelope.peer == ""
    assert envelope.recipients == ("help@desk.example", "it@desk.example")
    assert b"\r\n\tby desk.example with LMTP id " in raw


@pytest.mark.parametrize(
    ("raw", "answer", "expected"),
    [
        (MAIL, ValueError(), "451 4.3.0"),
        (MAIL, StorageFull(), "452 4.3.1"),
        (b"x" * 2_000 + b"\r\n", None, "552 5.3.4"),
        (b"x\r\n" * 3_000_000, None, "552 5.3.4"),
        (b"a\nb\r\n", None, "550 5.6.11"),
    ],
    ids=["bug", "full", "too big", "much too big", "bare newline"],
)
def test_lmtp_answers_each_recipient_on_every_path(
    open_listener, connect, inbox, raw, answer, expected
):
    inbox.answer = answer
    peer = connect(open_listener("lmtp", limits=Limits(message_bytes=1_000)))
    peer.begin("a@desk.example", "b@desk.example", hello="LHLO x")
    peer.send(raw + b".\r\n")
    assert [peer.line().startswith(expected + " ") for _ in range(2)] == [True, True]


def test_mails_wait_for_memory_and_all_arrive(open_listener, connect, inbox):
    listener = open_listener(limits=Limits(in_flight_bytes=2_000_000), is_trusted=True)
    peers = [connect(listener) for _ in range(4)]
    part = b"x" * 998 + b"\r\n"
    for peer in peers:
        peer.begin()
        peer.send(part * 900)
    senders = [threading.Thread(target=p.send, args=(part * 2_000 + b".\r\n",)) for p in peers]
    for sender in senders:
        sender.start()
    assert [peer.line() for peer in peers] == ["250 2.6.0 Stored"] * 4
    for sender in senders:
        sender.join(30)
    assert [len(body) for body in inbox.bodies] == [2_900_000] * 4
