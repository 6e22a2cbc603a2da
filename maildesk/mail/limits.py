"""What the parser bears, held against the raw bytes before any parser sees them.

A header block is read here once, into fields no longer and no more numerous than allowed, so that
whoever parses a value later may be as slow as it likes. Over a limit nothing is dropped: the rest
is left out and a defect says so.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """How much of a mail is read; all are counts, bytes (`_bytes`) or characters."""

    header_bytes: int = 102_400
    fields: int = 1_000
    field_bytes: int = 16_384
    parts: int = 500
    depth: int = 20
    parameters: int = 50
    addresses: int = 200
    references: int = 100
    filename_characters: int = 120
    text_characters: int = 1_048_576
    head_bytes: int = 65_536  # what is shown of a mail that is over a limit


# What is taken of a mail over the size limit: the longest header block, and 64 KiB behind it.
HEAD_BYTES = ParseLimits().header_bytes + ParseLimits().head_bytes


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """The fields of a header block, undecoded, and where its body begins. Bytes that are not UTF-8
    (RFC 6532) are surrogates. `is_whole`: nothing was over a limit that the structure hangs on."""

    fields: tuple[tuple[str, str], ...]
    body_start: int
    defects: tuple[str, ...] = ()
    is_whole: bool = True


# RFC 5322 section 2.2: printable characters but the colon. Older writers put spaces before it.
_LINES = re.compile(rb"(?:(?:[!-9;-~]+[ \t]*:|[ \t])[^\n]*(?:\n|\Z))*")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)")
_MBOX_LINE = re.compile(rb">?From [^\n]*\n")
_EMPTY_LINE = re.compile(rb"\r*\n")
_LINE = re.compile(rb"[^\n]*\n?")


def read_header(
    raw: bytes, limits: ParseLimits, *, start: int = 0, end: int | None = None
) -> HeaderBlock:
    """Read the header block that begins at `start`; it ends at the first line that is no field."""
    end = len(raw) if end is None else end
    start = _after(_MBOX_LINE, raw, start, end)
    window = min(end, start + limits.header_bytes)
    stop = _after(_LINES, raw, start, window)
    found = _FIELD.findall(raw, start, stop)
    defects = []
    is_whole = len(found) <= limits.fields
    if window < end and stop == window:
        defects.append(f"header block over {limits.header_bytes} bytes")
        is_whole = False
    if len(found) > limits.fields:
        defects.append(f"over {limits.fields} header fields")
    fields = []
    for raw_name, value in found[: limits.fields]:
        name = raw_name.decode("ascii")
        if len(value) > limits.field_bytes:
            defects.append(f"{name[:40]}: over {limits.field_bytes} bytes")
        value_text = value[: limits.field_bytes].decode("utf-8", "surrogateescape")
        fields.append((name[:200], value_text.strip()))
    body_start = _after(_EMPTY_LINE, raw, stop, end)
    if body_start == stop < end:
        defects.append("header block ends without an empty line")
    return HeaderBlock(tuple(fields), body_start, tuple(defects), is_whole)


def _after(pattern: re.Pattern[bytes], raw: bytes, start: int, end: int) -> int:
    """Return the position behind `pattern` at `start`; `start` itself where it does not match."""
    match = pattern.match(raw, start, end)
    return match.end() if match else start
