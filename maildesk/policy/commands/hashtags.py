"""`#words` in a line of text, whatever clients and keyboards have made of them.

Words are cut before they are normalised: to sort a pile of marks on a letter costs its square.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from maildesk.mail.sigils import SIGILS, UNSEEN, UNSEEN_CHARACTERS

LONGEST_TOKEN = 80
_MOST = 500  # looked at in one line
_BEGIN = re.compile(
    rf"(?P<before>[^\w{SIGILS}]{{0,24}}(?:(?:\d{{1,3}}|[A-Za-z])[.)][^\w{SIGILS}]{{1,8}})?)"
    rf"(?P<sigils>[{SIGILS}](?:[{UNSEEN_CHARACTERS}]*[{SIGILS}]){{0,5}})[{UNSEEN_CHARACTERS}]*"
    r"(?P<token>\S+)"
)
_WORD = re.compile("[^\\W\\d_][\\w\u0300-\u036f-]*")
_LATER = re.compile(rf"(?<!\S)[{SIGILS}](\S+)")
_INDENT = re.compile(" {0,3}")
_SPACES = dict.fromkeys(map(ord, "\xa0\u2002\u2003\u2007\u2009\u202f\u3000"), " ")
_PUNCTUATION = ".,;:!。"
_EMPHASIS = "*_~`\"'“”„«»()[]<>"


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A #word, normalised, and what sticks to it. It stands in its line from `start` to `end`."""

    word: str
    tail: str = ""
    start: int = 0
    end: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether a space or nothing but punctuation follows the word."""
        return not self.tail


@dataclass(frozen=True, slots=True)
class Begin:
    """How a line begins that begins with a #word, and the `rest` of it. `is_alone`: before it are
    three spaces at most, no sign of a list, no quotation mark, no second sigil."""

    hashtag: Hashtag
    rest: str
    is_alone: bool


def begins_with_hashtag(line: str) -> bool:
    """Tell whether a line may begin with a #word; cheap."""
    return _BEGIN.match(line) is not None


def read_begin(line: str) -> Begin | None:
    """Return how a line begins; None where it begins with no #word: `#123`, `# Heading`."""
    found = _BEGIN.match(line)
    if found is None:
        return None
    before = found["before"].translate(UNSEEN).translate(_SPACES)
    written, rest = found["token"], line[found.end() :]
    is_one = len(found["sigils"]) == 1
    if before.strip() or not is_one:
        written, rest = _without_emphasis(written, rest)
    hashtag = _read(written, found.start("sigils"), found.end())
    is_alone = is_one and _INDENT.fullmatch(before) is not None
    return Begin(hashtag, rest, is_alone) if hashtag else None


def hashtags_in(text: str) -> Iterator[Hashtag]:
    """Yield the #words that stand behind a space, or at the beginning."""
    for found in islice(_LATER.finditer(text), _MOST):
        hashtag = _read(found[1], found.start(), found.end())
        if hashtag:
            yield hashtag


def _read(written: str, start: int, end: int) -> Hashtag | None:
    """Read what stands behind a sigil; None where it does not begin with a letter."""
    plain = unicodedata.normalize("NFKC", written[:LONGEST_TOKEN].translate(UNSEEN))
    word = _WORD.match(plain[:LONGEST_TOKEN])
    if word is None:
        return None
    tail = plain[word.end() :].rstrip(_PUNCTUATION) + written[LONGEST_TOKEN:]
    return Hashtag(word[0], tail, start, end)


def _without_emphasis(token: str, rest: str) -> tuple[str, str]:
    """Take off what closes emphasis or quotation marks that were opened before the sigil."""
    if rest.strip():
        return token, rest.rstrip().rstrip(_EMPHASIS)
    return token.rstrip(_EMPHASIS), rest
