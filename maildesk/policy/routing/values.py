"""Values that a mail fills: `{asset}` of a rule becomes what a named group has found."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from maildesk.mail.clean import clean
from maildesk.policy.routing.rule import Groups

LONGEST_VALUE = 200  # characters that a mail may put into a value
_PLACE = re.compile(r"\{(\w+)\}")
BUILT_IN = ("sender", "sender_domain", "subject", "organisation")  # of every mail


def places(value: object) -> set[str]:
    """Return the names in braces in a value."""
    if isinstance(value, str):
        return set(_PLACE.findall(value))
    parts = value.values() if isinstance(value, Mapping) else value
    return set().union(*map(places, parts)) if isinstance(parts, Iterable) else set()


def fill(value: Any, groups: Groups, *, is_cut: bool = True) -> Any:
    """Return the value with its places filled. What a mail says is text and stays text: nothing in
    it is read as a place again."""
    if isinstance(value, str):
        tame = _cut if is_cut else clean
        return _PLACE.sub(lambda found: tame(groups.get(found[1], "")), value).strip()
    if isinstance(value, Mapping):
        return {key: fill(one, groups, is_cut=is_cut) for key, one in value.items()}
    return tuple(fill(one, groups, is_cut=is_cut) for one in value)


def _cut(text: str) -> str:
    return clean(text[: 2 * LONGEST_VALUE])[:LONGEST_VALUE]


def group_key(value: str) -> str:
    """Return the key as it is compared: no case, no blanks around it; of a long one a hash, so that
    two that begin alike stay two."""
    key = " ".join(value.split()).casefold()
    if len(key) <= LONGEST_VALUE:
        return key
    return f"{key[:LONGEST_VALUE]}…{sha256(key.encode('utf-8', 'replace')).hexdigest()[:16]}"
