"""What the store knows for a morning's digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maildesk.mail.message import Address
from maildesk.model.facts import TicketLine


@dataclass(frozen=True, slots=True)
class Listed:
    """A ticket in a digest, and the queue whose address speaks for it."""

    line: TicketLine
    queue: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The tickets that come first, next due first, and how many there are in all: `overdue`, due
    `today`, and `untaken` of the rest."""

    cases: tuple[Listed, ...] = ()
    total: int = 0
    overdue: int = 0
    today: int = 0
    untaken: int = 0


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A mail that waits for an agent's word. `author` is whoever wrote it, where that is not the
    agent himself; of his own one, `question` is what he was asked."""

    receipt: int
    at: datetime
    case: Listed
    author: Address | None = None
    question: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartyNumber:
    """The number that names a reader in a ticket; `is_new`: it is free, he is no party yet."""

    number: int
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """All that a digest is made of. `listing` are the tickets of its reader, be it an agent or a
    team; `untaken` those of his teams that nobody has; `missed` those whose promise was missed
    since the last digest, `since`; `half_gone` those that have used half of a promise's time.
    `parties` is who the reader is in each ticket, by its number."""

    since: datetime
    held: tuple[HeldBack, ...] = ()
    listing: Listing = Listing()
    untaken: Listing = Listing()
    missed: tuple[Listed, ...] = ()
    half_gone: frozenset[int] = frozenset()
    parties: Mapping[int, PartyNumber] = field(default_factory=dict)

    @property
    def cases(self) -> tuple[Listed, ...]:
        """Every ticket that stands in it."""
        held = (mail.case for mail in self.held)
        return (*held, *self.listing.cases, *self.untaken.cases, *self.missed)
