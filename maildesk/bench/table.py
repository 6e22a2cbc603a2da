"""The whole table: every row, measured in temporary folders on a real disk."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from maildesk.bench import accept, beat, desk, journal, memory
from maildesk.bench.rows import Figure, Row, rounds

Measure = Callable[[Path], Iterator[Figure]]
FOLDER = Path("/var/tmp")  # noqa: S108 - on a disk, where /tmp may be memory


@dataclass(frozen=True, slots=True)
class Scale:
    """How many mails of each workload, and how many rounds medians are taken of. `open_few`: of
    tickets, for as many `beats`; a hundred times as many are measured too."""

    rounds: int
    accepted: int
    accepted_big: int
    kept: int
    tickets: int
    tickets_big: int
    loaded: int
    open_few: int
    beats: int


FULL = Scale(
    rounds=3,
    accepted=3000,
    accepted_big=60,
    kept=10_000,
    tickets=600,
    tickets_big=30,
    loaded=300,
    open_few=1000,
    beats=9,
)
QUICK = Scale(
    rounds=1,
    accepted=300,
    accepted_big=20,
    kept=1000,
    tickets=150,
    tickets_big=6,
    loaded=60,
    open_few=1000,
    beats=3,
)


def measure_all(scale: Scale, folder: Path = FOLDER) -> Iterator[Row]:
    """Measure everything, row by row."""
    measures: tuple[tuple[Measure, int], ...] = (
        (partial(accept.measure, small=scale.accepted, big=scale.accepted_big), scale.rounds),
        (partial(journal.measure, count=scale.kept), scale.rounds),
        (partial(desk.measure, count=scale.tickets, big=scale.tickets_big), scale.rounds),
        (partial(beat.measure, few=scale.open_few, beats=scale.beats), 1),
        (partial(memory.measure, count=scale.loaded), 1),
    )
    for measure, count in measures:
        with _without_log():
            measured = rounds(count, partial(_in_a_folder, measure, folder))
        yield from measured


@contextmanager
def _without_log() -> Iterator[None]:
    """A line for each mail would be measured too."""
    usual = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**usual)


def _in_a_folder(measure: Measure, folder: Path) -> Iterator[Figure]:
    """Measure in a folder that is there as long as the measurement."""
    with tempfile.TemporaryDirectory(prefix="maildesk-bench-", dir=folder) as name:
        yield from measure(Path(name))
