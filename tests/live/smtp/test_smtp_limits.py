import socket
import threading
import time

import pytest

from maildesk.mail.envelope import Answer
from maildesk.settings import Endpoint, Limits

MAIL = b"Subject: x\r\n\r\nx\r\n"


def greeted(peer):
    assert peer.reply().startswith("220 ")
    return peer


def test_connections_over_the_limit_are_told_to_come_back(open_listener, connect, eventually):
    listener = open_listener(limits=Limits(connections=2), is_trusted=True)
    first, _ = greeted(connect(listener)), greeted(connect(listener))
    refused = connect(listener)
    assert refused.line().startswith("421 4.3.2")
    assert refused.line() == ""
    assert listener.connections == 2
    first.close()
    eventually(lambda: listener.connections == 1)
    greeted(connect(listener))


def test_one_stranger_gets_only_so_many_connections(open_listener, connect):
    listener = open_listener(limits=Limits(connections_per_peer=2))
    for _ in range(2):
        greeted(connect(listener))
    assert connect(listener).line().startswith("421 4.7.0")


def test_a_trusted_peer_may_have_many_connections(open_listener, connect):
    listener = open_listener(limits=Limits(connections_per_peer=1), is_trusted=True)
    for _ in range(4):
        greeted(connect(listener))


@pytest.mark.parametrize("is_trusted", [True, False])
def test_an_idle_peer_is_sent_away(open_listener, connect, eventually, is_trusted):
    listener = open_listener(limits=Limits(idle_seconds=0.1), is_trusted=is_trusted)
    peer = greeted(connect(listener))
    assert peer.line().startswith("421 4.4.2")
    assert peer.line() == ""
    eventually(lambda: listener.connections == 0)


def keep_sending(peer, raw):
    """Send a little again and again until the connection ends; return what was said last."""
    peer.socket.settimeout(0.02)
    deadline, said = time.monotonic() + 5, ""
    while time.monotonic() < deadline:
        try:
            peer.send(raw)
            if not (line := peer.line()):
                return said
            said = line
        except TimeoutError:
            continue
        except ConnectionError:
            return said
    raise AssertionError("the session goes on and on")


def test_a_strangers_session_ends_however_busy_it_is(open_listener, connect):
    listener = open_listener(limits=Limits(session_minutes=0.2 / 60))
    assert keep_sending(greeted(connect(listener)), b"NOOP\r\n").startswith("421 4.4.2")


def test_a_mail_that_trickles_in_is_cut_off(open_listener, connect, inbox):
    listener = open_listener(limits=Limits(data_minutes=0.2 / 60), is_trusted=True)
    peer = connect(listener)
    peer.begin()
    assert keep_sending(peer, b"x").startswith("421 4.4.2")
    assert inbox.mails == []


def test_a_peer_is_not_to_blame_for_a_slow_disk(open_listener, connect, inbox):
    may_store = threading.Event()

    def store():
        may_store.wait(5)
        return Answer(250, "2.6.0", "Stored")

    inbox.answer = store
    limits = Limits(idle_seconds=0.1, session_minutes=0.1 / 60, data_minutes=0.1 / 60)
    listener = open_listener(limits=limits)
    peer = connect(listener)
    peer.begin()
    peer.send(MAIL + b".\r\n")
    idle = greeted(connect(listener))
    assert idle.line().startswith("421 4.4.2"), "longer than any limit has passed"
    may_store.set()
    assert peer.line() == "250 2.6.0 Stored"


def test_a_peer_that_reads_nothing_is_cut_off(open_listener, connect, eventually):
    listener = open_listener(limits=Limits(idle_seconds=0.2), is_trusted=True)
    peer = greeted(connect(listener))  # a talker before the greeting is drained instead
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.socket.settimeout(0.5)
    with pytest.raises(OSError, match=r"timed out|reset|Broken pipe"):
        peer.send(b"EHLO x\r\n" * 10_000_000)
    eventually(lambda: listener.connections == 0)


def test_stop_sends_idle_peers_away_and_lets_mails_finish(
    open_listener, connect, inbox, eventually
):
    listener = open_listener()
    idle, sending = greeted(connect(listener)), connect(listener)
    sending.begin()
    sending.send(b"Subject: x\r\n")
    stopping = threading.Thread(target=listener.stop, args=(5,))
    stopping.start()
    assert idle.line().startswith("421 4.3.2")
    assert idle.line() == ""
    assert stopping.is_alive()
    sending.send(b"\r\nx\r\n.\r\n")
    assert sending.line() == "250 2.6.0 Stored"
    assert sending.line().startswith("421 4.3.2")
    assert sending.line() == ""
    stopping.join(5)
    assert not stopping.is_alive()
    assert not listener.is_alive
    assert len(inbox.mails) == 1
    with pytest.raises(ConnectionRefusedError):
        connect(listener)


def test_stop_does_not_wait_for_ever(open_listener, connect, inbox):
    listener = open_listener()
    peer = connect(listener)
    peer.begin()
    began_at = time.monotonic()
    listener.stop(0.5)
    assert time.monotonic() - began_at < 3
    assert peer.line().startswith("421 4.3.2")
    assert inbox.mails == []


def test_a_mail_that_is_still_being_stored_does_not_hold_up_the_stop(
    open_listener, connect, inbox, eventually
):
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
    listener.stop(0.2)
    assert peer.line().startswith("421 4.3.2"), "it may come again, and is then known"
    may_store.set()
    assert is_stored.wait(5)


def test_a_listener_can_be_stopped_twice_or_before_it_starts(open_listener):
    listener = open_listener()
    assert listener.is_alive
    listener.stop(1)
    listener.stop(1)


def test_the_endpoint_is_the_one_that_was_bound(open_listener):
    listener = open_listener(endpoint=Endpoint("localhost", 0))
    assert listener.endpoint.host == "localhost"
    assert listener.endpoint.port > 0
