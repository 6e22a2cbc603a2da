"""What would happen to a mail, and why. Writes nothing; the JSON is a contract.

`explain` looks at one mail against what is in the store (or an empty one); `Thread` delivers
several in order to a desk in memory, so that each sees what the ones before it did.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from maildesk.desk.gathering import Parse, known_of, with_what_it_asks
from maildesk.desk.waves import Work
from maildesk.desk.writing import trace_of
from maildesk.mail.envelope import Envelope
from maildesk.mail.message import Address, Attachment, Automatic, InboundMail, cut
from maildesk.model.changes import OpenHold, OpenTicket
from maildesk.model.facts import Trust
from maildesk.model.plan import CommandTrace, Disposition, Match, Plan, Route
from maildesk.policy.decide import decide
from maildesk.policy.rules import Rules
from maildesk.policy.trust import NO_VERDICTS, Verdicts
from maildesk.store import finishing
from maildesk.store.apply import apply
from maildesk.store.claims import Receipt
from maildesk.store.engine import Database
from maildesk.store.journal import Journal


def plan_for(
    database: Database,
    mail: InboundMail,
    envelope: Envelope,
    rules: Rules,
    now: datetime,
    parse: Parse,
    verdicts: Verdicts = NO_VERDICTS,
) -> Plan:
    """Return the plan for one mail against what the store holds; without `verdicts` its signatures
    are read, not checked. `parse` reads a held mail that it decides on. The plan of a copy has the
    route that the mail would take if it were new."""
    work = Work(Receipt(0, b"", envelope, now, 1), mail, verdicts)
    work = with_what_it_asks(database, work, rules, parse)
    with database.read() as session:
        facts, trust = known_of(session, work, rules)
    plan = decide(mail, envelope, trust, facts, rules, now)
    if facts.duplicate is None:
        return plan
    as_new = decide(mail, envelope, trust, replace(facts, duplicate=None), rules, now)
    return replace(plan, route=as_new.route)


class Thread:
    """An empty desk in memory that several mails are delivered to, in order."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database = database
        self._rules = rules
        self._journal = Journal(database, lambda: datetime.now(UTC))
        self._held: dict[bytes, InboundMail] = {}  # by what stands for them in the journal

    def deliver(
        self,
        mail: InboundMail,
        envelope: Envelope,
        now: datetime,
        verdicts: Verdicts = NO_VERDICTS,
        raw: bytes = b"",
        trust: Trust | None = None,
    ) -> Plan:
        """Decide on the mail, carry it out, return the plan. `raw` are the bytes that the journal
        is to keep, if any: a desk in memory needs but a word that stands for them. `trust`: how far
        the sender counts as proved, whatever the mail says."""
        raw = raw or mail.content_key.encode()
        envelope = replace(envelope, received_at=now)
        receipt = Receipt(self._journal.keep(raw, envelope), raw, envelope, now, 1)
        work = Work(receipt, mail, verdicts)
        work = with_what_it_asks(self._database, work, self._rules, self._held.__getitem__)
        with self._database.write() as session:
            facts, found = known_of(session, work, self._rules)
            plan = decide(mail, envelope, trust or found, facts, self._rules, now)
            self._write(session, work, plan)
        if any(isinstance(change, OpenHold) for change in plan.changes):
            self._held[raw] = mail
        return plan

    def _write(self, session: Session, work: Work, plan: Plan) -> None:
        receipt, mail, now = work.receipt, work.mail, work.receipt.received_at
        apply(session, plan, receipt=receipt.id, now=now, actor="explain")
        finishing.finish(
            session,
            receipt.id,
            disposition=plan.disposition,
            ticket=plan.ticket,
            trace=trace_of(plan, self._rules.version),
            content_key=mail.content_key,
            message_id=mail.message_id,
            now=now,
        )


def as_kept(mail: InboundMail, plan: Plan) -> InboundMail:
    """Return the mail as its ticket holds it: in the first one a forwarded block is body."""
    return mail.with_forwarded_as_body() if opens(plan) else mail


def opens(plan: Plan) -> bool:
    """Whether the mail opens a ticket."""
    return any(isinstance(change, OpenTicket) for change in plan.changes)


