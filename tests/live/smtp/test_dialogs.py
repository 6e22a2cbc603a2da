"""Plays the dialogs of tests/dialogs against a listener.

listen: [lmtp] [trusted] [tls] [limits name=number ...]    what the listener is like
C: a line that the client sends           S: a line of the server, * for anything
R: bytes as they are, with \\r \\n \\x00    S: <closed>
L: word N   a line of the word, a blank and N letters       T: the client turns to TLS
"""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from maildesk.settings import Limits

DIALOGS = sorted((Path(__file__).parents[2] / "dialogs").glob("*.txt"))


def options_of(words):
    limits = dict(word.split("=") for word in words if "=" in word)
    return {
        "protocol": "lmtp" if "lmtp" in words else "smtp",
        "is_trusted": "trusted" in words,
        "limits": Limits(**{name: int(number) for name, number in limits.items()}),
    }


def raw_of(kind, text):
    if kind == "R":
        return text.encode("latin-1").decode("unicode_escape").encode("latin-1")
    if kind == "L":
        word, length = text.split()
        return f"{word} {'x' * int(length)}\r\n".encode()
    return text.encode() + b"\r\n"


@pytest.mark.parametrize("dialog", DIALOGS, ids=lambda path: path.stem)
def test_dialog(dialog, open_listener, connect, certificate, authority):
    lines = dialog.read_text("utf-8").splitlines()
    words = next((line for line in lines if line.startswith("listen:")), "").split()
    tls = certificate if "tls" in words else None
    peer = connect(open_listener(tls=tls, **options_of(words)))
    for number, line in enumerate(lines, 1):
        kind, colon, text = line.partition(":")
        text = text.removeprefix(" ")
        if not colon or kind in ("#", "listen") or line.startswith("#"):
            continue
        if kind == "S":
            said = peer.line() or "<closed>"
            assert fnmatchcase(said, text), f"{dialog.name}:{number}: {said}"
        elif kind == "T":
            peer.turn_to_tls(authority)
        else:
            peer.send(raw_of(kind, text))


def test_there_are_dialogs():
    assert DIALOGS
