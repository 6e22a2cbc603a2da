"""Rows of the journal: how a mail and its envelope become one, and how they are shown."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from maildesk.mail.envelope import Envelope, Place, Source
from maildesk.store.blobs import insert_big, is_big
from maildesk.store.tables import receipt_raws, receipts


def new_row(raw: bytes, envelope: Envelope, received_at: datetime) -> dict[str, Any]:
    """The columns of a receipt that nobody has worked on yet."""
    place = envelope.place
    return {
        "state": "received",
        "source": str(envelope.source),
        "envelope": envelope_json(envelope),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "size": len(raw),
        "received_at": received_at,
        "account": place.account if place else None,
        "folder": place.folder if place else None,
        "uidvalidity": place.uidvalidity if place else None,
        "uid": place.uid if place else None,
        "attempts": 0,
        "error": "",
    }


_NEW_RECEIPTS = insert(receipts)
_NEW_RAWS = insert(receipt_raws)
_NEXT_ID = select(func.coalesce(func.max(receipts.c.id), 0) + 1)


def insert_new(
    connection: Connection, entries: Sequence[tuple[dict[str, Any], bytes]]
) -> list[int]:
    """Insert what is new and return an id for each mail.

    Ids are given here, not by the database: we are the only writer, and two statements for all
    rows cost a tenth of two for each.
    """
    known = _known_places(connection, [row for row, _raw in entries])
    following = connection.scalar(_NEXT_ID) or 1
    ids, rows, raws = [], [], []
    for row, raw in entries:
        place = _place_key(row)
        earlier = known.get(place) if place else None
        if earlier is None:
            earlier, following = following, following + 1
            rows.append({**row, "id": earlier})
            raws.append({"receipt": earlier, "raw": raw})
            if place:
                known[place] = earlier
        ids.append(earlier)
    if rows:
        connection.execute(_NEW_RECEIPTS, rows)
        _insert_raws(connection, raws)
    return ids


def _insert_raws(connection: Connection, raws: Sequence[dict[str, Any]]) -> None:
    if small := [row for row in raws if not is_big(len(row["raw"]))]:
        connection.execute(_NEW_RAWS, small)
    for row in raws:
        if is_big(len(row["raw"])):
            insert_big(connection, row["receipt"], row["raw"])


def _place_key(row: Mapping[str, Any]) -> tuple[str, str, int, int] | None:
    if row["uid"] is None:
        return None
    return row["account"], row["folder"], row["uidvalidity"], row["uid"]


_AT_PLACE = select(receipts.c.id).where(
    receipts.c.account == bindparam("account"),
    receipts.c.folder == bindparam("folder"),
    receipts.c.uidvalidity == bindparam("uidvalidity"),
    receipts.c.uid == bindparam("uid"),
)


def _known_places(
    connection: Connection, rows: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str, int, int], int]:
    known = {}
    for row in rows:
        place = _place_key(row)
        if place is None:
            continue
        names = ("account", "folder", "uidvalidity", "uid")
        found = connection.scalar(_AT_PLACE, {name: row[name] for name in names})
        if found is not None:
            known[place] = found
    return known


def envelope_json(envelope: Envelope) -> dict[str, Any]:
    """The envelope as JSON, whole."""
    place = envelope.place
    return {
        "source": str(envelope.source),
        "reverse_path": envelope.reverse_path,
        "recipients": envelope.recipients,
        "peer": envelope.peer,
        "received_at": envelope.received_at.isoformat() if envelope.received_at else None,
        "place": [place.account, place.folder, place.uidvalidity, place.uid] if place else None,
        "full_size": envelope.full_size,
        "is_archive": envelope.is_archive,
    }


def envelope_of(json: Mapping[str, Any]) -> Envelope:
    """The envelope that `envelope_json` was made from."""
    received_at = json["received_at"]
    return Envelope(
        source=Source(json["source"]),
        reverse_path=json["reverse_path"],
        recipients=tuple(json["recipients"]),
        peer=json["peer"],
        received_at=datetime.fromisoformat(received_at) if received_at else None,
        place=Place(*json["place"]) if json["place"] else None,
        full_size=json["full_size"],
        is_archive=json["is_archive"],
    )
