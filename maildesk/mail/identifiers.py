"""Identifiers that we sign and find again: reply addresses, Message-IDs, markers, subject tags.

A token names a ticket, a party and a purpose, and carries a MAC over them and what it is bound to:

    support+t1042.3.pk2z4aaaaaaaaaaaaaaaa@example.com     address: bound to the party's address
    <t1042.x5qh3mzk7abcd.mk2z4aaaaaaaaaaaaaaaa@example.com>   Message-ID: bound to its own middle
    t1042.0.qk2z4aaaaaaaaaaaaaaaa                         marker in a body: bound to the ticket

after the purpose letter: one character that names the key, three for the day, sixteen of MAC
(80 bits), all lower-case base32, so that no system on the way can harm it by folding case.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
AGENT_TOKEN_LIFE = timedelta(days=90)

_TAIL = r"(?P<purpose>[abcimpq])(?P<key>[a-z2-7])(?P<day>[a-z2-7]{3})(?P<mac>[a-z2-7]{16})"
_TOKEN = re.compile(rf"t(?P<ticket>[1-9]\d{{0,9}})\.(?P<middle>[a-z0-9]{{1,20}})\.{_TAIL}")
_MARKER = re.compile(rf"(?<![\w.+-]){_TOKEN.pattern}(?![\w.@-])", re.IGNORECASE)
_TAG = re.compile(r"(?<![\w\[])\[#([1-9]\d{0,9})\](?![\w\]])")
_PREFIX = re.compile(
    r"\s*(?:(?:re|fwd?|aw|antw|wg|sv|vs|vb|vl|ref|rif|r|tr|rv|enc|odp|pd|doorst|ynt|ilt|回复|回覆|答复|转发|轉寄)"
    r"(?:\[\d+\]|\(\d+\))?\s*[:：]\s*)+",
    re.IGNORECASE,
)


class Purpose(StrEnum):
    """What a token proves; one never stands for another."""

    PARTICIPANT = "p"
    AGENT = "a"  # the answer goes to the requester
    INTERNAL = "i"  # the answer stays among agents
    CONFIRMATION = "c"
    BOUNCE = "b"
    MESSAGE_ID = "m"  # threads only: anybody who sees References has it
    MARKER = "q"  # threads only


@dataclass(frozen=True, slots=True)
class ReplyAddresses:
    """How reply addresses are made and proved. `keys`: sign with the first, accept all."""

    domain: str
    separator: str
    keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as read: shaped right, not yet proved. `middle` is the party's number, or the unique
    part of a Message-ID."""

    ticket: int
    middle: str
    purpose: Purpose
    key: str
    day: int
    mac: str

    @property
    def party(self) -> int:
        """The party's number in the ticket; 0 where the token names none."""
        return int(self.middle) if self.middle.isdecimal() and len(self.middle) < 7 else 0

    @property
    def signed_at(self) -> datetime:
        """The start of the day it was signed on."""
        return EPOCH + timedelta(days=self.day)


def sign(
    reply: ReplyAddresses, ticket: int, middle: str, purpose: Purpose, bound_to: str, now: datetime
) -> str:
    """Return a new token, signed with the first key."""
    day = (now - EPOCH).days
    key = reply.keys[0]
    mac = _mac(key, f"{ticket}|{middle}|{purpose}|{day}|{bound_to}")
    return f"t{ticket}.{middle}.{purpose}{_key_name(key)}{_encode_day(day)}{mac}"


def is_genuine(reply: ReplyAddresses, token: Token, bound_to: str) -> bool:
    """Whether one of our keys signed the token for `bound_to`; all keys are tried, in like time."""
    signed = f"{token.ticket}|{token.middle}|{token.purpose}|{token.day}|{bound_to}"
    matches = [hmac.compare_digest(_mac(key, signed), token.mac) for key in reply.keys]
    return any(matches)


def reply_address(reply: ReplyAddresses, queue_address: str, token: str) -> str:
    """Return the address with the queue's local part that carries `token`."""
    local = queue_address.rpartition("@")[0]
    return f"{local}{reply.separator}{token}@{reply.domain}"


