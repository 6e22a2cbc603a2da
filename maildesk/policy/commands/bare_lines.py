"""Lines bare of all but letters and digits: what is left of a line however a client has wrapped it,
and whatever it has set before it."""

import re

LONG = 20  # characters: a shorter line may stand anywhere by chance
FEWEST_LETTERS = 12  # in a long line: a rule of dashes says nothing

_INITIALS = re.compile(r"\A\s*(?:[^\W\d_]{1,4}>+\s?)+")
_ECHO = re.compile(r"<mailto:[^<>\s]*>")
_NO_LETTER = re.compile(r"[\W_]+")
_NO_LETTER_OR_END = re.compile(r"(?:[^\w\n]|_)+")
_ASCII_NO_LETTERS = bytes(n for n in range(128) if not chr(n).isalnum() and chr(n) != "\n")
_MOST_REPLACED = 50  # signs beyond ASCII; a text of more kinds is no letter of ours or anybody's


def is_long(line: str) -> bool:
    """Whether a line is too long to be the same as another by chance."""
    return len(line.strip()) >= LONG and len(bare_line(line)) >= FEWEST_LETTERS


def bare_line(line: str) -> str:
    """The letters and digits of a line, without the initials that some clients quote with, and
    without the echo of a link, which the text that we sent does not have."""
    return _NO_LETTER.sub("", _without_marks(line)).casefold()


def bare_lines(text: str) -> str:
    """The same of each line of a text, as many lines; a hundred times as fast as line by line."""
    if ">" in text:
        lines = text.split("\n")
        text = "\n".join(_without_marks(line) if ">" in line else line for line in lines)
    raw = text.encode("utf-8", "surrogatepass").translate(None, _ASCII_NO_LETTERS)
    return _without_signs(raw.decode("utf-8", "surrogatepass")).casefold()


def bare_text(text: str) -> str:
    """The same of a whole text, as one."""
    return bare_lines(text).replace("\n", "")


def _without_marks(line: str) -> str:
    return _INITIALS.sub("", _ECHO.sub("", line))


def _without_signs(text: str) -> str:
    """The text without what is no letter beyond ASCII: dashes, quotation marks, wide spaces."""
    if text.isascii():
        return text
    signs = [sign for sign in set(text) if not sign.isalnum() and sign != "\n"]
    if len(signs) > _MOST_REPLACED:
        return _NO_LETTER_OR_END.sub("", text)
    for sign in signs:
        text = text.replace(sign, "")
    return text
