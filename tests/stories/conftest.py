"""One desk a story; the child processes, which take the longest to start, are shared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from stories.cases import Cases, make_cases, open_cases
from stories.gateway import Gateway
from stories.house import BO, KARI, House, open_house
from stories.people import Client, apple, gmail, outlook, thunderbird

from maildesk.desk.children import Children
from maildesk.mail.template_sources import Sources, load_sources
from maildesk.share import share_folder


@pytest.fixture(scope="session")
def children() -> Iterator[Children]:
    with Children(2) as children:
        yield children


@pytest.fixture(scope="session")
def sources() -> Sources:
    return load_sources([share_folder("templates")])


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """What the daemon logs is looked at in the log's own tests."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()


@pytest.fixture
def house(tmp_path: Path, children: Children, sources: Sources) -> Iterator[House]:
    with open_house(tmp_path, children, sources) as house:
        yield house


@pytest.fixture(scope="session")
def another_house(children: Children, sources: Sources) -> Callable[..., Any]:
    """Open further desks within one test."""

    @contextmanager
    def opened(**rules: Any) -> Iterator[House]:
        with (
            TemporaryDirectory() as folder,
            open_house(Path(folder), children, sources, **rules) as house,
        ):
            yield house

    return opened


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    """The real listener, in front of the desk that a story opens."""
    gateway = Gateway()
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def prepared(
    children: Children, sources: Sources, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Client]]:
    """A desk with cases of Ada's."""
    folder = tmp_path_factory.mktemp("prepared")
    return folder, make_cases(folder, children, sources)


@pytest.fixture
def cases(
    prepared: tuple[Path, dict[str, Client]],
    tmp_path: Path,
    children: Children,
    sources: Sources,
    gateway: Gateway,
) -> Iterator[Cases]:
    """A copy of that desk; agents' mails reach it through the real listener."""
    with open_cases(prepared, tmp_path, children, sources, gateway) as cases:
        yield cases


@pytest.fixture
def ada(house: House) -> Client:
    """The requester."""
    return house.client("Ada Berg", "ada@example.org", style=gmail)


@pytest.fixture
def carl(house: House) -> Client:
    """Ada's colleague."""
    return house.client("Carl Ek", "carl@example.org", style=apple)


@pytest.fixture
def eve(house: House) -> Client:
    """A stranger."""
    return house.client("Eve", "eve@example.net", style=apple)


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=outlook)


@pytest.fixture
def bo(house: House) -> Client:
    return house.client("Bo Li", BO, style=thunderbird)


@pytest.fixture
def snapshot_words():
    """What an agent's reply says above the line, as its reader sees it."""
    return lambda letter: letter.text.partition("--- Please write")[0].strip()
