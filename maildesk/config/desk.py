"""people.yaml, routing.yaml and sla.yaml, and agents' words: read, checked, and made into rules."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from maildesk.config import references, reloaded_files
from maildesk.config.agent_words import AgentWords, read_agent_words
from maildesk.config.credentials import Surroundings
from maildesk.config.pagers import Pagers, places_of, read_pagers
from maildesk.config.reloaded_files import PeopleFile, RoutingFile, SlaFile
from maildesk.config.routing_rules import RuleSet, check_names, compile_all, hidden_rules
from maildesk.config.rule_warnings import idle_rules, odd_actions, odd_conditions
from maildesk.config.shape import File, read_file
from maildesk.config.sla import SlaSource, read_sla_source
from maildesk.config.yaml_source import Document
from maildesk.errors import Problem
from maildesk.policy.due.paging import ALERTS
from maildesk.policy.routing.rule_file import references as rule_references
from maildesk.policy.rules import Agent, Organisation, Queue, Rules, Team
from maildesk.policy.sla.file import frozen
from maildesk.policy.sla.ladder_file import ROLES
from maildesk.settings import Sources


@dataclass(frozen=True, slots=True)
class Desk:
    """The files that are read again on SIGHUP."""

    people: File[PeopleFile]
    routing: File[RoutingFile]
    sla: File[SlaFile]
    promises: SlaSource
    words: AgentWords
    rules: RuleSet
    acknowledgements: Iterable[str] | None
    pagers: Pagers

    def problems(self, admins: tuple[str, ...]) -> list[Problem]:
        """Return all that is wrong in these files; `admins` stand in maildesk.yaml."""
        people, routing = self.people, self.routing
        problems = [*people.problems, *routing.problems, *self.sla.problems, *self.words.problems]
        problems += self.pagers.problems
        if people.found:
            problems += references.check_people(people.document, people.found)
        if routing.found:
            problems += references.check_routing(routing.document, routing.found, admins)
        problems += self.rules.problems
        problems += check_names(routing.document, self.rules.rules, self._known())
        told = {(problem.line, problem.column) for problem in self.sla.problems}
        problems += (
            problem
            for problem in self.promises.problems()
            if (problem.line, problem.column) not in told
        )
        if people.found and routing.found:
            queues, agents = (
                (routing.document, routing.found),
                (people.document, people.found),
            )
            problems += references.check_queues_and_people(queues, agents)
            problems += references.check_promised(people.document, people.found, self._known())
            problems += self.promises.check_names(self._known())
        return problems

    def warnings(self, languages: Container[str]) -> list[Problem]:
        """Return what is allowed, but does nothing or is hardly meant.

        `languages`: those that there are templates in.
        """
        routing, people = self.routing, self.people
        queues = {handle: queue.language for handle, queue in routing.model.queues.items()}
        customers = {handle: one.language for handle, one in people.model.organisations.items()}
        return [
            *references.people_warnings(people.document, people.model),
            *self.pagers.warnings,
            *references.watching_ourselves(
                (routing.document, routing.model), (people.document, people.model)
            ),
            *references.language_warnings(routing.document, "queues", queues, languages),
            *references.language_warnings(people.document, "organisations", customers, languages),
            *self.promises.warnings(self._named_calendars()),
            *hidden_rules(routing.document, self.rules.rules),
            *idle_rules(routing.document, self.rules.rules),
            *odd_conditions(routing.document, self.rules.rules),
            *odd_actions(routing.document, self.rules.rules, people.model, routing.model),
        ]

    def _known(self) -> dict[str, Iterable[str]]:
        """The names that rules may use, by kind; without those that a fault of syntax hides."""
        people, sla, book = self.people.document, self.sla.document, self.promises.book
        agents, teams = _names(people, "agents"), _names(people, "teams")
        known: dict[str, Iterable[str] | None] = {
            "queue": _names(self.routing.document, "queues"),
            "team": teams,
            "agent": agents,
            "organisation": _names(people, "organisations"),
            "template": self.acknowledgements,
            "person": None if agents is None or teams is None else [*ROLES, *agents, *teams],
            "calendar": _with(_names(sla, "calendars"), book.calendars),
            "sla": _with(_names(sla, "sla"), book.policies),
        }
        return {kind: names for kind, names in known.items() if names is not None}

    def _named_calendars(self) -> Iterator[str]:
        """The calendars that agents and rules name."""
        for agent in self.people.model.agents.values():
            yield agent.calendar or ""
        for rule in self.rules.rules:
            yield from (one.name for one in rule_references(rule) if one.kind == "calendar")

    @property
    def version(self) -> str:
        """A hash of the files' bytes."""
        raw = [file.document.raw for file in (self.people, self.routing, self.sla)]
        raw.append(self.words.raw)
        digests = b"".join(hashlib.sha256(octets).digest() for octets in raw)
        return hashlib.sha256(digests).hexdigest()[:16]


