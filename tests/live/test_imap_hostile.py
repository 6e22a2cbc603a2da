"""The poller against servers that misbehave, and connections that break."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from dovecot import PASSWORD, Dovecot, wait_until
from imap_script import LISTED, RAW, CuttingProxy, Reply, ScriptedServer
from imap_shelf import Shelf

from maildesk.errors import Permanent, Unavailable
from maildesk.settings import Mailbox
from maildesk.transport.imap_trouble import LoginRefused, Throttled


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def mailbox(port: int, *, tls: str = "none", ca: Path | None = None, **more: object) -> Mailbox:
    return Mailbox(
        name="support",
        host="localhost",
        user="desk",
        password="s3cret",
        port=port,
        tls=tls,
        ca=ca,
        start="all",
        **more,  # type: ignore[arg-type]
    )


def poll(shelf: Shelf, server: ScriptedServer, **more: object) -> int:
    return shelf.poller(mailbox(server.port, **more)).poll_once()  # type: ignore[arg-type]


def test_script_of_a_good_server_is_followed(shelf: Shelf) -> None:
    with ScriptedServer() as server:
        assert poll(shelf, server) == 1
    assert shelf.received[0][0] == RAW
    assert server.heard[-1] == "LOGOUT"
    assert server.commands("UID MOVE") == ['UID MOVE 1 "Processed"']


# --- before the password is sent ---


@pytest.mark.parametrize(
    ("replies", "greeting", "words"),
    [
        ({}, b"* OK ready\r\n", "STARTTLS"),
        ({}, b"* PREAUTH welcome\r\n", "logged in before"),
        (
            {
                "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n$ OK -\r\n",
                "STARTTLS": b"$ NO -\r\n",
            },
            b"* OK ready\r\n",
            "STARTTLS refused",
        ),
        (
            {
                "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n$ OK -\r\n",
                "STARTTLS": b"$ OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
            },
            b"* OK ready\r\n",
            "behind STARTTLS",
        ),
        ({}, b"* BYE too busy\r\n", "too busy"),
        ({}, b"SSH-2.0-OpenSSH_9\r\n", "unexpected response"),
    ],
    ids=["no-starttls", "preauth", "refused", "injected", "bye", "not-imap"],
)
def test_starttls_fails_closed(
    shelf: Shelf, replies: dict[str, Reply], greeting: bytes, words: str
) -> None:
    with ScriptedServer(replies, greeting=greeting) as server:
        with pytest.raises(Unavailable, match=words):
            poll(shelf, server, tls="starttls")
        assert not server.commands("LOGIN")
        assert not [line for line in server.heard if "s3cret" in line]


def test_no_byte_of_the_password_goes_to_an_expired_certificate(
    shelf: Shelf, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old = datetime(2020, 1, 1, tzinfo=UTC)
    authority.issue_cert("localhost", not_after=old).configure_cert(context)
    with ScriptedServer(tls=context) as server:
        with pytest.raises(Unavailable, match="certificate has expired"):
            poll(shelf, server, tls="implicit", ca=tmp_path / "ca.pem")
        assert not server.heard


def test_tls_spoken_to_a_plain_port_is_told(shelf: Shelf) -> None:
    with (
        ScriptedServer() as server,
        pytest.raises(Unavailable, match=r"TLS failed: .*from the start"),
    ):
        poll(shelf, server, tls="implicit")


@pytest.mark.parametrize("password", ["two\r\nlines", "nul\0"])
def test_password_cannot_smuggle_a_command(shelf: Shelf, password: str) -> None:
    with ScriptedServer() as server:
        box = replace(mailbox(server.port), password=password)
        with pytest.raises(Permanent, match="control character"):
            shelf.poller(box).poll_once()
        assert not server.commands("LOGIN")


def test_server_that_echoes_the_password_does_not_put_it_in_our_words(shelf: Shelf) -> None:
    reply = b"$ BAD what is LOGIN desk s3cret\r\n"
    with ScriptedServer({"LOGIN": reply}) as server, pytest.raises(LoginRefused) as caught:
        poll(shelf, server)
    assert "s3cret" not in caught.value.text


def test_login_is_not_tried_where_it_is_disabled(shelf: Shelf) -> None:
    capability = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n$ OK -\r\n"
    with ScriptedServer({"CAPABILITY": capability}) as server:
        with pytest.raises(LoginRefused, match="does not take passwords"):
            poll(shelf, server)
        assert not server.commands("LOGIN")


# --- too much, too little ---


@pytest.mark.parametrize(
    "reply",
    [
        b"* 1 FETCH (UID 1 BODY[] {99000000000}\r\n",
        b"* 1 FETCH (UID 1 BODY[] {%s}\r\n" % (b"9" * 5000),
        b"* 1 FETCH " + b"(" * 100_000 + b"\r\n$ OK -\r\n",
        b'* 1 FETCH (UID 1 BODY[] "no end\r\n$ OK -\r\n',
        b"* " + b"x" * 40_000_000,
        b"* 1 FETCH (UID 1 BODY[] {20}\r\nshort",
    ],
    ids=["99-GB", "many-digits", "deep", "unclosed", "long-line", "stalled-in-literal"],
)
def test_bombs_end_the_connection_only(
    shelf: Shelf, reply: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildesk.transport.imap_connection.TIMEOUT.read", 0.5)
    with ScriptedServer({"UID FETCH BODY": reply}) as server, pytest.raises(Unavailable) as caught:
        poll(shelf, server)
    assert "\n" not in caught.value.text
    assert len(caught.value.text) < 400
    assert not shelf.received


def test_mail_that_cannot_be_fetched_is_set_aside_and_the_next_flows(shelf: Shelf) -> None:
    sizes = b"".join(b"* %d FETCH (UID %d RFC822.SIZE 28)\r\n" % (uid, uid) for uid in (1, 2, 3))
    bodies: list[str] = []

    def body() -> bytes:
        wanted = server.heard[-1].split()[2]
        bodies.append(wanted)
        if "2" in wanted.split(","):
            return b"* BYE internal error\r\n"
        return b"* %s FETCH (UID %s BODY[] {%d}\r\n%s)\r\n$ OK -\r\n" % (
            wanted.encode(),
            wanted.encode(),
            len(RAW),
            RAW,
        )

    replies: dict[str, Reply] = {
        "UID SEARCH": b"* SEARCH 1 2 3\r\n$ OK -\r\n",
        "UID FETCH SIZE": sizes + b"$ OK -\r\n",
        "UID FETCH BODY": body,
    }
    with ScriptedServer(replies) as server:
        poller = shelf.poller(mailbox(server.port))
        for _ in range(3):
            with pytest.raises(Unavailable):
                poller.poll_once()
        poller.poll_once()
    assert bodies == ["1,2,3", "1", "2", "2", "3"]
    assert len(shelf.received) == 2
    assert "mail 2 cannot be fetched" in shelf.alerts[0][0]


@pytest.mark.parametrize("validity", [b"", b"* OK [UIDVALIDITY 0] -\r\n"], ids=["missing", "zero"])
def test_mail_without_uidvalidity_is_taken(shelf: Shelf, validity: bytes) -> None:
    select = b"* 1 EXISTS\r\n%s$ OK [READ-WRITE] -\r\n" % validity
    with ScriptedServer({"SELECT": select}) as server:
        assert poll(shelf, server) == 1
        assert server.commands("UID MOVE")
    assert shelf.received[0][1].place is None


def test_last_mail_that_n_star_always_names_is_not_new(shelf: Shelf) -> None:
    with ScriptedServer() as server:
        box = mailbox(server.port)
        poller = shelf.poller(box)
        poller._collector.begin = lambda: None  # type: ignore[method-assign]  # as in one session
        assert [poller.poll_once(), poller.poll_once()] == [1, 0]
        assert len(server.commands("UID FETCH")) == 2


def test_flags_that_arrive_unasked_are_no_mail(shelf: Shelf) -> None:
    flags = b"* 1 FETCH (FLAGS (\\Seen))\r\n* 9 FETCH (UID 9 FLAGS ())\r\n"
    replies: dict[str, Reply] = {
        "UID FETCH SIZE": flags + LISTED % len(RAW),
        "UID FETCH BODY": flags + b"* 1 FETCH (UID 1 BODY[] NIL)\r\n$ OK -\r\n",
    }
    with ScriptedServer(replies) as server:
        assert poll(shelf, server) == 0
    assert not shelf.received


# --- asked to stay away ---


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (b"$ NO Request is throttled. Suggested Backoff Time: 51234 milliseconds\r\n", 51.234),
        (b"$ NO [THROTTLED] slow down\r\n", 0.0),
        (b"* BYE Request is throttled. Suggested Backoff Time: 2000 Milliseconds\r\n", 2.0),
    ],
    ids=["no", "code", "bye"],
)
@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "UID SEARCH"])
def test_throttling_is_understood_wherever_it_is_said(
    shelf: Shelf, command: str, reply: bytes, seconds: float
) -> None:
    with ScriptedServer({command: reply}) as server, pytest.raises(Throttled) as caught:
        poll(shelf, server)
    assert caught.value.pause_seconds == seconds


def test_poller_stays_away_as_long_as_it_is_asked_to(shelf: Shelf) -> None:
    reply = b"$ NO Request is throttled. Suggested Backoff Time: 600000 milliseconds\r\n"
    with ScriptedServer({"SELECT": reply}) as server:
        poller = shelf.poller(mailbox(server.port))
        poller.start()
        wait_until(poller.trouble)
        poller.wake()
        began = poller.progressed_at
        wait_until(lambda: poller.progressed_at > began + 1, 30, "the pause goes on")
        assert server.connections == 1
        poller.stop(3)
        assert not poller.is_alive


def test_quota_in_the_processed_folder_leaves_mail_in_place(shelf: Shelf) -> None:
    with ScriptedServer({"UID MOVE": b"$ NO [OVERQUOTA] full\r\n"}) as server:
        poller = shelf.poller(mailbox(server.port))
        assert [poller.poll_once(), poller.poll_once()] == [1, 0]
        assert len(server.commands("UID MOVE")) == 1
    assert len(shelf.alerts) == 1


def test_passing_failure_of_the_move_is_tried_again(shelf: Shelf) -> None:
    answers = [b"$ NO [UNAVAILABLE] later\r\n", b"$ OK -\r\n"]
    with ScriptedServer({"UID MOVE": lambda: answers.pop(0)}) as server:
        poller = shelf.poller(mailbox(server.port))
        with pytest.raises(Unavailable, match="later"):
            poller.poll_once()
        assert poller.poll_once() == 0
        assert not answers
    assert len(shelf.received) == 1


# --- idle ---


def test_connection_that_dies_in_idle_is_noticed_at_once(shelf: Shelf) -> None:
    capability = b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS IDLE\r\n$ OK -\r\n"
    idle = b"* 2 EXISTS\r\n+ idling\r\n* BYE gone\r\n"
    with ScriptedServer({"CAPABILITY": capability, "IDLE": idle, "DONE": b"$ OK -\r\n"}) as server:
        poller = shelf.poller(mailbox(server.port))
        poller.start()
        wait_until(lambda: server.connections >= 2)
        poller.stop(3)
        assert not poller.is_alive


# --- broken connections, real server ---


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.close()


def test_cut_in_the_middle_of_a_literal_loses_and_doubles_nothing(
    dovecot: Dovecot, shelf: Shelf
) -> None:
    raws = [b"Subject: %03d\r\n\r\n%s\r\n" % (n, b"x" * 3000) for n in range(30)]
    for raw in raws:
        dovecot.deliver("cut", raw)
    cuts: list[int | None] = [1500, 4000, 9000, 40_000, 95_000, 99_000, 99_500]
    proxy = CuttingProxy(dovecot.port, cuts)
    box = Mailbox("cut", "127.0.0.1", "cut", PASSWORD, proxy.port, "none", start="all")
    poller = shelf.poller(box)
    try:
        for _ in range(2 * len(cuts)):
            try:
                poller.poll_once()
            except Unavailable:
                continue
        assert proxy.is_used_up
    finally:
        proxy.close()
    assert sorted(raw for raw, _ in shelf.received) == raws
    assert sorted(dovecot.mails("cut", ".Processed")) == raws


CHILD = """
import os, re, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from imap_shelf import ACCEPTED, Shelf
from maildesk.settings import Mailbox
shelf, point = Shelf(Path({folder!r})), {point!r}
box = Mailbox("crash", "127.0.0.1", {user!r}, {password!r}, {port}, "none", start="all")
taken = 0
def receive(raw, envelope):
    global taken
    taken += 1
    if point == "before-commit" and taken > 20: os._exit(9)
    shelf.keep(raw, envelope)
    if point == "after-commit" and taken > 20: os._exit(9)
    return ACCEPTED
