"""Changes that tie two tickets: a link, and a merge, which keeps both histories."""

from sqlalchemy import bindparam, insert, select, update

from maildesk.model.changes import GroupMail, LinkTickets, MergeTicket, SetStatus
from maildesk.model.ticket import Status, Visibility
from maildesk.store import bundles, holds
from maildesk.store.apply_details import set_status
from maildesk.store.apply_work import Work
from maildesk.store.tables import links, messages, tickets


def link_tickets(work: Work, change: LinkTickets) -> None:
    """Relate two tickets, once."""
    row = {"ticket": change.ticket, "other": change.other, "relation": change.relation}
    known = select(links.c.ticket).filter_by(**row)
    if work.connection.scalar(known) is None:
        work.connection.execute(insert(links), row)
        work.note(change.ticket, "link", str(change.other), cause=change.relation)


def merge_ticket(work: Work, change: MergeTicket) -> None:
    """Make the ticket part of another. Both keep what was said: facts follow `merged_into`. What
    is held waits at the other one from now on, where agents can still let it go.

    A ticket that is merged is no target, so no merges ever make a ring. Raises: ValueError where
    one of the two is part of another already (had it become so meanwhile, its version would have
    told), and for a ticket and itself.
    """
    if change.ticket == change.into:
        raise ValueError(f"ticket {change.ticket} cannot be merged into itself")
    for number in (change.ticket, change.into):
        here = tickets.c.number == number
        target = work.connection.execute(select(tickets.c.merged_into).where(here)).scalar_one()
        if target is not None:
            raise ValueError(f"ticket {number} is part of {target} already")
    set_status(work, SetStatus(change.ticket, Status.MERGED, "merge"))
    source = update(tickets).where(tickets.c.number == change.ticket)
    work.connection.execute(source.values(merged_into=change.into))
    work.note(change.ticket, "merged", str(change.into))
    work.note(change.into, "merged_from", str(change.ticket))
    _take_along_what_is_held(work, change)


def _take_along_what_is_held(work: Work, change: MergeTicket) -> None:
    is_held = (messages.c.ticket == change.ticket, messages.c.visibility == str(Visibility.HELD))
    directions = work.connection.scalars(select(messages.c.direction).where(*is_held)).all()
    for direction in directions:
        what = f"{direction} {Visibility.HELD}"
        work.note(change.into, "message", what, cause=f"came in with {change.ticket}")
    work.connection.execute(update(messages).where(*is_held).values(ticket=change.into))
    holds.move(work.connection, change.ticket, change.into)
    bundles.move(work.connection, change.ticket, change.into)


_GROUPED = (
    update(tickets)
    .where(tickets.c.number == bindparam("ticket"))
    .values(grouped=tickets.c.grouped + 1, grouped_at=bindparam("at"))
    .returning(tickets.c.grouped)
)


def group_mail(work: Work, change: GroupMail) -> None:
    """Count a mail that has joined others of its key."""
    values = {"ticket": change.ticket, "at": change.at}
    count = work.connection.execute(_GROUPED, values).scalar_one()
    work.note(change.ticket, "grouped", str(count))
