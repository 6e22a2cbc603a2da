"""Which tickets were merged into others, at any remove: what was said on them counts there too."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select

from maildesk.store.tables import tickets

SOURCES_AT_MOST = 500

# UNION, not UNION ALL: it would end even if merges made a ring.
_BEGUN = select(tickets.c.number.label("target"), tickets.c.number.label("source")).where(
    tickets.c.number.in_(bindparam("numbers", expanding=True))
)
_PARTS = _BEGUN.cte("part", recursive=True)
_PARTS = _PARTS.union(
    select(_PARTS.c.target, tickets.c.number).join(
        tickets, tickets.c.merged_into == _PARTS.c.source
    )
)
_SOURCES = (
    select(_PARTS.c.target, _PARTS.c.source)
    .where(_PARTS.c.source != _PARTS.c.target)
    .limit(SOURCES_AT_MOST)
)


def sources_of(connection: Connection, numbers: Collection[int]) -> Mapping[int, tuple[int, ...]]:
    """The tickets that are part of these now, at most 500 in all; who has none is left out."""
    found: dict[int, list[int]] = defaultdict(list)
    for target, source in connection.execute(_SOURCES, {"numbers": list(numbers)}):
        found[target].append(source)
    return {target: tuple(sorted(sources)) for target, sources in found.items()}
