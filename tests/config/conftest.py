"""Configuration folders to load."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

BAD_CONFIGS = Path(__file__).parent.parent / "bad_configs"
Writer = Callable[..., Path]


def write_secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    os.chmod(path, mode)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder with a small configuration that is right."""
    folder = tmp_path / "desk"
    shutil.copytree(BAD_CONFIGS / "good", folder)
    write_secret(folder / "reply.key", "k" * 64 + "\n")
    return folder


@pytest.fixture
def write(good: Path) -> Writer:
    """Replace text in a file of the good configuration; return the folder."""

    def replace(old: str, new: str, file: str = "maildesk.yaml") -> Path:
        path = good / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return good

    return replace