def read_address(reply: ReplyAddresses, address: str) -> Token | None:
    """Return the token that an address carries; None if it is not shaped like one of ours."""
    local, _, domain = address.strip().lower().rpartition("@")
    if domain.rstrip(".") != reply.domain.lower():
        return None
    _, separator, tail = local.rpartition(reply.separator)
    return _read(tail) if separator else None


def new_message_id(reply: ReplyAddresses, ticket: int, seed: str, now: datetime) -> str:
    """Return a Message-ID (without <>) for `ticket`; the same seed gives the same id on a day."""
    middle = unique_part(seed)
    token = sign(reply, ticket, middle, Purpose.MESSAGE_ID, middle, now)
    return f"{token}@{reply.domain}"


def unique_part(seed: str) -> str:
    """Return 13 characters that no other seed gives (65 bits of SHA-256)."""
    return _base32(hashlib.sha256(seed.encode()).digest())[:13]


def read_message_id(reply: ReplyAddresses, message_id: str) -> Token | None:
    """Return the token of a Message-ID that we made and signed; None for any other."""
    left, _, domain = message_id.strip("<> ").lower().rpartition("@")
    token = _read(left) if domain == reply.domain.lower() else None
    if token is None or token.purpose is not Purpose.MESSAGE_ID:
        return None
    return token if is_genuine(reply, token, token.middle) else None


def new_marker(reply: ReplyAddresses, ticket: int, now: datetime) -> str:
    """Return a marker for the body of a mail, so that a client without headers still threads."""
    return sign(reply, ticket, "0", Purpose.MARKER, "", now)


def find_markers(reply: ReplyAddresses, text: str) -> Iterator[Token]:
    """Yield the genuine markers in `text`, at most the first 20 candidates."""
    for count, found in enumerate(_MARKER.finditer(text)):
        token = _read(found[0].lower())
        if token and token.purpose is Purpose.MARKER and is_genuine(reply, token, ""):
            yield token
        if count == 20:
            return


def find_tokens(text: str) -> Iterator[Token]:
    """Yield all that is shaped like a token, of whatever purpose, proved by nobody."""
    tokens = (_read(found[0]) for found in _TOKEN.finditer(text.lower()))
    return (token for token in tokens if token)


def find_tags(subject: str) -> list[int]:
    """Return the ticket numbers of `[#1042]` tags; one inside a longer word is none."""
    return [int(number) for number in _TAG.findall(subject)]


def base_subject(subject: str) -> str:
    """Return the subject without reply and forward prefixes, our tags and doubled spaces."""
    bare = " ".join(_TAG.sub(" ", subject).split())
    return _PREFIX.sub("", bare, count=1) if _PREFIX.match(bare) else bare


def subject_key(subject: str) -> str:
    """Return what subjects of one conversation have in common; "" for a subject without words."""
    return base_subject(subject).casefold()


def is_reply_subject(subject: str) -> bool:
    """Whether the subject begins as answers do (`Re:`, `AW:`, …)."""
    return bool(_PREFIX.match(" ".join(subject.split())))


def thread_ids(in_reply_to: Iterable[str], references: tuple[str, ...]) -> list[str]:
    """Return the ids that a mail answers, nearest first: In-Reply-To, References from the right."""
    return list(dict.fromkeys([*in_reply_to, *reversed(references)]))


def _read(text: str) -> Token | None:
    found = _TOKEN.fullmatch(text)
    if not found:
        return None
    return Token(
        ticket=int(found["ticket"]),
        middle=found["middle"],
        purpose=Purpose(found["purpose"]),
        key=found["key"],
        day=_decode_day(found["day"]),
        mac=found["mac"],
    )


def _mac(key: bytes, signed: str) -> str:
    return _base32(hmac.digest(key, f"1|{signed}".encode(), "sha256")[:10])


def _key_name(key: bytes) -> str:
    return _base32(hashlib.sha256(key).digest())[0]


def _base32(octets: bytes) -> str:
    return base64.b32encode(octets).decode().rstrip("=").lower()


_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def _encode_day(day: int) -> str:
    return "".join(_ALPHABET[day >> shift & 31] for shift in (10, 5, 0))


def _decode_day(text: str) -> int:
    high, middle, low = (_ALPHABET.index(character) for character in text)
    return high << 10 | middle << 5 | low
