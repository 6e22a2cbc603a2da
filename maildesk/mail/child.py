"""The main loop of a child process: jobs come in on stdin, results go out on stdout.

Run as `python -m maildesk.mail.child BYTES`, where BYTES bounds its memory, by `desk.children`.
Both ways go pickles behind their length in eight bytes: both ends are this very package, started by
the same user, and a pickle carries our frozen values as they are. Nothing that a mail says is
unpickled here.
"""

import contextlib
import gc
import importlib
import pickle
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

# To add a job, name the function and its module; it takes and returns plain values only.
JOBS = {
    "parse_mail": "maildesk.mail.parse",
    "write_letters": "maildesk.mail.letter",
}

LENGTH = struct.Struct("!Q")


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame; None where the other end has gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    length = LENGTH.unpack(head)[0]
    frame = stream.read(length)
    return frame if len(frame) == length else None


def write_frame(stream: BinaryIO, frame: bytes) -> None:
    """Write one frame and flush it."""
    stream.write(LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def find_job(name: str) -> Callable[..., Any]:
    """Return the function of this name in `JOBS`. Raises: KeyError."""
    found: Callable[..., Any] = getattr(importlib.import_module(JOBS[name]), name)
    return found


def work(job: bytes) -> bytes:
    """Do one pickled job (name, arguments); answer the pickled (result, None) or (None, error)."""
    try:
        name, arguments = pickle.loads(job)  # noqa: S301 - from our parent only
        return pickle.dumps((find_job(name)(*arguments), None), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent raises it again
        return _pickled_error(error)


def _pickled_error(error: Exception) -> bytes:
    with contextlib.suppress(Exception):
        pickled = pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(pickled)  # noqa: S301 - some errors go in and never come out
        return pickled
    return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))


def main(limit_bytes: int) -> None:
    """Do jobs until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    find_job("parse_mail")
    gc.freeze()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not get between the frames
    while (job := read_frame(requests)) is not None:
        write_frame(answers, work(job))


if __name__ == "__main__":
    main(int(sys.argv[1]))
