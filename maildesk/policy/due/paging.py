"""Pagers: where a page goes besides an agent's mailbox, and alerts besides the admins'.

A pager is an address of a gateway to SMS, or a service that apprise knows. The latter has an
address, too, which only `transport.pager` can write to; its URL is a secret, and stands in `Rules`.
"""

from datetime import timedelta

LONGEST_PAGE = 140  # characters: an SMS in 8-bit coding
USEFUL_FOR = timedelta(hours=2)  # what rings later than that is noise

_DOMAIN = "pager.invalid"  # RFC 2606 section 2: no mail can leave for it
ALERTS = f"alerts@admins.{_DOMAIN}"


def pager_address(handle: str) -> str:
    """Return the address of an agent's pager, where that is no mail address of its own."""
    return f"{handle}@{_DOMAIN}"


def is_pager(address: str) -> bool:
    """Whether a letter to this address is a page, and no mail."""
    domain = address.rpartition("@")[2].lower()
    return domain == _DOMAIN or domain.endswith(f".{_DOMAIN}")


def shortened(text: str, most: int) -> str:
    """Return the text with so many characters at most."""
    return text if len(text) <= most else f"{text[: max(0, most - 1)].rstrip()}…"
