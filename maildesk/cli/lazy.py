"""The commands by name. The module of one is imported when it is asked for, not before: all of them
together take over a second, and `maildesk ticket list` needs a third of them."""

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# The first line of help, once more: to list the commands imports none of them.
COMMANDS = {
    "init": ("configure", "Write a starter configuration and a fresh reply key."),
    "check": (
        "configure",
        "Look at the whole configuration; print what is wrong as `file:line: message`.",
    ),
    "schema": (
        "configure",
        "Print the JSON Schema of a configuration file, for completion in editors.",
    ),
    "template": ("configure", "The wording of the mails we send."),
    "run": (
        "serve",
        "Run the daemon in the foreground; SIGHUP reloads the rules, SIGTERM stops.",
    ),
    "process": ("serve", "Poll the mailboxes, work off the journal and the outbox once, then end."),
    "receive": (
        "receive",
        "Take one mail from standard input; exits with 0 or 75 and nothing else, as MTAs want it.",
    ),
    "ticket": ("tickets", "Tickets."),
    "journal": ("look", "Every mail that came in, and what became of it."),
    "outbox": ("look", "Mails that go out."),
    "sla": ("sla", "What was promised, and how it is counted."),
    "explain": ("explain", "Show what would happen to a mail, and why. Writes nothing."),
    "test": (
        "policy_tests",
        "Run the policy tests of FILES, else those in `tests/` of the configuration.",
    ),
    "replay": (
        "replay",
        "Route past mail by other rules and tell what would change. Changes nothing.",
    ),
    "demo": (
        "demo",
        "Run a whole desk on loopback, lead a conversation through it, then let you go on.",
    ),
    "bench": ("bench", "Measure and print a table; under five minutes."),
}


class Unloaded(TyperCommand):
    """A command whose module is not imported yet."""

    def __init__(self, name: str, module: str, help_line: str) -> None:
        super().__init__(name, help=help_line)
        self._module = module

    def load(self) -> Any:
        """Return the command itself."""
        room = importlib.import_module(f"maildesk.cli.{self._module}")
        app = typer.Typer(rich_markup_mode=None)
        room.add_to(app)
        group: Any = typer.main.get_group(app)
        return group.commands[self.name]

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Give way to the command itself: what follows is asked of its context."""
        return self.load().make_context(*arguments, **options)


class LazyGroup(TyperGroup):
    """The group of all commands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (module, help_line) in COMMANDS.items():
            self.add_command(Unloaded(name, module, help_line), name)
