"""How a ticket's status moves. To add a trigger, name it and give it its lines in `TRANSITIONS`."""

from enum import StrEnum

from maildesk.model.ticket import Status


class Trigger(StrEnum):
    """What happened to a ticket."""

    AGENT_REPLY = "agent_reply"  # a public reply by a person
    REQUESTER_MAIL = "requester_mail"


# What is not listed stays as it is. A closed ticket never moves: mail to it opens a linked one.
TRANSITIONS: dict[tuple[Status, Trigger], Status] = {
    (Status.NEW, Trigger.AGENT_REPLY): Status.OPEN,
    (Status.WAITING_USER, Trigger.REQUESTER_MAIL): Status.OPEN,
    (Status.SCHEDULED, Trigger.REQUESTER_MAIL): Status.OPEN,
    (Status.SOLVED, Trigger.REQUESTER_MAIL): Status.OPEN,
}


def next_status(status: Status, trigger: Trigger) -> Status:
    """Return where `trigger` takes a ticket that stands at `status`."""
    return TRANSITIONS.get((status, trigger), status)
