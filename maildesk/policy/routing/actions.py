"""The words of `then:`, carried out in the order in which they stand here.

Each takes the route so far and its value, and returns the route with it. Where several rules fit,
a later one wins on the same word; tags, fields, watchers and whom to notify add up. To add an
action, write a function here; its docstring is its line in docs/routing.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from maildesk.mail.clean import clean
from maildesk.model.facts import Level
from maildesk.model.plan import Route
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.policy.routing import rule_words
from maildesk.policy.routing import urgency as levels
from maildesk.policy.routing.rule import Path, Reference
from maildesk.policy.routing.rule_words import Shape, choice, mapping_of, one_or_list_of
from maildesk.policy.routing.values import group_key
from maildesk.policy.rules import Rules

ROUND_ROBIN, LEAST_LOADED = "round_robin", "least_loaded"
TURNS = (ROUND_ROBIN, LEAST_LOADED)
LEAD, MANAGER = "lead", "manager"
REPLY_TO = "reply_to"
LONGEST_TAG = 40
NO_REASON = "its rule gives no reason"

CarryOut = Callable[[Route, Any, Rules], Route]
Refer = Callable[[Any, Path], Iterable[Reference]]


@dataclass(frozen=True)
class ActionWord:
    """An action as the file writes it. `conflicts`: words that contradict it in one rule; `needs`:
    a word that it makes no sense without. `is_filled`: `{name}` in it takes a named group, cut to
    200 characters where it `is_cut`. `is_for_tickets`: rules with `every` may use it."""

    name: str
    description: str
    shape: Shape
    carry_out: CarryOut
    conflicts: frozenset[str]
    needs: str
    is_filled: bool
    is_cut: bool
    is_for_tickets: bool
    refers: Refer


ACTIONS: dict[str, ActionWord] = {}


def _nothing(_value: object, _path: Path) -> Iterable[Reference]:
    return ()


def _refers(kind: str, *, but: Iterable[str] = ()) -> Refer:
    def refer(value: str, path: Path) -> Iterable[Reference]:
        return () if value in but else (Reference(kind, value, path),)

    return refer


def action(
    shape: Shape,
    *,
    conflicts: Iterable[str] = (),
    needs: str = "",
    is_filled: bool = False,
    is_cut: bool = True,
    is_for_tickets: bool = False,
    refers: Refer = _nothing,
) -> Callable[[CarryOut], CarryOut]:
    """Make a function of a route an action that rules can name."""

    def add(carry_out: CarryOut) -> CarryOut:
        name = carry_out.__name__.rstrip("_")
        words = " ".join((carry_out.__doc__ or "").split())
        ACTIONS[name] = ActionWord(
            name,
            words,
            shape,
            carry_out,
            frozenset(conflicts),
            needs,
            is_filled,
            is_cut,
            is_for_tickets,
            refers,
        )
        return carry_out

    return add


def _union(had: tuple[str, ...], new: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*had, *new]))


# --- where it goes ------------------------------------------------------------------------------


@action(rule_words.TEXT, is_for_tickets=True, refers=_refers("queue"))
def queue(route: Route, value: str, rules: Rules) -> Route:
    """Put the ticket into this queue; the queue's team answers, unless `team` says otherwise."""
    known = rules.queue(value)
    return replace(route, queue=known.handle, team=known.team)


@action(rule_words.TEXT, is_for_tickets=True, refers=_refers("team"))
def team(route: Route, value: str, _rules: Rules) -> Route:
    """Give the ticket to this team."""
    return replace(route, team=value)


@action(rule_words.TEXT, is_for_tickets=True, refers=_refers("agent", but=TURNS))
def assign(route: Route, value: str, _rules: Rules) -> Route:
    """Make an agent (his handle) the owner, or one of the team's who are not away: `round_robin`
    takes who has waited longest, `least_loaded` who has the fewest open tickets. Somebody named who
    is away does not get it: his team hears of it."""
    return replace(route, assign=value)


# --- what it is ---------------------------------------------------------------------------------

_LEVEL = choice("level", levels.LEVELS)


@action(choice("priority", Priority), conflicts=("impact", "urgency"), is_for_tickets=True)
def priority(route: Route, value: str, _rules: Rules) -> Route:
    """Set the priority."""
    return replace(route, priority=Priority(value), impact="", urgency="")


@action(_LEVEL, is_for_tickets=True)
def impact(route: Route, value: str, rules: Rules) -> Route:
    """Say how many are hit: high, medium or low; with `urgency` it gives the priority, as `matrix`
    says."""
    priority = levels.priority_of(value, route.urgency, rules.matrix)
    return replace(route, impact=value, priority=priority)


@action(_LEVEL, is_for_tickets=True)
def urgency(route: Route, value: str, rules: Rules) -> Route:
    """Say how long it can wait: high, medium or low; with `impact` it gives the priority, as
    `matrix` says."""
    priority = levels.priority_of(route.impact, value, rules.matrix)
    return replace(route, urgency=value, priority=priority)


@action(choice("type", TicketType), is_for_tickets=True)
def type_(route: Route, value: str, _rules: Rules) -> Route:
    """Set the type."""
    return replace(route, type=TicketType(value))


@action(one_or_list_of(rule_words.TEXT), is_filled=True, is_for_tickets=True)
def tags(route: Route, value: Iterable[str], _rules: Rules) -> Route:
    """Add tags."""
    new = (clean(one).strip()[:LONGEST_TAG].lower() for one in value)
    return replace(route, tags=_union(route.tags, filter(None, new)))


