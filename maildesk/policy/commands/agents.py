"""An agent's mail: what it orders is done whole, or the whole of it is held.

    take_agent_mail     a mail on a case      ┐
    open_for_agent      a mail that opens one ├─ attempt ─┬─ a doubt: `holding.hold`
    act_on_order        `run` or `send`       ┘           └─ none: reply, note, or commands alone

An attempt is made on a draft of its own: where it ends in doubt, nothing of it is left.
"""

from dataclasses import replace

from maildesk.mail.identifiers import Purpose
from maildesk.mail.message import AutomaticKind, joined
from maildesk.model.facts import Level
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Role, Status, Visibility
from maildesk.policy import notices
from maildesk.policy.commands import command_notices, questions
from maildesk.policy.commands.attempt import Attempt, Order, try_mail
from maildesk.policy.commands.holding import hold
from maildesk.policy.commands.objections import objection
from maildesk.policy.commands.outgoing import lines_of
from maildesk.policy.commands.task import Task
from maildesk.policy.draft import Begin, Draft, is_ours
from maildesk.policy.lifecycle import LIVE, Trigger
from maildesk.policy.routing.routed import told_of_new
from maildesk.policy.rules import Agent


def take_agent_mail(begin: Begin, agent: Agent) -> Plan:
    """Return what an agent's mail on a case does. A public reply is a command: it needs the same
    proof, else it is held."""
    draft = begin()
    if draft.automatic.kind is not AutomaticKind.NONE:
        return hold_automatic(draft, agent)
    return _act(begin, agent, is_sure=is_sure(draft))


def act_on_order(begin: Begin, agent: Agent, order: Order) -> Plan:
    """Return what a held mail does once its writer has said what to do with it."""
    return _act(begin, agent, is_sure=True, order=order)


def open_for_agent(begin: Begin, agent: Agent) -> Plan:
    """Return what an agent's new mail with command lines does: it opens a case, or asks the desk
    something and opens none."""
    draft = begin()
    return _act(begin, agent, is_sure=is_sure(draft))


def is_sure(draft: Draft) -> bool:
    """Whether more than a reply address speaks for the agent."""
    trust = draft.arrival.trust
    return trust.level is Level.V2 and trust.covers_mail


def _act(begin: Begin, agent: Agent, *, is_sure: bool, order: Order | None = None) -> Plan:
    attempt = try_mail(begin(), agent, is_sure=is_sure, order=order)
    unproved = "" if is_sure else _unproved(attempt.draft)
    copied = "" if order else _copied(attempt.draft)
    reason = unproved or copied or objection(attempt)
    if reason or attempt.doubts:
        return hold(begin, agent, attempt, reason)
    return _carry_out(attempt)


def _unproved(draft: Draft) -> str:
    """Why nothing shows that the agent wrote it; "" if something does."""
    has_token = draft.match.token_purpose in (Purpose.AGENT, Purpose.INTERNAL)
    if has_token and draft.arrival.trust.level is not Level.VX:
        return ""
    trust = draft.arrival.trust
    why = "Nothing proves that you wrote it."
    if trust.level is Level.V2:
        why = (
            "You wrote it, but it may be a copy that somebody sends on: "
            f"{'; '.join(trust.evidence)}."
        )
    return (
        f"{why} An answer to the notification of a case needs no question like this one: its reply "
        "address is the proof."
    )


def _copied(draft: Draft) -> str:
    """Why the mail may be one that was carried out before; "" if nothing says so."""
    if not draft.arrival.facts.same_message_id:
        return ""
    return "Another mail with the same Message-ID came before, with other words."


# --- carrying out -------------------------------------------------------------------------------


def _carry_out(attempt: Attempt) -> Plan:
    """Return the plan of a mail that nothing speaks against."""
    draft, task = attempt.draft, attempt.task
    draft.commands = attempt.traces("run")
    draft.arrival = replace(draft.arrival, mail=attempt.mail)
    if task.is_opening:
        disposition = _open(attempt)
    elif not attempt.has_words:
        disposition = _commands_alone(attempt)
    elif attempt.visibility is Visibility.INTERNAL:
        disposition = _note(attempt)
    else:
        disposition = _public_reply(attempt)
    if not (task.is_quiet or task.is_opening):  # a new case is told of anyhow
        command_notices.tell_owners(draft, task)
    questions.answer(draft, task)
    command_notices.tell_done(draft, attempt)
    return draft.plan(disposition)


