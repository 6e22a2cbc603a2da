"""A mail that belongs to a ticket joins it: in full, held for agents, or as an agent's answer."""

from functools import partial

from maildesk.mail.message import Automatic, AutomaticKind
from maildesk.model.facts import TicketFacts
from maildesk.model.plan import Disposition, Match, Plan, Signal, Standing
from maildesk.model.ticket import Status, Visibility
from maildesk.policy import notices
from maildesk.policy.commands.agents import take_agent_mail
from maildesk.policy.commands.confirmations import confirmation_tokens
from maildesk.policy.commands.confirming import leave_settled
from maildesk.policy.commands.reading import inert_commands
from maildesk.policy.draft import Draft, author_of
from maildesk.policy.lifecycle import Trigger
from maildesk.policy.requesters import take_courtesy
from maildesk.policy.threads import Arrival, claimed_agent, is_new_matter

_ANSWERS_US = (Signal.TOKEN, Signal.MESSAGE_ID, Signal.BODY_TOKEN)


def join_ticket(arrival: Arrival, automatic: Automatic, match: Match, facts: TicketFacts) -> Plan:
    """Return what a mail does to the ticket that it belongs to."""
    begin = partial(Draft, arrival, automatic, match, facts)
    agent = claimed_agent(arrival)
    if match.standing is Standing.AGENT and agent:
        if confirmation_tokens(arrival.mail, arrival.recipients, arrival.rules.reply):
            return leave_settled(begin(), agent)
        return take_agent_mail(begin, agent)
    draft = begin()
    if automatic.kind is not AutomaticKind.NONE:
        return _append_automatic(draft)
    if match.standing is Standing.PARTICIPANT:
        return _participant_mail(draft)
    return _held_for_agents(draft)


def _append_automatic(draft: Draft) -> Plan:
    """Append what a list or a program sent: it changes nothing and is answered by nobody.

    Agents hear of it where it answers a mail of ours: a person may write through a list.
    """
    draft.add_message(Visibility.INTERNAL)
    draft.reasons.extend(draft.automatic.evidence)
    draft.link_suggested()
    if draft.match.standing is Standing.PARTICIPANT and draft.match.signal in _ANSWERS_US:
        signs = "; ".join(draft.automatic.evidence)
        notices.tell_agents(draft, "user_replied", f"No person may have written it: {signs}.")
    return draft.plan(Disposition.AUTOMATIC)


def _participant_mail(draft: Draft) -> Plan:
    was = draft.ticket.status
    if courteous := take_courtesy(draft):
        return courteous
    draft.add_message(Visibility.PUBLIC)
    draft.commands = inert_commands(draft.arrival.mail, draft.arrival.rules)
    draft.trigger(Trigger.REQUESTER_MAIL)
    draft.link_suggested()
    draft.remember_sender()
    kind = "reopened" if was is Status.SOLVED else "user_replied"
    notices.tell_agents(draft, kind, _new_matter(draft))
    if was is Status.SOLVED:
        notices.tell_reopened(draft)
    return draft.plan(Disposition.REPLY)


def _new_matter(draft: Draft) -> str:
    if not is_new_matter(draft.arrival, draft.match):
        return ""
    return f"It looks like a new matter: the subject is now “{draft.arrival.mail.subject}”."


def _held_for_agents(draft: Draft) -> Plan:
    """Hold a mail of somebody who is no participant: agents see it, nobody else."""
    who = author_of(draft.arrival).address
    if draft.match.standing is Standing.KNOWN:
        reason = f"{who} stands in To or Cc of this case but takes no part in it."
    elif draft.match.standing is Standing.STRANGER:
        reason = f"{who} has a reply address of this case that was made for somebody else."
    else:
        reason = f"Its From field is not plain, so it proves nothing: {who}."
    draft.add_message(Visibility.HELD, reason=reason)
    draft.link_suggested()
    notices.tell_agents_held(draft, reason)
    if draft.match.standing is Standing.STRANGER:
        notices.tell_stranger(draft)
    return draft.plan(Disposition.HELD)
