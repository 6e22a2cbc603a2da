"""What the documentation says is there, and what is there is in the documentation.

After a change of a command: MAILDESK_REWRITE_DOCS=1 pytest tests/test_docs.py
"""

import os
import re
from pathlib import Path

import pytest
import typer

from maildesk.cli import app
from maildesk.cli.lazy import COMMANDS, Unloaded
from maildesk.mail.samples import SAMPLES
from maildesk.policy.commands.table import Group
from maildesk.policy.commands.verbs import COMMANDS as VERBS

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


GROUPED = r"(?:ticket|journal|outbox|sla|template) \w+"
COMMAND = re.compile(rf"""(?:[`"/]|^)maildesk (?:--config \S+ )?({GROUPED}|[a-z]+)\b""", re.M)


@pytest.mark.parametrize("page", TOLD, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_people_are_told_of_are_there(page):
    named = set(COMMAND.findall(page.read_text()))
    assert named <= {name for name, _ in commands()} | {"is"}  # "maildesk is listening on …"


def test_every_reference_to_a_page_in_the_code_is_right():
    for module in ROOT.glob("maildesk/**/*.py"):
        for page in re.findall(r"docs/\w+\.md", module.read_text()):
            assert (ROOT / page).exists(), f"{module}: {page}"


def table_of_verbs():
    lines = []
    for group in Group:
        lines += ["", f"## {group}", "", "| command | also | does |", "|---|---|---|"]
        for verb in VERBS.values():
            if verb.group is group:
                also = " ".join(f"`#{alias}`" for alias in verb.aliases)
                mark = " ⚿" if verb.is_weighty else ""
                usage = verb.usage.replace("|", "\\|")
                lines.append(f"| `{usage}`{mark} | {also} | {verb.about} |")
    return "\n".join([*lines[1:], ""])


def test_every_verb_is_documented_as_the_table_says():
    page = ROOT / "docs/commands.md"
    before, _, rest = page.read_text().partition("<!-- commands -->\n")
    told, end, after = rest.partition("<!-- end -->")
    if os.environ.get("MAILDESK_REWRITE_DOCS"):
        page.write_text(f"{before}<!-- commands -->\n{table_of_verbs()}{end}{after}")
    else:
        assert told == table_of_verbs()
