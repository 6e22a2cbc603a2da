"""SIGTERM while something else takes its time: the end comes within what we promise."""

import time
from collections.abc import Callable
from pathlib import Path

from smtp_sink import running_sink

from .conftest import STOP_SECONDS, RunningDaemon, wait_until, write_mail


def test_smarthost_that_never_replies_does_not_keep_us_from_stopping(
    make_daemon: Callable[..., RunningDaemon], tmp_path: Path
) -> None:
    with running_sink(tmp_path / "sink") as sink:
        smarthost = {"host": "127.0.0.1", "port": sink.port, "tls": "none"}
        daemon = make_daemon(send={"smarthost": smarthost})
        daemon.start()
        daemon.send(write_mail(1, "stall@example.org"))
        wait_until(lambda: "stall@example.org" in {to for m in sink.mails for to in m.recipients})
        began_at = time.monotonic()
        assert daemon.stop() == 0
        took = time.monotonic() - began_at
    print(f"stopped within {took:.1f} s")
    assert took < STOP_SECONDS / 2
    assert "Traceback" not in daemon.log
    states = {mail["to"]: mail["state"] for mail in daemon.objects("outbox", "list")}
    assert states == {"stall@example.org": "unknown", "kari@example.com": "queued"}
