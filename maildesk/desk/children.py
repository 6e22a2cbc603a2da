"""Read and write mails in child processes, so that a hostile one costs its own attempt and no more.

Each child is exec'd anew (never forked: the daemon has threads), imports only `maildesk.mail`, and
does one job after the other, bounded in time and memory. A child that hangs is killed, one that
dies is replaced for the next job. `mail.child` is the other end of the pipes.
"""

import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import chain
from queue import SimpleQueue
from typing import Any, Self, cast

from maildesk.errors import MaildeskError
from maildesk.mail.child import LENGTH, Packed
from maildesk.mail.message import InboundMail

START_SECONDS = 30  # for the imports of a new child on a busy machine
_CHUNK = 1 << 20
_BATCH = 8  # jobs that a child is handed at once: each hand-over costs two switches of process
_BATCH_BYTES = 1 << 20
_BIG_BYTES = 1 << 16
_BATCH_SECONDS = 5  # then each alone, with the whole time: a mail that hangs holds up the others


class ChildError(MaildeskError):
    """A child process did not finish its job; another try may go the same way."""


class ChildDied(ChildError):
    """The child ended in the middle of the job: killed, crashed, or out of memory."""


class ChildTimedOut(ChildError):
    """The job took too long; its child was killed."""


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
        """End all children; jobs that still run fail with `ChildDied`."""
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

        What dies or hangs before the first mail is not the mail's fault. Raises: ChildDied,
        ChildTimedOut.
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
        (result,) = self._ask(job, [_packed(arguments)])
        if isinstance(result, Exception):
            raise result
        return result

    def run_many(self, job: str, arguments: Iterable[tuple[object, ...]]) -> Iterator[Any]:
        """Do a job on each of `arguments`, side by side.

        Returns at once with an iterator over the results, in order; where one failed, its error
        stands in its place.
        """
        batches = _batches(map(_packed, arguments))
        asked = [self._threads.submit(self._ask_each, job, batch) for batch in batches]
        return chain.from_iterable(answer.result() for answer in asked)

    def parse(self, raw: bytes) -> InboundMail:
        """Read a mail. Raises: ChildDied, ChildTimedOut."""
        return cast(InboundMail, self.run("parse_mail", raw))

    def parse_many(self, raws: Iterable[bytes]) -> Iterator[InboundMail | Exception]:
        """Read mails, as `run_many` does."""
        return self.run_many("parse_mail", ((raw,) for raw in raws))

    def _ask_each(self, job: str, many: Sequence[Packed]) -> list[Any]:
        """Do a job on several arguments at once; if that ends a child, on each alone, so that
        only the bad one fails."""
        try:
            return self._ask(job, many)
        except ChildError as error:
            if len(many) == 1:
                return [error]
        return [result for one in many for result in self._ask_each(job, [one])]

    def _ask(self, job: str, many: Sequence[Packed]) -> list[Any]:
        seconds = self._seconds if len(many) == 1 else min(_BATCH_SECONDS, self._seconds)
        with self._child() as child:
            return _results(child.ask(_request(job, many), seconds, job))

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
                raise ChildDied("the children are closed")
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


def _results(answer: bytes) -> list[Any]:
    """The results, or the errors in their place."""
    pairs = map(pickle.loads, pickle.loads(answer))  # noqa: S301 - written by our own package
    return [result if error is None else error for result, error in pairs]


def _batches(many: Iterable[Packed]) -> Iterator[list[Packed]]:
    """Split into batches that a child does in a few milliseconds."""
    batch: list[Packed] = []
    for one in many:
        batch.append(one)
        if len(batch) == _BATCH or sum(map(_size, batch)) >= _BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


class _Child:
    """One process and its pipes."""

    def __init__(self, memory_bytes: int, seconds: float) -> None:
        # A session of its own: Ctrl-C at the terminal reaches the daemon only, which then lets
        # jobs finish. The child ends when its stdin does, so it never outlives the daemon.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
            [sys.executable, "-m", "maildesk.mail.child", str(memory_bytes), str(seconds + 10)],
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
        if self._is_new:
            self._is_new = False
            self._exchange(_request("parse_mail", []), START_SECONDS, "the start")

    def ask(self, request: list[bytes], seconds: float, job: str) -> bytes:
        """Hand over a request and return the answer; a child that fails is killed."""
        self.wait_for_start()
        return self._exchange(request, seconds, job)

    def _exchange(self, request: list[bytes], seconds: float, job: str) -> bytes:
        deadline = time.monotonic() + seconds
        try:
            for frame in request:
                self._write(LENGTH.pack(len(frame)), deadline)
                self._write(frame, deadline)
            length = LENGTH.unpack(self._read(LENGTH.size, deadline))[0]
            return self._read(length, deadline)
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