@action(mapping_of(rule_words.TEXT, "names of fields"), is_filled=True, is_for_tickets=True)
def fields(route: Route, value: Mapping[str, str], _rules: Rules) -> Route:
    """Set fields of the ticket; one that stays empty is not set."""
    new = {name: one for name, one in value.items() if one}
    return replace(route, fields={**route.fields, **new})


@action(rule_words.TEXT, is_for_tickets=True, refers=_refers("sla"))
def sla(route: Route, value: str, _rules: Rules) -> Route:
    """Promise what this policy of sla.yaml says, whatever its own conditions are."""
    return replace(route, sla=value)


# --- who hears of it ----------------------------------------------------------------------------


def _read_watcher(value: object, path: Path) -> str:
    text = rule_words.read_text(value, path).strip()
    return rule_words.read_address(text, path) if "@" in text else text


def _refers_to_watchers(values: Iterable[str], path: Path) -> Iterable[Reference]:
    for place, value in enumerate(values):
        if "@" not in value:
            yield Reference("agent", value, (*path, place))


_WATCHER = Shape("an agent or an address", {"type": "string"}, _read_watcher)


@action(rule_words.list_of(_WATCHER), is_for_tickets=True, refers=_refers_to_watchers)
def watchers(route: Route, value: Iterable[str], _rules: Rules) -> Route:
    """Let others follow: an agent (handle or address) is told all that the owner is told; any other
    address takes part, and gets the public replies, never anything internal."""
    return replace(route, watchers=_union(route.watchers, value))


@action(rule_words.TEXT, refers=_refers("template"))
def template(route: Route, value: str, _rules: Rules) -> Route:
    """Write the acknowledgement by this template instead of `received`; to a sender who is proved,
    others get the short one."""
    return replace(route, template=value)


@action(rule_words.FLAG, is_for_tickets=True)
def acknowledge(route: Route, value: bool, _rules: Rules) -> Route:  # noqa: FBT001 - of the file
    """`false`: send no acknowledgement; of a ticket that a rule with `every` solves, no word that
    it is solved."""
    return replace(route, is_acknowledged=value)


def _refers_to_notified(values: Iterable[str], path: Path) -> Iterable[Reference]:
    for place, value in enumerate(values):
        if value not in (LEAD, MANAGER):
            yield Reference("agent", value, (*path, place))


@action(one_or_list_of(rule_words.TEXT), is_for_tickets=True, refers=_refers_to_notified)
def notify(route: Route, value: Iterable[str], _rules: Rules) -> Route:
    """Tell somebody besides those who answer for the ticket, once: `lead` or `manager` of the team,
    or an agent."""
    return replace(route, notify=_union(route.notify, value))


# --- what becomes of it -------------------------------------------------------------------------


@action(rule_words.TRUE, conflicts=("hold",), is_for_tickets=True)
def solve(route: Route, _value: bool, _rules: Rules) -> Route:  # noqa: FBT001
    """`true`: the ticket is solved from the start; of the agents only those who watch it, and whom
    `notify` names, are told. By a rule with `every` it is solved now, and the requester and the
    participants are asked whether it works (`solved`), unless it says `acknowledge: false`."""
    return replace(route, status=Status.SOLVED)


@action(rule_words.TRUE, conflicts=("drop",), is_for_tickets=True)
def hold(route: Route, _value: bool, _rules: Rules) -> Route:  # noqa: FBT001
    """`true`: the ticket is on hold (it waits for a supplier) from the start; by a rule with
    `every`, from now on. The requester is not told."""
    return replace(route, status=Status.ON_HOLD)


@action(rule_words.TEXT, is_filled=True)
def drop(route: Route, value: str, _rules: Rules) -> Route:
    """Open no ticket, for this reason: the mail is kept and counted, and nobody hears of it. What
    an agent writes himself is never dropped."""
    return replace(route, dropped=value or NO_REASON)


@action(rule_words.TRUE)
def accept(route: Route, _value: bool, _rules: Rules) -> Route:  # noqa: FBT001
    """`true`: a person wrote it, although it looks as if a list or a program had."""
    return replace(route, is_accepted=True)


@action(rule_words.TEXT, is_filled=True, is_cut=False)
def requester(route: Route, value: str, _rules: Rules) -> Route:
    """Say who writes where a web form sent the mail: `reply_to`, or a named group as in
    `"{email}"`. He is believed as little as anybody (V0), unless `level` says more. A form's mail
    is a person's: `accept` is implied."""
    person = value.removeprefix("<").removesuffix(">").strip()
    return replace(
        route, is_form=True, is_accepted=True, requester=person, requester_level=Level.V0
    )


@action(choice("level", (Level.V0, Level.V1)), needs="requester")
def level(route: Route, value: str, _rules: Rules) -> Route:
    """Believe the requester whom a web form names: V1, if the form has checked the address. It
    counts where the form's own mail is proved (V1 or V2)."""
    return replace(route, requester_level=Level(value))


@action(rule_words.TEXT, conflicts=("requester",), is_filled=True, is_cut=False)
def group_by(route: Route, value: str, _rules: Rules) -> Route:
    """Let the mail join the open ticket with the same key, if there is one, quietly: 400 alerts,
    one ticket. A key that stays empty groups nothing. It is the rule's own: no other rule, queue or
    requester of a form shares it, nor does mail that nothing proves with mail that is proved."""
    return replace(route, group_key=group_key(value), group_within=None)


@action(rule_words.TIME, needs="group_by")
def within(route: Route, value: timedelta, _rules: Rules) -> Route:
    """Group only with a mail of the same key that came no longer ago than this."""
    return replace(route, group_within=value)
