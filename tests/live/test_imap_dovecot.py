"""The poller against a real Dovecot."""

import itertools
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dovecot import PASSWORD, Dovecot, wait_until
from imap_shelf import Shelf
from imapclient import IMAPClient

from maildesk.errors import MaildeskError, Unavailable
from maildesk.mail.envelope import Answer, Envelope
from maildesk.settings import Mailbox
from maildesk.transport.imap import Poller
from maildesk.transport.imap_trouble import LoginRefused

_users = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    dovecot = Dovecot()
    yield dovecot
    dovecot.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def box(server: Dovecot) -> Mailbox:
    return mailbox_on(server)


@pytest.fixture
def running(shelf: Shelf) -> Iterator[list[Poller]]:
    """Pollers that are stopped at the end."""
    pollers: list[Poller] = []
    yield pollers
    for poller in pollers:
        poller.stop(5)
        assert not poller.is_alive


def mailbox_on(server: Dovecot, **changes: object) -> Mailbox:
    plain = Mailbox(
        name="support",
        host="127.0.0.1",
        user=f"user{next(_users)}",
        password=PASSWORD,
        port=server.port,
        tls="none",
        start="all",
        poll_seconds=1,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def mail(subject: object, body: bytes = b"Hello\r\n") -> bytes:
    return b"Return-Path: <ann@shop.example>\r\nFrom: ann@shop.example\r\nSubject: %s\r\n\r\n%s" % (
        str(subject).encode(),
        body,
    )


def human(server: Dovecot, box: Mailbox) -> IMAPClient:
    client = IMAPClient("127.0.0.1", server.port, ssl=False, timeout=30)
    client.login(box.user, PASSWORD)
    client.select_folder(box.folder)
    return client


# --- taking mail ---


def test_mail_is_taken_byte_for_byte_and_moved(server: Dovecot, box: Mailbox, shelf: Shelf) -> None:
    raw = mail("bytes", b"\x01\xff 8bit\r\n.\r\n" * 50)
    server.deliver(box.user, raw)
    assert shelf.poller(box).poll_once() == 1
    [(taken, envelope)] = shelf.received
    assert taken == raw
    assert envelope.reverse_path == "ann@shop.example"
    assert envelope.recipients == ()
    assert envelope.place
    assert (envelope.place.account, envelope.place.folder) == (f"{box.user}@127.0.0.1", "INBOX")
    assert server.count(box.user) == 0
    assert server.mails(box.user, ".Processed") == [raw]


def test_idle_brings_mail_within_two_seconds(
    server: Dovecot, box: Mailbox, shelf: Shelf, running: list[Poller]
) -> None:
    server.deliver(box.user, mail("first"))
    poller = shelf.poller(replace(box, tls="starttls", host="localhost", ca=server.ca))
    running.append(poller)
    poller.start()
    wait_until(lambda: shelf.subjects == ["first"])
    for number in range(3):
        server.deliver(box.user, mail(number))
        wait_until(lambda n=number: str(n) in shelf.subjects, 2, "IDLE brings the mail")
    wait_until(lambda: server.count(box.user, ".Processed") == 4)


def test_mail_is_polled_for_where_there_is_no_idle(
    server: Dovecot, box: Mailbox, shelf: Shelf, running: list[Poller]
) -> None:
    poller = shelf.poller(replace(box, idle_seconds=0, poll_seconds=60))
    running.append(poller)
    poller.start()
    wait_until(lambda: shelf.last_poll(box.account, "INBOX"))
    server.deliver(box.user, mail("later"))
    poller.wake()
    wait_until(lambda: shelf.subjects == ["later"])


def test_new_takes_only_what_arrives_after_first_contact(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    box = replace(box, start="new")
    server.deliver(box.user, mail("old"))
    assert shelf.poller(box).poll_once() == 0
    server.deliver(box.user, mail("new"))
    assert shelf.poller(box).poll_once() == 1
    assert shelf.subjects == ["new"]
    assert server.count(box.user) == 1


def test_archive_marks_what_was_there_before(server: Dovecot, box: Mailbox, shelf: Shelf) -> None:
    box = replace(box, start="archive")
    long_ago = datetime(2020, 2, 2, tzinfo=UTC)
    server.deliver(box.user, mail("old"), arrived_at=long_ago.timestamp())
    shelf.poller(box).poll_once()
    server.deliver(box.user, mail("new"))
    shelf.poller(box).poll_once()
    (_, old), (_, new) = shelf.received
    assert old.is_archive
    assert old.received_at == long_ago
    assert not new.is_archive


def test_old_mail_dragged_in_is_received_when_it_was_first_seen(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    poller = shelf.poller(box)
    poller.poll_once()
    polled_at = shelf.last_poll(box.account, "INBOX")
    server.deliver(box.user, mail("dragged"), arrived_at=1_500_000_000.0)
    poller.poll_once()
    assert shelf.received[0][1].received_at == polled_at


def test_stored_mail_still_in_the_inbox_is_only_moved(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    server.deliver(box.user, mail("once"))
    shelf.poller(box).poll_once()
    with human(server, box) as client:
        validity = client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
    server.deliver(box.user, mail("twice"))
    (shelf.folder / "mails" / f"{box.account}-INBOX-{validity}-2").write_bytes(mail("twice"))
    assert shelf.poller(box).poll_once() == 0
    assert server.count(box.user) == 0
    assert shelf.subjects == ["once"]


def test_mail_that_cannot_be_stored_stays_and_comes_again(
    server: Dovecot, box: Mailbox, shelf: Shelf, running: list[Poller]
) -> None:
    shelf.answer = Answer(452, "4.3.1", "disk full")
    server.deliver(box.user, mail("patient"))
    poller = shelf.poller(box)
    with pytest.raises(Unavailable, match="disk full"):
        poller.poll_once()
    assert server.count(box.user) == 1
    shelf.answer = Answer(250, "2.0.0", "kept")
    assert poller.poll_once() == 1
    assert server.count(box.user) == 0


def test_mail_that_is_refused_for_good_stays_and_is_told_once(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    shelf.answer = Answer(554, "5.6.0", "no")
    server.deliver(box.user, mail("unwanted"))
    poller = shelf.poller(box)
    assert [poller.poll_once(), poller.poll_once()] == [0, 0]
    assert shelf.subjects == ["unwanted"]
    assert server.count(box.user) == 1
    assert len(shelf.alerts) == 1


def test_five_hundred_mails_through_two_kills_and_humans(
    server: Dovecot, box: Mailbox, shelf: Shelf, running: list[Poller]
) -> None:
    for number in range(500):
        server.deliver(box.user, mail(number))
    with human(server, box) as client:
        client.add_flags([3, 4], [rb"\Seen"])
        client.add_flags([100], [rb"\Deleted"])
        client.uid_expunge([100])
    gone = set(map(str, range(500))) - {subject_of(raw) for raw in server.mails(box.user)}
    assert len(gone) == 1
    poller = shelf.poller(box)
    running.append(poller)
    poller.start()
    for count in (100, 250):
        wait_until(lambda n=count: len(shelf.received) > n, 30)
        server.kill()
        server.start()
    expected = sorted(set(map(str, range(500))) - gone)
    wait_until(lambda: server.count(box.user) == 0, 30, "the INBOX is empty")
    assert shelf.kept == expected
    assert shelf.subjects == expected
    # MOVE copies, then expunges: a server killed in between has both, and moves the mail again.
    assert sorted({subject_of(raw) for raw in server.mails(box.user, ".Processed")}) == expected


def subject_of(raw: bytes) -> str:
    return raw.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()


def test_mail_deleted_between_search_and_fetch_is_no_mail(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    count = 110  # three batches: somebody deletes from the third while the first is stored
    for number in range(count):
        server.deliver(box.user, mail(number))
    keep = shelf.keep

    def keep_while_somebody_deletes(raw: bytes, envelope: Envelope) -> None:
        if envelope.place and envelope.place.uid == 1:
            with human(server, box) as client:
                client.add_flags([105, 106], [rb"\Deleted"])
                client.uid_expunge([105, 106])
        keep(raw, envelope)

    shelf.keep = keep_while_somebody_deletes  # type: ignore[method-assign]
    assert shelf.poller(box).poll_once() == count - 2
    assert b"" not in [raw for raw, _ in shelf.received]
    assert server.count(box.user, ".Processed") == count - 2


def test_new_uidvalidity_takes_new_mail_and_leaves_old(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    box = replace(box, start="new")
    an_hour_ago = time.time() - 3600
    for number in range(3):
        server.deliver(box.user, mail(f"old {number}"), arrived_at=an_hour_ago)
    shelf.poller(box).poll_once()
    server.deliver(box.user, mail("new"), arrived_at=time.time() + 2)
    server.renumber(box.user)
    poller = shelf.poller(box)
    assert [poller.poll_once(), poller.poll_once()] == [1, 0]
    assert shelf.subjects == ["new"]
    assert server.count(box.user) == 3


def test_oversized_mail_gives_its_head_and_stays(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    raw = mail("huge", b"0123456789\r\n" * 50_000)
    server.deliver(box.user, raw)
    server.deliver(box.user, mail("small"))
    poller = shelf.poller(box, message_bytes=100_000)
    assert [poller.poll_once(), poller.poll_once()] == [2, 0]
    [(head, envelope)] = [one for one in shelf.received if one[1].full_size]
    assert envelope.full_size == len(raw)
    assert raw.startswith(head)
    assert 65_536 < len(head) < 200_000
    assert server.mails(box.user) == [raw]
    assert server.count(box.user, ".Processed") == 1


def test_mail_that_a_human_flagged_as_deleted_is_left_alone(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    server.deliver(box.user, mail("deleted"))
    with human(server, box) as client:
        client.add_flags([1], [rb"\Deleted"])
    assert shelf.poller(box).poll_once() == 0
    assert server.count(box.user) == 1


# --- stopping, dying, sleeping ---


def test_stop_ends_idle_at_once(server: Dovecot, box: Mailbox, shelf: Shelf) -> None:
    poller = shelf.poller(box)
    poller.start()
    wait_until(lambda: shelf.last_poll(box.account, "INBOX"))
    began = time.monotonic()
    poller.stop(5)
    assert not poller.is_alive
    assert time.monotonic() - began < 2


def test_stop_ends_a_read_from_a_server_that_hangs(
    server: Dovecot, box: Mailbox, shelf: Shelf
) -> None:
    poller = shelf.poller(replace(box, idle_seconds=1))
    poller.start()
    wait_until(lambda: shelf.last_poll(box.account, "INBOX"))
    server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        poller.stop(3)
        assert not poller.is_alive
        assert time.monotonic() - began < 3
    finally:
        server.signal(signal.SIGCONT)


def test_server_killed_during_idle_costs_no_cpu_and_no_mail(
    server: Dovecot, box: Mailbox, shelf: Shelf, running: list[Poller]
) -> None:
    poller = shelf.poller(box)
    running.append(poller)
    poller.start()
    wait_until(lambda: shelf.last_poll(box.account, "INBOX"))
    server.kill()
    try:
        spent, began = time.process_time(), time.monotonic()
        wait_until(lambda: len(shelf.alerts) == 1, 30, "alert after three failures")
        spent, waited = time.process_time() - spent, time.monotonic() - began
    finally:
        server.deliver(box.user, mail("meanwhile"))
        server.start()
    assert spent < 0.2 * waited + 0.1  # a busy loop takes all of it
    assert shelf.alerts[0][1].endswith("connection refused")
    wait_until(lambda: shelf.subjects == ["meanwhile"])
    wait_until(lambda: not poller.trouble())


# --- who is there ---


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_own_authority_is_trusted(server: Dovecot, box: Mailbox, shelf: Shelf, tls: str) -> None:
    port = server.tls_port if tls == "implicit" else server.port
    server.deliver(box.user, mail("safe"))
    box = replace(box, tls=tls, port=port, host="localhost", ca=server.ca)
    assert shelf.poller(box).poll_once() == 1


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize(
    ("host", "is_known", "words"),
    [
        ("127.0.0.1", True, "IP address mismatch"),
        ("localhost", False, "unable to get local issuer"),
    ],
    ids=["wrong-name", "unknown-authority"],
)
def test_wrong_certificate_is_refused(
    server: Dovecot, box: Mailbox, shelf: Shelf, tls: str, host: str, is_known: bool, words: str
) -> None:
    port = server.tls_port if tls == "implicit" else server.port
    ca = server.ca if is_known else None
    with pytest.raises(Unavailable, match=f"certificate is not accepted: .*{words}") as caught:
        shelf.poller(replace(box, tls=tls, port=port, host=host, ca=ca)).poll_once()
    assert "\n" not in caught.value.text
    assert f"user=<{box.user}>" not in server.log


def test_wrong_password_is_told_without_the_password(
    server: Dovecot, box: Mailbox, shelf: Shelf, running: list[Poller]
) -> None:
    box = replace(box, password="tr0ub4dor")
    with pytest.raises(LoginRefused) as caught:
        shelf.poller(box).poll_once()
    assert caught.value.text.endswith("Authentication failed.")
    assert "tr0ub4dor" not in caught.value.text
    poller = shelf.poller(box)
    running.append(poller)
    poller.start()
    wait_until(lambda: len(shelf.alerts) == 1)
    poller.wake()  # nobody may hurry it now
    poller.stop(2)
    assert server.log.count(f"({box.user},127.0.0.1") > 0
    assert server.log.count(f"FAIL\t1\tuser={box.user}\n") <= 4


def test_password_beyond_ascii_is_sent(server: Dovecot, box: Mailbox, shelf: Shelf) -> None:
    with pytest.raises(LoginRefused, match="Authentication failed"):
        shelf.poller(replace(box, password="pässwörd")).poll_once()
    server.deliver("ann lee", mail("space"))
    with pytest.raises(MaildeskError):  # Dovecot allows no space in a name; the dialog stays whole
        shelf.poller(replace(box, user="ann lee")).poll_once()


def test_unreachable_server_is_told_in_one_line(box: Mailbox, shelf: Shelf) -> None:
    with pytest.raises(Unavailable, match=r"^127\.0\.0\.1:1: connection refused$"):
        shelf.poller(replace(box, port=1)).poll_once()
    with pytest.raises(Unavailable, match="no such host"):
        shelf.poller(replace(box, host="mail.invalid")).poll_once()


# --- servers that can or allow less ---


@pytest.mark.parametrize(
    ("capability", "is_left"),
    [("IMAP4rev1 UIDPLUS", False), ("IMAP4rev1", True)],
    ids=["uid-expunge", "flag-only"],
)
def test_without_move_mail_is_copied_and_nobody_elses_expunged(
    shelf: Shelf, capability: str, is_left: bool
) -> None:
    server = Dovecot(capability=capability)
    try:
        box = mailbox_on(server)
        for number in range(3):
            server.deliver(box.user, mail(number))
        with human(server, box) as client:
            client.add_flags([2], [rb"\Deleted"])
        poller = shelf.poller(box)
        assert [poller.poll_once(), poller.poll_once()] == [2, 0]
        with human(server, box) as client:
            assert client.search(["ALL"]) == ([1, 2, 3] if is_left else [2])
        assert server.count(box.user, ".Processed") == 2
    finally:
        server.close()


def test_folder_prefix_and_delimiter_of_the_server_are_used(shelf: Shelf) -> None:
    server = Dovecot(prefix="INBOX.")
    try:
        box = mailbox_on(server, processed="Desk/Bearbeitet Ü")
        server.deliver(box.user, mail("prefixed"))
        assert shelf.poller(box).poll_once() == 1
        with human(server, box) as client:
            moved = client.folder_status("INBOX.Desk.Bearbeitet Ü", ["MESSAGES"])
        assert moved == {b"MESSAGES": 1}
    finally:
        server.close()


def test_mail_stays_where_no_folder_may_be_created(shelf: Shelf) -> None:
    server = Dovecot(extra="mail_plugins = acl\nplugin {\n  acl = vfile:$base/acl\n}\n")
    try:
        (server.base / "acl").write_text("* owner lrwstipe\n")  # no k: may create nothing
        box = mailbox_on(server)
        for number in range(2):
            server.deliver(box.user, mail(number))
        poller = shelf.poller(box)
        assert [poller.poll_once(), poller.poll_once()] == [2, 0]
        server.deliver(box.user, mail(2))
        assert shelf.poller(box).poll_once() == 1
        assert shelf.subjects == ["0", "1", "2"]
        assert server.count(box.user) == 3
        assert len(shelf.alerts) == 2  # one for each poller's life
        assert "cannot be created" in shelf.alerts[0][1]
    finally:
        server.close()
