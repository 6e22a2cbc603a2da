import pytest
import typer

from maildesk.cli import app
from maildesk.cli.lazy import Unloaded


def helps(group, prefix=()):
    for name, named in group.commands.items():
        command = named.load() if isinstance(named, Unloaded) else named
        yield (*prefix, name)
        if hasattr(command, "commands"):
            yield from helps(command, (*prefix, name))


@pytest.mark.parametrize("command", list(helps(typer.main.get_command(app))), ids=" ".join)
def test_a_flag_is_shown_without_a_value(maildesk, command):
    code, told, _ = maildesk(*command, "--help")
    assert code == 0
    assert "<bool>" not in told
    assert not [line for line in told.splitlines() if "  --" in line and "<list" in line]
    assert "│" not in told
