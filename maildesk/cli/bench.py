"""Measure: how fast, against what the parts alone can do."""

import typer


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench() -> None:
    """Measure and print a table; under five minutes."""
