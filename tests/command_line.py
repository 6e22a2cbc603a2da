"""maildesk's command line in this process: what runs behind `python -m maildesk`, without the
second that a process takes to start. Whoever looks at a process itself starts one."""

import io
import json
import os
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import maildesk.cli


def run_here(*arguments: str, config: Path | None = None) -> CompletedProcess[str]:
    """Run a command on a configuration folder, or on the embedded defaults."""
    before = os.environ.pop("MAILDESK_CONFIG", None)
    if config:
        os.environ["MAILDESK_CONFIG"] = str(config)
    printed, said = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(said):
            code = maildesk.cli.run(list(arguments))
    finally:
        os.environ.pop("MAILDESK_CONFIG", None)
        if before is not None:
            os.environ["MAILDESK_CONFIG"] = before
    return CompletedProcess(list(arguments), code, printed.getvalue(), said.getvalue())


def objects(*arguments: str, config: Path | None = None) -> list[dict[str, Any]]:
    """Return what a command prints with --json, one object a line."""
    done = run_here(*arguments, "--json", config=config)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def objects_in(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """The same from another working directory, on the embedded defaults."""
    with chdir(folder):
        return objects(*arguments)
