"""The command line. One function per subcommand; exit codes are those of sysexits.

    configure   init, check, schema, template
    serve       run, process, receive
    look        ticket, journal, outbox
    explain     explain
    demo        demo: the whole conversation on loopback
    bench       bench

To add a command: a function with `@app.command()` in the module that fits.
"""

import os
import sys
from typing import Annotated

import click
import typer

from maildesk import __version__
from maildesk.cli import bench, configure, demo, explain, look, serve
from maildesk.cli.console import ConfigOption, complain, out
from maildesk.errors import MaildeskError

EX_USAGE = 64

app = typer.Typer(
    name="maildesk",
    help="A help desk without a web page to log in to: mail in, ticket, mail out.",
    invoke_without_command=False,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def everywhere(
    config: ConfigOption = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A help desk without a web page to log in to: mail in, ticket, mail out."""
    if version:
        out.print(f"maildesk {__version__}")
        raise typer.Exit
    if config:
        os.environ["MAILDESK_CONFIG"] = str(config)


for room in (configure, serve, demo, look, explain, bench):
    room.add_to(app)


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Carry out one command; return its exit code."""
    try:
        code = app(arguments, standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EX_USAGE
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except MaildeskError as error:
        complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone (`maildesk ticket list | head`)
        return 0
    return code if isinstance(code, int) else 0
