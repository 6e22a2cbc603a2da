"""What goes wrong with a mailbox, in one line for people, and how long to wait then."""

import random
import re
import socket
import ssl
from collections.abc import Callable

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from maildesk.errors import MaildeskError, Unavailable
from maildesk.settings import Mailbox

LOGIN_PAUSE_SECONDS = 450  # with the first three: 10 log-ins an hour, below what providers lock at
PATIENT_LOGINS = 3
LONGEST_OBEYED_SECONDS = 86_400

# RFC 5530 section 3 and RFC 9051 section 7.1: the server may well agree later.
_PASSING = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|OVERQUOTA|SERVERBUG|THROTTLED|EXPUNGEISSUED)\]"
    r"|throttled|backoff|too many|try again|temporar",
    re.IGNORECASE,
)
# Microsoft 365: "Request is throttled. Suggested Backoff Time: 51234 milliseconds".
_BACKOFF = re.compile(r"Suggested Backoff Time:\s*(\d{1,12})\s*(ms|milli|s|sec)?", re.IGNORECASE)


class LoginRefused(Unavailable):
    """The server does not accept the user or the password."""


class Throttled(Unavailable):
    """The server asks us to stay away for `pause_seconds`."""

    def __init__(self, text: str, pause_seconds: float) -> None:
        super().__init__(text)
        self.pause_seconds = pause_seconds


class Refused(Unavailable):
    """The server does not permit what we asked: asking again would change nothing."""


def is_passing(words: str) -> bool:
    """Say whether a refusal in these words may end by itself."""
    return bool(_PASSING.search(words))


def suggested_seconds(words: str) -> float | None:
    """Return for how long the server asks us to stay away; None if it does not."""
    found = _BACKOFF.search(words)
    if found:
        count, unit = int(found[1]), (found[2] or "ms").lower()
        return min(count if unit in ("s", "sec") else count / 1000, LONGEST_OBEYED_SECONDS)
    return 0.0 if "[throttled]" in words.lower() else None


def clean(words: object) -> str:
    """Return the server's words on one line; imaplib gives bytes, or the repr of bytes."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    text = re.sub(r"\bb(['\"])(.*?)\1", r"\2", text)
    return "".join(c if c.isprintable() else " " for c in text).strip()[:300]


def name_trouble(error: Exception, mailbox: Mailbox) -> MaildeskError:
    """Return `error` as one of ours: one line, the server named, never the password."""
    if isinstance(error, MaildeskError):
        return error
    words = _words(error)
    if mailbox.password:
        words = words.replace(mailbox.password, "***")
    text = f"{mailbox.host}:{mailbox.port}: {words}"
    pause = suggested_seconds(words)
    if pause is not None:
        return Throttled(text, pause)
    is_refused = isinstance(error, LoginError) and not isinstance(
        error.__context__, IMAPClientAbortError
    )
    if is_refused and not is_passing(words):
        return LoginRefused(f"{mailbox.host}:{mailbox.port}: {mailbox.user}: {words}")
    return Unavailable(text)


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return _network_words(error)
    if isinstance(error, IMAPClientError):
        return clean(error.args[0] if error.args else error)
    return f"unexpected {type(error).__name__}: {clean(error)}"


def _network_words(error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the certificate is not accepted: {error.verify_message}"
        case ssl.SSLError():
            reason = getattr(error, "reason", None) or clean(error)  # Python's own have none
            is_plain = "WRONG_VERSION" in reason
            hint = " (is TLS spoken on this port from the start?)" if is_plain else ""
            return f"TLS failed: {reason}{hint}"
        case socket.gaierror():
            return f"no such host: {error.strerror}"
        case TimeoutError() if error.errno is None:
            return "no answer in time"
        case _:
            return (error.strerror or clean(error)).lower()


class Backoff:
    """How long to stay away after failures in a row: doubling, with jitter, up to a longest."""

    def __init__(self, longest_seconds: float, chance: Callable[[], float] = random.random) -> None:
        self._longest_seconds = longest_seconds
        self._chance = chance
        self.failures = 0
        self._refused_logins = 0

    def reset(self) -> None:
        """Forget the failures."""
        self.failures = self._refused_logins = 0

    def pause_after(self, error: MaildeskError) -> float:
        """Count a failure; return the seconds to wait."""
        self.failures += 1
        pause = min(2.0 ** min(self.failures - 1, 30), self._longest_seconds)
        pause *= 1 - self._chance() / 4
        return max(pause, self._floor(error) * (1 + self._chance() / 10))

    def _floor(self, error: MaildeskError) -> float:
        if isinstance(error, Throttled):
            return error.pause_seconds
        if isinstance(error, LoginRefused):
            self._refused_logins += 1
            return LOGIN_PAUSE_SECONDS if self._refused_logins >= PATIENT_LOGINS else 0.0
        return 0.0
