"""Read header values: addresses, dates and identifiers, cleaned on the way.

mail-parser finds the mailboxes of an address field and reads dates; what it cannot settle is
settled here, or left out with a defect. RFC 5322, RFC 6532. Words: see `encoded_words`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from maildesk.mail.clean import clean
from maildesk.mail.encoded_words import mend_bytes, read_text
from maildesk.mail.message import Address

ID_CHARACTERS = 998  # a longer Message-ID fits on no line: RFC 5322 section 2.1.1

_SURROGATE = re.compile("[\ud800-\udfff]")

_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>]*>')
_BARE_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@\\]{1,256}@[^\s<>()\[\],;:\"'@\\]{1,255}")
# What nearly all address fields hold: one mailbox, its name in atoms or in quotes.
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*"
_PHRASE = rf'{_ATOM}(?: {_ATOM})*|"[^"\\\x00-\x1f]*"'
_ONE_MAILBOX = re.compile(rf"({_SPEC})|(?:({_PHRASE}) )?<({_SPEC})>", re.ASCII)
_ONE_MAILBOX_CHARACTERS = 400
_NAME_AND_LOCAL_PART = re.compile(r"(?=.*\w)([^@<>]*)(?:<([\w.+-]*)>)?")
_NAME_CHARACTERS = 200
_ANGLE_ID = re.compile(r"<([^<>]+)>")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]+)", re.IGNORECASE)
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


# --- addresses ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The mailboxes of an address field, and what was wrong with it."""

    addresses: tuple[Address, ...] = ()
    defects: tuple[str, ...] = ()


def read_addresses(value: str, limit: int = 200) -> Mailboxes:
    """Return the mailboxes of an address field; groups are opened (RFC 5322 section 3.4).

    What stands in quotes, comments or display names is never taken for a mailbox. An item that
    holds none in a well-formed way gives its only candidate, with a defect, or nothing. Where the
    whole field holds no address, those whom it names have none either (`Ann`, `Ann <ann>`).
    """
    one = _one_mailbox(value)
    if one:
        return Mailboxes((one,))
    found: list[dict[str, object]] = []
    defects: list[str] = []
    value = _SURROGATE.sub("\ufffd", value)  # mail-parser would drop the whole mailbox
    try:
        pairs = get_addresses(value, defects=found, decode_names=True)
    except (ValueError, LookupError, RecursionError, AttributeError):
        return Mailboxes(defects=("cannot be read",))
    addresses = [_address(name, address) for name, address in pairs if "@" in address]
    for problem in found:
        defects.append(str(problem.get("reason", "")))
        if not problem.get("recovered"):
            addresses += _candidates(problem)
    addresses = addresses or [person for problem in found for person in _named(problem)]
    if ":" in _QUOTED_OR_COMMENT.sub("", value):
        defects.append("group syntax")
    if len(addresses) > limit:
        defects.append(f"over {limit} addresses")
    return Mailboxes(tuple(addresses[:limit]), tuple(dict.fromkeys(defects)))


def _one_mailbox(value: str) -> Address | None:
    """The only mailbox of a field as nearly all are written; mail-parser takes 40 times as long."""
    if len(value) > _ONE_MAILBOX_CHARACTERS or not value.isascii() or "=?" in value:
        return None
    found = _ONE_MAILBOX.fullmatch(value)
    return _address(found[2] or "", found[1] or found[3]) if found else None


def _address(name: str, address: str) -> Address:
    return Address(read_text(name).strip("'\"").strip(), clean(address))


def _candidates(problem: dict[str, object]) -> list[Address]:
    """The mailbox that an odd item can only mean; none where there are two to choose from."""
    offered = problem.get("candidates")
    if isinstance(offered, list) and len(offered) == 1:
        return [_address(offered[0]["display_name"], offered[0]["address"])]
    raw = str(problem.get("raw", ""))
    bare = _BARE_ADDRESS.findall(raw)
    if len(bare) != 1 or '"' in raw or "(" in raw:
        return []
    name, _, rest = raw.partition(bare[0])
    return [] if "<" in rest else [_address(name.rstrip("< \t"), bare[0])]


def _named(problem: dict[str, object]) -> list[Address]:
    """Somebody with a name, or a local part on a host of his own, and no address."""
    found = _NAME_AND_LOCAL_PART.fullmatch(str(problem.get("raw", "")).strip()[:_NAME_CHARACTERS])
    return [_address(found[1], found[2] or "")] if found else []


