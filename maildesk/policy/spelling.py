"""What somebody may have meant by a word that is not known, and how messages show words."""

from collections.abc import Iterable

from maildesk.policy.commands.vocabulary import distance

LONGEST_WORD = 40
MOST_NAMED = 20


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that this one is a slip of; "" if none is near."""
    near = sorted((distance(word.lower()[:LONGEST_WORD], one.lower()), one) for one in known)
    limit = max(1, len(word) // 3)
    return near[0][1] if near and near[0][0] <= limit else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or all of them if they are few."""
    words = sorted(known) if isinstance(known, (set, frozenset)) else list(known)
    if near := nearest(word, words):
        return f'did you mean "{near}"?'
    return f"known: {', '.join(words)}" if 0 < len(words) <= MOST_NAMED else ""


def quoted(value: object) -> str:
    """Return a value as a message shows it, cut where it is long."""
    text = value if isinstance(value, str) else repr(value)
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
