"""Reads `follow_up:` of sla.yaml: when the desk comes back by itself."""

from itertools import pairwise

from maildesk.policy.routing.rule import Path
from maildesk.policy.sla.promises import FollowUp
from maildesk.policy.sla.words import BUSINESS_DAYS, Faults, Key, Section, read_business_days

FOLLOW_UP = Section(
    "follow_up",
    "{reminders: [2bd, 4bd], close_unanswered: 6bd}",
    {
        "reminders": Key(
            "a list of business days",
            "when a question that nobody answers is asked again; `[2bd, 4bd]` if left out",
            {"anyOf": [{"type": "array", "items": BUSINESS_DAYS}, BUSINESS_DAYS]},
        ),
        "close_unanswered": Key(
            "business days", "when such a ticket is closed; `6bd` if left out", BUSINESS_DAYS
        ),
        "close_solved": Key(
            "business days",
            "when a solved ticket is closed that nobody comes back to; `5bd` if left out. "
            "Complaints are never closed by themselves",
            BUSINESS_DAYS,
        ),
        "stale": Key(
            "business days",
            "without a word in public: the owner, then the lead, is told; `3bd` if left out",
            BUSINESS_DAYS,
        ),
    },
)


def read_follow_up(raw: object, where: Path, faults: Faults) -> FollowUp:
    """Return the days; what is left out has its default."""
    table, usual = faults.section(raw, where, FOLLOW_UP) or {}, FollowUp()

    def days(key: str, otherwise: int) -> int:
        if key not in table:
            return otherwise
        return faults.tried(read_business_days, table[key], (*where, key)) or 0

    reminders = usual.reminders
    if "reminders" in table:
        reminders = _read_reminders(table["reminders"], (*where, "reminders"), faults)
    read = FollowUp(
        reminders,
        days("close_unanswered", usual.close_unanswered),
        days("close_solved", usual.close_solved),
        days("stale", usual.stale),
    )
    if reminders and 0 < read.close_unanswered <= reminders[-1]:
        message = f"the ticket is closed after {read.close_unanswered}bd already"
        faults.note((*where, "reminders"), message, "remind earlier, or close later")
    return read


def _read_reminders(raw: object, where: Path, faults: Faults) -> tuple[int, ...]:
    if not isinstance(raw, list):
        if faults.tried(read_business_days, raw, where):
            faults.expected("a list of business days", raw, where, f"write [{raw}]")
        return ()
    read = [faults.tried(read_business_days, one, (*where, n)) or 0 for n, one in enumerate(raw)]
    days = tuple(filter(None, read))
    if any(second <= first for first, second in pairwise(days)):
        faults.note(where, "each reminder comes later than the one before")
    return days
