"""What the desk remembers of addresses, and which of them are one person's.

A person has one main address; each further one names it in `same_as`, never another further one.
"""

from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from maildesk.mail.message import Address, address_key
from maildesk.model.changes import JoinContacts, MarkBounced, RememberContact, StopMail
from maildesk.model.ticket import Contact
from maildesk.store.rows import contact_of
from maildesk.store.tables import contacts

ADDRESSES_OF_A_PERSON = 50

_NEW_CONTACT = insert(contacts)
_CONTACT = select(contacts).where(contacts.c.address_key == bindparam("key"))
_WITH_FURTHER = (
    select(contacts)
    .where(or_(contacts.c.address_key == bindparam("key"), contacts.c.same_as == bindparam("key")))
    .limit(ADDRESSES_OF_A_PERSON)
)


def find(connection: Connection, key: str) -> Contact | None:
    """The contact of an address key."""
    row = connection.execute(_CONTACT, {"key": key}).one_or_none()
    return contact_of(row) if row else None


def find_person(connection: Connection, key: str) -> tuple[Contact | None, frozenset[str]]:
    """The contact of an address key, and the keys of all addresses of that person: this one, the
    main one and the further ones, at most 50."""
    rows = {row.address_key: row for row in connection.execute(_WITH_FURTHER, {"key": key})}
    own = contact_of(rows[key]) if key in rows else None
    if own and own.same_as:
        main = connection.execute(_WITH_FURTHER, {"key": own.same_as})
        rows |= {row.address_key: row for row in main}
    return own, frozenset((key, *rows))


def remember(connection: Connection, change: RememberContact) -> None:
    """Note that an address was seen. What is known stays: alignment, language; a name is filled."""
    key = change.address.key
    known = find(connection, key)
    if known is None:
        new = Contact(change.address, change.is_aligned, change.language)
        connection.execute(_NEW_CONTACT, _columns(key, new))
        return
    changes: dict[str, Any] = {}
    if change.is_aligned and not known.was_aligned:
        changes["was_aligned"] = True
    if change.language and not known.language:
        changes["language"] = change.language
    if change.address.name and not known.address.name:
        changes["name"] = change.address.name
    if changes:
        _update(connection, key, changes)


def mark_bounced(connection: Connection, change: MarkBounced) -> None:
    """Note with which status code mail to an address came back."""
    address = Address("", change.address)
    _require(connection, address)
    _update(connection, address_key(change.address), {"bounced_status": change.status})


def stop_mail(connection: Connection, change: StopMail) -> None:
    """Note that an address wants no automatic mail, or wants it again."""
    _require(connection, change.address)
    _update(connection, change.address.key, {"wants_no_mail": change.is_stopped})


def join(connection: Connection, change: JoinContacts) -> None:
    """Make an address a further one of a person; those that were its own go with it."""
    key = change.address.key
    main = _require(connection, change.main).same_as or change.main.key
    if main == key:  # it is the main one of the two already
        return
    _require(connection, change.address)
    is_his = or_(contacts.c.address_key == key, contacts.c.same_as == key)
    connection.execute(update(contacts).where(is_his).values(same_as=main))


def _require(connection: Connection, address: Address) -> Contact:
    """The contact of an address, made where there is none."""
    known = find(connection, address.key)
    if known is None:
        known = Contact(address)
        connection.execute(_NEW_CONTACT, _columns(address.key, known))
    return known


def _update(connection: Connection, key: str, changes: dict[str, Any]) -> None:
    connection.execute(update(contacts).where(contacts.c.address_key == key).values(changes))


def _columns(key: str, contact: Contact) -> dict[str, Any]:
    return {
        "address_key": key,
        "name": contact.address.name,
        "address": contact.address.address,
        "was_aligned": contact.was_aligned,
        "language": contact.language,
        "bounced_status": contact.bounced_status,
        "wants_no_mail": contact.wants_no_mail,
        "same_as": contact.same_as or None,
    }
