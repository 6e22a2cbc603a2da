"""Priority from impact and urgency, as ITIL has it: how many are hit, and how long it can wait."""

from collections.abc import Mapping
from types import MappingProxyType

from maildesk.model.ticket import Priority

HIGH, MEDIUM, LOW = "high", "medium", "low"
LEVELS = (HIGH, MEDIUM, LOW)

# impact, urgency -> priority
MATRIX: Mapping[tuple[str, str], Priority] = MappingProxyType(
    {
        (HIGH, HIGH): Priority.P1,
        (HIGH, MEDIUM): Priority.P2,
        (HIGH, LOW): Priority.P3,
        (MEDIUM, HIGH): Priority.P2,
        (MEDIUM, MEDIUM): Priority.P3,
        (MEDIUM, LOW): Priority.P4,
        (LOW, HIGH): Priority.P3,
        (LOW, MEDIUM): Priority.P4,
        (LOW, LOW): Priority.P4,
    }
)


def priority_of(
    impact: str, urgency: str, matrix: Mapping[tuple[str, str], Priority] = MATRIX
) -> Priority:
    """Return the priority; of two words the one that nobody has said is medium."""
    return matrix[impact or MEDIUM, urgency or MEDIUM]
