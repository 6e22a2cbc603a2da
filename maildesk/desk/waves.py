"""Receipts that may be decided on side by side, and written in one transaction.

Receipts that could touch each other (one sender, one thread, one content) never stand in one wave:
what the second is decided on, the first has written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from maildesk.mail.message import InboundMail, address_key
from maildesk.policy.rules import Rules
from maildesk.policy.threads import named_tickets
from maildesk.policy.trust import Verdicts
from maildesk.store.journal import Receipt

WAVE = 50  # receipts at most: others wait for the transaction


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed receipt, the mail that it holds, and what its signatures are worth."""

    receipt: Receipt
    mail: InboundMail
    verdicts: Verdicts = field(default_factory=dict)


def waves(work: Iterable[tuple[Work, set[str]]]) -> Iterator[list[Work]]:
    """Split work, in order, where a mail could rest on what an earlier one of its wave writes: each
    comes with its keys."""
    wave: list[Work] = []
    taken: set[str] = set()
    for item, keys in work:
        if len(wave) == WAVE or not taken.isdisjoint(keys):
            yield wave
            wave, taken = [], set()
        wave.append(item)
        taken |= keys
    if wave:
        yield wave


def keys_of(work: Work, rules: Rules) -> set[str]:
    """Return all that the decision on a mail may rest on: its people, its thread, its content."""
    mail = work.mail
    named = named_tickets(mail, work.receipt.envelope.recipients, rules.reply)
    ids = {mail.content_key, *mail.in_reply_to, *mail.references}
    if mail.message_id:
        ids.add(mail.message_id)
    people = {address_key(person.address) for person in (*mail.senders, *mail.reply_to)}
    return ids | people | {f"#{number}" for number in named}
