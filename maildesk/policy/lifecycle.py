"""How a ticket's status moves. To add a trigger, name it and give it its lines in `TRANSITIONS`."""

from collections.abc import Iterable
from enum import StrEnum

from maildesk.model.ticket import Status


class Trigger(StrEnum):
    """What happened to a ticket; the words of agents' commands are `#word`."""

    AGENT_REPLY = "agent_reply"  # a public reply by a person
    REQUESTER_MAIL = "requester_mail"
    REQUESTER_CONFIRMS = "requester_confirms"  # that what was solved works
    RULE_SOLVES = "rule_solves"  # a routing rule
    RULE_HOLDS = "rule_holds"
    TIME = "time"  # the day has come that it was put off to
    SILENCE = "silence"  # nobody has answered for days
    TAKE = "#take"
    SOLVE = "#solve"
    REOPEN = "#reopen"
    WAIT = "#wait"
    HOLD = "#hold"
    SCHEDULE = "#schedule"
    SPAM = "#spam"


LIVE = (Status.NEW, Status.OPEN, Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED)
OVER = (Status.SOLVED, Status.CLOSED)


def _from(statuses: Iterable[Status], trigger: Trigger, to: Status) -> "Transitions":
    return {(status, trigger): to for status in statuses}


Transitions = dict[tuple[Status, Trigger], Status]

# What is not listed stays as it is. No mail of a requester moves a closed ticket: it opens a linked
# one.
TRANSITIONS: Transitions = {
    (Status.NEW, Trigger.AGENT_REPLY): Status.OPEN,
    (Status.NEW, Trigger.TAKE): Status.OPEN,
    (Status.WAITING_USER, Trigger.REQUESTER_MAIL): Status.OPEN,
    (Status.SCHEDULED, Trigger.REQUESTER_MAIL): Status.OPEN,
    (Status.SOLVED, Trigger.REQUESTER_MAIL): Status.OPEN,
    (Status.SOLVED, Trigger.REQUESTER_CONFIRMS): Status.CLOSED,
    **_from((Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED), Trigger.TIME, Status.OPEN),
    **_from((Status.WAITING_USER, Status.SOLVED), Trigger.SILENCE, Status.CLOSED),
    **_from(LIVE, Trigger.SOLVE, Status.SOLVED),
    **_from(LIVE, Trigger.RULE_SOLVES, Status.SOLVED),
    **_from((*OVER, Status.SPAM), Trigger.REOPEN, Status.OPEN),
    **_from(LIVE, Trigger.WAIT, Status.WAITING_USER),
    **_from(LIVE, Trigger.HOLD, Status.ON_HOLD),
    **_from(LIVE, Trigger.RULE_HOLDS, Status.ON_HOLD),
    **_from(LIVE, Trigger.SCHEDULE, Status.SCHEDULED),
    **_from((*LIVE, *OVER), Trigger.SPAM, Status.SPAM),
}


def next_status(status: Status, trigger: Trigger) -> Status:
    """Return where `trigger` takes a ticket that stands at `status`."""
    return TRANSITIONS.get((status, trigger), status)


def may_move(status: Status, trigger: Trigger) -> bool:
    """Whether `trigger` means anything to a ticket that stands at `status`."""
    return (status, trigger) in TRANSITIONS
