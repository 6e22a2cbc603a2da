"""Bundling: an agent who would get more than 60 mails an hour gets one that lists what came.

`bundled` takes the notifications that are too many out of a plan, so that they wait; `digest` lists
what has waited for a quarter of an hour. What an agent asked for, and what asks him, never waits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import quote

from maildesk.mail.identifiers import Purpose, new_message_id, reply_address, sign
from maildesk.mail.marker import marker_line
from maildesk.mail.message import Address
from maildesk.model.changes import Bundle
from maildesk.model.facts import Bundled
from maildesk.model.plan import Alert, Audience, Notice, Plan
from maildesk.policy.letters import AUTO_GENERATED, plain_name
from maildesk.policy.rules import Agent, Rules

PER_HOUR = 60
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WAIT = timedelta(minutes=15)  # since the first one that waits
LINES = 100  # in one mail: whatever the subjects hold, its HTML stays under 100 kB

NOTIFICATIONS = frozenset(
    {
        "queue_new", "user_replied", "reopened", "bounced", "assigned", "note", "held",
        "sla_warning", "sla_breach", "sla_manager",
    }
)  # fmt: skip
STEPS_AT_ONCE = 5  # of ladders, to one agent in a beat; who gets more, gets them in one mail


# --- what waits ---------------------------------------------------------------------------------


def notified(plan: Plan) -> list[str]:
    """Return the address keys of the agents that the plan would notify, one for each mail."""
    return [notice.to.key for notice in plan.notices if _is_notification(notice)]


def _is_notification(notice: Notice) -> bool:
    """Whether an agent is told of others' doings: of his own held mail he hears at once."""
    return (
        notice.kind in NOTIFICATIONS
        and notice.audience is Audience.AGENT
        and notice.ticket is not None
        and not notice.facts.get("is_own")
    )


def bundled(plan: Plan, rules: Rules, sent: Mapping[str, int], now: datetime) -> Plan:
    """Return the plan with the notifications over an agent's limit waiting in a bundle.

    `sent`: how many went to an address key within the last hour.
    """
    counted = Counter(sent)
    kept: list[Notice] = []
    late: dict[Agent, list[Bundle]] = {}
    for notice in plan.notices:
        agent = rules.agent_at(notice.to.address) if _is_notification(notice) else None
        if agent and notice.ticket and counted[notice.to.key] >= PER_HOUR:
            change = Bundle(agent.handle, notice.ticket, notice.kind, now)
            late.setdefault(agent, []).append(change)
            continue
        counted[notice.to.key] += bool(agent)
        kept.append(notice)
    if not late:
        return plan
    changes = [change for waiting in late.values() for change in waiting]
    return replace(
        plan,
        changes=(*plan.changes, *changes),
        notices=tuple(kept),
        reasons=(*plan.reasons, *map(_reason, late)),
    )


def _reason(agent: Agent) -> str:
    return f"{agent.handle} is told in a bundle, with others"


def crowded(steps: Mapping[str, int], rules: Rules) -> list[Agent]:
    """Return the agents to whom so many steps come at once that they get one mail for them."""
    many = (rules.agent(handle) for handle, count in steps.items() if count > STEPS_AT_ONCE)
    return [agent for agent in many if agent]


def alert_of(agent: str) -> Alert:
    """Return what admins are told, once a day: somebody gets more than a person can read."""
    problem = f"{agent} gets more than {PER_HOUR} mails an hour; they are bundled"
    return Alert(f"bundle:{agent}", problem, every=DAY)


# --- what is told -------------------------------------------------------------------------------


def digest(
    agent: Agent, waiting: Sequence[Bundled], rules: Rules, now: datetime
) -> tuple[Notice, ...]:
    """Return the mails that list what has waited, each case once, the most urgent first."""
    cases = _cases(waiting)
    pages = [cases[start : start + LINES] for start in range(0, len(cases), LINES)]
    since = min(one.at for one in waiting)
    told = {"total": len(waiting), "number": len(cases), "pages": len(pages), "since": since}
    return tuple(
        _notice(agent, page, {**told, "page": number}, rules, now)
        for number, page in enumerate(pages, 1)
    )


def _cases(waiting: Iterable[Bundled]) -> list[list[Bundled]]:
    """What waits, case by case."""
    ordered = sorted(waiting, key=lambda one: (one.ticket.priority, one.ticket.number, one.id))
    return [list(case) for _number, case in groupby(ordered, key=lambda one: one.ticket.number)]


def _notice(
    agent: Agent, page: list[list[Bundled]], told: dict[str, object], rules: Rules, now: datetime
) -> Notice:
    to = Address(agent.name, agent.addresses[0])
    queue = rules.default_queue
    cause = f"bundle:{now:%Y%m%dT%H%M%S%f}:{told['page']}"
    # Any case of his proves who answers; what is no command stays a note there.
    ours = next((case[0] for case in page if case[0].party), None)
    return Notice(
        kind="bundle",
        audience=Audience.AGENT,
        ticket=None,
        cause=cause,
        to=to,
        sender=Address(queue.name, queue.addresses[0]),
        reply_to=Address(queue.name, _address(ours, to, Purpose.INTERNAL, rules, now))
        if ours
        else None,
        subject="",
        message_id=new_message_id(rules.reply, 0, f"{cause}|{to.key}", now),
        facts={
            "desk": {"name": queue.name, "address": queue.addresses[0]},
            "reader": {"name": agent.name},
            "marker": marker_line(queue.language),
            "items": [_item(case, to, rules, now) for case in page],
            **told,
        },
        auto_submitted=AUTO_GENERATED,
        language=queue.language,
        timezone=agent.timezone or rules.timezone,
        reverse_path=_address(ours, to, Purpose.BOUNCE, rules, now) if ours else "",
    )


def _item(case: list[Bundled], to: Address, rules: Rules, now: datetime) -> dict[str, object]:
    """Return what the template sees of a case."""
    ticket = case[0].ticket
    owner = rules.agent(ticket.assignee or "")
    organisation = rules.organisation_of(ticket.requester.address)
    kinds = Counter(one.kind for one in case)
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "requester": {
            "name": plain_name(ticket.requester),
            "address": ticket.requester.address,
            "organisation": organisation.name if organisation else "",
        },
        "assignee": owner.name if owner else None,
        "came": [{"kind": kind, "count": count} for kind, count in kinds.items()],
        "at": max(one.at for one in case),
        "href": _show(case[0], to, rules, now),
    }


def _show(one: Bundled, to: Address, rules: Rules, now: datetime) -> str:
    """Return a link that writes `#show`, to an address that proves the agent where he has one."""
    number = one.ticket.number
    address = quote(_address(one, to, Purpose.INTERNAL, rules, now), safe="@")
    return f"mailto:{address}?subject={quote(f'Re: [#{number}]')}&body={quote(f'#show {number}')}"


def _address(one: Bundled, to: Address, purpose: Purpose, rules: Rules, now: datetime) -> str:
    queue = rules.queue(one.queue).addresses[0]
    if not one.party:
        return queue
    token = sign(rules.reply, one.ticket.number, str(one.party), purpose, to.key, now)
    return reply_address(rules.reply, queue, token)
