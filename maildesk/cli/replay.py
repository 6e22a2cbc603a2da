"""A back-test: what past mail would have become by other rules."""

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from maildesk.cli.console import (
    ConfigOption,
    JsonOption,
    err,
    naming,
    out,
    print_json,
    print_list,
    say,
    settings_of,
)
from maildesk.config import load_rules
from maildesk.config.policy_test_file import read_policy_tests
from maildesk.config.yaml_source import read_document
from maildesk.desk.children import Children
from maildesk.desk.replay import EXAMPLES, Backtest, Difference, replay
from maildesk.policy.routing.rule import BadRule
from maildesk.policy.routing.rule_words import read_time
from maildesk.policy.rules import Rules
from maildesk.settings import Settings
from maildesk.share import acknowledgements
from maildesk.store.engine import open_database
from maildesk.store.past_mails import count_past_mails

MOST_VALUES = 5  # of one word by one rule that a table lists
MOST_ROWS = 40
Row = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay_mail)


def replay_mail(
    since: Annotated[str, typer.Option(help="How far back: 12h, 30d, 8w.")],
    rules: Annotated[
        Path | None, typer.Option(help="Another routing.yaml, or its rules alone.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Route past mail by other rules and tell what would change. Changes nothing."""
    settings = settings_of(config)
    tried = _rules_in(rules, settings) if rules else settings.rules
    begin = datetime.now(UTC) - _stretch(since)
    database = open_database(settings.database, is_reader=True)
    try:
        database.check_schema()
        with database.read() as session:
            count = count_past_mails(session, begin)
        with Children(count=2) as children:
            backtest = Backtest(settings.rules, tried)
            found = replay(database, begin, backtest, children.parse_many)
            deque(_progress(found, count, quiet=json), maxlen=0)
    finally:
        database.close()
    _print(backtest, since, as_json=json)
    return 0


def _stretch(text: str) -> timedelta:
    try:
        return read_time(text, ())
    except BadRule as error:
        raise typer.BadParameter(f"{error}: {text}", param_hint="--since") from None


def _rules_in(file: Path, settings: Settings) -> Rules:
    """The rules of a whole routing.yaml, or of a file that has nothing but `rules`."""
    value = read_document(file).value
    with naming(file.absolute().parent):
        if isinstance(value, dict) and "queues" not in value and "rules" in value:
            return read_policy_tests(
                file, settings.rules, acknowledgements(settings.templates)
            ).rules
        return load_rules(settings.folder, settings, file)


def _progress(found: Iterable[Backtest], count: int, *, quiet: bool) -> Iterable[Backtest]:
    if quiet or not sys.stderr.isatty():
        return found
    return track(found, "Routing", total=count, console=err)


# --- what is printed ----------------------------------------------------------------------------


def _print(found: Backtest, since: str, *, as_json: bool) -> None:
    by_rule = list(_rows(found, found.by_rule, "rule"))
    by_queue = list(_rows(found, found.by_queue, "queue"))
    if as_json:
        print_json(
            {
                **{name: getattr(found, name) for name in _COUNTS},
                "rules_version": found.rules.version,
                "not_judged": found.not_judged,
                "by_rule": by_rule,
                "by_queue": by_queue,
            }
        )
        return
    out.print(f"{found.changed} of {found.mails} mails of the last {since} would fare otherwise")
    _print_table(by_rule, "rule")
    _print_table(by_queue, "queue")
    for name, meaning in _PASSED_OVER.items():
        if getattr(found, name):
            say(f"{getattr(found, name)} {meaning}")
    if found.not_judged:
        names = ", ".join(f"“{name}”" for name in found.not_judged)
        say(f"Not to be judged: {names} (how many open tickets a sender had is not known any more)")


_COUNTS = ("mails", "changed", "unknown", "unreadable")
_PASSED_OVER = {
    "unknown": "were decided before their route was kept, and are passed over",
    "unreadable": "could not be read",
}


def _rows(found: Backtest, counts: Counter[Difference], group: str) -> Iterator[Row]:
    """The differences, the most frequent first."""
    for difference, count in counts.most_common():
        yield {
            group: difference.group,
            "what": difference.what,
            "from": difference.old,
            "to": difference.new,
            "mails": count,
            "examples": found.examples[difference],
        }


def _print_table(rows: Iterable[Row], group: str) -> None:
    shown = sorted(_summed_up(rows, group), key=lambda row: -row["mails"])
    if not shown:
        return
    out.print()
    print_list(shown[:MOST_ROWS], (group, "what", "from", "to", "mails", "examples"), as_json=False)
    if len(shown) > MOST_ROWS:
        out.print(f"and {len(shown) - MOST_ROWS} rows more: --json has all")


def _summed_up(rows: Iterable[Row], group: str) -> Iterator[Row]:
    """The rows for people: where a word changes in many ways, one that says in how many."""
    together: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        together.setdefault((row[group], row["what"]), []).append(row)
    for alike in together.values():
        examples = [example for row in alike for example in row["examples"]]
        if len(alike) <= MOST_VALUES:
            yield from ({**row, "examples": ", ".join(row["examples"])} for row in alike)
            continue
        yield {
            **alike[0],
            **{end: _one_or_many({row[end] for row in alike}) for end in ("from", "to")},
            "mails": sum(row["mails"] for row in alike),
            "examples": ", ".join(dict.fromkeys(examples[:EXAMPLES])),
        }


def _one_or_many(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else f"{len(values):,} different values"
