"""Who is told what. Each public function writes the letters of one occasion into a draft.

Headers and addresses are made in `letters`; the wording stands in `templates/<language>/`.
To add a notice: a function here, a template there, a line in docs/notices.md.
"""

from collections.abc import Iterable
from dataclasses import replace

from maildesk.mail.envelope import Source
from maildesk.mail.identifiers import Purpose, base_subject
from maildesk.mail.message import Address, Attachment, DeliveryReport
from maildesk.model.facts import Level
from maildesk.model.plan import Alert, Audience
from maildesk.model.ticket import Party, Role
from maildesk.policy.commands.outgoing import relayed
from maildesk.policy.draft import Draft, author_of
from maildesk.policy.due.outlook import answer_by, is_question, promise_facts, what_follows
from maildesk.policy.governor import is_proved, refusal, unproved_refusal, was_told
from maildesk.policy.letters import AUTO_REPLIED, Letter, label, write, write_agent
from maildesk.policy.rules import Agent
from maildesk.policy.threads import AGENT_PURPOSES

AGENT_FILES_BYTES = 15_000_000  # what rides on a mail to an agent


# --- occasions ----------------------------------------------------------------------------------


def acknowledge(
    draft: Draft, requester: Party, by: Agent | None = None, template: str = ""
) -> None:
    """Tell the requester that the mail is here, as far as the sender is believed; `by` is the agent
    who has opened the case for him, `template` takes the place of the usual one."""
    arrival = draft.arrival
    rules, facts, now = arrival.rules.acknowledge, arrival.facts, arrival.now
    if not draft.automatic.is_answerable or arrival.trust.level is Level.VX:
        draft.reasons.append("no acknowledgement: " + _why_silent(draft))
        return
    contact = facts.contacts.get(requester.address.key) if by else facts.contact
    if contact and contact.wants_no_mail:
        draft.reasons.append("no acknowledgement: the requester asked for no more automatic mail")
        return
    proved = by is not None or is_proved(arrival.trust.level, facts)
    address = requester.mailbox.key  # a Reply-To must not make more of us than a From
    stop = refusal("received", address, draft.ticket.number, facts.answers, now)
    if stop:
        draft.alerts.append(Alert("governor", "Automatic answers stopped", stop))
    else:
        stop = None if proved else unproved_refusal(rules, address, facts, now)
    if stop:
        draft.reasons.append(f"no acknowledgement: {stop}")
        return
    full = proved or rules.unverified == "full"
    kind, promise = promise_facts(draft, by) if full else ("received", {})
    letter = Letter(
        kind=kind,
        audience=Audience.REQUESTER,
        purpose=Purpose.PARTICIPANT,
        sender=desk_address(draft),
        facts={"full": full, "opened_by": by.name if by else "", **promise},
        auto_submitted=AUTO_REPLIED,
        subject="" if full else f"Your request [#{draft.ticket.number}]",
        is_answer=True,
        is_unverified=not proved,
        is_nameless=not full,
        template=template if full else "",
    )
    write(draft, requester, letter)


def tell_agents(draft: Draft, kind: str, reason: str = "", *, also: Iterable[Agent] = ()) -> None:
    """Tell whoever answers for the ticket of the requester's words, files with them; and some
    others, whom a rule names."""
    tell_named(draft, kind, dict.fromkeys([*responsible(draft), *also]), reason)


def tell_named(draft: Draft, kind: str, agents: Iterable[Agent], reason: str = "") -> None:
    """Tell these agents of the requester's words."""
    riding, left = _fitting(draft.arrival.mail.attachments)
    letter = Letter(
        kind=kind,
        audience=Audience.AGENT,
        purpose=Purpose.AGENT,
        sender=_on_behalf(draft),
        facts={
            "reply_goes": label(draft.ticket.requester),
            "reason": _with_missing(draft, reason),
        },
        files=tuple(attachment.part for attachment in riding),
        left_out=tuple(left),
    )
    for agent in agents:
        write_agent(draft, agent, letter)


def tell_reopened(draft: Draft) -> None:
    """Tell the requester that his answer has opened the solved case again."""
    arrival, number = draft.arrival, draft.ticket.number
    for party in readers(draft)[:1]:
        if party.address.key in draft.facts.want_no_mail:
            draft.reasons.append("no word to the requester: he asked for no more automatic mail")
            continue
        stop = refusal("reopened", party.address.key, number, arrival.facts.answers, arrival.now)
        if stop or not draft.automatic.is_answerable or not draft.match.token_purpose:
            draft.reasons.append(f"no word to the requester: {stop or 'nothing proves the sender'}")
            continue
        letter = Letter(
            kind="reopened",
            audience=Audience.REQUESTER,
            purpose=Purpose.PARTICIPANT,
            sender=desk_address(draft),
            facts={"reply_goes": None, "answer_by": answer_by(draft)},
            auto_submitted=AUTO_REPLIED,
            is_answer=True,
        )
        write(draft, party, letter)


