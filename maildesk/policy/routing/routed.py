"""What a route makes of a mail: a ticket with all that the rules gave it, a mail more in a ticket
that gathers its kind, or nothing but a record."""

from collections.abc import Iterable
from dataclasses import replace

from maildesk.mail.message import Address, Automatic, AutomaticKind, address_key
from maildesk.model.changes import GroupMail
from maildesk.model.facts import GroupedTicket, Level, Trust
from maildesk.model.plan import Alert, Disposition, Match, Plan, Route
from maildesk.model.ticket import Contact, Party, Role, Status, Ticket, Visibility
from maildesk.policy import notices
from maildesk.policy.draft import Draft, author_of, is_ours
from maildesk.policy.lifecycle import Trigger
from maildesk.policy.routing.assignment import choose
from maildesk.policy.routing.attribution import rules_that_set
from maildesk.policy.routing.foresight import group_key_of, requester_of, view_of
from maildesk.policy.routing.routes import route
from maildesk.policy.rules import Agent, Rules
from maildesk.policy.threads import Arrival, claimed_agent

# What a rule may know better than the signs of a mail. Nobody's word makes a loop, a report or a
# mail of our own a person's.
_MAY_BE_ACCEPTED = (
    AutomaticKind.AUTO_GENERATED,
    AutomaticKind.AUTO_REPLY,
    AutomaticKind.BULK,
    AutomaticKind.LIST,
)
_LEAST_FIRST = (Level.VX, Level.V0, Level.V1, Level.V2)
TRIGGERS = {Status.SOLVED: Trigger.RULE_SOLVES, Status.ON_HOLD: Trigger.RULE_HOLDS}


def with_route(arrival: Arrival, automatic: Automatic) -> Arrival:
    """Return the arrival with what the rules say, asked now if they were not before."""
    if arrival.routed is not None:
        return arrival
    routed = route(view_of(arrival, automatic), arrival.rules)
    if _is_of_agent(arrival, automatic):
        routed = _of_agent(routed)
    return replace(arrival, routed=routed)


def route_of(arrival: Arrival) -> Route:
    """Return what the rules say of a mail that they were asked about (`with_route`)."""
    assert arrival.routed is not None  # noqa: S101 - a fault of ours
    return arrival.routed


def _is_of_agent(arrival: Arrival, automatic: Automatic) -> bool:
    is_person = automatic.kind is AutomaticKind.NONE and arrival.trust.level is not Level.VX
    return is_person and claimed_agent(arrival) is not None


def _of_agent(routed: Route) -> Route:
    """Return the route of what an agent wrote: it always opens a ticket, or he would wait for an
    answer that nobody knows of."""
    if not routed.dropped and not routed.group_key:
        return routed
    word = f"dropped ({routed.dropped})" if routed.dropped else f"put to “{routed.group_key}”"
    note = f"not {word}: an agent wrote it himself"
    return replace(routed, dropped="", group_key="", notes=(*routed.notes, note))


# --- who wrote it -------------------------------------------------------------------------------


def accept(arrival: Arrival, automatic: Automatic) -> tuple[Arrival, Automatic]:
    """Return the mail as a person's where a rule says that it is one (`accept`)."""
    if automatic.kind not in _MAY_BE_ACCEPTED or not arrival.rules.may_accept:
        return arrival, automatic
    arrival = with_route(arrival, automatic)
    if arrival.routed is None or not arrival.routed.is_accepted:
        return arrival, automatic
    evidence = (*automatic.evidence, "but a rule says that a person wrote it")
    return arrival, Automatic(AutomaticKind.NONE, evidence)


def as_requester(arrival: Arrival) -> Arrival:
    """Return a form's mail as if the requester whom it names had written it himself: answered as
    anybody else, and believed no more than the rule says, nor than the form itself is."""
    routed = route_of(arrival)
    if not routed.is_form:
        return arrival
    mail = arrival.mail
    # Whom else the form wrote to has no part in the case: whoever fills it in may choose them.
    mail = replace(mail, reply_to=(), to=_only_ours(arrival, mail.to), cc=())
    person, why = requester_of(arrival, routed)
    if person is None:
        unnamed = replace(routed, is_acknowledged=False, group_key="", notes=(*routed.notes, why))
        return replace(arrival, mail=mail, routed=unnamed)
    level = min(routed.requester_level, arrival.trust.level, key=_LEAST_FIRST.index)
    evidence = f"a form named the requester: {author_of(arrival).address} sent it"
    facts = arrival.facts
    return replace(
        arrival,
        # The requester never had the form's mail: no letter may refer to it.
        mail=replace(mail, senders=(person,), message_id=None),
        trust=Trust(level, (evidence, *arrival.trust.evidence)),
        facts=replace(
            facts,
            contact=_as_unproved(facts.contacts.get(person.key)),
            same_person=frozenset([person.key]),
            earlier_tickets=(),
            same_subject=None,
        ),
    )


def _as_unproved(contact: Contact | None) -> Contact | None:
    """A form proves nothing by what its requester has proved once."""
    return replace(contact, was_aligned=False) if contact else None


def _only_ours(arrival: Arrival, people: Iterable[Address]) -> tuple[Address, ...]:
    return tuple(person for person in people if is_ours(arrival, person.address))


# --- no ticket, or one that is there ------------------------------------------------------------


def drop(arrival: Arrival, automatic: Automatic, match: Match) -> Plan:
    """Return the plan of a mail that a rule drops: on record, and nothing else."""
    routed = route_of(arrival)
    draft = Draft.without_ticket(arrival, automatic, match)
    draft.route = routed
    explain(draft, routed)
    draft.reasons.append(f"dropped: {routed.dropped}")
    return draft.plan(Disposition.DROPPED)


