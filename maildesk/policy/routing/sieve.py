"""One look at a text for all that the rules seek in it: 500 rules cost little more than one.

A sieve tells which regular expressions and words may be found, never more: each of those is then
sought by itself. A regular expression that keeps a search open over any text (`a.*b`) stays out of
it: many of those together take a time that is no longer linear.
"""

import re
from collections.abc import Iterable
from typing import Any

import re2

FEWEST = 4  # below that, to look for one after the other is as fast
MEMORY_BYTES = 16 << 20
_KEEPS_OPEN = re.compile(r"(?:(?<!\\)[.)]|\[\^[^\]]*\]|\\[WDSPC])(?:[*+]|\{\d*,)")

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = MEMORY_BYTES


class Sieve:
    """What all rules seek in one field: compiled regular expressions, or words (then `text` is as
    these are: without case)."""

    def __init__(self, sought: Iterable[Any]) -> None:
        every = list(dict.fromkeys(sought))
        self._known = [one for one in every if not _KEEPS_OPEN.search(_source(one))]
        self._open = frozenset(every) - frozenset(self._known)
        self._set = re2.Set.SearchSet(_OPTIONS)
        for one in self._known:
            self._set.Add(_source(one))
        self._set.Add("")  # is always found, unless memory has run out
        self._set.Compile()

    def candidates(self, text: bytes) -> frozenset[Any] | None:
        """Return what may be found in the text; None: anything."""
        found = self._set.Match(text)
        last = len(self._known)
        if last not in found:
            return None
        return self._open | {self._known[place] for place in found if place != last}


def _source(sought: Any) -> str:
    return re2.escape(sought) if isinstance(sought, str) else str(sought.pattern)


def sieve_for(sought: Iterable[Any]) -> Sieve | None:
    """Return the sieve; None where it would not be worth it."""
    several = list(dict.fromkeys(sought))
    return Sieve(several) if len(several) >= FEWEST else None
