"""Files in the middle of plain text, as `uuencode` and mailers before MIME write them.

begin 644 name
M<encoded lines, the length of each in its first character>
end
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

# Encoded lines hold no lower-case letter, so "end" and another "begin" end them.
_FILE = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n(?:[ -`]*\r?\n)+end[ \t]*\r?$", re.M)


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A file found in text, from its "begin" at `start` to behind its "end"."""

    name: bytes
    start: int
    end: int


def find_files(raw: bytes, start: int, end: int) -> Iterator[EncodedFile]:
    """Yield the files between two positions of a mail, from the top."""
    if raw.find(b"begin ", start, end) == -1:
        return
    for found in _FILE.finditer(raw, start, end):
        yield EncodedFile(found[1], found.start(), found.end())


def decode(content: bytes) -> bytes:
    """Return the first file in `content`; the content itself where there is none."""
    _, begin, lines = content.partition(b"begin ")
    result = bytearray()
    for line in lines.splitlines()[1:] if begin else ():
        if line.strip() in (b"end", b"`", b""):
            break
        # Some writers add a checksum behind the line: its first character tells the length.
        length = ((line[0] - 32) & 63) * 4 // 3 + 3
        try:
            result += binascii.a2b_uu(line[:length])
        except binascii.Error:
            break
    return bytes(result) if begin else content
