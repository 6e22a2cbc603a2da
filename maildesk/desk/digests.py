"""The morning digest: each reader is told once a day, at his opening, what waits for him.

That he was told is noted in the transaction that queues his mail: however often, how late and by
how many it is asked, it goes out once, and only while his day lasts. Most of the time a look costs
one question to the store: which of the readers whose day is open have had theirs.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from maildesk.desk.alerts import by_itself, send_alert
from maildesk.desk.desk import Desk
from maildesk.desk.letters import letters_of
from maildesk.mail.message import address_key
from maildesk.model.digests import Found, HeldBack, Listing
from maildesk.model.facts import TicketFacts
from maildesk.policy.due.digest import digest, is_half_gone, says_no_more
from maildesk.policy.due.mornings import Morning, Reader, led_teams, mornings
from maildesk.policy.rules import Rules
from maildesk.store import digests, outbox
from maildesk.store.absences import absent
from maildesk.store.apply import apply
from maildesk.store.clocks import on_the_clock

log = structlog.get_logger()

_ONE_DAY = timedelta(days=1)  # what the first digest of all looks back

Untaken = dict[tuple[tuple[str, ...], datetime], Listing]  # of teams, until when: many ask the same


def send_due(desk: Desk) -> None:
    """Mail the digests whose time has come. One that fails holds up no other, and comes again the
    next minute."""
    untaken: Untaken = {}
    for morning in due(desk):
        reader = morning.reader.key
        with by_itself(desk, f"digest:{reader}", f"The digest of {reader} failed"):
            send(desk, morning, untaken)


def due(desk: Desk) -> list[Morning]:
    """Return the digests that are due now and were not sent; nobody who is away reads one."""
    now = desk.clock()
    open_now = {(one.reader.key, one.day.on.isoformat()): one for one in mornings(desk.rules, now)}
    if not open_now:
        return []
    with desk.database.read() as session:
        connection = session.connection()
        waiting = [open_now[key] for key in open_now.keys() - digests.sent(connection, open_now)]
        away = absent(connection, now) if waiting else {}
    here = (one for one in waiting if one.reader.agent.handle not in away)
    return sorted(here, key=lambda one: (one.day.opens_at, one.reader.key))


def send(desk: Desk, morning: Morning, untaken: Untaken) -> None:
    """Queue a digest; where there is nothing to tell, note that alone. Raises: Stale where another
    has done so, or a ticket has moved on."""
    now, reader = desk.clock(), morning.reader
    with desk.database.read() as session:
        found = find(session.connection(), morning, desk.rules, now, untaken)
    plan = digest(morning, found, desk.rules, now)
    letters = letters_of(desk, plan, lambda alert: send_alert(desk, alert))
    with desk.database.write() as session:
        digests.note(session.connection(), reader.key, morning.day.on.isoformat(), now)
        apply(session, plan, receipt=0, now=now, actor="maildesk")
        outbox.put(session, letters, now)
    if letters:
        desk.queued.set()
    log.info("digest", reader=reader.key, day=str(morning.day.on), mails=len(letters))


# --- what it is made of ---------------------------------------------------------------------------


def find(
    connection: Connection, morning: Morning, rules: Rules, now: datetime, untaken: Untaken
) -> Found:
    """Return what a digest is made of."""
    reader = morning.reader
    if reader.team:
        found = _of_team(connection, morning, now)
    else:
        found = _of_agent(connection, morning, rules, now, untaken)
    key = address_key(reader.agent.addresses[0])
    numbers = [one.line.number for one in found.cases]
    return replace(
        found,
        half_gone=_half_gone(connection, found, rules, now),
        parties=digests.numbers_of(connection, key, numbers),
    )


def _half_gone(connection: Connection, found: Found, rules: Rules, now: datetime) -> frozenset[int]:
    due = {one.line.number for one in found.cases if one.line.due_at and one.line.due_at >= now}
    known = on_the_clock(connection, due)
    return frozenset(number for number in known if _is_half_gone(known[number], rules, now))


def _is_half_gone(facts: TicketFacts, rules: Rules, now: datetime) -> bool:
    """One whose clocks cannot be read does not hold up all others: the beat has told the admins."""
    try:
        return is_half_gone(facts, rules, now)
    except Exception:
        log.exception("clocks not read", ticket=facts.ticket.number)
        return False


def _since(connection: Connection, morning: Morning) -> datetime:
    """When the reader was told last."""
    day = morning.day
    last = digests.last_before(connection, morning.reader.key, day.on.isoformat())
    return last or day.opens_at - _ONE_DAY


def _of_team(connection: Connection, morning: Morning, now: datetime) -> Found:
    team, since = morning.reader.team, _since(connection, morning)
    return Found(
        since,
        listing=digests.of_team(connection, team, now, morning.day.until),
        missed=digests.missed(connection, team, since, now),
    )


def _of_agent(
    connection: Connection, morning: Morning, rules: Rules, now: datetime, known: Untaken
) -> Found:
    agent, until = morning.reader.agent, morning.day.until
    listing = digests.of_agent(connection, agent.handle, now, until)
    asked = (_untaken_teams(connection, morning, rules, now), until)
    if asked not in known:
        known[asked] = digests.untaken(connection, asked[0], now, until)
    others = digests.held_on(connection, (*listing.cases, *known[asked].cases))
    held = digests.held_of(connection, agent.handle)
    return Found(
        _since(connection, morning),
        held=(*held, *(mail for mail in others if not _is_by_agent(mail, rules))),
        listing=listing,
        untaken=known[asked],
    )


def _untaken_teams(
    connection: Connection, morning: Morning, rules: Rules, now: datetime
) -> tuple[str, ...]:
    """The teams whose free tickets an agent reads of in his own digest: of one that he leads, he
    has the team's, if that says more."""
    agent = morning.reader.agent
    told = set()
    for team in led_teams(agent, rules):
        reader = Reader(agent, team)
        if not says_no_more(reader, _of_team(connection, replace(morning, reader=reader), now)):
            told.add(team)
    return tuple(team for team in agent.teams if team not in told)


def _is_by_agent(mail: HeldBack, rules: Rules) -> bool:
    """Whether an agent wrote what is held: that is his own to decide on."""
    return bool(mail.author and rules.agent_at(mail.author.address))
