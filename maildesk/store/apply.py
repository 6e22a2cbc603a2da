"""The one door: carries out a plan's changes and writes the tickets' event log.

To add a change: a value in `model.changes`, a function in the `apply_*` that it belongs to, a line
in one of the tables below. Kinds of events, with what stands in `old`, `new` and `cause` (where
nothing is said, the cause is the receipt of the mail that did it):

    created     old: the handle of the agent who logged it; new: status
    message     old: courtesy, where it is one; new: direction and visibility; cause: why it is held
                or attached
    admitted    a message of others that was held, or internal; old, new: direction and visibility,
                cause: its own receipt
    released    the same for an agent's mail, as it is read from now on
    party       old: role, new: role and address
    requester   old, new: address
    status      old, new; cause: the trigger, and until when the ticket waits
    assignee, priority, type, queue, team, sla, title, language    old, new; cause: the reason given
    policy      old, new: the promise in force; cause: what chose it
    tags        old, new: all of them; watchers too
    fields      old, new: those that differ
    link        new: the other ticket; cause: the relation
    merged      new: the ticket that it is part of now
    grouped     new: how many mails of its group key it holds
    merged_from on that one; new: the ticket that came in
    hold        old, new: open, run, send, drop; cause: why, or the held mail's receipt
    rule        new: the name of a rule with `every` that fits now; the cause of what it does
    time        new: minutes       ack         new: the agent     breach      new: the reason
    told        new: the notice that tells the requester how it goes
    step        new: clock and step of the ladder
    bounced     new: address and status code
    delivery    new: how it stands and address; cause: why

A merge is a `status` too, so that clocks need to know no other kind. What the desk remembers of
contacts, of absent agents and of what waits to be told in a bundle is no event.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from maildesk.model.changes import (
    AddMessage,
    AddParty,
    AskAgain,
    Bundle,
    Change,
    CloseHold,
    GroupMail,
    JoinContacts,
    LinkTickets,
    LowerParty,
    MarkBounced,
    MergeTicket,
    NoteDelivery,
    NoteEvent,
    OpenHold,
    OpenTicket,
    ReleaseMessage,
    RememberContact,
    SetAbsence,
    SetAssignee,
    SetDetail,
    SetFields,
    SetRequester,
    SetStatus,
    SetTags,
    SetWatchers,
    StopMail,
)
from maildesk.model.plan import Plan
from maildesk.store import (
    absences,
    apply_details,
    apply_links,
    apply_messages,
    apply_parties,
    bundles,
    contacts,
    holds,
    pages,
)
from maildesk.store.apply_work import Stale, Work
from maildesk.store.tables import events, tickets

__all__ = ["Stale", "apply"]

_NEW_EVENTS = insert(events)

AboutPeople = (
    AddParty
    | LowerParty
    | SetRequester
    | MarkBounced
    | RememberContact
    | StopMail
    | JoinContacts
    | SetAbsence
    | Bundle
)


def apply(
    session: Session, plan: Plan, *, receipt: int, now: datetime, actor: str, cause: str = ""
) -> None:
    """Carry out all changes of the plan, in order. `receipt` 0: no mail caused it, but `cause`.

    Raises: Stale where a ticket's version has moved on, a number is taken or a hold is closed; the
    caller rolls back (a savepoint, where several plans share a transaction).
    """
    work = Work(session.connection(), receipt or None, now, actor, cause=cause)
    _check_versions(work.connection, plan)
    for change in plan.changes:
        _carry_out(work, change)
    if work.log:
        work.connection.execute(_NEW_EVENTS, work.log)
    _bump(work, work.touched - work.opened)


_VERSIONS = select(tickets.c.number, tickets.c.version).where(
    tickets.c.number.in_(bindparam("numbers", expanding=True))
)


def _check_versions(connection: Connection, plan: Plan) -> None:
    if not plan.versions:
        return
    rows = connection.execute(_VERSIONS, {"numbers": list(plan.versions)})
    found = {row.number: row.version for row in rows}
    for number, version in plan.versions.items():
        if found.get(number) != version:
            raise Stale(f"ticket {number} is at {found.get(number)}, the plan rests on {version}")


_BUMP = (
    update(tickets)
    .where(tickets.c.number.in_(bindparam("numbers", expanding=True)))
    .values(version=tickets.c.version + 1, updated_at=bindparam("now"), next_at=bindparam("now"))
)


def _bump(work: Work, numbers: Iterable[int]) -> None:
    changed = sorted(numbers)
    if changed:
        work.connection.execute(_BUMP, {"numbers": changed, "now": work.now})


# --- which function carries out which change ------------------------------------------------------


def _carry_out(work: Work, change: Change) -> None:
    match change:
        case OpenTicket():
            apply_messages.open_ticket(work, change)
        case AddMessage():
            apply_messages.add_message(work, change)
        case ReleaseMessage():
            apply_messages.release_message(work, change)
        case LinkTickets():
            apply_links.link_tickets(work, change)
        case MergeTicket():
            apply_links.merge_ticket(work, change)
        case GroupMail():
            apply_links.group_mail(work, change)
        case OpenHold() | AskAgain() | CloseHold():
            _carry_out_hold(work, change)
        case SetStatus() | SetAssignee() | SetDetail() | SetTags() | SetFields() | SetWatchers():
            _carry_out_detail(work, change)
        case NoteEvent() | NoteDelivery():
            _note(work, change)
        case _:
            _carry_out_about_people(work, change)


def _carry_out_hold(work: Work, change: OpenHold | AskAgain | CloseHold) -> None:
    match change:
        case OpenHold():
            holds.open_hold(work, change)
        case AskAgain():
            holds.ask_again(work, change)
        case CloseHold():
            holds.close_hold(work, change)
        case _:
            assert_never(change)


def _carry_out_detail(
    work: Work, change: SetStatus | SetAssignee | SetDetail | SetTags | SetFields | SetWatchers
) -> None:
    match change:
        case SetStatus():
            apply_details.set_status(work, change)
        case SetAssignee():
            apply_details.set_column(
                work, change.ticket, "assignee", change.assignee, cause=change.cause
            )
        case SetDetail():
            apply_details.set_detail(work, change)
        case SetTags():
            apply_details.set_tags(work, change)
        case SetFields():
            apply_details.set_fields(work, change)
        case SetWatchers():
            apply_details.set_watchers(work, change)
        case _:
            assert_never(change)


def _note(work: Work, change: NoteEvent | NoteDelivery) -> None:
    match change:
        case NoteEvent():
            work.note(change.ticket, change.kind, change.new, cause=change.cause)
            if change.kind == "ack":
                pages.drop(work.connection, change.ticket, "somebody has acknowledged")
        case NoteDelivery():
            what = f"{change.state} {change.address}"
            work.note(change.ticket, "delivery", what, cause=change.text)
        case _:
            assert_never(change)


def _carry_out_about_people(work: Work, change: AboutPeople) -> None:
    match change:
        case AddParty():
            apply_parties.add_party(work, change)
        case LowerParty():
            apply_parties.lower_party(work, change)
        case SetRequester():
            apply_parties.set_requester(work, change)
        case MarkBounced():
            apply_parties.mark_bounced(work, change)
        case RememberContact():
            contacts.remember(work.connection, change)
        case StopMail():
            contacts.stop_mail(work.connection, change)
        case JoinContacts():
            contacts.join(work.connection, change)
        case SetAbsence():
            absences.set_absence(work.connection, change, work.now)
        case Bundle():
            bundles.add(work.connection, change)
        case _:
            assert_never(change)
