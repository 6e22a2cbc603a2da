"""Look at mails: journal, outbox. All of it works while the daemon runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from sqlalchemy.orm import Session

from maildesk.cli.console import (
    ConfigOption,
    JsonOption,
    database_of,
    out,
    print_json,
    print_list,
)
from maildesk.cli.reading import reading
from maildesk.desk.wording import words_of
from maildesk.store import finishing, journal, outbox
from maildesk.store.engine import Database, open_database

Id = Annotated[int, typer.Argument(help="The id that `list` shows.")]
RawOption = Annotated[bool, typer.Option("--raw", help="Print the mail itself.")]


def add_to(app: typer.Typer) -> None:
    """Add the two groups of commands."""
    for name, group in (("journal", journal_app), ("outbox", outbox_app)):
        app.add_typer(group, name=name)


@contextmanager
def _writing(config: Path | None) -> Iterator[Database]:
    database = open_database(database_of(config))
    try:
        database.check_schema()
        yield database
    finally:
        database.close()


# --- journal ------------------------------------------------------------------------------------

journal_app = typer.Typer(
    help="Every mail that came in, and what became of it.", no_args_is_help=True
)


class ReceiptState(StrEnum):
    """Where a receipt stands."""

    RECEIVED = "received"
    DONE = "done"
    FAILED = "failed"


@journal_app.command("list")
def journal_list(
    config: ConfigOption = None,
    json: JsonOption = False,
    state: Annotated[ReceiptState | None, typer.Option(help="Only these.")] = None,
) -> None:
    """List the receipts, newest last."""
    with reading(config) as session:
        columns = ("id", "state", "disposition", "ticket", "source", "received_at", "attempts")
        print_list(journal.list_receipts(session, state=state), columns, as_json=json)


@journal_app.command("show")
def journal_show(
    id: Id,  # noqa: A002 - the word users see
    config: ConfigOption = None,
    json: JsonOption = False,
    raw: RawOption = False,
) -> None:
    """Show a receipt: its envelope, state, attempts, and why it became what it is."""
    if raw:
        _print_raw(journal, id, config)
    else:
        receipt = _show(journal, id, config)
        _print_fields(receipt if json else _receipt_in_words(receipt), as_json=json)


def _receipt_in_words(receipt: Mapping[str, Any]) -> dict[str, Any]:
    envelope, trace = receipt["envelope"], receipt["trace"] or {}
    route = trace.get("route", {})
    reverse_path = envelope["reverse_path"]
    place = (receipt["account"], receipt["folder"], receipt["uid"])
    return {
        "id": receipt["id"],
        "state": receipt["state"],
        "came in": f"{receipt['received_at']} by {receipt['source']}",
        "from": "<>" if reverse_path == "" else reverse_path,
        "to": envelope["recipients"],
        "peer": envelope["peer"],
        "mailbox": " ".join(map(str, place)) if receipt["account"] else None,
        "size": f"{receipt['size']} bytes",
        "message id": receipt["message_id"],
        "attempts": receipt["attempts"],
        "error": receipt["error"],
        "done at": receipt["finished_at"],
        "becomes": receipt["disposition"],
        "ticket": receipt["ticket"],
        "because": trace.get("reasons"),
        "rules": route.get("rules"),
        "rules version": trace.get("rules_version"),
        "signal": " – ".join(filter(None, (trace.get("signal"), trace.get("evidence")))),
        "standing": trace.get("standing"),
        "automatic": trace.get("automatic"),
        "trust": trace.get("trust"),
    }


@journal_app.command("retry")
def journal_retry(id: Id, config: ConfigOption = None) -> None:  # noqa: A002 - the word users see
    """Work a mail again that was set aside."""
    with _writing(config) as database:
        finishing.retry(database, id)
    out.print(f"Receipt {id} will be worked again.")


@journal_app.command("stats")
def journal_stats(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Count the receipts by state and by disposition."""
    with reading(config) as session:
        stats = journal.stats(session)
    if json:
        print_json(stats)
        return
    for group, counts in stats.items():
        for name, count in counts.items():
            out.print(f"{group:14}{name:14}{count:8}")


# --- outbox -------------------------------------------------------------------------------------

outbox_app = typer.Typer(help="Mails that go out.", no_args_is_help=True)


class LetterState(StrEnum):
    """Where a mail that goes out stands."""

    QUEUED = "queued"
    SENDING = "sending"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@outbox_app.command("list")
def outbox_list(
    config: ConfigOption = None,
    json: JsonOption = False,
    state: Annotated[LetterState | None, typer.Option(help="Only these.")] = None,
) -> None:
    """List the mails, newest last."""
    with reading(config) as session:
        columns = ("id", "state", "notice", "ticket", "to", "attempts", "next_at", "error")
        print_list(outbox.list_outgoing(session, state=state), columns, as_json=json)


@outbox_app.command("show")
def outbox_show(
    id: Id,  # noqa: A002 - the word users see
    config: ConfigOption = None,
    json: JsonOption = False,
    raw: RawOption = False,
) -> None:
    """Show a mail: its envelope, state, attempts and the last reply of the next server."""
    if raw:
        _print_raw(outbox, id, config)
    else:
        _print_fields(_show(outbox, id, config), as_json=json)


@outbox_app.command("retry")
def outbox_retry(id: Id, config: ConfigOption = None) -> None:  # noqa: A002 - the word users see
    """Send a mail now that waits or has failed."""
    with _writing(config) as database:
        outbox.retry(database, id, datetime.now(UTC))
    out.print(f"Mail {id} will be sent again.")


@outbox_app.command("drop")
def outbox_drop(id: Id, config: ConfigOption = None) -> None:  # noqa: A002 - the word users see
    """Never send this mail."""
    with _writing(config) as database:
        outbox.drop(database, id)
    out.print(f"Mail {id} is dropped.")


# --- what both have in common -------------------------------------------------------------------


class Kept(Protocol):
    """The journal or the outbox."""

    def show(self, session: Session, number: int, /) -> dict[str, Any]:
        """Return all that is known of one mail."""

    def raw_of(self, session: Session, number: int, /) -> bytes:
        """Return the mail itself."""


def _show(kept: Kept, number: int, config: Path | None) -> dict[str, Any]:
    with reading(config) as session:
        return kept.show(session, number)


def _print_raw(kept: Kept, number: int, config: Path | None) -> None:
    with reading(config) as session:
        typer.get_binary_stream("stdout").write(kept.raw_of(session, number))


def _print_fields(fields: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        out.print(f"{name.replace('_', ' '):15}{words_of(value)}", markup=False)
