"""What travels around a mail: the envelope, and the answer to whoever handed it over.

A transport gets bytes and an `Envelope` and calls one `Receive`; a sender is handed one `Submit`.
RFC 5321 (envelope), RFC 3463 (enhanced status codes).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """The way a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"
    PIPE = "pipe"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lay in an IMAP account; unique in the journal."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """RFC 5321's envelope. An empty `reverse_path` is the null sender, None one that nobody told
    us; `recipients` may be empty where the way in has none (IMAP). `received_at` (aware, UTC) only
    where the transport knows better than the journal's clock. `full_size` is set when only the head
    of an oversized mail was taken. `is_archive`: stored without answers, clocks or notices."""

    source: Source
    reverse_path: str | None = None
    recipients: tuple[str, ...] = ()
    peer: str = ""
    received_at: datetime | None = None
    place: Place | None = None
    full_size: int | None = None
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What whoever handed a mail over is told. `code` is an SMTP reply code."""

    code: int
    status: str
    text: str

    @property
    def is_accepted(self) -> bool:
        """The mail is on stable storage."""
        return 200 <= self.code < 300

    @property
    def is_final(self) -> bool:
        """Handing the same mail over again would change nothing."""
        return not 400 <= self.code < 500

    @property
    def exit_code(self) -> int:
        """0, or EX_TEMPFAIL: any other makes an MTA bounce."""
        return 0 if self.is_accepted else 75

    def __str__(self) -> str:
        return f"{self.code} {self.status} {self.text}"


Receive = Callable[[bytes, Envelope], Answer]


def written_path(path: str | None) -> str | None:
    """Return a reverse-path as an `Envelope` holds it; `<>`, nothing at all and MAILER-DAEMON (as
    Postfix writes it for a pipe) are the null sender, None stays None."""
    if path is None:
        return None
    bare = path.strip().removeprefix("<").removesuffix(">").strip()
    return "" if bare.upper() == "MAILER-DAEMON" else bare


class DeliveryState(StrEnum):
    """What became of one attempt to hand a mail to the next server."""

    SENT = "sent"
    DEFERRED = "deferred"  # 4xx, or not reachable: again later
    FAILED = "failed"  # 5xx: never again
    UNKNOWN = "unknown"  # lost between the final dot and the reply: again, same Message-ID


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The next server's word on one mail to one recipient; `text` is its reply, on one line."""

    state: DeliveryState
    text: str = ""


Submit = Callable[[bytes, Envelope], DeliveryResult]
