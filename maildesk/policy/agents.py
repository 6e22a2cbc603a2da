"""An agent's mail: a public reply, a note, or held where anything is in doubt."""

from dataclasses import replace

from maildesk.mail.identifiers import Purpose, find_markers
from maildesk.mail.message import InboundMail
from maildesk.mail.notes import NOTES
from maildesk.mail.vacation import speaks_of_absence
from maildesk.model.facts import Level
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Direction, Role, Visibility
from maildesk.policy import notices
from maildesk.policy.commands import find_commands
from maildesk.policy.draft import Draft
from maildesk.policy.lifecycle import Trigger
from maildesk.policy.outgoing import (
    Sent,
    cut_quoted,
    forbidden_lines,
    holds_secret_token,
    own_part,
    quoted_part,
    relayed,
)
from maildesk.policy.rules import Agent
from maildesk.policy.threads import is_new_matter

LINE_SHOWN = 100  # characters of a line that holds a reply
_ONCE_MORE = "Delete what you do not want to send, and answer once more."


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
    if purpose == Purpose.INTERNAL:
        return _note(draft, agent)
    return _public_reply(draft, agent)


def _note(draft: Draft, agent: Agent) -> Plan:
    if hold_commands(draft, agent, draft.arrival.mail.new_text):
        return draft.plan(Disposition.HELD)
    draft.add_message(Visibility.INTERNAL)
    return draft.plan(Disposition.NOTE)


def _public_reply(draft: Draft, agent: Agent) -> Plan:
    arrival = draft.arrival
    sent = Sent.of(text for ticket in arrival.facts.tickets.values() for text in ticket.sent)
    mail = cut_quoted(arrival.mail, sent, arrival.rules.reply, draft.queue.name)
    if hold_commands(draft, agent, mail.new_text):
        return draft.plan(Disposition.HELD)
    reason = (
        _only_its_head(draft)
        or _another_mail(draft, mail)
        or _nothing_to_send(draft, mail)
        or _not_for_all(draft, mail)
    )
    if reason:
        return _hold(draft, agent, reason)
    draft.arrival = replace(arrival, mail=mail)
    draft.add_message(Visibility.PUBLIC, Direction.OUT)
    if draft.ticket.assignee is None:
        draft.assign(agent)
    draft.trigger(Trigger.AGENT_REPLY)
    notices.send_reply(draft, agent)
    return draft.plan(Disposition.REPLY)


# --- why a reply is held ------------------------------------------------------------------------


def _only_its_head(draft: Draft) -> str:
    if draft.arrival.envelope.full_size is None:
        return ""
    return "It is too big: only its beginning came in. Answer once more without the big files."


def _another_mail(draft: Draft, mail: InboundMail) -> str:
    """Why the mail may be no answer to this case, though it came to its reply address."""
    if is_new_matter(draft.arrival, draft.match):
        return (
            f"It looks like a new matter: it answers no mail, and its subject is “{mail.subject}”. "
            "Answer the notification of the case that you mean."
        )
    is_bare = not (mail.in_reply_to or mail.references or mail.quoted)
    if is_bare and speaks_of_absence(mail.new_text):
        return (
            "It looks like a vacation notice: it answers no mail, quotes none, and speaks of an "
            "absence. Answer the notification of this case to send it."
        )
    return ""


def _nothing_to_send(draft: Draft, mail: InboundMail) -> str:
    notes = NOTES.intersection(draft.arrival.mail.new_text.split("\n"))
    if notes and not mail.new_text:
        return f"It has no words that we can read, only this: {', '.join(sorted(notes))}."
    if mail.new_text.startswith("BEGIN:VCALENDAR"):  # RFC 5545 section 3.4: the mail is no other
        return "It is an answer to an invitation, which a calendar can read and nobody else."
    if not mail.new_text and not relayed(mail.attachments):
        return "It is empty: there is nothing to send."
    if not any("@" in party.address.address for party in draft.parties(Role.REQUESTER)):
        return "The requester's mail named no address that can be written to."
    return ""


def _not_for_all(draft: Draft, mail: InboundMail) -> str:
    """Why the reply may not leave the desk: it holds what is for agents."""
    reply, tickets = draft.arrival.rules.reply, draft.arrival.facts.tickets.values()
    if any(file.has_token for file in relayed(mail.attachments)):
        return (
            "It has an attached mail or text with a reply address or reference of ours, which is "
            f"not for the requester. {_ONCE_MORE}"
        )
    if any(find_markers(reply, mail.new_text)) or holds_secret_token(mail.new_text):
        return (
            "It still holds our notification, which is not for the requester: a reply address or "
            f"reference of ours. {_ONCE_MORE}"
        )
    free = _free_words(draft)
    sent = [text for ticket in tickets for text in ticket.sent]
    ours, theirs = map(own_part, sent), map(quoted_part, sent)
    for line in forbidden_lines(mail.new_text, ours, (*free, *theirs)):
        return f"It has a line of our notification: “{line[:LINE_SHOWN]}”. {_ONCE_MORE}"
    internal = [text for ticket in tickets for text in ticket.internal]
    for line in forbidden_lines(mail.new_text, internal, free):
        return f"It has a line of an internal message: “{line[:LINE_SHOWN]}”. {_ONCE_MORE}"
    return ""


def _free_words(draft: Draft) -> tuple[str, ...]:
    """What the requester knows, wherever it stands."""
    ticket, said = draft.facts.ticket, draft.facts.last_said
    return (ticket.subject, ticket.requester.address, said.text if said else "")


# --- holding ------------------------------------------------------------------------------------


def hold_automatic(draft: Draft, agent: Agent) -> Plan:
    """Hold an agent's mail that a list or a program seems to have sent, and tell him."""
    signs = "; ".join(draft.automatic.evidence)
    return _hold(draft, agent, f"It was not sent: no person may have written it ({signs}).")


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
