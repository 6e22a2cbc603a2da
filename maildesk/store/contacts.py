"""What the desk remembers of addresses."""

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from maildesk.mail.message import Address, address_key
from maildesk.model.changes import MarkBounced, RememberContact
from maildesk.model.ticket import Contact
from maildesk.store.rows import contact_of
from maildesk.store.tables import contacts

_NEW_CONTACT = insert(contacts)
_CONTACT = select(contacts).where(contacts.c.address_key == bindparam("key"))


def find(connection: Connection, key: str) -> Contact | None:
    """The contact of an address key."""
    row = connection.execute(_CONTACT, {"key": key}).one_or_none()
    return contact_of(row) if row else None


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
    key = address_key(change.address)
    if find(connection, key) is None:
        new = Contact(Address("", change.address), bounced_status=change.status)
        connection.execute(_NEW_CONTACT, _columns(key, new))
    else:
        _update(connection, key, {"bounced_status": change.status})


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
    }
