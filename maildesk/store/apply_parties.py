"""Changes of who takes part in a ticket, and as what."""

from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from maildesk.mail.message import Address
from maildesk.model.changes import AddParty, LowerParty, MarkBounced, SetRequester
from maildesk.model.ticket import Party, Role
from maildesk.store import contacts
from maildesk.store.apply_work import Work, only_once
from maildesk.store.rows import party_columns
from maildesk.store.tables import parties, tickets

_NEW_PARTY = insert(parties)
_RANK = {Role.KNOWN: 0, Role.PARTICIPANT: 1, Role.AGENT: 2, Role.REQUESTER: 3}
_KNOWN_PARTY = select(parties).where(
    parties.c.ticket == bindparam("ticket"), parties.c.address_key == bindparam("address_key")
)


def add_party(work: Work, change: AddParty) -> None:
    """Make somebody known to the ticket, or raise him. Raises: Stale if his number is taken."""
    row = party_columns(change.ticket, change.party)
    known = work.connection.execute(_KNOWN_PARTY, row).one_or_none()
    if known is not None:
        _note_reply_to(work, change, known)
        _raise_party(work, change, known)
        return
    with only_once(f"ticket {change.ticket} has a party {change.party.number}"):
        work.connection.execute(_NEW_PARTY, row)
    if change.party.role is not Role.KNOWN:  # To and Cc of every mail would drown the rest
        work.note(change.ticket, "party", f"{change.party.role} {change.party.address.address}")


def _note_reply_to(work: Work, change: AddParty, known: Any) -> None:
    wanted = change.party.reply_to
    if wanted is None or wanted.address == known.reply_to_address:
        return
    values = {"reply_to_name": wanted.name, "reply_to_address": wanted.address}
    _update(work, known, values)


def _raise_party(work: Work, change: AddParty, known: Any) -> None:
    new = change.party
    if _RANK[new.role] <= _RANK[Role(known.role)]:
        return
    _update(work, known, {"role": str(new.role), "name": known.name or new.address.name})
    work.note(change.ticket, "party", f"{new.role} {new.address.address}", old=known.role)


def lower_party(work: Work, change: LowerParty) -> None:
    """Have a participant be merely known; nothing happens to others."""
    known = _party(work, change.ticket, change.address)
    if known is not None and known.role == Role.PARTICIPANT:
        _update(work, known, {"role": str(Role.KNOWN)})
        work.note(change.ticket, "party", f"{Role.KNOWN} {known.address}", old=known.role)


def set_requester(work: Work, change: SetRequester) -> None:
    """Have somebody else be the requester. The former one is known, and written to no longer: often
    it is an agent who wrote down what somebody told him."""
    here = tickets.c.number == change.ticket
    query = select(tickets.c.requester_name, tickets.c.requester_address).where(here)
    former = Address(*work.connection.execute(query).one())
    if former.key == change.requester.key:
        return
    lowered = _party(work, change.ticket, former)
    if lowered is not None:
        _update(work, lowered, {"role": str(Role.KNOWN)})
    _raise_to_requester(work, change)
    new = change.requester
    columns = {
        "requester_name": new.name,
        "requester_address": new.address,
        "requester_key": new.key,
    }
    work.connection.execute(update(tickets).where(here).values(columns))
    work.note(change.ticket, "requester", new.address, old=former.address)


def _raise_to_requester(work: Work, change: SetRequester) -> None:
    known = _party(work, change.ticket, change.requester)
    if known is not None:
        _update(work, known, {"role": str(Role.REQUESTER)})
        return
    highest = select(func.max(parties.c.number)).where(parties.c.ticket == change.ticket)
    number = (work.connection.scalar(highest) or 0) + 1
    party = Party(number, change.requester, Role.REQUESTER)
    work.connection.execute(_NEW_PARTY, party_columns(change.ticket, party))


def mark_bounced(work: Work, change: MarkBounced) -> None:
    """Remember the bounce, and note it on the ticket."""
    contacts.mark_bounced(work.connection, change)
    if change.ticket is not None:
        work.note(change.ticket, "bounced", f"{change.address} {change.status}".strip())


def _party(work: Work, ticket: int, address: Address) -> Any:
    values = {"ticket": ticket, "address_key": address.key}
    return work.connection.execute(_KNOWN_PARTY, values).one_or_none()


def _update(work: Work, party: Any, values: dict[str, Any]) -> None:
    this = (parties.c.ticket == party.ticket, parties.c.number == party.number)
    work.connection.execute(update(parties).where(*this).values(values))
