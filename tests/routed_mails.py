"""Routes the mails of policy tests, as interfaces and config/tests/*.yaml write them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from maildesk.desk.explain import explained
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.parse import parse_mail
from maildesk.model.changes import OpenTicket, SetAssignee
from maildesk.model.facts import Facts, Trust
from maildesk.model.plan import Plan
from maildesk.policy.decide import decide
from maildesk.policy.rules import Rules

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def written(mail: Mapping[str, Any]) -> bytes:
    """The mail that `mail:` of a policy test describes."""
    message = EmailMessage()
    message["From"], message["Subject"] = mail["from"], mail["subject"]
    message["To"] = mail.get("to", "support@example.com")
    message["Message-ID"] = "<1@example.org>"
    for name, value in mail.get("headers", {}).items():
        message[name] = value
    message.set_content(mail["body"])
    return message.as_bytes()


def outcome(plan: Plan, raw: bytes) -> dict[str, Any]:
    """What `expect:` may ask of a plan."""
    told = explained("", parse_mail(raw), plan)
    route: Any = told["route"] or {}
    ticket = next((one.ticket for one in plan.changes if isinstance(one, OpenTicket)), None)
    owners = [one.assignee for one in plan.changes if isinstance(one, SetAssignee)]
    return {
        **route,
        "rules": [rule["name"] for rule in route.get("rules", ()) if rule["matched"]],
        "disposition": told["disposition"],
        "requester": ticket.requester.address if ticket else None,
        "assignee": owners[-1] if owners else None,
        "status": plan.route.status if plan.route and plan.route.status else "new",
    }


def differences(case: Mapping[str, Any], rules: Rules) -> dict[str, tuple[Any, Any]]:
    """What comes out otherwise than expected: by name, what was expected and what came out."""
    raw = written(case["mail"])
    now = datetime.fromisoformat(case["at"]).astimezone(UTC) if "at" in case else NOW
    envelope = Envelope(Source.SMTP, case["mail"]["from"])
    plan = decide(parse_mail(raw), envelope, Trust(), Facts(), rules, now)
    came = outcome(plan, raw)
    return {
        name: (wanted, came[name])
        for name, wanted in case["expect"].items()
        if came[name] != wanted
    }
