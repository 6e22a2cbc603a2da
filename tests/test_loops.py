"""Loops: who is stuck is known, and a step that takes too long is interrupted."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from maildesk.errors import Unavailable
from maildesk.health import is_stuck
from maildesk.loops import Loop

STUCK_SECONDS = 1.0  # longer than the first pause after a failure, as in the daemon


class Work:
    """A step that waits until it is told to go on."""

    def __init__(self) -> None:
        self.wake, self.begun, self.go_on = (threading.Event() for _ in range(3))
        self.is_failing = False
        self.loop = Loop(
            "work", self.step, self.wake, stuck_seconds=STUCK_SECONDS, interrupt=self.go_on.set
        )

    def step(self) -> int:
        self.begun.set()
        self.go_on.wait(20)
        if self.is_failing:
            raise Unavailable("the database is locked")
        return 0


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    work.loop.start()
    yield work
    work.go_on.set()
    work.loop.stop(20)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_step_that_makes_no_progress_is_stuck_until_it_does(work: Work) -> None:
    until(lambda: is_stuck(work.loop.trouble()))
    work.loop.note_progress()
    assert work.loop.trouble() == ""


def test_step_that_fails_is_no_reason_for_a_restart(work: Work) -> None:
    work.is_failing = True
    work.go_on.set()
    until(lambda: work.loop.trouble() == "the database is locked")
    assert not is_stuck(work.loop.trouble())


def test_loop_that_has_ended_is(work: Work) -> None:
    work.go_on.set()
    assert work.loop.stop(20)
    assert is_stuck(work.loop.trouble())


def test_step_that_takes_too_long_is_interrupted(work: Work) -> None:
    assert work.begun.wait(20)
    assert work.loop.stop(0.4)
    assert work.go_on.is_set()


def test_step_that_nothing_interrupts_is_left(work: Work) -> None:
    assert work.begun.wait(20)
    work.loop._interrupt = lambda: None
    assert not work.loop.stop(0.1)
    work.go_on.set()
