"""The one door: carries out a plan's changes and writes the tickets' event log."""

from datetime import datetime

from sqlalchemy.orm import Session

from maildesk.model.plan import Plan


class Stale(Exception):
    """The plan rests on something that has moved on: gather and decide again."""


def apply(session: Session, plan: Plan, *, receipt: int, now: datetime, actor: str) -> None:
    """Carry out all changes of the plan. Raises Stale; roll back the savepoint then."""
    raise NotImplementedError