def given_facts(draft: Draft, by: str, reason: str, actor: str = "") -> dict[str, object]:
    """Return what the template `assigned` sees besides: who has given the case, `by` what way
    (agent, team, rule, woken, held), and what the requester said last."""
    said = draft.facts.last_said
    return {
        "actor": {"name": actor} if actor else None,
        "by": by,
        "reason": reason,
        "reply_goes": label(draft.ticket.requester),
        "quote": said.text if said else "",
        "quote_author": label(said.author) if said else "",
        "quote_at": said.at if said else None,
    }


def tell_agents_held(draft: Draft, reason: str) -> None:
    """Tell whoever answers for the ticket that a mail is held, and why; answers stay internal."""
    letter = _held(draft, reason)
    for agent in responsible(draft):
        write_agent(draft, agent, letter)


def tell_author_held(draft: Draft, agent: Agent, reason: str) -> None:
    """Tell the registered address of an agent that a mail in his name is held, and why.

    Where nothing proves that he wrote it, once in ten minutes: anybody can write in his name.
    """
    arrival = draft.arrival
    held = _held(draft, reason)
    letter = replace(held, facts={**held.facts, "is_own": True})
    if draft.match.token_purpose not in AGENT_PURPOSES and arrival.trust.level is not Level.V2:
        if was_told(letter.kind, agent.addresses, arrival.facts.answers, arrival.now):
            draft.reasons.append(f"{agent.handle} was told of another one within ten minutes")
            return
        letter = replace(letter, is_answer=True)
    write_agent(draft, agent, letter)


def tell_stranger(draft: Draft) -> None:
    """Tell a proved stranger who holds a right reply address that a colleague looks first."""
    arrival = draft.arrival
    sender = arrival.mail.sender
    if sender is None or not is_proved(arrival.trust.level, arrival.facts):
        return
    if not draft.automatic.is_answerable or refusal(
        "unknown_address", sender.key, draft.ticket.number, arrival.facts.answers, arrival.now
    ):
        return
    letter = Letter(
        kind="unknown_address",
        audience=Audience.REQUESTER,
        purpose=Purpose.PARTICIPANT,
        sender=desk_address(draft),
        auto_submitted=AUTO_REPLIED,
        subject=f"Re: {base_subject(arrival.mail.subject)}",
        is_answer=True,
    )
    # No token: the address given here must prove nothing about the case.
    write(draft, Party(0, sender, Role.KNOWN), letter)


def send_reply(draft: Draft, agent: Agent, kind: str = "reply") -> None:
    """Send an agent's words to the requester and the participants; `kind` is solved where they
    solve the case, too. Where the same mail says `#wait`, they are a question."""
    mail = draft.arrival.mail
    if kind == "reply" and is_question(draft):
        kind = "question"
    named = {address.key for address in (*mail.to, *mail.cc)}
    parties = [party for party in readers(draft, agent) if party.address.key not in named]
    for party in parties:
        files = tuple(attachment.part for attachment in relayed(mail.attachments))
        write(draft, party, replace(_words(draft, agent, kind, party, parties), files=files))


def tell_solved(draft: Draft, agent: Agent) -> None:
    """Tell the requester and the participants that the case is solved, without further words."""
    parties = readers(draft, agent)
    for party in parties:
        letter = _words(draft, agent, "solved", party, parties)
        write(draft, party, replace(letter, is_wordless=True))


def _words(draft: Draft, agent: Agent, kind: str, party: Party, parties: list[Party]) -> Letter:
    others = [label(other.address) for other in parties if other is not party]
    facts: dict[str, object] = {"agent": {"name": agent.name}}
    facts |= {"quote": "", "quote_author": "", "quote_at": None}
    if kind in ("question", "solved"):
        facts |= what_follows(draft, kind)
    return Letter(
        kind=kind,
        audience=Audience.REQUESTER,
        purpose=Purpose.PARTICIPANT,
        sender=Address(f"{agent.name} ({draft.queue.name})", draft.queue.addresses[0]),
        facts=facts | _quote_for(draft, party) | {"others": others},
        auto_submitted="",
    )


def _quote_for(draft: Draft, party: Party) -> dict[str, object]:
    """What was said last, for whoever has heard it: not for somebody who takes part only now, not
    what an agent has noted down, and not twice."""
    said, before = draft.facts.last_said, {p.address.key: p.role for p in draft.facts.parties}
    was_there = before.get(party.address.key) in (Role.REQUESTER, Role.PARTICIPANT)
    is_quoted = "\n> " in f"\n{draft.arrival.mail.new_text}"
    if said is None or is_quoted or not was_there:
        return {}
    if draft.arrival.rules.agent_at(said.author.address):
        return {}
    return {"quote": said.text, "quote_author": label(said.author), "quote_at": said.at}


