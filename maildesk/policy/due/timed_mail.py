"""Whom mail by timers may reach, and what it may say: nobody asked for it this moment."""

from collections.abc import Iterable

from maildesk.model.ticket import Direction, Party, Role, Visibility
from maildesk.policy.draft import Draft
from maildesk.policy.notices import readers
from maildesk.policy.sla.ladder import REQUESTER, Firing

_TO_REQUESTER = f"{Direction.OUT} {Visibility.PUBLIC}"  # a message, in the log


def requester_of(draft: Draft) -> list[Party]:
    """Return the requester as the only reader; none where mail cannot reach him."""
    return [party for party in readers(draft) if party.role is Role.REQUESTER]


def refusal_of(draft: Draft, party: Party, *, full: bool) -> str:
    """Return why no automatic mail may go there; "" if it may."""
    if party.address.key in draft.facts.want_no_mail:
        return "asked for no more automatic mail"
    if not full and draft.arrival.rules.acknowledge.unverified == "none":
        return "senders without proof are not written to"
    return ""


def is_believed(draft: Draft, party: Party) -> bool:
    """Whether the party itself wrote, as far as that shows; or an agent has written to it, or has
    opened the case."""
    if party.role is not Role.REQUESTER or party.address.key in draft.facts.proved:
        return True
    if draft.arrival.rules.acknowledge.unverified == "full":
        return True
    log = draft.facts.log
    is_by_agent = any(line.kind == "created" and line.old for line in log)
    return is_by_agent or any(line.new == _TO_REQUESTER for line in log)


def is_reached(draft: Draft) -> bool:
    """Whether automatic mail may go to the requester."""
    parties = requester_of(draft)
    return any(not refusal_of(draft, one, full=is_believed(draft, one)) for one in parties)


def is_requester_told(draft: Draft, steps: Iterable[Firing], *, is_owed: bool) -> bool:
    """Whether the requester hears of these steps, too (`tell_delay`), or is owed that anyhow."""
    is_named = any(REQUESTER in firing.step.notify for firing in steps)
    return (is_owed or is_named) and is_reached(draft)
