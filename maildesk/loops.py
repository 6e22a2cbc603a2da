"""A thread that does one step again and again, and tells whether it still does."""

import random
import threading
import time
from collections.abc import Callable

import structlog

from maildesk.errors import Temporary

log = structlog.get_logger()

IDLE_SECONDS = 1.0  # the fallback; an event wakes it at once
STUCK_SECONDS = 900.0  # a slow server may take ten minutes over one mail (RFC 5321 4.5.3.2)
PAUSE_SECONDS = (0.5, 30.0)  # after a failure: the first pause, and the longest


class Loop:
    """Calls `step` until stopped. A step that did something (> 0) is followed by the next at once;
    else the loop waits for `wake`. A failing step is logged and tried again, with a pause."""

    def __init__(self, name: str, step: Callable[[], int], wake: threading.Event) -> None:
        self.name = name
        self._step = step
        self._wake = wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)
        self._progressed_at = time.monotonic()
        self._trouble = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Finish the step at hand, then end; wait for that up to `timeout` seconds."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout)

    def trouble(self) -> str:
        """Return what keeps it from its work, "" if nothing does."""
        if not self._thread.is_alive():
            return "ended"
        stuck = time.monotonic() - self._progressed_at
        return self._trouble or (f"no progress for {stuck:.0f} s" if stuck > STUCK_SECONDS else "")

    def _run(self) -> None:
        pause = PAUSE_SECONDS[0]
        while not self._stopping.is_set():
            # Cleared before the step: what arrives during it wakes the next one.
            self._wake.clear()
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
            self._progressed_at = time.monotonic()
            if not done and not self._stopping.is_set():
                self._wake.wait(IDLE_SECONDS)

    def _failed(self, error: str, pause: float) -> float:
        self._trouble = error
        log.warning("step again later", part=self.name, error=error, seconds=round(pause, 1))
        self._stopping.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret in it
        return min(pause * 2, PAUSE_SECONDS[1])
