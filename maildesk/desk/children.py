"""Read and write mails in child processes, so that a hostile one costs its own attempt and no more.

Each child is exec'd anew (never forked: the daemon has threads), imports only `maildesk.mail`, and
does one job after the other, bounded in time and memory. It is handed several at once and answers
each as it is done: of one that hangs or dies we know in which job, and only that one fails.
`mail.child` is the other end of the pipes.
"""

import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Self, cast

from maildesk import __version__
from maildesk.errors import MaildeskError, Temporary
from maildesk.mail.child import LENGTH, Packed
from maildesk.mail.message import InboundMail

START_SECONDS = 30  # for the imports of a new child on a busy machine
_CHUNK = 1 << 20
_BATCH = 8  # jobs that a child is handed at once: each hand-over costs two switches of process
_BATCH_BYTES = 1 << 20
_BIG_BYTES = 1 << 16
_PATIENCE = 1 / 6  # of a job's time: then those behind it go to another child


class ChildError(MaildeskError):
    """A child process did not finish its job; another try may go the same way."""


class ChildDied(ChildError):
    """The child ended in the middle of the job: killed, crashed, or out of memory."""


class ChildTimedOut(ChildError):
    """The job took too long; its child was killed."""


class ChildNotStarted(ChildError, Temporary):
    """No child can be started: nothing that the job brought about."""


class ChildrenClosed(ChildDied, Temporary):
    """We are about to end: the job is for another process to do."""


class Children:
    """A pool of child processes. Thread-safe: as many jobs run at once as there are children."""

    def __init__(
        self, count: int = 2, *, seconds: float = 30, memory_bytes: int = 512 * 1024 * 1024
    ) -> None:
        """Start nothing yet: a child starts with its first job."""
        self._count = count
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._idle: SimpleQueue[_Child | None] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="children")
        self._alive: set[_Child] = set()
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
        """Start the children now, and wait until they are ready.

        What dies or hangs before the first mail is not the mail's fault. Raises: ChildNotStarted.
        """
        with ExitStack() as stack:
            children = [stack.enter_context(self._child()) for _ in range(self._count)]
            for child in children:
                child.wait_for_start()

    def run(self, job: str, *arguments: object) -> Any:
        """Do one of `mail.child.JOBS` in a child and return what it returns.

        Arguments and result are pickled; what the function raises is raised here.

        Raises: ChildDied, ChildTimedOut.
        """
        task = _Task(_packed(arguments))
        self._do(job, [task])
        return task.result.result()

    def run_many(self, job: str, arguments: Iterable[tuple[object, ...]]) -> Iterator[Any]:
        """Do a job on each of `arguments`, side by side.

        Returns at once with an iterator over the results, in order; where one failed, its error
        stands in its place.
        """
        tasks: deque[_Task] = deque()
        for batch in _batches(_Task(_packed(one)) for one in arguments):
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

    def _work_off(self, child: "_Child", job: str, left: "deque[_Task]") -> None:
        """Take done tasks from `left`. When one takes long, the others go to another child."""
        seconds = child.ask(_request(job, [task.packed for task in left]), self._seconds, job)
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
    def _child(self) -> "Iterator[_Child]":
        """A child of our own for the time of one job; a fresh one where the last has ended."""
        child = self._idle.get()
        try:
            if child is None or not child.is_alive:
                child = self._replace(child)
            yield child
        finally:
            self._idle.put(child)

    def _replace(self, old: "_Child | None") -> "_Child":
        with self._lock:
            if old is not None:
                self._alive.discard(old)
                old.end()
            if self._is_closed:
                raise ChildrenClosed("the children are closed")
            child = _Child(self._memory_bytes, self._seconds)
            self._alive.add(child)
            return child


def _packed(arguments: tuple[object, ...]) -> Packed:
    """Pickle the arguments; big bytes stay where they are (PEP 574)."""
    buffers: list[bytes] = []

    def beside(argument: object) -> object:
        if not isinstance(argument, bytes) or len(argument) < _BIG_BYTES:
            return argument
        buffers.append(argument)
        return pickle.PickleBuffer(argument)

    pickled = pickle.dumps(
        tuple(map(beside, arguments)), pickle.HIGHEST_PROTOCOL, buffer_callback=lambda _: False
    )
    return pickled, buffers


