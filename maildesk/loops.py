"""A thread that does one step again and again, and tells whether it still does."""

import random
import threading
import time
from collections.abc import Callable

import structlog

from maildesk.errors import Temporary

log = structlog.get_logger()

IDLE_SECONDS = 1.0  # the fallback; an event wakes it at once
PAUSE_SECONDS = (0.5, 30.0)  # after a failure: the first pause, and the longest


class Loop:
    """Calls `step` until stopped. A step that did something (> 0) is followed by the next at once;
    else the loop waits for `wake`. A failing step is logged and tried again, with a pause.

    A step may `note_progress`; without any for `stuck_seconds` the loop is stuck. `interrupt` ends
    a step that keeps us from stopping.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], int],
        wake: threading.Event,
        *,
        stuck_seconds: float,
        interrupt: Callable[[], None],
    ) -> None:
        self.name = name
        self._step = step
        self._wake = wake
        self._stuck_seconds = stuck_seconds
        self._interrupt = interrupt
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._progressed_at = time.monotonic()
        self._trouble = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop_soon(self) -> None:
        """End after the step at hand."""
        self._stopping.set()
        self._wake.set()

    def stop(self, timeout: float) -> bool:
        """Let the step at hand be done in half the time, interrupt it, and wait for the end; answer
        whether it has come."""
        self.stop_soon()
        self._thread.join(timeout / 2)
        if self._thread.is_alive():
            self._interrupt()
            self._thread.join(timeout / 2)
        return not self._thread.is_alive()

    def note_progress(self) -> None:
        """Say that the step is not stuck."""
        self._progressed_at = time.monotonic()

    def trouble(self) -> str:
        """Return what keeps it from its work, "" if nothing does."""
        if not self._thread.is_alive():
            return "ended"
        stuck = time.monotonic() - self._progressed_at
        if stuck > self._stuck_seconds:
            return f"no progress for {stuck:.0f} s"
        return self._trouble

    def _run(self) -> None:
        pause = PAUSE_SECONDS[0]
        while not self._stopping.is_set():
            # Cleared before the step: what arrives during it wakes the next one.
            self._wake.clear()
            self.note_progress()
            try:
                done = self._step()
                pause = PAUSE_SECONDS[0]
                self._trouble = ""
            except Temporary as error:
                pause = self._failed(error.text, pause)
                continue
            except Exception as error:
                log.exception("step failed", part=self.name)
                pause = self._failed(repr(error), pause)
                continue
            if not done and not self._stopping.is_set():
                self._wake.wait(IDLE_SECONDS)

    def _failed(self, error: str, pause: float) -> float:
        self._trouble = error
        log.warning("step again later", part=self.name, error=error, seconds=round(pause, 1))
        self._stopping.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret in it
        return min(pause * 2, PAUSE_SECONDS[1])