shelf.receive = receive
poller = shelf.poller(box)
if point == "before-move":
    from maildesk.transport.imap_session import Session
    Session.move = lambda *_: os._exit(9)
elif point == "after-move":
    from maildesk.transport.imap_session import Session
    move = Session.move
    Session.move = lambda *some: (move(*some), os._exit(9))
taken = poller.poll_once()
# Not ru_maxrss: that one keeps what the parent had before exec.
peak = re.search("VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1]
print(taken, peak)
"""


def in_child(dovecot: Dovecot, folder: Path, user: str, point: str) -> tuple[int, str]:
    """Poll once in a process of its own, which dies at `point`."""
    code = CHILD.format(
        here=str(Path(__file__).parent),
        folder=str(folder),
        user=user,
        password=PASSWORD,
        port=dovecot.port,
        point=point,
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("point", ["before-commit", "after-commit", "before-move", "after-move"])
def test_death_at_any_point_loses_and_doubles_nothing(
    dovecot: Dovecot, shelf: Shelf, point: str
) -> None:
    raws = [b"Subject: %03d\r\n\r\nHello\r\n" % number for number in range(60)]
    for raw in raws:
        dovecot.deliver(point, raw)
    code, _ = in_child(dovecot, shelf.folder, point, point)
    assert code == 9
    box = Mailbox("crash", "127.0.0.1", point, PASSWORD, dovecot.port, "none", start="all")
    shelf.poller(box).poll_once()
    assert dovecot.count(point) == 0
    assert sorted(dovecot.mails(point, ".Processed")) == raws
    assert shelf.kept == [f"{number:03d}" for number in range(60)]


def test_mail_of_35_megabytes_costs_little_memory(dovecot: Dovecot, shelf: Shelf) -> None:
    line = b"0123456789abcdef" * 4 + b"\r\n"
    dovecot.deliver("big", b"Subject: big\r\n\r\n" + line * (35_000_000 // len(line)))
    code, words = in_child(dovecot, shelf.folder, "big", "")
    assert code == 0
    taken, peak_kib = map(int, words.split()[-2:])
    assert taken == 1
    assert peak_kib < 250_000
