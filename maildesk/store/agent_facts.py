"""What an agent's reply is held against before it goes out: see `policy.outgoing`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, LargeBinary, bindparam, func, select

from maildesk.mail.message import InboundMail, Span, address_key, cut
from maildesk.mail.sent import sent_text
from maildesk.model.facts import TicketFacts
from maildesk.model.ticket import Visibility
from maildesk.store.tables import messages, outgoing, outgoing_raws

LETTERS_COMPARED = 3
LETTER_OCTETS = 2_097_152  # the text of a letter comes first, its files behind it
INTERNAL_COMPARED = 50
INTERNAL_CHARACTERS = 20_000

_SENT = (
    select(func.substr(outgoing_raws.c.raw, 1, LETTER_OCTETS, type_=LargeBinary))
    .join(outgoing, outgoing.c.id == outgoing_raws.c.outgoing)
    .where(
        outgoing.c.ticket == bindparam("ticket"),
        outgoing.c.recipient_key.in_(bindparam("keys", expanding=True)),
    )
    .order_by(
        outgoing.c.message_id.in_(bindparam("ids", expanding=True)).desc(), outgoing.c.id.desc()
    )
    .limit(LETTERS_COMPARED)
)
_INTERNAL = (
    select(messages.c.author_address, messages.c.visibility, messages.c.text, messages.c.reply)
    .where(
        messages.c.ticket == bindparam("ticket"),
        messages.c.visibility != str(Visibility.PUBLIC),
    )
    .order_by(messages.c.id.desc())
    .limit(INTERNAL_COMPARED)
)


def with_what_stays_inside(
    connection: Connection, facts: TicketFacts, mail: InboundMail, keys: Iterable[str]
) -> TicketFacts:
    """The facts with what a reply of the agent at these addresses is held against: the letters to
    him that it answers, else the newest ones, and what was said for agents alone."""
    own = list(keys)
    ids = [*mail.in_reply_to, *mail.references]
    values = {"ticket": facts.ticket.number, "keys": own, "ids": ids}
    return replace(
        facts,
        sent=tuple(sent_text(raw) for raw in connection.scalars(_SENT, values)),
        internal=tuple(_internal(connection, facts.ticket.number, own)),
    )


def _internal(connection: Connection, ticket: int, own: Sequence[str]) -> Iterator[str]:
    """The words of internal and held messages; but a held mail of his own he may send again."""
    for row in connection.execute(_INTERNAL, {"ticket": ticket}):
        is_held = row.visibility == str(Visibility.HELD)
        if not (is_held and address_key(row.author_address) in own):
            yield cut(row.text, (Span(*pair) for pair in row.reply))[:INTERNAL_CHARACTERS]
