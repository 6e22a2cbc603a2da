"""The words of `when:`. Each is the name of a field and how it is compared: `subject_contains`.

    _is, _in        the whole of it, in any case; `_in` takes a list
    _contains       a part of it, in any case
    _matches        a regular expression finds something in it (RE2; its case counts: `(?i)`)
    _over           more than a number
    _longer_than, _within    a length of time

A field with several values (`recipient`, `tag`) fits where one of them does. `all`, `any` and `not`
join conditions; several side by side must all hold. To add a field, write a function here: what it
returns is compared, its docstring is its line in docs/routing.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from maildesk.mail.identifiers import is_reply_subject
from maildesk.mail.message import AutomaticKind
from maildesk.model.facts import Level
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.policy.routing import comparisons, time_comparisons
from maildesk.policy.routing.comparisons import Comparison
from maildesk.policy.routing.rule import View
from maildesk.policy.routing.rule_words import Shape

Read = TypeVar("Read", bound=Callable[[View], object])

NOBODY = "none"  # what `assignee` and `organisation` say where there is none
SEEN_CHARACTERS = 1024 * 1024  # of a mail's text


@dataclass(frozen=True)
class Field:
    """What can be compared. `comparisons` by the ending of the word (`_is`; "" for a field that
    stands alone); `is_for`: mail, tickets (rules with `every`), or both."""

    name: str
    description: str
    read: Callable[[View], object]
    comparisons: Mapping[str, Comparison]
    is_for: str
    is_settled: bool  # rules that come first may alter it

    @property
    def words(self) -> tuple[str, ...]:
        """The conditions that ask for it, as `subject_is`."""
        return tuple(self.name + ending for ending in self.comparisons)

    def shape(self, word: str) -> Shape:
        """What may stand behind one of its words."""
        return self.comparisons[word.removeprefix(self.name)].shape


FIELDS: dict[str, Field] = {}
MAIL, TICKET, BOTH = "mail", "ticket", "both"


def condition(
    comparisons: Mapping[str, Comparison], *, of: str = MAIL, is_settled: bool = False
) -> Callable[[Read], Read]:
    """Make a function of a view a field that rules can ask for."""

    def add(read: Read) -> Read:
        name = read.__name__.rstrip("_")
        words = " ".join((read.__doc__ or "").split())
        FIELDS[name] = Field(name, words, read, comparisons, of, is_settled)
        return read

    return add


# --- people -------------------------------------------------------------------------------------


@condition(comparisons.ADDRESSES, of=BOTH)
def sender(view: View) -> Iterable[str]:
    """The address in From; of a ticket, its requester's."""
    if view.mail is None:
        return comparisons.addresses([view.ticket.requester.key])
    return comparisons.addresses(person.address for person in view.mail.senders)


@condition(comparisons.DOMAINS, of=BOTH)
def sender_domain(view: View) -> Iterable[str]:
    """The domain of the address in From. With a dot before it (`.example.com`): the domain and all
    below it; without: exactly this one."""
    return [address.rpartition("@")[2] for address in sender(view)]


@condition(comparisons.ADDRESSES)
def recipient(view: View) -> Iterable[str]:
    """Whom the mail was sent to: To, and the addresses that it was delivered to."""
    if view.mail is None:
        return []
    return comparisons.addresses(
        [*(person.address for person in view.mail.to), *view.mail.delivered_to, *view.recipients]
    )


@condition(comparisons.ADDRESSES)
def cc(view: View) -> Iterable[str]:
    """The addresses in Cc."""
    return comparisons.addresses(one.address for one in view.mail.cc) if view.mail else []


@condition(comparisons.names("organisation", NOBODY), of=BOTH)
def organisation(view: View) -> Iterable[str]:
    """The organisation of people.yaml that the sender belongs to, by its handle; `none` if to
    none."""
    found = (view.rules.organisation_of(address) for address in sender(view))
    return [next((one.handle for one in found if one), NOBODY)]


@condition(comparisons.CHOICES("level", Level))
def level(view: View) -> Iterable[str]:
    """How far the address in From is proved: V0 not at all, V1 its domain sent it, V2 fully, VX
    forged."""
    return [view.level]


@condition(comparisons.COUNTS)
def open_tickets(view: View) -> int | None:
    """How many open tickets the sender has already."""
    return view.facts.open_tickets


# --- what the mail says -------------------------------------------------------------------------


@condition(comparisons.TEXTS, of=BOTH)
def subject(view: View) -> Iterable[str]:
    """The subject, as the sender wrote it (with `Re:` and the like)."""
    return [view.mail.subject if view.mail else view.ticket.subject]


@condition(comparisons.TEXTS)
def body(view: View) -> Iterable[str]:
    """What the sender wrote now: no quotes, no signature; of a forwarded mail, that mail. Of a very
    long text the first 1 MiB."""
    return [view.mail.new_text[:SEEN_CHARACTERS]] if view.mail else []


