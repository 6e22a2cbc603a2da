"""Whose ticket a new one is, where a rule leaves that to the desk: one of a team who is there.

By `round_robin` whose newest ticket of the team is the oldest (so somebody who was away, or is new,
comes first); by `least_loaded` who has the fewest open tickets, and of several, by turns.
"""

from maildesk.model.facts import Facts
from maildesk.policy.routing.actions import LEAST_LOADED, TURNS
from maildesk.policy.rules import Agent, Rules


def choose(assign: str, team: str, rules: Rules, facts: Facts) -> tuple[Agent | None, str]:
    """Return the owner of a new ticket of a team, and why; None where nobody is there.

    `assign` is the value of the action: an agent's handle, `round_robin` or `least_loaded`.
    """
    if assign not in TURNS:
        return _named(assign, rules, facts)
    present = [agent for agent in rules.members(team) if agent.handle not in facts.absent]
    if not present:
        return None, f"assigned to nobody: nobody of {team} is there"

    def turn(agent: Agent) -> int:
        return facts.turns.get((team, agent.handle), 0)

    def load(agent: Agent) -> int:
        return facts.loads.get(agent.handle, 0)

    if assign == LEAST_LOADED:
        chosen = min(present, key=lambda agent: (load(agent), turn(agent)))
        return chosen, f"assigned to {chosen.handle}, who has {load(chosen)} open tickets"
    chosen = min(present, key=turn)
    return chosen, f"assigned to {chosen.handle}, whose turn it is in {team}"


def _named(handle: str, rules: Rules, facts: Facts) -> tuple[Agent | None, str]:
    agent = rules.agent(handle)
    if agent is None:
        return None, f"assigned to nobody: there is no agent {handle}"
    if handle in facts.absent:
        return None, f"assigned to nobody: {handle} is away until {facts.absent[handle]:%Y-%m-%d}"
    return agent, f"assigned to {handle} by a rule"
