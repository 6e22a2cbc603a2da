"""What was promised, and how it is counted: sla explain, check --sla-diff."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from maildesk.cli.console import ConfigOption, JsonOption, out, print_json
from maildesk.cli.reading import reading, rules_for_clocks
from maildesk.cli.tickets import Number
from maildesk.cli.times import clock_time, clock_words, length, local
from maildesk.desk.clocks import clock_json, minutes
from maildesk.desk.sla_arithmetic import Arithmetic, Row, Sum, take_apart
from maildesk.desk.sla_diff import due_times_moved
from maildesk.in_force import rules_in_force, rules_to_come
from maildesk.model.facts import Key
from maildesk.policy.calendars.calendar_file import BUILT_IN
from maildesk.policy.sla.clock import Result
from maildesk.policy.sla.explain import SegmentKind
from maildesk.policy.sla.ladder import LATE_AFTER
from maildesk.settings import Settings
from maildesk.store.engine import open_database
from maildesk.store.rows import instant

Json = dict[str, Any]
sla_app = typer.Typer(help="What was promised, and how it is counted.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(sla_app, name="sla")


@sla_app.callback()
def sla() -> None:
    """What was promised, and how it is counted."""


@sla_app.command("explain")
def sla_explain(number: Number, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show how the due times of a ticket come about: what was counted, what was not, and why."""
    with reading(config) as session:
        rules = rules_for_clocks(config, session)
        found = take_apart(session, number, rules, datetime.now(UTC))
    if json:
        print_json(_as_json(found))
    else:
        _print(found)


def print_sla_diff(settings: Settings) -> None:
    """Print which due times would move if these settings took over now (`check --sla-diff`)."""
    now, count = datetime.now(UTC), 0
    database = open_database(settings.database, is_reader=True)
    try:
        database.check_schema()
        with database.read() as session:
            old = rules_in_force(session.connection(), settings.rules)
            new = rules_to_come(session.connection(), settings, now)
        for one in due_times_moved(database, old, new, now):
            count += 1
            times = (local(at) if at else "never" for at in (one.old_due_at, one.new_due_at))
            name = one.clock.replace("_", " ")
            out.print(f"#{one.number}  {name}: {' → '.join(times)}", markup=False)
    finally:
        database.close()
    moves = "1 due time" if count == 1 else f"{count or 'no'} due times"
    out.print(f"{moves} would move")


# --- for people ---------------------------------------------------------------------------------


def _print(found: Arithmetic) -> None:
    ticket = found.reading.facts.ticket
    out.print(f"#{ticket.number}  {ticket.title or ticket.subject}", markup=False, style="bold")
    status = str(ticket.status).replace("_", " ")
    out.print(f"{ticket.priority}, {status}, opened {local(ticket.created_at)}", markup=False)
    for line in _chosen_words(found):
        out.print(line, markup=False)
    for name, total in found.sums.items():
        out.print()
        words = clock_words(clock_json(total.clock, ""))
        out.print(f"{name.replace('_', ' ')}: {words}", markup=False, style="bold")
        _print_sum(total)
    _print_fired(found)
    _print_ahead(found)


def _chosen_words(found: Arithmetic) -> Iterator[str]:
    if not found.chosen:
        yield "no policy: nothing is promised"
    for line in found.chosen:
        because = f": {line.cause}" if line.cause else ""
        what = f"policy {line.new}" if line.new else "no policy"
        yield f"{what} since {local(line.at)}{because}"


def _print_sum(total: Sum) -> None:
    clock = total.clock
    if clock.target is not None:
        cycle = f", cycle {clock.cycles}" if clock.cycles > 1 else ""
        where = f" ({total.zone})" if clock.calendar not in BUILT_IN else ""
        words = f"target {length(clock.target)} in calendar {clock.calendar}{where}{cycle}"
        out.print(words, markup=False)
    for result in clock.results[:-1] if clock.met_at else clock.results:
        out.print(f"before: {_result_words(result)}", markup=False)
    if clock.downgraded_after_breach:
        out.print("was breached before its target was changed", markup=False)
    if not total.rows:
        return
    cells: list[tuple[str, ...]] = [("from", "to", "zone", "what", "counted", "sum")]
    cells += (_cells(row, total) for row in total.rows)
    styles = ["bold", *("dim" if row.is_ahead else "" for row in total.rows)]
    for line, style in zip(_aligned(cells), styles, strict=True):
        out.print(line, markup=False, style=style)