@condition(comparisons.HEADERS)
def header(view: View) -> Mapping[str, list[str]]:
    """A header field, by its name: `header_contains: {X-Mailer: printer}`; with several names all
    must fit. `header: {X-Spam-Flag: "YES"}` is short for `header_is`."""
    found: dict[str, list[str]] = {}
    for name, value in view.mail.headers if view.mail else ():
        found.setdefault(name.lower(), []).append(value)
    return found


@condition(comparisons.TEXTS)
def attachment_name(view: View) -> Iterable[str]:
    """The file name of an attachment."""
    return [file.filename for file in view.mail.attachments] if view.mail else []


@condition(comparisons.TEXTS)
def attachment_type(view: View) -> Iterable[str]:
    """The media type of an attachment, as in `application/pdf`."""
    return [file.content_type for file in view.mail.attachments] if view.mail else []


@condition(comparisons.SIZES)
def size(view: View) -> int | None:
    """The size of the whole mail, in bytes or as in `5 MB`."""
    return view.mail.size if view.mail else None


@condition(comparisons.TEXTS, of=BOTH)
def language(view: View) -> Iterable[str]:
    """The language that the mail is written in, as in `en` or `zh`; `none` if nobody can tell."""
    if view.mail is None:
        return [view.ticket.language]
    known = (view.mail.language or NOBODY).lower()
    return list(dict.fromkeys([known, known.partition("-")[0]]))


@condition(comparisons.CHOICES("kind of mail", AutomaticKind))
def automatic(view: View) -> Iterable[str]:
    """Who wrote it if no person did: `auto-generated`, `list`, `bulk`; `none` for a person."""
    return [view.automatic.kind]


@condition(comparisons.FLAGS)
def is_reply(view: View) -> bool:
    """Whether the mail answers another one, going by its header fields and its subject. What
    answers a mail of ours belongs to a ticket already, and is not routed."""
    mail = view.mail
    return bool(mail and (mail.in_reply_to or mail.references or is_reply_subject(mail.subject)))


# --- the ticket, as the rules before have made it -----------------------------------------------


@condition(comparisons.names("queue"), of=BOTH, is_settled=True)
def queue(view: View) -> Iterable[str]:
    """The queue: that of the address, or where a rule before has put it."""
    return [view.ticket.queue]


@condition(comparisons.names("team"), of=BOTH, is_settled=True)
def team(view: View) -> Iterable[str]:
    """The team: that of the queue, or the one of a rule before."""
    return [view.ticket.team]


@condition(comparisons.CHOICES("type", TicketType), of=BOTH, is_settled=True)
def type_(view: View) -> Iterable[str]:
    """The type: incident, unless a rule before says otherwise."""
    return [view.ticket.type]


@condition(comparisons.CHOICES("status", Status), of=BOTH, is_settled=True)
def status(view: View) -> Iterable[str]:
    """The status; of a new mail it is `new`, unless a rule before solves or holds it."""
    return [view.ticket.status]


@condition(comparisons.CHOICES("priority", Priority), of=BOTH, is_settled=True)
def priority(view: View) -> Iterable[str]:
    """The priority: P3, unless a rule before says otherwise."""
    return [view.ticket.priority]


@condition(comparisons.TEXTS, of=BOTH, is_settled=True)
def tag(view: View) -> Iterable[str]:
    """A tag."""
    return view.ticket.tags


@condition(comparisons.names("agent", NOBODY), of=BOTH, is_settled=True)
def assignee(view: View) -> Iterable[str]:
    """The handle of the agent who owns the ticket; `none` if nobody does."""
    return [view.ticket.assignee or NOBODY]


# --- time ---------------------------------------------------------------------------------------


@condition(time_comparisons.OPENING_HOURS, of=BOTH)
def calendar_open(view: View) -> Callable[[str], bool]:
    """Whether a calendar of sla.yaml is open now: `calendar_open: oslo` names it, `true` and
    `false` ask for the first one. Without calendars the desk is always open."""
    return view.is_open


@condition(time_comparisons.STRETCHES, of=TICKET)
def idle(view: View) -> datetime:
    """How long nobody has said anything: since the last message that the requester wrote or got, or
    since the ticket was opened. Notes and commands are no answer."""
    return view.said_at or view.ticket.created_at


@condition(time_comparisons.STRETCHES, of=TICKET)
def age(view: View) -> datetime:
    """How long ago the ticket was opened."""
    return view.ticket.created_at


@condition(time_comparisons.AHEAD, of=TICKET)
def due(view: View) -> datetime | None:
    """How long until the ticket's next clock ends; one that is over is due within anything."""
    return view.due_at
