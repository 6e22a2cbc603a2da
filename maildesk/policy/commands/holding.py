"""Agents' mails that wait for a word: kept whole, and their writer's registered address is asked.

What is held is never sent unasked and never lost. The question names what each answer would do: it
is tried, with the same code that then does it. What the answer does stands in `confirming`.
"""

from collections.abc import Sequence

from maildesk.model.changes import AskAgain, OpenHold
from maildesk.model.facts import Hold
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Visibility
from maildesk.policy.commands import command_notices as notices
from maildesk.policy.commands.attempt import Attempt, Order, try_mail
from maildesk.policy.commands.lines import Doubt
from maildesk.policy.commands.objections import objection
from maildesk.policy.commands.questioning import Question
from maildesk.policy.draft import Begin, Draft
from maildesk.policy.rules import Agent


def hold(begin: Begin, agent: Agent, attempt: Attempt, reason: str) -> Plan:
    """Return the plan that keeps a mail, and asks the agent what is to become of it."""
    draft = begin()
    question = question_of(begin, agent, attempt, reason)
    draft.commands = attempt.traces("held", question.reason)
    if draft.ticket.number == 0:  # it asks the desk something, and no case is there to hold it
        notices.tell_refused(draft, agent, question)
        return draft.plan(Disposition.HELD)
    if draft.released is None and question.is_idle and not draft.is_opening:
        draft.add_message(Visibility.HELD, reason=question.reason)
        notices.tell_refused(draft, agent, question)
        return draft.plan(Disposition.HELD)
    if draft.released is None:
        draft.note_logged(agent)
        draft.add_message(Visibility.HELD, reason=question.reason)
        draft.change(OpenHold(new_hold(draft, agent, question)))
    else:
        draft.change(AskAgain(draft.released))
    notices.ask_author(draft, agent, question)
    return draft.plan(Disposition.HELD)


def new_hold(draft: Draft, agent: Agent, question: Question) -> Hold:
    """Return what is kept of a question, so that it can be asked again."""
    now = draft.arrival.now
    return Hold(
        receipt=draft.arrival.facts.receipt,
        ticket=draft.ticket.number,
        agent=agent.handle,
        reason=question.reason,
        opened_at=now,
        asked_at=now,
        is_first=draft.is_opening,
        question=question.facts(),
    )


def question_of(begin: Begin, agent: Agent, attempt: Attempt, reason: str) -> Question:
    """Return what the agent is asked: what was understood, what not, and what he may answer."""
    run = try_mail(begin(), agent, is_sure=True, order=Order.RUN)
    send = try_mail(begin(), agent, is_sure=True, order=Order.SEND)
    stops = {order: objection(one) for order, one in ((Order.RUN, run), (Order.SEND, send))}
    doubts = _doubts(attempt, run)
    open_doubts = [doubt for doubt in doubts if not doubt.suggestion]
    may_run = bool(run.lines) and not (run.doubts or run.unread or stops[Order.RUN])
    may_send = send.has_words and not stops[Order.SEND] and not send.task.is_opening
    is_bare = not (send.has_words or run.lines)  # "empty" would say less than the doubts do
    hard = "" if is_bare else stops[Order.SEND if send.has_words else Order.RUN]
    return Question(
        reason=reason or hard or _first(open_doubts or doubts),
        understood=run.understood,
        doubts=doubts,
        words=send.mail.new_text,
        may_run=may_run,
        may_send=may_send,
        keeps_words=run.has_words and run.visibility is Visibility.INTERNAL,
    )


def _doubts(attempt: Attempt, run: Attempt) -> tuple[Doubt, ...]:
    """What is in doubt: how the lines read, and then why they cannot run, whatever he says."""
    read = {doubt.line: doubt for doubt in attempt.read_doubts}
    tried = {doubt.line: doubt for doubt in attempt.doubts if doubt.line not in read}
    stays = {doubt.line: doubt for doubt in run.doubts if doubt.line in tried}
    said = " ".join(read)
    new = {d.line: d for d in run.doubts if d.line not in tried and d.line not in said}
    return (*attempt.read_doubts, *(tried | stays | new).values())


def _first(doubts: Sequence[Doubt]) -> str:
    return doubts[0].reason if doubts else ""
