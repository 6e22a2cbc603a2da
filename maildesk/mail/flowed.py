"""Join the lines of format=flowed text back into paragraphs (RFC 3676).

A line that ends in a space goes on in the next one, if that has the same quote depth. Quotes keep
their `>`, one set a paragraph. The signature separator `-- ` stands alone whatever its last space.
"""

import re

_QUOTE = re.compile(r">*")
SIGNATURE = "-- "


def unflow(text: str, *, delsp: bool = False) -> str:
    """Return `text` with its flowed lines joined; `delsp` drops the space that marks them, as
    languages written without spaces need (RFC 3676 section 4.1)."""
    paragraphs: list[str] = []
    parts: list[str] = []
    depth = 0
    for line in text.split("\n"):
        line_depth, content = _unquote(line)
        if parts and (line_depth != depth or content == SIGNATURE):
            paragraphs.append(_paragraph(depth, parts))  # broken off: section 4.5
            parts = []
        depth = line_depth
        if content.endswith(" ") and content != SIGNATURE:
            parts.append(content[:-1] if delsp else content)
            continue
        paragraphs.append(_paragraph(depth, [*parts, content]))
        parts = []
    if parts:
        paragraphs.append(_paragraph(depth, parts))
    return "\n".join(paragraphs)


def _unquote(line: str) -> tuple[int, str]:
    """Return the quote depth and the content, its stuffed space removed (section 4.4)."""
    marks = _QUOTE.match(line)
    depth = marks.end() if marks else 0
    content = line[depth:]
    return depth, content[1:] if content.startswith(" ") else content


def _paragraph(depth: int, parts: list[str]) -> str:
    content = "".join(parts)
    return f"{'>' * depth} {content}" if depth else content
