"""The command line. One function per subcommand; exit codes are those of sysexits.

    configure   init, check, schema, template
    serve       run, process
    receive     receive
    tickets     ticket
    look        journal, outbox
    sla         sla
    explain     explain
    policy_tests  test
    replay      replay
    demo        demo: the whole conversation on loopback
    bench       bench

To add a command: a function with `@app.command()` in the module that fits, and a line in `lazy`.
"""

import os
import sys
from typing import Annotated, Any

import typer

from maildesk import __version__
from maildesk.cli.console import ConfigOption, complain, out
from maildesk.cli.lazy import LazyGroup
from maildesk.errors import MaildeskError

EX_USAGE = 64

# Newer Typer carries a copy of Click of its own: what its commands raise is found by inheritance.
UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="maildesk",
    cls=LazyGroup,
    help="A help desk without a web page to log in to: mail in, ticket, mail out.",
    invoke_without_command=False,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the help with colours writes `--json <bool>`
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        out.print(f"maildesk {__version__}")
        raise typer.Exit


@app.callback()
def everywhere(
    config: ConfigOption = None,
    version: Annotated[  # noqa: ARG001 - done by its callback
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """A help desk without a web page to log in to: mail in, ticket, mail out."""
    if config:
        os.environ["MAILDESK_CONFIG"] = str(config)


def invoke(arguments: list[str]) -> int:
    """Carry out one command; return its exit code. Raises whatever stops it."""
    code = app(arguments, standalone_mode=False, prog_name="maildesk")
    return code if isinstance(code, int) else 0


def run(arguments: list[str]) -> int:
    """Carry out one command; return its exit code, after a word on what stopped it."""
    try:
        return invoke(arguments)
    except UsageError as error:
        return _refuse_usage(error)
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except MaildeskError as error:
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone (`maildesk ticket list | head`)
        return 0


def _refuse_usage(error: Any) -> int:
    """Say on one line what is wrong with the command line."""
    if message := error.format_message().rstrip("."):  # else Typer has shown the help
        command = error.ctx.command_path if error.ctx else "maildesk"
        complain(f"{message}; see: {command} --help")
    return EX_USAGE
