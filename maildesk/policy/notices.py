"""Who is told what. Each public function writes the letters of one occasion into a draft.

A `Notice` is everything of a mail but its wording, which stands in `templates/<language>/`.
To add a notice: a function here, a template there, a line in docs/notices.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from maildesk.mail.identifiers import (
    Purpose,
    base_subject,
    new_marker,
    new_message_id,
    reply_address,
    sign,
)
from maildesk.mail.message import Address, Attachment, DeliveryReport, cut
from maildesk.model.plan import Alert, Audience, Level, Notice
from maildesk.model.ticket import Party, Role
from maildesk.policy.draft import Draft, author_of
from maildesk.policy.governor import is_proved, refusal, unproved_refusal
from maildesk.policy.rules import Agent

REFERENCES = 20  # ids in References: the first and the last ones
AGENT_FILES_BYTES = 15_000_000  # what rides on a mail to an agent

_AUTO_REPLIED = "auto-replied"
_AUTO_GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True)
class Letter:
    """What differs from notice to notice. An empty `subject` is the ticket's own."""

    kind: str
    audience: Audience
    purpose: Purpose
    sender: Address
    facts: Mapping[str, object] = field(default_factory=dict)
    auto_submitted: str = _AUTO_GENERATED
    subject: str = ""
    files: tuple[str, ...] = ()
    is_answer: bool = False
    is_unverified: bool = False
    is_new_root: bool = False  # of a thread of its own


# --- occasions ----------------------------------------------------------------------------------


def acknowledge(draft: Draft, requester: Party) -> None:
    """Tell the requester that the mail is here, as far as the sender is believed."""
    arrival = draft.arrival
    rules, facts, now = arrival.rules.acknowledge, arrival.facts, arrival.now
    if not draft.automatic.is_answerable or arrival.trust.level is Level.VX:
        draft.reasons.append("no acknowledgement: " + _why_silent(draft))
        return
    proved = is_proved(arrival.trust.level, facts)
    address = requester.address.key
    stop = refusal("received", address, draft.ticket.number, facts.answers, now)
    if stop:
        draft.alerts.append(Alert(f"governor:{address}", "Automatic answers stopped", stop))
    else:
        stop = None if proved else unproved_refusal(rules, address, facts, now)
    if stop:
        draft.reasons.append(f"no acknowledgement: {stop}")
        return
    full = proved or rules.unverified == "full"
    letter = Letter(
        kind="received",
        audience=Audience.REQUESTER,
        purpose=Purpose.PARTICIPANT,
        sender=_desk(draft),
        facts={"full": full},
        auto_submitted=_AUTO_REPLIED,
        subject="" if full else f"Your request [#{draft.ticket.number}]",
        is_answer=True,
        is_unverified=not proved,
    )
    _write(draft, requester, letter)


def tell_agents(draft: Draft, kind: str, reason: str = "") -> None:
    """Tell whoever answers for the ticket of the requester's words, files with them."""
    riding, left = _fitting(draft.arrival.mail.attachments)
    letter = Letter(
        kind=kind,
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=_on_behalf(draft),
        facts={
            "reply_goes": draft.ticket.requester.label,
            "left_out": [_file(attachment) for attachment in left],
            "reason": reason,
        },
        files=tuple(attachment.part for attachment in riding),
    )
    for agent in responsible(draft):
        _write_agent(draft, agent, letter)


def tell_agents_held(draft: Draft, reason: str) -> None:
    """Tell whoever answers for the ticket that a mail is held, and why; answers stay internal."""
    letter = _held(draft, reason)
    for agent in responsible(draft):
        _write_agent(draft, agent, letter)


def tell_author_held(draft: Draft, agent: Agent, reason: str) -> None:
    """Tell the registered address of an agent that a mail in his name is held, and why."""
    _write_agent(draft, agent, _held(draft, reason))


def tell_stranger(draft: Draft) -> None:
    """Tell a proved stranger who holds a right reply address that a colleague looks first."""
    arrival = draft.arrival
    sender = arrival.mail.sender
    if sender is None or not is_proved(arrival.trust.level, arrival.facts):
        return
    if not draft.automatic.is_answerable or refusal(
        "unknown_address", sender.key, draft.ticket.number, arrival.facts.answers, arrival.now
    ):
        return
    letter = Letter(
        kind="unknown_address",
        audience=Audience.REQUESTER,
        purpose=Purpose.PARTICIPANT,
        sender=_desk(draft),
        auto_submitted=_AUTO_REPLIED,
        subject=f"Re: {base_subject(arrival.mail.subject)}",
        is_answer=True,
    )
    # No token: the address given here must prove nothing about the case.
    _write(draft, Party(0, sender, Role.KNOWN), letter)