def tell_agents_bounced(draft: Draft, report: DeliveryReport, reason: str = "") -> None:
    """Tell whoever answers for the ticket that our mail did not arrive, and the server's words."""
    recipients = [
        {"address": r.address, "status": r.status, "action": r.action} for r in report.recipients
    ]
    bounced = {recipient.address.lower() for recipient in report.recipients}
    letter = Letter(
        kind="bounced",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=desk_address(draft),
        facts={"recipients": recipients, "reason": reason},
    )
    for agent in responsible(draft):
        # An agent whose own mail bounces is told by nobody's mail: that would never end.
        if not bounced & {address.lower() for address in agent.addresses}:
            write_agent(draft, agent, letter)


# --- who answers for a ticket -------------------------------------------------------------------


def readers(draft: Draft, author: Agent | None = None) -> list[Party]:
    """Return who gets public words: the requester, once, and the participants; never their
    `author`, and nobody without an address.

    A requester with several addresses is written to where he wrote from last.
    """
    requesters, said = draft.parties(Role.REQUESTER), draft.facts.last_said
    last = [party for party in requesters if said and party.address.key == said.author.key]
    everybody = [*(last or requesters)[:1], *draft.parties(Role.PARTICIPANT)]
    own = author.addresses if author else ()
    return [p for p in everybody if "@" in p.address.address and p.address.address not in own]


def responsible(draft: Draft) -> list[Agent]:
    """Return the assignee, else the team, else every agent: somebody always hears of a mail.

    Who is away is passed over, an assignee for his team. Nobody is told of his own mail. All of
    that unless nobody else is there. Agents who watch the ticket come last.
    """
    rules, ticket = draft.arrival.rules, draft.ticket
    absent = draft.arrival.facts.absent
    assignee = rules.agent(ticket.assignee) if ticket.assignee else None
    if assignee and assignee.handle in absent:
        assignee = None
    everybody = list(rules.members(ticket.team)) or list(rules.agents)
    team = [assignee] if assignee else [a for a in everybody if a.handle not in absent] or everybody
    author = rules.agent_at(author_of(draft.arrival).address)
    answering = [agent for agent in team if agent != author] or team
    return [*answering, *(one for one in _watching(draft, author) if one not in answering)]


def _watching(draft: Draft, author: Agent | None) -> list[Agent]:
    rules, absent = draft.arrival.rules, draft.arrival.facts.absent
    agents = (rules.agent(handle) for handle in draft.ticket.watchers)
    return [one for one in agents if one and one != author and one.handle not in absent]


def named_by_rules(draft: Draft, names: Iterable[str]) -> list[Agent]:
    """Return the agents whom `notify` names: by handle, or as the team's lead or manager."""
    rules = draft.arrival.rules
    team = next((one for one in rules.teams if one.handle == draft.ticket.team), None)
    roles = {"lead": team.lead, "manager": team.manager} if team else {}
    agents = (rules.agent(roles.get(name, name) or "") for name in names)
    return [agent for agent in dict.fromkeys(agents) if agent]


# --- their parts ---------------------------------------------------------------------------------


def desk_address(draft: Draft) -> Address:
    """Return the address that the desk writes from."""
    return Address(draft.queue.name, draft.queue.addresses[0])


def _on_behalf(draft: Draft) -> Address:
    # An address in a display name makes filters suspicious, and readers trust it.
    author = label(author_of(draft.arrival)).replace("@", " at ")
    return Address(f"{author} via {draft.queue.name}", draft.queue.addresses[0])


def _held(draft: Draft, reason: str) -> Letter:
    return Letter(
        kind="held",
        audience=Audience.AGENT,
        purpose=Purpose.INTERNAL,
        sender=desk_address(draft),
        facts={"reason": _with_missing(draft, reason), "reply_goes": ""},
    )


def _with_missing(draft: Draft, reason: str) -> str:
    """Return the reason, and what is not here of a mail over the size limit."""
    envelope = draft.arrival.envelope
    if envelope.full_size is None:
        return reason
    is_left = envelope.source is Source.IMAP
    rest = "the whole mail is still in the mailbox" if is_left else "the rest was not kept"
    size = f"{envelope.full_size / 1_000_000:.0f} MB"
    return f"{reason} Only the beginning of this mail of {size} is here; {rest}.".strip()


def _fitting(attachments: Iterable[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """Return the files that ride on a mail to an agent, and those that are only named."""
    riding: list[Attachment] = []
    left: list[Attachment] = []
    room = AGENT_FILES_BYTES
    for attachment in attachments:
        (riding if attachment.size <= room else left).append(attachment)
        room -= attachment.size if attachment.size <= room else 0
    return riding, left


def _why_silent(draft: Draft) -> str:
    return "; ".join(draft.automatic.evidence) or "the sender may be forged"
