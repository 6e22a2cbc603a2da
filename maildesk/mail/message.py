"""The values that mails are read into and written from.

`InboundMail` is all that decisions ever see of a mail that came in; `OutboundMail` is all that
`compose` needs for one that goes out. RFC 5322, RFC 2045.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Self


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `address` as written (`local@domain`); `name` is display text, no proof. Without
    an @ it is nobody's: a field that names people by name alone says no more."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """What addresses are compared by: lower case, the domain as A-label, no trailing dot."""
        return address_key(self.address)

    @property
    def label(self) -> str:
        """How people call the owner: the name, else the address."""
        return self.name or self.address


@lru_cache(maxsize=1024)  # asked for the same few addresses forty times a mail
def address_key(address: str) -> str:
    """Return the form that addresses are compared by; the domain follows the last @."""
    local, at, domain = address.strip().rpartition("@")
    try:
        domain = domain.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        domain = domain.rstrip(".")
    return f"{local}{at}{domain}".lower()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of the full text: characters `start` (included) to `end` (excluded)."""

    start: int
    end: int


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans in order, those that touch or overlap as one."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return tuple(result)


def cut(text: str, spans: Iterable[Span]) -> str:
    """Return the stretches of `text`, joined in order, without surrounding blank lines."""
    return "\n".join(text[span.start : span.end].strip("\n") for span in spans).strip()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is shown as a file. `part` is its path as IMAP counts ("2.1"), `size` and
    `sha256` are of the decoded bytes, `filename` is display text only. `method` is what a calendar
    entry asks for ("request", RFC 6047 section 2.4); `has_token`: in an attached mail or text
    stands what is shaped like a token of ours (see `identifiers`)."""

    part: str
    filename: str
    content_type: str
    size: int
    sha256: str
    is_inline: bool = False
    content_id: str | None = None
    method: str = ""
    has_token: bool = False


class AutomaticKind(StrEnum):
    """Who wrote a mail if no person did (RFC 3834, 2369, 3464, 5965)."""

    NONE = "none"
    AUTO_GENERATED = "auto-generated"
    LIST = "list"
    BULK = "bulk"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    REPORT = "report"
    LOOP = "loop"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Automatic:
    """Whether a person wrote the mail, the signs that say so ("Auto-Submitted: auto-replied"),
    and whether an automatic answer may go out."""

    kind: AutomaticKind = AutomaticKind.NONE
    evidence: tuple[str, ...] = ()
    is_answerable: bool = True


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """A recipient in a delivery report: `status` as RFC 3463 ("5.1.1" or ""), `action` as RFC 3464
    section 2.3.3 ("failed", "delayed", "delivered", "relayed", "expanded" or "")."""

    address: str
    status: str = ""
    action: str = ""


class ReportKind(StrEnum):
    """What a report is about: delivery (RFC 3464), a complaint (RFC 5965), a receipt (RFC 8098)."""

    DELIVERY = "delivery"
    FEEDBACK = "feedback"
    DISPOSITION = "disposition"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a report says: whom a bounce could not reach (or who complained, or has read it), and
    the Message-IDs of the returned mail."""

    recipients: tuple[ReportedRecipient, ...] = ()
    returned_ids: tuple[str, ...] = ()
    kind: ReportKind = ReportKind.DELIVERY


@dataclass(frozen=True, slots=True)
class InboundMail:
    """A mail as read by `parse_mail`. All header values are decoded and cleaned (one line, no
    control, bidi or zero-width characters); ids are without <>. `headers` holds every field in
    order, `trace` those that servers and signers wrote, not decoded (see `mail.trace`). `text` is
    the full visible text; `reply`, `quoted` and `signature` are spans of it that together cover
    it, `forwarded` are those of `quoted` that the writer passes on. `new_in_html` is what the
    HTML beside the text says is new, where a line of either begins as a command; else None.
    `content_key` is a hash over Message-ID, From, Date, Subject and decoded content."""

    size: int
    content_key: str
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    senders: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    language: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    trace: tuple[tuple[str, str], ...] = ()
    text: str = ""
    reply: tuple[Span, ...] = ()
    quoted: tuple[Span, ...] = ()
    signature: tuple[Span, ...] = ()
    forwarded: tuple[Span, ...] = ()
    is_html_only: bool = False
    new_in_html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    report: DeliveryReport | None = None
    defects: tuple[str, ...] = ()

    @property
    def sender(self) -> Address | None:
        """The one From address; None where there is none, or more than one (RFC 5322 3.6.2)."""
        is_one = len(self.senders) == 1 and "@" in self.senders[0].address
        return self.senders[0] if is_one else None

    @property
    def new_text(self) -> str:
        """What the writer wrote now, without quote and signature."""
        return cut(self.text, self.reply)

    def with_forwarded_as_body(self) -> Self:
        """Return the mail as one that opens a ticket is read: what it forwards is what it says."""
        return replace(
            self,
            reply=joined((*self.reply, *self.forwarded)),
            quoted=tuple(span for span in self.quoted if span not in self.forwarded),
            forwarded=(),
        )

    def header(self, name: str) -> str | None:
        """The first value of the field `name` (any case); None if there is none."""
        return next(iter(self.header_all(name)), None)

    def header_all(self, name: str) -> list[str]:
        """Every value of the field `name` (any case), from the top."""
        wanted = name.lower()
        return [value for field, value in self.headers if field.lower() == wanted]


@dataclass(frozen=True, slots=True)
class File:
    """A file that rides on an outgoing mail; with a `content_id` it is an inline image."""

    filename: str
    content_type: str
    content: bytes
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutboundMail:
    """One mail to one recipient, ready to be composed. `auto_submitted` is RFC 3834's word for the
    Auto-Submitted field, "" on a person's words; `headers` are added as they are."""

    sender: Address
    to: Address
    subject: str
    text: str
    message_id: str
    date: datetime
    html: str | None = None
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    auto_submitted: str = ""
    language: str = "en"
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
