"""The words of `#commands`: which verb each stands for, and what somebody may have meant.

The verbs and their English aliases stand in `commands`; `templates/<language>/commands.yaml` adds
the words of other languages, and all are active together.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from maildesk.mail.sigils import UNSEEN

# Words that say a verb and its argument at once; they have aliases as verbs do.
IMPLIED: Mapping[str, tuple[str, str]] = MappingProxyType({"urgent": ("priority", "P1")})

# What follows these on their line is theirs, whatever stands in it.
TAKES_REST = frozenset({"title", "note"})

LONGEST_WORD = 40
_PUNCTUATION = ".,;:!。"
_MOST_SUGGESTED = 3
_LONG = 7  # from so many letters on, two slips are forgiven instead of one
_SHORT = 3  # up to so many letters, another letter makes another word


def fold(word: str) -> str:
    """Return what words are compared by: no case, no compatibility forms (full-width letters),
    nothing unseen, no punctuation at the end. Cut at twice `LONGEST_WORD`, for marks may pile up
    on a letter, and to sort them costs their square."""
    plain = word[: 2 * LONGEST_WORD].translate(UNSEEN)
    folded = unicodedata.normalize("NFKC", plain).casefold()
    return unicodedata.normalize("NFC", folded).rstrip(_PUNCTUATION)


@dataclass(frozen=True)
class Vocabulary:
    """The words that are understood: each folded word with its verb, or its word of `IMPLIED`."""

    verbs: Mapping[str, str] = field(default_factory=dict)

    def find(self, word: str) -> str | None:
        """Return the verb that a word stands for; None if it stands for none."""
        found = self.verbs.get(fold(word))
        return IMPLIED[found][0] if found and found in IMPLIED else found

    def implied(self, word: str) -> str:
        """Return the argument that a word brings along (`#urgent`: P1); "" for most."""
        found = self.verbs.get(fold(word), "")
        return IMPLIED[found][1] if found in IMPLIED else ""

    def suggest(self, word: str) -> tuple[str, ...]:
        """Return the known words that may have been meant, one a verb; of several none is nearer.

        One slip is forgiven (a letter too many, too few, another, or two in the wrong order), in
        words of seven letters and more two, in those of three only the wrong order.
        """
        meant = fold(word)
        if not 2 <= len(meant) <= LONGEST_WORD:
            return ()
        near = sorted(self._near(meant))
        best: dict[tuple[str, str], str] = {}
        for slips, _, known in near:
            if slips == near[0][0]:
                best.setdefault((self.find(known) or "", self.implied(known)), known)
        return tuple(best.values())[:_MOST_SUGGESTED]

    def _near(self, meant: str) -> list[tuple[int, int, str]]:
        """The known words within reach: slips, place in the vocabulary (verbs first), word."""
        found = []
        for place, known in self._by_place:
            if _may_be_near(meant, known):
                slips = distance(meant, known)
                is_near = slips <= _slips_forgiven(meant, known)
                found += [(slips, place, known)] if is_near else []
        return found

    @cached_property
    def _by_place(self) -> list[tuple[int, str]]:
        return list(enumerate(self.verbs))


def _may_be_near(meant: str, known: str) -> bool:
    """Tell what needs no counting."""
    if max(len(meant), len(known)) <= _SHORT:
        return sorted(meant) == sorted(known)
    return abs(len(meant) - len(known)) <= _slips_forgiven(meant, known)


def _slips_forgiven(meant: str, known: str) -> int:
    return 2 if max(len(meant), len(known)) >= _LONG else 1


def distance(one: str, other: str) -> int:
    """Return how many slips lie between two words: letters inserted, left out, replaced, or two
    neighbours in the wrong order (Damerau 1964, no letter touched twice)."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, its in enumerate(other, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != its))
            if row > 1 < column and letter == other[column - 2] and its == one[row - 2]:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, above = above, line
    return above[-1]
