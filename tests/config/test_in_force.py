"""The files, or the last good copy of them; and what was promised before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text, update

from maildesk.config import load, load_again
from maildesk.errors import Misconfigured
from maildesk.in_force import load_or_kept, take_over
from maildesk.policy.rules import Rules
from maildesk.store.engine import Database, open_database
from maildesk.store.tables import configurations

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
SLA = """\
calendars:
  oslo: {timezone: Europe/Oslo, hours: {mon-fri: ["08:00-16:00"]}, holidays: {country: "NO"}}
sla:
  - {name: gold, clocks: {P1: {calendar: oslo, resolution: 3bd}}}
"""


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    database = open_database(load(folder, {}).database)
    database.migrate()
    yield database
    database.close()


def start(folder: Path, hours: int = 0) -> Rules:
    """Start a desk, and stop it."""
    loaded = load_or_kept(folder, {})
    database = open_database(loaded.settings.database)
    database.migrate()
    rules = take_over(database, loaded.settings, NOW + timedelta(hours=hours))
    database.close()
    return rules


@pytest.fixture
def desk(good: Path) -> Path:
    (good / "sla.yaml").write_text(SLA)
    (good / "templates" / "answers").mkdir(parents=True)
    (good / "templates" / "answers" / "reset.md").write_text("Reset it.")
    (good / "templates" / "de").mkdir()
    (good / "templates" / "de" / "commands.yaml").write_text("solve: fertig\n")
    return good


def test_a_first_start_with_a_fault_fails(desk: Path) -> None:
    (desk / "sla.yaml").write_text("calenders: {}\n")
    with pytest.raises(Misconfigured, match="calenders"):
        load_or_kept(desk, {})


def test_the_last_good_copy_serves_where_files_have_a_fault(desk: Path) -> None:
    good = start(desk)
    for name in ("people.yaml", "routing.yaml", "sla.yaml"):
        (desk / name).write_text("{")
    (desk / "templates" / "answers" / "reset.md").write_text("")
    (desk / "templates" / "de" / "commands.yaml").write_text("solve: wait\nwait: solve\n")
    loaded = load_or_kept(desk, {})
    assert loaded.rejected is not None
    assert {problem.file for problem in loaded.rejected.problems} >= {"people.yaml", "sla.yaml"}
    again = start(desk, 1)
    assert again.version == good.version
    assert (again.agents, again.queues) == (good.agents, good.queues)
    assert again.answers["reset"] == "Reset it."
    assert again.aliases_of_verbs["fertig"] == "solve"
    assert again.policies == good.policies
    assert again.editions == good.editions
    with pytest.raises(Misconfigured):
        load(desk, {})


def test_the_last_good_copy_serves_where_a_template_of_a_rule_is_gone(desk: Path) -> None:
    welcome = desk / "templates" / "en" / "welcome.md.j2"
    welcome.parent.mkdir()
    welcome.write_text("Subject: Welcome\n\nWelcome!")
    rule = "rules:\n  - {name: VIP, then: {template: welcome}}\n"
    routing = (desk / "routing.yaml").read_text().replace("rules: []\n", rule)
    (desk / "routing.yaml").write_text(routing)
    good = start(desk)
    welcome.unlink()
    assert "welcome" in str(load_or_kept(desk, {}).rejected)
    assert start(desk, 1).version == good.version


def test_the_last_good_copy_of_an_older_schema_serves(desk: Path) -> None:
    good = start(desk)
    with opened(desk) as database, database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    (desk / "routing.yaml").write_text("{")
    assert load_or_kept(desk, {}).settings.rules.version == good.version


def test_a_copy_that_this_version_refuses_says_why(desk: Path) -> None:
    start(desk)
    with opened(desk) as database, database.write() as session:
        row = session.execute(configurations.select()).one()
        files = {**row.files, "people.yaml": "agents: {}\n"}
        session.execute(update(configurations).values(files=files))
    (desk / "routing.yaml").write_text("{")
    with pytest.raises(Misconfigured) as caught:
        load_or_kept(desk, {})
    told = str(caught.value).splitlines()
    assert told[0].startswith("routing.yaml:1:2: ")
    assert told[1].startswith('the last good copy: people.yaml:1:1: "teams" is missing')


def test_a_fault_in_maildesk_yaml_is_no_matter_of_copies(desk: Path) -> None:
    start(desk)
    (desk / "maildesk.yaml").write_text("{")
    with pytest.raises(Misconfigured, match=r"maildesk\.yaml"):
        load_or_kept(desk, {})


def test_a_version_that_took_over_becomes_an_edition(desk: Path) -> None:
    start(desk)
    (desk / "sla.yaml").write_text(SLA.replace("3bd", "4bd"))
    rules = start(desk, 1)
    first, second = rules.editions
    assert (first.since, second.since) == (NOW, NOW + timedelta(hours=1))
    resolution = [
        next(iter(edition.policies["gold"].targets.values())).times["resolution"]
        for edition in rules.editions
    ]
    assert resolution == [timedelta(hours=24), timedelta(hours=32)]
    assert second.policies == rules.policies
    assert second.calendars == rules.calendars


def test_what_stays_the_same_is_the_same_object_in_every_edition(desk: Path) -> None:
    for hours, target in enumerate(("3bd", "4bd", "5bd")):
        (desk / "sla.yaml").write_text(SLA.replace("3bd", target))
        rules = start(desk, hours)
    first, *others = (edition.calendars["oslo"] for edition in rules.editions)
    assert len(others) == 2
    assert all(calendar is first for calendar in others)


def test_what_was_promised_before_is_read_once_and_never_while_others_wait_to_write(
    desk: Path,
) -> None:
    statements: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_rest: object) -> None:
        statements.append(" ".join(statement.split()))

    for hours, target in enumerate(("13bd", "14bd", "14bd")):
        (desk / "sla.yaml").write_text(SLA.replace("3bd", target))
        event.listen(Engine, "before_cursor_execute", hear)
        try:
            start(desk, hours)
        finally:
            event.remove(Engine, "before_cursor_execute", hear)
    reads = [n for n, one in enumerate(statements) if one.startswith("SELECT configuration.sla ")]
    assert len(reads) == 2
    begun = [max((n for n in range(read) if "BEGIN" in statements[n]), default=0) for read in reads]
    assert not any("IMMEDIATE" in statements[n] for n in begun)


def test_holidays_stay_as_they_were_when_the_files_took_over(desk: Path) -> None:
    christmas = date(2026, 12, 25)
    assert christmas in start(desk).calendars["oslo"].holidays
    with opened(desk) as database, database.write() as session:
        row = session.execute(configurations.select()).one()
        del row.sla["calendars"]["oslo"]["holidays"][christmas.isoformat()]
        session.execute(update(configurations).values(sla=row.sla, promised="without christmas"))
    again = start(desk, 1)
    assert christmas not in again.calendars["oslo"].holidays
    assert again.editions[-1].calendars == again.calendars
    (desk / "sla.yaml").write_text(SLA + "# a word\n")
    assert christmas in start(desk, 2).calendars["oslo"].holidays


def test_an_old_document_that_cannot_be_read_any_more_is_left_out(desk: Path) -> None:
    start(desk)
    with opened(desk) as database, database.write() as session:
        old = {"calendars": {"oslo": {"zone": "CET"}}}
        session.execute(update(configurations).values(sla=old, promised="old"))
    (desk / "sla.yaml").write_text(SLA.replace("3bd", "4bd"))
    assert [edition.since for edition in start(desk, 1).editions] == [NOW + timedelta(hours=1)]


def test_what_is_in_force_is_always_the_last_edition(desk: Path) -> None:
    start(desk)
    with opened(desk) as database, database.write() as session:
        session.execute(update(configurations).values(sla={"calendars": []}, promised="a list"))
    rules = start(desk, 1)
    (edition,) = rules.editions
    assert (edition.since, edition.policies) == (NOW, rules.policies)
    assert edition.calendars == rules.calendars


def test_a_reload_takes_over_what_is_new(desk: Path) -> None:
    start(desk)
    settings = load(desk, {})
    (desk / "sla.yaml").write_text("")
    with opened(desk) as database:
        rules = take_over(database, load_again(desk, settings), NOW + timedelta(hours=1))
    assert rules.promises == ()
    assert [sorted(edition.policies) for edition in rules.editions] == [["gold"], []]
