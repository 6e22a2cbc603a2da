import stat
from dataclasses import replace
from pathlib import Path

import pytest
from routed_mails import differences

from maildesk.config import load
from maildesk.config.starter import init_folder, write_demo
from maildesk.config.yaml_source import read_document
from maildesk.errors import Misconfigured
from maildesk.policy.sla_cases import read_calendars
from maildesk.share import share_folder

TESTS = [read_document(path) for path in sorted(share_folder("config").glob("tests/*.yaml"))]
MAILS = [
    pytest.param(case, test.value.get("calendars", {}), id=case["name"])
    for test in TESTS
    for case in test.value["mails"]
]


def test_starter_is_right_as_it_stands(tmp_path: Path) -> None:
    written = init_folder(tmp_path / "new" / "desk")
    settings = load(tmp_path / "new" / "desk", {})
    assert settings.warnings == ()
    assert settings.templates in {path.parents[1] for path in written}
    assert {path.name for path in written} >= {
        "maildesk.yaml",
        "people.yaml",
        "routing.yaml",
        "sla.yaml",
        "reply.key",
    }


def test_starter_has_a_key_of_its_own_that_only_the_owner_reads(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        init_folder(tmp_path / name)
        path = tmp_path / name / "var" / "reply.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        keys.add(path.read_text())
    assert len(keys) == 2


def test_starter_brings_tests_of_all_its_rules(tmp_path: Path) -> None:
    init_folder(tmp_path)
    assert len(list((tmp_path / "tests").iterdir())) == len(TESTS)
    cases = [case for test in TESTS for case in test.value["mails"]]
    tested = {name for case in cases for name in case["expect"].get("rules", ())}
    assert tested == {rule.name for rule in load(tmp_path, {}).rules.routing}


@pytest.mark.parametrize(("case", "calendars"), MAILS)
def test_starter_routes_as_its_own_tests_say(tmp_path: Path, case: dict, calendars: dict) -> None:
    init_folder(tmp_path)
    rules = replace(load(tmp_path, {}).rules, calendars=read_calendars(calendars))
    assert differences(case, rules) == {}


@pytest.mark.parametrize("there", ["people.yaml", "var/reply.key"])
def test_starter_overwrites_nothing(tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    with pytest.raises(Misconfigured, match="is there already"):
        init_folder(tmp_path)
    assert (tmp_path / there).read_text() == "mine"
    assert not (tmp_path / "maildesk.yaml").exists()


def test_starter_in_a_place_that_cannot_be_is_a_plain_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot be written: Not a directory"):
        init_folder(tmp_path / "file" / "desk")


def test_demo_works_as_it_is_and_keeps_its_key(tmp_path: Path) -> None:
    folder = write_demo(tmp_path / "demo", 8026)
    settings = load(folder, {})
    assert settings.warnings == ()
    assert str(settings.listen[0].endpoint) == "127.0.0.1:8026"
    assert settings.database == f"sqlite:///{folder}/maildesk.db"
    assert settings.send.maildir == folder / "outgoing"
    assert {queue.addresses[0]: queue.team for queue in settings.rules.queues} == {
        "support@example.com": "first-line",
        "billing@example.com": "finance",
    }
    assert (settings.rules.acknowledge.unverified, settings.rules.acknowledge.per_hour) == (
        "full",
        0,
    )
    again = load(write_demo(folder, 0), {})
    assert again.rules == settings.rules
