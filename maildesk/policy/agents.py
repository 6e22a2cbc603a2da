"""An agent's mail: a public reply, a note, or held where anything is in doubt."""

from maildesk.mail.identifiers import Purpose, find_markers
from maildesk.model.plan import Disposition, Level, Plan
from maildesk.model.ticket import Direction, Role, Visibility
from maildesk.policy import notices
from maildesk.policy.commands import find_commands
from maildesk.policy.draft import Draft
from maildesk.policy.lifecycle import Trigger
from maildesk.policy.rules import Agent


def take_agent_mail(draft: Draft, agent: Agent) -> Plan:
    """A public reply is a command: it needs the same proof, else it is held."""
    purpose = draft.match.token_purpose
    is_proved = purpose in (Purpose.AGENT, Purpose.INTERNAL)
    trust = draft.arrival.trust
    is_proved = is_proved or (trust.level is Level.V2 and trust.covers_mail)
    if trust.level is Level.VX or not is_proved:
        reason = (
            "Nothing proves that you wrote it. "
            "To send it, answer the notification of this case: its reply address is the proof."
        )
        return _hold(draft, agent, reason)
    if hold_commands(draft, agent, draft.arrival.mail.new_text):
        return draft.plan(Disposition.HELD)
    if purpose == Purpose.INTERNAL:
        draft.add_message(Visibility.INTERNAL)
        return draft.plan(Disposition.NOTE)
    return _public_reply(draft, agent)


def _public_reply(draft: Draft, agent: Agent) -> Plan:
    mail = draft.arrival.mail
    if not mail.new_text and not mail.attachments:
        return _hold(draft, agent, "It is empty: there is nothing to send.")
    if _holds_our_notice(draft):
        reason = (
            "It still holds our notification, which is not for the requester. "
            "Delete what you do not want to send, and answer once more."
        )
        return _hold(draft, agent, reason)
    if not any("@" in p.address.address for p in draft.parties(Role.REQUESTER)):
        reason = "The requester's mail named no address that can be written to."
        return _hold(draft, agent, reason)
    draft.add_message(Visibility.PUBLIC, Direction.OUT)
    if draft.ticket.assignee is None:
        draft.assign(agent)
    draft.trigger(Trigger.AGENT_REPLY)
    notices.send_reply(draft, agent)
    return draft.plan(Disposition.REPLY)


def hold_automatic(draft: Draft, agent: Agent) -> Plan:
    """Hold an agent's mail that a list or a program seems to have sent, and tell him."""
    signs = "; ".join(draft.automatic.evidence)
    return _hold(draft, agent, f"It was not sent: no person may have written it ({signs}).")


def _holds_our_notice(draft: Draft) -> bool:
    """Whether the reference that ends our notifications stands in the words to be sent: then the
    quote could not be told from what the agent wrote."""
    reply = draft.arrival.rules.reply
    return next(find_markers(reply, draft.arrival.mail.new_text), None) is not None


def _hold(draft: Draft, agent: Agent, reason: str) -> Plan:
    draft.add_message(Visibility.HELD, reason=reason)
    notices.tell_author_held(draft, agent, reason)
    return draft.plan(Disposition.HELD)


def hold_commands(draft: Draft, agent: Agent, written: str) -> bool:
    """Hold an agent's mail if a line that he has `written` begins with `#word`, and tell him."""
    commands = find_commands(written, "held", "commands do not run yet")
    if not commands:
        return False
    draft.commands = commands
    words = ", ".join(f"#{command.verb}" for command in commands)
    _hold(draft, agent, f"It has command lines ({words}), which this version does not run.")
    return True
