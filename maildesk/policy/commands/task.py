"""What an agent's commands work on: the case, who asks, and what is to be said when all is done.

The commands fill a `Task`; `agents.act` carries out what it says.
"""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from maildesk.model.ticket import Ticket, Visibility
from maildesk.policy.draft import Draft
from maildesk.policy.lifecycle import OVER, Trigger, may_move
from maildesk.policy.rules import Agent, Rules


class CannotRun(Exception):
    """A command cannot run as it stands; the words are for the agent."""


@dataclass
class Task:
    """An agent's command lines on one case. `is_sure`: more than a reply address speaks for him,
    so that he may merge cases and say who takes part. `visibility` is None where the reply address
    decides; `tells` are the handles of whom the case is given to, with the reason."""

    draft: Draft
    agent: Agent
    is_sure: bool
    is_opening: bool = False
    visibility: Visibility | None = None
    is_quiet: bool = False
    is_solved: bool = False
    has_said_owner: bool = False
    answers: list[str] = field(default_factory=list)
    tells: dict[str, str] = field(default_factory=dict)
    questions: list[tuple[str, str]] = field(default_factory=list)  # a verb and what it asks for
    merged_into: int | None = None

    @property
    def ticket(self) -> Ticket:
        """The case as the commands before have left it."""
        return self.draft.ticket

    @property
    def rules(self) -> Rules:
        """The desk's rules."""
        return self.draft.arrival.rules

    @property
    def now(self) -> datetime:
        """When the mail came in."""
        return self.draft.arrival.now

    @property
    def timezone(self) -> str:
        """The agent's zone, in which his dates are meant."""
        return self.agent.timezone or self.rules.timezone

    def local(self, moment: datetime) -> str:
        """A moment in the agent's zone, as he is told it."""
        return f"{moment.astimezone(ZoneInfo(self.timezone)):%a %Y-%m-%d %H:%M %Z}"

    def other(self, number: int) -> Draft:
        """The draft for another case. Raises: CannotRun where there is none."""
        if number == self.ticket.number:
            raise CannotRun(f"#{number} is this case itself")
        if number not in self.draft.arrival.facts.tickets:
            raise CannotRun(f"there is no case #{number}")
        return self.draft.beside(number)

    def check_move(self, trigger: Trigger) -> None:
        """Raises: CannotRun where the case does not stand as the command takes for granted."""
        if not may_move(self.ticket.status, trigger):
            status = str(self.ticket.status).replace("_", " ")
            hint = ": #reopen it first" if self.ticket.status in OVER else ""
            raise CannotRun(f"the case is {status}, so {trigger} has no meaning{hint}")
