"""sla.yaml: read by `policy.sla.file`, its faults at their lines, its names checked; warnings."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from maildesk.config.shape import show
from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.policy.calendars.calendar import UnionCalendar
from maildesk.policy.routing.rule import BadRule
from maildesk.policy.sla.file import SlaBook, odd_promises, read_sla
from maildesk.policy.spelling import did_you_mean


@dataclass(frozen=True, slots=True)
class SlaSource:
    """What sla.yaml says, and where it stands."""

    document: Document
    book: SlaBook

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        return sla_problems(self.document, self.book.faults)

    def check_names(self, known: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
        """Yield names that stand nowhere else; `known` are those there are, by kind."""
        for policy, (kind, name, path) in self.book.references:
            names = set(known.get(kind, ()))
            if kind in known and name not in names:
                message = f'policy "{policy}": unknown {kind} "{name}"'
                yield self.document.problem(path, message, did_you_mean(name, names))

    def warnings(self, used: Iterable[str]) -> Iterator[Problem]:
        """Yield what is allowed, and hardly meant; `used` are calendars that others name."""
        for path, message, hint in odd_promises(self.book):
            yield self.document.problem(path, message, hint)
        yield from self._unused({*used, *self._used()})

    def _used(self) -> Iterator[str]:
        yield from list(self.book.calendars)[:1]  # the desk's own
        for policy in self.book.policies.values():
            yield from (targets.calendar for targets in policy.targets.values())
        for calendar in self.book.calendars.values():
            members = calendar.members if isinstance(calendar, UnionCalendar) else ()
            yield from (name for name, one in self.book.calendars.items() if one in members)

    def _unused(self, used: set[str]) -> Iterator[Problem]:
        for name in self.book.calendars:
            path = ("calendars", name)
            if name not in used and path in self.document.keys:
                hint = "the first one counts where none is named; name it in clocks:"
                yield self.document.key_problem(path, f'nobody uses calendar "{name}"', hint)


def read_sla_source(document: Document) -> SlaSource:
    """Read a document that has the shape of sla.yaml; an empty one says nothing."""
    return SlaSource(document, read_sla(document.value))


_OF_A_KEY = re.compile(r"unknown (key|priority|clock|condition) ")


def sla_problems(document: Document, faults: Iterable[BadRule]) -> Iterator[Problem]:
    """Yield faults as problems of a document; a word that is not known is shown where it stands."""
    for fault in faults:
        is_key = _OF_A_KEY.match(fault.message) and fault.path in document.keys
        make = document.key_problem if is_key else document.problem
        path = fault.path[:-1] if is_key else fault.path
        yield make(fault.path, _whose(document, path) + fault.message, fault.hint)


def _whose(document: Document, path: KeyPath) -> str:
    """Say which calendar or policy a fault is in."""
    section, name = (*path, "", "")[:2]
    if section == "calendars" and name:
        return f'calendar "{name}": '
    if section == "policies" and name:
        return f'policy "{name}": '
    if section == "sla" and isinstance(document.value, dict) and isinstance(name, int):
        entry = document.value["sla"][name]
        called = entry.get("name") if isinstance(entry, dict) else None
        return f'policy "{called}": ' if isinstance(called, str) else ""
    return f"{show(path)}: " if section == "follow_up" and name else ""
