"""Policy tests on mails: each is decided on by itself, on an empty desk in memory.

Where the test has a ticket, that one is opened first, by a mail of its requester that no rule is
asked about; the mail of the test comes to the reply address that its writer would answer to.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from maildesk.config.policy_test_file import ExistingTicket, MailTest, WrittenMail
from maildesk.desk.explain import Thread, explained
from maildesk.desk.gathering import Parse
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, base_subject, reply_address, sign
from maildesk.mail.message import Address
from maildesk.model.changes import AddParty, SetStatus
from maildesk.model.facts import TicketFacts
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Party, Role, Status
from maildesk.policy.rules import Agent, Rules
from maildesk.store.apply import apply
from maildesk.store.engine import Database, memory_database
from maildesk.store.facts import ticket_facts

OPENED_BEFORE = timedelta(hours=1)
LONGEST_WORDS = 300  # characters
_TICKET = 1  # the first one of an empty desk
_FIRST_WORDS = "My screen stays black since this morning, whatever I press."


class NoTicket(Exception):
    """The ticket of a test could not be made."""


def mail_differences(
    test: MailTest, folder: Path, rules: Rules, parse: Parse, now: datetime
) -> tuple[str, ...]:
    """Decide on the mail of a test; return what is not as expected, one line each. `folder` is
    the one that the test's files are looked for in."""
    at = test.received_at or now
    with closing(memory_database()) as database:
        try:
            shown = _shown(database, test, folder, rules, parse, at)
        except NoTicket as error:
            return (f"ticket: {error}",)
        except OSError as error:
            return (f"file: {error.strerror}",)
    return tuple(
        f"{key}: expected {_words(wanted)}, got {_words(got)}"
        for key, value in test.expect.items()
        for wanted, got in [_compared(value, shown.get(key))]
        if wanted != got
    )


def _shown(
    database: Database, test: MailTest, folder: Path, rules: Rules, parse: Parse, at: datetime
) -> dict[str, Any]:
    """What became of the mail, by the words that it may be expected in."""
    ours = ""
    if test.ticket:
        opened_at, answer = at - OPENED_BEFORE, parse(_raw(test, folder, rules, ours, at))
        _open(database, test.ticket, rules, parse, opened_at, answer.subject)
        ours = _address_for(database, answer.sender, rules, opened_at)
    mail = parse(_raw(test, folder, rules, ours, at))
    envelope = Envelope(Source.IMPORT, recipients=(ours,) if ours else ())
    plan = Thread(database, rules).deliver(mail, envelope, at)
    return {
        **_of_ticket(database, plan),
        **_in_words(explained("", mail, plan, is_delivered=True), plan),
    }


# --- the ticket that is there -------------------------------------------------------------------


def _open(
    database: Database,
    ticket: ExistingTicket,
    rules: Rules,
    parse: Parse,
    at: datetime,
    subject: str,
) -> None:
    """Open the ticket, of the subject of its answer: with another that would be another matter."""
    first = {"from": ticket.requester, "subject": base_subject(subject), "body": _FIRST_WORDS}
    raw = written(WrittenMail.model_validate(first), rules.default_queue.addresses[0], at)
    thread = Thread(database, replace(rules, routing=()))
    plan = thread.deliver(parse(raw), Envelope(Source.IMPORT), at)
    if plan.ticket is None:
        why = "; ".join(plan.reasons)
        raise NoTicket(f"a mail of {ticket.requester} opens none, but is {plan.disposition}: {why}")
    status = Status(ticket.status)
    if status is not Status.NEW:
        moved = SetStatus(_TICKET, status, "test")
        _change(database, Plan(Disposition.NOTE, _TICKET, (moved,)), at)


def _change(database: Database, plan: Plan, at: datetime) -> None:
    with database.write() as session:
        apply(session, plan, receipt=0, now=at, actor="test")


def _address_for(database: Database, writer: Address | None, rules: Rules, at: datetime) -> str:
    """The reply address of whoever writes: an agent's own, else the requester's."""
    agent = rules.agent_at(writer.address) if writer else None
    facts = _facts(database)
    party = _party_of(agent, facts) if agent else _requester(facts)
    if agent and party not in facts.parties:
        _change(database, Plan(Disposition.NOTE, _TICKET, (AddParty(_TICKET, party),)), at)
    purpose = Purpose.AGENT if agent else Purpose.PARTICIPANT
    token = sign(rules.reply, _TICKET, str(party.number), purpose, party.address.key, at)
    return reply_address(rules.reply, rules.queue(facts.ticket.queue).addresses[0], token)


def _party_of(agent: Agent, facts: TicketFacts) -> Party:
    address = Address(agent.name, agent.addresses[0])
    known = (party for party in facts.parties if party.address.key == address.key)
    free = 1 + max(party.number for party in facts.parties)
    return next(known, None) or Party(free, address, Role.AGENT)


