"""The shape of `matrix:` in routing.yaml: which priority an impact and an urgency give."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from maildesk.config.section import Section
from maildesk.model.ticket import Priority
from maildesk.policy.routing.urgency import LEVELS, MATRIX

PriorityName = Literal["P1", "P2", "P3", "P4"]


class MatrixRow(Section):
    """The priorities of one impact; what is left out is as ITIL has it."""

    high: PriorityName | None = Field(default=None, description="where it cannot wait")
    medium: PriorityName | None = Field(default=None, description="where it can wait for a while")
    low: PriorityName | None = Field(default=None, description="where it can wait")


class Matrix(Section):
    """Which priority an impact and an urgency give: `high: {low: P2}`."""

    high: MatrixRow = Field(default=MatrixRow(), description="where many are hit")
    medium: MatrixRow = Field(default=MatrixRow(), description="where some are hit")
    low: MatrixRow = Field(default=MatrixRow(), description="where one is hit")

    def priorities(self) -> Mapping[tuple[str, str], Priority]:
        """Return the priority of every impact and urgency."""
        return {
            (impact, urgency): self._priority(impact, urgency)
            for impact in LEVELS
            for urgency in LEVELS
        }

    def _priority(self, impact: str, urgency: str) -> Priority:
        named: PriorityName | None = getattr(getattr(self, impact), urgency)
        return Priority(named) if named else MATRIX[impact, urgency]
