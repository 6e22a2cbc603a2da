"""All that is read for the decision on one mail, and for the held mail that it decides on.

A mail to the one-time address of a question (see `policy.commands.confirmations`) comes with the
mail that the question is about. That one is taken from the journal, and read in a child process,
before the decision; whether it is still held, and by whom it may be let go, is asked again then.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog
from sqlalchemy.orm import Session

from maildesk.desk.waves import KeptMail, Work
from maildesk.errors import Temporary
from maildesk.mail.envelope import Envelope
from maildesk.mail.message import Automatic, InboundMail
from maildesk.model.facts import Facts, HeldMail, Hold, Trust
from maildesk.policy.commands.confirmations import confirmation_tokens, confirmed_hold, may_decide
from maildesk.policy.commands.outgoing import agent_keys
from maildesk.policy.decide import classify_arrival
from maildesk.policy.requesters import asked
from maildesk.policy.routing.foresight import asked_by_rules, asks_anything
from maildesk.policy.rules import Rules
from maildesk.policy.threads import Arrival, named_tickets
from maildesk.policy.trust import trust_of
from maildesk.store.engine import Database
from maildesk.store.facts import ticket_facts
from maildesk.store.holds import open_holds
from maildesk.store.stored_mails import stored_mail
from maildesk.store.tickets import gather

log = structlog.get_logger()

Parse = Callable[[bytes], InboundMail]
NOTHING = Facts()

# --- ahead of the decision ----------------------------------------------------------------------


def with_what_it_asks(database: Database, work: Work, rules: Rules, parse: Parse) -> Work:
    """Return the work with what must be known before it is decided on: what the mail asks for, and
    the held mail that it decides on, as far as that is still there."""
    kept = _kept_mail(database, work, rules, parse)
    wanted = asked(kept.mail if kept else work.mail, rules)
    if asks_anything(rules):
        wanted = asked_by_rules(*_unknown(work, rules), wanted)
    return replace(work, asked=replace(wanted, has_clocks=bool(rules.promises)), kept=kept)


def _unknown(work: Work, rules: Rules) -> tuple[Arrival, Automatic]:
    """The mail before anything is known around it."""
    envelope, now = work.receipt.envelope, work.receipt.received_at
    arrival = Arrival(work.mail, envelope, Trust(), Facts(), rules, now, now)
    return arrival, classify_arrival(arrival)


def _kept_mail(database: Database, work: Work, rules: Rules, parse: Parse) -> KeptMail | None:
    if not confirmation_tokens(work.mail, work.receipt.envelope.recipients, rules.reply):
        return None
    with database.read() as session:
        hold = find_hold(session, work, rules)
        stored = stored_mail(session, hold.receipt, hold.ticket) if hold else None
    if stored is None:
        return None
    try:
        return KeptMail(stored, parse(stored.raw))
    except Temporary:
        raise
    except Exception as error:  # noqa: BLE001 - it was read once; its agent is told, and writes anew
        log.error("held mail not read", receipt=stored.receipt, error=repr(error))
        return None


def find_hold(session: Session, work: Work, rules: Rules) -> Hold | None:
    """Return the open hold that the mail proves to decide on, if it does."""
    mail, envelope, now = work.mail, work.receipt.envelope, work.receipt.received_at
    tokens = confirmation_tokens(mail, envelope.recipients, rules.reply)
    if not tokens:
        return None
    connection = session.connection()
    tickets = ticket_facts(connection, (token.ticket for token in tokens))
    holds = [hold for number in tickets for hold in open_holds(connection, number)]
    arrival = Arrival(mail, envelope, Trust(), Facts(tickets=tickets), rules, now, now)
    return confirmed_hold(arrival, holds)


# --- at the decision ----------------------------------------------------------------------------


def known_of(
    session: Session, work: Work, rules: Rules, *, number: int | None = None
) -> tuple[Facts, Trust]:
    """Read all that the decision on one mail rests on; a new ticket would be `number`."""
    mail, receipt = work.mail, work.receipt
    facts = _gather(session, work, mail, receipt.envelope, rules, number=number)
    trust = trust_of(
        mail, receipt.envelope, rules, receipt.received_at, verdicts=work.verdicts, facts=facts
    )
    if work.kept is None:
        return facts, trust
    hold = find_hold(session, work, rules)
    if (
        hold is None
        or hold.receipt != work.kept.stored.receipt
        or not _counts(work, facts, trust, rules)
    ):
        return facts, trust
    return _with_held(session, facts, work, work.kept, hold, rules), trust


def _counts(work: Work, facts: Facts, trust: Trust, rules: Rules) -> bool:
    now, envelope = work.receipt.received_at, work.receipt.envelope
    arrival = Arrival(work.mail, envelope, trust, facts, rules, now, now)
    return may_decide(arrival, classify_arrival(arrival))


def _with_held(
    session: Session, facts: Facts, work: Work, kept: KeptMail, hold: Hold, rules: Rules
) -> Facts:
    """The facts of an answer, with what the held mail needs: it is that one's words that go out,
    so its own quotations are what they are held against."""
    stored, mail = kept.stored, kept.mail
    its = _gather(
        session,
        work,
        mail,
        stored.envelope,
        rules,
        number=facts.next_number,
        hold=hold,
        around=facts,
    )
    return replace(
        facts,
        tickets={**facts.tickets, **its.tickets},
        owners={**facts.owners, **its.owners},
        found=its.found,
        mine=its.mine,
        own=its.own,
        confirms=HeldMail(hold, mail, stored.envelope, stored.trust),
    )


def _gather(
    session: Session,
    work: Work,
    mail: InboundMail,
    envelope: Envelope,
    rules: Rules,
    *,
    number: int | None,
    hold: Hold | None = None,
    around: Facts = NOTHING,
) -> Facts:
    """What the store knows around one mail; of one that is on `hold` all tickets too that are known
    `around` the answer, as the held mail sees them."""
    also = (hold.ticket, *around.tickets) if hold else ()
    numbers = (*also, *named_tickets(mail, envelope.recipients, rules.reply))
    return gather(
        session,
        mail,
        ticket_numbers=numbers,
        now=work.receipt.received_at,
        receipt=work.receipt.id,
        next_number=number,
        agent_keys=agent_keys(mail, rules),
        asked=work.asked,
        released=hold.receipt if hold else None,
    )
