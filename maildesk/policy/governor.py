"""The governor: it keeps automatic answers to non-agents from becoming a storm or a loop.

It never stops a mail that carries a person's words.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from maildesk.mail.message import address_key
from maildesk.model.facts import Facts, Level, SentAnswer
from maildesk.policy.rules import Acknowledge

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TICKET_WINDOW = timedelta(minutes=10)
PER_ADDRESS_HOUR = 20
PER_TICKET_WINDOW = 10


def refusal(
    notice: str, address: str, ticket: int | None, answers: Iterable[SentAnswer], now: datetime
) -> str | None:
    """Return why the automatic answer must not go out, or None if it may.

    One per (address, ticket, notice) a day, 20 an hour per address, 10 in 10 minutes per ticket.
    """
    recent = [answer for answer in answers if now - answer.at < DAY]
    same = (address, ticket, notice)
    if ticket and any((a.address, a.ticket, a.notice) == same for a in recent):
        return f"{notice} went to {address} for #{ticket} within a day"
    to_address = sum(a.address == address and now - a.at < HOUR for a in recent)
    if to_address >= PER_ADDRESS_HOUR:
        return f"{to_address} automatic answers went to {address} within an hour"
    on_ticket = sum(a.ticket == ticket and now - a.at < TICKET_WINDOW for a in recent)
    if ticket and on_ticket >= PER_TICKET_WINDOW:
        return f"{on_ticket} automatic answers went out on #{ticket} within ten minutes"
    return None


def was_told(
    notice: str, addresses: Iterable[str], answers: Iterable[SentAnswer], now: datetime
) -> bool:
    """Whether this notice went to one of the addresses within ten minutes."""
    keys = set(map(address_key, addresses))
    return any(
        answer.notice == notice and answer.address in keys and now - answer.at < TICKET_WINDOW
        for answer in answers
    )


def is_proved(level: Level, facts: Facts) -> bool:
    """Whether the sender is V1 or more, now or once before."""
    once = facts.contact is not None and facts.contact.was_aligned
    return level in (Level.V1, Level.V2) or (once and level is not Level.VX)


def unproved_refusal(
    acknowledge: Acknowledge, address: str, facts: Facts, now: datetime
) -> str | None:
    """Return why an unproven sender gets no acknowledgement, or None if he may.

    Anybody can write in a victim's name: so one per address an hour and a cap in all, unless the
    admin trusts the network (`unverified: full`).
    """
    if acknowledge.unverified == "none":
        return "senders without proof are not acknowledged here"
    if acknowledge.per_hour and facts.unverified_in_hour >= acknowledge.per_hour:
        return f"{facts.unverified_in_hour} senders without proof were acknowledged within an hour"
    if acknowledge.unverified == "full":
        return None
    if any(a.address == address and a.is_unverified and now - a.at < HOUR for a in facts.answers):
        return f"{address} has no proof and was acknowledged within an hour"
    return None
