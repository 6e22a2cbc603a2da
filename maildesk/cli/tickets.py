"""Look at tickets: list, show, history. All of it works while the daemon runs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from maildesk.cli.console import ConfigOption, JsonOption, out, print_json, print_list
from maildesk.cli.reading import reading, rules_or_none
from maildesk.cli.times import clock_words, local_words
from maildesk.desk.wording import words_of
from maildesk.model.ticket import Status
from maildesk.store import tickets

Number = Annotated[int, typer.Argument(help="The ticket's number.")]

ticket_app = typer.Typer(help="Tickets.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(ticket_app, name="ticket")


@ticket_app.command("list")
def ticket_list(
    config: ConfigOption = None,
    json: JsonOption = False,
    status: Annotated[Status | None, typer.Option(help="Only these.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    requester: Annotated[str | None, typer.Option(help="Only this address's.")] = None,
) -> None:
    """List the tickets, newest last."""
    with reading(config) as session:
        lines = tickets.list_tickets(
            session, status=status, queue=queue, assignee=assignee, requester=requester
        )
        _note_due_times(session, lines, config)
    if not json:
        lines = [{**line, "due": local_words(line["next_due_at"])} for line in lines]
    columns = ("number", "status", "priority", "due", "queue", "assignee", "requester", "subject")
    print_list(lines, columns, as_json=json)


def _note_due_times(session: Session, lines: list[dict[str, Any]], config: Path | None) -> None:
    """The configuration is read only where a ticket has moved since the beat looked at it."""
    now = datetime.now(UTC)
    moved = tickets.moved_since_beat(session, now)
    if any(line["number"] in moved for line in lines) and (rules := rules_or_none(config, session)):
        from maildesk.desk.clocks import note_due_times  # noqa: PLC0415 - heavy

        note_due_times(session, lines, rules, now)


@ticket_app.command("show")
def ticket_show(number: Number, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show a ticket with its messages."""
    with reading(config) as session:
        shown = _with_clocks(session, number, config)
    if json:
        print_json(shown)
        return
    out.print(f"#{shown['number']}  {shown['subject']}", markup=False, style="bold")
    for name in ("status", "priority", "queue", "team", "assignee", "requester", "participants"):
        out.print(f"{name:13}{words_of(shown[name])}", markup=False)
    for name, clock in shown["clocks"].items():
        out.print(f"{name.replace('_', ' '):15}{clock_words(clock)}", markup=False)
    for message in shown["messages"]:
        where = "" if message["visibility"] == "public" else f" ({message['visibility']})"
        arrow = "→" if message["direction"] == "out" else "←"
        out.print()
        out.print(
            f"{arrow} {message['at']}  {message['author']}{where}", markup=False, style="bold"
        )
        out.print(message["text"] or "(no text)", markup=False)
        for file in message["attachments"]:
            out.print(f"  + {file['filename']} ({file['size']} bytes)", markup=False)


@ticket_app.command("history")
def ticket_history(number: Number, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show what happened to a ticket, and what caused it."""
    with reading(config) as session:
        events = tickets.show_ticket(session, number)["events"]
    print_list(events, ("at", "actor", "kind", "old", "new", "cause"), as_json=json)


def _with_clocks(session: Session, number: int, config: Path | None) -> Mapping[str, Any]:
    from maildesk.desk.clocks import show_clocks  # noqa: PLC0415 - heavy

    shown = tickets.show_ticket(session, number)
    if rules := rules_or_none(config, session):
        shown["clocks"] = show_clocks(session, number, rules, datetime.now(UTC))
    return shown