def _requester(facts: TicketFacts) -> Party:
    return next(party for party in facts.parties if party.role is Role.REQUESTER)


def _facts(database: Database) -> TicketFacts:
    with database.read() as session:
        return ticket_facts(session.connection(), [_TICKET])[_TICKET]


# --- the mail -----------------------------------------------------------------------------------


def _raw(test: MailTest, folder: Path, rules: Rules, ours: str, at: datetime) -> bytes:
    if test.path:
        return (folder / test.path).read_bytes()
    mail = test.mail or WrittenMail()
    return written(mail, ours or rules.default_queue.addresses[0], at)


def written(mail: WrittenMail, to: str, at: datetime) -> bytes:
    """Return a mail in a few words as one in the form of RFC 5322; `to` where it names nobody."""
    seed = repr((mail, at)).encode()
    fields = {
        "From": mail.sender or "",
        "To": ", ".join(mail.to) or to,
        "Subject": mail.subject,
        "Date": format_datetime(at),
        "Message-ID": f"<{hashlib.sha256(seed).hexdigest()[:20]}@policy-test.invalid>",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "8bit",
    }
    given = {name.lower() for name in mail.headers}
    kept = {name: value for name, value in fields.items() if name.lower() not in given}
    lines = [f"{name}: {_on_one_line(value)}" for name, value in {**kept, **mail.headers}.items()]
    return "\r\n".join([*lines, "", *mail.body.splitlines(), ""]).encode()


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


# --- what became of it --------------------------------------------------------------------------


def _of_ticket(database: Database, plan: Plan) -> dict[str, Any]:
    """The ticket that the mail opened or joined, as it is now."""
    with database.read() as session:
        found = ticket_facts(session.connection(), [plan.ticket] if plan.ticket else [])
    if plan.ticket not in found:
        return {}
    ticket = found[plan.ticket].ticket
    names = ("queue", "team", "priority", "type", "tags", "fields", "assignee", "status")
    return {
        "requester": ticket.requester.address,
        **{name: getattr(ticket, name) for name in names},
    }


def _in_words(shown: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """The mail as `explain` has it; what stands there in an object, also by a word of its own."""
    routed = shown["route"] or {}
    words = {
        **shown,
        **{key: value for key, value in routed.items() if key != "rules"},
        "rules": [rule["name"] for rule in routed.get("rules", ()) if rule["matched"]],
        "signal": shown["thread"]["signal"],
        "evidence": shown["thread"]["evidence"],
        "hint": shown["thread"]["hint"],
        "ticket": shown["thread"]["ticket"],
        "level": shown["trust"]["level"],
        "answerable": shown["automatic"]["answerable"],
        "reasons": list(plan.reasons),
    }
    if plan.route:
        names = ("sla", "watchers", "template", "dropped", "group_key")
        words |= {name: getattr(plan.route, name) for name in names}
    return words


# --- expected and got, in forms that are equal or to be shown -----------------------------------


def _compared(wanted: object, got: Any) -> tuple[object, object]:
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        pairs = {name: _compared(value, got.get(name)) for name, value in wanted.items()}
        return {n: w for n, (w, _) in pairs.items()}, {n: g for n, (_, g) in pairs.items()}
    if isinstance(wanted, list):
        return _sorted(wanted), _sorted(_like(wanted, got))
    if isinstance(got, Mapping):
        got = next((got[name] for name in _NAMED_BY if name in got), got)
    return wanted if wanted != "" else None, got if got != "" else None


_NAMED_BY = ("kind", "level", "address", "verb", "notice", "signal")


def _like(wanted: Sequence[object], got: object) -> Iterator[object]:
    """What is there, each in the form in which the test has it: in a word, or with these keys."""
    items = got if isinstance(got, (list, tuple)) else [got] if got else []
    keys = next((set(item) for item in wanted if isinstance(item, Mapping)), None)
    for item in items:
        if isinstance(item, Mapping):
            yield {k: item[k] for k in item if k in keys} if keys else _in_a_word(item)
        else:
            yield item


def _in_a_word(item: Mapping[str, Any]) -> object:
    """A command by its verb, with what became of it unless it ran; a notice by its name."""
    word = next((item[name] for name in _NAMED_BY if name in item), item)
    return f"{word} {item['status']}" if item.get("status", "run") != "run" else word


def _sorted(items: Iterable[object]) -> list[str]:
    """As sets compare: in order, each once."""
    words = (item.lstrip("#") if isinstance(item, str) else _json(item) for item in items)
    return sorted(set(words))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _words(value: object) -> str:
    """What a value is called on one line of a terminal, whatever a mail has put into it."""
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    if value in (None, ""):
        return "none"
    if isinstance(value, (Mapping, bool)):
        value = _json(value)
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(value))
    return text if len(text) <= LONGEST_WORDS else f"{text[:LONGEST_WORDS]}…"
