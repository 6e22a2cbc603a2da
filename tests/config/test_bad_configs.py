"""Each folder in bad_configs is laid over `good`; what is then told stands in expected.txt.

`NAME.absent` takes a file away, FOLDER stands for the folder's path.
"""

import shutil
from pathlib import Path

import pytest

from maildesk.config import check_folder

BAD_CONFIGS = Path(__file__).parent.parent / "bad_configs"
CASES = sorted(path for path in BAD_CONFIGS.iterdir() if path.name != "good")


def lay_over(case: Path, folder: Path) -> None:
    for path in case.iterdir():
        if path.suffix == ".absent":
            (folder / path.stem).unlink()
        elif path.is_dir():
            shutil.copytree(path, folder / path.name, dirs_exist_ok=True)
        elif path.name != "expected.txt":
            shutil.copy(path, folder)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_bad_configuration_is_told_in_exactly_these_words(case: Path, good: Path) -> None:
    lay_over(case, good)
    told = [str(problem).replace(str(good), "FOLDER") for problem in check_folder(good, {})]
    assert told == (case / "expected.txt").read_text(encoding="utf-8").splitlines()


def test_good_configuration_has_no_problems(good: Path) -> None:
    assert check_folder(good, {}) == ()
