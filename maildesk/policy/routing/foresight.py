"""What routing a mail needs to know beforehand: who of a team is next, which ticket has its key.

Rules are asked once before the store is read, for every answer that it may give to what they ask
of it (how far the sender is proved, how many tickets he has open). Desks without such rules pay
nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from maildesk.mail.message import Automatic, address_key
from maildesk.model.facts import Asked, Level
from maildesk.model.plan import Route
from maildesk.model.ticket import Ticket
from maildesk.policy.draft import author_of
from maildesk.policy.routing.actions import TURNS
from maildesk.policy.routing.routes import by_turns, route
from maildesk.policy.routing.rule import View
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival

ASKS = ("group_by", "requester")
MOST_KEYS = 8
MANY = 1_000_000  # open tickets: more than any rule asks for


def view_of(arrival: Arrival, automatic: Automatic) -> View:
    """Return what the rules see of a mail. What it forwards is its body: a request that somebody
    passes on is the request."""
    queue, now = arrival.rules.default_queue, arrival.now
    author = author_of(arrival)
    return View(
        rules=arrival.rules,
        now=now,
        ticket=Ticket(0, arrival.mail.subject, author, queue.handle, queue.team, now, now),
        mail=arrival.mail.with_forwarded_as_body(),
        recipients=arrival.recipients,
        automatic=automatic,
        level=arrival.trust.level,
        facts=arrival.facts,
    )


def asks_anything(rules: Rules) -> bool:
    """Whether routing may need to know anything of the store."""
    return bool(rules.routing or by_turns(rules))


def asked_by_rules(arrival: Arrival, automatic: Automatic, asked: Asked) -> Asked:
    """Return what must be looked up, with what the rules need; `arrival` knows no facts yet."""
    rules = arrival.rules
    if not asks_anything(rules):
        return asked
    has_open_tickets = "open_tickets" in _fields(rules)
    if not by_turns(rules) and not _must_look_up(rules):
        return replace(asked, has_open_tickets=has_open_tickets)
    possible = list(_possible(arrival, automatic))
    groups = dict.fromkeys(one.group_key for one in possible if one.group_key)
    people = dict.fromkeys(address_key(person) for person in _requesters(arrival, possible))
    return replace(
        asked,
        has_open_tickets=has_open_tickets,
        group_keys=tuple(groups)[:MOST_KEYS],
        requesters=tuple(people)[:MOST_KEYS],
        turns=tuple(dict.fromkeys(_turns(rules, possible))),
    )


_NAMES = (*ASKS, "assign")


def _must_look_up(rules: Rules) -> bool:
    return any(_is_looked_up(rule.value(name), name) for rule in rules.routing for name in _NAMES)


def _is_looked_up(value: object, name: str) -> bool:
    return value in TURNS if name == "assign" else value is not None


def _fields(rules: Rules) -> frozenset[str]:
    return frozenset().union(*(rule.when.fields for rule in rules.routing))


def _possible(arrival: Arrival, automatic: Automatic) -> Iterator[Route]:
    """Yield where the mail may go, whatever the store says."""
    fields = _fields(arrival.rules)
    levels = tuple(Level) if "level" in fields else (Level.V0,)
    counts = (0, MANY) if "open_tickets" in fields else (0,)
    view = view_of(arrival, automatic)
    for level, count in product(levels, counts):
        view.level, view.facts = level, replace(arrival.facts, open_tickets=count)
        view.forget()
        yield route(view, arrival.rules)


def _requesters(arrival: Arrival, possible: list[Route]) -> Iterator[str]:
    for one in possible:
        requester = requester_of(arrival, one)
        if requester is not None:
            yield requester


def requester_of(arrival: Arrival, routed: Route) -> str | None:
    """Return the address that a form names; None where it names none, or one of ours."""
    if routed.requester != "reply_to":
        return routed.requester or None
    named = arrival.mail.reply_to
    return named[0].address if len(named) == 1 and "@" in named[0].address else None


def _turns(rules: Rules, possible: list[Route]) -> Iterator[tuple[str, str]]:
    for one in possible:
        if one.assign in TURNS:
            yield from ((one.team, agent.handle) for agent in rules.members(one.team))
