"""Read Authentication-Results: what a server found out about a mail (RFC 8601).

Whether the server is one of ours, and stands where it must, is for `policy.trust` to say. authres
reads the structure, so that a verdict in a comment or in quotes is none. It keeps no comments, and
there the servers write what a domain asks for: that is looked up in the field itself, where it can
do no more than make a failure count.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import authres
from authres.core import AuthenticationResult, AuthenticationResultsHeader

from maildesk.mail.authenticity import a_label

FIELD_CHARACTERS = 4096  # authres takes the square of the length
WITHOUT_ID = "m365"  # stands in where the server writes no name of its own

# Microsoft begins with the first result.
_RESULT_FIRST = re.compile(r"\s*[A-Za-z0-9-]+\s*=")
# Gmail, OpenDMARC: (p=REJECT sp=NONE dis=NONE); rspamd: (policy=reject); Fastmail:
# policy.published-domain-policy=reject; Microsoft: action=quarantine, oreject, pct.reject.
_ENFORCED = re.compile(
    r"\bdmarc\s*(?:/\s*1\s*)?=\s*fail\b[^;]*?(?<![\w.-])"
    r"(?:p|dis|policy|action|policy\.dmarc|policy\.(?:published-domain-policy|applied-disposition))"
    r"\s*=\s*\"?(?:o\.?|pct\.)?(?:quarantine|reject)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A dmarc result: `domain` is header.from ("" where it is not given once), `is_enforced`
    whether the domain asks for mail that fails to be refused or set aside."""

    result: str
    domain: str
    is_enforced: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """One Authentication-Results field; `spf_domains` are those of senders that passed SPF."""

    authserv_id: str
    dmarc: tuple[Dmarc, ...] = ()
    spf_domains: tuple[str, ...] = ()


@lru_cache(maxsize=256)  # a mail is judged before its signatures are checked, and after
def read_results(value: str) -> Results | None:
    """Read the value of a field; None if it cannot be read, which is no verdict. Never raises."""
    if len(value) > FIELD_CHARACTERS or _RESULT_FIRST.match(value):
        return None
    try:
        header = authres.all_features().parse_value(value)
        return _results(header, is_enforced=bool(_ENFORCED.search(value)))
    except (authres.AuthResError, ValueError, LookupError, AttributeError, TypeError):
        return None
    except RecursionError:  # comments within comments
        return None


def read_results_without_id(value: str) -> Results | None:
    """Read a field of Microsoft 365, which writes no authserv-id; None for any other."""
    return read_results(f"{WITHOUT_ID}; {value}") if _RESULT_FIRST.match(value) else None


def _results(header: AuthenticationResultsHeader, *, is_enforced: bool) -> Results:
    named = [(str(result.method).lower(), result) for result in header.results]
    dmarc = (result for method, result in named if method == "dmarc")
    spf = (result for method, result in named if method == "spf")
    passed = (_only(result, "smtp", "mailfrom") for result in spf if _word(result) == "pass")
    return Results(
        authserv_id=str(header.authserv_id).lower(),
        dmarc=tuple(Dmarc(_word(r), _only(r, "header", "from"), is_enforced) for r in dmarc),
        spf_domains=tuple(filter(None, passed)),
    )


def _word(result: AuthenticationResult) -> str:
    return str(result.result).lower()


def _only(result: AuthenticationResult, kind: str, name: str) -> str:
    """The domain in a property that is given once, as A-label; "" otherwise."""
    values = [
        str(found.value)
        for found in result.properties
        if (str(found.type).lower(), str(found.name).lower()) == (kind, name)
    ]
    domain = values[0].rpartition("@")[2] if len(values) == 1 else ""
    return a_label(domain) or ""
