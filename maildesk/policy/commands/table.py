"""The table that `commands` fills: what a verb is called, takes, needs and does."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from maildesk.policy.commands.task import Task


class Group(StrEnum):
    """The headings of the cheat sheet."""

    WORDS = "Your words"
    STATE = "Where the case stands"
    OWNER = "Who works on it"
    DETAIL = "What it is"
    PEOPLE = "Who takes part"
    CASES = "Other cases"
    WORK = "Your work"
    QUESTIONS = "Answered by mail"


@dataclass(frozen=True, slots=True)
class Command:
    """One verb. `is_weighty`: it needs level V2 or a confirmation, no reply address is enough;
    `needs_ticket`: it means nothing in a mail that belongs to no case."""

    verb: str
    aliases: tuple[str, ...]
    usage: str
    about: str
    group: Group
    run: Callable[[Task, str], str]
    is_weighty: bool
    needs_ticket: bool


Run = Callable[[Task, str], str]


def enter(
    table: dict[str, Command],
    verb: str,
    *aliases: str,
    group: Group,
    usage: str = "",
    is_weighty: bool = False,
    needs_ticket: bool = True,
) -> Callable[[Run], Run]:
    """Put the decorated function into the table, under its verb."""

    def register(run: Run) -> Run:
        about = " ".join((run.__doc__ or "").split())
        table[verb] = Command(
            verb, aliases, f"#{verb} {usage}".strip(), about, group, run, is_weighty, needs_ticket
        )
        return run

    return register
