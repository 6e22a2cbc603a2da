"""A small quick run: rows are printed, ratios are right. Nothing here asks how fast it was."""

from pathlib import Path

import pytest

from maildesk.bench import accept, beat, desk, journal, memory
from maildesk.bench.rows import Figure, Kind, Row, medians, rounds
from maildesk.bench.table import Scale, measure_all

TINY = Scale(
    rounds=1,
    accepted=20,
    accepted_big=2,
    kept=60,
    tickets=8,
    tickets_big=1,
    loaded=5,
    open_few=60,
    beats=1,
)

KIND = Kind("something", "/s", "something bare", mark=0.5, at_least=100)


def test_row_is_the_median_of_its_figures():
    figures = [Figure(KIND, ours, limit) for ours, limit in ((90, 100), (10, 400), (120, 200))]
    (row,) = medians(figures)
    assert (row.ours, row.limit, row.ratio) == (90, 200, 0.45)


@pytest.mark.parametrize(
    ("ours", "limit", "is_reached"),
    [(100, 200, True), (99, 100, False), (100, 201, False), (100, None, True)],
)
def test_row_reaches_all_of_its_marks_or_none(ours: float, limit: float | None, is_reached: bool):
    assert Row(KIND, ours, limit).is_reached is is_reached


@pytest.mark.parametrize(("ours", "is_reached"), [(150, True), (151, False)])
def test_row_may_cost_no_more_than_so_many_times_its_limit(ours: float, is_reached: bool):
    kind = Kind("many", " ms", "few", at_most_ratio=1.5)
    assert Row(kind, ours, 100).is_reached is is_reached
    assert Row(kind, ours, 100).marks == "≤ 1.5"


def test_marks_are_told_in_words():
    assert Row(KIND, 1, 1).marks == "≥ 0.5, ≥ 100/s"
    assert Row(Kind("memory", " MB", at_most=130), 1, None).marks == "≤ 130 MB"


def test_each_round_measures_again():
    measured = iter([1.0, 5.0, 3.0])
    (row,) = rounds(3, lambda: [Figure(KIND, next(measured))])
    assert row.ours == 3.0


def test_all_rows_are_measured(tmp_path: Path):
    rows = {row.kind: row for row in measure_all(TINY, tmp_path)}
    assert list(rows) == [
        accept.SMALL,
        accept.BIG,
        journal.COMMITS,
        desk.SMALL,
        desk.SENDING,
        desk.REPLY,
        desk.BIG,
        beat.FEW,
        beat.MANY,
        beat.CLOCKS,
        memory.IDLE,
        memory.LOADED,
    ]
    assert all(row.ours > 0 for row in rows.values())
    assert all(row.ratio for row in rows.values() if row.kind.against)
    assert not list(tmp_path.iterdir())
