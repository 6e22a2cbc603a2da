"""Write a mail: `OutboundMail` -> the bytes of RFC 5322.

The tree, each level only where it is needed:

    multipart/mixed            files
    └── multipart/related      inline images (RFC 2387)
        └── multipart/alternative
            ├── text/plain     format=flowed (RFC 3676)
            └── text/html

The same mail gives the same bytes, so a mail that is sent again is the same mail.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from maildesk.mail.fields import (
    LINE_LIMIT,
    address_field,
    id_field,
    text_field,
    with_parameter,
)
from maildesk.mail.message import File, OutboundMail

_LINE_END = re.compile(r"\r\n|\r|\n")
_LINE_END_BYTES = re.compile(rb"\r\n|\r|\n")
_STUFFED = re.compile(r"^(?= |From )", re.MULTILINE)
_LANGUAGE = re.compile(r"[A-Za-z0-9-]+")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_ASCII = bytes(range(128))
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Part:
    """One entity of MIME: its Content- fields, and its body with CRLF line ends."""

    fields: tuple[str, ...]
    body: bytes


def compose(mail: OutboundMail) -> bytes:
    """Return the mail as RFC 5322 bytes with CRLF line ends.

    A trailing space in `mail.text` marks a line that goes on in the next (RFC 3676).
    """
    part = _content(mail)
    fields = [*_fields(mail), "MIME-Version: 1.0", *part.fields]
    return _head(fields) + part.body


def _fields(mail: OutboundMail) -> Iterator[str]:
    """Yield the mail's own fields in the order that readers of raw mail expect."""
    yield f"Date: {format_datetime(mail.date)}"
    yield address_field("From", mail.sender)
    yield address_field("To", mail.to)
    if mail.reply_to:
        yield address_field("Reply-To", mail.reply_to)
    yield text_field("Subject", mail.subject)
    yield id_field("Message-ID", [mail.message_id])
    yield id_field("In-Reply-To", [mail.in_reply_to] if mail.in_reply_to else [])
    yield id_field("References", mail.references)
    if mail.auto_submitted:
        yield text_field("Auto-Submitted", mail.auto_submitted)
    if _LANGUAGE.fullmatch(mail.language):
        yield f"Content-Language: {mail.language}"
    for name, value in mail.headers:
        yield text_field(name, value)


def _content(mail: OutboundMail) -> _Part:
    inline = [file for file in mail.files if file.content_id and mail.html is not None]
    attached = [file for file in mail.files if file not in inline]
    part = _text(mail.text)
    if mail.html is not None:
        part = _multipart("alternative", [part, _html(mail.html)])
    if inline:
        part = _multipart("related", [part, *map(_file, inline)])
    if attached:
        part = _multipart("mixed", [part, *map(_file, attached)])
    return part


def _text(text: str) -> _Part:
    flowed = _STUFFED.sub(" ", _LINE_END.sub("\n", text))  # RFC 3676 section 4.4
    return _encoded_text("text/plain", flowed, "; format=flowed")


def _html(html: str) -> _Part:
    return _encoded_text("text/html", _LINE_END.sub("\n", html))


def _encoded_text(content_type: str, text: str, more: str = "") -> _Part:
    raw = text.encode("utf-8", "replace")
    if not raw.endswith(b"\n"):
        raw += b"\n"
    encoding, body = _encode(raw)
    return _Part(
        (
            f"Content-Type: {content_type}; charset=utf-8{more}",
            f"Content-Transfer-Encoding: {encoding}",
        ),
        body,
    )


def _encode(raw: bytes) -> tuple[str, bytes]:
    """Choose what leaves the most to the eye: 7bit, quoted-printable, or base64 for scripts of
    which quoted-printable would make nine characters a letter."""
    if raw.isascii() and b"\0" not in raw and len(max(raw.split(b"\n"), key=len)) < LINE_LIMIT:
        return "7bit", raw.replace(b"\n", b"\r\n")
    if 3 * len(raw.translate(None, _ASCII)) > len(raw):
        return "base64", _base64(raw.replace(b"\n", b"\r\n"))
    quoted = binascii.b2a_qp(raw, istext=True)
    return "quoted-printable", quoted.replace(b"\n", b"\r\n")


def _file(file: File) -> _Part:
    if file.content_type.lower() == "message/rfc822":
        return _message(file)
    content_type = file.content_type if _is_simple_type(file.content_type) else _UNKNOWN_TYPE
    fields = (*_file_fields(file, content_type), "Content-Transfer-Encoding: base64")
    return _Part(fields, _base64(file.content))


def _message(file: File) -> _Part:
    """A mail as attachment may not be base64 (RFC 2046 section 5.2.1); one with lines that no
    server passes on goes as a plain file."""
    body = _LINE_END_BYTES.sub(b"\r\n", file.content)
    if b"\0" in body or len(max(body.split(b"\r\n"), key=len)) > LINE_LIMIT:
        return _Part(
            (*_file_fields(file, _UNKNOWN_TYPE), "Content-Transfer-Encoding: base64"),
            _base64(file.content),
        )
    encoding = "7bit" if body.isascii() else "8bit"
    fields = _file_fields(file, "message/rfc822")
    return _Part((*fields, f"Content-Transfer-Encoding: {encoding}"), body)


def _is_simple_type(content_type: str) -> bool:
    """Whether the type may be base64: composite types may not (RFC 2045 section 6.4)."""
    main = content_type.partition("/")[0].lower()
    return bool(_MEDIA_TYPE.fullmatch(content_type)) and main not in ("multipart", "message")


def _file_fields(file: File, content_type: str) -> tuple[str, ...]:
    """Name the file in both fields: some clients still look for `name` only."""
    fields = [
        f"Content-Type: {content_type}",
        f"Content-Disposition: {'inline' if file.content_id else 'attachment'}",
    ]
    if file.filename:
        fields = [
            with_parameter(field, name, file.filename)
            for field, name in zip(fields, ("name", "filename"), strict=True)
        ]
    if file.content_id:
        fields.append(id_field("Content-ID", [file.content_id]))
    return tuple(fields)


def _multipart(subtype: str, parts: Sequence[_Part]) -> _Part:
    bodies = [_head(part.fields) + part.body for part in parts]
    boundary = _boundary(bodies)
    between = f"\r\n--{boundary}".encode()
    body = b"".join([b"--", boundary.encode(), b"\r\n", (between + b"\r\n").join(bodies)])
    content_type = f'Content-Type: multipart/{subtype};\n boundary="{boundary}"'
    return _Part((content_type,), body + between + b"--\r\n")


def _boundary(bodies: Sequence[bytes]) -> str:
    """A boundary that follows from the content; "=_" occurs in neither quoted-printable nor
    base64 (RFC 2045 section 6.7), the digest keeps it out of attached mails and nested parts."""
    digest = hashlib.sha256()
    for body in bodies:
        digest.update(body)
    return f"=_{digest.hexdigest()[:32]}"


def _head(fields: Sequence[str]) -> bytes:
    text = "\n".join(field for field in fields if field).replace("\n", "\r\n")
    return f"{text}\r\n\r\n".encode("utf-8", "replace")


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")