def _size(packed: Packed) -> int:
    pickled, buffers = packed
    return len(pickled) + sum(map(len, buffers))


def _request(job: str, many: Sequence[Packed]) -> list[bytes]:
    """The frames that `mail.child.read_request` reads."""
    head = pickle.dumps((job, [len(buffers) for _, buffers in many]), pickle.HIGHEST_PROTOCOL)
    return [head, *(frame for pickled, buffers in many for frame in (pickled, *buffers))]


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


class _Child:
    """One process and its pipes."""

    def __init__(self, memory_bytes: int, seconds: float) -> None:
        # A session of its own: Ctrl-C at the terminal reaches the daemon only, which then lets
        # jobs finish. The child ends when its stdin does, so it never outlives the daemon.
        limits = (str(memory_bytes), str(seconds + 10))
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
            [sys.executable, "-m", "maildesk.mail.child", *limits, __version__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin  # noqa: S101 - for the type checker
        assert self._process.stdout  # noqa: S101
        self._requests = self._process.stdin.fileno()
        self._answers = self._process.stdout.fileno()
        os.set_blocking(self._requests, False)
        os.set_blocking(self._answers, False)
        self._is_new = True

    @property
    def is_alive(self) -> bool:
        """Whether it can be given a job."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, wait for its end, and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def wait_for_start(self) -> None:
        """Wait until its imports are done."""
        if not self._is_new:
            return
        self._is_new = False
        try:
            self.answer(time.monotonic() + START_SECONDS, "the start")
        except ChildError as error:
            raise ChildNotStarted(f"no mail can be read: {error.text}") from error

    def ask(self, request: list[bytes], seconds: float, job: str) -> float:
        """Hand over a request; return how many of the seconds are left for the first answer: a new
        child has no more time than others, its start included, unless that is short."""
        began_at = time.monotonic()
        with self._killed_where_it_fails(job):
            self.wait_for_start()
            latest = began_at + max(seconds, START_SECONDS)
            deadline = min(latest, time.monotonic() + seconds)
            for frame in request:
                self._write(LENGTH.pack(len(frame)), deadline)
                self._write(frame, deadline)
        return deadline - time.monotonic()

    def has_answer(self, seconds: float) -> bool:
        """Wait up to `seconds` for the next answer to begin."""
        try:
            self._wait(self._answers, select.POLLIN, time.monotonic() + seconds)
        except TimeoutError:
            return False
        return True

    def answer(self, deadline: float, job: str) -> bytes:
        """Return the next answer, until `deadline` (monotonic)."""
        with self._killed_where_it_fails(job):
            length = LENGTH.unpack(self._read(LENGTH.size, deadline))[0]
            return self._read(length, deadline)

    @contextmanager
    def _killed_where_it_fails(self, job: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            self.kill()
            self._process.wait()  # until then it seems alive to who takes it next
            raise ChildTimedOut(f"child process {self._name}: {job} took too long") from error
        except (EOFError, BrokenPipeError) as error:
            self.kill()
            code = self._process.wait()
            raise ChildDied(f"child process {self._name} ended with {code} in {job}") from error
        except BaseException:  # interrupted half-way: the pipes are out of step
            self.kill()
            raise

    @property
    def _name(self) -> str:
        return str(self._process.pid)

    def _write(self, octets: bytes, deadline: float) -> None:
        rest = memoryview(octets)
        while rest:
            self._wait(self._requests, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._requests, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue

    def _read(self, length: int, deadline: float) -> bytes:
        octets = bytearray()
        while len(octets) < length:
            self._wait(self._answers, select.POLLIN, deadline)
            chunk = os.read(self._answers, min(_CHUNK, length - len(octets)))
            if not chunk:
                raise EOFError
            octets += chunk
        return bytes(octets)

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        poll = select.poll()  # select.select breaks on descriptors over 1,023
        poll.register(pipe, event)
        if not poll.poll(max(0, (deadline - time.monotonic()) * 1000)):
            raise TimeoutError
