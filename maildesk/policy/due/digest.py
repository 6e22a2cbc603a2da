"""The morning digest: what to do first, a line a case, with links that say the usual words.

Held mails stand first, for they wait for the reader alone; then what is overdue and what is due
today, whoever has it, what nobody has taken, what comes later, what waits for others. Each link
writes to the reader's own address in that case, so that what it says counts as his.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote

from maildesk.mail.identifiers import Purpose, new_message_id, reply_address, sign
from maildesk.mail.marker import marker_line
from maildesk.mail.message import Address
from maildesk.model.changes import AddParty
from maildesk.model.digests import Found, HeldBack, Listed
from maildesk.model.facts import TicketFacts
from maildesk.model.plan import Audience, Disposition, Notice, Plan
from maildesk.model.ticket import Party, Role, Status
from maildesk.policy.commands.confirmations import bound_to
from maildesk.policy.due.mornings import Day, Morning, Reader
from maildesk.policy.letters import AUTO_GENERATED, plain_name
from maildesk.policy.rules import Rules
from maildesk.policy.sla.promised import clocks_of
from maildesk.policy.sla.promises import ClockName

LINES = 100  # in one mail, and
LINKED = 25  # of them with commands: whatever the subjects hold, its HTML stays under 100 kB

_NEVER = datetime.max.replace(tzinfo=UTC)
_WAITING = (Status.WAITING_USER, Status.ON_HOLD, Status.SCHEDULED)


class Section(StrEnum):
    """Where a case stands, in the order of the mail."""

    OVERDUE = "overdue"
    TODAY = "today"
    UNASSIGNED = "unassigned"
    COMING = "coming"
    WAITING = "waiting"


def section_of(case: Listed, day: Day, now: datetime) -> Section:
    """Return where a case stands: one that is pressing does so whoever has it."""
    due_at = case.line.due_at
    if due_at and due_at < now:
        return Section.OVERDUE
    if due_at and due_at < day.until:
        return Section.TODAY
    if case.line.assignee is None:
        return Section.UNASSIGNED
    return Section.WAITING if case.line.status in _WAITING else Section.COMING


def is_half_gone(facts: TicketFacts, rules: Rules, now: datetime) -> bool:
    """Whether half of the time of a promise is gone that runs; its log is part of the facts."""
    return any(
        clock.is_running and clock.target is not None and 2 * clock.elapsed >= clock.target
        for name, clock in clocks_of(facts, rules, now).items()
        if name is not ClockName.UPDATE
    )


def says_no_more(reader: Reader, found: Found) -> bool:
    """Whether all tickets of a team are its lead's, or nobody's and he is one of it: then they
    stand in his own digest, and the team has none."""
    mine = {reader.agent.handle, *((None,) if reader.team in reader.agent.teams else ())}
    return bool(reader.team) and all(case.line.assignee in mine for case in found.cases)


def digest(morning: Morning, found: Found, rules: Rules, now: datetime) -> Plan:
    """Return the plan that tells a reader what waits for him; one without a notice if nothing did
    at his opening, or all of it waits for others. What came since is told by its own mails, and
    tomorrow.

    He becomes known to the cases that it lists, or no link could prove that it is he.
    """
    cases = _listed(morning, found, now)
    if not _is_worth_a_mail(morning, found, cases):
        return Plan(Disposition.NOTE)
    writer = _Writer(morning, found, rules, now)
    told = [*(mail.case for mail in found.held), *(case for _, case in cases), *found.missed]
    notice = writer.notice(cases, told[0])
    return Plan(Disposition.NOTE, changes=tuple(writer.parties(told)), notices=(notice,))


def _is_worth_a_mail(
    morning: Morning, found: Found, cases: Iterable[tuple[Section, Listed]]
) -> bool:
    """Whether there is something to do or to know that the reader is not told otherwise."""
    if says_no_more(morning.reader, found):
        return False
    if not any(case.line.created_at <= morning.day.opens_at for case in found.cases):
        return False
    is_waiting = all(section is Section.WAITING for section, _ in cases)
    return bool(found.held or found.missed or not is_waiting)


def _listed(morning: Morning, found: Found, now: datetime) -> list[tuple[Section, Listed]]:
    """The cases that have room in the mail, section by section, next due first in each."""
    cases = (*found.listing.cases, *found.untaken.cases)
    every = [(section_of(case, morning.day, now), case) for case in cases]
    order = list(Section)

    def place(one: tuple[Section, Listed]) -> tuple[int, datetime]:
        return order.index(one[0]), one[1].line.due_at or _NEVER

    return sorted(every, key=place)[: LINES - len(found.held)]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one digest."""

    morning: Morning
    found: Found
    rules: Rules
    now: datetime

    @property
    def _to(self) -> Address:
        agent = self.morning.reader.agent
        return Address(agent.name, agent.addresses[0])

    def notice(self, cases: Sequence[tuple[Section, Listed]], answered: Listed) -> Notice:
        """Return the mail. An answer to it is one to `answered`: it proves who writes, and what is
        no command stays a note there."""
        rules, now, to = self.rules, self.now, self._to
        agent, queue = self.morning.reader.agent, rules.default_queue
        cause = f"digest:{self.morning.reader.key}:{self.morning.day.on}"
        reply_to = self._address(answered, Purpose.INTERNAL)
        return Notice(
            kind="digest",
            audience=Audience.AGENT,
            ticket=None,
            cause=cause,
            to=to,
            sender=Address(queue.name, queue.addresses[0]),
            reply_to=Address(queue.name, reply_to),
            subject="",
            message_id=new_message_id(rules.reply, 0, f"{cause}|{to.key}", now),
            facts={**self._facts(cases), "answers": answered.line.number},
            auto_submitted=AUTO_GENERATED,
            language=queue.language,
            timezone=agent.timezone or rules.timezone,
            reverse_path=self._address(answered, Purpose.BOUNCE),
        )

    def parties(self, cases: Iterable[Listed]) -> Iterator[AddParty]:
        """Yield what makes the reader known where he is not yet. It is no event of a case."""
        for number in dict.fromkeys(case.line.number for case in cases):
            party = self.found.parties[number]
            if party.is_new:
                yield AddParty(number, Party(party.number, self._to, Role.KNOWN))

    # --- what the template sees ---

    def _facts(self, cases: Sequence[tuple[Section, Listed]]) -> dict[str, object]:
        queue, found = self.rules.default_queue, self.found
        lists = (found.listing, found.untaken)
        items: dict[str, list[dict[str, object]]] = {str(section): [] for section in Section}
        for place, (section, case) in enumerate(cases, len(found.held)):
            items[section].append(self._item(section, case, is_linked=place < LINKED))
        return {
            "desk": {"name": queue.name, "address": queue.addresses[0]},
            "reader": {"name": self._to.name},
            "marker": marker_line(queue.language),
            "team": self.morning.reader.team,
            "held": [
                self._held(mail, is_linked=place < LINKED) for place, mail in enumerate(found.held)
            ],
            **items,
            "missed": [
                {"label": f"#{case.line.number}", "href": self._show(case)} for case in found.missed
            ],
            "since": found.since,
            "counts": {
                "overdue": sum(each.overdue for each in lists),
                "today": sum(each.today for each in lists),
                "unassigned": sum(each.untaken for each in lists),
            },
            "more": sum(each.total for each in lists) - len(cases),
        }

    def _item(self, section: Section, case: Listed, *, is_linked: bool) -> dict[str, object]:
        line = case.line
        owner = self.rules.agent(line.assignee or "")
        words = self._words(section, case) if is_linked else ()
        return {
            "number": line.number,
            "subject": line.subject,
            "status": str(line.status),
            "priority": str(line.priority),
            "requester": self._person(line.requester),
            "assignee": owner.name if owner else line.assignee,
            "created_at": line.created_at,
            "due_at": line.due_at,
            "is_new": line.created_at > self.found.since,
            "is_half_gone": section is not Section.OVERDUE and line.number in self.found.half_gone,
            "href": self._show(case),
            "commands": [self._link(case, word) for word in words],
        }

    def _words(self, section: Section, case: Listed) -> tuple[str, ...]:
        """What is most often said of such a case."""
        if case.line.assignee is None:
            return ("#take", "#assign ") if self.morning.reader.team else ("#take", "#solve")
        if self.morning.reader.team:
            return ("#assign ",)
        return ("#solve",) if section is Section.WAITING else ("#solve", "#wait 2d")

    def _held(self, mail: HeldBack, *, is_linked: bool) -> dict[str, object]:
        line = mail.case.line
        words = self._offers(mail) if is_linked else []
        return {
            "number": line.number,
            "subject": line.subject,
            "at": mail.at,
            "author": self._person(mail.author) if mail.author else None,
            "href": self._show(mail.case),
            "commands": words,
        }

    def _offers(self, mail: HeldBack) -> list[dict[str, str]]:
        if mail.author:
            return [self._link(mail.case, "#admit")]
        may = {"run": mail.question.get("may_run"), "send": mail.question.get("may_send")}
        words = (*(word for word, is_allowed in may.items() if is_allowed), "drop")
        address = self._address(mail.case, Purpose.CONFIRMATION, mail.receipt)
        return [_mailto(address, mail.case, word) for word in words]

    def _person(self, address: Address) -> Mapping[str, str]:
        organisation = self.rules.organisation_of(address.address)
        return {
            "name": plain_name(address),
            "address": address.address,
            "organisation": organisation.name if organisation else "",
        }

    # --- links ---

    def _show(self, case: Listed) -> str:
        address = self._address(case, Purpose.INTERNAL)
        return _mailto(address, case, f"#show {case.line.number}")["href"]

    def _link(self, case: Listed, word: str) -> dict[str, str]:
        return _mailto(self._address(case, Purpose.INTERNAL), case, word)

    def _address(self, case: Listed, purpose: Purpose, receipt: int = 0) -> str:
        """The reader's own address in a case, or the one that decides on a held mail."""
        queue, to, number = self.rules.queue(case.queue), self._to, case.line.number
        party = str(self.found.parties[number].number)
        bound = bound_to(to, receipt) if receipt else to.key
        token = sign(self.rules.reply, number, party, purpose, bound, self.now)
        return reply_address(self.rules.reply, queue.addresses[0], token)


def _mailto(address: str, case: Listed, word: str) -> dict[str, str]:
    """A link that opens a mail which only has to be sent."""
    to, subject = quote(address, safe="@"), quote(f"Re: [#{case.line.number}]")
    href = f"mailto:{to}?subject={subject}&body={quote(word)}"
    return {"label": word.strip(), "href": href}
