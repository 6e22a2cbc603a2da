"""Set up: init, check, schema, template."""

import os
from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console import ConfigOption, complain, out, print_json, say
from maildesk.config import check_folder, find_folder, load, schema_of
from maildesk.config.starter import init_folder
from maildesk.mail.samples import SAMPLES
from maildesk.mail.templates import load_sources, render
from maildesk.share import share_folder


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(init)
    app.command()(check)
    app.command()(schema)
    app.add_typer(template_app, name="template")


def init(folder: Annotated[Path, typer.Argument(help="A folder that is new or empty.")]) -> None:
    """Write a starter configuration and a fresh reply key."""
    for written in init_folder(folder):
        out.print(str(written), markup=False)
    out.print(f"\nNext: edit {folder}/maildesk.yaml, then run", markup=False)
    out.print(f"  maildesk --config {folder} check", markup=False)


def check(
    config: ConfigOption = None,
    sla_diff: Annotated[bool, typer.Option("--sla-diff", hidden=True)] = False,  # noqa: ARG001
) -> int:
    """Look at the whole configuration; print what is wrong as `file:line: message`."""
    folder = find_folder(config, os.environ)
    problems = check_folder(folder, os.environ)
    for problem in problems:
        complain(str(problem))
    if problems:
        return 78
    for warning in load(folder, os.environ).warnings:
        say(f"warning: {warning}")
    out.print(f"{folder}: all is well", markup=False)
    return 0


def schema(name: Annotated[str, typer.Argument(help="maildesk, people, routing or sla")]) -> None:
    """Print the JSON Schema of a configuration file, for completion in editors."""
    print_json(schema_of(name))


# --- templates ----------------------------------------------------------------------------------

template_app = typer.Typer(help="The wording of the mails we send.", no_args_is_help=True)


@template_app.command("list")
def template_list() -> None:
    """List the mails that have a template."""
    for kind in SAMPLES:
        out.print(kind)


@template_app.command("show")
def template_show(kind: str, language: str = "en") -> None:
    """Print a template's source."""
    out.print(load_sources([share_folder("templates")]).find(kind, language), markup=False)


@template_app.command("preview")
def template_preview(
    kind: str,
    language: str = "en",
    html: Annotated[bool, typer.Option("--html", help="The HTML part.")] = False,
) -> None:
    """Print a mail as people get it, on sample data."""
    source = load_sources([share_folder("templates")]).find(kind, language)
    rendered = render(source, SAMPLES[kind], timezone="UTC", language=language)
    if not html:
        out.print(f"Subject: {rendered.subject}\n", markup=False)
    out.print(rendered.html if html else rendered.text, markup=False)