def send_reply(draft: Draft, agent: Agent) -> list[Party]:
    """Send an agent's words to the requester and the participants; return who gets them."""
    mail = draft.arrival.mail
    named = {address.key for address in (*mail.to, *mail.cc)}
    parties = [
        party
        for party in draft.parties(Role.REQUESTER, Role.PARTICIPANT)
        if party.address.key not in named and party.address.address not in agent.addresses
    ]
    said = draft.facts.last_said
    facts = {
        "agent": {"name": agent.name},
        "quote": said.text if said else "",
        "quote_author": said.author.label if said else "",
        "quote_at": said.at if said else None,
    }
    for party in parties:
        others = [other.address.label for other in parties if other is not party]
        letter = Letter(
            kind="reply",
            audience=Audience.REQUESTER,
            purpose=Purpose.PARTICIPANT,
            sender=Address(f"{agent.name} ({draft.queue.name})", draft.queue.addresses[0]),
            facts=facts | {"others": others},
            auto_submitted="",
            files=tuple(attachment.part for attachment in mail.attachments),
        )
        _write(draft, party, letter)
    return parties


def tell_agents_bounced(draft: Draft, report: DeliveryReport) -> None:
    """Tell whoever answers for the ticket that our mail did not arrive."""
    recipients = [
        {"address": r.address, "status": r.status, "action": r.action} for r in report.recipients
    ]
    bounced = {recipient.address.lower() for recipient in report.recipients}
    letter = Letter(
        kind="bounced",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=_desk(draft),
        facts={"recipients": recipients},
    )
    for agent in responsible(draft):
        # An agent whose own mail bounces is told by nobody's mail: that would never end.
        if not bounced & {address.lower() for address in agent.addresses}:
            _write_agent(draft, agent, letter)


# --- who answers for a ticket -------------------------------------------------------------------


def responsible(draft: Draft) -> list[Agent]:
    """Return the assignee, else the team, else every agent: somebody always hears of a mail.

    Nobody is told of his own mail, unless nobody else is there.
    """
    rules, ticket = draft.arrival.rules, draft.ticket
    assignee = rules.agent(ticket.assignee) if ticket.assignee else None
    team = [assignee] if assignee else list(rules.members(ticket.team)) or list(rules.agents)
    author = rules.agent_at(author_of(draft.arrival).address)
    return [agent for agent in team if agent != author] or team


# --- writing ------------------------------------------------------------------------------------


def _write_agent(draft: Draft, agent: Agent, letter: Letter) -> None:
    party = draft.add_party(Address(agent.name, agent.addresses[0]), Role.AGENT)
    _write(draft, party, letter)


def _write(draft: Draft, party: Party, letter: Letter) -> None:
    arrival, ticket = draft.arrival, draft.ticket
    rules, now = arrival.rules, arrival.now
    to = party.mailbox
    seed = f"{arrival.facts.receipt}|{arrival.mail.content_key}|{letter.kind}|{to.key}"
    in_reply_to, references = _ancestry(draft, party)
    draft.notices.append(
        Notice(
            kind=letter.kind,
            audience=letter.audience,
            ticket=ticket.number,
            cause=f"receipt:{arrival.facts.receipt}",
            to=to,
            sender=letter.sender,
            reply_to=_token_address(draft, party, letter.purpose) if party.number else None,
            subject=letter.subject or f"Re: {_own_subject(draft)} [#{ticket.number}]",
            message_id=new_message_id(rules.reply, ticket.number, seed, now),
            in_reply_to=in_reply_to,
            references=references,
            facts=_facts(draft, to, letter),
            auto_submitted=letter.auto_submitted,
            language=draft.queue.language,
            timezone=_timezone(draft, party),
            reverse_path=_reverse_path(draft, party, letter),
            files=letter.files,
            is_answer=letter.is_answer,
            is_unverified=letter.is_unverified,
        )
    )


def _token_address(draft: Draft, party: Party, purpose: Purpose) -> Address:
    rules, queue = draft.arrival.rules, draft.queue
    token = sign(
        rules.reply,
        draft.ticket.number,
        str(party.number),
        purpose,
        party.address.key,
        draft.arrival.now,
    )
    return Address(queue.name, reply_address(rules.reply, queue.addresses[0], token))


