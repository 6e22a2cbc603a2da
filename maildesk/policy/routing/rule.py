"""What a routing rule is, and what it looks at: the values that `routing` and its rooms share.

    routes              asks rules in their order                           `route`
    rule_file           compiles them                                       `compile_rules`
    ├── when            joins conditions by all, any and not
    │   ├── conditions  the words of `when:`, one function a field          `FIELDS`
    │   └── comparisons, time_comparisons: `_is`, `_contains`, … on `texts`, through a `sieve`
    ├── actions         the words of `then:`, one function each             `ACTIONS`
    │   └── values      what a mail puts into them
    └── rule_words      reads what stands behind a word, or says what is wrong with it
    routed              what a route makes of a mail: drop, join, open      `assignment`, `urgency`
    foresight           what must be looked up before the rules are asked

To add a condition, go to `conditions`; to add an action, to `actions`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from maildesk.mail.message import Automatic, InboundMail
from maildesk.model.facts import Facts, Level
from maildesk.model.ticket import Ticket

if TYPE_CHECKING:
    from maildesk.model.plan import Route
    from maildesk.policy.rules import Rules

Value = TypeVar("Value")

Path = tuple[str | int, ...]  # keys and places in lists, from the top of the YAML document
Groups = Mapping[str, str]  # named groups of regular expressions, with what they found


class BadRule(ValueError):
    """A rule that cannot be used. `path` leads to the word that is wrong, `hint` may help."""

    def __init__(self, path: Path, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


@dataclass
class Faults:
    """What was found to be wrong so far."""

    found: list[BadRule] = field(default_factory=list)

    def note(self, path: Path, message: str, hint: str = "") -> None:
        """Note a fault."""
        self.found.append(BadRule(path, message, hint))

    def tried(
        self, read: Callable[[object, Path], Value], value: object, path: Path
    ) -> Value | None:
        """Return what `read` makes of a value; None where it has a fault, which is noted."""
        try:
            return read(value, path)
        except BadRule as error:
            self.found.append(error)
        return None


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that must stand elsewhere in the configuration. `kind`: queue, team, agent,
    organisation, template, calendar, sla."""

    kind: str
    name: str
    path: Path

    def __iter__(self) -> Iterator[Any]:
        return iter((self.kind, self.name, self.path))


class TooMuchWork(Exception):
    """The rules would read more text than one mail is worth; see `View.spend`."""


FROM_STORE = frozenset(["level", "open_tickets"])  # fields that rest on what the store says
WORK_BYTES = 4 * 1024 * 1024  # what all conditions together may read for one mail


@dataclass
class View:
    """What conditions look at: a mail on its way to a new ticket, or (`mail` None) a ticket.

    `ticket` is the one that the mail would open, as the rules so far have it; `recipients` are the
    envelope's. Of a ticket: `due_at` is when its next clock ends, `said_at` when the last message
    came that is for everybody.
    """

    rules: "Rules"
    now: datetime
    ticket: Ticket
    mail: InboundMail | None = None
    recipients: tuple[str, ...] = ()
    automatic: Automatic = Automatic()
    level: Level = Level.V0
    facts: Facts = Facts()
    due_at: datetime | None = None
    said_at: datetime | None = None
    _read: dict[str, Any] = field(default_factory=dict, repr=False)
    _verdicts: dict[str, tuple["Verdict", int]] = field(default_factory=dict, repr=False)
    _spent_bytes: int = 0

    def ask(self, rule: "Rule") -> "Verdict":
        """Return whether a rule fits; worked out once where it rests on the mail alone, and counted
        as work each time, so that every look ends where another would. Raises: TooMuchWork."""
        if rule.name in self._verdicts:
            verdict, cost = self._verdicts[rule.name]
            self.spend(cost)
            return verdict
        before = self._spent_bytes
        verdict = rule.when.check(self)
        if rule.is_fixed:
            self._verdicts[rule.name] = verdict, self._spent_bytes - before
        return verdict

    def once(self, name: str, read: Callable[["View"], Any]) -> Any:
        """Return what `read` makes of the view, read once until `settle` is called."""
        if name not in self._read:
            self._read[name] = read(self)
        return self._read[name]

    def forget(self) -> None:
        """Be asked once more, with other answers of the store (see `foresight`): with as much text
        to be read as before."""
        for name in FROM_STORE:
            self._read.pop(name, None)
        self._spent_bytes = 0

    def settle(self, ticket: Ticket, changed: tuple[str, ...]) -> None:
        """See the ticket as a rule has altered it; `changed` are the names to be read anew."""
        self.ticket = ticket
        for name in changed:
            self._read.pop(name, None)

    def is_open(self, calendar: str) -> bool:
        """Whether a calendar is open now; "" for the first one, and without any it is."""
        calendars = self.rules.calendars
        if not calendar:
            return next((one.is_open(self.now) for one in calendars.values()), True)
        return calendars[calendar].is_open(self.now)

    def spend(self, read_bytes: int) -> None:
        """Count the text that a condition reads. Work is counted, not time: so the same mail
        always fares the same. Raises: TooMuchWork."""
        self._spent_bytes += read_bytes
        if self._spent_bytes > WORK_BYTES:
            raise TooMuchWork(f"the rules would read more than {WORK_BYTES >> 20} MiB of it")


class Verdict(NamedTuple):  # made a thousand times a mail
    """Whether a condition holds: what its regular expressions found, and what does not hold."""

    holds: bool
    misses: tuple[str, ...] = ()
    groups: Groups = MappingProxyType({})


@dataclass(frozen=True)
class Condition:
    """A condition, or several under `all`, `any` or `not`. `words` are as it was written."""

    words: str
    check: Callable[[View], Verdict]
    names: frozenset[str] = frozenset()  # of groups
    references: tuple[Reference, ...] = ()
    fields: frozenset[str] = frozenset()
    sought: tuple[tuple[str, int, Any], ...] = ()  # field, 0 for patterns and 1 for words, which
    is_empty: bool = False  # holds for every mail


@dataclass(frozen=True)
class Action:
    """An action with its value. `fill` puts the named groups of the rule where they belong."""

    name: str
    value: object
    carry_out: Callable[["Route", Any, "Rules"], "Route"]
    fill: Callable[[object, Groups], object]
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule, compiled. `raw` is as it was written; `every`: it looks at tickets, so often;
    None: at mail that opens one. `is_fixed`: neither the store nor a rule before alters whether
    it fits a mail."""

    name: str
    when: Condition
    then: tuple[Action, ...]
    is_continued: bool = False
    every: timedelta | None = None
    is_fixed: bool = False
    path: Path = ()
    raw: Mapping[str, object] = field(default_factory=dict)

    @property
    def always_holds(self) -> bool:
        """Whether nothing gets past it: no condition, and no `continue`."""
        return self.when.is_empty and not self.is_continued

    def value(self, action: str) -> Any:
        """The value of an action as compiled; None if the rule has no such action."""
        return next((one.value for one in self.then if one.name == action), None)
