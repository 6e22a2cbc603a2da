"""What is read of a ticket for an agent's mail alone: what his reply is held against before it goes
out (see `policy.commands.outgoing`), which letter it answers, and what waits to be admitted."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, LargeBinary, bindparam, exists, func, select

from maildesk.mail.message import Address, InboundMail, Span, address_key, cut
from maildesk.mail.sent import sent_text
from maildesk.model.facts import HeldMessage, Level, SentLetter, TicketFacts
from maildesk.model.ticket import Role, Visibility
from maildesk.store.said import last_reply
from maildesk.store.tables import holds, messages, outgoing, outgoing_raws

LETTERS_COMPARED = 3
LETTER_OCTETS = 2_097_152  # the text of a letter comes first, its files behind it
INTERNAL_COMPARED = {Visibility.HELD: 20, Visibility.INTERNAL: 50}  # the newest
INTERNAL_CHARACTERS = 20_000
HELD_AT_MOST = 50


def for_agent(
    connection: Connection,
    facts: TicketFacts,
    mail: InboundMail,
    keys: Collection[str],
    *,
    released: int | None = None,
) -> TicketFacts:
    """The facts with all that the mail of the agent at these addresses asks for: the letters to him
    that it answers, else the newest ones, and what was said for agents alone. What the receipt
    `released` brought is his mail itself: a note that he sends after all is no secret to him."""
    own, numbers = list(keys), (facts.ticket.number, *facts.sources)
    ids = [*mail.in_reply_to, *mail.references]
    values = {"tickets": numbers, "keys": own, "ids": ids}
    return replace(
        facts,
        sent=tuple(sent_text(raw) for raw in connection.scalars(_SENT, values)),
        internal=tuple(_internal(connection, numbers, own, released)),
        answered=_answered(connection, numbers, own, ids),
        last_reply=last_reply(connection, *numbers),
        held=_held(connection, facts, own),
    )


# --- letters to him -------------------------------------------------------------------------------

_TO_HIM = (
    outgoing.c.ticket.in_(bindparam("tickets", expanding=True)),
    outgoing.c.recipient_key.in_(bindparam("keys", expanding=True)),
)
_IS_NAMED = outgoing.c.message_id.in_(bindparam("ids", expanding=True))
_SENT = (
    select(func.substr(outgoing_raws.c.raw, 1, LETTER_OCTETS, type_=LargeBinary))
    .join(outgoing, outgoing.c.id == outgoing_raws.c.outgoing)
    .where(*_TO_HIM)
    .order_by(_IS_NAMED.desc(), outgoing.c.id.desc())
    .limit(LETTERS_COMPARED)
)
_ANSWERED = (
    select(outgoing.c.kind, outgoing.c.created_at, outgoing.c.notice_key)
    .where(*_TO_HIM, _IS_NAMED)
    .order_by(outgoing.c.id.desc())
    .limit(1)
)
_CAUSE = re.compile(r"\d+ \S+ receipt:(\d+) ")  # as `letters.notice_key` writes it


def _answered(
    connection: Connection, numbers: Sequence[int], keys: Sequence[str], ids: Sequence[str]
) -> SentLetter | None:
    """The newest letter to him that the mail names in In-Reply-To or References."""
    if not ids:
        return None
    values = {"tickets": numbers, "keys": keys, "ids": ids}
    row = connection.execute(_ANSWERED, values).one_or_none()
    if row is None:
        return None
    cause = _CAUSE.match(row.notice_key)
    return SentLetter(row.kind, row.created_at, int(cause[1]) if cause else None)


# --- what is not public ---------------------------------------------------------------------------

# By their numbers first: to sort the messages of several tickets with their texts would read all.
_NEWEST = (
    select(messages.c.id)
    .where(
        messages.c.ticket.in_(bindparam("tickets", expanding=True)),
        messages.c.visibility == bindparam("visibility"),
    )
    .order_by(messages.c.id.desc())
    .limit(bindparam("at_most"))
)
_WORDS = (
    select(messages.c.receipt, messages.c.author_address, messages.c.text, messages.c.reply)
    .where(messages.c.id.in_(_NEWEST))
    .order_by(messages.c.id.desc())
)
_HELD = (
    select(
        messages.c.receipt,
        messages.c.author_name,
        messages.c.author_address,
        messages.c.at,
        messages.c.level,
    )
    .where(
        messages.c.ticket == bindparam("ticket"),
        messages.c.visibility == str(Visibility.HELD),
        messages.c.receipt.is_not(None),
        ~exists().where(holds.c.receipt == messages.c.receipt),
    )
    .order_by(messages.c.id.desc())
    .limit(HELD_AT_MOST)
)


def _internal(
    connection: Connection, numbers: Sequence[int], own: Sequence[str], released: int | None
) -> Iterator[str]:
    """The words of internal and held messages; but a held mail of his own he may send again. Each
    kind has its own limit: strangers' mail that is held shall push no note out."""
    for visibility, at_most in INTERNAL_COMPARED.items():
        values = {"tickets": numbers, "visibility": str(visibility), "at_most": at_most}
        for row in connection.execute(_WORDS, values):
            is_held = visibility is Visibility.HELD
            is_own = is_held and address_key(row.author_address) in own
            if not is_own and (row.receipt is None or row.receipt != released):
                yield cut(row.text, (Span(*pair) for pair in row.reply))[:INTERNAL_CHARACTERS]


def _held(
    connection: Connection, facts: TicketFacts, own: Sequence[str]
) -> tuple[HeldMessage, ...]:
    """What others than agents wrote and nobody has admitted. An agent's held mail has a hold, or
    is from an address that the ticket knows as an agent's."""
    agents = {party.address.key for party in facts.parties if party.role is Role.AGENT}.union(own)
    rows = connection.execute(_HELD, {"ticket": facts.ticket.number}).all()
    return tuple(
        HeldMessage(
            receipt=row.receipt,
            author=Address(row.author_name, row.author_address),
            at=row.at,
            level=Level(row.level),
        )
        for row in reversed(rows)
        if address_key(row.author_address) not in agents
    )
