"""Policy tests: each on a desk of its own in memory, empty but for what the test puts there.

Where the test has a ticket, that one is opened first, by a mail of its requester that no rule is
asked about. Then the mails come that the test calls earlier, then its own mail; with a ticket, at
the reply address that its writer would answer to. Or no mail comes (`after`): time passes, and the
rules with `every` look at the ticket.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from maildesk.config.policy_test_shape import ArrivingMail, ExistingTicket, MailTest, WrittenMail
from maildesk.desk import scheduled_rules
from maildesk.desk.clocks import as_looked_at
from maildesk.desk.expected import differences
from maildesk.desk.explain import Thread, explained
from maildesk.desk.gathering import Parse
from maildesk.desk.written_mails import raw_mail, written
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, base_subject, reply_address, sign
from maildesk.mail.message import Address
from maildesk.model.changes import (
    AddParty,
    Change,
    Detail,
    SetAbsence,
    SetAssignee,
    SetDetail,
    SetStatus,
    SetTags,
)
from maildesk.model.facts import Level, TicketFacts, Trust, WatchedTicket
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Party, Role, Status
from maildesk.policy.routing.rule_words import Stretch
from maildesk.policy.routing.time_comparisons import end_of
from maildesk.policy.rules import Agent, Rules
from maildesk.policy.sla.promised import next_due_at
from maildesk.store import clocks, rule_firings
from maildesk.store.apply import Stale, apply
from maildesk.store.engine import Database, memory_database
from maildesk.store.facts import ticket_facts

OPENED_BEFORE = timedelta(hours=1)
BETWEEN = timedelta(minutes=1)  # mails in a row; and from the end of `after` until rules look
AWAY = timedelta(days=30)
_TICKET = 1  # the first one of an empty desk
_SUBJECT = "My screen"
_FIRST_WORDS = "It stays black since this morning, whatever I press."


class CannotBe(Exception):
    """What a test takes for granted cannot be made."""


def mail_differences(
    test: MailTest, folder: Path, rules: Rules, parse: Parse, now: datetime
) -> tuple[str, ...]:
    """Carry out a test; return what is not as expected, one line each. `folder` is the one that the
    test's files are looked for in."""
    with closing(memory_database()) as database:
        scene = _Scene(database, folder, rules, parse, test.received_at or now)
        try:
            shown = scene.after(test, test.lies_for) if test.lies_for else scene.mail(test)
        except CannotBe as error:
            return (str(error),)
        except OSError as error:
            return (f"file: {error.strerror}",)
    return differences(test.expect, shown)


