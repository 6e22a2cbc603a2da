"""What time alone does to a case: reminders of what is held, and the return of what was put off.

Each function returns the plan of one occasion, which no mail has caused; `desk.holds` asks the
store what is due, and notes that it was done.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose
from maildesk.mail.message import Automatic, AutomaticKind, InboundMail
from maildesk.model.changes import SetStatus
from maildesk.model.facts import Facts, Hold, TicketFacts, Trust
from maildesk.model.plan import Audience, Disposition, Match, Plan
from maildesk.policy.commands.command_notices import confirm_letter
from maildesk.policy.draft import Draft
from maildesk.policy.letters import Letter, write_agent
from maildesk.policy.lifecycle import Trigger, next_status
from maildesk.policy.notices import desk_address, given_facts, responsible
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival

Absent = Mapping[str, datetime]  # handles of agents who are away, and until when


def occasion(cause: str, ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Draft:
    """Return a draft that no mail caused: it stands in for one without a sender."""
    number = ticket.ticket.number
    arrival = Arrival(
        mail=InboundMail(size=0, content_key=cause),
        envelope=Envelope(Source.PIPE, ""),
        trust=Trust(),
        facts=Facts(tickets={number: ticket}, absent=absent),
        rules=rules,
        now=now,
        written_at=now,
    )
    return Draft(arrival, Automatic(AutomaticKind.OWN), Match(number), ticket)


def remind(hold: Hold, ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Plan:
    """Ask an agent once more about a mail of his that is held.

    That he was, `store.holds` notes; it is none of the questions that an answer of his brings.
    """
    draft = occasion(f"hold:{hold.receipt}", ticket, rules, now, absent)
    draft.arrival = replace(draft.arrival, now=hold.opened_at)  # since when it is held
    agent = rules.agent(hold.agent)
    if agent:
        may = {"run": hold.question.get("may_run"), "send": hold.question.get("may_send")}
        offers = (*(word for word, is_allowed in may.items() if is_allowed), "drop")
        facts = hold.question
        letter = confirm_letter(draft, hold.receipt, facts, offers, is_reminder=True)
        write_agent(draft, agent, letter)
    return finished(draft, f"hold:{hold.receipt}:reminder")


def tell_team(hold: Hold, ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Plan:
    """Tell the others of the team that an agent's mail has waited for hours for his word. It is as
    if he were away: the case may be his own."""
    others = {**absent, hold.agent: now}
    draft = occasion(f"hold:{hold.receipt}", ticket, rules, now, others)
    author = rules.agent(hold.agent)
    name = author.name if author else hold.agent
    letter = Letter(
        kind="assigned",
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=desk_address(draft),
        facts=given_facts(
            draft,
            "held",
            f"A mail of {name} has been held since {hold.opened_at:%Y-%m-%d %H:%M} UTC, and {name} "
            f"has not said what is to become of it: {hold.reason}",
        ),
    )
    for agent in responsible(draft):
        if agent.handle != hold.agent:
            write_agent(draft, agent, letter)
    return finished(draft, f"hold:{hold.receipt}:team")


def wake(ticket: TicketFacts, rules: Rules, now: datetime, absent: Absent) -> Plan:
    """Open a case again that was put off until now, and tell whoever answers for it."""
    number, status, day = ticket.ticket.number, ticket.ticket.status, ticket.ticket.wake_at
    draft = occasion(f"wake:{day}", ticket, rules, now, absent)
    draft.change(SetStatus(number, next_status(status, Trigger.TIME), Trigger.TIME))
    letter = Letter(
        kind="assigned",
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=desk_address(draft),
        facts=given_facts(draft, "woken", ""),
    )
    for agent in responsible(draft):
        write_agent(draft, agent, letter)
    return finished(draft, f"wake:{day:%Y%m%dT%H%M}" if day else "wake")


def finished(draft: Draft, cause: str) -> Plan:
    """Return the plan, its letters named after the occasion: it happens once. Their topics stay,
    or of two letters of one kind to one reader the second would be taken for the first."""
    plan = draft.plan(Disposition.NOTE)
    topics = (notice.cause.removeprefix("receipt:0") for notice in plan.notices)
    pairs = zip(plan.notices, topics, strict=True)
    return replace(plan, notices=tuple(replace(one, cause=cause + topic) for one, topic in pairs))