def read_desk(
    folder: Path,
    acknowledgements: Iterable[str] | None,
    around: Surroundings,
    routing_file: Path | None = None,
) -> Desk:
    """Read people.yaml with the secrets that it names, routing.yaml and sla.yaml, and agents' words
    in `templates` beside them. `acknowledgements`: the templates that rules may name; None: any.

    `routing_file` is read in place of routing.yaml, to see what it would do.
    """
    name = str(routing_file.absolute()) if routing_file else "routing.yaml"
    routing = read_file(folder, name, RoutingFile)
    raws = routing.document.value.get("rules") if isinstance(routing.document.value, dict) else None
    sla = read_file(folder, "sla.yaml", SlaFile, may_be_empty=True)
    people = read_file(folder, "people.yaml", PeopleFile)
    places = places_of(people.found) if people.found else {}
    return Desk(
        people,
        routing,
        sla,
        read_sla_source(sla.document),
        read_agent_words(words if (words := folder / "templates").is_dir() else None),
        compile_all(routing.document, raws if isinstance(raws, list) else []),
        acknowledgements,
        read_pagers(people.document, places, around),
    )


def desk_rules(current: Rules, desk: Desk) -> Rules:
    """Return `current` with all that the reloaded files say."""
    people, routing, book = desk.people.model, desk.routing.model, desk.promises.book
    return replace(
        current,
        queues=tuple(_queue(handle, queue) for handle, queue in routing.queues.items()),
        agents=tuple(_agent(handle, agent, desk.pagers) for handle, agent in people.agents.items()),
        teams=tuple(Team(handle, **team.model_dump()) for handle, team in people.teams.items()),
        organisations=tuple(
            _organisation(handle, item) for handle, item in people.organisations.items()
        ),
        aliases=tuple(routing.aliases),
        own_lists=tuple(routing.own_lists),
        never_add=tuple(routing.never_add),
        version=desk.version,
        aliases_of_verbs=desk.words.aliases,
        answers=desk.words.answers,
        routing=desk.rules.rules,
        matrix=routing.matrix.priorities(),
        calendars=book.calendars,
        promises=book.promises,
        follow_up=book.follow_up,
        pagers={**_of_alerts(current.pagers), **desk.pagers.urls},
        silent_pagers=(*_of_alerts(dict.fromkeys(current.silent_pagers, "")), *desk.pagers.silent),
    )


def _of_alerts(pagers: Mapping[str, str]) -> dict[str, str]:
    """What maildesk.yaml says, which a reload leaves as it is."""
    return {address: url for address, url in pagers.items() if address == ALERTS}


def desk_sources(desk: Desk) -> Sources:
    """Return what the rules were made from, to be kept with them."""
    files = {file.document.file: file.document.raw for file in (desk.people, desk.sla)}
    files["routing.yaml"] = desk.routing.document.raw  # `routing_file` may have another name
    texts = {name: raw.decode() for name, raw in files.items()}
    return Sources(
        {**texts, **desk.words.files}, frozen(desk.sla.document.value, desk.promises.book)
    )


def _queue(handle: str, queue: reloaded_files.Queue) -> Queue:
    return Queue(
        handle=handle,
        addresses=tuple(queue.address),
        team=queue.team,
        name=queue.name or handle,
        language=queue.language,
        is_default=queue.default,
        timezone=queue.timezone,
    )


def _agent(handle: str, agent: reloaded_files.Agent, pagers: Pagers) -> Agent:
    return Agent(
        handle=handle,
        name=agent.name,
        addresses=tuple(agent.addresses),
        teams=tuple(agent.teams),
        languages=tuple(agent.languages),
        timezone=agent.timezone,
        receipts=agent.receipts,
        calendar=agent.calendar,
        pager=pagers.address(handle, agent.pager),
    )


def _organisation(handle: str, organisation: reloaded_files.Organisation) -> Organisation:
    return Organisation(
        handle=handle,
        name=organisation.name,
        domains=tuple(organisation.domains),
        addresses=tuple(organisation.addresses),
        language=organisation.language,
        sla=organisation.sla,
        watchers=tuple(organisation.watchers),
    )


def _names(document: Document, section: str) -> list[str] | None:
    """The names that stand in a section, also of what has a fault: that is told once. None where
    the section cannot be read."""
    if document.value is None and document.problems:
        return None
    raw = document.value.get(section, {}) if isinstance(document.value, dict) else {}
    if isinstance(raw, dict):
        return list(raw)
    if not isinstance(raw, list):
        return None
    names = (one.get("name") for one in raw if isinstance(one, dict))
    return [name for name in names if isinstance(name, str)]


def _with(names: list[str] | None, others: Iterable[str]) -> list[str] | None:
    return None if names is None else [*names, *others]
