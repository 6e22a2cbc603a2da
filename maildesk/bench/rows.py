"""Figures and what they are held against: each row has the limit of the same run, and a mark."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of docs/performance.md: what is measured, against what, and what it should reach.
    `mark` is the least ratio, `at_most_ratio` the greatest; a row without one has `at_most` or
    `at_least` in its own unit, or neither."""

    name: str
    unit: str
    against: str = ""
    mark: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    at_most_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement of a row; `limit` is what the parts alone did in the same minute."""

    kind: Kind
    ours: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of a row's figures."""

    kind: Kind
    ours: float
    limit: float | None

    @property
    def ratio(self) -> float | None:
        """Ours as a part of the limit."""
        return self.ours / self.limit if self.limit else None

    @property
    def is_reached(self) -> bool:
        """Whether the row reaches all of its marks."""
        kind = self.kind
        return (
            (kind.mark is None or self.ratio is None or self.ratio >= kind.mark)
            and (
                kind.at_most_ratio is None or self.ratio is None or self.ratio <= kind.at_most_ratio
            )
            and (kind.at_least is None or self.ours >= kind.at_least)
            and (kind.at_most is None or self.ours <= kind.at_most)
        )

    @property
    def marks(self) -> str:
        """The marks in words."""
        kind = self.kind
        words = [
            f"≥ {kind.mark:g}" if kind.mark is not None else "",
            f"≤ {kind.at_most_ratio:g}" if kind.at_most_ratio is not None else "",
            f"≥ {kind.at_least:g}{kind.unit}" if kind.at_least is not None else "",
            f"≤ {kind.at_most:g}{kind.unit}" if kind.at_most is not None else "",
        ]
        return ", ".join(filter(None, words))


def medians(figures: Iterable[Figure]) -> list[Row]:
    """Return a row for each kind of figure, in the order in which they first came."""
    by_kind: dict[Kind, list[Figure]] = {}
    for figure in figures:
        by_kind.setdefault(figure.kind, []).append(figure)
    return [_row(kind, measured) for kind, measured in by_kind.items()]


def _row(kind: Kind, figures: Sequence[Figure]) -> Row:
    limits = [figure.limit for figure in figures if figure.limit is not None]
    return Row(
        kind,
        statistics.median(figure.ours for figure in figures),
        statistics.median(limits) if limits else None,
    )


def rounds(count: int, measure: Callable[[], Iterable[Figure]]) -> list[Row]:
    """Measure `count` times; ours and limit by turns, so that both see the same noise."""
    return medians(figure for _ in range(count) for figure in measure())