def _public_reply(attempt: Attempt) -> Disposition:
    draft, task = attempt.draft, attempt.task
    if is_sure(draft) and attempt.order is not Order.SEND:
        _add_copied(draft)
    draft.add_message(Visibility.PUBLIC, Direction.OUT)
    if draft.ticket.assignee is None and not task.has_said_owner:
        draft.assign(task.agent)
    draft.trigger(Trigger.AGENT_REPLY)
    notices.send_reply(draft, task.agent, "solved" if task.is_solved else "reply")
    return Disposition.REPLY


def _add_copied(draft: Draft) -> None:
    """Whom a proved agent writes to besides takes part from now on, as by `#cc`."""
    arrival = draft.arrival
    for person in (*arrival.mail.to, *arrival.mail.cc):
        is_outside = "@" in person.address and not is_ours(arrival, person.address)
        if is_outside and not arrival.rules.agent_at(person.address):
            draft.add_party(person, Role.PARTICIPANT)


def _note(attempt: Attempt) -> Disposition:
    draft, task = attempt.draft, attempt.task
    draft.add_message(Visibility.INTERNAL)
    if not task.is_quiet:
        command_notices.tell_colleagues(draft, task.agent)
    return Disposition.NOTE


def _commands_alone(attempt: Attempt) -> Disposition:
    """Commands without words post no message; what they decide may still be told."""
    draft, task = attempt.draft, attempt.task
    if draft.released is not None:
        draft.add_message(Visibility.INTERNAL)
    if task.is_quiet:
        return Disposition.NOTE
    if task.merged_into:  # that it goes on there says enough
        command_notices.tell_merged(draft, task.agent, task.merged_into)
    elif task.is_solved:
        notices.tell_solved(draft, task.agent)
    return Disposition.NOTE


def _open(attempt: Attempt) -> Disposition:
    draft, task = attempt.draft, attempt.task
    if draft.ticket.number == 0:
        return Disposition.NOTE
    visibility = task.visibility or Visibility.PUBLIC
    is_for_another = draft.ticket.requester.key != draft.facts.ticket.requester.key
    if is_for_another:
        _leave_remarks_out(draft)
        if not draft.forwarded:
            draft.note_logged(task.agent)
    draft.add_message(visibility)
    if visibility is Visibility.PUBLIC and not task.is_quiet:
        _tell_requester(draft, task, is_for_another=is_for_another)
    if not task.is_quiet and draft.ticket.status in LIVE:
        notices.tell_named(draft, "queue_new", told_of_new(draft))
    return Disposition.NEW_TICKET


def _leave_remarks_out(draft: Draft) -> None:
    """Where an agent forwards what somebody wrote, that is the message; his own remarks above it
    are folded."""
    mail, forwarded = draft.arrival.mail, draft.forwarded
    if forwarded:
        passed_on = set(lines_of(mail.text, forwarded))
        remarks = (line for line in lines_of(mail.text, mail.reply) if line not in passed_on)
        whole = replace(mail, reply=forwarded, quoted=joined((*mail.quoted, *remarks)))
        draft.arrival = replace(draft.arrival, mail=whole)


def _tell_requester(draft: Draft, task: Task, *, is_for_another: bool) -> None:
    if task.is_solved:
        notices.tell_solved(draft, task.agent)
    elif draft.ticket.status is not Status.MERGED:
        for requester in draft.parties(Role.REQUESTER):
            notices.acknowledge(draft, requester, by=task.agent if is_for_another else None)


# --- mail of his that no person wrote -----------------------------------------------------------


def hold_automatic(draft: Draft, agent: Agent) -> Plan:
    """Hold an agent's mail that a list or a program seems to have sent, and tell him."""
    signs = "; ".join(draft.automatic.evidence)
    reason = f"It was not sent: no person may have written it ({signs})."
    draft.add_message(Visibility.HELD, reason=reason)
    notices.tell_author_held(draft, agent, reason)
    return draft.plan(Disposition.HELD)
