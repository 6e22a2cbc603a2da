"""`maildesk receive`, as an MTA's pipe runs it: any exit code but 0 and 75 bounces the mail."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maildesk.__main__ import is_receive
from maildesk.config import load_database
from maildesk.mail.envelope import written_path
from maildesk.mail.limits import HEAD_BYTES
from maildesk.store.engine import open_database
from maildesk.store.journal import list_receipts, show

MAIL = (
    b"Return-Path: <ada@example.org>\r\nFrom: Ada <ada@example.org>\r\nTo: support@example.com\r\n"
    b"Subject: Printer\r\nMessage-ID: <1@example.org>\r\n\r\nIt is dead.\r\n"
)
PROGRAM = [sys.executable, "-m", "maildesk"]
# Importing one module raises, as in a half-done upgrade or where the memory ends.
SPOILT = """
import sys
class Spoil:
    def find_spec(self, name, *_):
        if name == {module!r}:
            raise {error}
sys.meta_path.insert(0, Spoil())
sys.argv = ["maildesk", "receive"]
from maildesk.__main__ import main
main()
"""

Commands = Callable[..., tuple[int, str, str]]
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run(folder: Path) -> Run:
    def call(
        *arguments: str, mail: bytes = MAIL, program: list[str] = PROGRAM, **options: object
    ) -> "subprocess.CompletedProcess[bytes]":
        environ = {**os.environ, "MAILDESK_CONFIG": str(folder)}
        if "stderr" not in options:
            options["stderr"] = subprocess.PIPE
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [*program, *arguments], input=mail, env=environ, check=False, timeout=60, **options
        )

    return call


def receipt_of(folder: Path) -> dict[str, Any]:
    """The one receipt of the journal."""
    database = open_database(load_database(folder, {}), is_reader=True)
    try:
        with database.read() as session:
            [receipt] = list_receipts(session)
            return show(session, receipt["id"])
    finally:
        database.close()


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("typer", "ImportError('half an upgrade')"),
        ("maildesk.cli", "SyntaxError('half a file')"),
        ("maildesk.cli.receive", "ImportError('half an upgrade')"),
        ("maildesk.store.journal", "MemoryError"),
        ("maildesk.store.journal", "BrokenPipeError"),
        ("rich.console", "KeyboardInterrupt"),
        ("rich.console", "SystemExit(0)"),
    ],
)
def test_import_that_fails_leaves_the_mail_with_the_mta(run: Run, module: str, error: str) -> None:
    code = SPOILT.format(module=module, error=error)
    assert run(program=[sys.executable, "-c", code]).returncode == 75


@pytest.mark.parametrize(
    "arguments",
    [
        ["receive", "--form", "ada@example.org"],
        ["receive", "support@example.com"],
        ["--confg", "/nowhere", "receive"],
        ["--config", "/nowhere", "receive"],
        ["receive", "--config", "/nowhere"],
    ],
    ids=" ".join,
)
def test_wrong_command_line_leaves_the_mail_with_the_mta(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 75
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"maildesk receive: ")


def test_configuration_with_a_fault_leaves_the_mail_with_the_mta(folder: Path, run: Run) -> None:
    (folder / "people.yaml").write_text("agents: [")
    done = run("receive")
    assert done.returncode == 75
    assert b"people.yaml:1" in done.stderr


def test_nobody_who_reads_what_is_wrong_changes_nothing(run: Run) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run("receive", "--form", "x", stderr=writing, stdout=writing).returncode == 75
        assert run("receive", mail=b"", stderr=writing, stdout=writing).returncode == 75
        assert run("receive", stderr=writing, stdout=writing).returncode == 0
    finally:
        os.close(writing)


def test_closed_streams_change_nothing(run: Run) -> None:
    shell = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *PROGRAM]
    assert run("receive", program=shell).returncode == 0
    assert run("receive", "--form", "x", program=shell).returncode == 75


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_before_the_mail_is_there_leaves_it_with_the_mta(
    folder: Path, number: signal.Signals
) -> None:
    environ = {**os.environ, "MAILDESK_CONFIG": str(folder), "PYTHONUNBUFFERED": "1"}
    code = (
        "import sys; sys.argv = ['maildesk', 'receive']\n"
        "from maildesk.cli import receive\n"
        "reading = receive.read_mail\n"
        "def read(*given): print('reading', flush=True); return reading(*given)\n"
        "receive.read_mail = read\n"
        "from maildesk.__main__ import main\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == 75


@pytest.mark.parametrize(
    ("words", "is_it"),
    [
        ("receive", True),
        ("receive --from x", True),
        ("--config receive receive", True),
        ("--config=x receive", True),
        ("--no-such-option x receive", True),
        ("--config receive ticket list", False),
        ("ticket list --queue receive", False),
        ("", False),
        ("--version", False),
    ],
)
def test_receive_is_the_first_word_of_the_command_line(words: str, is_it: bool) -> None:
    assert is_receive(words.split()) is is_it


# --- the envelope -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "path", "kind"),
    [
        (["--to", "support@example.com"], None, "none"),
        (["--from", "<ada@example.org>"], "ada@example.org", "none"),
        (["--from="], "", "auto-generated"),
    ],
    ids=["unknown", "known", "null"],
)
def test_only_a_reverse_path_that_was_told_may_be_the_null_sender(
    folder: Path,
    run: Run,
    maildesk: Commands,
    tmp_path: Path,
    arguments: list[str],
    path: str | None,
    kind: str,
) -> None:
    assert run("receive", *arguments).returncode == 0
    assert receipt_of(folder)["envelope"]["reverse_path"] == path
    (tmp_path / "a.eml").write_bytes(MAIL)
    _, explained, _ = maildesk("explain", "--json", *arguments, str(tmp_path / "a.eml"))
    assert json.loads(explained)["automatic"]["kind"] == kind


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (None, None),
        ("", ""),
        ("<>", ""),
        ("MAILER-DAEMON", ""),
        (" <a@b.example> ", "a@b.example"),
    ],
)
def test_reverse_path_is_held_without_brackets(written: str | None, path: str | None) -> None:
    assert written_path(written) == path


# --- big mail -----------------------------------------------------------------------------------


def test_mail_over_the_limit_is_taken_with_its_head(folder: Path, run: Run) -> None:
    settings = folder / "maildesk.yaml"
    settings.write_text(settings.read_text() + "\nlimits: {message_bytes: 300000}\n")
    mail = MAIL + b"0123456789\r\n" * 300_000
    done = run("receive", "--from", "ada@example.org", mail=mail)
    assert (done.returncode, done.stderr) == (0, b"")
    receipt = receipt_of(folder)
    assert (receipt["disposition"], receipt["size"]) == ("new-ticket", HEAD_BYTES)
    assert receipt["envelope"]["full_size"] == len(mail)