def _reverse_path(draft: Draft, party: Party, letter: Letter) -> str:
    """Return a bounce token; the null sender for automatic answers (RFC 3834 section 3.3)."""
    if letter.is_answer or not party.number:
        return ""
    return _token_address(draft, party, Purpose.BOUNCE).address


def _ancestry(draft: Draft, party: Party) -> tuple[str | None, tuple[str, ...]]:
    """Return In-Reply-To and References: only ids that this recipient sent or got."""
    own = [item.message_id for item in draft.thread if party.address.key in item.holders]
    if len(own) > REFERENCES:
        own = [own[0], *own[1 - REFERENCES :]]
    return (own[-1] if own else None), tuple(own)


def _own_subject(draft: Draft) -> str:
    return base_subject(draft.ticket.subject) or "(no subject)"


def _desk(draft: Draft) -> Address:
    return Address(draft.queue.name, draft.queue.addresses[0])


def _on_behalf(draft: Draft) -> Address:
    author = author_of(draft.arrival)
    return Address(f"{plain_name(author)} via {draft.queue.name}", draft.queue.addresses[0])


def _held(draft: Draft, reason: str) -> Letter:
    return Letter(
        kind="held",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=_desk(draft),
        facts={"reason": reason, "reply_goes": ""},
    )


def plain_name(address: Address) -> str:
    """Return a name to show; one that holds an @ could be taken for an address."""
    return (address.name or address.address).replace("@", " at ")


def _timezone(draft: Draft, party: Party) -> str:
    rules = draft.arrival.rules
    agent = rules.agent_at(party.address.address) if party.role is Role.AGENT else None
    return (agent.timezone if agent else draft.queue.timezone) or rules.timezone


def _fitting(attachments: Iterable[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """Return the files that ride on a mail to an agent, and those that are only named."""
    riding: list[Attachment] = []
    left: list[Attachment] = []
    room = AGENT_FILES_BYTES
    for attachment in attachments:
        (riding if attachment.size <= room else left).append(attachment)
        room -= attachment.size if attachment.size <= room else 0
    return riding, left


def _why_silent(draft: Draft) -> str:
    return "; ".join(draft.automatic.evidence) or "the sender may be forged"


# --- what templates see -------------------------------------------------------------------------


def _facts(draft: Draft, to: Address, letter: Letter) -> dict[str, object]:
    arrival, match = draft.arrival, draft.match
    facts: dict[str, object] = {
        "desk": {"name": draft.queue.name, "address": draft.queue.addresses[0]},
        "reader": {"name": to.name},
        "ticket": _ticket_facts(draft),
        "mail": _mail_facts(draft),
        "agent": None,
        "reply_goes": "",
        "others": [],
        "reason": "",
        "reasons": [],
        "left_out": [],
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
        "suggests": list(match.suggests),
        "reference": new_marker(arrival.rules.reply, draft.ticket.number, arrival.now),
        "full": True,
        "quote": "",
        "quote_author": "",
        "quote_at": None,
        "recipients": [],
    }
    return facts | dict(letter.facts)


def _ticket_facts(draft: Draft) -> dict[str, object]:
    ticket, rules = draft.ticket, draft.arrival.rules
    assignee = rules.agent(ticket.assignee) if ticket.assignee else None
    organisation = rules.organisation_of(ticket.requester.address)
    return {
        "number": ticket.number,
        "subject": _own_subject(draft),
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "type": str(ticket.type),
        "queue": ticket.queue,
        "team": ticket.team,
        "assignee": assignee.name if assignee else None,
        "requester": {
            "name": plain_name(ticket.requester),
            "address": ticket.requester.address,
            "organisation": organisation.name if organisation else "",
        },
        "created_at": ticket.created_at,
    }


def _mail_facts(draft: Draft) -> dict[str, object]:
    arrival = draft.arrival
    mail, author = arrival.mail, author_of(arrival)
    return {
        "author": {"name": plain_name(author), "address": author.address},
        "subject": mail.subject,
        "text": cut(mail.text, mail.reply),
        "quoted": cut(mail.text, mail.quoted),
        "files": [_file(attachment) for attachment in mail.attachments],
        "at": arrival.now,
        "trust": str(arrival.trust.level),
        "evidence": list(arrival.trust.evidence),
    }


def _file(attachment: Attachment) -> dict[str, object]:
    return {"filename": attachment.filename, "size": attachment.size}
