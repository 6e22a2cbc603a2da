"""Split a mail into its MIME parts, on the raw bytes (RFC 2046 section 5.1).

The standard library reads a body line by line into a list: 16 MiB of empty lines take 700 MB. Here
a part is a stretch of the raw mail, found by searching for its delimiters, so a large attachment
costs nothing until it is decoded, a forwarded mail stays byte for byte what it was, and the limits
on number and depth hold before any work is done. Parameters are read by `email.message`.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.utils import collapse_rfc2231_value
from itertools import islice
from mimetypes import guess_type

from maildesk.mail import uuencode
from maildesk.mail.encoded_words import mend_bytes
from maildesk.mail.limits import HeaderBlock, ParseLimits, read_header

_IDENTITY = ("", "7bit", "8bit", "binary")
_FOLD = re.compile(r"\r*\n(?=[ \t])")
_NO_SEMICOLON = re.compile(r"\A([\w.+-]+/[\w.+-]+)[ \t]+(?=[\w*-]+=)")
REPORT_BYTES = 262_144  # how much of a part is put before the reader of delivery reports


class TooComplex(Exception):
    """The mail has more parts, or deeper ones, than the limits allow."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `path` is as IMAP counts ("" for a multipart mail itself), `start` and `end` bound
    its encoded content in the raw mail. `header` is a compat32 message without payload."""

    path: str
    header: Message
    start: int
    end: int
    children: tuple["Part", ...] = ()
    content_type: str = field(init=False)

    def __post_init__(self) -> None:
        """The type in lower case; of a multipart without parts text/plain, as which it is shown."""
        found = self.header.get_content_type()
        is_bare = found.startswith("multipart/") and not self.children
        object.__setattr__(self, "content_type", "text/plain" if is_bare else found)

    @property
    def disposition(self) -> str:
        """`attachment`, `inline` or "" (RFC 2183); an unknown one counts as attachment."""
        found = self.header.get_content_disposition() or ""
        return found if found in ("", "inline") else "attachment"

    def parameter(self, name: str, field: str = "content-type") -> str:
        """A parameter of a field, decoded (RFC 2231); "" if there is none."""
        if name not in str(self.header.get(field, "")).lower():  # spares the parser's work
            return ""
        try:
            value = self.header.get_param(name, "", field)
            return collapse_rfc2231_value(value) if value else ""
        except ValueError:  # a NUL in the charset
            return ""

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        yield self
        for child in self.children:
            yield from child.walk()


def split_parts(raw: bytes, block: HeaderBlock, limits: ParseLimits) -> tuple[Part, list[str]]:
    """Return the tree of parts of the mail with this header block, and what was wrong.

    Raises: TooComplex.
    """
    splitter = _Splitter(raw, limits)
    root = splitter.part("", block, len(raw), depth=0, default="text/plain")
    return root, splitter.defects


class _Splitter:
    """Counts parts while it descends."""

    def __init__(self, raw: bytes, limits: ParseLimits) -> None:
        self.raw = raw
        self.limits = limits
        self.count = 0
        self.defects: list[str] = []

    def part(self, path: str, block: HeaderBlock, end: int, *, depth: int, default: str) -> Part:
        """The part with this header block, and its children."""
        self._count_part()
        if depth > self.limits.depth:
            raise TooComplex(f"parts nested over {self.limits.depth} deep")
        header = self._message(block, default)
        children: tuple[Part, ...] = ()
        if header.get_content_maintype() == "multipart":
            children = self._children(path, header, block.body_start, end, depth + 1)
        if not children:
            path = path or "1"
        if not children and header.get_content_type() == "text/plain":
            children = self._files_in_text(path, header, block.body_start, end)
        return Part(path, header, min(block.body_start, end), end, children)

    def _children(
        self, path: str, header: Message, start: int, end: int, depth: int
    ) -> tuple[Part, ...]:
        boundary = self._boundary(header)
        found = self._stretches(boundary, start, end) if boundary else ()
        stretches = list(islice(found, self.limits.parts + 1))
        if not stretches:
            self.defects.append("multipart without parts")
        digest = header.get_content_subtype() == "digest"  # RFC 2046 section 5.1.5
        return tuple(
            self.part(
                f"{path}.{number}" if path else str(number),
                read_header(self.raw, self.limits, start=first, end=last),
                last,
                depth=depth,
                default="message/rfc822" if digest else "text/plain",
            )
            for number, (first, last) in enumerate(stretches, 1)
        )

    def _files_in_text(self, path: str, header: Message, start: int, end: int) -> tuple[Part, ...]:
        """Split plain text with uuencoded files in it as a multipart would be; else nothing."""
        children: list[Part] = []
        if _encoding(header) not in _IDENTITY or header.get_content_disposition():
            return ()
        for found in uuencode.find_files(self.raw, start, end):
            self._count_part()
            children.append(Part(f"{path}.{len(children) + 1}", header, start, found.start))
            child = _file_header(found.name)
            children.append(Part(f"{path}.{len(children) + 1}", child, found.start, found.end))
            start = found.end
        if not children:
            return ()
        return (*children, Part(f"{path}.{len(children) + 1}", header, start, end))

    def _count_part(self) -> None:
        self.count += 1
        if self.count > self.limits.parts:
            raise TooComplex(f"over {self.limits.parts} parts")

    def _boundary(self, header: Message) -> bytes:
        try:
            return (header.get_boundary("") or "").encode()
        except (ValueError, LookupError):
            return b""

    def _stretches(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches between delimiter lines; the line end before a delimiter belongs to it."""
        first = None
        inner = b""
        for at, after, is_last in self._delimiters(boundary, start, end):
            if is_last and first is not None:
                inner = inner or self._boundary_of(first, at)
                if inner == boundary + b"--":  # whose delimiter this is
                    continue
            if first is not None:
                yield first, max(first, _before_line_end(self.raw, at))
            first = after
            if is_last:
                return
        if first is not None:
            self.defects.append("multipart without its closing delimiter")
            yield first, end

    def _boundary_of(self, start: int, end: int) -> bytes:
        """The boundary that the part at `start` declares; b"" if it is no multipart."""
        block = read_header(self.raw, self.limits, start=start, end=end)
        content_type = next((v for name, v in block.fields if name.lower() == "content-type"), "")
        if not content_type.lower().startswith("multipart/"):
            return b""
        return self._boundary(self._message(block, "text/plain"))

    def _delimiters(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Each delimiter line: where it begins, where the next begins, whether it closes."""
        delimiter = b"--" + boundary
        at = self.raw.find(delimiter, start, end)
        while at != -1:
            behind = at + len(delimiter)
            closing = self.raw[behind : behind + 2] == b"--"
            behind += 2 * closing
            is_alone = at == start or self.raw[at - 1] == 10
            # RFC 2046: what follows on the line does not matter; but "--ab" delimits no "a".
            is_whole = behind >= end or self.raw[behind : behind + 1].isspace()
            if is_whole and (is_alone or (closing and self._is_end(behind, end))):
                line_end = self.raw.find(b"\n", behind, end)
                yield at, end if line_end == -1 else line_end + 1, closing
            at = self.raw.find(delimiter, at + len(delimiter), end)

    def _is_end(self, at: int, end: int) -> bool:
        """Whether nothing follows: some writers leave out the line end before the last delimiter
        of the mail."""
        return end - at <= 2 and not self.raw[at:end].strip()

    def _message(self, block: HeaderBlock, default: str) -> Message:
        self.defects.extend(block.defects if self.count > 1 else ())
        message = Message()
        message.set_default_type(default)
        for name, value in block.fields:
            message.set_raw(name, self._few_parameters(name, _mended(value)))
        return message

    def _few_parameters(self, name: str, value: str) -> str:
        is_mime = name.lower() in ("content-type", "content-disposition")
        if not is_mime or value.count(";") <= self.limits.parameters:
            return value
        self.defects.append(f"{name}: over {self.limits.parameters} parameters")
        return ";".join(value.split(";")[: self.limits.parameters])


def _mended(value: str) -> str:
    """Unfold, and put in the semicolon that some writers leave out behind the type."""
    text = _FOLD.sub("", value).strip()
    if not text.isascii():
        text = mend_bytes(text, "windows-1252").encode("utf-8", "replace").decode()
    return _NO_SEMICOLON.sub(r"\1; ", text)


def _file_header(name: bytes) -> Message:
    """The fields that a uuencoded file would have as a part of its own."""
    message = Message()
    filename = mend_bytes(name.decode("utf-8", "surrogateescape"), "windows-1252").strip()
    kind = guess_type(filename)[0] or "application/octet-stream"
    message.set_raw("Content-Type", kind)
    message.set_raw("Content-Transfer-Encoding", "x-uuencode")
    message.add_header("Content-Disposition", "attachment", filename=filename)
    return message


def _before_line_end(raw: bytes, at: int) -> int:
    at -= raw[at - 1 : at] == b"\n"
    return at - (raw[at - 1 : at] == b"\r")


# --- content ------------------------------------------------------------------------------------

_TRAILING_SPACE = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decoded(raw: bytes, part: Part) -> bytes:
    """Return the content of a part without its transfer encoding (RFC 2045 section 6)."""
    content = raw[part.start : part.end]
    match _encoding(part.header):
        case "base64":
            return _base64(content)
        case "quoted-printable":
            return binascii.a2b_qp(_TRAILING_SPACE.sub(b"", content))
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return uuencode.decode(content)
    return content


def _encoding(header: Message) -> str:
    name = str(header.get("content-transfer-encoding", "")).split(";")[0]
    return name.strip().strip("\"'").lower()


def _base64(content: bytes) -> bytes:
    try:
        return binascii.a2b_base64(content)
    except binascii.Error:  # no padding, or one character too many
        letters = _NO_BASE64.sub(b"", content.partition(b"=")[0])
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def as_message(raw: bytes, part: Part) -> Message:
    """Return the part as the standard library's compat32 tree, for those who read reports in it.

    Attachments are left empty, text and report parts are cut at `REPORT_BYTES`.
    """
    message = part.header
    if part.content_type.startswith("text/"):
        content = raw[part.start : min(part.end, part.start + REPORT_BYTES)]
        message.set_payload(content.decode("ascii", "surrogateescape"))
    elif part.content_type.startswith("message/"):
        message.set_payload(_nested(raw, part))
    elif part.children:
        message.set_payload([as_message(raw, child) for child in part.children])
    return message


def _nested(raw: bytes, part: Part) -> list[Message | str]:
    """Parse a message/* part as the standard library would have done."""
    head = f"Content-Type: {part.content_type}\n\n".encode()
    try:
        payload = message_from_bytes(head + decoded(raw, part)[:REPORT_BYTES]).get_payload()
    except RecursionError:
        return []
    return [each for each in payload if isinstance(each, Message)] if payload else []
