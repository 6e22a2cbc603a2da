"""An admin's own tests: mails with what should become of them, and worked examples of promises."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from maildesk.cli.console import (
    EX_DATAERR,
    ConfigOption,
    JsonOption,
    complain,
    err,
    in_folder,
    out,
    print_json,
    quote,
    say,
    settings_or_defaults,
)
from maildesk.config.policy_test_file import PolicyTests, read_policy_tests
from maildesk.desk.children import Children
from maildesk.desk.gathering import Parse
from maildesk.desk.policy_tests import mail_differences
from maildesk.errors import Misconfigured
from maildesk.policy.sla.cases import WorkedCase, differences
from maildesk.settings import Settings
from maildesk.share import acknowledgements

EX_FAILED = 1
MANY = 50  # tests that take long enough for a progress bar


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test came to. `word` is what its name is called in JSON: name, or id of a case."""

    word: str
    name: str
    differences: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Whether all is as expected."""
        return not self.differences


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test")(run_tests)


def run_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Tests, YAML or JSON (else those of `tests/`).")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Run the policy tests of FILES, else those in `tests/` of the configuration."""
    settings = settings_or_defaults(config)
    own = settings.folder / "tests"
    found = files or sorted([*own.glob("*.yaml"), *own.glob("*.yml")])
    if not found:
        say(f"There are no tests in {own}.")
    tests = _read(found, settings)
    if tests is None:
        return EX_DATAERR
    count = sum(len(each.mails) + len(each.cases) for each in tests)
    failed = 0
    with Children(count=1) as children:
        for outcome in _progress(_outcomes(tests, children.parse), count, quiet=json):
            failed += not outcome.is_passed
            _show(outcome, as_json=json)
    if not json:
        out.print(f"{count - failed} passed, {failed} failed")
    return EX_FAILED if failed else 0


def _read(files: Sequence[Path], settings: Settings) -> list[PolicyTests] | None:
    """Read all files; None where one is faulty, and what is wrong has been said."""
    tests: list[PolicyTests] = []
    is_faulty = False
    templates = acknowledgements(settings.templates)
    for file in files:
        try:
            tests.append(read_policy_tests(file, settings.rules, templates))
        except Misconfigured as error:
            is_faulty = True
            folder = file.absolute().parent
            for problem in error.problems:
                complain(str(in_folder(folder, problem)))
                quote(folder, problem)
    return None if is_faulty else tests


def _outcomes(tests: Iterable[PolicyTests], parse: Parse) -> Iterator[Outcome]:
    now = datetime.now(UTC)
    for each in tests:
        folder = each.path.absolute().parent
        for mail in each.mails:
            found = mail_differences(mail, folder, each.rules, parse, now)
            yield Outcome("name", mail.name, found)
        for case in each.cases:
            yield Outcome("id", case.name, _case_differences(case))


def _case_differences(case: WorkedCase) -> tuple[str, ...]:
    try:
        return differences(case)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:  # events that make no sense
        return (f"cannot be worked out: {error!r}",)


def _progress(outcomes: Iterable[Outcome], count: int, *, quiet: bool) -> Iterable[Outcome]:
    if quiet or count < MANY or not sys.stderr.isatty():
        return outcomes
    return track(outcomes, "Testing", total=count, console=err)


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                outcome.word: outcome.name,
                "ok": outcome.is_passed,
                "differences": list(outcome.differences),
            }
        )
        return
    for difference in outcome.differences:
        out.print(f"{outcome.name}: {difference}", markup=False)
