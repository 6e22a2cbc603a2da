"""How conditions compare: what may stand behind `_is`, `_in`, `_contains`, …, and whether it holds.

A comparison is made for a field and a value of the file; what comes out is asked for every mail,
and says in words what did not hold.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from maildesk.mail.message import address_key
from maildesk.policy import rule_words
from maildesk.policy.rule import Groups, Path, Reference, View
from maildesk.policy.rule_words import Shape, Stretch, list_of, mapping_of, one_or_list_of
from maildesk.policy.sieve import Sieve

if TYPE_CHECKING:
    from maildesk.policy.rules import Rules

SHOWN = 60  # characters of a value in a trace
NO_GROUPS: Groups = {}
LONG_TEXT = 16 * 1024
WORDS_ARE_FASTER = 8  # times, to look for than a regular expression

Sieves = tuple[Sieve | None, Sieve | None]

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
            self._folded = tuple(one.casefold() for one in self.raw)
        return self._folded

    @property
    def encoded(self) -> tuple[bytes, ...]:
        """In UTF-8, as RE2 reads it."""
        if self._encoded is None:
            self._encoded = tuple(one.encode("utf-8", "replace") for one in self.raw)
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


def _equals(wanted: Iterable[str]) -> Test:
    known = frozenset(one.casefold() for one in wanted)

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
            view.spend(len(text))
            found = pattern.search(text)
            if found is not None:
                yield found


def _named(found: Any) -> Groups:
    groups = found.groupdict()
    return {
        name: one.decode("utf-8", "replace") if one else "" for name, one in groups.items()
    } or NO_GROUPS


def _group_names(patterns: tuple[Any, ...]) -> Iterable[str]:
    return (name for pattern in patterns for name in pattern.groupindex)


def _shown_texts(name: str, has: Texts, _wanted: object = None) -> str:
    return f"{name} is {has.shown}" if has.raw else f"there is no {name}"


def _cut(text: str) -> str:
    one_line = " ".join(text[: 4 * SHOWN].split())
    return one_line if len(one_line) <= SHOWN else f"{one_line[:SHOWN]}…"


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
WORDS = TEXTS
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


def keys(addresses: Iterable[str]) -> list[str]:
    """Return addresses as they are compared, each once."""
    return list(dict.fromkeys(map(address_key, addresses)))


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


# --- time ---------------------------------------------------------------------------------------


def _is_open(wanted: bool | str) -> Test:  # noqa: FBT001 - the value of the file
    is_named = isinstance(wanted, str)

    def test(_view: View, is_open: Callable[[str], bool]) -> Groups | None:
        state = is_open(wanted) if is_named else is_open("") is wanted  # type: ignore[arg-type]
        return NO_GROUPS if state else None

    return test


def _read_hours(value: object, path: Path) -> bool | str:
    return value if isinstance(value, bool) else rule_words.read_text(value, path)


def _refers_to_calendar(value: bool | str, path: Path) -> Iterable[Reference]:  # noqa: FBT001
    return (Reference("calendar", value, path),) if isinstance(value, str) else ()


def _shown_hours(_name: str, is_open: Callable[[str], bool], wanted: bool | str) -> str:  # noqa: FBT001
    if isinstance(wanted, str):
        return f"{wanted} is closed"
    return f"the desk is {'open' if is_open('') else 'closed'}"


_HOURS = Comparison(
    Shape(
        "true, false or the name of a calendar",
        {"type": ["boolean", "string"]},
        _read_hours,
    ),
    _is_open,
    _shown_hours,
    _refers_to_calendar,
)
OPENING_HOURS = {"": _HOURS, "_is": _HOURS}


def _longer_than(stretch: Stretch) -> Test:
    def test(view: View, since: datetime) -> Groups | None:
        end = end_of(since, stretch, view.rules)
        return NO_GROUPS if end is not None and end < view.now else None

    return test


def _within(ahead: timedelta) -> Test:
    def test(view: View, at: datetime | None) -> Groups | None:
        return NO_GROUPS if at is not None and at - view.now <= ahead else None

    return test


SATURDAY = 5


def end_of(start: datetime, stretch: Stretch, rules: "Rules") -> datetime | None:
    """Return when a stretch that began at `start` is over: after business days, at the same local
    time. Business days are those of the first calendar; without any, Monday to Friday."""
    if not stretch.business_days:
        return start + stretch.time
    for calendar in rules.calendars.values():
        return calendar.days_later(start, stretch.business_days)
    local, left = start.astimezone(ZoneInfo(rules.timezone)), stretch.business_days
    while left:
        local += timedelta(days=1)
        left -= local.weekday() < SATURDAY
    return local.astimezone(start.tzinfo)


def _shown_instant(name: str, at: datetime | None, _wanted: object) -> str:
    return f"{name}: {at:%Y-%m-%d %H:%M} UTC" if at else f"nothing is {name}"


_LONGER = Comparison(rule_words.STRETCH, _longer_than, _shown_instant)
STRETCHES = {"_longer_than": _LONGER, "_over": _LONGER}
AHEAD = {"_within": Comparison(rule_words.TIME, _within, _shown_instant)}
