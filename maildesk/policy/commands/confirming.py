"""An agent's word on his held mail: `run`, `send` or `drop`, the first one of his answer.

`policy.commands.confirmations` proves that the answer is his; anything else that he says asks once
more.
"""

from dataclasses import replace

from maildesk.mail.message import Automatic, AutomaticKind
from maildesk.model.changes import AskAgain, CloseHold, SetStatus
from maildesk.model.facts import HeldMail, Level
from maildesk.model.plan import Disposition, Match, Plan, Standing
from maildesk.model.ticket import Status
from maildesk.policy.commands import command_notices as notices
from maildesk.policy.commands.agents import act_on_order
from maildesk.policy.commands.attempt import Order, try_mail
from maildesk.policy.commands.confirmations import is_late
from maildesk.policy.commands.holding import question_of
from maildesk.policy.commands.questioning import Question
from maildesk.policy.draft import Begin, Draft
from maildesk.policy.rules import Agent
from maildesk.policy.threads import Arrival, match_ticket

MOST_QUESTIONS = 2  # on one mail, but for reminders: whoever does not answer them is not pressed
SAID_SHOWN = 200  # characters of an answer that decides nothing


def confirm(arrival: Arrival, automatic: Automatic, held: HeldMail, agent: Agent) -> Plan:
    """Return what an agent's word on his held mail does."""
    begin = _begin(arrival, automatic, held)
    if is_late(arrival, held.hold):
        return _ask_again(
            begin, agent, held, "Your answer came more than a day after the question."
        )
    order = read_order(arrival.mail.new_text)
    if order is None or (held.hold.is_note and order is Order.RUN):  # a note has run already
        return _ask_again(begin, agent, held, said=arrival.mail.new_text)
    if order is Order.DROP:
        draft = begin()
        draft.change(CloseHold(held.hold.ticket, held.hold.receipt, order))
        if draft.is_opening:  # the case holds nothing but this mail
            draft.change(SetStatus(held.hold.ticket, Status.CLOSED, str(order)))
        draft.reasons.append("the agent dropped it")
        return draft.plan(Disposition.NOTE)
    return _act(begin, agent, held, order)


def leave_settled(draft: Draft, agent: Agent) -> Plan:
    """Return the plan for an answer to a question that is over, or was never asked: nothing is
    done, and the agent is told."""
    draft.reasons.append("no mail waits for this answer")
    if draft.automatic.kind is AutomaticKind.NONE and draft.arrival.trust.level is not Level.VX:
        reason = "No mail of yours waits for this answer: it was given before, or is a day late."
        notices.tell_refused(draft, agent, Question(reason))
    return draft.plan(Disposition.NOTE)


def read_order(text: str) -> Order | None:
    """Return the order that the first word of a text is; None if it is none."""
    words = text.split(maxsplit=1)
    word = words[0].strip("#*_.,;:!\"'“”„’").casefold() if words else ""
    return Order(word) if word in list(Order) else None


def _act(begin: Begin, agent: Agent, held: HeldMail, order: Order) -> Plan:
    plan = act_on_order(begin, agent, order)
    if plan.disposition is Disposition.HELD:
        return plan
    over = CloseHold(held.hold.ticket, held.hold.receipt, order)
    return replace(plan, changes=(*plan.changes, over))


def _ask_again(
    begin: Begin, agent: Agent, held: HeldMail, reason: str = "", said: str = ""
) -> Plan:
    draft = begin()
    if held.hold.times_asked >= MOST_QUESTIONS and not reason:
        draft.reasons.append("neither run, send nor drop; asked twice already")
        return draft.plan(Disposition.NOTE)
    attempt = try_mail(begin(), agent, is_sure=False, order=None)
    question = question_of(begin, agent, attempt, reason or held.hold.reason)
    draft.change(AskAgain(held.hold.receipt))
    draft.arrival = replace(draft.arrival, now=held.hold.opened_at)  # since when it is held
    notices.ask_author(draft, agent, replace(question, said=said[:SAID_SHOWN]))
    return draft.plan(Disposition.NOTE)


def _begin(arrival: Arrival, automatic: Automatic, held: HeldMail) -> Begin:
    """A draft of the held mail, on the case that it lies in, as if it came in now."""
    hold = held.hold
    then = replace(arrival, mail=held.mail, envelope=held.envelope, trust=held.trust)
    match = match_ticket(then)
    if match.ticket != hold.ticket:
        match = Match(hold.ticket, standing=Standing.AGENT)
    facts = arrival.facts.tickets[hold.ticket]

    def begin() -> Draft:
        draft = Draft(then, automatic, match, facts)
        draft.released, draft.is_opening = hold.receipt, hold.is_first
        return draft

    return begin
