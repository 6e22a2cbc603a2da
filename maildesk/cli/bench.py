"""Measure: how fast, against what the parts alone can do."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from maildesk.cli.console import err, out

if TYPE_CHECKING:
    from maildesk.bench.rows import Row


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="One short round, for a look.")] = False,
) -> None:
    """Measure and print a table; under five minutes.

    Each row has its limit, measured in the same run, and the ratio. Nothing leaves this machine.
    """
    from maildesk.bench.table import FOLDER, FULL, QUICK, measure_all  # noqa: PLC0415 - heavy

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("measured", no_wrap=True)
    for heading in ("ours", "limit", "ratio"):
        table.add_column(heading, justify="right")
    for heading in ("mark", "the limit is"):
        table.add_column(heading)
    with err.status(f"Measuring in {FOLDER}, on loopback …"):
        for row in measure_all(QUICK if quick else FULL):
            table.add_row(*_cells(row))
    out.print(table)


def _cells(row: "Row") -> tuple[str, ...]:
    kind = row.kind
    limit = f"{row.limit:,.0f}{kind.unit}" if row.limit else ""
    ratio = f"{row.ratio:.2f}" if row.ratio else ""
    style = "" if row.is_reached else "[yellow]"
    return (
        kind.name,
        f"{row.ours:,.0f}{kind.unit}",
        limit,
        ratio,
        f"{style}{row.marks}",
        kind.against,
    )
