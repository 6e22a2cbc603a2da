"""Receipts that may be decided on side by side, and written in one transaction.

Receipts that could touch each other (one sender, one thread, one content, one held mail, a ticket
that a command names) never stand in one wave: what the second is decided on, the first has written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from maildesk.mail.message import InboundMail, address_key
from maildesk.model.facts import Asked
from maildesk.policy.rules import Rules
from maildesk.policy.threads import named_tickets
from maildesk.policy.trust import Verdicts
from maildesk.store.claims import Receipt
from maildesk.store.stored_mails import StoredMail

WAVE = 50  # receipts at most: others wait for the transaction
ALL = "*"  # the key of a mail whose decision may rest on whatever was written before


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail that is held, from the journal, read once more because somebody decides on it."""

    stored: StoredMail
    mail: InboundMail


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed receipt, the mail that it holds, what its signatures are worth, what its commands
    want looked up, and the held mail that it seems to decide on."""

    receipt: Receipt
    mail: InboundMail
    verdicts: Verdicts = field(default_factory=dict)
    asked: Asked = Asked()
    kept: KeptMail | None = None


def waves(work: Iterable[tuple[Work, set[str]]]) -> Iterator[list[Work]]:
    """Split work, in order, where a mail could rest on what an earlier one of its wave writes: each
    comes with its keys."""
    wave: list[Work] = []
    taken: set[str] = set()
    for item, keys in work:
        rests = ALL in keys or not taken.isdisjoint(keys)
        if wave and (len(wave) == WAVE or rests):
            yield wave
            wave, taken = [], set()
        wave.append(item)
        taken |= keys
    if wave:
        yield wave


def keys_of(work: Work, rules: Rules) -> set[str]:
    """Return all that the decision on a mail may rest on: its people, its thread, its content, and
    the tickets that its commands name; of one that decides on a held mail, that one's too."""
    keys = _keys(work.mail, work.receipt.envelope.recipients, rules)
    keys |= {f"#{number}" for number in work.asked.tickets}
    keys |= {f"group {key}" for key in work.asked.group_keys}
    keys |= {f"turn {team}" for team, _agent in work.asked.turns}
    keys |= {f"load {agent}" for _team, agent in work.asked.turns}  # of all his teams
    keys |= {*work.asked.requesters, *work.asked.addresses}
    if _asks_for_lists(work.asked):
        keys.add(ALL)
    if work.kept:
        stored = work.kept.stored
        keys |= _keys(work.kept.mail, stored.envelope.recipients, rules)
        keys |= {f"#{stored.ticket}", f"hold {stored.receipt}"}
    return keys


def _asks_for_lists(asked: Asked) -> bool:
    return bool(asked.words or asked.agent or asked.teams or asked.is_own)


def _keys(mail: InboundMail, recipients: Sequence[str], rules: Rules) -> set[str]:
    named = named_tickets(mail, recipients, rules.reply)
    ids = {mail.content_key, *mail.in_reply_to, *mail.references}
    if mail.message_id:
        ids.add(mail.message_id)
    people = {address_key(person.address) for person in (*mail.senders, *mail.reply_to)}
    return ids | people | {f"#{number}" for number in named}
