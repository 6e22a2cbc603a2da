"""The kinds of text that configuration values are made of, each with its check.

Every check returns the value as it is used from then on, or raises `fault(...)`, which `shape`
turns into a `Problem`. RFC 5321 section 4.1.2 (addresses), RFC 1035 section 2.3.1 (domains),
RFC 5646 (language tags).
"""

import ipaddress
import re
import zoneinfo
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from maildesk.policy.spelling import did_you_mean, quoted

FAULT = "fault"


def fault(message: str, hint: str = "") -> PydanticCustomError:
    """Make the error that a check raises."""
    return PydanticCustomError(FAULT, "{message}", {"message": message, "hint": hint})


_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_HANDLE = re.compile(r"\w[\w.-]{0,39}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _domain(text: str) -> str:
    if not is_domain(text):
        raise fault(f"{quoted(text)} is not a domain", "as in example.com")
    return text.lower()


def is_domain(text: str) -> bool:
    """Whether `text` is a domain name, international ones included; no dot at the end."""
    try:
        name = text.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    labels = name.split(".")
    return len(name) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _address(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not is_domain(domain):
        hint = "only the address, without a name" if "<" in text else "as in support@example.com"
        raise fault(f"{quoted(text)} is not a mail address", hint)
    if len(local.encode()) > 64:
        raise fault(
            f"{quoted(text)} has more than 64 octets before the @", "RFC 5321 allows no more"
        )
    return text


def _handle(text: str) -> str:
    if not _HANDLE.fullmatch(text):
        raise fault(
            f"{quoted(text)} is not a handle",
            'at most 40 letters, digits, "-", "_" and ".", no spaces',
        )
    return text


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise fault(f"{quoted(text)} is not a language tag", "as in en, nb or zh-Hans")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _timezone(text: str) -> str:
    if text not in _zones():
        hint = did_you_mean(text, _zones()) or "as in Europe/Oslo"
        raise fault(f"{quoted(text)} does not exist", hint)
    return text


def _host(text: str) -> str:
    if not is_domain(text) and not _is_ip(text):
        raise fault(
            f"{quoted(text)} is not a host name or IP address", "the port has a key of its own"
        )
    return text


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine."""
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


_TCP = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\[\]/]+)):(?P<port>[0-9]{1,5})")


def split_endpoint(text: str) -> tuple[str, int] | None:
    """Return host and port of `127.0.0.1:25` or `[::1]:25`; None if `text` is neither.

    Port 0 is any free one."""
    found = _TCP.fullmatch(text)
    if not found:
        return None
    host, port = found["six"] or found["host"], int(found["port"])
    is_host = _is_ip(host) if found["six"] else is_domain(host) or _is_ip(host)
    return (host, port) if is_host and port <= 65535 else None


def _tcp_endpoint(text: str) -> str:
    if split_endpoint(text) is None:
        raise fault(f"{quoted(text)} is not a host and port", "as in 127.0.0.1:8080 or [::1]:8080")
    return text


def _envelope(text: str) -> str:
    return text if text == "token" else _address(text)


def _endpoint(text: str) -> str:
    if not text.startswith("unix:"):
        if split_endpoint(text) is None:
            hint = "as in 127.0.0.1:25, [::1]:25 or unix:/run/maildesk/lmtp"
            raise fault(f"{quoted(text)} is not something to listen on", hint)
    elif text == "unix:":
        raise fault("the path is missing", "as in unix:/run/maildesk/lmtp")
    return text


def _one_line(text: str) -> str:
    if not text.strip() or any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise fault("this must be one line of text", "no line breaks, tabs or other controls")
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_one_line)]
Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Envelope = Annotated[str, AfterValidator(_envelope)]
Handle = Annotated[str, AfterValidator(_handle)]
Language = Annotated[str, AfterValidator(_language)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Host = Annotated[str, AfterValidator(_host)]
TcpEndpoint = Annotated[str, AfterValidator(_tcp_endpoint)]
AnyEndpoint = Annotated[str, AfterValidator(_endpoint)]
Port = Annotated[int, Field(ge=1, le=65535)]
Addresses = Annotated[
    list[Address],
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
