"""Which long lines a text shares with others, wrapped anew or not.

A reply may have thousands of lines, and what it is held against a million characters. To search
each line in the whole takes seconds, so what cannot be there is sorted out first, by pieces:

    a line of the text in the others   cut the others into blocks of 8 octets. A line that stands in
                                       them is made of such blocks, from one of 8 beginnings on
    a line of the others in the text   each of its pieces of 12 letters is one of the text

What is left of that is searched for. So the result rests on the search alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from maildesk.policy.commands.bare_lines import FEWEST_LETTERS, bare_lines, is_long

_BLOCK = 8  # octets, as `memoryview.cast("Q")` takes them
_PIECE = FEWEST_LETTERS  # letters: every long line has a piece


@dataclass(frozen=True, slots=True)
class _Searched:
    """Texts to search in: their lines, as written and bare; all of them bare, a text a line; the
    blocks of that."""

    lines: tuple[str, ...]
    bare: tuple[str, ...]
    whole_lines: frozenset[str]
    everything: str
    blocks: frozenset[int]

    def holds(self, bare: str) -> bool:
        """Whether a bare line stands in one of the texts, wrapped as it may be."""
        if bare in self.whole_lines:
            return True
        return _is_made_of(self.blocks, bare) and bare in self.everything


def shared_lines(text: str, others: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the long lines of `text` that stand in one of the others, then those of the others that
    stand in it: each as it is written, and bare. Whoever wants one takes the first."""
    searched = _searched(tuple(dict.fromkeys(others)))
    bare = bare_lines(text)
    for line, letters in zip(text.split("\n"), bare.split("\n"), strict=True):
        if len(letters) >= _PIECE and searched.holds(letters) and is_long(line):
            yield line, letters
    here = bare.replace("\n", "")
    pieces = {here[at : at + _PIECE] for at in range(len(here) - _PIECE + 1)}
    for line, letters in zip(searched.lines, searched.bare, strict=True):
        is_likely = letters[:_PIECE] in pieces and _has_all(pieces, letters)
        if is_likely and letters in here and is_long(line):
            yield line, letters


@lru_cache(maxsize=2)  # an attempt asks of our letters and of internal words, in turns
def _searched(texts: tuple[str, ...]) -> _Searched:
    bare = [bare_lines(text) for text in texts]
    lines = [letters for each in bare for letters in each.split("\n")]
    whole = [each.replace("\n", "") for each in bare]
    return _Searched(
        lines=tuple(line for text in texts for line in text.split("\n")),
        bare=tuple(lines),
        whole_lines=frozenset(lines),
        everything="\n".join(whole),
        blocks=frozenset(chain.from_iterable(_blocks(_octets(each)) for each in whole)),
    )


def _octets(bare: str) -> bytes:
    return bare.encode("utf-8", "surrogatepass")


def _blocks(octets: bytes) -> memoryview:
    return memoryview(octets)[: len(octets) // _BLOCK * _BLOCK].cast("Q")


def _is_made_of(blocks: frozenset[int], bare: str) -> bool:
    """Whether a line may stand where these blocks are from; a short one always may."""
    octets = _octets(bare)
    return len(octets) < 2 * _BLOCK - 1 or any(
        blocks.issuperset(_blocks(octets[start:])) for start in range(_BLOCK)
    )


def _has_all(pieces: set[str], bare: str) -> bool:
    return all(bare[at : at + _PIECE] in pieces for at in range(0, len(bare) - _PIECE + 1, _PIECE))
