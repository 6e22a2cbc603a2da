"""How courtesies are put together: which phrases cover a short text from beginning to end.

A text is walked from its beginning, and each place that phrases lead to is remembered once with
what was said before it, so that time is linear in the text. Texts are compared without accents,
apostrophes, full-width forms, skin tones and characters that nobody sees.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Flag, auto
from functools import cache

from maildesk.mail import courtesy_phrases as phrases
from maildesk.mail.clean import clean
from maildesk.mail.works_phrases import WORKS

_MOST_CHARACTERS = 200  # of a text, simplified
_GLAD = "☺"  # stands for every glad sign
_SMILEY = re.compile(r"(?<!\w)(?:[:;=8][-o']?[)D*\]]+|<3+|\^_?\^|\([yY]\)|[xX]D+)(?!\w)")
_SAD_SMILEY = re.compile(r"(?<!\w)[:;=][-o']?[(/\\|\[]|(?<!\w):c\b")
_SIGNS = str.maketrans(
    dict.fromkeys("♀♂🏻🏼🏽🏾🏿", "")
    | dict.fromkeys("!。…¡", ".")
    | dict.fromkeys(';:、()[]"“”„«»‚–—―', ",")
    | dict.fromkeys("*_~&\t\xa0", " ")
    | dict.fromkeys(phrases.GLAD_SIGNS, _GLAD)
)
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘´`ʼ′", ""))
_KEPT_MARKS = "\u0308\u030a"  # ä, ö, ü and å are letters of their own
_HAN = re.compile(r"([\u3400-\u9fff]+)")
_HYPHEN = re.compile(r"(?<=\w)[-‐‑](?=\w)")
_DASH = re.compile(r"(?<!\w)-|-(?!\w)")
_SEPARATORS = " ,.\n" + _GLAD
_QUOTES = "\"'“”„«»‘’ \t\n"


def fold(text: str) -> str:
    """Return text without apostrophes and accents, full-width forms as plain ones."""
    letters = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    kept = (c for c in letters if unicodedata.category(c) != "Mn" or c in _KEPT_MARKS)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_APOSTROPHES)


def simplify(text: str) -> str:
    """Return text as words, digits, `,` and `.`, line ends, one mark for every glad sign, and
    whatever else there is, which no phrase covers."""
    visible = "\n".join(clean(line) for line in text.split("\n"))
    plain = unicodedata.normalize("NFKC", visible)
    smiling = _SMILEY.sub(_GLAD, _SAD_SMILEY.sub("\ufffd", plain))
    signs = fold(smiling).translate(_SIGNS)
    spaced = _HAN.sub(r" \1 ", _DASH.sub(",", _HYPHEN.sub(" ", signs)))
    lines = (" ".join(line.split()) for line in spaced.split("\n"))
    return "\n".join(line for line in lines if line)


def is_glad(text: str) -> bool:
    """Whether the text is glad signs and nothing else: 👍, +1, :-)."""
    bare = simplify(text).replace("+1", _GLAD)
    return _GLAD in bare and not bare.strip(_SEPARATORS)


def bare_word(text: str) -> str:
    """Return the word that is all of the text but for please, quotes and one mark behind it, in
    lower case; "" for none. "STOP!!" is called to people."""
    quoted = unicodedata.normalize("NFKC", clean(text)).strip(_QUOTES)
    word = simplify(re.sub(r"[.!?。,]$", "", quoted).strip(_QUOTES)).replace(",", "").lower()
    for please in _PLEASE:
        word = word.removeprefix(f"{please} ").removesuffix(f" {please}")
    return word.strip()


_PLEASE = sorted(map(fold, phrases.PLEASE), key=len, reverse=True)


class Part(Flag):
    """What a phrase does in a text."""

    GREETING = auto()
    THANKS = auto()
    OPENER = auto()  # "for", behind thanks
    OBJECT = auto()  # "the quick help", a word at a time
    PRAISE = auto()
    ASSENT = auto()
    WORKS = auto()
    CLOSING = auto()
    FILLER = auto()
    NAME = auto()
    SIGNATURE = auto()  # a name in a line of its own, below another


_UNFINISHED = (Part.OPENER, Part.FILLER)


def readings(text: str, names: frozenset[str] = frozenset()) -> set[Part]:
    """Return what the phrases that cover the text do, for each way to cover it; nothing where no
    way does, or the text asks. `names`: see `courtesy.read_words`."""
    plain = simplify(text)
    if not plain or len(plain) > _MOST_CHARACTERS or "?" in plain or "¿" in plain:
        return set()
    ends = len(plain)
    places: list[set[tuple[Part, Part]]] = [set() for _ in range(ends + 1)]
    places[_behind_separators(plain, 0)].add((Part(0), Part(0)))
    for at, states in enumerate(places[:-1]):
        if not states:
            continue
        for part, end in (*_phrases_at(plain, at), *_names_at(plain, at, names)):
            behind = _behind_separators(plain, end)
            places[behind] |= {
                (seen | part, part) for seen, last in states if _may_follow(plain, at, last, part)
            }
    return {seen for seen, last in places[ends] if last not in _UNFINISHED}


def _behind_separators(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SEPARATORS:
        at += 1
    return at


def _gap_before(text: str, at: int) -> str:
    return text[len(text[:at].rstrip(_SEPARATORS)) : at]


def _may_follow(text: str, at: int, last: Part, part: Part) -> bool:
    """Whether a part may stand at a place, behind the last one."""
    gap = _gap_before(text, at)
    if part in (Part.OPENER, Part.OBJECT):
        if gap.strip():
            return False
        if part is Part.OPENER:
            return last in (Part.THANKS, Part.NAME)
        is_han = text[at] >= "\u3400"  # Chinese thanks without "for"
        return last in (Part.OPENER, Part.OBJECT) or (is_han and last is Part.THANKS)
    if part is Part.NAME:
        is_object_before = last in (Part.OPENER, Part.OBJECT) and gap == " "
        return last not in (Part.NAME, Part.SIGNATURE) and not is_object_before
    if part is Part.SIGNATURE:
        return last is Part.NAME and "\n" in gap
    return True


# --- phrases and names --------------------------------------------------------------------------


_TABLES: Mapping[Part, Mapping[str, str]] = {
    Part.GREETING: phrases.GREETINGS,
    Part.THANKS: phrases.THANKS,
    Part.OPENER: phrases.OBJECT_OPENERS,
    Part.OBJECT: phrases.OBJECTS,
    Part.PRAISE: phrases.PRAISE,
    Part.ASSENT: phrases.ASSENT,
    Part.WORKS: WORKS,
    Part.CLOSING: phrases.CLOSINGS,
    Part.FILLER: phrases.FILLERS,
}


def _pattern(language: str, phrase: str) -> re.Pattern[str]:
    """Return a phrase as a pattern; it ends where a word ends, but for Chinese."""
    end = "" if language == "zh" else r"(?!\w)"
    return re.compile(fold(f"(?:{phrase}){end}"), re.IGNORECASE)


@cache  # compiled when the first short text comes, not at import
def _patterns() -> tuple[tuple[Part, re.Pattern[str]], ...]:
    return tuple(
        (part, _pattern(language, phrase))
        for part, table in _TABLES.items()
        for language, phrase in table.items()
    )


_NAME_WORD = re.compile(r" ?([^\W\d_]+)(?:\.|(?!\w))")
_LONGEST_NAME = 4  # words
_PARTICLES = frozenset(("van", "von", "der", "den", "de", "la", "da", "af", "av", "ten", "zu", "y"))
_HONORED = re.compile(
    r"[小阿][\u4e00-\u9fff]|[\u4e00-\u9fff]{1,2}(?:工|总|老师|先生|女士|小姐|经理|哥|姐)"
)
_DOUBTS = frozenset(map(fold, phrases.DOUBTS))


@cache
def _words() -> frozenset[str]:
    """Return the words of all phrases."""
    return frozenset(
        word.lower()
        for _, pattern in _patterns()
        for word in re.findall(r"[^\W\d_]{2,}", pattern.pattern)
    )


def _phrases_at(text: str, at: int) -> Iterator[tuple[Part, int]]:
    for part, pattern in _patterns():
        match = pattern.match(text, at)
        if match:
            yield part, match.end()


def _names_at(text: str, at: int, names: frozenset[str]) -> Iterator[tuple[Part, int]]:
    """Yield where a name may end. Where a sentence begins it must be a known one:
    "Refund, thanks", "Thanks. Broken"."""
    honored = _HONORED.match(text, at)
    if honored:
        yield Part.NAME, honored.end()
    gap = _gap_before(text, at)
    must_be_known = at == 0 or ("." in gap and "\n" not in gap)
    end = at
    for _ in range(_LONGEST_NAME):
        match = _NAME_WORD.match(text, end)
        if not match or not _is_name(match[1], names, must_be_known=must_be_known):
            return
        end = match.end()
        if match[1] not in _PARTICLES:
            yield Part.NAME, end
            yield Part.SIGNATURE, end


def _is_name(word: str, names: frozenset[str], *, must_be_known: bool) -> bool:
    """Whether a word is a known name, or is written as names are and no other word of ours."""
    lower = word.lower()
    if lower in names and lower not in _DOUBTS:
        return True
    if must_be_known:
        return False
    if word in _PARTICLES:
        return True
    is_capital = word[0].isupper() and (len(word) == 1 or any(map(str.islower, word)))
    return is_capital and lower not in _DOUBTS and lower not in _words()
