"""Group commit: what arrives at once is committed at once, so that an fsync is paid once for many.

While one transaction commits, the next arrivals gather. Whoever was answered comes back at once, so
after a commit for many the next waits a fifth of a millisecond, or it would be for one alone.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from maildesk.errors import Temporary, Unavailable

ENTRIES_AT_ONCE = 200
SIBLINGS = 5
COMPANY_SECONDS = 0.0002
BYTES_AT_ONCE = 16 * 1024 * 1024

Item = TypeVar("Item")


class _Entry(Generic[Item]):
    """One caller's item, and the result it waits for."""

    __slots__ = ("_done", "_failure", "_result", "item", "size")

    def __init__(self, item: Item, size: int) -> None:
        self.item = item
        self.size = size
        self._result: int | None = None
        self._failure: Temporary | None = None
        self._done = threading.Lock()  # the cheapest thing to wait for
        self._done.acquire()

    def succeed(self, result: int) -> None:
        self._result = result
        self._done.release()

    def fail(self, failure: Temporary) -> None:
        self._failure = failure
        self._done.release()

    def wait(self) -> int:
        with self._done:
            if self._failure is not None:
                raise self._failure
            assert self._result is not None  # noqa: S101 - succeed or fail came first
            return self._result


class GroupCommit(Generic[Item]):
    """One thread that hands what waits to `commit`, which returns a result for each, in order."""

    def __init__(
        self, commit: Callable[[Sequence[Item]], Sequence[int]], *, in_flight_bytes: int
    ) -> None:
        self._commit = commit
        self._in_flight_bytes = in_flight_bytes
        self._bytes = 0  # waiting or being committed
        self._waiting: deque[_Entry[Item]] = deque()
        self._lock = threading.Lock()
        self._arrival = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, item: Item, size: int) -> int:
        """Return the result once it is committed; block while too many bytes are in flight.

        Raises: Temporary.
        """
        entry = _Entry(item, size)
        with self._lock:
            while self._bytes and self._bytes + size > self._in_flight_bytes:
                self._room.wait()
            if self._is_closed:
                raise Unavailable("maildesk is shutting down")
            self._bytes += size
            self._waiting.append(entry)
            self._arrival.notify()
        return entry.wait()

    def close(self) -> None:
        """Commit what waits, then refuse more."""
        with self._lock:
            self._is_closed = True
            self._arrival.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._work_next():
            pass

    def _work_next(self) -> bool:
        """Commit one batch; False at the end. Nothing of it is in memory afterwards."""
        batch = self._next()
        self._work(batch)
        if len(batch) >= SIBLINGS:
            time.sleep(COMPANY_SECONDS)
        with self._lock:
            self._bytes -= sum(entry.size for entry in batch)
            self._room.notify_all()
        return bool(batch)

    def _next(self) -> list[_Entry[Item]]:
        """What waits, as much as one transaction should hold; empty at the end."""
        with self._lock:
            while not self._waiting and not self._is_closed:
                self._arrival.wait()
            batch: list[_Entry[Item]] = []
            size = 0
            while self._waiting and len(batch) < ENTRIES_AT_ONCE:
                size += self._waiting[0].size
                if batch and size > BYTES_AT_ONCE:
                    break
                batch.append(self._waiting.popleft())
            return batch

    def _work(self, batch: list[_Entry[Item]]) -> None:
        if not batch:
            return
        try:
            results = self._commit([entry.item for entry in batch])
        except Temporary as failure:
            for entry in [*batch, *self._waited_in_vain(failure)]:
                entry.fail(type(failure)(failure.text))
        except Exception as error:  # noqa: BLE001 - one of them is bad: it alone must suffer
            self._work_singly(batch, error)
        else:
            for entry, result in zip(batch, results, strict=True):
                entry.succeed(result)

    def _waited_in_vain(self, failure: Temporary) -> list[_Entry[Item]]:
        """Who came while a lock was waited for has waited enough: not the whole time once more."""
        if not isinstance(failure, Unavailable):
            return []
        with self._lock:
            waited = list(self._waiting)
            self._waiting.clear()
            self._bytes -= sum(entry.size for entry in waited)
            self._room.notify_all()
        return waited

    def _work_singly(self, batch: list[_Entry[Item]], error: Exception) -> None:
        if len(batch) == 1:
            failure = Unavailable("the mail could not be stored")
            failure.__cause__ = error
            batch[0].fail(failure)
            return
        for entry in batch:
            self._work([entry])
