"""How the poller names what goes wrong, and how long it stays away."""

import socket
import ssl

import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from maildesk.errors import MaildeskError, Unavailable
from maildesk.settings import Mailbox
from maildesk.transport.imap_collect import reverse_path
from maildesk.transport.imap_trouble import (
    Backoff,
    LoginRefused,
    Throttled,
    clean,
    is_passing,
    name_trouble,
    suggested_seconds,
)

BOX = Mailbox("support", "imap.desk.example", "desk", "s3cret")


def pauses(
    error: MaildeskError, count: int, *, chance: float, longest: float = 1800
) -> list[float]:
    backoff = Backoff(longest, lambda: chance)
    return [backoff.pause_after(error) for _ in range(count)]


def test_pauses_double_up_to_the_longest() -> None:
    assert pauses(Unavailable("x"), 13, chance=0)[:4] == [1, 2, 4, 8]
    assert pauses(Unavailable("x"), 13, chance=0)[-2:] == [1800, 1800]


def test_pauses_are_spread_so_that_pollers_do_not_come_back_together() -> None:
    assert pauses(Unavailable("x"), 3, chance=1) == [0.75, 1.5, 3]


@pytest.mark.parametrize("longest", [1, 60, 1800])
def test_refused_logins_stay_below_ten_an_hour(longest: float) -> None:
    at, logins = 0.0, 1
    for pause in pauses(LoginRefused("no"), 20, chance=0, longest=longest):
        at += pause
        logins += at < 3600
    assert logins <= 10


def test_server_is_obeyed_beyond_our_longest_pause() -> None:
    assert min(pauses(Throttled("x", 4000), 3, chance=0)) == 4000


def test_success_forgets_the_failures() -> None:
    backoff = Backoff(1800, lambda: 0)
    for _ in range(5):
        backoff.pause_after(LoginRefused("no"))
    backoff.reset()
    assert backoff.pause_after(LoginRefused("no")) == 1


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299963 milliseconds", 299.963),
        ("SUGGESTED BACKOFF TIME: 5 s", 5),
        ("Suggested Backoff Time: 999999999999 milliseconds", 86_400),
        ("[THROTTLED] please slow down", 0),
        ("Backoff", None),
    ],
)
def test_suggested_pause_is_read(words: str, seconds: float | None) -> None:
    assert suggested_seconds(words) == seconds


def login_error(cause: Exception) -> LoginError:
    try:
        try:
            raise cause
        except IMAPClientError as error:
            raise LoginError(str(error))  # noqa: B904 - as imapclient does it
    except LoginError as error:
        return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (login_error(IMAPClientError("b'[AUTHENTICATIONFAILED] no'")), LoginRefused),
        (login_error(IMAPClientError("b'[UNAVAILABLE] later'")), Unavailable),
        (login_error(IMAPClientError("b'Too many simultaneous connections'")), Unavailable),
        (login_error(IMAPClientAbortError("socket error: EOF")), Unavailable),
        (login_error(IMAPClientError("[THROTTLED] no")), Throttled),
    ],
    ids=["password", "unavailable", "too-many", "cut", "throttled"],
)
def test_refused_password_is_told_from_passing_trouble(
    error: Exception, kind: type[MaildeskError]
) -> None:
    assert type(name_trouble(error, BOX)) is kind


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (TimeoutError("timed out"), "no answer in time"),
        (TimeoutError(110, "Connection timed out"), "connection timed out"),
        (socket.gaierror(-2, "Name or service not known"), "no such host: Name or service"),
        (ssl.SSLError(1, "[SSL: BAD] bad"), "TLS failed: "),
        (KeyError("EXISTS"), "unexpected KeyError: "),
        (IMAPClientError(b"two\r\nlines"), "two  lines"),
        (IMAPClientError("LOGIN desk s3cret"), "LOGIN desk ***"),
    ],
)
def test_trouble_is_one_line_that_names_the_server(error: Exception, words: str) -> None:
    text = str(name_trouble(error, BOX))
    assert text.startswith(f"imap.desk.example:993: {words}")
    assert "\n" not in text


def test_servers_words_lose_pythons_quotes() -> None:
    assert clean("b'[NOPERM] no \x1b[31mred'") == "[NOPERM] no  [31mred"


@pytest.mark.parametrize("words", ["[INUSE] x", "Server busy, try again", "[SERVERBUG] y"])
def test_passing_refusals_are_known(words: str) -> None:
    assert is_passing(words)
    assert not is_passing("[NOPERM] Permission denied")


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"Return-Path: <ann@shop.example>\r\nFrom: x\r\n\r\nhi", "ann@shop.example"),
        (b"Received: y\r\nreturn-path:\t<Ann@shop.example>\r\n\r\n", "Ann@shop.example"),
        (b"Return-Path: <>\r\n\r\n", ""),
        (b"From: x\r\n\r\nReturn-Path: <evil@body.example>\r\n", None),
        (b"Return-Path: <first@a.example>\nReturn-Path: <second@b.example>\n\n", "first@a.example"),
        (b"", None),
    ],
    ids=["plain", "lower", "null", "body", "two", "empty"],
)
def test_reverse_path_is_the_topmost_return_path(raw: bytes, path: str | None) -> None:
    assert reverse_path(raw) == path