def explained(
    file: str, mail: InboundMail, plan: Plan, *, is_delivered: bool = False
) -> dict[str, object]:
    """Return the JSON object of one file. A ticket that the mail would open has a number only where
    the mail was delivered to a desk in memory."""
    mail = as_kept(mail, plan)
    is_there = is_delivered or not opens(plan)
    return {
        "file": file,
        "ok": True,
        **_header(mail),
        **_content(mail),
        "automatic": _automatic(plan.automatic),
        "bounce": _bounce(mail),
        "trust": {"level": plan.trust.level, "evidence": list(plan.trust.evidence)},
        "thread": _thread(plan.match, plan.ticket if is_there else None),
        "commands": [_command(command) for command in plan.commands],
        "route": _route(plan.route),
        "disposition": plan.disposition,
        "notices": [{"notice": n.kind, "to": n.to.address} for n in plan.notices],
    }


def unreadable(file: str, error: str) -> dict[str, object]:
    """Return the JSON object of a file that could not be read: every key, with nothing in it."""
    values = ("message_id", "from", "subject", "date", "language", "text", "reply", "quoted")
    lists = ("in_reply_to", "references", "to", "cc", "attachments", "commands", "notices")
    return {
        "file": file,
        "ok": False,
        "defects": [error],
        **dict.fromkeys((*values, "signature", "route")),
        **{name: [] for name in lists},
        "automatic": {"kind": None, "evidence": [], "answerable": None},
        "bounce": {"recipients": []},
        "trust": {"level": None, "evidence": []},
        "thread": _thread(Match(), None),
        "disposition": Disposition.FAILED,
    }


def _header(mail: InboundMail) -> dict[str, object]:
    return {
        "defects": list(mail.defects),
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "from": _address(mail.senders[0]) if mail.senders else None,
        "to": [_address(address) for address in mail.to],
        "cc": [_address(address) for address in mail.cc],
        "subject": mail.subject,
        "date": f"{mail.date:%Y-%m-%dT%H:%M:%SZ}" if mail.date else None,
    }


def _content(mail: InboundMail) -> dict[str, object]:
    return {
        "language": mail.language,
        "text": mail.text,
        "reply": mail.new_text,
        "quoted": cut(mail.text, mail.quoted),
        "signature": cut(mail.text, mail.signature),
        "attachments": [_attachment(attachment) for attachment in mail.attachments],
    }


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _attachment(attachment: Attachment) -> dict[str, object]:
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "inline": attachment.is_inline,
    }


def _automatic(automatic: Automatic) -> Mapping[str, object]:
    return {
        "kind": automatic.kind,
        "evidence": list(automatic.evidence),
        "answerable": automatic.is_answerable,
    }


def _bounce(mail: InboundMail) -> Mapping[str, object]:
    recipients = mail.report.recipients if mail.report else ()
    return {
        "recipients": [
            {"address": r.address, "status": r.status, "action": r.action} for r in recipients
        ]
    }


def _thread(match: Match, ticket: int | None) -> Mapping[str, object]:
    return {
        "ticket": ticket,
        "signal": match.signal,
        "evidence": match.evidence,
        "hint": match.hint or match.follows,
        "suggests": list(match.suggests),
    }


def _command(command: CommandTrace) -> Mapping[str, object]:
    return {
        "verb": command.verb,
        "args": list(command.args),
        "status": command.status,
        "reason": command.reason,
    }


def _route(route: Route | None) -> Mapping[str, object] | None:
    if route is None:
        return None
    return {
        "queue": route.queue,
        "team": route.team,
        "priority": route.priority,
        "type": route.type,
        "tags": list(route.tags),
        "fields": dict(route.fields),
        "rules": [
            {"name": rule.name, "matched": rule.is_matched, "misses": list(rule.misses)}
            for rule in route.rules
        ],
        **besides(route),
    }


def besides(route: Route) -> dict[str, object]:
    """Return what rules make of a mail besides where it goes."""
    return {
        "assign": route.assign or None,
        "assignee": route.assignee,
        "status": route.status,
        "dropped": route.dropped or None,
        "sla": route.sla or None,
        "watchers": list(route.watchers),
        "notify": list(route.notify),
        "template": route.template or None,
        "acknowledge": route.is_acknowledged,
        "requester": route.requester or None,
        "group_key": route.group_key or None,
    }
