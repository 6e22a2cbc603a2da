"""How commands speak: results on stdout, everything else on stderr; and how they find settings."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from maildesk.desk.wording import on_one_line
from maildesk.errors import Misconfigured, Problem

if TYPE_CHECKING:
    from maildesk.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="MAILDESK_CONFIG",
        help="The configuration folder (else ./config, /etc/maildesk).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

LINE_SHOWN = 160  # characters
CELL_SHOWN = 100
EX_DATAERR = 65

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def complain(message: str) -> None:
    """Say on stderr what is wrong."""
    err.print(message, markup=False, style="red")


def say(message: str) -> None:
    """Say something on stderr that is no result."""
    err.print(message, markup=False)


def settings_of(config: Path | None) -> "Settings":
    """Load the settings of the folder that was named, or of the usual ones.

    Raises: Misconfigured with every problem.
    """
    from maildesk.config import find_folder, load  # noqa: PLC0415 - `--help` needs none of it

    folder = find_folder(config, os.environ)
    with naming(folder):
        return load(folder, os.environ)


def settings_or_defaults(config: Path | None) -> "Settings":
    """Return the configuration; the embedded defaults where none was named and none is usable.

    Raises: Misconfigured.
    """
    from maildesk.config import find_folder, load  # noqa: PLC0415 - as above
    from maildesk.config.starter import write_demo  # noqa: PLC0415

    try:
        return load(find_folder(config, os.environ), os.environ)
    except Misconfigured:
        if config or "MAILDESK_CONFIG" in os.environ:
            raise
    say("No configuration in use: here are the embedded defaults.")
    with tempfile.TemporaryDirectory(prefix="maildesk-") as folder:
        return load(write_demo(Path(folder), 0), {})


def database_of(config: Path | None) -> str:
    """Return the URL of the database alone; the other files may have problems.

    Raises: Misconfigured.
    """
    from maildesk.config import find_folder, load_database  # noqa: PLC0415 - as above

    folder = find_folder(config, os.environ)
    with naming(folder):
        return load_database(folder, os.environ)


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Name the files of problems with the folder, so that an editor finds them."""
    try:
        yield
    except Misconfigured as error:
        problems = (in_folder(folder, problem) for problem in error.problems)
        raise Misconfigured(*problems) from None


def in_folder(folder: Path, problem: Problem) -> Problem:
    """Return the problem with the path of its file, from where we are if that is shorter."""
    path = folder / problem.file
    here = Path.cwd()
    return replace(problem, file=str(path.relative_to(here) if path.is_relative_to(here) else path))


def quote(folder: Path, problem: Problem) -> None:
    """Show the line that a problem is in."""
    if shown := quoted_line(folder, problem):
        say(shown)


def quoted_line(folder: Path, problem: Problem) -> str:
    """Return the line that a problem is in, with a caret below the place, as compilers do; "" where
    there is none to show."""
    try:
        lines = (folder / problem.file).read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    if not problem.line or problem.line > len(lines):
        return ""
    line = "".join(c if c.isprintable() else " " for c in lines[problem.line - 1][:LINE_SHOWN])
    caret = " " * ((problem.column or 1) - 1) + "^"
    return f"    {line}\n    {caret}" if line.strip() else ""


def print_json(value: object) -> None:
    """Print one JSON object on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def print_list(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print one JSON object a line, or a table of `columns`."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    out.print(table)


def _cell(value: object) -> str:
    text = "" if value is None else on_one_line(str(value), CELL_SHOWN)
    return text.replace("[", "\\[")
