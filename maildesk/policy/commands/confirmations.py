"""Which held mail an answer decides on: the one-time address that a question was asked from. Pure.

An address with a token of purpose `c` is made for one party and one hold; its MAC says which, for
several holds of one agent may be open. It counts from that agent alone, while the hold is open;
what comes a day late, or later, is asked about anew (`is_late`). That he wrote it, and no program
of his, is `may_decide`'s to say.
"""

from collections.abc import Iterable
from datetime import timedelta

from maildesk.mail.identifiers import Purpose, ReplyAddresses, Token, is_genuine
from maildesk.mail.message import Address, Automatic, AutomaticKind, InboundMail
from maildesk.model.facts import Hold, Level
from maildesk.policy.rules import Agent
from maildesk.policy.threads import Arrival, addressed_tokens, claimed_agent

CONFIRMATION_LIFE = timedelta(hours=24)  # from the last question


def bound_to(party: Address, receipt: int) -> str:
    """Return what the token is bound to that `party` confirms the hold of `receipt` with."""
    return f"{party.key}|{receipt}"


def confirmation_tokens(
    mail: InboundMail, recipients: Iterable[str], reply: ReplyAddresses
) -> tuple[Token, ...]:
    """Return the recipients that are shaped like an answer to a question of ours, unproved."""
    tokens = addressed_tokens(mail, recipients, reply)
    return tuple(token for token in tokens if token.purpose is Purpose.CONFIRMATION)


def confirmed_hold(arrival: Arrival, holds: Iterable[Hold]) -> Hold | None:
    """Return the one of the open `holds` that the mail was written to decide on; None if its
    address is no proof, or proves it to somebody else, or too late."""
    agent, open_holds = claimed_agent(arrival), tuple(holds)
    if agent is None:
        return None
    tokens = confirmation_tokens(arrival.mail, arrival.recipients, arrival.rules.reply)
    for token in tokens:
        party = _address_of(arrival, token, agent)
        for hold in open_holds:
            if party and _is_his(hold, agent) and _is_for(arrival, token, party, hold):
                return hold
    return None


def _address_of(arrival: Arrival, token: Token, agent: Agent) -> Address | None:
    """Return the address of the party that a token names, where that is the agent."""
    ticket = arrival.facts.tickets.get(token.ticket)
    parties = ticket.parties if ticket else ()
    named = (party.address for party in parties if party.number == token.party)
    return next((a for a in named if arrival.rules.agent_at(a.address) == agent), None)


def _is_his(hold: Hold, agent: Agent) -> bool:
    return hold.agent == agent.handle


def _is_for(arrival: Arrival, token: Token, party: Address, hold: Hold) -> bool:
    return is_genuine(arrival.rules.reply, token, bound_to(party, hold.receipt))


def is_late(arrival: Arrival, hold: Hold) -> bool:
    """Whether an answer comes too late to count: whoever finds an old question must not act, not
    even after the agent was asked anew. A token knows no more than its day."""
    now, reply = arrival.now, arrival.rules.reply
    tokens = confirmation_tokens(arrival.mail, arrival.recipients, reply)
    days = [token.signed_at for token in tokens]
    is_old = not days or now - max(days) > CONFIRMATION_LIFE + timedelta(days=1)
    return is_old or now - hold.asked_at > CONFIRMATION_LIFE


def may_decide(arrival: Arrival, automatic: Automatic) -> bool:
    """Whether the mail can act at all: a person wrote it now, and nobody says that From is forged.

    A vacation notice answers our question too, and so does a scanner that follows addresses.
    """
    is_believed = arrival.trust.level is not Level.VX and not arrival.envelope.is_archive
    return is_believed and automatic.kind is AutomaticKind.NONE
