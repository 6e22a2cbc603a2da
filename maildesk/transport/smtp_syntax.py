"""The words of SMTP: command lines, paths and parameters read, trace fields written.

Own readers, because those of the standard library's header parser raise on hostile input and read
more than RFC 5321 section 4.1.2 allows. Nothing here knows a socket.
"""

import re
from dataclasses import dataclass
from email.utils import formatdate
from ipaddress import IPv6Address, ip_address

from maildesk.mail.envelope import Answer
from maildesk.transport import smtp_replies as replies

# RFC 5321 section 4.5.3.1.4 asks for 512 and for more where extensions add parameters.
LINE_LIMIT = 1024


_ADDRESS = r'(?:"(?:[^"\\]|\\.)*"|[^\s"<>()\\@]+)(?:@[^\s"<>@]+)?'
# A source route is read and ignored (RFC 5321 section 4.1.1.3). The brackets are left out by old
# devices.
_PATH = re.compile(
    rf"(?:<(?:@[^\s<>:]+:)?(?P<path>{_ADDRESS}|)>|(?P<bare>{_ADDRESS}))(?:[ ]+(?P<parameters>.+))?"
)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=]+))?")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line: the verb in upper case, and the rest."""

    verb: str
    argument: str | None


@dataclass(frozen=True, slots=True)
class Path:
    """The argument of MAIL or RCPT; `address` is empty for `<>`. A parameter may have no value."""

    address: str
    parameters: dict[str, str | None]


def read_command(line: bytes) -> Command | Answer:
    """Read a line as it arrived, with its line break; an `Answer` says what is wrong with it."""
    if len(line) > LINE_LIMIT:
        return replies.LINE_TOO_LONG
    if not line.endswith(b"\r\n"):
        return replies.NOT_CRLF
    try:
        text = line[:-2].decode("utf-8")
    except UnicodeDecodeError:
        return replies.NOT_TEXT
    if not text.isprintable():
        return replies.NOT_TEXT
    verb, _, argument = text.strip().partition(" ")
    if not verb:
        return replies.EMPTY_LINE
    return Command(verb.upper(), argument.strip() or None)


def read_path(keyword: str, argument: str | None) -> Path | None:
    """Read `FROM:<path> [parameters]` (or `TO:`); None if it is not well formed."""
    if argument is None or argument[: len(keyword)].upper() != keyword:
        return None
    match = _PATH.fullmatch(argument[len(keyword) :].strip())
    if match is None:
        return None
    parameters = read_parameters(match["parameters"] or "")
    if parameters is None:
        return None
    return Path(match["path"] or match["bare"] or "", parameters)


def read_parameters(text: str) -> dict[str, str | None] | None:
    """Read ESMTP parameters, keys in upper case; None if one is not well formed or is repeated."""
    matches = [_PARAMETER.fullmatch(word) for word in text.split()]
    parameters = {match[1].upper(): match[2] for match in matches if match}
    return parameters if len(parameters) == len(matches) else None


def problem_of_parameters(parameters: dict[str, str | None]) -> Answer | None:
    """What is wrong with the parameters of MAIL (RFC 1870, RFC 6152, RFC 6531), or None."""
    if parameters.keys() - {"SIZE", "BODY", "SMTPUTF8"}:
        return replies.BAD_PARAMETER
    size = parameters.get("SIZE", "0") or ""
    body = parameters.get("BODY", "7BIT") or ""
    is_well_formed = (
        re.fullmatch("[0-9]{1,20}", size)
        and body.upper() in ("7BIT", "8BITMIME")
        and parameters.get("SMTPUTF8") is None
    )
    return None if is_well_formed else replies.BAD_ARGUMENT


def trace_field(*, helo: str, peer: str, hostname: str, protocol: str, identifier: str) -> bytes:
    """Return the Received field that a server puts before a mail (RFC 5321 section 4.4)."""
    # The HELO name is the peer's own word: one that is no host name is not repeated in a header.
    name = helo if _HOST.fullmatch(helo) else "unknown"
    literal = f" ([{_literal(peer)}])" if peer else ""
    # formatdate's -0000 means a clock of unknown zone; this one is UTC.
    date = formatdate().replace("-0000", "+0000")
    field = (
        f"Received: from {name}{literal}\r\n"
        f"\tby {hostname} with {protocol} id {identifier};\r\n\t{date}\r\n"
    )
    return field.encode("ascii", "replace")


def _literal(peer: str) -> str:
    address = ip_address(peer.partition("%")[0])
    return f"IPv6:{address}" if isinstance(address, IPv6Address) else str(address)
