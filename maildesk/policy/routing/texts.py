"""The values of a field in the forms that conditions compare, each made once a mail."""

from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import normalize

from maildesk.policy.routing.rule import View
from maildesk.policy.routing.sieve import Sieve

SHOWN = 60  # characters of a value in a trace
LONG_TEXT = 16 * 1024
WORDS_ARE_FASTER = 8  # times, to look for than a regular expression

Sieves = tuple[Sieve | None, Sieve | None]


def composed(text: str) -> str:
    """Return text with each letter in its one form: a Mac writes é as e and an accent (NFC)."""
    return text if text.isascii() else normalize("NFC", text)


def fold(text: str) -> str:
    """Return text in the form that words are compared by."""
    return composed(text).casefold()


class Texts:
    """The values of a field, in the forms that they are compared in; each is made once a mail.

    `sieves` are those for regular expressions and for words, where the rules seek many.
    """

    __slots__ = ("_candidates", "_encoded", "_folded", "_shown", "_sieves", "_sifted", "raw")

    def __init__(self, raw: Iterable[str], sieves: Sieves = (None, None)) -> None:
        self.raw = tuple(raw)
        self._sieves = sieves
        self._folded: tuple[str, ...] | None = None
        self._encoded: tuple[bytes, ...] | None = None
        self._shown: str | None = None
        self._sifted: list[tuple[frozenset[Any] | None, bytes]] | None = None
        self._candidates: dict[tuple[int, int], frozenset[Any] | None] = {}

    @property
    def folded(self) -> tuple[str, ...]:
        """Without case."""
        if self._folded is None:
            self._folded = tuple(map(fold, self.raw))
        return self._folded

    @property
    def encoded(self) -> tuple[bytes, ...]:
        """In UTF-8, as RE2 reads it."""
        if self._encoded is None:
            self._encoded = tuple(composed(one).encode("utf-8", "replace") for one in self.raw)
        return self._encoded

    @property
    def shown(self) -> str:
        """For people: the first values, cut."""
        if self._shown is None:
            self._shown = ", ".join(f"“{_cut(one)}”" for one in self.raw[:3])
            self._shown += " and more" if len(self.raw) > 3 else ""
        return self._shown

    def sifted(self, view: View) -> list[tuple[frozenset[Any] | None, bytes]]:
        """Return each text with the patterns that may be found in it; None: any."""
        if self._sifted is None:
            self._sifted = [
                (self._likely(view, 0, place, text), text)
                for place, text in enumerate(self.encoded)
            ]
        return self._sifted

    def with_word(self, view: View, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield each word with a text that it may stand in."""
        for place, text in enumerate(self.folded):
            is_long = len(text) > LONG_TEXT
            likely = (
                self._likely(view, 1, place, text.encode("utf-8", "replace")) if is_long else None
            )
            for word in words:
                if likely is None or word in likely:
                    view.spend(len(text) // WORDS_ARE_FASTER)
                    yield word, text

    def _likely(self, view: View, kind: int, place: int, text: bytes) -> frozenset[Any] | None:
        sieve = self._sieves[kind]
        if sieve is None:
            return None
        if (kind, place) not in self._candidates:
            view.spend(len(text))
            self._candidates[kind, place] = sieve.candidates(text)
        return self._candidates[kind, place]


def _cut(text: str) -> str:
    one_line = " ".join(text[: 4 * SHOWN].split())
    return one_line if len(one_line) <= SHOWN else f"{one_line[:SHOWN]}…"
