"""What routing a mail needs to know beforehand: who of a team is next, which ticket has its key.

Rules are asked once before the store is read, for every answer that it may give to what they ask
of it (how far the sender is proved, how many tickets he has open). Desks without such rules pay
nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from maildesk.mail.message import Address, Automatic
from maildesk.model.facts import Asked, Level
from maildesk.model.plan import Route
from maildesk.model.ticket import Ticket
from maildesk.policy.draft import author_of, is_ours
from maildesk.policy.routing.actions import REPLY_TO, TURNS
from maildesk.policy.routing.routes import by_turns, route
from maildesk.policy.routing.rule import View
from maildesk.policy.routing.rule_words import is_mailbox
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival

ASKS = ("group_by", "requester")
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
    groups = dict.fromkeys(_group_keys(arrival, possible))
    people = dict.fromkeys(_requesters(arrival, possible))
    return replace(
        asked,
        has_open_tickets=has_open_tickets,
        group_keys=tuple(groups),
        requesters=tuple(people),
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
        person, _why = requester_of(arrival, one)
        if person:
            yield person.key


def requester_of(arrival: Arrival, routed: Route) -> tuple[Address | None, str]:
    """Return whom a form names; or None, and why it names nobody."""
    if not routed.is_form:
        return None, "no form wrote it"
    named = arrival.mail.reply_to
    if routed.requester == REPLY_TO and len(named) != 1:
        return None, f"no requester: there are {len(named) or 'no'} addresses in Reply-To"
    person = named[0] if routed.requester == REPLY_TO else Address("", routed.requester)
    if not is_mailbox(person.address):
        return None, f"no address to take the requester from: “{person.address[:60]}”"
    if is_ours(arrival, person.address):
        return None, f"{person.address} is ours, and no requester"
    if arrival.rules.agent_at(person.address):
        return None, f"{person.address} is an agent's, and forms speak for no agent"
    return person, ""


def _group_keys(arrival: Arrival, possible: list[Route]) -> Iterator[str]:
    for one in possible:
        person, _why = requester_of(arrival, one)
        for level in (Level.V0, Level.V1):
            key = group_key_of(one, arrival.rules, level, person.key if person else "")
            if key:
                yield key


def group_key_of(routed: Route, rules: Rules, level: Level, requester: str) -> str:
    """Return what the ticket is found by that the mail joins; "" if it joins none.

    The key is its rule's own, within one queue, and one `requester`'s where a form names him. Mails
    that nothing proves have tickets of their own, and a forged one joins none: or whoever knows how
    an alert looks could have real ones end in a ticket of his.
    """
    if not routed.group_key or level is Level.VX:
        return ""
    fitted = {trace.name for trace in routed.rules if trace.is_matched}
    grouping = (rule.name for rule in reversed(rules.routing) if rule.value("group_by") is not None)
    rule = next(name for name in grouping if name in fitted)
    proof = "unproved" if level is Level.V0 else "proved"
    return "/".join((routed.queue, rule, proof, requester, routed.group_key))


def _turns(rules: Rules, possible: list[Route]) -> Iterator[tuple[str, str]]:
    for one in possible:
        if one.assign in TURNS:
            yield from ((one.team, agent.handle) for agent in rules.members(one.team))
