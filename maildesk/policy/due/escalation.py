"""Who is told when time presses: the words of a ladder's `notify`, as people."""

from collections.abc import Iterable, Iterator

from maildesk.policy.draft import Draft
from maildesk.policy.notices import responsible
from maildesk.policy.rules import Agent, Team
from maildesk.policy.sla.ladder import REQUESTER


def escalated_to(draft: Draft, names: Iterable[str]) -> list[Agent]:
    """Return the agents whom these words name, each once; where they name nobody who is there, who
    answers for the ticket: a step that nobody hears of is none. `unassigned` names nobody on
    purpose where the ticket has an owner."""
    nobody = (REQUESTER, *(("unassigned",) if draft.ticket.assignee else ()))
    wanted = [name for name in names if name not in nobody]
    found = dict.fromkeys(agent for name in wanted for agent in _named(draft, name))
    return list(found) or (responsible(draft) if wanted else [])


def _named(draft: Draft, name: str) -> Iterator[Agent]:
    rules, ticket = draft.arrival.rules, draft.ticket
    team = team_of(draft)
    match name:
        case "owner":
            yield from _owner(draft)
        case "team" | "unassigned":
            yield from _present(draft, ticket.team)
        case "lead" | "manager":
            handle = getattr(team, name) if team else None
            agent = rules.agent(handle or "")
            yield from (agent,) if agent else ()
        case _:
            agent = rules.agent(name)
            yield from (agent,) if agent else _present(draft, name)


def team_of(draft: Draft) -> Team | None:
    """Return the ticket's team; None where it is gone from the configuration."""
    teams = draft.arrival.rules.teams
    return next((team for team in teams if team.handle == draft.ticket.team), None)


def _owner(draft: Draft) -> Iterator[Agent]:
    """Whoever has the ticket; of somebody who is away, and of nobody, the team."""
    agent = draft.arrival.rules.agent(draft.ticket.assignee or "")
    if agent and agent.handle not in draft.arrival.facts.absent:
        yield agent
    else:
        yield from _present(draft, draft.ticket.team)


def _present(draft: Draft, team: str) -> list[Agent]:
    absent = draft.arrival.facts.absent
    members = list(draft.arrival.rules.members(team))
    return [agent for agent in members if agent.handle not in absent] or members
