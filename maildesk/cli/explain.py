"""What would happen to a mail, and why."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from maildesk.cli.console import (
    EX_DATAERR,
    ConfigOption,
    JsonOption,
    complain,
    err,
    out,
    print_json,
    settings_or_defaults,
)
from maildesk.desk.children import Children
from maildesk.desk.evidence import open_checker
from maildesk.desk.explain import Thread, as_kept, besides, explained, plan_for, unreadable
from maildesk.desk.wording import on_one_line, words_of
from maildesk.errors import Temporary
from maildesk.mail.envelope import Envelope, Source, written_path
from maildesk.mail.message import InboundMail
from maildesk.model.plan import Disposition, Plan, Route, Signal
from maildesk.policy.routing.attribution import rules_that_set
from maildesk.policy.rules import Rules
from maildesk.policy.trust import NO_VERDICTS, Verdicts, worth_checking
from maildesk.settings import Settings
from maildesk.store.engine import Database, memory_database, open_database

BATCH = 16
NEXT_LINE = "\n" + " " * 13

# A file's name with its mail, or what is wrong with it, and what the mail's signatures are worth.
Read = tuple[str, InboundMail | str, Verdicts]
Check = Callable[[bytes, InboundMail], Verdicts]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    files: Annotated[list[Path], typer.Argument(help="Mails, each a file (.eml).")],
    config: ConfigOption = None,
    json: JsonOption = False,
    thread: Annotated[
        bool, typer.Option("--thread", help="Deliver them in order to an empty desk.")
    ] = False,
    at: Annotated[datetime | None, typer.Option(help="When they come in (UTC).")] = None,
    sender: Annotated[
        str | None,
        typer.Option("--from", help="The envelope's sender, <> for none; left out: not known."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="<str>", help="A recipient of the envelope; repeatable."),
    ] = None,
) -> int:
    """Show what would happen to a mail, and why. Writes nothing."""
    settings = settings_or_defaults(config)
    envelope = Envelope(Source.IMPORT, written_path(sender), tuple(to or ()))
    now = at.replace(tzinfo=at.tzinfo or UTC) if at else datetime.now(UTC)
    with _planner(settings, envelope, now, thread=thread) as planner:
        all_read = _explain_all(planner, files, settings.rules, as_json=json)
    return 0 if all_read else EX_DATAERR


def _explain_all(planner: "Planner", files: Sequence[Path], rules: Rules, *, as_json: bool) -> bool:
    """Show what would become of each mail; return whether all could be read."""
    all_read = True
    for file, mail, verdicts in _progress(planner.read(files), len(files), quiet=as_json):
        if isinstance(mail, str):
            all_read = False
            _show_unreadable(file, mail, as_json=as_json)
            continue
        plan = planner(mail, verdicts)
        if as_json:
            print_json(explained(file, mail, plan, is_delivered=planner.is_delivering))
        else:
            _show(file, mail, plan, rules)
    return all_read


def _show_unreadable(file: str, why: str, *, as_json: bool) -> None:
    complain(f"{file}: {why}")
    if as_json:
        print_json(unreadable(file, why))


@contextmanager
def _planner(
    settings: Settings, envelope: Envelope, now: datetime, *, thread: bool
) -> Iterator["Planner"]:
    with ExitStack() as stack:
        database = stack.enter_context(closing(memory_database() if thread else _store(settings)))
        children = stack.enter_context(Children(count=2))
        check = stack.enter_context(_check(children, settings, envelope, now))
        yield Planner(database, children, settings, envelope, now, check, thread=thread)


class Planner:
    """Reads mails, and answers each with its plan."""

    def __init__(
        self,
        database: Database,
        children: Children,
        settings: Settings,
        envelope: Envelope,
        now: datetime,
        check: Check,
        *,
        thread: bool,
    ) -> None:
        self._database, self._children, self._rules = database, children, settings.rules
        self._envelope, self._now, self._check = envelope, now, check
        self._thread = Thread(database, settings.rules) if thread else None

    @property
    def is_delivering(self) -> bool:
        """Whether each mail sees what those before it did."""
        return self._thread is not None

    def read(self, files: Sequence[Path]) -> Iterator[Read]:
        """Yield each file with its mail, in order."""
        return _read(self._children, files, self._check)

    def __call__(self, mail: InboundMail, verdicts: Verdicts) -> Plan:
        """Return what would become of the mail."""
        if self._thread:
            return self._thread.deliver(mail, self._envelope, self._now, verdicts)
        database, parse = self._database, self._children.parse
        return plan_for(database, mail, self._envelope, self._rules, self._now, parse, verdicts)


def _store(settings: Settings) -> Database:
    """Return the desk's store; an empty one where there is none yet."""
    database = open_database(settings.database, is_reader=True)
    try:
        database.check_schema()
    except Temporary:
        database.close()
        return memory_database()
    return database


