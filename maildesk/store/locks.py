"""Locks: a fair one between the threads of a process, `flock` between processes."""

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maildesk.errors import Unavailable

FIRST_PAUSE = 0.0005
LONGEST_PAUSE = 0.02


class FairLock:
    """A lock that is handed on in the order of asking. threading.Lock lets the thread that has
    just released it take it again, so that a busy worker would starve the journal."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_held = False
        self._queue: deque[threading.Event] = deque()

    @contextmanager
    def hold(self, deadline: float) -> Iterator[None]:
        """Hold the lock. Raises Unavailable where the deadline (monotonic) comes first."""
        self._acquire(deadline)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, deadline: float) -> None:
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return
            turn = threading.Event()
            self._queue.append(turn)
        if turn.wait(max(0.0, deadline - time.monotonic())):
            return
        with self._guard:
            if turn in self._queue:
                self._queue.remove(turn)
                raise Unavailable("the database is busy: another thread is writing")
        # The turn came between the deadline and here: the lock is ours.

    def _release(self) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._is_held = False


class FileLock:
    """`flock` on a file beside the database; the kernel frees it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @contextmanager
    def hold(self, deadline: float) -> Iterator[None]:
        """Hold the lock. Raises Unavailable where the deadline (monotonic) comes first."""
        pause = FIRST_PAUSE
        while not self.try_lock():
            if time.monotonic() > deadline:
                raise Unavailable("the database is locked by another process")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        try:
            yield
        finally:
            fcntl.flock(self._open(), fcntl.LOCK_UN)

    def try_lock(self) -> bool:
        """Take the lock if it is free."""
        try:
            fcntl.flock(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise Unavailable(f"cannot lock {self._path.name}: {error.strerror}") from error
        return True

    def note_holder(self) -> None:
        """Write our process id into the file, for whoever finds it locked."""
        with contextlib.suppress(OSError):  # a full disk does not spoil the lock
            os.ftruncate(self._open(), 0)
            os.pwrite(self._open(), f"{os.getpid()}\n".encode(), 0)

    def holder(self) -> str:
        """The process id that stands in the file, "" if there is none."""
        with contextlib.suppress(OSError):
            return os.pread(self._open(), 20, 0).decode("ascii", "replace").strip()
        return ""

    def close(self) -> None:
        """Close the file, and so give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise Unavailable(f"cannot open {self._path.name}: {error.strerror}") from error
        return self._descriptor
