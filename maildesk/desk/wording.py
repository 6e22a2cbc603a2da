"""Values as people read them on a line of a terminal, whatever a mail has put into them."""

from collections.abc import Iterable, Mapping

NOTHING = "–"


def words_of(value: object, nothing: str = NOTHING) -> str:
    """Return a value in words; `nothing` where there is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = [f"{name}={words_of(one, nothing)}" for name, one in value.items()]
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        value = ", ".join(words_of(one, nothing) for one in value)
    return nothing if value is None else str(value) or nothing


def on_one_line(text: str, longest: int | None = None) -> str:
    """Return a text that moves no cursor; cut where it is longer than so many characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if longest is None or len(words) <= longest else f"{words[:longest]}…"
