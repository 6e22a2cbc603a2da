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
from maildesk.desk.replay import Difference, Tally, replay
from maildesk.policy.routing.rule import BadRule
from maildesk.policy.routing.rule_words import read_time
from maildesk.policy.rules import Rules
from maildesk.settings import Settings
from maildesk.share import acknowledgements
from maildesk.store.engine import open_database
from maildesk.store.past_mails import count_past_mails


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
            found = replay(database, begin, tried, children.parse_many)
            tally = _last(_progress(found, count, quiet=json))
    finally:
        database.close()
    _print(tally, tried, since, as_json=json)
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


def _progress(found: Iterable[Tally], count: int, *, quiet: bool) -> Iterable[Tally]:
    if quiet or not sys.stderr.isatty():
        return found
    return track(found, "Routing", total=count, console=err)


def _last(found: Iterable[Tally]) -> Tally:
    last = deque(found, maxlen=1)
    return last[0] if last else Tally()


# --- what is printed ----------------------------------------------------------------------------


def _print(tally: Tally, rules: Rules, since: str, *, as_json: bool) -> None:
    by_rule = list(_rows(tally, tally.by_rule, "rule"))
    by_queue = list(_rows(tally, tally.by_queue, "queue"))
    if as_json:
        counts = {name: getattr(tally, name) for name in _COUNTS}
        print_json(
            {**counts, "rules_version": rules.version, "by_rule": by_rule, "by_queue": by_queue}
        )
        return
    out.print(f"{tally.changed} of {tally.mails} mails of the last {since} would fare otherwise")
    for name, rows in (("rule", by_rule), ("queue", by_queue)):
        if rows:
            out.print()
            shown = [{**row, "examples": ", ".join(row["examples"])} for row in rows]
            print_list(shown, (name, "what", "from", "to", "mails", "examples"), as_json=False)
    for name, meaning in _PASSED_OVER.items():
        if getattr(tally, name):
            say(f"{getattr(tally, name)} {meaning}")
    if any("open_tickets" in rule.when.fields for rule in rules.routing):
        say("How many open tickets a sender had is not known any more: open_tickets never holds")


_COUNTS = ("mails", "changed", "unknown", "unreadable")
_PASSED_OVER = {
    "unknown": "were decided before their route was kept, and are passed over",
    "unreadable": "could not be read",
}


def _rows(tally: Tally, counts: Counter[Difference], group: str) -> Iterator[dict[str, Any]]:
    """The differences, the most frequent first."""
    for found, count in counts.most_common():
        yield {
            group: found.group,
            "what": found.what,
            "from": found.old,
            "to": found.new,
            "mails": count,
            "examples": tally.examples[found],
        }
