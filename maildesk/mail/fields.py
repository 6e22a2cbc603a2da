"""Write header fields: clean values, encoded words, folded lines.

Whatever a value holds, one field comes out: nothing in it can end the line and begin another
field. RFC 5322 section 2.2 (fields), RFC 2047 (encoded words), RFC 2231 (parameters), RFC 6532
(addresses beyond ASCII).
"""

import contextlib
import re
from collections.abc import Iterable
from email.charset import Charset
from email.header import Header
from email.utils import quote
from urllib.parse import quote as percent_encode

from maildesk.mail.clean import clean
from maildesk.mail.message import Address

LINE_LENGTH = 76
LINE_LIMIT = 998  # RFC 5322 section 2.1.1
ID_LIMIT = 900  # a longer Message-ID may not fit on a line

_LONG_WORD = re.compile(rf"\S{{{LINE_LENGTH - 10}}}")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")  # atoms: RFC 5322 section 3.2.3
_LOCAL = re.compile(r'[^\s()<>\[\]:;@\\,"]+|"(?:[^"\\]|\\.)*"')
_NOT_DOMAIN = re.compile(r"[\s()<>;@\\,\"]+")
_NOT_ID = re.compile(r"[<>\s]+")
_SECTION = re.compile(r"(?:%..|.){1,18}")  # never cuts a percent-encoded byte
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+")  # RFC 2045 section 5.1

_UTF_8 = Charset("utf-8")


def one_line(value: str) -> str:
    """Return `value` cleaned, each run of white space as one blank: fields are folded there."""
    return " ".join(clean(value).split())


def text_field(name: str, value: str) -> str:
    """Return a field whose value is free text (Subject, an X- field)."""
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"not a field name: {name!r}")
    value = one_line(value)
    if _is_plain(value):
        return fold(f"{name}:", value.split(" "))
    return f"{name}: {_encoded(value, len(name) + 2)}"


def address_field(name: str, address: Address) -> str:
    """Return a field that holds one mailbox."""
    spec = address_spec(address.address)
    display = one_line(address.name)
    if not display:
        return f"{name}: {spec}"
    if not _is_plain(display):
        phrase = _encoded(display, len(name) + 2).split("\n ")
    elif _PHRASE.fullmatch(display):
        phrase = display.split(" ")
    else:
        phrase = f'"{quote(display)}"'.split(" ")
    return fold(f"{name}:", [*phrase, f"<{spec}>"])


def address_spec(address: str) -> str:
    """Return `local@domain` as it stands in a field: the domain as A-label where it has one, the
    local part quoted where it must be."""
    local, _, domain = one_line(address).rpartition("@")
    domain = _NOT_DOMAIN.sub("", domain)
    with contextlib.suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    if not local:
        return domain
    return f"{local if _LOCAL.fullmatch(local) else _quoted(local)}@{domain}"


def id_field(name: str, ids: Iterable[str]) -> str:
    """Return a field of Message-IDs (given without <>), each whole on its line; "" for none."""
    bare = (_NOT_ID.sub("", clean(one)) for one in ids)
    written = [f"<{one}>" for one in bare if 0 < len(one.encode()) < ID_LIMIT]
    return fold(f"{name}:", written) if written else ""


def with_parameter(field: str, name: str, value: str) -> str:
    """Return a Content- field with `name=value` added; long or non-ASCII values as RFC 2231."""
    value = one_line(value)
    room = LINE_LENGTH - len(name) - 5
    if value.isascii() and len(value) + value.count('"') + value.count("\\") <= room:
        shown = value if _TOKEN.fullmatch(value) else _quoted(value)
        return fold(f"{field};", [f"{name}={shown}"])
    encoded = "utf-8''" + percent_encode(value, safe="")
    if len(encoded) <= room:
        return fold(f"{field};", [f"{name}*={encoded}"])
    sections = [f"{name}*{number}*={part}" for number, part in enumerate(_SECTION.findall(encoded))]
    return fold(f"{field};", [*(f"{section};" for section in sections[:-1]), sections[-1]])


def fold(start: str, words: Iterable[str]) -> str:
    """Join words by spaces, with a line break before one that would reach past column 76."""
    lines = [start]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE_LENGTH and lines[-1].strip() != start:
            lines.append("")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _is_plain(value: str) -> bool:
    """Whether `value` may stand as it is: ASCII, foldable, and never read as an encoded word."""
    return value.isascii() and "=?" not in value and not _LONG_WORD.search(value)


def _encoded(value: str, used: int) -> str:
    header = Header(value, _UTF_8, maxlinelen=LINE_LENGTH, header_name="x" * (used - 2))
    return header.encode()


def _quoted(value: str) -> str:
    return f'"{quote(value)}"'
