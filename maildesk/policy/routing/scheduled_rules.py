"""Rules with `every`: what one means for a ticket that it fits.

    routing.matches_ticket   whether it fits
    fire                     what it does then: changes, and who hears of it

When they are asked, and that each fires once for each time that a ticket begins to fit, is
`desk.scheduled_rules`' to see to.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from maildesk.mail.identifiers import Purpose
from maildesk.model.changes import (
    Detail,
    NoteEvent,
    SetDetail,
    SetFields,
    SetTags,
    SetWatchers,
)
from maildesk.model.facts import Facts, TicketFacts
from maildesk.model.plan import Audience, Plan, Route
from maildesk.model.ticket import Status
from maildesk.policy import notices
from maildesk.policy.draft import Draft
from maildesk.policy.due.sla_notices import tell_solved
from maildesk.policy.due.timers import finished, occasion
from maildesk.policy.letters import Letter, write_agent
from maildesk.policy.routing.actions import TURNS
from maildesk.policy.routing.assignment import choose
from maildesk.policy.routing.routed import TRIGGERS, add_others, watching_agents
from maildesk.policy.routing.routes import ticket_route
from maildesk.policy.routing.rule import Rule, View
from maildesk.policy.rules import Agent, Rules


def cause_of(rule: Rule) -> str:
    """Return what the history names as the cause of all that a rule does."""
    return f"rule “{rule.name}”"


def asked_turns(rule: Rule, view: View) -> tuple[tuple[str, str], ...]:
    """Return whose turns and loads must be known before the rule is carried out: team, agent."""
    if rule.value("assign") not in TURNS:
        return ()
    team = ticket_route(rule, view).team
    return tuple((team, agent.handle) for agent in view.rules.members(team))


def fire(rule: Rule, ticket: TicketFacts, rules: Rules, now: datetime, known: Facts) -> Plan:
    """Return what a rule does to a ticket that it fits, named after this occasion. `known`: who is
    absent, and whose turn it is."""
    cause = f"rule:{rule.name}:{now:%Y%m%dT%H%M%S}"
    draft = occasion(cause, ticket, rules, now, known.absent)
    facts = replace(draft.arrival.facts, turns=known.turns, loads=known.loads)
    draft.arrival = replace(draft.arrival, facts=facts)
    route = ticket_route(rule, View(rules, now, ticket.ticket, facts=facts))
    draft.changes.append(NoteEvent(ticket.ticket.number, "rule", rule.name))
    _set_details(draft, route)
    _set_people(draft, route)
    if route.status:
        draft.trigger(TRIGGERS[route.status])
    if route.status is Status.SOLVED and route.is_acknowledged:
        tell_solved(draft)
    _tell(draft, route, ticket, f"the {cause_of(rule)} fits")
    return finished(draft, cause)


# --- changes ------------------------------------------------------------------------------------


def _set_details(draft: Draft, route: Route) -> None:
    """Make the ticket what the route says, where it is not."""
    ticket = draft.ticket
    details = {
        Detail.QUEUE: (ticket.queue, route.queue),
        Detail.TEAM: (ticket.team, route.team),
        Detail.PRIORITY: (ticket.priority, route.priority),
        Detail.TYPE: (ticket.type, route.type),
        Detail.SLA: (ticket.sla, route.sla),
    }
    for detail, (old, new) in details.items():
        if new != old:
            draft.change(SetDetail(ticket.number, detail, str(new)))
    if route.tags != ticket.tags:
        draft.change(SetTags(ticket.number, route.tags))
    if route.fields != ticket.fields:
        draft.change(SetFields(ticket.number, route.fields))


def _set_people(draft: Draft, route: Route) -> None:
    """Give the ticket the owner and the watchers that the route names."""
    ticket, arrival = draft.ticket, draft.arrival
    watchers = tuple(watching_agents(route.watchers, arrival.rules))
    if set(watchers) - set(ticket.watchers):
        draft.change(SetWatchers(ticket.number, watchers))
    add_others(draft, route.watchers)
    if route.assign:
        owner, why = choose(route.assign, route.team, arrival.rules, arrival.facts)
        draft.reasons.append(why)
        if owner and owner.handle != ticket.assignee:
            draft.assign(owner)


# --- who hears of it ----------------------------------------------------------------------------


def _tell(draft: Draft, route: Route, before: TicketFacts, reason: str) -> None:
    """Tell whoever has the case now and had it not, then whom the rule names: each once. Of a case
    that it solves, of the agents only those."""
    told: set[str] = set()
    if draft.ticket.status is not Status.SOLVED:
        by = "agent" if draft.ticket.assignee else "team"
        told = _write(draft, _newly_responsible(draft, route, before), by, reason)
    named = notices.named_by_rules(draft, route.notify)
    _write(draft, (one for one in named if one.handle not in told), "rule", reason)


def _newly_responsible(draft: Draft, route: Route, before: TicketFacts) -> list[Agent]:
    ticket, was = draft.ticket, before.ticket
    owner = draft.arrival.rules.agent(ticket.assignee or "")
    if ticket.assignee != was.assignee:
        return [owner] if owner else []
    is_offered = ticket.team != was.team or route.assign  # to somebody who is away, as it seems
    return notices.responsible(draft) if is_offered and not owner else []


def _write(draft: Draft, agents: Iterable[Agent], by: str, reason: str) -> set[str]:
    letter = Letter(
        kind="assigned",
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=notices.desk_address(draft),
        facts=notices.given_facts(draft, by, reason),
    )
    told = {agent.handle: agent for agent in agents}
    for agent in told.values():
        write_agent(draft, agent, letter)
    return set(told)
