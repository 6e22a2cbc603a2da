"""A command line that is called in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from maildesk.cli import run
from maildesk.config.starter import init_folder

Commands = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starter configuration."""
    init_folder(tmp_path / "desk")
    return tmp_path / "desk"


@pytest.fixture
def maildesk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Commands:
    """Run a command on that configuration; return its exit code, stdout and stderr."""

    def call(*words: str, config: Path = folder) -> tuple[int, str, str]:
        monkeypatch.setenv("MAILDESK_CONFIG", str(config))  # put back at the end
        code = run(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
