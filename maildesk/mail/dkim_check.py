"""Check DKIM signatures against keys that the caller has looked up (RFC 6376 section 6.1).

Runs in a child process, on mails that carry a signature which could prove something. dkimpy reads
a mail in its own way; where that is not exactly ours nothing is proved, or a line that one of us
takes for a field and the other for text would speak with the signer's voice.
"""

from collections.abc import Mapping
from enum import StrEnum

from maildesk.mail.dkim_signatures import read_tags
from maildesk.mail.limits import ParseLimits, read_header

RECORD_BYTES = 2048  # an RSA key of 8,192 bits has 1,400; a larger one only costs time
KEY_BITS = 1024  # RFC 8301 section 3.2
_LIMITS = ParseLimits()


class Verdict(StrEnum):
    """What became of a signature's check."""

    PASS = "pass"  # noqa: S105 - a word of RFC 8601
    FAIL = "fail"
    KEY_GONE = "key gone"
    KEY_REVOKED = "key revoked"
    KEY_UNUSABLE = "key of no use"
    TESTING = "signer is only testing"  # RFC 6376 section 3.6.1: as if it were not signed
    NO_ANSWER = "no answer from DNS"
    NOT_CHECKED = "not checked"


Keys = Mapping[int, bytes]  # the TXT record for the signature of this index


def check_signatures(raw: bytes, keys: Keys) -> dict[int, Verdict]:
    """Return the verdict on each signature that a key is given for."""
    verdicts = {index: record_verdict(record) for index, record in keys.items()}
    wanted = [index for index, verdict in verdicts.items() if verdict is Verdict.PASS]
    return verdicts | {index: _check(raw, index, keys[index]) for index in wanted}


def record_verdict(record: bytes) -> Verdict:
    """Return PASS if a signature may be checked against the record, else why not."""
    if len(record) > RECORD_BYTES or not record.isascii():
        return Verdict.KEY_UNUSABLE
    tags = read_tags(record.decode("ascii"))
    if tags is None or "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return Verdict.KEY_UNUSABLE
    if not tags["p"]:
        return Verdict.KEY_REVOKED
    if "y" in _words(tags.get("t", "")):
        return Verdict.TESTING
    is_for_mail = _words(tags.get("s", "*")) & {"*", "email"}
    is_for_hash = "sha256" in _words(tags.get("h", "sha256"))
    return Verdict.PASS if is_for_mail and is_for_hash else Verdict.KEY_UNUSABLE


def _words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(":")}


def _check(raw: bytes, index: int, record: bytes) -> Verdict:
    import dkim  # noqa: PLC0415 - 0.1 s, which a child is spared until it meets a signature

    def lookup(_name: bytes, timeout: float = 0) -> bytes:  # noqa: ARG001 - dkimpy's signature
        return record

    try:
        message = dkim.DKIM(raw, minkey=KEY_BITS)
        if not _is_read_alike(raw, message.headers):
            return Verdict.FAIL
        return Verdict.PASS if message.verify(index, dnsfunc=lookup) else Verdict.FAIL
    except dkim.DKIMException:
        return Verdict.FAIL
    except (ValueError, LookupError, TypeError, AssertionError, ArithmeticError):
        return Verdict.FAIL  # of a key or a signature that dkimpy did not expect


def _is_read_alike(raw: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether dkimpy has found the fields that we found, and so the same body."""
    block = read_header(raw, _LIMITS)
    if block.defects or not block.is_whole:
        return False
    theirs = [(name, _bare(value)) for name, value in headers]
    ours = [
        (name.encode("ascii"), _bare(value.encode("utf-8", "surrogateescape")))
        for name, value in block.fields
    ]
    return theirs == ours


def _bare(value: bytes) -> bytes:
    return b"".join(value.split())
