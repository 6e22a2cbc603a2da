"""Addresses that prove who answers, and links that write a command to one of them."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from maildesk.mail.identifiers import Purpose, reply_address, sign
from maildesk.mail.message import Address
from maildesk.model.ticket import Party
from maildesk.policy.commands.confirmations import bound_to
from maildesk.policy.rules import Queue, Rules


def proving_address(
    rules: Rules,
    queue: Queue,
    ticket: int,
    party: Party,
    purpose: Purpose,
    now: datetime,
    hold: int = 0,
) -> Address:
    """Return an address of the queue that proves the party on a ticket, for one purpose; `hold` is
    the receipt of the held mail that an answer decides on."""
    token = sign(
        rules.reply,
        ticket,
        str(party.number),
        purpose,
        bound_to(party.address, hold) if hold else party.address.key,
        now,
    )
    return Address(queue.name, reply_address(rules.reply, queue.addresses[0], token))


def command_links(address: str, subject: str, bodies: Iterable[str]) -> list[dict[str, str]]:
    """Return commands as mails that only have to be sent (RFC 6068): no log-in, no web page, and
    nothing that a scanner could press."""
    start = f"mailto:{quote(address, safe='@')}?subject={quote(subject)}&body="
    return [{"label": body.strip(), "href": start + quote(body)} for body in bodies]
