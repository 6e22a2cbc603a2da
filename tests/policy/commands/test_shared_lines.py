"""Lines that a text shares with others: found as a plain search finds them, but soon."""

import random
import re
import time
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from maildesk.policy.commands.bare_lines import bare_line, bare_lines, is_long
from maildesk.policy.commands.outgoing import forbidden_lines

MARKS = [
    "AB> ",
    "> ",
    "<mailto:a@b.c>",
    " ",
    "\t",
    "\n",
    "\r",
    "\x1c",
    "_",
    "\u2014",
    "\u200b",
    "\ud800",
]
LETTERS = [
    "a",
    "É",
    "ß",
    "İ",
    "ς",
    "中",
    "é",
    "printer",
    "toner is empty",
    "the plug",
    "floor",
    "noise",
]
TEXTS = st.lists(st.sampled_from([*MARKS, *LETTERS, *LETTERS, *LETTERS]), max_size=60).map("".join)


def plainly(text: str, forbidden: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """Every line is searched for in the whole."""
    free = "\n".join(_joined(each) for each in allowed)
    texts = list(dict.fromkeys(forbidden))
    there, here = "\n".join(map(_joined, texts)), _joined(text)
    found = [line for line in text.split("\n") if is_long(line) and bare_line(line) in there]
    wrapped = (line for each in texts for line in each.split("\n"))
    found += [line for line in wrapped if is_long(line) and bare_line(line) in here]
    return [line.strip() for line in found if bare_line(line) not in free]


def _joined(text: str) -> str:
    return "".join(map(bare_line, text.split("\n")))


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), st.lists(TEXTS, max_size=1), st.data())
def test_lines_are_found_as_a_plain_search_finds_them(text, forbidden, allowed, data):
    """The text takes pieces of the others over, wrapped and cut anywhere."""
    for other in forbidden:
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(other))] * 2)))
        text += data.draw(st.sampled_from(["", "\n", "> "])) + other[start:end]
    width = data.draw(st.integers(20, 200))
    text = re.sub(rf"([^\n]{{{width}}})", r"\1\n", text)
    assert list(forbidden_lines(text, forbidden, allowed)) == plainly(text, forbidden, allowed)


@given(TEXTS)
def test_text_is_bared_as_its_lines_are(text):
    assert bare_lines(text).split("\n") == [bare_line(line) for line in text.split("\n")]


def test_many_kinds_of_signs_are_bared_too():
    signs = "".join(map(chr, range(0x2000, 0x2400)))
    assert (
        bare_lines(f"a{signs}b\n{signs}c")
        == f"{bare_line('a' + signs + 'b')}\n{bare_line(signs + 'c')}"
    )


def prose(seed: int, size: int) -> str:
    chosen = random.Random(seed)
    words = ["".join(chosen.choices("aeinrstü", k=n)) for n in (2, 3, 4, 5, 7, 9) * 200]
    lines = (" ".join(chosen.choices(words, k=8)) for _ in range(size // 20))
    return "\n".join(lines)[:size]


def test_long_reply_is_soon_held_against_many_long_notes():
    notes = [prose(n, 20_000) for n in range(50)]
    reply = prose(50, 100_000)
    start = time.process_time()
    assert not list(forbidden_lines(reply, notes))
    assert list(forbidden_lines(f"{reply}\n{notes[49][10_000:10_200]}", notes))
    assert time.process_time() - start < 1.0, "a plain search takes several seconds"
