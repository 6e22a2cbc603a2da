"""The shape of an admin's own policy tests: `config/tests/*.yaml`, for `maildesk test`.

A file holds mails with what should become of them, worked examples of promises (`cases`), or both;
`rules`, `calendars` and `policies` in it stand in for the configured ones. Keys at the top that no
known one resembles are notes for whoever reads the file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from maildesk.config.routing_rules import check_names, compile_all
from maildesk.config.section import Section
from maildesk.config.shape import check_shape
from maildesk.config.sla import sla_problems
from maildesk.config.words import Address, Text, did_you_mean, fault
from maildesk.config.yaml_source import Document, KeyPath, read_document
from maildesk.errors import Misconfigured, Problem
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.calendars.calendar_file import read_calendars
from maildesk.policy.rules import Rules
from maildesk.policy.sla.cases import WorkedCase, read_case, read_policies
from maildesk.policy.sla.file import with_built_in
from maildesk.policy.sla.promises import Policy
from maildesk.policy.sla.words import Faults

_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 section 2.2
_FAULTS = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError)  # of written examples

# What may be expected of a mail: of its route, else of the ticket, else as `explain --json` has it.
_OF_THE_ROUTE = """queue team priority type tags fields rules assignee sla watchers template status
    dropped group_key requester"""
_OF_THE_MAIL = """disposition commands signal evidence ticket hint notices automatic
    answerable level language subject message_id from to cc reply text quoted signature attachments
    defects bounce trust thread route reasons"""
EXPECTABLE = frozenset(f"{_OF_THE_ROUTE} {_OF_THE_MAIL}".split())


def _field_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise fault("this is no name of a header field", "as in X-Spam-Flag")
    return name


def _instant(text: str) -> str:
    try:
        has_offset = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        has_offset = False
    if not has_offset:
        raise fault("an instant with its offset is expected", "as in 2026-11-23T08:15:00+01:00")
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class WrittenMail(Section):
    """A mail in a few words, or a file that holds one."""

    sender: str | None = Field(default=None, alias="from", description="its From")
    to: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        default=[], description="its To, one or a list; left out: the default queue"
    )
    subject: str = Field(default="", description="its Subject")
    body: str = Field(default="", description="its text")
    headers: dict[Annotated[str, AfterValidator(_field_name)], str] = Field(
        default={}, description="further header fields, or others in place of those above"
    )
    file: str | None = Field(default=None, description="a mail (.eml), from the test's folder")


class ExistingTicket(Section):
    """A ticket that is there before the mail comes."""

    requester: Address = Field(description="whose it is")
    status: Literal[
        "new", "open", "waiting_user", "on_hold", "scheduled", "solved", "closed", "spam"
    ] = Field(default="new", description="where it stands")


class MailTest(Section):
    """A mail, and what should become of it."""

    name: Text = Field(description="what the outcome is told by")
    mail: WrittenMail | None = Field(default=None, description="the mail in a few words")
    file: str | None = Field(default=None, description="a mail (.eml), from the test's folder")
    ticket: ExistingTicket | None = Field(
        default=None, description="a ticket that the mail answers at its reply address"
    )
    at: Annotated[str, AfterValidator(_instant)] | None = Field(
        default=None, description="when the mail comes in; left out: now"
    )
    expect: dict[str, object] = Field(description="what should become of it")

    @property
    def path(self) -> str | None:
        """The file that holds the mail; None where it stands in the test."""
        return self.file or (self.mail.file if self.mail else None)

    @property
    def received_at(self) -> datetime | None:
        """When the mail comes in; None for now."""
        return datetime.fromisoformat(self.at).astimezone(UTC) if self.at else None


class PolicyTestFile(Section):
    """Policy tests."""

    calendars: dict[str, Any] | None = Field(default=None, description="in place of sla.yaml's")
    policies: dict[str, Any] | None = Field(
        default=None, description="in place of sla.yaml's, for `cases`; targets may be minutes"
    )
    mails: list[MailTest] = Field(default=[], description="mails")
    cases: list[dict[str, Any]] = Field(default=[], description="worked examples of promises")
    rules: list[object] | None = Field(default=None, description="in place of routing.yaml's")


@dataclass(frozen=True, slots=True)
class PolicyTests:
    """The tests of one file, and the rules that they are about."""

    path: Path
    rules: Rules
    mails: tuple[MailTest, ...]
    cases: tuple[WorkedCase, ...]


def read_policy_tests(path: Path, rules: Rules, templates: Iterable[str]) -> PolicyTests:
    """Read a file of tests; `rules` are the configured ones, `templates` the names of those there.

    Raises: Misconfigured with every problem.
    """
    document, notes = _without_notes(read_document(path))
    file, problems = check_shape(document, PolicyTestFile)
    problems = (*notes, *problems)
    if file is None or problems:
        raise Misconfigured(*problems)
    reader = _Reader(document, file, rules)
    tests = PolicyTests(
        path,
        reader.rules(templates),
        tuple(file.mails),
        tuple(reader.cases()),
    )
    reader.check_mails(path.parent)
    if reader.problems:
        raise Misconfigured(*reader.problems)
    return tests


def _names(rules: Rules, templates: Iterable[str]) -> Mapping[str, Iterable[str]]:
    """The names that rules may use, by kind."""
    return {
        "queue": [queue.handle for queue in rules.queues],
        "team": [team.handle for team in rules.teams],
        "agent": [agent.handle for agent in rules.agents],
        "organisation": [one.handle for one in rules.organisations],
        "template": templates,
        "calendar": rules.calendars,
        "sla": rules.policies,
    }


def _without_notes(document: Document) -> tuple[Document, list[Problem]]:
    """The document without the keys that are notes, and those that are misspelt."""
    known, problems = PolicyTestFile.model_fields, []
    if not isinstance(document.value, dict):
        return document, []
    for key in document.value:
        hint = "" if key in known else did_you_mean(key, known)
        if hint.startswith("did"):
            problems.append(document.key_problem((key,), f'unknown key "{key}"', hint))
    kept = {key: value for key, value in document.value.items() if key in known}
    if not kept and not problems:
        hint = f"a file of tests has {', '.join(known)}"
        problems.append(document.problem((), "there are no tests in it", hint))
    return replace(document, value=kept), problems


class _Reader:
    """Reads what stands in a file of the right shape, and notes what is wrong. `rules` are the
    configured ones."""

    def __init__(self, document: Document, file: PolicyTestFile, rules: Rules) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._file = file
        self._calendars = self._read_calendars(rules.calendars)
        self._rules = replace(rules, calendars=self._calendars)

    def rules(self, templates: Iterable[str]) -> Rules:
        """The rules that the mails are decided by."""
        if self._file.rules is None:
            return self._rules
        compiled = compile_all(self._document, self._file.rules)
        names = _names(self._rules, templates)
        self.problems += compiled.problems
        self.problems += check_names(self._document, compiled.rules, names)
        return replace(self._rules, routing=compiled.rules)

    def cases(self) -> Iterator[WorkedCase]:
        """The worked examples."""
        policies = self._read_policies()
        if self.problems:
            return
        for place, table in enumerate(self._file.cases):
            try:
                yield read_case(table, self._calendars, policies)
            except _FAULTS as error:
                self.problems.append(self._document.problem(("cases", place), str(error)))

    def _read_calendars(self, configured: Mapping[str, Calendar]) -> Mapping[str, Calendar]:
        """Those of the file come first; configured policies may name others."""
        if self._file.calendars is None:
            return configured
        faults = Faults()
        read = read_calendars(self._file.calendars, ("calendars",), faults)
        self.problems += sla_problems(self._document, faults.found)
        known = with_built_in(read)
        return {**known, **{n: c for n, c in configured.items() if n not in known}}

    def _read_policies(self) -> Mapping[str, Policy]:
        if self._file.policies is None:
            return self._rules.policies
        faults = Faults()
        read = read_policies(self._file.policies, ("policies",), self._calendars, faults)
        self.problems += sla_problems(self._document, faults.found)
        return read

    def check_mails(self, folder: Path) -> None:
        """Note what the mails lack, and what cannot be expected."""
        for place, test in enumerate(self._file.mails):
            self.problems += self._faults(("mails", place), test, folder)

    def _faults(self, at: KeyPath, test: MailTest, folder: Path) -> Iterator[Problem]:
        document, mail = self._document, test.mail
        if test.path is None and (mail is None or mail.sender is None):
            yield document.problem(
                at, "the mail has no from", "as in {from: a@example.com, subject: Help}"
            )
        if test.path is not None and not (folder / test.path).is_file():
            key: KeyPath = ("file",) if test.file else ("mail", "file")
            yield document.problem((*at, *key), "there is no such file", f"in {folder}")
        for word in test.expect:
            if word not in EXPECTABLE:
                hint = did_you_mean(word, EXPECTABLE)
                message = f'"{word}" cannot be expected of a mail'
                yield document.key_problem((*at, "expect", word), message, hint)
