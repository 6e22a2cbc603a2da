"""Reads `when:`: conditions side by side, and those under `all`, `any` and `not`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from maildesk.policy.routing.conditions import BOTH, FIELDS, MAIL, TICKET, Field
from maildesk.policy.routing.rule import BadRule, Condition, Faults, Path, Verdict, View
from maildesk.policy.routing.texts import Texts
from maildesk.policy.spelling import did_you_mean, nearest

DEEPEST = 10
SHOWN = 60  # characters of a condition in a trace

WORDS: dict[str, Field] = {word: field for field in FIELDS.values() for word in field.words}
JOINS = ("all", "any", "not")
HOLDS = Verdict(holds=True)
EMPTY = Condition("", lambda _view: HOLDS, is_empty=True)  # every mail fits


def read_when(raw: object, where: Path, *, of: str, faults: Faults | None = None) -> Condition:
    """Return the condition of a rule for `of`: mail or ticket; where it has faults, what is right
    about it. Raises: BadRule, where nobody takes the `faults`."""
    if raw is None or raw == {}:
        return EMPTY
    reader = _Reader(of, Faults() if faults is None else faults)
    condition = reader.read(raw, where, 0)
    if reader.faults.found and faults is None:
        raise reader.faults.found[0]
    return condition


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads conditions about `of`, and notes the faults of each."""

    of: str
    faults: Faults

    def read(self, raw: object, where: Path, depth: int) -> Condition:
        if not isinstance(raw, Mapping) or not raw:
            hint = "as in {subject_contains: printer}"
            self.faults.note(where, "conditions are expected here", hint)
            return EMPTY
        if depth > DEEPEST:
            self.faults.note(where, f"conditions stand in each other more than {DEEPEST} deep")
            return EMPTY
        parts = [self._read_one(str(key), raw[key], (*where, key), depth) for key in raw]
        return parts[0] if len(parts) == 1 else _all(parts)

    def _read_one(self, word: str, value: object, where: Path, depth: int) -> Condition:
        if word == "not":
            return _not(self.read(value, where, depth + 1))
        if word in JOINS:
            parts = self._parts(value, where, depth)
            return _all(parts) if word == "all" else _any(parts)
        try:
            return _leaf(_field(word, where, self.of), word, value, where)
        except BadRule as error:
            self.faults.found.append(error)
            return EMPTY

    def _parts(self, value: object, where: Path, depth: int) -> list[Condition]:
        if not isinstance(value, list) or not value:
            hint = 'begin each with "- "'
            self.faults.note(where, "a list of conditions is expected here", hint)
            return []
        return [self.read(one, (*where, place), depth + 1) for place, one in enumerate(value)]


def _field(word: str, where: Path, of: str) -> Field:
    field = WORDS.get(word)
    if field is None:
        raise BadRule(where, f'unknown condition "{word}"', _hint(word))
    if field.is_for not in (of, BOTH):
        message = {
            TICKET: f"{word} asks about a mail, and a rule with every: looks at tickets",
            MAIL: f"{word} asks about a ticket, and only rules with every: look at those",
        }[of]
        raise BadRule(where, message)
    return field


def _hint(word: str) -> str:
    """What may have been meant: the name of a field needs its ending, or a letter is wrong."""
    if word in FIELDS:
        return f"write {' or '.join(FIELDS[word].words)}"
    stem, _, ending = word.rpartition("_")
    if stem in FIELDS:
        if nearest(f"_{ending}", FIELDS[stem].comparisons):  # a letter is wrong
            return did_you_mean(word, FIELDS[stem].words)
        return f"{stem} has {', '.join(FIELDS[stem].words)}, and no _{ending}"
    near = nearest(word, [*WORDS, *JOINS]) or nearest(word, FIELDS)
    return did_you_mean(near, [near]) if near else ""


# --- one condition ------------------------------------------------------------------------------


def _leaf(field: Field, word: str, raw: object, where: Path) -> Condition:
    several = f"{field.name}_in"
    if isinstance(raw, list) and word.endswith("_is") and several in field.words:
        raise BadRule(where, f"{word} takes one value", f"write {several}")
    comparison = field.comparisons[word.removeprefix(field.name)]
    wanted = comparison.shape.read(raw, where)
    test, read = comparison.test(wanted), partial(_seen, field)
    words = f"{word} {_shown(raw)}"

    def check(view: View) -> Verdict:
        has = view.once(field.name, read)
        groups = test(view, has)
        if groups is not None:
            return Verdict(holds=True, groups=groups) if groups else HOLDS
        miss = f"{words}: {comparison.describe(field.name, has, wanted)}"
        return Verdict(holds=False, misses=(miss,))

    return Condition(
        words,
        check,
        frozenset(comparison.names(wanted)),
        tuple(comparison.refers(wanted, where)),
        frozenset([field.name]),
        (
            *((field.name, 0, one) for one in comparison.patterns(wanted)),
            *((field.name, 1, one) for one in comparison.parts(wanted)),
        ),
    )


def _seen(field: Field, view: View) -> Any:
    has = field.read(view)
    is_texts = isinstance(has, Iterable) and not isinstance(has, (str, Mapping))
    return Texts(has, view.rules.sieves(field.name)) if is_texts else has  # type: ignore[arg-type]


def _shown(raw: object) -> str:
    text = f"[{', '.join(map(str, raw))}]" if isinstance(raw, list) else str(raw)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


# --- several ------------------------------------------------------------------------------------


def _all(parts: list[Condition]) -> Condition:
    def check(view: View) -> Verdict:
        """Ask all of them: who reads the trace wants to know all that is missing."""
        misses: list[str] = []
        groups: dict[str, str] = {}
        for part in parts:
            verdict = part.check(view)
            misses += verdict.misses
            groups |= verdict.groups
        if misses:
            return Verdict(holds=False, misses=tuple(misses))
        return Verdict(holds=True, groups=groups)

    return _joined("all", parts, check)


def _any(parts: list[Condition]) -> Condition:
    checks = [part.check for part in parts]

    def check(view: View) -> Verdict:
        misses: tuple[str, ...] = ()
        for ask in checks:
            verdict = ask(view)
            if verdict.holds:
                return verdict
            misses += verdict.misses
        return Verdict(holds=False, misses=misses)

    return _joined("any", parts, check)


def _not(part: Condition) -> Condition:
    def check(view: View) -> Verdict:
        if part.check(view).holds:
            return Verdict(holds=False, misses=(f"not {part.words}: it holds",))
        return HOLDS

    # What must not be found feeds nothing.
    return Condition(
        f"not {part.words}",
        check,
        references=part.references,
        fields=part.fields,
        sought=part.sought,
    )


def _joined(word: str, parts: list[Condition], check: Any) -> Condition:
    return Condition(
        f"{word} of ({'; '.join(part.words for part in parts)})",
        check,
        frozenset().union(*(part.names for part in parts)),
        tuple(reference for part in parts for reference in part.references),
        frozenset().union(*(part.fields for part in parts)),
        tuple(one for part in parts for one in part.sought),
    )
