"""A listener in a process of its own: its memory, its descriptors, and what it reads too late."""

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from maildesk.settings import Endpoint

LISTENER = """
import resource, sys, threading
from maildesk.mail.envelope import Answer
from maildesk.settings import Endpoint, Limits, Listen
from maildesk.transport.smtp import Listener

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
listener = Listener(
    Listen("smtp", Endpoint("127.0.0.1", 0)),
    Limits(connections=int(sys.argv[2]), connections_per_peer=int(sys.argv[2])),
    lambda raw, envelope: Answer(250, "2.6.0", f"{len(raw)} bytes"),
    accepts=lambda address: True,
    hostname="desk.example",
)
listener.start()
print(listener.endpoint.port, flush=True)
sys.stdin.read()
listener.stop(2)
"""


class Daemon:
    def __init__(self, process, port):
        self.process = process
        self.endpoint = Endpoint("127.0.0.1", port)

    @property
    def resident_bytes(self):
        return psutil.Process(self.process.pid).memory_info().rss


@pytest.fixture
def start_daemon():
    processes = []

    def start(descriptors=256, connections=20):
        arguments = [sys.executable, "-c", LISTENER, str(descriptors), str(connections)]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe))
        return Daemon(processes[-1], int(processes[-1].stdout.readline()))

    yield start
    for process in processes:
        process.communicate(b"", timeout=30)
        assert process.returncode == 0


def test_32_mib_of_empty_lines_cost_little_and_others_are_served(start_daemon, connect):
    daemon = start_daemon()
    flood, other = connect(daemon), connect(daemon)
    flood.begin()
    other.begin()
    peak_bytes = 0
    for _ in range(32):
        flood.send(b"\r\n" * 524_288)
        other.send(b"x\r\n")
        peak_bytes = max(peak_bytes, daemon.resident_bytes)
    other.send(b".\r\n")
    assert other.line().startswith("250 ")
    flood.send(b".\r\n")
    assert flood.line().startswith("250 2.6.0 3355")
    assert max(peak_bytes, daemon.resident_bytes) < 200_000_000


def test_who_speaks_before_the_greeting_is_refused(start_daemon, connect):
    daemon = start_daemon()
    os.kill(daemon.process.pid, signal.SIGSTOP)  # so that our words are there before it accepts
    try:
        early = connect(daemon)
        early.send(b"EHLO x\r\nMAIL FROM:<>\r\n")
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    assert early.line().startswith("554 5.5.1")
    assert early.line() == ""
    assert connect(daemon).reply().startswith("220 ")


def test_a_listener_out_of_descriptors_recovers_by_itself(start_daemon):
    daemon = start_daemon(descriptors=32, connections=100)
    address = (daemon.endpoint.host, daemon.endpoint.port)
    crowd = [socket.create_connection(address, 30) for _ in range(60)]
    assert crowd[0].recv(100).startswith(b"220 ")
    for peer in crowd:
        peer.close()
    with socket.create_connection(address, 30) as late:
        assert late.recv(100).startswith(b"220 ")
