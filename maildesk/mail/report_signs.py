"""The signs by which a mail is known as word from a mail server: who sends it, and what it says.

Words alone never suffice, since people paste bounces into their mails: the subject must say it as
well, or a server must be the sender. The words stand in `report_phrases`.
"""

import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from itertools import chain, islice
from typing import NamedTuple

from maildesk.mail.automatic_fields import kind_of_field
from maildesk.mail.report_phrases import SUBJECTS, TEXTS
from maildesk.mail.vacation import asks_to_confirm

STATUS_TYPES = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/xdelivery-status",  # Seen from XWall.
}
SUBJECT_CHARACTERS = 300
HEAD_CHARACTERS = 6000
FIELD_LIMIT = 1000


def _any_of(*patterns: str, before: str = "") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(patterns)})", re.IGNORECASE)


# Local parts that only mail software has.
_SERVER_LOCALS = _any_of(
    r"(?:mailer|mail)[-_.]?daemon",
    r"mdaemon",
    r"mail[-_.]?deliver(?:y|er)?(?:[-_.]?(?:sub)?system)?",
    r"e\d+_smtp_mail_service",
    r"delivery[-_.]?(?:status|subsystem)",
    r"microsoftexchange[0-9a-f]{20,40}",
    r"mmdf|ndr|imsv?a|imss",
)
# Local parts and names of whoever looks after mail; a person may answer there.
_SERVICE_LOCALS = _any_of(
    r"post[-_.]?master",
    r"postoffice",
    r"mail[-_.]?admin",
    r"system ?administrator",
)
_SERVICE_NAMES = _any_of(
    r"mail administrator",
    r"system ?administrator",
    r"post ?master",
    r"microsoft outlook",
    r"administrateur syst",
    r"administrador del? sistema",
    r"amministratore di sistema",
    r"mail ?gateway",
)
_GATEWAY_LOCALS = _any_of(
    r"gateway", r"inetgw", r"mail[-_.]?(?:gw|server)", r"anti-?virus", r"smtp"
)
_SERVER_NAMES = _any_of(
    r"mail(?:er)?[- ]daemon",
    r"mail ?delivery ?(?:sub)?(?:system|service)",
    r"delivery (?:sub)?system",
    r"e-?mail interconnect",
    r"mail (?:sub)?system",
)
_SUBJECTS = _any_of(*chain(*SUBJECTS.values()), before=r"\W*(?:\[?postmaster\]?:? *)?")
_WORDS = _any_of(*chain(*TEXTS.values()))
_CODE = re.compile(r"(?<![\d.])[45]\.\d{1,2}\.\d{1,3}(?![\d.])|(?<![\d.:/-])[45][0-5]\d[ #-]")
# What mail programs put before the subject when somebody answers or forwards.
_ANSWERED = re.compile(
    r"\s*(?:re|fwd?|aw|wg|sv|vs|vb|vl|tr|rv|r|i|ynt|ilt|odp|pd|antw|doorst|enc|res|转发|回复|答复|轉寄"
    r"|回覆)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)


def is_delivery_notice(message: Message, text: str) -> bool:
    """Say whether a mail server wrote the mail, about a mail that it could not deliver or about
    the delivery that it was asked to report."""
    writer = _writer(message)
    if message.get("X-Failed-Recipients") or writer.is_server:
        return True
    is_report = is_status_report(message)
    if not is_report and not _is_likely_writer(message, writer):
        return False
    head = text[:HEAD_CHARACTERS]
    if asks_to_confirm(head):
        return False
    return is_report or _is_about_delivery(message, writer, head)


def _is_likely_writer(message: Message, writer: "_Writer") -> bool:
    return writer.is_service or is_null_sender(message) or _is_software(message, writer)


def _is_about_delivery(message: Message, writer: "_Writer", head: str) -> bool:
    """Whether subject and text speak of a mail that was not delivered: the less certain the
    writer, the more of them."""
    subject = header(message, "Subject")[:SUBJECT_CHARACTERS]
    in_subject = bool(_SUBJECTS.match(subject))
    in_text, has_code = bool(_WORDS.search(head)), bool(_CODE.search(head))
    if writer.is_service and is_null_sender(message):
        return in_subject or in_text or has_code
    if writer.is_service or is_null_sender(message):
        return in_subject or (in_text and has_code)
    return in_subject and (in_text or has_code) and not _ANSWERED.match(subject)


def header(message: Message, name: str) -> str:
    """Return the decoded value of the first field `name`, on one line; "" if there is none."""
    value = str(message.get(name, ""))[:2000]
    if "=?" in value or not value.isascii():
        with suppress(HeaderParseError, LookupError, ValueError):  # a bad charset, bad base64
            value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _is_software(message: Message, writer: "_Writer") -> bool:
    """Whether something besides the words says that no person wrote the mail."""
    fields = islice(message.raw_items(), FIELD_LIMIT)
    marked = any(kind_of_field(name, str(value)[:200]) for name, value in fields)
    return marked or bool(_GATEWAY_LOCALS.search(writer.local))


def is_null_sender(message: Message) -> bool:
    """Whether the mail came from the null reverse-path (RFC 5321 section 4.5.5)."""
    return "".join(str(message.get("Return-Path", "")).split()) in {"<>", "<MAILER-DAEMON>"}


def is_status_report(message: Message) -> bool:
    """Whether the mail says of itself that it is a delivery report (RFC 6522)."""
    if message.get_content_type() != "multipart/report":
        return False
    payload = message.get_payload()
    parts = payload if isinstance(payload, list) else []
    types = {part.get_content_type() for part in parts if isinstance(part, Message)}
    named = str(message.get("Content-Type", "")).lower()
    return "delivery-status" in named or not types.isdisjoint(STATUS_TYPES)


class _Writer(NamedTuple):
    """Display name (or comment) and local part of a From."""

    name: str
    local: str

    @property
    def is_server(self) -> bool:
        """Whether only mail software has such a From."""
        return bool(_SERVER_LOCALS.fullmatch(self.local) or _SERVER_NAMES.search(self.name))

    @property
    def is_service(self) -> bool:
        """Whether mail software has such a From, and people too; or it is empty."""
        is_known = _SERVICE_LOCALS.fullmatch(self.local) or _SERVICE_NAMES.search(self.name)
        return not self.local or bool(is_known)


def _writer(message: Message) -> _Writer:
    """Return who wrote the mail; bounces often bend the syntax of From, and `email.utils` recurses
    into nested comments."""
    value = (header(message, "From") or header(message, "Sender"))[:SUBJECT_CHARACTERS]
    angle = re.search(r"<([^<>]*)>", value)
    bare = re.search(r"[^\s()<>]+@[^\s()<>]+|^[^\s()<>]+$", value)
    address = angle[1] if angle else bare[0] if bare else ""
    local = re.split(r"[\\\\@]", address.strip())[0]
    return _Writer(value.replace(address, "") if address else value, local.strip("\"' "))
