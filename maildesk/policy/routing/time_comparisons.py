"""How conditions compare times: opening hours, how long ago, how soon."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from maildesk.policy.routing import rule_words
from maildesk.policy.routing.comparisons import NO_GROUPS, Comparison, Test
from maildesk.policy.routing.rule import Groups, Path, Reference, View
from maildesk.policy.routing.rule_words import Shape, Stretch

if TYPE_CHECKING:
    from maildesk.policy.rules import Rules


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


def end_of(start: datetime, stretch: Stretch, rules: "Rules") -> datetime | None:
    """Return when a stretch that began at `start` is over: after business days, at the same local
    time. Business days are those of the first calendar; without any, Monday to Friday."""
    if not stretch.business_days:
        return start + stretch.time
    return rules.office.days_later(start, stretch.business_days)


def _shown_instant(name: str, at: datetime | None, _wanted: object) -> str:
    return f"{name}: {at:%Y-%m-%d %H:%M} UTC" if at else f"nothing is {name}"


_LONGER = Comparison(rule_words.STRETCH, _longer_than, _shown_instant)
STRETCHES = {"_longer_than": _LONGER, "_over": _LONGER}
AHEAD = {"_within": Comparison(rule_words.TIME, _within, _shown_instant)}