# --- dates, identifiers, languages --------------------------------------------------------------


def read_date(value: str) -> datetime | None:
    """Return the instant of a Date field in UTC; None where it cannot be made out.

    Without a zone it is taken for UTC (RFC 5322 section 3.3, "-0000").
    """
    try:
        found = parse_mail_date(value).value or parse_mail_date(f"{value} -0000").value
        if found is None:
            return None
        aware: datetime = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def read_ids(value: str, limit: int = 100) -> tuple[str, ...]:
    """Return the Message-IDs in a value, without <>; of too many the first and the last ones.

    Without any <> every word with an @ counts: some writers leave the brackets out.
    """
    found = [re.sub(r"\s+", "", each) for each in _ANGLE_ID.findall(value)]
    if not found:
        found = [word.strip("<>,;") for word in value.split() if "@" in word]
    ids = list(dict.fromkeys(clean(each) for each in found if 0 < len(each) <= ID_CHARACTERS))
    return tuple(ids if len(ids) <= limit else [ids[0], *ids[len(ids) - limit + 1 :]])


def read_message_id(value: str) -> str | None:
    """Return the mail's own identifier without <>; None for an empty or overlong one."""
    found = read_ids(value, 1)
    if found:
        return found[0]
    bare = clean(value).strip("<> ")
    return bare if 0 < len(bare) <= ID_CHARACTERS and " " not in bare else None


def read_language(value: str) -> str | None:
    """Return the first language of a Content-Language field (RFC 3282)."""
    found = _LANGUAGE_TAG.match(value.strip())
    return found[0] if found else None


# --- the fields of a mail -----------------------------------------------------------------------

_ONCE = (  # RFC 5322 section 3.6, RFC 2045
    "From", "Sender", "Reply-To", "To", "Cc", "Message-ID", "In-Reply-To", "References", "Subject",
    "Date", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
)  # fmt: skip
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a mail, read."""

    fields: tuple[tuple[str, str], ...]
    defects: tuple[str, ...]
    senders: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    date: datetime | None
    language: str | None


def _charset(content_type: str) -> str:
    """The body's charset: who writes raw bytes into the header means the same one there."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def read_fields(fields: Sequence[tuple[str, str]], *, addresses: int, references: int) -> Header:
    """Read raw fields into what a mail says of itself. Of a field given twice the first counts,
    but every From is a sender: whoever wrote two is nobody."""
    charset = next(
        (_charset(value) for name, value in fields if name.lower() == "content-type"), ""
    )
    fields = tuple((name, mend_bytes(value, charset)) for name, value in fields)
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    defects = [
        f"{name}: given {count} times"
        for name in _ONCE
        if (count := len(values.get(name.lower(), ()))) > 1
    ]

    def first(name: str) -> str:
        return values.get(name, [""])[0]

    def mailboxes(name: str, raw: Iterable[str]) -> tuple[Address, ...]:
        found = [read_addresses(value, addresses) for value in raw if value]
        defects.extend(f"{name}: {defect}" for each in found for defect in each.defects)
        return tuple(address for each in found for address in each.addresses)

    date = read_date(first("date"))
    if first("date") and not date:
        defects.append("Date: cannot be read")
    message_id = read_message_id(first("message-id"))
    if first("message-id") and not message_id:
        defects.append("Message-Id: cannot be read")
    if len(_ANGLE_ID.findall(first("references"))) > references:
        defects.append(f"References: over {references} ids")
    ids = partial(read_ids, limit=references)
    delivered = [value for name in _DELIVERED for value in values.get(name, ())]
    return Header(
        fields=tuple((name, read_text(value)) for name, value in fields),
        senders=mailboxes("From", values.get("from", [])[:2]),
        reply_to=mailboxes("Reply-To", [first("reply-to")]),
        to=mailboxes("To", [first("to")]),
        cc=mailboxes("Cc", [first("cc")]),
        delivered_to=tuple(
            dict.fromkeys(
                found.address
                for value in delivered
                for found in read_addresses(value).addresses
                if "@" in found.address
            )
        ),
        message_id=message_id,
        in_reply_to=ids(first("in-reply-to")),
        references=ids(first("references")),
        subject=read_text(first("subject")),
        date=date,
        language=read_language(first("content-language")),
        defects=tuple(defects),
    )
