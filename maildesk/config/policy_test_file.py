"""An admin's own policy tests: `config/tests/*.yaml`, for `maildesk test`.

A file holds mails with what should become of them, worked examples of promises (`cases`), or both;
`rules`, `calendars` and `policies` in it stand in for the configured ones. Keys at the top that no
known one resembles are notes for whoever reads the file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from maildesk.config.policy_test_checks import Checker, names_of, nothing_expected
from maildesk.config.policy_test_shape import MailTest, PolicyTestFile
from maildesk.config.routing_rules import check_names, compile_all
from maildesk.config.shape import check_shape
from maildesk.config.sla import sla_problems
from maildesk.config.yaml_source import Document, read_document
from maildesk.errors import Misconfigured, Problem
from maildesk.policy.calendars.calendar import Calendar
from maildesk.policy.calendars.calendar_file import read_calendars
from maildesk.policy.rules import Rules
from maildesk.policy.sla.cases import WorkedCase, read_case, read_policies
from maildesk.policy.sla.file import with_built_in
from maildesk.policy.sla.promises import Policy
from maildesk.policy.sla.words import Faults
from maildesk.policy.spelling import did_you_mean

_FAULTS = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError)  # of written examples


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
    file, problems = check_shape(document, PolicyTestFile, may_be_empty=True)
    if file is None or notes or problems:
        raise Misconfigured(*notes, *problems)
    reader = _Reader(document, file, rules)
    known = reader.rules(templates)
    has_rules = not reader.problems  # without them nobody can say what a test is about
    tests = PolicyTests(path, known, tuple(file.mails), tuple(reader.cases()))
    if has_rules:
        reader.check_mails(path.parent, known, templates)
    if reader.problems:
        raise Misconfigured(*reader.problems)
    return tests


def _without_notes(document: Document) -> tuple[Document, list[Problem]]:
    """The document without the keys that are notes, and those that are misspelt."""
    known, problems = PolicyTestFile.model_fields, []
    hint = f"a file of tests has {', '.join(known)}"
    if document.value is None and not document.problems:
        return document, [document.problem((), "the file is empty", hint)]
    if not isinstance(document.value, dict):
        return document, []
    for key in document.value:
        near = "" if key in known else did_you_mean(key, known)
        if near.startswith("did"):
            problems.append(document.key_problem((key,), f'unknown key "{key}"', near))
    kept = {key: value for key, value in document.value.items() if key in known}
    if not kept and not problems:
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
        names = names_of(self._rules, templates)
        self.problems += compiled.problems
        self.problems += check_names(self._document, compiled.rules, names)
        return replace(self._rules, routing=compiled.rules)

    def cases(self) -> Iterator[WorkedCase]:
        """The worked examples."""
        policies = self._read_policies()
        if self.problems:
            return
        for place, table in enumerate(self._file.cases):
            if not table.get("expect"):
                self.problems.append(nothing_expected(self._document, ("cases", place, "expect")))
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

    def check_mails(self, folder: Path, rules: Rules, templates: Iterable[str]) -> None:
        """Note what the mails lack, and what cannot be expected of them."""
        checker = Checker(self._document, folder, rules, templates)
        for place, test in enumerate(self._file.mails):
            self.problems += checker.faults(("mails", place), test)
