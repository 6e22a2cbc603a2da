"""Child processes that read mails: bounded, replaced, and never left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from maildesk.desk.child_process import (
    ChildDied,
    ChildNotStarted,
    ChildrenClosed,
    ChildTimedOut,
)
from maildesk.desk.children import Children
from maildesk.errors import Temporary

RAW = b"From: a@x.example\r\nSubject: hello\r\n\r\nbody\r\n"


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        threading.Event().wait(0.01)


Processes = Callable[[], list[psutil.Process]]
Watched = tuple[Children, Processes]


@contextmanager
def watched(count: int = 1, **limits: float) -> Iterator[Watched]:
    """A pool, and what finds its living processes."""
    others = psutil.Process().children()

    def processes() -> list[psutil.Process]:
        mine = [p for p in psutil.Process().children() if p not in others]
        return [
            p for p in mine if p.status() != psutil.STATUS_ZOMBIE and "child" in str(p.cmdline())
        ]

    with Children(count, **limits) as children:
        yield children, processes


@pytest.fixture(scope="module")
def healthy() -> Iterator[Watched]:
    """One child, for the tests that leave it as it is."""
    with watched() as pool:
        pool[0].warm_up()
        yield pool


@pytest.fixture(scope="module")
def mortal(healthy: Watched) -> Iterator[Watched]:
    """One child that may take a second, for the tests that kill it."""
    with watched(seconds=1) as pool:
        yield pool


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """The process hangs for the time of the block."""
    process.suspend()
    try:
        yield
    finally:
        if process.is_running():
            process.resume()


# --- reading ------------------------------------------------------------------------------------


def test_child_starts_with_its_first_mail_and_ends_with_the_pool():
    with watched() as (children, processes):
        assert processes() == []
        assert children.parse(RAW).subject == "hello"
        assert len(processes()) == 1
    assert processes() == []


def test_second_child_starts_where_the_first_is_busy_and_mails_stay_in_order():
    raws = [b"Subject: %d\r\n\r\nbody" % number for number in range(40)]
    with watched(2) as (children, processes):
        children.warm_up()
        children.parse(RAW)
        (first,) = processes()
        with stopped(first):
            reading = children.parse_many(raws)
            until(lambda: len(processes()) == 2)
        mails = list(reading)
        assert first in processes()
    assert [mail.subject for mail in mails] == [str(number) for number in range(40)]


def test_large_mail_passes_both_ways(healthy):
    raw = RAW + b"x" * 5_000_000
    assert healthy[0].parse(raw).size == len(raw)


def test_several_threads_share_one_child(healthy):
    subjects: list[str] = []
    threads = [
        threading.Thread(target=lambda: subjects.append(healthy[0].parse(RAW).subject))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects == ["hello"] * 8


def test_job_is_done_on_many_arguments_while_more_are_made(healthy):
    made: list[int] = []

    def arguments() -> Iterator[tuple[bytes]]:
        for number in range(20):
            made.append(number)
            yield (b"Subject: %d\r\n\r\n" % number,)

    mails = healthy[0].run_many("parse_mail", arguments())
    assert made == list(range(20))
    assert [mail.subject for mail in mails] == [str(number) for number in range(20)]


def test_what_a_job_raises_is_raised_here(healthy):
    children, processes = healthy
    (process,) = processes()
    with pytest.raises(KeyError):
        children.run("no_such_job")
    with pytest.raises(TypeError):
        children.run("parse_mail", 1, 2, 3, 4)
    assert children.parse(RAW).subject == "hello"
    assert processes() == [process]


def test_error_of_one_among_many_stands_in_its_place_with_where_it_happened(healthy):
    first, second, third = healthy[0].run_many("parse_mail", [(RAW,), (1,), (RAW,)])
    assert first.subject == third.subject == "hello"
    assert isinstance(second, TypeError)
    assert "parse.py" in "".join(second.__notes__)


def test_child_ignores_the_signals_that_stop_the_daemon(healthy):
    children, processes = healthy
    (process,) = processes()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    assert children.parse(RAW).subject == "hello"
    assert processes() == [process]
    assert os.getpgid(process.pid) != os.getpgid(0)


def test_child_inherits_no_open_files():
    with open(__file__) as kept, watched() as (children, processes):
        os.set_inheritable(kept.fileno(), True)
        children.warm_up()
        (process,) = processes()
        assert process.open_files() == []


# --- children that hang or die ------------------------------------------------------------------


def test_hanging_child_is_killed_and_replaced(mortal):
    children, processes = mortal
    children.warm_up()
    (process,) = processes()
    with stopped(process), pytest.raises(ChildTimedOut, match=str(process.pid)):
        children.parse(RAW)
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert children.parse(RAW).subject == "hello"


def test_child_that_dies_in_a_job_is_named_and_replaced(mortal):
    children, processes = mortal
    children.warm_up()
    (process,) = processes()
    timer = threading.Timer(0.1, process.kill)
    with stopped(process):
        timer.start()
        with pytest.raises(ChildDied, match=str(process.pid)):
            children.parse(RAW)
    timer.join()
    assert children.parse(RAW).subject == "hello"


def test_child_that_died_between_jobs_costs_nothing(mortal):
    children, processes = mortal
    children.warm_up()
    (process,) = processes()
    process.kill()
    until(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert children.parse(RAW).subject == "hello"


def test_mail_that_hangs_among_many_fails_alone(mortal):
    children, processes = mortal
    children.warm_up()
    (process,) = processes()
    with stopped(process):
        first, second = children.run_many("parse_mail", [(RAW,), (RAW,)])
    assert isinstance(first, ChildTimedOut)
    assert second.subject == "hello"


def test_mails_behind_one_that_hangs_go_to_another_child():
    with watched(2, seconds=3) as (children, processes):
        children.warm_up()
        (started,) = processes()  # who is given the next job
        began_at = time.monotonic()
        with stopped(started):
            hanging, *others = children.run_many("parse_mail", [(RAW,)] * 8)
        assert time.monotonic() - began_at < 3 + 2
        assert isinstance(hanging, ChildTimedOut)
        assert [mail.subject for mail in others] == ["hello"] * 7


def test_job_that_runs_at_the_close_is_for_another_process():
    with watched() as (children, processes):
        children.warm_up()
        (process,) = processes()
        with stopped(process):
            mails = children.run_many("parse_mail", [(RAW,)] * 9)
            children.close()
        assert {type(mail) for mail in mails} == {ChildrenClosed}
        assert issubclass(ChildrenClosed, Temporary)


def test_mail_that_takes_too_much_memory_fails_alone():
    with watched(memory_bytes=110 * 1024 * 1024) as (children, _):
        results = list(children.parse_many([RAW, RAW + b"word " * 4_000_000, RAW]))
        assert [isinstance(result, ChildDied) for result in results] == [False, True, False]
        assert children.parse(RAW).subject == "hello"


def test_child_ends_when_its_parent_is_killed():
    program = (
        "import sys; from maildesk.desk.children import Children; c = Children(1);"
        "c.parse(b'Subject: x'); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout.readline() == b"ready\n"
        (child,) = psutil.Process(parent.pid).children()
        parent.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_child_whose_parent_is_killed_within_a_job_ends_without_a_word():
    program = (
        "import sys; from maildesk.desk.children import Children; c = Children(1);"
        "c.warm_up(); print('ready', flush=True); c.parse(b'x' * 20_000_000)"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe) as parent:
        assert parent.stdout.readline() == b"ready\n"
        parent.kill()
        assert parent.stderr.read() == b""  # read to its end: the child has ended too


def test_closed_children_take_no_job():
    children = Children(1)
    children.close()
    with pytest.raises(ChildDied):
        children.parse(RAW)


def test_children_of_another_version_cost_no_mail_an_attempt(monkeypatch, capfd):
    monkeypatch.setattr("maildesk.desk.child_process.__version__", "0.0.1")  # before the upgrade
    with Children(1) as children:
        with pytest.raises(ChildNotStarted, match="no mail can be read"):
            children.parse(RAW)
        for result in children.parse_many([RAW, RAW]):
            assert isinstance(result, Temporary)
        monkeypatch.undo()
        assert children.parse(RAW).subject == "hello"
    assert "restart the daemon, which is still 0.0.1" in capfd.readouterr().err
