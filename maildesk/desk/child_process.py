"""One child process, and the pipes to it.

It is handed several jobs at once and answers each as it is done. `mail.child` is the other end of
the pipes.
"""

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from maildesk import __version__
from maildesk.errors import MaildeskError, Temporary
from maildesk.mail.child import LENGTH, Packed

START_SECONDS = 30  # for the imports of a new child on a busy machine
_CHUNK = 1 << 20
_BIG_BYTES = 1 << 16


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


def pack(arguments: tuple[object, ...]) -> Packed:
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


def _request(job: str, many: Sequence[Packed]) -> list[bytes]:
    """The frames that `mail.child.read_request` reads."""
    head = pickle.dumps((job, [len(buffers) for _, buffers in many]), pickle.HIGHEST_PROTOCOL)
    return [head, *(frame for pickled, buffers in many for frame in (pickled, *buffers))]


class Child:
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

    def ask(self, job: str, many: Sequence[Packed], seconds: float) -> float:
        """Hand over a job's sets of arguments; return how many of the seconds are left for the
        first answer: a new child has no more time than others, its start included, unless that is
        short."""
        began_at = time.monotonic()
        with self._killed_where_it_fails(job):
            self.wait_for_start()
            latest = began_at + max(seconds, START_SECONDS)
            deadline = min(latest, time.monotonic() + seconds)
            for frame in _request(job, many):
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
