"""The real signatures of the corpus, whose keys are gone: they are read right, without a lookup."""

import email
import os
import re
from datetime import UTC, datetime
from email.policy import compat32
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
from maildesk.policy.trust import trust_of

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
