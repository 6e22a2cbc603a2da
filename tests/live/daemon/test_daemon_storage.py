"""Disks that are full or read-only, files that cannot grow, a locked database: the sender keeps the
mail, nothing is lost, and all flows again by itself."""

import os
import resource
import smtplib
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from .conftest import RunningDaemon, wait_until, write_mail

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
        """Leave so much free."""
        with self._filler.open("ab") as file:
            file.write(b"\0" * max(0, self.free_bytes - left_bytes))

    def clear(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A tmpfs of 8 MB; the test is skipped where we may not mount one."""
    folder = tmp_path / "desk0" / "disk"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"only who may mount can fill a disk of his own: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def daemon(make_daemon: Callable[..., RunningDaemon], disk: Disk) -> Iterator[RunningDaemon]:
    """A daemon whose database lies on that disk; it ends before the disk goes."""
    daemon = make_daemon(database="sqlite:///disk/maildesk.db", limits={"message_bytes": 65_536})
    daemon.start()
    yield daemon
    daemon.end()


def offer(daemon: RunningDaemon, number: object, text: str = "It is dead.") -> int:
    """Offer a mail; return the code of the last reply."""
    try:
        daemon.send(write_mail(number, f"ada-{number}@example.org", text=text))
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 250


def test_full_disk_refuses_at_mail_and_recovers(daemon: RunningDaemon, disk: Disk) -> None:
    assert offer(daemon, 1) == 250
    daemon.wait_for_tickets(1)
    disk.fill(left_bytes=65_536)
    with daemon.connect() as smtp:
        smtp.ehlo()
        code, text = smtp.mail("ada@example.org")
    assert (code, text[:5]) == (452, b"4.3.1")
    disk.clear()
    assert offer(daemon, 2) == 250
    assert len(daemon.wait_for_tickets(2)) == 2


def test_disk_that_fills_up_at_the_commit_loses_nothing(daemon: RunningDaemon, disk: Disk) -> None:
    """The mails have passed MAIL while there was room; together they have none."""
    connections = [daemon.connect() for _ in range(5)]
    try:
        for smtp in connections:
            smtp.ehlo()
            assert smtp.mail("ada@example.org")[0] == 250
            assert smtp.rcpt("support@example.com")[0] == 250
        disk.fill(left_bytes=110_000)
        codes: dict[int, int] = {}

        def send(number: int) -> None:
            mail = write_mail(number, f"ada-{number}@example.org", text=BIG)
            codes[number] = connections[number].data(mail)[0]

        senders = [threading.Thread(target=send, args=(number,)) for number in range(5)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(LOCK_SECONDS)
    finally:
        for smtp in connections:
            smtp.close()
    assert set(codes.values()) <= {250, 452}
    assert 452 in codes.values()
    assert daemon.process
    assert daemon.process.poll() is None

    disk.clear()
    again = [number for number, code in codes.items() if code != 250]
    wait_until(lambda: all(offer(daemon, number, BIG) == 250 for number in again), RECOVERY_SECONDS)
    tickets = daemon.wait_for_tickets(5, RECOVERY_SECONDS)
    assert {ticket["requester"] for ticket in tickets} == {
        f"ada-{number}@example.org" for number in range(5)
    }
    assert len(tickets) == 5
    assert daemon.stats["states"]["failed"] == 0
    assert "Traceback" not in daemon.log


def test_worker_on_a_full_disk_goes_on_when_there_is_room(
    daemon: RunningDaemon, disk: Disk
) -> None:
    assert daemon.process
    with daemon.connect() as smtp:
        smtp.ehlo()
        for number in range(20):
            mail = write_mail(number, f"ada-{number}@example.org")
            assert smtp.sendmail("ada@example.org", ["support@example.com"], mail) == {}
        disk.fill(left_bytes=0)  # most likely in the middle of the work
    wait_until(lambda: "step again later" in daemon.log or daemon.count("ticket") == 20)
    disk.clear()
    assert len(daemon.wait_for_tickets(20, RECOVERY_SECONDS)) == 20
    daemon.wait_for_letters(RECOVERY_SECONDS)
    assert daemon.stats["states"]["failed"] == 0
    assert [mail["state"] for mail in daemon.objects("outbox", "list")] == ["sent"] * 40


def test_read_only_disk_is_named_at_the_start_and_later_used(
    daemon: RunningDaemon, disk: Disk
) -> None:
    assert offer(daemon, 1) == 250
    daemon.wait_for_tickets(1)
    daemon.wait_for_letters()
    assert daemon.stop() == 0
    disk.remount("ro")
    for command in (["run"], ["receive"], ["process"]):
        done = daemon.cli(*command, stdin=write_mail(2))
        assert done.returncode == 75, command
        assert b"Read-only file system" in done.stderr or b"read-only" in done.stderr
        assert b"Traceback" not in done.stderr
    disk.remount("rw")
    daemon.start()
    assert offer(daemon, 2) == 250
    assert len(daemon.wait_for_tickets(2)) == 2


# --- without a disk of their own ----------------------------------------------------------------


@pytest.fixture
def plain(make_daemon: Callable[..., RunningDaemon]) -> RunningDaemon:
    made = make_daemon()
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
    assert offer(plain, 1) == 250
    plain.wait_for_tickets(1)
    plain.wait_for_letters()
    with files_of_no_length(plain):
        assert {offer(plain, 2) for _ in range(3)} <= {451, 452}
    wait_until(lambda: offer(plain, 2) == 250, RECOVERY_SECONDS)
    assert len(plain.wait_for_tickets(2, RECOVERY_SECONDS)) == 2
    assert plain.stats["states"]["failed"] == 0


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
    wait_until(daemon.health, 30)
    assert offer(daemon, 1) == 250
    assert len(daemon.wait_for_tickets(1)) == 1
    daemon.wait_for_letters()
    assert daemon.stop() == 0


def test_locked_database_answers_451_in_time_and_recovers(plain: RunningDaemon) -> None:
    assert offer(plain, 1) == 250
    plain.wait_for_tickets(1)
    plain.wait_for_letters()
    codes: list[int] = []
    with closing(sqlite3.connect(plain.folder / "maildesk.db", timeout=10)) as other:
        other.isolation_level = None
        other.execute("BEGIN EXCLUSIVE")
        senders = [
            threading.Thread(target=lambda n=number: codes.append(offer(plain, n)))
            for number in (2, 3)
        ]
        for sender in senders:
            sender.start()
        took = wait_until(lambda: len(codes) == 2, 60, "an answer")
        other.execute("ROLLBACK")
    print(f"451 after {took:.1f} s")
    assert took < LOCK_SECONDS
    assert codes == [451, 451]
    assert offer(plain, 2) == offer(plain, 3) == 250
    tickets = plain.wait_for_tickets(3, RECOVERY_SECONDS)
    assert len(tickets) == 3
    assert plain.stats["states"]["failed"] == 0
