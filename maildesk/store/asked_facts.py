"""What is read of a ticket only where a mail asks for it: its files (`#files`), its history
(`#why`)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select

from maildesk.mail.message import Attachment
from maildesk.model.facts import Asked, StoredFile, TicketFacts
from maildesk.store.rows import instant
from maildesk.store.tables import attachments, events, messages, receipts

FILES_AT_MOST = 100
LINES_AT_MOST = 50
LINE_CHARACTERS = 300


def with_what_is_asked(connection: Connection, facts: TicketFacts, asked: Asked) -> TicketFacts:
    """The facts with the ticket's files and history, as far as they are asked for."""
    numbers = (facts.ticket.number, *facts.sources)
    if asked.has_files:
        facts = replace(facts, files=files_of(connection, *numbers))
    if asked.has_history:
        facts = replace(facts, history=history_of(connection, *numbers))
    return facts


_ON_THEM: Any = bindparam("tickets", expanding=True)

# --- files ----------------------------------------------------------------------------------------

_FILES = (
    select(attachments, messages.c.receipt)
    .join(messages, messages.c.id == attachments.c.message)
    .where(messages.c.ticket.in_(_ON_THEM), messages.c.receipt.is_not(None))
    .order_by(messages.c.id.desc(), attachments.c.part)
    .limit(FILES_AT_MOST)
)


def files_of(connection: Connection, *numbers: int) -> tuple[StoredFile, ...]:
    """The files of a ticket and its sources, those of the newest message first, at most 100."""
    rows = connection.execute(_FILES, {"tickets": numbers})
    return tuple(StoredFile(row.receipt, _attachment_of(row)) for row in rows)


def _attachment_of(row: Any) -> Attachment:
    return Attachment(
        part=row.part,
        filename=row.filename,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        is_inline=row.is_inline,
        content_id=row.content_id,
    )


# --- history --------------------------------------------------------------------------------------

_NEWEST_EVENTS = (
    select(
        events.c.ticket,
        events.c.at,
        events.c.actor,
        events.c.kind,
        events.c.old,
        events.c.new,
        events.c.cause,
        events.c.receipt,
        receipts.c.disposition,
        receipts.c.trace,
    )
    .outerjoin(receipts, receipts.c.id == events.c.receipt)
    .where(events.c.ticket.in_(_ON_THEM))
    .order_by(events.c.id.desc())
    .limit(LINES_AT_MOST)
)


def history_of(connection: Connection, number: int, *sources: int) -> tuple[str, ...]:
    """What happened to a ticket and its sources and why, for agents: a line each, newest last, at
    most 50. The reasons of a mail and the rules that routed it stand above what it did."""
    rows = connection.execute(_NEWEST_EVENTS, {"tickets": (number, *sources)}).all()
    return tuple(_lines(rows[::-1], number))[-LINES_AT_MOST:]


def _lines(rows: Iterable[Any], number: int) -> Iterator[str]:
    receipt = None
    for row in rows:
        if row.receipt is not None and row.receipt != receipt:
            receipt = row.receipt
            became = f" ({row.disposition})" if row.disposition else ""
            yield _one_line(f"{instant(row.at)} mail {receipt}{became}{_why(row)}")
            if ruled := _rules_of(row):
                yield _one_line(f"{instant(row.at)} {ruled}")
        where = "" if row.ticket == number else f"#{row.ticket} "
        yield _one_line(f"{instant(row.at)} {where}{row.actor}: {_what(row)}")


def _why(row: Any) -> str:
    trace = row.trace or {}
    signal = trace.get("signal", "none")
    reasons = [f"by {signal}: {trace.get('evidence', '')}"] if signal != "none" else []
    routed = {f"rule “{name}”" for name in trace.get("route", {}).get("rules", ())}
    reasons += (reason for reason in trace.get("reasons", ()) if reason not in routed)
    return f": {'; '.join(reasons)}" if reasons else ""


def _rules_of(row: Any) -> str:
    """The rules that fitted, and where they sent the mail; "" where none did."""
    route = (row.trace or {}).get("route", {})
    names = ", ".join(f"“{name}”" for name in route.get("rules", ()))
    if not names:
        return ""
    if route["dropped"]:
        return f"rule {names}: dropped ({route['dropped']})"
    words = [f"{name} {route[name]}" for name in ("queue", "team", "priority")]
    words += [f"tags {', '.join(route['tags'])}"] if route["tags"] else []
    return f"rule {names}: {', '.join(words)}"


def _what(row: Any) -> str:
    moved = " → ".join(value for value in (row.old, row.new) if value)
    cause = "" if row.cause in {"", f"receipt {row.receipt}"} else f" ({row.cause})"
    return f"{row.kind} {moved}".rstrip() + cause


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LINE_CHARACTERS else f"{line[: LINE_CHARACTERS - 1]}…"
