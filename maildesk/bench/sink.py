"""A smarthost that takes every mail and forgets it: prints its port, serves until it is ended.

As little as SMTP asks for, so that the time is the sender's.
"""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def running() -> Iterator[int]:
    """A sink in a process of its own; the port."""
    sink = subprocess.Popen([sys.executable, "-m", "maildesk.bench.sink"], stdout=subprocess.PIPE)
    try:
        assert sink.stdout  # noqa: S101 - for the type checker
        yield int(sink.stdout.readline())
    finally:
        sink.kill()
        sink.communicate()


def serve(listening: socket.socket) -> None:
    """Take mails on every connection, until killed."""
    while True:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_converse, args=(connection,), daemon=True).start()


def _converse(connection: socket.socket) -> None:
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 sink\r\n")
        while line := lines.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                _swallow(lines)
            connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


def _swallow(lines: BinaryIO) -> None:
    while lines.readline() not in (b".\r\n", b""):
        pass


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        serve(listening)