@contextmanager
def _check(
    children: Children, settings: Settings, envelope: Envelope, now: datetime
) -> Iterator[Check]:
    """What checks a mail's signatures, as the configuration says: by the DNS, or not at all."""
    checker = open_checker(children, settings.rules.authentication)

    def check(raw: bytes, mail: InboundMail) -> Verdicts:
        signatures = worth_checking(mail, envelope, settings.rules, now)
        return checker.check(raw, signatures) if checker and signatures else NO_VERDICTS

    try:
        yield check
    finally:
        if checker:
            checker.close()


def _read(children: Children, files: Sequence[Path], check: Check) -> Iterator[Read]:
    """Yield each file with its mail, in order."""
    for start in range(0, len(files), BATCH):
        batch = [(str(file), _bytes(file)) for file in files[start : start + BATCH]]
        mails = iter(children.parse_many([raw for _, raw in batch if isinstance(raw, bytes)]))
        for file, raw in batch:
            if isinstance(raw, str):
                yield file, raw, NO_VERDICTS
                continue
            mail = next(mails)
            if isinstance(mail, Exception):
                yield file, str(mail), NO_VERDICTS
            else:
                yield file, mail, check(raw, mail)


def _bytes(file: Path) -> bytes | str:
    try:
        return file.read_bytes()
    except OSError as error:
        return error.strerror or str(error)


def _progress(items: Iterable[Read], count: int, *, quiet: bool) -> Iterable[Read]:
    if quiet or count < 20 or not sys.stderr.isatty():
        return items
    return track(items, "Explaining", total=count, console=err)


def _show(file: str, mail: InboundMail, plan: Plan, rules: Rules) -> None:
    sender = mail.senders[0] if mail.senders else None
    out.print(file, style="bold", markup=False)
    lines = {
        "from": f"{sender.name} <{sender.address}>" if sender else "(nobody)",
        "subject": mail.subject,
        "automatic": f"{plan.automatic.kind}  {'; '.join(plan.automatic.evidence)}",
        "trust": f"{plan.trust.level}  {'; '.join(plan.trust.evidence)}",
        "thread": _thread_words(plan, rules),
        "route": _route_words(plan.route) if plan.route else "",
        "besides": _besides_words(plan.route) if plan.route else "",
        "rules": NEXT_LINE.join(_rule_lines(plan.route)) if plan.route else "",
        "commands": ", ".join(f"#{c.verb} {c.status}" for c in plan.commands),
        "becomes": plan.disposition,
        "because": "; ".join(plan.reasons),
        "mails": ", ".join(f"{n.kind} to {n.to.address}" for n in plan.notices) or "none",
        "defects": "; ".join(mail.defects),
    }
    for name, words in lines.items():
        if words.strip():
            out.print(f"  {name:11}{words}", markup=False)
    for line in as_kept(mail, plan).new_text.splitlines()[:8]:
        out.print(f"  | {line}", markup=False, style="dim")


def _route_words(route: Route) -> str:
    """Where it goes, and what it is there."""
    words = [route.queue, f"team {route.team}", str(route.priority), str(route.type)]
    words += [f"owner {route.assignee}"] if route.assignee else []
    words += [f"tags {' '.join(route.tags)}"] if route.tags else []
    words += [f"{name}={value}" for name, value in route.fields.items()]
    return on_one_line(", ".join(words))


_BESIDES = {
    "assign": "owner by {}",
    "status": "{} from the start",
    "dropped": "no ticket: {}",
    "sla": "promise {}",
    "watchers": "watched by {}",
    "notify": "told besides: {}",
    "template": "acknowledged by the template {}",
    "requester": "requester by {}",
    "group_key": "gathered by the key “{}”",
}


def _besides_words(route: Route) -> str:
    """What else the rules make of it."""
    said = besides(route)
    words = [form.format(words_of(said[name])) for name, form in _BESIDES.items() if said[name]]
    words += [] if route.is_acknowledged else ["no acknowledgement"]
    return on_one_line(", ".join(words))


def _rule_lines(route: Route) -> Iterator[str]:
    """Each rule that was asked: whether it fits, else what does not hold."""
    for rule in route.rules:
        misses = "; ".join(rule.misses)
        yield f"+ {rule.name}" if rule.is_matched else f"- {rule.name}: {on_one_line(misses)}"


def _thread_words(plan: Plan, rules: Rules) -> str:
    match, route = plan.match, plan.route
    if plan.disposition is Disposition.DUPLICATE:
        return "a copy: the route is that of a new mail"
    if match.ticket is None:
        also = f", may belong to #{match.hint}" if match.hint else ""
        return f"a new ticket{also}"
    if match.signal is Signal.NONE and route and route.group_key:
        fitting = (rule.name for rule in route.rules if rule.is_matched)
        names = " ".join(f"“{name}”" for name in rules_that_set("group_key", fitting, rules))
        return on_one_line(f"#{match.ticket}, gathered by rule {names}, key “{route.group_key}”")
    return f"#{match.ticket} by {match.signal} ({match.evidence}), from a {match.standing}"
