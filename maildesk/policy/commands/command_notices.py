"""What agents are told about commands: questions on what is held, receipts, and who got a case.

The letters to requesters stand in `notices`; the answers that agents ask for in `questions`.
"""

from collections.abc import Mapping
from dataclasses import replace

from maildesk.mail.identifiers import Purpose
from maildesk.mail.message import Address
from maildesk.model.changes import OpenHold
from maildesk.model.facts import Hold, Level
from maildesk.model.plan import Audience
from maildesk.model.ticket import Role, Visibility
from maildesk.policy.commands.attempt import Attempt
from maildesk.policy.commands.questioning import Question
from maildesk.policy.commands.task import Task
from maildesk.policy.commands.verbs import NOTED
from maildesk.policy.draft import Draft
from maildesk.policy.governor import was_told
from maildesk.policy.letters import AUTO_GENERATED, AUTO_REPLIED, Letter, label, write, write_agent
from maildesk.policy.notices import desk_address, given_facts, readers, responsible
from maildesk.policy.rules import Agent
from maildesk.policy.threads import AGENT_PURPOSES

# --- what is held -------------------------------------------------------------------------------


def ask_author(draft: Draft, agent: Agent, question: Question) -> None:
    """Ask an agent, at his registered address, what is to become of a mail in his name.

    Where nothing proves that he wrote it, once in ten minutes: anybody can write in his name.
    """
    arrival = draft.arrival
    is_proved = draft.match.token_purpose in AGENT_PURPOSES or arrival.trust.level is Level.V2
    is_governed = not is_proved and draft.released is None
    if is_governed and was_told(
        "command_confirm", agent.addresses, arrival.facts.answers, arrival.now
    ):
        draft.reasons.append(f"{agent.handle} was asked about another one within ten minutes")
        return
    receipt = draft.released or arrival.facts.receipt
    letter = confirm_letter(draft, receipt, question.facts(), question.offers)
    write_agent(draft, agent, replace(letter, is_answer=is_governed))


def confirm_letter(
    draft: Draft,
    receipt: int,
    facts: Mapping[str, object],
    offers: tuple[str, ...],
    *,
    is_reminder: bool = False,
) -> Letter:
    """Return the letter that asks; its reply address decides on the mail of `receipt`."""
    return Letter(
        kind="command_confirm",
        audience=Audience.AGENT,
        purpose=Purpose.CONFIRMATION,
        sender=desk_address(draft),
        facts={**facts, "is_reminder": is_reminder},
        hold=receipt,
        topic="reminder" if is_reminder else "",
        offers=offers,
    )


def tell_refused(draft: Draft, agent: Agent, question: Question) -> None:
    """Tell an agent that what he asked of the desk was not done, for no case is there to hold it.

    Governed as questions are.
    """
    arrival = draft.arrival
    is_proved = arrival.trust.level is Level.V2
    if not is_proved and was_told(
        "command_receipt", agent.addresses, arrival.facts.answers, arrival.now
    ):
        return
    lines = [f"{doubt.line}: {doubt.reason}" for doubt in question.doubts]
    reason = question.reason if not lines else ""
    letter = _receipt(draft, "Not done", [*filter(None, [reason]), *lines], failed=True)
    write_agent(draft, agent, replace(letter, is_answer=not is_proved))


# --- what was done ------------------------------------------------------------------------------


def tell_done(draft: Draft, attempt: Attempt) -> None:
    """Give an agent a receipt where he wants one, and where his words stay inside."""
    task = attempt.task
    is_note = attempt.has_words and attempt.visibility is Visibility.INTERNAL
    if task.is_opening or task.is_quiet or not (is_note or task.agent.receipts):
        return
    done = (line for line in attempt.understood if line and not (is_note and line == NOTED))
    said = [f"{line[:1].upper()}{line[1:]}." for line in done]
    requester = label(draft.ticket.requester)
    verbs = ", ".join(f"#{line.verb} {line.rest}".strip() for line in attempt.lines)
    title = f"Stored as a note: nothing was sent to {requester}" if is_note else f"Done: {verbs}"
    may_send = is_note and task.visibility is None and draft.released is None
    letter = _receipt(draft, title, said, may_send=may_send)
    if may_send:
        letter = replace(letter, facts={**letter.facts, "words": attempt.mail.new_text})
        draft.change(OpenHold(_offer_to_send(draft, task.agent, title)))
        hold = draft.arrival.facts.receipt
        letter = replace(letter, purpose=Purpose.CONFIRMATION, hold=hold, offers=("send",))
    write_agent(draft, task.agent, letter)


def _offer_to_send(draft: Draft, agent: Agent, title: str) -> Hold:
    """A note that its writer may have meant for the requester waits for his `send`."""
    now, receipt = draft.arrival.now, draft.arrival.facts.receipt
    return Hold(receipt, draft.ticket.number, agent.handle, title, now, now, is_note=True)


def _receipt(
    draft: Draft, title: str, lines: list[str], *, may_send: bool = False, failed: bool = False
) -> Letter:
    return Letter(
        kind="command_receipt",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=desk_address(draft),
        facts={"title": title, "lines": lines, "may_send": may_send, "failed": failed},
        auto_submitted=AUTO_REPLIED,
    )


# --- who else hears of it -----------------------------------------------------------------------


def tell_owners(draft: Draft, task: Task) -> None:
    """Tell those to whom the case was given."""
    rules, absent = draft.arrival.rules, draft.arrival.facts.absent
    told = {handle: reason for handle, reason in task.tells.items() if handle not in absent}
    if task.tells and not told:  # all of them are away: their team hears of it
        others = [agent for agent in responsible(draft) if agent != task.agent]
        away = ", ".join(task.tells)
        told = {agent.handle: f"{away} is away" for agent in others}
    for handle, reason in told.items():
        agent = rules.agent(handle)
        if agent is None or (handle in task.tells and task.ticket.assignee not in (None, handle)):
            continue
        by = "agent" if task.ticket.assignee == handle else "team"
        letter = Letter(
            kind="assigned",
            audience=Audience.AGENT,
            purpose=Purpose.AGENT,
            sender=desk_address(draft),
            facts=given_facts(draft, by, reason, task.agent.name),
        )
        write_agent(draft, agent, letter)


def tell_colleagues(draft: Draft, author: Agent) -> None:
    """Tell whoever answers for the case of an agent's internal note."""
    files = tuple(attachment.part for attachment in draft.arrival.mail.attachments)
    letter = Letter(
        kind="note",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=Address(f"{author.name} via {draft.queue.name}", draft.queue.addresses[0]),
        facts={"reply_goes": "", "agent": {"name": author.name}},
        files=files,
    )
    for agent in responsible(draft):
        if agent != author:
            write_agent(draft, agent, letter)


def tell_merged(draft: Draft, author: Agent, into: int) -> None:
    """Tell the requester that his case goes on as another one, unless he wants no such mail."""
    people = [party for party in readers(draft, author) if party.role is Role.REQUESTER]
    for party in people:
        if party.address.key in draft.facts.want_no_mail:
            continue
        letter = Letter(
            kind="merged",
            audience=Audience.REQUESTER,
            purpose=Purpose.PARTICIPANT,
            sender=desk_address(draft),
            facts={"into": into},
            auto_submitted=AUTO_GENERATED,
        )
        write(draft, party, letter)