def join_group(arrival: Arrival, automatic: Automatic, match: Match) -> Plan | None:
    """Return the plan of a mail that joins the open ticket of its group key, if there is one.

    Quietly: nobody is told, and nobody answered. The words of others than the ticket's own people
    are for agents only.
    """
    routed = route_of(arrival)
    group = _open_group(arrival, routed)
    if group is None:
        return None
    facts = arrival.facts.tickets[group.number]
    there = replace(match, ticket=group.number, follows=None)
    draft = Draft(arrival, automatic, there, facts, route=routed)
    explain(draft, routed)
    author = author_of(arrival).key
    is_own = any(_takes_part(party) and party.address.key == author for party in facts.parties)
    count = f"mail {group.count + 1} with the key “{routed.group_key}”"
    draft.add_message(Visibility.PUBLIC if is_own else Visibility.INTERNAL, reason=count)
    draft.changes.append(GroupMail(group.number, arrival.now))
    is_person = automatic.kind is AutomaticKind.NONE
    return draft.plan(Disposition.REPLY if is_person else Disposition.AUTOMATIC)


def _open_group(arrival: Arrival, routed: Route) -> GroupedTicket | None:
    key = _group_key(arrival, routed)
    group = arrival.facts.grouped.get(key) if key else None
    if group is None or group.number not in arrival.facts.tickets:
        return None
    is_recent = routed.group_within is None or arrival.now - group.last_at <= routed.group_within
    return group if is_recent else None


def _group_key(arrival: Arrival, routed: Route) -> str:
    requester = author_of(arrival).key if routed.is_form else ""
    return group_key_of(routed, arrival.rules, arrival.trust.level, requester)


def _takes_part(party: Party) -> bool:
    return party.role in (Role.REQUESTER, Role.PARTICIPANT)


# --- a new ticket -------------------------------------------------------------------------------


def new_ticket(arrival: Arrival, routed: Route) -> Ticket:
    """Return the ticket that a mail opens, as the rules have it."""
    rules, requester = arrival.rules, author_of(arrival)
    organisation = rules.organisation_of(requester.address) if rules.organisations else None
    language = organisation.language if organisation else None
    return Ticket(
        number=arrival.facts.next_number,
        subject=arrival.mail.subject,
        requester=requester,
        queue=routed.queue,
        team=routed.team,
        priority=routed.priority,
        type=routed.type,
        tags=routed.tags,
        fields=routed.fields,
        language=language or rules.queue(routed.queue).language,
        created_at=arrival.now,
        updated_at=arrival.now,
        sla=routed.sla or (organisation.sla if organisation else None) or "",
        watchers=tuple(watching_agents(routed.watchers, rules)),
        group_key=_group_key(arrival, routed),
    )


def watching_agents(watchers: Iterable[str], rules: Rules) -> list[str]:
    """Return the handles of those of the watchers who are agents."""
    agents = (rules.agent_at(one) if "@" in one else rules.agent(one) for one in watchers)
    return [agent.handle for agent in dict.fromkeys(agents) if agent]


def carry_out(draft: Draft, routed: Route) -> None:
    """Do to a ticket that is being opened what the rules say besides."""
    arrival = draft.arrival
    explain(draft, routed)
    organisation = arrival.rules.organisation_of(draft.ticket.requester.address)
    add_others(draft, (*routed.watchers, *(organisation.watchers if organisation else ())))
    if routed.assign:
        owner, why = choose(routed.assign, routed.team, arrival.rules, arrival.facts)
        draft.reasons.append(why)
        draft.route = replace(routed, assignee=owner.handle if owner else None)
        if owner:
            fitting = (rule.name for rule in routed.rules if rule.is_matched)
            by = rules_that_set("assign", fitting, arrival.rules)
            draft.assign(owner, cause=f"rule “{by[0]}”" if by else "")
    if routed.status:
        draft.trigger(TRIGGERS[routed.status])


def add_others(draft: Draft, watchers: Iterable[str]) -> None:
    """Have those of the watchers take part who are outside the desk: they stand as addresses."""
    arrival, requester = draft.arrival, draft.ticket.requester
    outside = (one for one in watchers if "@" in one and not arrival.rules.agent_at(one))
    for address in outside:
        if address_key(address) != requester.key and not is_ours(arrival, address):
            draft.add_party(Address("", address), Role.PARTICIPANT)


def told_of_new(draft: Draft) -> list[Agent]:
    """Return who answers for the ticket, and who watches it; of one that a rule has solved, or that
    its team reads of in the morning, only who watches it."""
    agents = notices.responsible(draft)
    is_solved = draft.ticket.status is Status.SOLVED
    if not is_solved and not _waits_for_digest(draft):
        return agents
    if not is_solved:
        draft.reasons.append(f"nobody of {draft.ticket.team} is told now: their digest lists it")
    return [agent for agent in agents if agent.handle in draft.ticket.watchers]


def _waits_for_digest(draft: Draft) -> bool:
    """Whether the team is told of new tickets in its digest alone (`notify: digest`)."""
    ticket, rules = draft.ticket, draft.arrival.rules
    if ticket.assignee or not rules.members(ticket.team):  # somebody must hear of it
        return False
    return any(team.handle == ticket.team and team.notify == "digest" for team in rules.teams)


def explain(draft: Draft, routed: Route) -> None:
    """Say which rules fitted, and raise alarm about those that failed."""
    draft.reasons += [f"rule “{rule.name}”" for rule in routed.rules if rule.is_matched]
    draft.reasons += routed.notes
    draft.alerts += [Alert("routing", "A routing rule failed", fault) for fault in routed.faults]
