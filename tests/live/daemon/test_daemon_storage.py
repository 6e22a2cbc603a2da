"""Disks that are full or read-only, files that cannot grow, a locked database: the sender keeps the
mail, nothing is lost, and all flows again by itself."""

import os
import resource
import smtplib
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from .conftest import RunningDaemon, wait_until, write_mail

pytestmark = pytest.mark.xdist_group("daemon-storage")  # they share two daemons

RECOVERY_SECONDS = 60.0
LOCK_SECONDS = 15.0  # we wait ten for a locked database
BIG = "word " * 11_000  # 55 kB: 64 KiB is the smallest limit there is


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def remount(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", str(self.folder)], check=True)

    @property
    def free_bytes(self) -> int:
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def fill(self, left_bytes: int) -> None:
        """Leave so much free, or less: the daemon writes meanwhile."""
        with suppress(OSError), self._filler.open("ab") as file:
            file.write(b"\0" * max(0, self.free_bytes - left_bytes))

    def clear(self) -> None:
        self._filler.unlink()


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """A tmpfs of 8 MB; the tests are skipped where we may not mount one."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"only who may mount can fill a disk of his own: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def daemon(disk: Disk) -> Iterator[RunningDaemon]:
    """A daemon whose database lies on that disk; it ends before the disk goes."""
    daemon = RunningDaemon(
        disk.folder.with_name("desk"),
        database=f"sqlite:///{disk.folder}/maildesk.db",
        limits={"message_bytes": 65_536},
    )
    daemon.start()
    yield daemon
    daemon.end()


def in_threads(work: Callable[[str], None], *names: str) -> None:
    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def offer(daemon: RunningDaemon, name: str, text: str = "It is dead.") -> int:
    """Offer a mail of that sender; return the code of the last reply."""
    try:
        daemon.send(write_mail(name, f"{name}@example.org", text=text))
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 250


def requesters(daemon: RunningDaemon, prefix: str) -> list[str]:
    """Wait until all is done; whose tickets there are, of senders with that prefix."""
    daemon.wait_for_tickets(0, RECOVERY_SECONDS)
    daemon.wait_for_letters(RECOVERY_SECONDS)
    assert daemon.stats["states"]["failed"] == 0
    assert "Traceback" not in daemon.log
    names = [ticket["requester"].partition("@")[0] for ticket in daemon.tickets]
    return sorted(name for name in names if name.startswith(prefix))


def test_full_disk_refuses_at_mail_and_recovers(daemon: RunningDaemon, disk: Disk) -> None:
    assert offer(daemon, "room1") == 250
    disk.fill(left_bytes=65_536)
    with daemon.connect() as smtp:
        smtp.ehlo()
        code, text = smtp.mail("ada@example.org")
    assert (code, text[:5]) == (452, b"4.3.1")
    disk.clear()
    assert offer(daemon, "room2") == 250
    assert requesters(daemon, "room") == ["room1", "room2"]


def test_disk_that_fills_up_at_the_commit_loses_nothing(daemon: RunningDaemon, disk: Disk) -> None:
    """The mails have passed MAIL while there was room; together they have none."""
    connections = {f"commit{number}": daemon.connect() for number in range(5)}
    try:
        for smtp in connections.values():
            smtp.ehlo()
            assert smtp.mail("ada@example.org")[0] == 250
            assert smtp.rcpt("support@example.com")[0] == 250
        disk.fill(left_bytes=110_000)
        codes: dict[str, int] = {}

        def send(name: str) -> None:
            mail = write_mail(name, f"{name}@example.org", text=BIG)
            codes[name] = connections[name].data(mail)[0]

        in_threads(send, *connections)
    finally:
        for smtp in connections.values():
            smtp.close()
    assert set(codes.values()) <= {250, 452}
    assert 452 in codes.values()
    disk.clear()
    again = [name for name, code in codes.items() if code != 250]
    wait_until(lambda: all(offer(daemon, name, BIG) == 250 for name in again), RECOVERY_SECONDS)
    assert requesters(daemon, "commit") == sorted(connections)


def test_worker_on_a_full_disk_goes_on_when_there_is_room(
    daemon: RunningDaemon, disk: Disk
) -> None:
    names = sorted(f"worker{number}" for number in range(20))
    with daemon.connect() as smtp:
        for name in names:
            mail = write_mail(name, f"{name}@example.org")
            assert smtp.sendmail("ada@example.org", ["support@example.com"], mail) == {}
        disk.fill(left_bytes=0)  # most likely in the middle of the work
    wait_until(lambda: "step again later" in daemon.log or daemon.count("ticket") >= 20)
    disk.clear()
    assert requesters(daemon, "worker") == names


def test_read_only_disk_is_named_at_the_start_and_later_used(
    daemon: RunningDaemon, disk: Disk
) -> None:
    assert offer(daemon, "read1") == 250
    assert requesters(daemon, "read") == ["read1"]
    assert daemon.stop() == 0
    disk.remount("ro")
    try:
        for command in ("run", "receive"):
            done = daemon.cli(command, stdin=write_mail("read2"))
            assert done.returncode == 75, command
            assert b"read-only" in done.stderr.lower()
            assert b"Traceback" not in done.stderr
    finally:
        disk.remount("rw")
    daemon.start()
    assert offer(daemon, "read2") == 250
    assert requesters(daemon, "read") == ["read1", "read2"]


# --- without a disk of their own ----------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(make_shared_daemon: Callable[..., RunningDaemon]) -> RunningDaemon:
    made = make_shared_daemon()
    made.start()
    return made


@contextmanager
def files_of_no_length(daemon: RunningDaemon) -> Iterator[None]:
    """No file of the daemon may grow, nor its log: as over a quota."""
    assert daemon.process
    pid, unlimited = daemon.process.pid, resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, unlimited))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


def test_files_that_cannot_grow_refuse_mail_until_they_can(plain: RunningDaemon) -> None:
    assert offer(plain, "quota1") == 250
    assert requesters(plain, "quota") == ["quota1"]
    with files_of_no_length(plain):
        assert {offer(plain, "quota2") for _ in range(3)} <= {451, 452}
    wait_until(lambda: offer(plain, "quota2") == 250, RECOVERY_SECONDS)
    assert requesters(plain, "quota") == ["quota1", "quota2"]


def test_locked_database_answers_451_in_time_and_recovers(plain: RunningDaemon) -> None:
    assert offer(plain, "lock1") == 250
    assert requesters(plain, "lock") == ["lock1"]
    codes: list[int] = []
    with closing(sqlite3.connect(plain.folder / "maildesk.db", timeout=10)) as other:
        other.isolation_level = None
        other.execute("BEGIN EXCLUSIVE")
        began_at = time.monotonic()
        in_threads(lambda name: codes.append(offer(plain, name)), "lock2", "lock3")
        took = time.monotonic() - began_at
        other.execute("ROLLBACK")
    print(f"451 after {took:.1f} s")
    assert took < LOCK_SECONDS
    assert codes == [451, 451]
    assert offer(plain, "lock2") == offer(plain, "lock3") == 250
    assert requesters(plain, "lock") == ["lock1", "lock2", "lock3"]


def test_log_that_nobody_reads_stops_nothing(make_daemon: Callable[..., RunningDaemon]) -> None:
    daemon = make_daemon()
    reader, writer = os.pipe()
    daemon.log_file = Path(f"/dev/fd/{writer}")  # opened anew, as a journal's socket is
    with open(daemon.log_file, "ab") as log:
        daemon.process = subprocess.Popen(
            [*daemon.program, "run"], env=daemon.environment, stderr=log
        )
    os.close(writer)
    os.close(reader)
    wait_until(daemon.is_listening)
    assert offer(daemon, "silent") == 250
    assert len(daemon.wait_for_tickets(1)) == 1
    daemon.wait_for_letters()
    assert daemon.stop() == 0
