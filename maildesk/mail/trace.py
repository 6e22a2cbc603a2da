"""What servers and signers wrote above a mail, from the top: unfolded, and never decoded.

A server repeats words of a stranger in its own fields: the envelope's sender, a HELO name. An
encoded word among them would become structure of the field if it were decoded (RFC 2047 section 5
allows none there).
"""

import re
from collections.abc import Iterable, Iterator

Fields = tuple[tuple[str, str], ...]

RECEIVED = "received"
RESULTS = "authentication-results"
SIGNATURE = "dkim-signature"
AUTH_AS = "x-ms-exchange-organization-authas"  # Exchange's mark; it takes it off mail from outside
_NAMES = frozenset((RECEIVED, RESULTS, SIGNATURE, AUTH_AS))

_COMMENT = r"\((?:[^()]|\([^()]*\))*\)"
_FOLD = re.compile(r"\r*\n(?=[ \t])")
# What Postfix writes with smtpd_sasl_authenticated_header. It takes brackets out of the HELO name
# and of the login name, so no stranger can write such a comment; ESMTPA: RFC 3848.
_AUTHENTICATED = re.compile(
    rf"from \S+ {_COMMENT}(?:\s+{_COMMENT})*?\s+\(Authenticated sender: ([^()\s]+)\)"
    rf"(?:\s+{_COMMENT})*\s+by \S+ \(Postfix[^()]*\)\s+with (?:UTF8SMTP|ESMTP)S?A\s+id "
)


def read_trace(fields: Iterable[tuple[str, str]]) -> Fields:
    """Return those of the raw fields that say who handled or signed the mail; names in lower
    case."""
    return tuple(
        (name.lower(), _FOLD.sub("", value)) for name, value in fields if name.lower() in _NAMES
    )


def without_own(trace: Fields) -> Fields:
    """Return the trace without the Received field that our own listener put on top."""
    return trace[1:] if trace and trace[0][0] == RECEIVED else trace


def above_strangers(trace: Fields, hops: int) -> Fields:
    """Return what stands above the (hops + 1)-th Received: the words of our own servers, if they
    remove fields of their own name from mail that comes in (RFC 8601 section 5)."""
    received = 0
    for position, (name, _) in enumerate(trace):
        received += name == RECEIVED
        if received > hops:
            return trace[:position]
    return trace


def values_of(trace: Fields, name: str) -> Iterator[str]:
    """Yield the values of a field, from the top."""
    return (value for field, value in trace if field == name)


def authenticated_sender(received: str) -> str | None:
    """Return the login name in a Received field of Postfix; None where nobody logged in."""
    found = _AUTHENTICATED.match(received)
    return found[1] if found else None
