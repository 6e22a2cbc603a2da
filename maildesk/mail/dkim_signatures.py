"""Read DKIM-Signature fields: who signed, and what the signature covers (RFC 6376 section 3.5).

Nothing is checked here: whether a signature is good takes the signer's key, see `dkim_check`. A
good one holds for less than it seems: a body beyond `l=`, a second Subject, a field that is not
named in `h=` and any copy of the mail pass too. What a signature leaves open is told here.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from maildesk.mail.authenticity import a_label, is_aligned
from maildesk.mail.message import InboundMail
from maildesk.mail.trace import SIGNATURE, values_of

TRIED = 5  # signatures a mail; those that can prove something first
FRESH = timedelta(days=7)
CLOCKS_DIFFER = timedelta(days=1)

# What a signature must cover to be believed at all, to identify a mail, and to vouch for what a
# mail says in its thread: who gets it, and how its body is read.
_IDENTITY = ("From", "Subject", "Date", "Message-ID")
_WHOLE = ("To", "Content-Type")
_WHOLE_IF_PRESENT = ("In-Reply-To", "References")

_TAG = re.compile(r"[A-Za-z]\w*", re.ASCII)
_SELECTOR = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,126}[a-z0-9_])?")
_ALGORITHM = "rsa-sha256"  # RFC 8301: rsa-sha1 proves nothing; RFC 8463: ed25519 comes beside RSA


@dataclass(frozen=True, slots=True)
class Signature:
    """A DKIM-Signature; `index` counts those of the mail from the top, `signed` are the names in
    `h=` in lower case."""

    index: int
    domain: str
    selector: str
    algorithm: str = "rsa-sha256"
    signed: frozenset[str] = frozenset()
    signed_at: datetime | None = None
    expires_at: datetime | None = None
    has_length: bool = False

    @property
    def key_name(self) -> str:
        """Where the signer's key stands in the DNS (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


@dataclass(frozen=True, slots=True)
class Reading:
    """The signatures of a mail that are tried, and how many could not be read."""

    signatures: tuple[Signature, ...] = ()
    unreadable: int = 0


def read_signatures(mail: InboundMail, author: str | None) -> Reading:
    """Return the mail's signatures, those aligned with the From domain first, at most five."""
    found: list[Signature] = []
    unreadable = 0
    for index, value in enumerate(values_of(mail.trace, SIGNATURE)):
        signature = read_signature(index, value)
        if signature:
            found.append(signature)
        else:
            unreadable += 1
    found.sort(key=lambda s: (author is None or not is_aligned(s.domain, author), s.index))
    return Reading(tuple(found[:TRIED]), unreadable)


def read_signature(index: int, value: str) -> Signature | None:
    """Read the value of one field; None if it is not well formed."""
    tags = read_tags(value)
    if tags is None or tags.get("v") != "1":
        return None
    domain, selector = a_label(tags.get("d", "")), tags.get("s", "").lower()
    if domain is None or not _SELECTOR.fullmatch(selector):
        return None
    try:
        return Signature(
            index=index,
            domain=domain,
            selector=selector,
            algorithm=tags.get("a", "").lower(),
            signed=frozenset(name.strip().lower() for name in tags.get("h", "").split(":")),
            signed_at=_instant(tags.get("t")),
            expires_at=_instant(tags.get("x")),
            has_length="l" in tags,
        )
    except (ValueError, OverflowError):
        return None


def read_tags(value: str) -> dict[str, str] | None:
    """Read a list of `tag=value` (RFC 6376 section 3.2); None if it is not well formed."""
    tags: dict[str, str] = {}
    specifications = value.strip().removesuffix(";").split(";")
    for specification in specifications:
        tag, equals, content = specification.partition("=")
        tag = tag.strip()
        if not equals or tag in tags or not _TAG.fullmatch(tag):
            return None
        tags[tag] = content.strip()
    return tags


def _instant(seconds: str | None) -> datetime | None:
    """An instant in seconds since 1970. Raises: ValueError, OverflowError."""
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


# --- what a signature leaves open -----------------------------------------------------------------


def faults(signature: Signature, now: datetime) -> Iterator[str]:
    """Yield why the signature proves nothing, good or not."""
    if signature.algorithm != _ALGORITHM:
        yield "algorithm not supported"
    if signature.has_length:
        yield "l= leaves the end of the body open"
    if "from" not in signature.signed:
        yield "From unsigned"
    if signature.expires_at and signature.expires_at < now:
        yield "expired"


def doubts(signature: Signature, mail: InboundMail, author: str, now: datetime) -> Iterator[str]:
    """Yield why the signature, if it is good, does not identify this very mail."""
    if signature.domain != author:
        yield "by the domain above"
    given = _given(mail)
    for name in _IDENTITY:
        if name.lower() not in signature.signed:
            yield f"{name} unsigned"
        elif given[name.lower()] != 1:
            yield f"{name} given {given[name.lower()]} times"
    yield from age(now, signature.signed_at, mail.date)


def age(now: datetime, *said: datetime | None) -> Iterator[str]:
    """Yield why a mail that is said to be of these instants may be an old one, sent once more."""
    instants = [instant for instant in said if instant]
    if not instants:
        yield "no date"
    elif now - min(instants) > FRESH:
        yield f"over {FRESH.days} days old"
    elif max(instants) - now > CLOCKS_DIFFER:
        yield "dated ahead"


def gaps(signature: Signature, mail: InboundMail) -> Iterator[str]:
    """Yield what keeps the signature, if it identifies the mail, from vouching for all it says."""
    given = _given(mail)
    present = (name for name in _WHOLE_IF_PRESENT if given[name.lower()])
    for name in (*_WHOLE, *present):
        if name.lower() not in signature.signed:
            yield f"{name} unsigned"
        elif given[name.lower()] > 1:
            yield f"{name} given {given[name.lower()]} times"


def repeated(mail: InboundMail) -> Iterator[str]:
    """Yield the fields that may stand once and are given again: a signature holds for one of them,
    and readers may see the other (RFC 6376 section 8.15)."""
    given = _given(mail)
    for name in (*_IDENTITY, *_WHOLE, *_WHOLE_IF_PRESENT, "Cc"):
        if given[name.lower()] > 1:
            yield f"{name} given {given[name.lower()]} times"


def _given(mail: InboundMail) -> Counter[str]:
    return Counter(name.lower() for name, _ in mail.headers)
