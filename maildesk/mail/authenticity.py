"""Who a mail says that it is from, in the one form that proofs are compared with.

    authenticity      the From domain; whether a signer or a sender's domain is aligned with it
    trace             what servers and signers wrote above a mail, not decoded
    results           Authentication-Results                               RFC 8601
    dkim_signatures   DKIM-Signature fields, read but not checked          RFC 6376
    dkim_check        their check against keys, in a child process         RFC 6376

What follows from all of it is `policy.trust`'s to say.
"""

import re

from maildesk.mail.message import InboundMail

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
DOMAIN_CHARACTERS = 253  # RFC 1035 section 2.3.4
_LOCAL_PART = re.compile(r'[^\s"(),:;<>@\[\\\]\x00-\x1f\x7f]+|"(?:[^"\\]|\\[ -~])*"')


def author_domain(mail: InboundMail) -> str | None:
    """Return the domain of From as lower-case A-label: what follows the last @.

    None where nobody can be meant for certain: no From, several, or one that is not a plain
    address. A signature or a server's word then proves nothing, however good it is.
    """
    sender = mail.sender
    if sender is None or any(defect.startswith("From: ") for defect in mail.defects):
        return None
    local, _, domain = sender.address.rpartition("@")
    return a_label(domain) if _LOCAL_PART.fullmatch(local) else None


def a_label(domain: str) -> str | None:
    """Return a domain in lower case as A-label (RFC 5890), without the last dot; None where it is
    none, or an address literal, or one that reads as another name when it is encoded."""
    shown = domain.removesuffix(".").lower()
    if len(shown) > DOMAIN_CHARACTERS:
        return None
    try:
        encoded = shown.encode("idna").decode("ascii")
        # IDNA 2003 makes strasse of straße: two owners, one A-label. It proves neither.
        is_same = shown.isascii() or encoded.encode("ascii").decode("idna") == shown
    except UnicodeError:
        return None
    if not is_same or len(encoded) > DOMAIN_CHARACTERS or not _DOMAIN.fullmatch(encoded):
        return None
    return None if encoded.rpartition(".")[2].isdigit() else encoded  # an IPv4 address


def is_aligned(domain: str, author: str) -> bool:
    """Whether `domain` may speak for the From domain: the same, or one above it.

    Who holds a domain holds those below it; who holds one below may be a stranger (a customer's
    name at a hosting service), which only a list of public suffixes could tell. So relaxed
    alignment (RFC 7489 section 3.1) is taken downwards only.
    """
    return domain == author or author.endswith(f".{domain}")
