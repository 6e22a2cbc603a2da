import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildesk.config import load, starter
from maildesk.config.policy_test_file import read_policy_tests
from maildesk.config.starter import init_folder, write_demo
from maildesk.desk.policy_tests import mail_differences
from maildesk.errors import Misconfigured
from maildesk.mail.parse import parse_mail
from maildesk.policy.sla.cases import differences
from maildesk.share import share_folder

TESTS = sorted(share_folder("config").glob("tests/*.yaml"))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


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
    rules = load(tmp_path, {}).rules
    files = [read_policy_tests(tmp_path / "tests" / path.name, rules, ()) for path in TESTS]
    tested = {name for file in files for test in file.mails for name in test.expect["rules"]}
    assert tested == {rule.name for rule in rules.routing}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_starter_routes_as_its_own_tests_say(tmp_path: Path, path: Path) -> None:
    init_folder(tmp_path)
    file = read_policy_tests(path, load(tmp_path, {}).rules, ())
    for test in file.mails:
        assert mail_differences(test, path.parent, file.rules, parse_mail, NOW) == (), test.name


def test_starter_leaves_out_what_a_desk_in_the_checkout_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = tmp_path / "used"
    for name in ("maildesk.yaml", "tests/routing.yaml", "var/maildesk.db", "var/reply.key"):
        (used / name).parent.mkdir(parents=True, exist_ok=True)
        (used / name).write_text(name)
    folders = {"config": used, "templates": share_folder("templates")}
    monkeypatch.setattr(starter, "share_folder", folders.__getitem__)
    written = init_folder(tmp_path / "new")
    names = {str(path.relative_to(tmp_path / "new")) for path in written}
    assert {name for name in names if not name.startswith("templates/")} == {
        "maildesk.yaml", "tests/routing.yaml", "var/reply.key"
    }  # fmt: skip
    assert (tmp_path / "new" / "var" / "reply.key").read_text() != "var/reply.key"


def test_starter_promises_what_its_own_examples_say(tmp_path: Path) -> None:
    init_folder(tmp_path)
    rules = load(tmp_path, {}).rules
    files = [read_policy_tests(tmp_path / "tests" / path.name, rules, ()) for path in TESTS]
    cases = [case for file in files for case in file.cases]
    assert {case.policy.name for case in cases} == set(rules.policies)
    assert [differences(case) for case in cases] == [()] * len(cases)


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
    assert again.rules.reply == settings.rules.reply
    assert again.rules.version == settings.rules.version
