"""Set up: init, check, schema, template."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from maildesk.cli.console import (
    ConfigOption,
    complain,
    in_folder,
    out,
    print_json,
    quote,
    say,
)
from maildesk.config import find_folder, load, schema_of
from maildesk.config.starter import init_folder
from maildesk.errors import Misconfigured, NotFound
from maildesk.mail.samples import SAMPLES, template_problems
from maildesk.mail.template_sources import PARTS, Source, load_sources
from maildesk.mail.templates import render
from maildesk.share import template_folders
from maildesk.transport.pager import fault_of


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
    sla_diff: Annotated[
        bool, typer.Option("--sla-diff", help="Tell which due times of open tickets would move.")
    ] = False,
) -> int:
    """Look at the whole configuration; print what is wrong as `file:line: message`."""
    folder = find_folder(config, os.environ)
    try:
        settings = load(folder, os.environ, fault_of_pager=fault_of)
    except Misconfigured as error:
        for problem in error.problems:
            complain(str(in_folder(folder, problem)))
            quote(folder, problem)
        return error.exit_code
    for warning in settings.warnings:
        say(f"warning: {in_folder(folder, warning)}")
        quote(folder, warning)
    sources = load_sources(template_folders(settings.templates))
    unusable = template_problems(sources, settings.rules.acknowledgements)
    for fault in unusable:
        complain(f"templates/{fault}")
    if unusable:
        return Misconfigured.exit_code
    out.print(f"{folder}: all is well", markup=False)
    if sla_diff:
        from maildesk.cli.sla import print_sla_diff  # noqa: PLC0415 - heavy

        print_sla_diff(settings)
    return 0


def schema(name: Annotated[str, typer.Argument(help="maildesk, people, routing or sla")]) -> None:
    """Print the JSON Schema of a configuration file, for completion in editors."""
    print_json(schema_of(name))


# --- templates ----------------------------------------------------------------------------------

template_app = typer.Typer(help="The wording of the mails we send.", no_args_is_help=True)


@template_app.command("list")
def template_list() -> None:
    """List the mails that have a template, and the file of what they share."""
    for kind in (*SAMPLES, PARTS):
        out.print(kind)


Kind = Annotated[str, typer.Argument(help="A name that `list` prints.")]
Language = Annotated[str, typer.Option(help="en, nb, …")]


@template_app.command("show")
def template_show(kind: Kind, config: ConfigOption = None, language: Language = "en") -> None:
    """Print a template's source: the admin's own, else ours."""
    out.print(_source(config, kind, language).text, markup=False)


@template_app.command("preview")
def template_preview(
    kind: Kind,
    config: ConfigOption = None,
    language: Language = "en",
    html: Annotated[bool, typer.Option("--html", help="The HTML part.")] = False,
) -> None:
    """Print a mail as people get it, on sample data."""
    if kind == PARTS:
        raise NotFound(f"{PARTS} is no mail, but what the others share")
    source, facts = _source(config, kind, language), SAMPLES.get(kind, SAMPLES["received"])
    rendered = render(source, facts, timezone="UTC", language=language)
    if not html:
        out.print(f"Subject: {rendered.subject}\n", markup=False)
    out.print(rendered.html if html else rendered.text, markup=False)


def _source(config: Path | None, kind: str, language: str) -> Source:
    own: Path | None = None
    with suppress(Misconfigured):  # ours can be shown without any configuration
        own = find_folder(config, os.environ) / "templates"
    sources = load_sources(template_folders(own if own and own.is_dir() else None))
    if kind not in (*sources.kinds, PARTS):
        raise NotFound(f"there is no template {kind}; there are {', '.join(sources.kinds)}")
    return sources.find(kind, language)
