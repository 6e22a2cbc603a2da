"""Wrap text for format=flowed: a trailing space says that the line goes on in the next (RFC 3676).

Readers that know the format join the lines again to the width of their screen; all others see
lines of at most 78 columns. Only spaces are broken at: a long address or URL stays whole.
"""

import re
import unicodedata
from collections.abc import Iterator

from maildesk.mail.sigils import SIGILS

COLUMNS = 77  # with RFC 3676 section 4.2's limit of 78 kept by the trailing space
HARD_BREAK = "\ufdd2"  # a noncharacter: never in the text of a mail that we clean

_WORD = re.compile(r"[^ ]+ *| +")
_MISREAD = re.compile(rf"[{SIGILS}][^\W\d]|>")  # a command, or a quote, if it begins a line
_GUARD = "· "


def wrap_paragraphs(text: str) -> str:
    """Join the lines of each paragraph and list item, and wrap them; runs of blank lines become
    one. A line that ends in `HARD_BREAK` ends there."""
    return "\n".join(_squeeze(_wrapped_paragraphs(text)))


def wrap_line(line: str, first: str = "", following: str = "") -> list[str]:
    """Wrap one line of words, spaces as they are; `first` and `following` begin the lines."""
    if line.isascii():
        return list(_wrap_ascii(line, first, following))
    lines = []
    current, width = first, len(first)
    for word in _WORD.findall(line):
        word_width = _width(word.rstrip(" "))
        if width > len(first) and width + word_width > COLUMNS:
            lines.append(current)
            current, width = following, len(following)
        current += word
        width += word_width + len(word) - len(word.rstrip(" "))
    return [*lines, current.rstrip(" ")]


def _wrap_ascii(line: str, prefix: str, following: str) -> Iterator[str]:
    """The same for a line whose every character is one column wide: most lines are, and to look
    for the last space that fits is ten times as fast as to measure each word."""
    line = line.rstrip(" ")
    while len(prefix) + len(line) > COLUMNS:
        room = max(COLUMNS - len(prefix), 0)
        end = line.rfind(" ", 0, room + 1)
        if end < 0:
            end = line.find(" ", room)  # a word without a space that fits stays whole
        if end < 0:
            break
        while line[end] == " ":  # spaces belong to the word before them
            end += 1
        yield prefix + line[:end]
        prefix, line = following, line[end:]
    yield prefix + line


def guard(line: str) -> str:
    """Keep a line of ours from being read as a command or a quote."""
    return _GUARD + line if _MISREAD.match(line) else line


def _wrapped_paragraphs(text: str) -> Iterator[str]:
    paragraph: list[str] = []
    for line in [*text.split("\n"), ""]:
        content = line.strip(" ")
        if paragraph and (not content or content.startswith("- ")):
            yield from map(guard, wrap_line(" ".join(paragraph)))
            paragraph = []
        if content:
            paragraph.append(content.removesuffix(HARD_BREAK).rstrip(" "))
        else:
            yield ""
        if content.endswith(HARD_BREAK):
            yield from map(guard, wrap_line(" ".join(paragraph)))
            paragraph = []


def _squeeze(lines: Iterator[str]) -> Iterator[str]:
    """Drop blank lines at the start, at the end, and behind another."""
    is_pending = is_begun = False
    for line in lines:
        if line and is_pending and is_begun:
            yield ""
        if line:
            yield line
            is_begun = True
        is_pending = not line


def _width(word: str) -> int:
    """The columns that a word takes: Chinese, Japanese and Korean letters take two."""
    if word.isascii():
        return len(word)
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else not unicodedata.combining(letter)
        for letter in word
    )
