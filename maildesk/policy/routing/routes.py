"""Where a new ticket goes: the queue of the address that was written to, then the rules.

Rules are asked in the order of the file. The first that fits ends it, unless it says `continue`;
what several that fit have to say adds up, and a later one wins on the same word. No rule refuses a
mail, and none can lose one: where a rule fails, the mail goes to the default queue.

`rule_file` makes rules of what the file says, `route` asks them for a mail, `matches_ticket` asks
one with `every` for a ticket. The words stand in `conditions` and `actions`.
"""

from dataclasses import replace

from maildesk.mail.identifiers import read_address
from maildesk.model.plan import Route, RuleTrace
from maildesk.model.ticket import Status
from maildesk.policy.routing import actions
from maildesk.policy.routing.actions import ACTIONS
from maildesk.policy.routing.conditions import FIELDS, sender, sender_domain
from maildesk.policy.routing.rule import (
    Groups,
    Rule,
    TooMuchWork,
    View,
)
from maildesk.policy.rules import Queue, Rules

_ALTERED = tuple(name for name, field in FIELDS.items() if field.is_settled)


# --- asking -------------------------------------------------------------------------------------


def route(view: View, rules: Rules) -> Route:
    """Return where the mail goes, and what was asked on the way. Never raises."""
    start = addressed(view, rules)
    if not rules.routing:
        return _by_turns(start, rules)
    try:
        routed = _ask(view, start, rules)
    except TooMuchWork as error:
        note = f"the rules were given up for a mail of this size: {error}"
        routed = _to_default(rules, note)
    return _by_turns(routed, rules)


def _ask(view: View, start: Route, rules: Rules) -> Route:
    route = start
    traces: list[RuleTrace] = []
    _see(view, start)
    for rule in rules.routing:
        if rule.every is not None:
            continue
        try:
            verdict = view.ask(rule)
            if verdict.holds:
                route = _carry_out(rule, route, view, verdict.groups)
                _see(view, route)
        except TooMuchWork:
            raise
        except Exception as error:  # noqa: BLE001 - a rule's fault must not cost anybody his mail
            note = f"rule “{rule.name}” failed: {type(error).__name__}: {error}"[:300]
            return replace(_to_default(rules, note), rules=tuple(traces))
        traces.append(RuleTrace(rule.name, verdict.holds, verdict.misses))
        if verdict.holds and not rule.is_continued:
            break
    return replace(route, rules=tuple(traces))


def _to_default(rules: Rules, note: str) -> Route:
    queue = rules.default_queue
    return Route(queue=queue.handle, team=queue.team, notes=(note,), faults=(note,))


def _by_turns(route: Route, rules: Rules) -> Route:
    """Give a ticket of a team that is told by turns to one of them, unless a rule gives it to
    somebody; one that is solved from the start needs nobody."""
    if route.assign or route.status is Status.SOLVED or route.team not in by_turns(rules):
        return route
    return replace(route, assign=actions.ROUND_ROBIN)


def by_turns(rules: Rules) -> list[str]:
    """Return the teams whose new tickets go to one after the other (`notify: round_robin`)."""
    return [team.handle for team in rules.teams if team.notify == actions.ROUND_ROBIN]


def _see(view: View, route: Route) -> None:
    """Have the rules that follow see the ticket as it is now."""
    ticket = replace(
        view.ticket,
        queue=route.queue,
        team=route.team,
        priority=route.priority,
        type=route.type,
        tags=route.tags,
        status=route.status or view.ticket.status,
        assignee=None if route.assign in actions.TURNS else route.assign or None,
    )
    view.settle(ticket, _ALTERED)


def _carry_out(rule: Rule, route: Route, view: View, groups: Groups) -> Route:
    known: Groups = {}
    if any(ACTIONS[action.name].is_filled for action in rule.then):
        known = {**_built_in(view), **groups}
    for action in rule.then:
        value = action.fill(action.value, known)
        route = action.carry_out(route, value, view.rules)
    return route


def _built_in(view: View) -> Groups:
    mail = view.mail
    organisation = view.rules.organisation_of(next(iter(sender(view)), ""))
    return {
        "sender": next(iter(sender(view)), ""),
        "sender_domain": next(iter(sender_domain(view)), ""),
        "subject": mail.subject if mail else view.ticket.subject,
        "organisation": organisation.handle if organisation else "",
    }


def matches_ticket(rule: Rule, view: View) -> RuleTrace:
    """Whether a rule with `every` fits a ticket, and what does not. Never raises."""
    try:
        verdict = rule.when.check(view)
    except Exception as error:  # noqa: BLE001 - as above; the rule does nothing
        fault = f"it failed: {type(error).__name__}: {error}"[:300]
        return RuleTrace(rule.name, is_matched=False, misses=(fault,), fault=fault)
    return RuleTrace(rule.name, verdict.holds, verdict.misses)


def ticket_route(rule: Rule, view: View) -> Route:
    """Return what a ticket would be by a rule with `every` that fits it."""
    ticket = view.ticket
    start = Route(
        queue=ticket.queue,
        team=ticket.team,
        priority=ticket.priority,
        type=ticket.type,
        tags=ticket.tags,
        fields=ticket.fields,
        sla=ticket.sla,
        watchers=ticket.watchers,
    )
    return _carry_out(rule, start, view, rule.when.check(view).groups)


# --- by address ---------------------------------------------------------------------------------


def addressed(view: View, rules: Rules) -> Route:
    """Return the queue of the first queue address in To, then Cc, then the envelope."""
    if view.mail is None:
        return Route(queue=view.ticket.queue, team=view.ticket.team)
    mail = view.mail
    named = [person.address for person in (*mail.to, *mail.cc)]
    every = (*named, *mail.delivered_to, *view.recipients)
    found = (_queue_at(address, rules) for address in every)
    queue = next((queue for queue in found if queue), rules.default_queue)
    return Route(queue=queue.handle, team=queue.team)


def _queue_at(address: str, rules: Rules) -> Queue | None:
    """Return the queue of an address; a reply address belongs to the queue that it was made for."""
    if read_address(rules.reply, address) is None:
        return rules.queue_at(address)
    local = address.lower().rpartition(rules.reply.separator)[0]
    queues = (q for q in rules.queues for a in q.addresses if a.lower().startswith(f"{local}@"))
    return next(queues, None)