def _result_words(result: Result) -> str:
    state = result.state.replace("_", " ")
    due = local(result.due_at) if result.due_at else "never"
    took = f"{length(result.elapsed)} of {length(result.target)}"
    return f"{state} {local(result.met_at)}, due {due}; {took}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table's lines, never folded: they are for a pencil. The last two columns are lengths
    of time."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:4], widths[:4], strict=True)]
        times = [cell.rjust(width) for cell, width in zip(row[4:], widths[4:], strict=True)]
        yield "  ".join((*words, *times))


_MARKS = {"start": "begun", "now": "now, then if nothing happens", "due": "due", "met": "done"}


_STOPS = {"finished": "solved", "no policy": "nothing promised"}  # what is no status


def _cells(row: Row, total: Sum) -> tuple[str, ...]:
    start, end = row.start.astimezone(total.zone), row.end.astimezone(total.zone)
    zones = dict.fromkeys((f"{start:%Z}", f"{end:%Z}"))
    if row.kind in _MARKS:
        is_end = row.kind == "now" and row is total.rows[-1]
        what = "now" if is_end else _MARKS[row.kind]
        counted = "" if row.is_ahead else length(row.total)  # due after it was done
        return _day_and_time(start), "", f"{start:%Z}", what, "", counted
    until = clock_time(end) if start.date() == end.date() else _day_and_time(end)
    counted = length(row.counted) if row.counted else ""
    what = _what(row, total.clock.calendar)
    return _day_and_time(start), until, "/".join(zones), what, counted, length(row.total)


def _day_and_time(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d} {clock_time(at)}"


def _what(row: Row, calendar: str | None) -> str:
    words = {
        SegmentKind.COUNTED: "open" if row.words == calendar else f"open: {row.words}",
        SegmentKind.PAUSED: f"paused: {_STOPS.get(row.words, row.words.replace('_', ' '))}",
        SegmentKind.HOLIDAY: f"holiday: {row.words}",
    }
    return words[SegmentKind(row.kind)]


def _print_fired(found: Arithmetic) -> None:
    if found.fired:
        out.print("\nwhat fired", style="bold")
    for one in found.fired:
        how = "by mail" if one.is_sent else "without a mail of its own"
        words = f"{local(one.reached_at)}  {_named(one.key)}, {how}"
        late = "" if one.at - one.reached_at <= LATE_AFTER else f", late: {local(one.at)}"
        out.print(f"{words}{late}", markup=False)


def _print_ahead(found: Arithmetic) -> None:
    if found.ahead:
        out.print("\nwhat is ahead, if nothing happens", style="bold")
    for one in found.ahead:
        who = f" to {', '.join(one.who)}" if one.who else ""
        out.print(f"{local(one.at)}  {_named(one.key)}{who}", markup=False)


def _named(key: Key) -> str:
    clock, cycle, arming, step = key
    again = f", armed again {arming}×" if arming else ""
    return f"{clock.replace('_', ' ')} {step}{f', cycle {cycle}' if cycle > 1 else ''}{again}"


# --- for programs -------------------------------------------------------------------------------


def _as_json(found: Arithmetic) -> Json:
    ticket = found.reading.facts.ticket
    chosen = ({"at": instant(o.at), "policy": o.new, "why": o.cause} for o in found.chosen)
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "policy": ticket.policy or None,
        "chosen": list(chosen),
        "clocks": {
            str(name): {
                **clock_json(total.clock, ticket.policy),
                "timezone": str(total.zone) if total.zone else None,
                "segments": [_row_json(row) for row in total.rows if row.kind not in _MARKS],
            }
            for name, total in found.sums.items()
        },
        "fired": [
            {
                **_key_json(one.key),
                "due_at": instant(one.reached_at),
                "at": instant(one.at),
                "mail": one.is_sent,
            }
            for one in found.fired
        ],
        "ahead": [
            {**_key_json(one.key), "at": instant(one.at), "notify": list(one.who)}
            for one in found.ahead
        ],
    }


def _row_json(row: Row) -> Json:
    return {
        "kind": row.kind,
        "start": instant(row.start),
        "end": instant(row.end),
        "words": row.words,
        "counted_min": minutes(row.counted),
        "sum_min": minutes(row.total),
        "ahead": row.is_ahead,
    }


def _key_json(key: Key) -> Json:
    return dict(zip(("clock", "cycle", "arming", "step"), key, strict=True))
