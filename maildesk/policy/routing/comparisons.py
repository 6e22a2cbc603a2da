"""How conditions compare: what may stand behind `_is`, `_in`, `_contains`, …, and whether it holds.

A comparison is made for a field and a value of the file; what comes out is asked for every mail,
and says in words what did not hold.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from maildesk.mail.message import address_key
from maildesk.policy.routing import rule_words
from maildesk.policy.routing.rule import Groups, Path, Reference, View
from maildesk.policy.routing.rule_words import Shape, list_of, mapping_of, one_or_list_of
from maildesk.policy.routing.texts import Texts, fold

NO_GROUPS: Groups = {}
STEP_SIZE = 64  # of a compiled expression; what is smaller is read as fast as memory

Test = Callable[[View, Any], Groups | None]  # of what the field has; None: it does not hold


@dataclass(frozen=True)
class Comparison:
    """What may stand behind a word, and how a field is compared with it. `describe` says what the
    field has, beside what is wanted; `refers` names what the value refers to."""

    shape: Shape
    test: Callable[[Any], Test]
    describe: Callable[[str, Any, Any], str]
    refers: Callable[[Any, Path], Iterable[Reference]] = lambda _value, _path: ()
    names: Callable[[Any], Iterable[str]] = lambda _value: ()  # of groups
    patterns: Callable[[Any], Iterable[Any]] = lambda _value: ()  # for the sieve
    parts: Callable[[Any], Iterable[str]] = lambda _value: ()  # words, for the sieve


# --- texts --------------------------------------------------------------------------------------


def _equals(wanted: Iterable[str]) -> Test:
    known = frozenset(map(fold, wanted))

    def test(_view: View, has: Texts) -> Groups | None:
        return None if known.isdisjoint(has.folded) else NO_GROUPS

    return test


def _lies_in(wanted: Iterable[str]) -> Test:
    """A domain; one with a leading dot holds all below it, and itself."""
    exact = frozenset(one.lstrip(".") for one in wanted)
    above = tuple(one for one in wanted if one.startswith("."))

    def test(_view: View, has: Texts) -> Groups | None:
        fits = any(one in exact or (above and one.endswith(above)) for one in has.folded)
        return NO_GROUPS if fits else None

    return test


def _contains(wanted: tuple[str, ...]) -> Test:
    def test(view: View, has: Texts) -> Groups | None:
        found = (word in text for word, text in has.with_word(view, wanted))
        return NO_GROUPS if any(found) else None

    return test


def _matches(patterns: tuple[Any, ...]) -> Test:
    sought = frozenset(patterns)

    def test(view: View, has: Texts) -> Groups | None:
        for likely, text in has.sifted(view):
            if likely is not None and likely.isdisjoint(sought):
                continue
            for found in _found(patterns, view, likely, text):
                return _named(found)
        return None

    return test


def _found(
    patterns: tuple[Any, ...], view: View, likely: frozenset[Any] | None, text: bytes
) -> Iterator[Any]:
    for pattern in patterns:
        if likely is None or pattern in likely:
            view.spend(len(text) * _steps(pattern))
            found = pattern.search(text)
            if found is not None:
                yield found


def _steps(pattern: Any) -> int:
    """Return how much work a byte is. RE2 takes linear time, but the size of the expression counts
    too: that of fifty letters of any script is 60,000, of `(vpn|wireguard)` 20."""
    return 1 + int(pattern.programsize) // STEP_SIZE


def _named(found: Any) -> Groups:
    groups = found.groupdict()
    return {
        name: one.decode("utf-8", "replace") if one else "" for name, one in groups.items()
    } or NO_GROUPS


def _group_names(patterns: tuple[Any, ...]) -> Iterable[str]:
    return (name for pattern in patterns for name in pattern.groupindex)


def _shown_texts(name: str, has: Texts, _wanted: object = None) -> str:
    return f"{name} is {has.shown}" if has.raw else f"there is no {name}"


def _one(test: Callable[[Iterable[str]], Test]) -> Callable[[str], Test]:
    return lambda wanted: test((wanted,))


_CONTAINS = Comparison(
    one_or_list_of(rule_words.FOLDED), _contains, _shown_texts, parts=lambda words: words
)
_MATCHES = Comparison(
    one_or_list_of(rule_words.PATTERN),
    _matches,
    _shown_texts,
    names=_group_names,
    patterns=lambda patterns: patterns,
)


def _whole(shape: Shape, test: Callable[[Iterable[str]], Test]) -> dict[str, Comparison]:
    return {
        "_is": Comparison(shape, _one(test), _shown_texts),
        "_in": Comparison(list_of(shape), test, _shown_texts),
    }


_PARTS = {"_contains": _CONTAINS, "_matches": _MATCHES}
TEXTS = {**_whole(rule_words.TEXT, _equals), **_PARTS}
ADDRESSES = {**_whole(rule_words.ADDRESS, _equals), **_PARTS}
DOMAINS = {**_whole(rule_words.DOMAIN, _lies_in), **_PARTS}


def CHOICES(what: str, words: Iterable[str]) -> dict[str, Comparison]:  # noqa: N802 - as the others
    """One word of a few."""
    return _whole(rule_words.choice(what, words), _equals)


def names(kind: str, nobody: str = "") -> dict[str, Comparison]:
    """Handles of the configuration; `nobody` is the word for none of them."""

    def refers(value: str, path: Path) -> Iterable[Reference]:
        return () if value == nobody else (Reference(kind, value, path),)

    def refer_all(values: tuple[str, ...], path: Path) -> Iterable[Reference]:
        return (one for place, value in enumerate(values) for one in refers(value, (*path, place)))

    return {
        "_is": Comparison(rule_words.TEXT, _one(_equals), _shown_texts, refers),
        "_in": Comparison(list_of(rule_words.TEXT), _equals, _shown_texts, refer_all),
    }


def addresses(written: Iterable[str]) -> list[str]:
    """Return addresses as they are compared, each once; an international domain also as people
    write it (RFC 5891: `xn--mller-kva` is müller)."""
    keys = list(dict.fromkeys(map(address_key, written)))
    return [*keys, *(_in_letters(key) for key in keys if "xn--" in key)]


def _in_letters(key: str) -> str:
    local, _, domain = key.rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("ascii").decode("idna")
    return f"{local}@{domain}"


# --- header fields ------------------------------------------------------------------------------


def _in_headers(part: Comparison) -> Comparison:
    """The same comparison, for header fields by name: all that are named must hold."""

    def test(wanted: Mapping[str, Any]) -> Test:
        tests = {name.lower(): part.test(value) for name, value in wanted.items()}

        def check(view: View, has: Mapping[str, list[str]]) -> Groups | None:
            groups: dict[str, str] = {}
            for name, compare in tests.items():
                found = compare(view, Texts(has.get(name, ())))
                if found is None:
                    return None
                groups |= found
            return groups

        return check

    def describe(_name: str, has: Mapping[str, list[str]], wanted: Mapping[str, Any]) -> str:
        return "; ".join(_shown_texts(name, Texts(has.get(name.lower(), ()))) for name in wanted)

    return Comparison(
        mapping_of(part.shape, "names of header fields"),
        test,
        describe,
        names=lambda wanted: (one for value in wanted.values() for one in part.names(value)),
    )


_HEADER_IS = _in_headers(TEXTS["_is"])
HEADERS = {"": _HEADER_IS, **{ending: _in_headers(one) for ending, one in TEXTS.items()}}


# --- numbers, yes and no ------------------------------------------------------------------------


def _over(limit: int) -> Test:
    def test(_view: View, has: int | None) -> Groups | None:
        return NO_GROUPS if has is not None and has > limit else None

    return test


def _shown(name: str, has: object, _wanted: object) -> str:
    return f"{name} is {'not known' if has is None else has}"


COUNTS = {"_over": Comparison(rule_words.COUNT, _over, _shown)}
SIZES = {"_over": Comparison(rule_words.SIZE, _over, _shown)}


def _is_so(wanted: bool) -> Test:  # noqa: FBT001 - the value of the file
    return lambda _view, has: NO_GROUPS if has is wanted else None


_FLAG = Comparison(
    rule_words.FLAG, _is_so, lambda name, has, _wanted: f"{name} is {str(has).lower()}"
)
FLAGS = {"": _FLAG, "_is": _FLAG}
