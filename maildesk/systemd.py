"""A word to systemd: ready, reloading, stopping, still alive. sd_notify(3)."""

import os
import socket
from datetime import timedelta


def notify(*lines: str) -> None:
    """Send the state lines to the service manager; does nothing where there is none."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams:
        datagrams.sendto("\n".join(lines).encode(), address)


def watchdog_interval() -> timedelta | None:
    """Return how often systemd wants a sign of life, halved as it advises; None: never."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(
        os.getpid()
    ):
        return None
    return timedelta(microseconds=int(microseconds) / 2)
