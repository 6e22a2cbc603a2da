"""The main loop of a child process: jobs come in on stdin, results go out on stdout.

Run by `desk.children` as `python -m maildesk.mail.child BYTES SECONDS VERSION`: what it may take of
memory, and of time for one job, and who asks.
Both ways go pickles behind their length in eight bytes: both ends are this very package, started by
the same user, and a pickle carries our frozen values as they are. Nothing that a mail says is
unpickled here. The bytes of mails go beside the pickles, uncopied.
"""

import contextlib
import gc
import importlib
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from maildesk import __version__

# To add a job, name the function and its module; it takes and returns plain values only.
JOBS = {
    "check_signatures": "maildesk.mail.dkim_check",
    "parse_mail": "maildesk.mail.parse",
    "template_problems": "maildesk.mail.samples",
    "write_letters": "maildesk.mail.letter",
}

LENGTH = struct.Struct("!Q")

Packed = tuple[bytes, list[bytes]]  # pickled arguments, and the bytes that they refer to
Request = tuple[str, list[Packed]]


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame; None where the other end has gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    length = LENGTH.unpack(head)[0]
    frame = stream.read(length)
    return frame if len(frame) == length else None


def read_request(stream: BinaryIO) -> Request | None:
    """Return the next request; None where the other end has gone.

    First comes a pickled (name of the job, number of buffers for each set of arguments), then for
    each set its pickle and its buffers.
    """
    head = read_frame(stream)
    if head is None:
        return None
    name, counts = pickle.loads(head)  # noqa: S301 - from our parent only
    many: list[Packed] = []
    for count in counts:
        frames = [read_frame(stream) for _ in range(1 + count)]
        whole = [frame for frame in frames if frame is not None]
        if len(whole) < len(frames):
            return None
        many.append((whole[0], whole[1:]))
    return name, many


def write_frame(stream: BinaryIO, frame: bytes) -> None:
    """Write one frame and flush it."""
    stream.write(LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def find_job(name: str) -> Callable[..., Any]:
    """Return the function of this name in `JOBS`. Raises: KeyError."""
    found: Callable[..., Any] = getattr(importlib.import_module(JOBS[name]), name)
    return found


def work_on(name: str, arguments: bytes, buffers: list[bytes]) -> bytes:
    """Do one job; return a pickled (result, None) or (None, error)."""
    try:
        result = find_job(name)(*pickle.loads(arguments, buffers=buffers))  # noqa: S301 - our own parent wrote it
        return pickle.dumps((result, None), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent raises it again
        return _pickled_error(error)


def _pickled_error(error: Exception) -> bytes:
    error.add_note("".join(traceback.format_exception(error)))  # the traceback itself cannot go
    with contextlib.suppress(Exception):
        pickled = pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(pickled)  # noqa: S301 - some errors go in and never come out
        return pickled
    return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))


def main(limit_bytes: int, limit_seconds: float, version: str) -> None:
    """Do jobs until stdin ends."""
    if version != __version__:  # pickles of the one mean something else to the other
        sys.exit(f"maildesk is {__version__} now: restart the daemon, which is still {version}")
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Who stops the whole group means our parent; it lets jobs finish, then closes stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for name in JOBS:  # imported before the first job, whose time is bounded
        find_job(name)
    gc.freeze()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not get between the frames
    try:
        write_frame(answers, b"")  # ready
        while (request := read_request(requests)) is not None:
            name, many = request
            many.reverse()
            del request
            while many:  # none is kept when it is done: a big mail is big
                # The parent kills a child that hangs; should the parent be gone, SIGALRM does.
                signal.setitimer(signal.ITIMER_REAL, limit_seconds)
                answer = work_on(name, *many.pop())
                signal.setitimer(signal.ITIMER_REAL, 0)
                write_frame(answers, answer)
    except BrokenPipeError:  # our parent was killed: nobody is there to read a traceback
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
