"""The real signatures of the corpus, whose keys are gone: they are read right, without a lookup."""

import email
import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.policy import compat32
from email.utils import parseaddr
from pathlib import Path

import dkim.util
import pytest

from maildesk.mail.authenticity import author_domain
from maildesk.mail.dkim_signatures import TRIED, read_signatures
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import ReplyAddresses
from maildesk.mail.parse import parse_mail
from maildesk.model.facts import Level
from maildesk.policy.rules import Queue, Rules
from maildesk.policy.trust import trust_of, worth_checking

CORPUS = Path(
    os.environ.get("MAILDESK_CORPUS", Path(__file__).parents[2].parent / "shared" / "corpus")
)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
RULES = Rules(
    "example.com",
    (Queue("q", ("q@example.com",), "t", "Q"),),
    (),
    (),
    ReplyAddresses("example.com", "+", ()),
)

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the mail corpus is not at {CORPUS}")


def signed_mails():
    """Mails with a signature in their own header, not in one that they carry."""
    for path in sorted(CORPUS.glob("mails/**/*")):
        raw = path.read_bytes() if path.is_file() else b""
        head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
        if re.search(rb"(?im)^dkim-signature:", head):
            yield path, raw


def tags_by_dkimpy(raw):
    """The signatures as dkimpy reads them; those that it cannot read are left out."""
    mail = email.message_from_bytes(raw, policy=compat32)
    for value in mail.get_all("DKIM-Signature", []):
        try:
            yield dkim.util.parse_tag_value(str(value).encode())
        except dkim.util.InvalidTagValueList:
            continue


def test_signatures_are_read_as_dkimpy_reads_them():
    mails = list(signed_mails())
    assert len(mails) > 30
    for path, raw in mails:
        mail = parse_mail(raw)
        reading = read_signatures(mail, author_domain(mail))
        theirs = sorted(tags[b"d"].decode().lower() for tags in tags_by_dkimpy(raw))
        ours = sorted(signature.domain for signature in reading.signatures)
        if len(theirs) <= TRIED and not reading.unreadable:
            assert ours == theirs, path


def test_each_signature_is_told_with_its_reason_and_proves_nothing():
    for path, raw in signed_mails():
        trust = trust_of(parse_mail(raw), Envelope(Source.IMPORT), RULES, NOW)
        lines = [line for line in trust.evidence if line.startswith("DKIM")]
        assert lines, path
        assert trust.level is Level.V0
        assert all(re.search(r"not aligned$|, not checked$|cannot be read$", x) for x in lines), (
            path
        )


# --- aligned or not, strict or not, and why -------------------------------------------------------


def judged(mail, tags, now, *, has_date):
    """What one signature would prove if it were good, by the letter of the specification and with
    dkimpy's and the standard library's reading alone."""
    sender = parseaddr(str(mail["From"]))[1].rpartition("@")[2].lower()
    domain = tags[b"d"].decode().lower()
    if sender != domain and not sender.endswith(f".{domain}"):
        return f"DKIM {domain}: not aligned"
    signed = {name.strip().lower() for name in tags[b"h"].decode().split(":")}
    why = [] if tags.get(b"a", b"").lower() == b"rsa-sha256" else ["algorithm not supported"]
    why += ["l= leaves the end of the body open"] if b"l" in tags else []
    why += ["expired"] if b"x" in tags and int(tags[b"x"]) < now.timestamp() else []
    why += ["by the domain above"] if sender != domain else []
    given = Counter(name.lower() for name in mail)
    for name in ("From", "Subject", "Date", "Message-ID"):
        if name.lower() not in signed:
            why.append(f"{name} unsigned")
        elif given[name.lower()] != 1:
            why.append(f"{name} given {given[name.lower()]} times")
    why += [] if has_date else ["no date"]
    return f"DKIM {domain}: aligned, " + (f"not strict ({', '.join(why)})" if why else "strict")


def test_each_signature_is_judged_as_the_specification_has_it():
    """As if the mail had come in when it was signed: what is old is told by other tests."""
    kinds = Counter()
    for path, raw in signed_mails():
        mail, parsed = email.message_from_bytes(raw, policy=compat32), parse_mail(raw)
        if author_domain(parsed) is None or read_signatures(parsed, None).unreadable:
            continue
        for tags in tags_by_dkimpy(raw):
            dates = [parsed.date] if parsed.date else []
            dates += [datetime.fromtimestamp(int(tags[b"t"]), UTC)] if b"t" in tags else []
            now = max(dates, default=NOW) + timedelta(minutes=1)
            evidence = trust_of(parsed, Envelope(Source.IMPORT), RULES, now).evidence
            expected = judged(mail, tags, now, has_date=bool(dates))
            assert any(line.startswith(expected) for line in evidence), (path, expected, evidence)
            kinds[expected.partition(": ")[2].partition(" (")[0]] += 1
    assert set(kinds) == {"not aligned", "aligned, strict", "aligned, not strict"}, kinds
    assert kinds["aligned, strict"] >= 10, kinds


def test_keys_that_are_asked_for_are_those_of_aligned_signers():
    """Of these mails, were they new; no key is looked up here."""
    for path, raw in signed_mails():
        parsed = parse_mail(raw)
        author = author_domain(parsed)
        asked = worth_checking(parsed, Envelope(Source.IMAP), RULES, parsed.date or NOW)
        for signature in asked:
            assert author, path
            assert author == signature.domain or author.endswith(f".{signature.domain}"), path
            assert signature.key_name.endswith(f"._domainkey.{signature.domain}")
