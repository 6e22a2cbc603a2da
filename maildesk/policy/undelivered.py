"""Our own mail that the next server refuses or does not take in time: what the ticket notes of it,
and who hears of it. Bounces, which come by mail, are `automatic_mail`'s."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import (
    Automatic,
    AutomaticKind,
    DeliveryReport,
    InboundMail,
    ReportedRecipient,
)
from maildesk.model.changes import NoteDelivery
from maildesk.model.facts import Facts, TicketFacts, Trust
from maildesk.model.plan import Alert, Audience, Disposition, Match, Plan
from maildesk.policy import notices
from maildesk.policy.draft import Draft
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival

_REPLY = re.compile(r"(?<![\d.])[45]\d\d[ -](?P<status>[45]\.\d{1,3}\.\d{1,3}\b)?")


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A letter that has `failed` for good, or is `delayed`; `cause` names the occasion, `text` is
    what the next server said, or why it could not be asked."""

    cause: str
    address: str
    audience: str
    state: str
    text: str


def note_undelivered(lost: Undelivered, ticket: TicketFacts, rules: Rules, now: datetime) -> Plan:
    """Note it on the ticket; tell those who answer for it, or the admins of an agent's mail."""
    draft = _draft(lost, ticket, rules, now)
    number = ticket.ticket.number
    draft.changes.append(NoteDelivery(number, lost.address, lost.state, lost.text))
    reply = _REPLY.search(lost.text)
    if lost.audience == Audience.REQUESTER:
        # While the smarthost is away every mail is late: of that the admins are told, once.
        if lost.state == "failed" or reply:
            status = (reply and reply["status"]) or ""
            recipient = ReportedRecipient(lost.address, status, lost.state)
            notices.tell_agents_bounced(draft, DeliveryReport((recipient,)), lost.text)
    elif lost.state == "failed":
        draft.alerts.append(refused_alert(lost.address, lost.text))
    plan = draft.plan(Disposition.BOUNCE)
    notices_of_ours = tuple(replace(notice, cause=lost.cause) for notice in plan.notices)
    # It rests on nothing that a mail could have changed meanwhile.
    return replace(plan, notices=notices_of_ours, versions={})


def refused_alert(address: str, text: str) -> Alert:
    """One for each domain: where a whole company refuses us, its agents are not told one by one."""
    domain = address.rpartition("@")[2].lower()
    return Alert(f"refused:{domain}", f"Mail to {address} was not delivered", text)


def _draft(lost: Undelivered, ticket: TicketFacts, rules: Rules, now: datetime) -> Draft:
    """A draft that no mail caused: it stands in for one without a sender."""
    number = ticket.ticket.number
    arrival = Arrival(
        mail=InboundMail(size=0, content_key=lost.cause),
        envelope=Envelope(Source.PIPE, ""),
        trust=Trust(),
        facts=Facts(tickets={number: ticket}),
        rules=rules,
        now=now,
        written_at=now,
    )
    return Draft(arrival, Automatic(AutomaticKind.OWN), Match(number), ticket)