class _Scene:
    """A desk in memory where a test happens at an instant."""

    def __init__(
        self, database: Database, folder: Path, rules: Rules, parse: Parse, at: datetime
    ) -> None:
        self._database = database
        self._folder = folder
        self._rules = rules
        self._parse = parse
        self._at = at
        self._thread = Thread(database, rules)

    # --- what happens ---------------------------------------------------------------------------

    def mail(self, test: MailTest) -> dict[str, Any]:
        """Return what becomes of the mail, by the words that it may be expected in."""
        self._send_away(test)
        answer = self._parse(self._raw(test, self._at))
        ours = ""
        if test.ticket:
            opened_at = self._at - OPENED_BEFORE
            self._open(test.ticket, opened_at, base_subject(answer.subject))
            ours = self._address_for(answer.sender, opened_at)
        for place, earlier in enumerate(test.earlier):
            before = (len(test.earlier) - place) * BETWEEN
            self._deliver(earlier, earlier.received_at or self._at - before)
        return self._deliver(test, self._at, ours)

    def after(self, test: MailTest, stretch: Stretch) -> dict[str, Any]:
        """Return what the rules with `every` make of the ticket when so much time has passed."""
        self._send_away(test)
        assert test.ticket is not None  # noqa: S101 - the file was checked
        self._open(test.ticket, self._at, _SUBJECT)
        over = end_of(self._at, stretch, self._rules)
        if over is None:
            raise CannotBe("after: the calendar never opens")
        return self._looked_at(over + BETWEEN)

    def _deliver(self, mail: ArrivingMail, at: datetime, ours: str = "") -> dict[str, Any]:
        parsed = self._parse(self._raw(mail, at, ours))
        envelope = Envelope(Source.IMPORT, recipients=(ours,) if ours else ())
        trust = Trust(Level(mail.level), ("the test says so",)) if mail.level else None
        plan = self._thread.deliver(parsed, envelope, at, trust=trust)
        shown = explained("", parsed, plan, is_delivered=True)
        return {**self._ticket_words(plan), **_in_words(shown, plan)}

    def _raw(self, mail: ArrivingMail, at: datetime, ours: str = "") -> bytes:
        return raw_mail(mail, self._folder, ours or self._rules.default_queue.addresses[0], at)

    def _looked_at(self, now: datetime) -> dict[str, Any]:
        """Have each rule with `every` look at the ticket, and do what those say that fit."""
        fitting: list[str] = []
        notices: list[str] = []
        for rule in self._rules.routing:
            if rule.every is None:
                continue
            try:
                with self._database.read() as session:
                    connection = session.connection()
                    one = self._watched(connection, now)
                    plan = scheduled_rules.decide(connection, self._rules, rule, one, now)
            except Stale:
                continue
            self._carry_out(plan, now)
            fitting.append(rule.name)
            notices += (notice.kind for notice in plan.notices)
        words = self._ticket_words(Plan(Disposition.NOTE, _TICKET))
        return {**words, "ticket": _TICKET, "rules": fitting, "notices": notices}

    def _watched(self, connection: Connection, now: datetime) -> WatchedTicket | None:
        """The ticket with its due time, which the beat notes on a desk that runs."""
        one = rule_firings.watched(connection, _TICKET)
        if one is None:
            return None
        facts = as_looked_at(clocks.on_the_clock(connection, [_TICKET])[_TICKET], self._rules, now)
        due_at = next_due_at(facts, self._rules, now)
        return replace(one, ticket=replace(one.ticket, due_at=due_at))

    # --- what is there before -------------------------------------------------------------------

    def _send_away(self, test: MailTest) -> None:
        until = self._at + AWAY
        changes = tuple(SetAbsence(agent, until) for agent in test.absent)
        self._carry_out(Plan(Disposition.NOTE, changes=changes), self._at - OPENED_BEFORE)

    def _open(self, ticket: ExistingTicket, at: datetime, subject: str) -> None:
        """Open the ticket, of the subject of its answer: with another that would be another
        matter."""
        first = {
            "from": ticket.requester,
            "subject": ticket.subject or subject,
            "body": _FIRST_WORDS,
        }
        raw = written(WrittenMail.model_validate(first), self._rules.default_queue.addresses[0], at)
        thread = Thread(self._database, replace(self._rules, routing=()))
        plan = thread.deliver(self._parse(raw), Envelope(Source.IMPORT), at)
        if plan.ticket is None:
            why = f"but is {plan.disposition}: {'; '.join(plan.reasons)}"
            raise CannotBe(f"ticket: a mail of {ticket.requester} opens none, {why}")
        self._carry_out(Plan(Disposition.NOTE, _TICKET, tuple(_changes(ticket))), at)

    def _carry_out(self, plan: Plan, at: datetime) -> None:
        with self._database.write() as session:
            apply(session, plan, receipt=0, now=at, actor="test")

    def _address_for(self, writer: Address | None, at: datetime) -> str:
        """The reply address of whoever writes: an agent's own, else the requester's."""
        rules = self._rules
        agent = rules.agent_at(writer.address) if writer else None
        facts = self._facts()[_TICKET]
        party = _party_of(agent, facts) if agent else _requester(facts)
        if agent and party not in facts.parties:
            self._carry_out(Plan(Disposition.NOTE, _TICKET, (AddParty(_TICKET, party),)), at)
        purpose = Purpose.AGENT if agent else Purpose.PARTICIPANT
        token = sign(rules.reply, _TICKET, str(party.number), purpose, party.address.key, at)
        return reply_address(rules.reply, rules.queue(facts.ticket.queue).addresses[0], token)

    # --- what is there then ---------------------------------------------------------------------

    def _facts(self, number: int | None = _TICKET) -> Mapping[int, TicketFacts]:
        with self._database.read() as session:
            return ticket_facts(session.connection(), [number] if number else [])

    def _ticket_words(self, plan: Plan) -> dict[str, Any]:
        """The ticket that the mail opened or joined, as it is now."""
        found = self._facts(plan.ticket).get(plan.ticket or 0)
        if found is None:
            return {}
        ticket = found.ticket
        names = ("queue", "team", "priority", "type", "tags", "fields", "assignee", "status")
        return {
            "requester": ticket.requester.address,
            **{name: getattr(ticket, name) for name in (*names, "sla", "watchers", "subject")},
        }


def _changes(ticket: ExistingTicket) -> Iterator[Change]:
    """Make the ticket what the test says of it."""
    details = {
        Detail.PRIORITY: ticket.priority,
        Detail.TYPE: ticket.type,
        Detail.QUEUE: ticket.queue,
        Detail.TEAM: ticket.team,
    }
    for detail, value in details.items():
        if value:
            yield SetDetail(_TICKET, detail, value)
    if ticket.tags:
        yield SetTags(_TICKET, tuple(ticket.tags))
    if ticket.assignee:
        yield SetAssignee(_TICKET, ticket.assignee)
    status = Status(ticket.status)
    if status is not Status.NEW:
        yield SetStatus(_TICKET, status, "test")


def _party_of(agent: Agent, facts: TicketFacts) -> Party:
    address = Address(agent.name, agent.addresses[0])
    known = (party for party in facts.parties if party.address.key == address.key)
    free = 1 + max(party.number for party in facts.parties)
    return next(known, None) or Party(free, address, Role.AGENT)


def _requester(facts: TicketFacts) -> Party:
    return next(party for party in facts.parties if party.role is Role.REQUESTER)


_ROUTED = (
    *("queue", "team", "priority", "type", "tags", "fields", "sla", "watchers", "notify"),
    *("template", "acknowledge", "dropped", "group_key"),
)


def _in_words(shown: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """The mail as `explain` has it; what stands there in an object, also by a word of its own."""
    routed = shown["route"] or {}
    words = {
        **shown,
        "rules": [rule["name"] for rule in routed.get("rules", ()) if rule["matched"]],
        "signal": shown["thread"]["signal"],
        "evidence": shown["thread"]["evidence"],
        "hint": shown["thread"]["hint"],
        "ticket": shown["thread"]["ticket"],
        "level": shown["trust"]["level"],
        "answerable": shown["automatic"]["answerable"],
        "reasons": list(plan.reasons),
    }
    return {**words, **{name: routed[name] for name in _ROUTED if name in routed}}
