"""Read and write mails in child processes, so that a hostile one costs its own attempt and no more.

Each child is exec'd anew (never forked: the daemon has threads), imports only `maildesk.mail`, and
does one job after the other, bounded in time and memory. It is handed several at once and answers
each as it is done: of one that hangs or dies we know in which job, and only that one fails.
"""

import pickle
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import LifoQueue
from typing import Any, Self, cast

from maildesk.desk.child_process import (
    Child,
    ChildError,
    ChildNotStarted,
    ChildrenClosed,
    ChildTimedOut,
    pack,
)
from maildesk.mail.child import Packed
from maildesk.mail.message import InboundMail

_BATCH = 8  # jobs that a child is handed at once: each hand-over costs two switches of process
_BATCH_BYTES = 1 << 20
_PATIENCE = 1 / 6  # of a job's time: then those behind it go to another child


class Children:
    """A pool of child processes. Thread-safe: as many jobs run at once as there are children."""

    def __init__(
        self, count: int = 2, *, seconds: float = 30, memory_bytes: int = 512 * 1024 * 1024
    ) -> None:
        """Start nothing yet: a child starts when there is a job and no other is free."""
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        # Who was idle last comes first: a desk with few mails has but one child.
        self._idle: LifoQueue[Child | None] = LifoQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="children")
        self._alive: set[Child] = set()
        self._lock = threading.Lock()
        self._is_closed = False
        for _ in range(count):
            self._idle.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all children; jobs that still run fail with `ChildrenClosed`."""
        with self._lock:
            self._is_closed = True
            alive = list(self._alive)
        for child in alive:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in alive:
            child.end()

    def warm_up(self) -> None:
        """Start a child now, and wait until it is ready.

        What dies or hangs before the first mail is not the mail's fault. Raises: ChildNotStarted.
        """
        with self._child() as child:
            child.wait_for_start()

    def run(self, job: str, *arguments: object) -> Any:
        """Do one of `mail.child.JOBS` in a child and return what it returns.

        Arguments and result are pickled; what the function raises is raised here.

        Raises: ChildDied, ChildTimedOut.
        """
        task = _Task(pack(arguments))
        self._do(job, [task])
        return task.result.result()

    def run_many(self, job: str, arguments: Iterable[tuple[object, ...]]) -> Iterator[Any]:
        """Do a job on each of `arguments`, side by side.

        Returns at once with an iterator over the results, in order; where one failed, its error
        stands in its place.
        """
        tasks: deque[_Task] = deque()
        for batch in _batches(_Task(pack(one)) for one in arguments):
            self._begin(job, batch)
            tasks += batch
        return _results(tasks)

    def parse(self, raw: bytes) -> InboundMail:
        """Read a mail. Raises: ChildDied, ChildTimedOut."""
        return cast(InboundMail, self.run("parse_mail", raw))

    def parse_many(self, raws: Iterable[bytes]) -> Iterator[InboundMail | Exception]:
        """Read mails, as `run_many` does."""
        return self.run_many("parse_mail", ((raw,) for raw in raws))

    def _begin(self, job: str, tasks: "Sequence[_Task]") -> None:
        """Have the tasks done by the next child that is free."""
        try:
            asked = self._threads.submit(self._do, job, tasks)
        except RuntimeError:  # they are closed
            _give_up(tasks)
        else:
            asked.add_done_callback(lambda done: _give_up(tasks) if done.cancelled() else None)

    def _do(self, job: str, tasks: "Sequence[_Task]") -> None:
        """Have one child do the tasks, one after the other."""
        left = deque(tasks)
        try:
            with self._child() as child:
                self._work_off(child, job, left)
        except ChildError as error:
            self._failed(job, left, error, is_alone=len(tasks) == 1)
        except BaseException as error:
            _give_up(left, error)
            raise

    def _work_off(self, child: Child, job: str, left: "deque[_Task]") -> None:
        """Take done tasks from `left`. When one takes long, the others go to another child."""
        seconds = child.ask(job, [task.packed for task in left], self._seconds)
        while left:
            deadline = time.monotonic() + seconds
            is_last = len(left) == 1
            if not is_last and not child.has_answer(seconds * _PATIENCE):
                others = [left.pop() for _ in range(1, len(left))]
                self._begin(job, others[::-1])
            answer = child.answer(deadline, job)
            left.popleft().take(answer)
            if not is_last and not left:
                child.end()  # it would do those too that another child has done
            seconds = self._seconds

    def _failed(self, job: str, left: "deque[_Task]", error: ChildError, *, is_alone: bool) -> None:
        """The first task has ended its child; only that one fails. Who was killed in company is
        tried again alone: others may have taken the memory."""
        if self._is_closed:
            _give_up(left)
            return
        if isinstance(error, ChildNotStarted):
            _give_up(left, error)
            return
        first = left.popleft()
        if is_alone or isinstance(error, ChildTimedOut):
            first.result.set_exception(error)
        else:
            self._begin(job, [first])
        if left:
            self._begin(job, list(left))

    @contextmanager
    def _child(self) -> Iterator[Child]:
        """A child of our own for the time of one job; a fresh one where the last has ended."""
        child = self._idle.get()
        try:
            if child is None or not child.is_alive:
                child = self._replace(child)
            yield child
        finally:
            self._idle.put(child)

    def _replace(self, old: Child | None) -> "Child":
        with self._lock:
            if old is not None:
                self._alive.discard(old)
                old.end()
            if self._is_closed:
                raise ChildrenClosed("the children are closed")
            child = Child(self._memory_bytes, self._seconds)
            self._alive.add(child)
            return child


def _size(packed: Packed) -> int:
    pickled, buffers = packed
    return len(pickled) + sum(map(len, buffers))


def _results(tasks: "deque[_Task]") -> Iterator[Any]:
    """The results, or the errors in their place, none kept after its turn."""
    while tasks:
        result = tasks.popleft().result
        yield result.exception() or result.result()


def _give_up(tasks: "Iterable[_Task]", error: BaseException | None = None) -> None:
    for task in tasks:
        task.result.set_exception(error or ChildrenClosed("the children are closed"))


def _batches(many: "Iterable[_Task]") -> "Iterator[list[_Task]]":
    """Split into batches that a child does in a few milliseconds."""
    batch: list[_Task] = []
    size = 0
    for one in many:
        batch.append(one)
        size += _size(one.packed)
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """The arguments of a job, and where its result goes."""

    packed: Packed
    result: Future[Any] = field(default_factory=Future)

    def take(self, answer: bytes) -> None:
        """Unpack a child's answer: (result, None) or (None, error)."""
        result, error = pickle.loads(answer)  # noqa: S301 - written by our own package
        if error is None:
            self.result.set_result(result)
        else:
            self.result.set_exception(error)
