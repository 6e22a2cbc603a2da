"""A back-test of rules: past mails are routed once more, and what would differ is counted.

Asked about are the mails that rules were asked about: those that opened a ticket, joined others of
their kind, were dropped by a rule, or wait for their agent's word. What was known of them then, how
far the sender was believed, stands in the trace, as does the route to compare with. How many open
tickets he had is not known any more. Nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from maildesk.desk.wording import words_of
from maildesk.desk.writing import SELDOM, route_trace
from maildesk.mail.message import InboundMail
from maildesk.model.facts import Facts, Level, Trust
from maildesk.policy.decide import classify_arrival
from maildesk.policy.routing.attribution import rules_that_set
from maildesk.policy.routing.routed import as_requester, route_of, with_route
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival
from maildesk.store.engine import Database
from maildesk.store.past_mails import PastMail, past_mails

ParseMany = Callable[[Iterable[bytes]], Iterator[InboundMail | Exception]]

COMPARED = (
    *("queue", "team", "priority", "type", "tags", "fields", "status", "dropped"),
    *(*SELDOM, "acknowledge"),
)
EXAMPLES = 5
NO_RULE = "(no rule)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One word of a route that would be another; `group` is the rule, or the queue so far."""

    group: str
    what: str
    old: str
    new: str


@dataclass
class Backtest:
    """What a back-test has found so far. `before`: the configured rules, `rules` those that are
    tried. `unknown`: decided before routes were kept."""

    before: Rules
    rules: Rules
    mails: int = 0
    changed: int = 0
    unknown: int = 0
    unreadable: int = 0
    by_rule: Counter[Difference] = field(default_factory=Counter)
    by_queue: Counter[Difference] = field(default_factory=Counter)
    examples: dict[Difference, list[str]] = field(default_factory=dict)

    def add(self, past: PastMail, now: Mapping[str, Any]) -> None:
        """Count a mail that would be routed like this now."""
        was = past.trace["route"]
        changes = [what for what in COMPARED if was.get(what) != now.get(what)]
        self.changed += bool(changes)
        example = f"#{past.ticket}" if past.ticket else f"receipt {past.receipt}"
        for what in changes:
            words = (what, words_of(was.get(what)), words_of(now.get(what)))
            self._count(self.by_queue, Difference(was["queue"], *words), example)
            for rule in self._responsible(what, was["rules"], now["rules"]):
                self._count(self.by_rule, Difference(rule, *words), example)

    def _count(self, counts: Counter[Difference], found: Difference, example: str) -> None:
        counts[found] += 1
        examples = self.examples.setdefault(found, [])
        if len(examples) < EXAMPLES and example not in examples:
            examples.append(example)

    def _responsible(self, what: str, was: list[str], now: list[str]) -> Iterable[str]:
        """The rules that set this word now and did not fit then; else those that set it then and
        fit no more; else those that set it still, to something else. What rules said then is known
        of those alone that are configured yet."""
        setting = rules_that_set(what, now, self.rules)
        had = rules_that_set(what, was, self.before)
        fresh = [name for name in setting if name not in was]
        gone = [name for name in had if name not in now]
        unknown = [name for name in was if name not in self._known]
        return fresh or gone or setting or had or unknown or [NO_RULE]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(rule.name for rule in self.before.routing)

    @property
    def not_judged(self) -> list[str]:
        """The rules that ask how many tickets a sender has open: that is not known any more."""
        return [rule.name for rule in self.rules.routing if "open_tickets" in rule.when.fields]


def replay(
    database: Database, since: datetime, found: Backtest, parse_many: ParseMany
) -> Iterator[Backtest]:
    """Route all mails since then by the rules that are tried; yield what was found, grown by each
    mail."""
    after = 0
    while batch := _read(database, since, after):
        after = batch[-1].receipt
        for past, mail in zip(batch, parse_many(past.raw for past in batch), strict=True):
            found.mails += 1
            if isinstance(mail, Exception) or not past.raw:
                found.unreadable += 1
            elif "route" not in past.trace:
                found.unknown += 1
            else:
                found.add(past, rerouted(past, mail, found.rules))
            yield found


def _read(database: Database, since: datetime, after: int) -> list[PastMail]:
    with database.read() as session:
        return past_mails(session, since, after=after)


def rerouted(past: PastMail, mail: InboundMail, rules: Rules) -> Mapping[str, Any]:
    """Return where these rules would have sent the mail, in the form of its trace."""
    level, *evidence = past.trace.get("trust") or [Level.V0]
    trust = Trust(Level(level), tuple(evidence))
    at = past.received_at
    arrival = Arrival(mail, past.envelope, trust, Facts(), rules, at, at)
    arrival = with_route(arrival, classify_arrival(arrival))
    return route_trace(route_of(as_requester(arrival)))
