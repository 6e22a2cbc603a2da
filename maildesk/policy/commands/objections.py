"""Why an agent's words may not leave the desk as they are: each function returns a reason, or "".

`objection` asks them all. Some are doubts that the agent's own word settles (`send`); what is for
agents alone stays here whatever he says.
"""

from maildesk.mail.identifiers import find_markers
from maildesk.mail.message import InboundMail
from maildesk.mail.notes import NOTES
from maildesk.mail.vacation import speaks_of_absence
from maildesk.model.ticket import Role, Status, Visibility
from maildesk.policy.commands.attempt import Attempt
from maildesk.policy.commands.outgoing import (
    forbidden_lines,
    holds_secret_token,
    own_part,
    quoted_part,
    relayed,
)
from maildesk.policy.draft import Draft
from maildesk.policy.threads import is_new_matter

LINE_SHOWN = 100  # characters of a line that holds a reply
_ONCE_MORE = "Delete what you do not want to send, and answer once more."


def objection(attempt: Attempt) -> str:
    """Return why the mail is held, "" where nothing speaks against it."""
    if attempt.task.is_opening or attempt.visibility is Visibility.INTERNAL:
        return ""
    draft, mail = attempt.draft, attempt.mail
    if not attempt.has_words:
        return "" if attempt.lines or attempt.doubts else _nothing_to_send(draft, mail)
    doubt = "" if attempt.order else _doubt(attempt)
    return (
        _only_its_head(draft)
        or _quiet(attempt)
        or _merged(attempt)
        or doubt
        or _nothing_to_send(draft, mail)
        or _not_for_all(draft, mail)
    )


# --- what the agent's word settles --------------------------------------------------------------


def _doubt(attempt: Attempt) -> str:
    return (
        _astray(attempt.draft)
        or _another_mail(attempt.draft, attempt.mail)
        or _forward(attempt.draft)
        or _collision(attempt)
    )


def _astray(draft: Draft) -> str:
    """Why the mail may be an answer to our question, gone to another address."""
    answered = draft.facts.answered
    if answered is None or answered.kind != "command_confirm" or draft.match.token_purpose:
        return ""
    return (
        "It answers a question about a mail of yours that is held, but not at the question's own "
        "address. To decide on that mail, answer the question at the address that it gives."
    )


def _forward(draft: Draft) -> str:
    """Why the mail may be meant for the desk: it forwards one of ours, and came to no address of
    the case."""
    mail = draft.arrival.mail
    if not mail.forwarded or draft.match.token_purpose:
        return ""
    return "It forwards a mail of this case, so what stands above may be meant for the desk alone."


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


def _collision(attempt: Attempt) -> str:
    """Why the words may be out of date: a colleague has answered since."""
    facts = attempt.draft.facts
    answered, last = facts.answered, facts.last_reply
    if answered is None or last is None or last.at <= answered.at:
        return ""
    if attempt.task.rules.agent_at(last.author.address) == attempt.task.agent:
        return ""
    return (
        f"{last.author.label} answered at {attempt.task.local(last.at)}, after the mail that you "
        f"answer was sent: “{' '.join(last.text.split())[:LINE_SHOWN]}”."
    )


# --- what it does not ---------------------------------------------------------------------------


def _only_its_head(draft: Draft) -> str:
    if draft.arrival.envelope.full_size is None:
        return ""
    return "It is too big: only its beginning came in. Answer once more without the big files."


def _quiet(attempt: Attempt) -> str:
    if not attempt.task.is_quiet:
        return ""
    if attempt.task.ticket.status is Status.SPAM:
        return "#spam answers nobody, but there are words for the requester: leave one of them out."
    return "#quiet mails nobody, but there are words for the requester: say #note, or drop #quiet."


def _merged(attempt: Attempt) -> str:
    into = attempt.task.merged_into
    if not into:
        return ""
    return f"#merge moves the case, and the words would stay behind: say them in case #{into}."


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
    """Why the words may not leave the desk: they hold what is for agents."""
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
