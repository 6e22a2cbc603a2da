"""What the documentation says is there, and what is there is in the documentation."""

import re
from pathlib import Path

import pytest
import typer

from maildesk.cli import app
from maildesk.cli.lazy import COMMANDS, Unloaded
from maildesk.mail.samples import SAMPLES

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TOLD = [
    *DOCS,
    *sorted(path for folder in ("templates", "config") for path in (ROOT / folder).rglob("*.*")),
]


def commands(group=None, prefix=""):
    group = group or typer.main.get_command(app)
    for name, named in group.commands.items():
        command = named.load() if isinstance(named, Unloaded) else named
        if getattr(command, "commands", None):
            yield from commands(command, f"{prefix}{name} ")
        elif not command.hidden:
            yield f"{prefix}{name}", command


@pytest.mark.parametrize(("name", "command"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_every_command_says_what_it_does(name, command):
    assert command.help


@pytest.mark.parametrize("name", COMMANDS)
def test_list_of_commands_says_what_each_says_of_itself(name):
    module, line = COMMANDS[name]
    said = Unloaded(name, module, line).load().help.split("\n\n")[0]
    assert line == " ".join(said.split())


@pytest.mark.parametrize("notice", sorted(SAMPLES))
def test_every_notice_is_documented(notice):
    assert f"| `{notice}` |" in (ROOT / "docs/notices.md").read_text()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


GROUPED = r"(?:ticket|journal|outbox|template) \w+"
COMMAND = re.compile(rf"""(?:[`"/]|^)maildesk (?:--config \S+ )?({GROUPED}|[a-z]+)\b""", re.M)


@pytest.mark.parametrize("page", TOLD, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_people_are_told_of_are_there(page):
    named = set(COMMAND.findall(page.read_text()))
    assert named <= {name for name, _ in commands()} | {"is"}  # "maildesk is listening on …"


def test_every_reference_to_a_page_in_the_code_is_right():
    for module in ROOT.glob("maildesk/**/*.py"):
        for page in re.findall(r"docs/\w+\.md", module.read_text()):
            assert (ROOT / page).exists(), f"{module}: {page}"
