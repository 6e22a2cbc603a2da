"""What the connections of one listener share, and who of the peers is let in."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from ssl import SSLContext
from typing import TYPE_CHECKING

from maildesk.mail.envelope import Answer, Receive
from maildesk.settings import Limits, Listen
from maildesk.transport import smtp_replies as replies
from maildesk.transport.smtp_flow import InFlight

if TYPE_CHECKING:
    from maildesk.transport.smtp_connection import Connection


@dataclass(slots=True, kw_only=True)
class Service:
    """Settings, doors to the desk and open sessions; touched by the event loop only."""

    listen: Listen
    limits: Limits
    receive: Receive
    accepts: Callable[[str], bool]
    has_room: Callable[[], bool]
    hostname: str
    loop: asyncio.AbstractEventLoop
    threads: ThreadPoolExecutor
    in_flight: InFlight
    starttls: SSLContext | None = None
    sessions: "set[Connection]" = field(default_factory=set)
    emptied: asyncio.Event = field(default_factory=asyncio.Event)
    is_stopping: bool = False

    def refusal_for(self, network: str) -> Answer | None:
        """Why another connection from this network is not taken, or None."""
        if self.is_stopping:
            return replies.STOPPING
        if len(self.sessions) >= self.limits.connections:
            return replies.TOO_MANY_CONNECTIONS
        neighbours = sum(session.network == network for session in self.sessions)
        if not self.listen.is_trusted and neighbours >= self.limits.connections_per_peer:
            return replies.TOO_MANY_FROM_PEER
        return None


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The IP address of a peer; empty behind a Unix socket."""
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return ""
    address = ip_address(str(name[0]).partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def network_of(peer: str) -> str:
    """What counts as one peer: an IPv4 address, or the /64 that one IPv6 host can use freely."""
    if ":" not in peer:
        return peer
    return IPv6Address(peer).exploded[:19]
