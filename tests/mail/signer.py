"""Signs mails as the common senders do, and holds the keys that a resolver would find."""

import base64
import re
import time
from email.utils import formatdate
from functools import lru_cache

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

# The fields that senders name in h=, in their order; doubled ones keep a second from being added.
GOOGLE = "to subject message-id date from mime-version from to cc subject date message-id reply-to"
MICROSOFT = "From Date Subject Message-ID Content-Type MIME-Version X-MS-Exchange-SenderADCheck"
FASTMAIL = (
    "cc content-transfer-encoding content-type content-type date date from from in-reply-to "
    "in-reply-to message-id mime-version references reply-to subject subject to to"
)
OPENDKIM = "Date From To Subject From"
EVERYTHING = (
    "From To Cc Subject Date Message-ID In-Reply-To References MIME-Version Content-Type "
    "Content-Transfer-Encoding"
)


def mail(sender="Ada Berg <ada@example.org>", text="The printer is dead.", at=None, **fields):
    """A mail as it leaves its writer; a field set to None is left out."""
    known = {
        "From": sender,
        "To": "support@example.com",
        "Subject": "Printer is dead",
        "Date": formatdate(time.time() if at is None else at),
        "Message-ID": "<m1@example.org>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
    }
    known |= {name.replace("_", "-"): value for name, value in fields.items()}
    header = "".join(f"{name}: {value}\r\n" for name, value in known.items() if value is not None)
    return (header + "\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()


class _Signing(dkim.DKIM):
    """dkimpy's signer, with tags that it has no words for."""

    def __init__(self, raw, tags):
        super().__init__(raw)
        self.should_not_sign = set()
        self.tags = tags

    def gen_header(self, fields, *arguments, **words):
        for name, value in self.tags.items():
            fields[:] = [field for field in fields if field[0] != name.encode()]
            if value is not None:
                fields.insert(1, (name.encode(), str(value).encode()))
        return super().gen_header(fields, *arguments, **words)


@lru_cache
def private_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


class Signer:
    """A domain with a key."""

    def __init__(self, domain="example.org", selector="s1", bits=2048):
        self.domain, self.selector, self.bits = domain, selector, bits

    @property
    def record(self):
        public = private_key(self.bits).public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)

    @property
    def key_name(self):
        return f"{self.selector}._domainkey.{self.domain}".encode()

    @property
    def table(self):
        """What the DNS holds of it."""
        return {self.key_name: self.record}

    def sign(self, raw, names=EVERYTHING, *, canonical="relaxed/relaxed", length=False, **tags):
        """Return the mail with a signature on top; a tag set to None is left out."""
        pem = private_key(self.bits).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        signing = _Signing(raw, tags)
        header = signing.sign(
            self.selector.encode(),
            self.domain.encode(),
            pem,
            include_headers=[name.encode() for name in names.split()],
            canonicalize=tuple(word.encode() for word in canonical.split("/")),
            length=length,
        )
        return header + raw


def with_field(raw, field):
    """The mail with a field put on top, as anybody on its way can."""
    return field.encode() + b"\r\n" + raw


def replaced(raw, name, value):
    """The mail with the value of a field changed."""
    pattern = rb"(?im)^(" + name.encode() + rb"):[^\r\n]*(\r\n[ \t][^\r\n]*)*"
    changed, count = re.subn(pattern, rb"\1: " + value.encode(), raw, count=1)
    assert count
    return changed
