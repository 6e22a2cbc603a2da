"""Changes that tie two tickets: a link, and a merge, which keeps both histories."""

from sqlalchemy import insert, select, update

from maildesk.model.changes import LinkTickets, MergeTicket, SetStatus
from maildesk.model.ticket import Status
from maildesk.store.apply_details import set_status
from maildesk.store.apply_work import Work
from maildesk.store.tables import links, tickets


def link_tickets(work: Work, change: LinkTickets) -> None:
    """Relate two tickets, once."""
    row = {"ticket": change.ticket, "other": change.other, "relation": change.relation}
    known = select(links.c.ticket).filter_by(**row)
    if work.connection.scalar(known) is None:
        work.connection.execute(insert(links), row)
        work.note(change.ticket, "link", str(change.other), cause=change.relation)


def merge_ticket(work: Work, change: MergeTicket) -> None:
    """Make the ticket part of another. Both keep what they hold: facts follow `merged_into`.

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
