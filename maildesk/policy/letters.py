"""A letter on its way to a `Notice`: headers, reply address, and what its template sees."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from maildesk.mail.identifiers import (
    Purpose,
    base_subject,
    new_marker,
    new_message_id,
)
from maildesk.mail.marker import marker_line
from maildesk.mail.message import Address, Attachment, cut
from maildesk.model.facts import StoredFile
from maildesk.model.plan import Audience, Notice
from maildesk.model.ticket import Party, Role, Ticket
from maildesk.policy.draft import Draft, author_of
from maildesk.policy.due.outlook import next_due_at
from maildesk.policy.due.paging import USEFUL_FOR
from maildesk.policy.lifecycle import OVER
from maildesk.policy.reply_links import command_links, proving_address
from maildesk.policy.rules import Agent

NAME_CHARACTERS = 100
REFERENCES = 20  # ids in References: the first and the last ones

NO_SUBJECT = "(no subject)"
AUTO_REPLIED = "auto-replied"
AUTO_GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True)
class Letter:
    """What differs from notice to notice. An empty `subject` is the ticket's own. `topic` tells
    letters of one kind and one occasion apart; `hold` is the receipt of the held mail that an
    answer decides on."""

    kind: str
    audience: Audience
    purpose: Purpose
    sender: Address
    facts: Mapping[str, object] = field(default_factory=dict)
    auto_submitted: str = AUTO_GENERATED
    subject: str = ""
    files: tuple[str, ...] = ()
    left_out: tuple[Attachment, ...] = ()  # files that are named and do not ride
    stored_files: tuple[StoredFile, ...] = ()
    topic: str = ""
    hold: int = 0
    is_answer: bool = False
    is_unverified: bool = False
    is_nameless: bool = False  # the reader's name is not said: who gave it is not believed
    template: str = ""  # takes the place of the kind's own
    is_wordless: bool = False  # what the mail says is not said in it
    offers: tuple[str, ...] = ()  # what an agent may answer in a word; empty: what fits the case
    pager: str = ""  # the address that it goes to, in place of its reader's own


def write_agent(draft: Draft, agent: Agent, letter: Letter) -> None:
    """Write the letter to an agent's first address; it makes the agent a party of the ticket, if it
    is about one."""
    address = Address(agent.name, agent.addresses[0])
    has_ticket = draft.ticket.number > 0
    party = draft.add_party(address, Role.AGENT) if has_ticket else Party(0, address, Role.AGENT)
    write(draft, party, letter)


def write(draft: Draft, party: Party, letter: Letter) -> None:
    """Add the notice to the draft; a party without number gets no reply address, nor does a letter
    that belongs to no ticket."""
    arrival, number = draft.arrival, draft.ticket.number
    rules, now = arrival.rules, arrival.written_at
    to = Address(
        "" if letter.is_nameless else _greeted(party), letter.pager or party.mailbox.address
    )
    seed = f"{arrival.facts.receipt}|{arrival.mail.content_key}|{letter.kind}{letter.topic}"
    own = {to.key} if letter.pager else {party.address.key, party.mailbox.key}
    in_reply_to, references = _ancestry(draft, own)
    reply_to = _reply_to(draft, party, letter)
    draft.notices.append(
        Notice(
            kind=letter.kind,
            audience=letter.audience,
            ticket=number or None,
            cause=":".join(filter(None, [f"receipt:{arrival.facts.receipt}", letter.topic])),
            to=to,
            sender=letter.sender,
            reply_to=reply_to,
            subject=letter.subject or _subject(draft),
            message_id=new_message_id(rules.reply, number, f"{seed}|{to.key}", now),
            in_reply_to=in_reply_to,
            references=references,
            facts=_facts(draft, to, letter, _links(draft, letter, reply_to)),
            auto_submitted=letter.auto_submitted,
            language=draft.queue.language,
            timezone=_timezone(draft, party),
            reverse_path=_reverse_path(draft, party, letter),
            files=letter.files,
            stored_files=letter.stored_files,
            is_answer=letter.is_answer,
            is_unverified=letter.is_unverified,
            template=letter.template,
            useful_for=USEFUL_FOR if letter.pager else None,
        )
    )


def _subject(draft: Draft) -> str:
    words = f"Re: {_own_subject(draft) or NO_SUBJECT}"
    return f"{words} [#{draft.ticket.number}]" if draft.ticket.number else words


def _reply_to(draft: Draft, party: Party, letter: Letter) -> Address | None:
    if not (party.number and draft.ticket.number):
        return None
    return _token_address(draft, party, letter.purpose, letter.hold)


def _token_address(draft: Draft, party: Party, purpose: Purpose, hold: int = 0) -> Address:
    rules, number, now = draft.arrival.rules, draft.ticket.number, draft.arrival.written_at
    return proving_address(rules, draft.queue, number, party, purpose, now, hold)


def _links(draft: Draft, letter: Letter, reply_to: Address | None) -> list[dict[str, str]]:
    """The commands that fit, each as a mail that only has to be sent."""
    if letter.audience is not Audience.AGENT or reply_to is None:
        return []
    bodies = letter.offers or fitting(draft.ticket)
    return command_links(reply_to.address, _subject(draft), bodies)


def _reverse_path(draft: Draft, party: Party, letter: Letter) -> str:
    """Return a bounce token; the null sender for automatic answers (RFC 3834 section 3.3)."""
    if letter.auto_submitted == AUTO_REPLIED or not (party.number and draft.ticket.number):
        return ""
    return _token_address(draft, party, Purpose.BOUNCE).address


def _ancestry(draft: Draft, keys: Set[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return In-Reply-To and References: only ids that the recipient with these address keys sent
    or got."""
    own = [item.message_id for item in draft.thread if keys & item.holders]
    if len(own) > REFERENCES:
        own = [own[0], *own[1 - REFERENCES :]]
    return (own[-1] if own else None), tuple(own)


