"""Where a new ticket goes. So far by the address that was written to; rules come later."""

from collections.abc import Iterable

from maildesk.mail.identifiers import read_address
from maildesk.mail.message import InboundMail
from maildesk.model.plan import Route
from maildesk.policy.rules import Queue, Rules


def route(mail: InboundMail, recipients: Iterable[str], rules: Rules) -> Route:
    """Return the queue of the first queue address in To, then Cc, then the envelope."""
    named = [a.address for a in (*mail.to, *mail.cc)]
    addressed = (_queue_at(address, rules) for address in (*named, *mail.delivered_to, *recipients))
    queue = next((queue for queue in addressed if queue), rules.default_queue)
    return Route(queue=queue.handle, team=queue.team)


def _queue_at(address: str, rules: Rules) -> Queue | None:
    """Return the queue of an address; a reply address belongs to the queue that it was made for."""
    if read_address(rules.reply, address) is None:
        return rules.queue_at(address)
    local = address.lower().rpartition(rules.reply.separator)[0]
    queues = (q for q in rules.queues for a in q.addresses if a.lower().startswith(f"{local}@"))
    return next(queues, None)
