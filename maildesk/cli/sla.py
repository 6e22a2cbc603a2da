"""What was promised, and how it is counted: sla explain, check --sla-diff."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer

from maildesk.cli.console import ConfigOption, JsonOption, out, print_json
from maildesk.cli.reading import reading, rules_for_clocks
from maildesk.cli.tickets import Number
from maildesk.cli.times import clock_time, clock_words, length, local
from maildesk.desk.clocks import clock_json, minutes
from maildesk.desk.sla_arithmetic import Arithmetic, Row, Sum, take_apart
from maildesk.desk.sla_diff import Moved, due_times_moved
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
            out.print(_moved_words(one), markup=False)
    finally:
        database.close()
    moves = "1 due time" if count == 1 else f"{count or 'no'} due times"
    out.print(f"{moves} would move")


def _moved_words(one: Moved) -> str:
    old = local(one.old_due_at) if one.old_due_at else "not due"
    new = local(one.new_due_at) if one.new_due_at else "not due"
    new = new if one.is_promised else "no promise any more"
    breached = ", breached at once" if one.is_breached else ""
    return f"#{one.number}  {one.clock.replace('_', ' ')}: {old} → {new}{breached}"


# --- for people ---------------------------------------------------------------------------------


def _print(found: Arithmetic) -> None:
    ticket = found.reading.facts.ticket
    out.print(f"#{ticket.number}  {ticket.title or ticket.subject}", markup=False, style="bold")
    status, opened_at = str(ticket.status).replace("_", " "), local(ticket.created_at, found.zone)
    out.print(f"{ticket.priority}, {status}, opened {opened_at}", markup=False)
    out.print(f"all times are those of {found.zone}", markup=False)
    for line in _chosen_words(found):
        out.print(line, markup=False)
    for name, total in found.sums.items():
        out.print()
        words = clock_words(clock_json(total.clock, ""), found.zone)
        out.print(f"{name.replace('_', ' ')}: {words}", markup=False, style="bold")
        _print_sum(total, found.zone)
    _print_fired(found)
    _print_ahead(found)


def _chosen_words(found: Arithmetic) -> Iterator[str]:
    if not found.chosen:
        yield "no policy: nothing is promised"
    for line in found.chosen:
        because = f": {line.cause}" if line.cause else ""
        what = f"policy {line.new}" if line.new else "no policy"
        yield f"{what} since {local(line.at, found.zone)}{because}"


def _print_sum(total: Sum, zone: ZoneInfo) -> None:
    clock = total.clock
    if clock.target is not None:
        cycle = f", cycle {clock.cycles}" if clock.cycles > 1 else ""
        where = f" ({total.zone})" if clock.calendar not in BUILT_IN else ""
        words = f"target {length(clock.target)} in calendar {clock.calendar}{where}{cycle}"
        out.print(words, markup=False)
    for result in clock.results[:-1] if clock.met_at else clock.results:
        out.print(f"before: {_result_words(result, zone)}", markup=False)
    if clock.downgraded_after_breach:
        out.print("was breached before its target was changed", markup=False)
    if not total.rows:
        return
    cells: list[tuple[str, ...]] = [("from", "to", "zone", "what", "counted", "sum")]
    cells += (_cells(row, total, zone) for row in total.rows)
    styles = ["bold", *("dim" if row.is_ahead else "" for row in total.rows)]
    for line, style in zip(_aligned(cells), styles, strict=True):
        out.print(line, markup=False, style=style)


def _result_words(result: Result, zone: ZoneInfo) -> str:
    state, met_at = result.state.replace("_", " "), local(result.met_at, zone)
    due = local(result.due_at, zone) if result.due_at else "never"
    took = f"{length(result.elapsed)} of {length(result.target)}"
    return f"{state} {met_at}, due {due}; {took}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table's lines, never folded: they are for a pencil. The last two columns are lengths
    of time."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        words = [cell.ljust(width) for cell, width in zip(row[:4], widths[:4], strict=True)]
        times = [cell.rjust(width) for cell, width in zip(row[4:], widths[4:], strict=True)]
        yield "  ".join((*words, *times))


_MARKS = {"start": "begun", "now": "now, then if nothing happens", "due": "due", "met": "done"}


_STOPS = {
    "finished": "solved",
    "no policy": "nothing promised",
    "merged": "merged into another",
    "spam": "spam",
}  # what is no pause


def _cells(row: Row, total: Sum, zone: ZoneInfo) -> tuple[str, ...]:
    start, end = row.start.astimezone(zone), row.end.astimezone(zone)
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
        SegmentKind.PAUSED: _STOPS.get(row.words, f"paused: {row.words.replace('_', ' ')}"),
        SegmentKind.HOLIDAY: f"holiday: {row.words}",
    }
    return words[SegmentKind(row.kind)]


def _print_fired(found: Arithmetic) -> None:
    if found.fired:
        out.print("\nwhat fired", style="bold")
    for one in found.fired:
        how = "by mail" if one.is_sent else "without a mail of its own"
        words = f"{local(one.reached_at, found.zone)}  {_named(one.key)}, {how}"
        is_late = one.at - one.reached_at > LATE_AFTER
        late = f", late: {local(one.at, found.zone)}" if is_late else ""
        out.print(f"{words}{late}", markup=False)


def _print_ahead(found: Arithmetic) -> None:
    if found.ahead:
        out.print("\nwhat is ahead, if nothing happens", style="bold")
    for one in found.ahead:
        who = f" to {', '.join(one.who)}" if one.who else ""
        out.print(f"{local(one.at, found.zone)}  {_named(one.key)}{who}", markup=False)


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
