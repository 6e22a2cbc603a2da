"""Pagers: the apprise URLs of agents and of alerts are read, and where each of them goes.

Without apprise nothing is wrong: pages go out by mail alone, and the admin is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from maildesk.config.credentials import Surroundings, Unusable, has_apprise, read_pager
from maildesk.config.reloaded_files import PeopleFile
from maildesk.config.section import SecretSource
from maildesk.config.shape import show
from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.policy.due.paging import pager_address

Places = Mapping[str, tuple[KeyPath, SecretSource]]  # by the address that is paged


@dataclass(frozen=True, slots=True)
class Pagers:
    """Apprise URLs by the address that is paged; `silent` are those that nothing can page."""

    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    silent: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def address(self, handle: str, pager: str | SecretSource | None) -> str | None:
        """Return the address that an agent is paged at, besides his mailbox."""
        if not isinstance(pager, SecretSource):
            return pager
        address = pager_address(handle)
        return address if address in self.urls else None


def read_pagers(document: Document, places: Places, around: Surroundings) -> Pagers:
    """Read the URLs that these secrets hold."""
    urls: dict[str, str] = {}
    problems: list[Problem] = []
    for address, (path, source) in places.items():
        try:
            urls[address] = read_pager(source, around)
        except Unusable as error:
            problems.append(document.problem(path, f"{show(path)}: {error}", error.hint))
    if has_apprise():
        return Pagers(urls, problems=tuple(problems))
    warnings = (_missing(document, path) for path, _source in places.values())
    return Pagers({}, tuple(urls), tuple(problems), tuple(warnings))


def _missing(document: Document, path: KeyPath) -> Problem:
    message = f"{show(path)}: apprise is not installed; pages and alerts go out by mail only"
    return document.problem(path, message, 'pip install "maildesk[paging]"')


def places_of(file: PeopleFile) -> Places:
    """Return the agents whose pager is a secret."""
    return dict(_places_of(file))


def _places_of(file: PeopleFile) -> Iterator[tuple[str, tuple[KeyPath, SecretSource]]]:
    for handle, agent in file.agents.items():
        if isinstance(agent.pager, SecretSource):
            yield pager_address(handle), (("agents", handle, "pager"), agent.pager)
