"""A small desk in values: mails, tickets and rules for decisions without a store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, ReplyAddresses, reply_address, sign
from maildesk.mail.message import Address, InboundMail, Span
from maildesk.model.changes import AddParty
from maildesk.model.facts import Facts, Level, ThreadId, TicketFacts, Trust
from maildesk.model.ticket import Party, Role, Ticket
from maildesk.policy.decide import decide
from maildesk.policy.rules import Acknowledge, Agent, Queue, Rules, Team

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = Address("Ada Berg", "ada@example.org")
KARI = Address("Kari Nordmann", "kari@example.com")
SUPPORT = "support@example.com"
REPLY = ReplyAddresses("example.com", "+", (b"k" * 32,))


class World:
    """Builds values with sensible defaults, and decides."""

    now = NOW
    ada = ADA
    kari = KARI

    def __init__(self):
        self.rules = Rules(
            domain="example.com",
            queues=(
                Queue(
                    "helpdesk",
                    ("support@example.com",),
                    "first-line",
                    "IT Service Desk",
                    is_default=True,
                ),
                Queue("finance", ("billing@example.com",), "finance", "Finance Desk"),
            ),
            agents=(
                Agent(
                    "kari", "Kari Nordmann", ("kari@example.com", "kn@example.net"), ("first-line",)
                ),
                Agent("bo", "Bo Li", ("bo@example.com",), ("first-line", "finance")),
            ),
            teams=(Team("first-line"), Team("finance")),
            reply=REPLY,
            acknowledge=Acknowledge("full", 0),
            admins=("admin@example.com",),
        )

    def mail(self, sender=ADA, text="Hello", subject="Printer is dead", **fields):
        fields.setdefault("to", (Address("", "support@example.com"),))
        fields.setdefault("message_id", "m1@example.org")
        fields.setdefault("content_key", "key")
        senders = sender if isinstance(sender, tuple) else (sender,)
        headers = fields.pop("headers", ())
        return InboundMail(
            size=len(text),
            senders=senders,
            subject=subject,
            text=text,
            reply=(Span(0, len(text)),),
            headers=headers,
            **fields,
        )

    def ticket(self, number=7, **fields):
        defaults = {
            "number": number,
            "subject": "Printer is dead",
            "requester": ADA,
            "queue": "helpdesk",
            "team": "first-line",
            "created_at": NOW - timedelta(hours=1),
            "updated_at": NOW - timedelta(hours=1),
            "version": 3,
        }
        return Ticket(**(defaults | fields))

    def ticket_facts(self, number=7, parties=(), thread=(), **fields):
        base = (Party(1, ADA, Role.REQUESTER), Party(2, KARI, Role.AGENT))
        return TicketFacts(self.ticket(number, **fields), (*base, *parties), tuple(thread))

    def facts(self, *tickets, **fields):
        known = {t.ticket.number: t for t in tickets}
        owners = dict(fields.pop("owners", {}))
        for ticket in tickets:
            for item in ticket.thread:
                owners.setdefault(item.message_id, (ticket.ticket.number,))
        return Facts(
            next_number=max(known, default=0) + 1, receipt=1, tickets=known, owners=owners, **fields
        )

    def address(self, purpose=Purpose.PARTICIPANT, party=1, bound_to=ADA, number=7, at=NOW):
        token = sign(REPLY, number, str(party), purpose, bound_to.key, at)
        return reply_address(REPLY, "support@example.com", token)

    def agent_address(self, purpose=Purpose.AGENT, **fields):
        return self.address(purpose, 2, KARI, **fields)

    def to(self, *addresses, **fields):
        return self.mail(to=tuple(Address("", a) for a in addresses), **fields)

    def thread_id(self, message_id, *holders, is_ours=False):
        return ThreadId(message_id, frozenset(holders), is_ours)

    def decide(
        self, mail, facts=None, *, recipients=(), reverse_path=None, level=Level.V0, **rules
    ):
        if reverse_path is None:
            reverse_path = mail.senders[0].address if mail.senders else ""
        envelope = Envelope(Source.SMTP, reverse_path, tuple(recipients))
        return decide(
            mail,
            envelope,
            Trust(level),
            facts or self.facts(),
            replace(self.rules, **rules),
            self.now,
        )


@pytest.fixture
def world():
    return World()


@pytest.fixture
def told():
    """Who is told what: `kind -> address` pairs of a plan."""
    return lambda plan: [(notice.kind, notice.to.address) for notice in plan.notices]


@pytest.fixture
def changes():
    """The changes of a plan that are of these types."""
    return lambda plan, *types: [change for change in plan.changes if isinstance(change, types)]


@pytest.fixture
def roles(changes):
    """The parties that a plan adds: `address -> role`."""
    return lambda plan: {c.party.address.address: c.party.role for c in changes(plan, AddParty)}
