"""What a policy test expects, and what it got: what differs, in words.

Lists compare without order, and a word alone is a list of one; `none` (or null) is what is missing.
Of an object only the keys that the test names are compared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from maildesk.desk.wording import on_one_line, words_of

LONGEST_WORDS = 300  # characters
NOTHING = "none"
_NAMED_BY = ("kind", "level", "address", "verb", "notice", "signal")


def differences(expected: Mapping[str, object], shown: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is not as expected, one line each."""
    return tuple(
        f"{key}: expected {_words(wanted)}, got {_words(got)}"
        for key, value in expected.items()
        for wanted, got in [_compared(value, shown.get(key))]
        if wanted != got
    )


def _compared(wanted: object, got: Any) -> tuple[object, object]:
    """Return both in forms that are equal, or to be shown."""
    if wanted in (None, "", NOTHING, [], {}) and got in (None, "", (), [], {}):
        return None, None
    if isinstance(got, (list, tuple)) and not isinstance(wanted, (list, Mapping)):
        wanted = [] if wanted in (None, "", NOTHING) else [wanted]
    if wanted and isinstance(wanted, Mapping) and isinstance(got, Mapping):
        pairs = {name: _compared(value, got.get(name)) for name, value in wanted.items()}
        return {n: w for n, (w, _) in pairs.items()}, {n: g for n, (_, g) in pairs.items()}
    if isinstance(wanted, list):
        return _sorted(wanted), _sorted(_like(wanted, got))
    if wanted and isinstance(got, Mapping):
        got = next((got[name] for name in _NAMED_BY if name in got), got)
    is_number = isinstance(wanted, int) and not isinstance(wanted, bool)
    return str(wanted) if is_number and isinstance(got, str) else wanted, got


def _like(wanted: Sequence[object], got: object) -> Iterator[object]:
    """What is there, each in the form in which the test has it: in a word, or with these keys."""
    items = got if isinstance(got, (list, tuple)) else [got] if got else []
    keys = next((set(item) for item in wanted if isinstance(item, Mapping)), None)
    for item in items:
        if isinstance(item, Mapping):
            yield {k: item[k] for k in item if k in keys} if keys else _in_a_word(item)
        else:
            yield item


def _in_a_word(item: Mapping[str, Any]) -> object:
    """A command by its verb, with what became of it unless it ran; a notice by its name."""
    word = next((item[name] for name in _NAMED_BY if name in item), item)
    return f"{word} {item['status']}" if item.get("status", "run") != "run" else word


def _sorted(items: Iterable[object]) -> list[str]:
    """As sets compare: in order, each once."""
    words = (item.lstrip("#") if isinstance(item, str) else _json(item) for item in items)
    return sorted(set(words))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _words(value: object) -> str:
    return on_one_line(words_of(value, NOTHING), LONGEST_WORDS)
