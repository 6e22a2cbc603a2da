"""What a requester says in so many words, and what it does: thanks, "works now", status, STOP.

`mail.courtesy` reads the words. Thanks and reactions never start a clock, change a state, notify
anybody or open a ticket. `status` and `STOP` in a conversation may be meant for people: they are
delivered as well.
"""

from maildesk.mail.courtesy import Courtesy, read_courtesy
from maildesk.mail.identifiers import Purpose
from maildesk.mail.message import Automatic, AutomaticKind, InboundMail
from maildesk.model.changes import StopMail
from maildesk.model.facts import Asked, Level
from maildesk.model.plan import Audience, Disposition, Match, Plan
from maildesk.model.ticket import Party, Role, Status, Visibility
from maildesk.policy.commands.reading import asked as asked_by_agent
from maildesk.policy.draft import Draft
from maildesk.policy.governor import is_proved, refusal, unproved_refusal
from maildesk.policy.letters import AUTO_REPLIED, Letter, write
from maildesk.policy.lifecycle import OVER, Trigger
from maildesk.policy.notices import desk_address
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival, agent_of, claimed_agent, sender_keys

_PLEASANTRIES = (Courtesy.THANKS, Courtesy.REACTION)
LISTED = 20  # of a requester's own cases


def asked(mail: InboundMail, rules: Rules) -> Asked:
    """Return what must be looked up because the mail asks for it, whoever wrote it."""
    agent = agent_of(mail, rules)
    if agent:
        return asked_by_agent(mail, agent, rules)
    return Asked(is_own=read_courtesy(mail) is Courtesy.STATUS)


# --- on a case ----------------------------------------------------------------------------------


def take_courtesy(draft: Draft) -> Plan | None:
    """Return the plan of a mail on a case that says nothing but thanks, or that it works; None for
    every other mail. A wish for the own cases, or for silence, is done besides."""
    courtesy, status = read_courtesy(draft.arrival.mail), draft.ticket.status
    if courtesy is Courtesy.STATUS:
        tell_own(draft)
    elif courtesy is Courtesy.STOP:
        _stop(draft)
    elif courtesy in _PLEASANTRIES:
        return _keep(draft, "pure thanks: nothing changes")
    elif courtesy is Courtesy.WORKS and status in OVER:
        if status is Status.SOLVED and _is_requesters(draft) and not _is_believed(draft):
            return None
        if status is Status.SOLVED and _is_requesters(draft):
            draft.trigger(Trigger.REQUESTER_CONFIRMS)
        return _keep(draft, "the requester confirms that it works")
    return None


def _keep(draft: Draft, reason: str) -> Plan:
    draft.add_message(Visibility.PUBLIC, reason=reason, is_courtesy=True)
    return draft.plan(Disposition.REPLY)


def _is_believed(draft: Draft) -> bool:
    """Whether anything shows that From is right: the subject's tag alone is anybody's to write."""
    has_token = draft.match.token_purpose == Purpose.PARTICIPANT
    return has_token or is_proved(draft.arrival.trust.level, draft.arrival.facts)


def _is_requesters(draft: Draft) -> bool:
    keys = sender_keys(draft.arrival)
    return any(party.address.key in keys for party in draft.parties(Role.REQUESTER))


# --- without a case -----------------------------------------------------------------------------


def take_without_case(arrival: Arrival, automatic: Automatic, match: Match) -> Plan | None:
    """Return the plan of a mail that would open a case and needs none; None for every other."""
    if automatic.kind is not AutomaticKind.NONE or claimed_agent(arrival):
        return None
    courtesy = read_courtesy(arrival.mail)
    if (courtesy is Courtesy.WORKS and match.follows) or courtesy in _PLEASANTRIES:
        return _pleasantry(arrival, automatic, match)
    draft = Draft.without_ticket(arrival, automatic, match)
    if courtesy is Courtesy.STATUS and tell_own(draft):
        return draft.plan(Disposition.NOTE)
    if courtesy is Courtesy.STOP and _stop(draft):
        return draft.plan(Disposition.NOTE)
    return None


def _pleasantry(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    """Thanks for a closed case lie in it; those for none are on record, and nothing else."""
    if match.follows:
        facts = arrival.facts.tickets[match.follows]
        there = Match(match.follows, match.signal, match.evidence, match.standing)
        return _keep(Draft(arrival, automatic, there, facts), "pure thanks: nothing changes")
    draft = Draft.without_ticket(arrival, automatic, match)
    draft.reasons.append("pure thanks, and of no case that we know")
    return draft.plan(Disposition.DROPPED)


# --- what they ask for --------------------------------------------------------------------------


def tell_own(draft: Draft) -> bool:
    """Send the sender his own open cases; return False where he gets no automatic answers."""
    arrival = draft.arrival
    sender, facts = arrival.mail.sender, arrival.facts
    if sender is None or not draft.automatic.is_answerable or arrival.trust.level is Level.VX:
        return False
    proved, rules = is_proved(arrival.trust.level, facts), arrival.rules.acknowledge
    full = proved or rules.unverified == "full" or draft.match.token_purpose == Purpose.PARTICIPANT
    stop = refusal("my_tickets", sender.key, None, facts.answers, arrival.now)
    if not full:
        stop = stop or unproved_refusal(rules, sender.key, facts, arrival.now)
    if stop:
        draft.reasons.append(f"no list of the own cases: {stop}")
        return False
    letter = Letter(
        kind="my_tickets",
        audience=Audience.REQUESTER,
        purpose=Purpose.PARTICIPANT,
        sender=desk_address(draft),
        facts={"full": full, **_own(draft)},
        auto_submitted=AUTO_REPLIED,
        is_answer=True,
        is_unverified=not full,
        is_nameless=not full,
    )
    known = [party for party in _parties(draft) if party.address.key == sender.key]
    write(draft, (*known, Party(0, sender, Role.KNOWN))[0], letter)
    return True


def _parties(draft: Draft) -> list[Party]:
    return draft.parties(Role.REQUESTER, Role.PARTICIPANT)


def _own(draft: Draft) -> dict[str, object]:
    lines, rules = draft.arrival.facts.own, draft.arrival.rules
    items = [
        {
            "number": line.number,
            "subject": line.subject,
            "status": str(line.status),
            "assignee": owner.name if (owner := rules.agent(line.assignee or "")) else None,
            "created_at": line.created_at,
        }
        for line in lines[:LISTED]
    ]
    return {"items": items, "more": len(lines) - len(items)}


def _stop(draft: Draft) -> bool:
    """Send the sender no more automatic mail, if he is proved."""
    arrival = draft.arrival
    if arrival.mail.sender is None or arrival.trust.level not in (Level.V1, Level.V2):
        draft.reasons.append("automatic mail goes on: nothing proves who wants it stopped")
        return False
    draft.changes.append(StopMail(arrival.mail.sender))
    draft.reasons.append("no more automatic mail to this address")
    return True