def _greeted(party: Party) -> str:
    """Return the name that a reader is called by; an address is none."""
    return "" if "@" in party.mailbox.name else party.mailbox.name


def plain_name(address: Address) -> str:
    """Return a name to show, "" if there is none; one with an @ could be taken for an address."""
    name = address.name.replace("@", " at ")
    return name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"


def label(address: Address) -> str:
    """Return what somebody is called in our words."""
    return plain_name(address) or address.address


def _timezone(draft: Draft, party: Party) -> str:
    rules = draft.arrival.rules
    agent = rules.agent_at(party.address.address) if party.role is Role.AGENT else None
    return (agent.timezone if agent else draft.queue.timezone) or rules.timezone


def _own_subject(draft: Draft) -> str:
    return base_subject(draft.ticket.subject)


# --- what templates see -------------------------------------------------------------------------


def fitting(ticket: Ticket) -> tuple[str, ...]:
    """Return the commands that fit a case as it stands."""
    if ticket.status in OVER:
        return ("#reopen", "#status", "#help")
    take = () if ticket.assignee else ("#take",)
    return (*take, "#solve", "#wait 2d", "#status", "#help")


def _facts(
    draft: Draft, to: Address, letter: Letter, links: list[dict[str, str]]
) -> dict[str, object]:
    arrival, match = draft.arrival, draft.match
    facts: dict[str, object] = {
        "desk": {"name": draft.queue.name, "address": draft.queue.addresses[0]},
        "reader": {"name": to.name},
        "ticket": _ticket_facts(draft) if draft.ticket.number else None,
        "mail": _mail_facts(draft, letter),
        "agent": None,
        "reply_goes": "",
        "others": [],
        "reason": "",
        "reasons": [],
        "earlier": [
            {
                "number": t.number,
                "subject": t.subject,
                "status": t.status,
                "created_at": t.created_at,
            }
            for t in arrival.facts.earlier_tickets
            if t.number != draft.ticket.number
        ],
        "hint": match.hint or match.follows,
        "follows": match.follows,
        "suggests": list(match.suggests),
        "marker": marker_line(draft.queue.language),
        "reference": _reference(draft),
        "full": True,
        "quote": "",
        "quote_author": "",
        "quote_at": None,
        "recipients": [],
        "words": "",
        "closes_at": None,
        "opened_by": "",
        "commands": links,
    }
    return facts | dict(letter.facts)


def _reference(draft: Draft) -> str:
    """Return the mark that an answer is known by, if there is a case to know."""
    number, arrival = draft.ticket.number, draft.arrival
    return new_marker(arrival.rules.reply, number, arrival.written_at) if number else ""


def _ticket_facts(draft: Draft) -> dict[str, object]:
    ticket, rules = draft.ticket, draft.arrival.rules
    assignee = rules.agent(ticket.assignee) if ticket.assignee else None
    return {
        "number": ticket.number,
        "subject": _own_subject(draft),
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "type": str(ticket.type),
        "queue": ticket.queue,
        "team": ticket.team,
        "assignee": assignee.name if assignee else None,
        "away_until": draft.arrival.facts.absent.get(ticket.assignee or ""),
        "requester": person_facts(draft, ticket.requester),
        "created_at": ticket.created_at,
        "due_at": next_due_at(draft),
        "title": ticket.title,
        "wake_at": ticket.wake_at,
    }


def _mail_facts(draft: Draft, letter: Letter) -> dict[str, object]:
    arrival = draft.arrival
    mail, author = arrival.mail, author_of(arrival)
    return {
        "author": person_facts(draft, author),
        "subject": mail.subject,
        "text": "" if letter.is_wordless else cut(mail.text, mail.reply),
        "quoted": cut(mail.text, mail.quoted),
        "files": [file_facts(attachment) for attachment in mail.attachments],
        "left_out": [file_facts(attachment) for attachment in letter.left_out],
        "at": arrival.now,
        "trust": str(arrival.trust.level),
        "evidence": [*arrival.trust.evidence, *_proof(draft)],
    }


def _proof(draft: Draft) -> list[str]:
    """Return what the sender's own reply address says for him."""
    return ["it came to the sender's own reply address"] if draft.match.token_purpose else []


def person_facts(draft: Draft, address: Address) -> dict[str, object]:
    """Return what templates see of somebody."""
    organisation = draft.arrival.rules.organisation_of(address.address)
    return {
        "name": plain_name(address),
        "address": address.address,
        "organisation": organisation.name if organisation else "",
    }


def file_facts(attachment: Attachment) -> dict[str, object]:
    """Return what templates see of a file."""
    return {"filename": attachment.filename, "size": attachment.size}
