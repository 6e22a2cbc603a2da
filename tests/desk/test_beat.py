"""A beat does what is due once: killed at any point, beside another beat, or after a failure."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from stories.house import ADMIN, BO, KARI, SUPPORT, House, open_house
from stories.people import bare
from stories.promises import (
    HOUR,
    MINUTE,
    MONA,
    Killed,
    Sent,
    after,
    beat_at,
    facts_of,
    fired,
    killed_at,
    mails,
    next_at,
    oslo,
    policy,
    promise,
    promising,
    trail,
)

from maildesk.desk.beat import beat
from maildesk.desk.children import Children
from maildesk.mail.template_sources import Sources
from maildesk.policy.sla.promises import Edition
from maildesk.store import clocks

ADA = "ada@example.org"
RULES = promising(policy(first_response=4, resolution=24))
BREACH = oslo("2026-11-23 14:00 CET")  # she wrote at ten
TOLD = {("sla_breach", KARI), ("sla_breach", BO), ("delay", ADA)}


def write(house: House) -> House:
    """Let Ada write, and all steps come until the one of the breach."""
    house.change_rules(**RULES)
    ada = house.client("Ada Berg", ADA, style=bare)
    house.client("Kari Nordmann", KARI, style=bare)
    house.client("Bo Li", BO, style=bare)
    house.clock.at = oslo("2026-11-23 10:00 CET")
    house.post(ada.write(SUPPORT, "Printer is dead"))
    for at in ("12:00", "13:00", "13:36", "13:59"):
        beat_at(house, oslo(f"2026-11-23 {at} CET"))
    house.desk.database.checkpoint()
    return house


@pytest.fixture
def written(house: House) -> House:
    return write(house)


def told(house: House) -> list[tuple[str, str]]:
    return [(sent.kind, sent.to) for sent in mails(house, since=BREACH)]


def assert_done_once(house: House) -> None:
    sent = told(house)
    assert set(sent) == TOLD
    assert len(sent) == len(TOLD)
    keys = [one.key for one in fired(house)]
    assert keys.count(("first_response", 1, 0, "100%")) == 1
    kinds = [event["kind"] for event in house.ticket()["events"]]
    assert (kinds.count("step"), kinds.count("told")) == (4, 1)


# --- killed ---------------------------------------------------------------------------------------


def test_kill_at_any_write_loses_nothing_and_sends_nothing_twice(
    written: House, tmp_path: Path, children: Children, sources: Sources
) -> None:
    """Each time on a copy of the database, until a beat comes through."""
    prepared = tmp_path / "desk.db"
    for number in range(1, 40):
        folder = tmp_path / str(number)
        folder.mkdir()
        shutil.copy(prepared, folder / "desk.db")
        with open_house(folder, children, sources, **RULES) as house:
            if _is_beat_killed(house, number):
                assert len(told(house)) in (0, len(TOLD)), "the mails and the key, or nothing"
                after(house, BREACH + 2 * MINUTE)
            assert_done_once(house)
            if number > 1 and house.clock.at == BREACH:
                break
    assert 6 < number < 39


def _is_beat_killed(house: House, number: int) -> bool:
    try:
        with killed_at(number):
            beat_at(house, BREACH)
    except Killed:
        return True
    return False


VICTIM = """
import sys
from pathlib import Path

from desk.test_beat import BREACH, RULES
from stories.house import open_house
from stories.promises import beat_at, ended_at_commit

from maildesk.desk.children import Children
from maildesk.mail.template_sources import load_sources
from maildesk.share import share_folder

if __name__ == "__main__":
    sources = load_sources([share_folder("templates")])
    folder = Path(sys.argv[1])
    with Children(1) as children, open_house(folder, children, sources, **RULES) as house:
        with ended_at_commit():
            beat_at(house, BREACH)
"""


def test_process_that_is_killed_is_followed_by_one_that_does_it_once(
    written: House, tmp_path: Path
) -> None:
    script = tmp_path / "victim.py"
    script.write_text(VICTIM)
    tests = Path(__file__).parents[1]
    path = f"{tests.parent}{os.pathsep}{tests}"  # the tree under test, wherever it is installed
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert told(written) == []
    beat_at(written, BREACH + MINUTE)
    assert_done_once(written)


@pytest.mark.parametrize("table", ["firing", "outgoing", "event"])
def test_database_that_refuses_a_write_lets_it_come_later(written: House, table: str) -> None:
    """Admins are told, nothing of it is done, and ten minutes later all of it is."""
    path = written.desk.settings.state / "desk.db"
    refuse = "outgoing WHEN NEW.kind = 'delay'" if table == "outgoing" else table
    refuse = refuse.replace(" WHEN", " FOR EACH ROW WHEN")
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            f"CREATE TRIGGER refused BEFORE INSERT ON {refuse} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        database.commit()
    beat_at(written, BREACH)
    assert {kind for kind, _ in told(written)} <= {"health"}
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER refused")
        database.commit()
    beat_at(written, BREACH + 11 * MINUTE)
    sent = [one for one in told(written) if one[0] != "health"]
    assert set(sent) == TOLD
    assert len(sent) == len(TOLD)


def test_ticket_that_fails_holds_up_no_other_and_admins_are_told(written: House) -> None:
    carl = written.client("Carl Ek", "carl@example.org", style=bare)
    written.post(carl.write(SUPPORT, "Mouse is dead"))
    with written.desk.database.write() as session:  # a priority that no program has written
        session.connection().execute(text("UPDATE ticket SET team = 'gone' WHERE number = 1"))
        session.connection().execute(
            text(
                "INSERT INTO event (ticket, at, actor, kind, new, cause) SELECT 1, "
                "created_at, 'maildesk', 'status', 'no such status', '' FROM ticket "
                "WHERE number = 1"
            )
        )
        session.connection().execute(text("UPDATE ticket SET next_at = created_at"))
    after(written, BREACH + 4 * HOUR)
    alerts = [one for one in mails(written, "health") if one.to == ADMIN]
    assert len(alerts) == 1
    assert any(one.ticket == 2 for one in mails(written, "sla_warning", "sla_breach"))
    again = next_at(written, 1)
    assert again == BREACH + 4 * HOUR + 10 * MINUTE


# --- two at once ----------------------------------------------------------------------------------


@pytest.fixture
def twin(written: House, children: Children, sources: Sources) -> Iterator[House]:
    """Another desk on the same database."""
    with open_house(written.desk.settings.state, children, sources, **RULES) as house:
        yield house


def test_two_beats_at_once_do_it_once(written: House, twin: House) -> None:
    """Both have looked before either writes."""
    both = threading.Barrier(2, timeout=10)
    looked = threading.local()

    def look(_c: object, _k: object, statement: str, *_rest: object) -> None:
        if "FROM firing" in statement and not getattr(looked, "once", False):
            looked.once = True
            both.wait()

    written.clock.at = twin.clock.at = BREACH
    beats = [threading.Thread(target=beat, args=[one.desk]) for one in (written, twin)]
    event.listen(Engine, "after_cursor_execute", look)
    try:
        for each in beats:
            each.start()
        for each in beats:
            each.join(20)
    finally:
        event.remove(Engine, "after_cursor_execute", look)
    assert_done_once(written)
    assert mails(written, "health") == []


def test_answer_that_comes_while_a_beat_looks_wins(written: House) -> None:
    """The breach is not sent once somebody has answered in time."""
    written.work()
    answer = written.clients[KARI].answer("Please turn it off and on.")
    is_first = True

    def look(_c: object, _k: object, statement: str, *_rest: object) -> None:
        nonlocal is_first
        if "FROM firing" in statement and is_first:
            is_first = False
            written.clock.at = BREACH - MINUTE
            written.post(answer)
            written.clock.at = BREACH

    event.listen(Engine, "after_cursor_execute", look)
    try:
        beat_at(written, BREACH)
    finally:
        event.remove(Engine, "after_cursor_execute", look)
    assert [one for one in told(written) if one in TOLD] == []
    assert ("first_response", 1, 0, "100%") not in {one.key for one in fired(written)}


# --- a beat leaves things in order ----------------------------------------------------------------


def test_beat_right_after_a_beat_does_nothing(written: House) -> None:
    beat_at(written, BREACH)
    before = trail(written)
    beat(written.desk)
    assert trail(written) == before
    again = next_at(written)
    assert again
    assert again > BREACH


def test_what_is_over_is_not_looked_at_again(written: House) -> None:
    written.work()
    written.post(written.clients[BO].answer("#solve"))
    after(written, days=20)
    assert written.ticket()["status"] == "closed"
    assert next_at(written) is None


def test_many_late_steps_to_one_person_come_in_one_mail(house: House) -> None:
    house.change_rules(**RULES)
    ada, bo = house.client("Ada Berg", ADA, style=bare), house.client("Bo Li", BO, style=bare)
    house.clock.at = oslo("2026-11-23 10:00 CET")
    for number in range(6):
        house.post(ada.write(SUPPORT, f"Printer {number} is dead"))
        house.post(bo.answer("#take"))
    before = len(mails(house))
    beat_at(house, oslo("2026-11-23 14:30 CET"))
    late: list[Sent] = mails(house)[before:]
    assert [one.kind for one in late if one.to == BO] == ["bundle"]
    assert len([one for one in late if one.kind == "delay"]) == 6
    assert all(one.is_sent for one in fired(house) if one.key[3] == "100%")
    (listed,) = house.to(bo, house.work())
    assert "6 mails on 6 cases" in listed.text
    assert "60 mails" not in listed.text, "he had none"
    for number in range(6):
        assert f"Printer {number} is dead" in listed.text


def test_five_late_steps_come_each_in_a_mail(house: House) -> None:
    house.change_rules(**RULES)
    ada, bo = house.client("Ada Berg", ADA, style=bare), house.client("Bo Li", BO, style=bare)
    house.clock.at = oslo("2026-11-23 10:00 CET")
    for number in range(5):
        house.post(ada.write(SUPPORT, f"Printer {number} is dead"))
        house.post(bo.answer("#take"))
    beat_at(house, oslo("2026-11-23 14:30 CET"))
    assert len([one for one in mails(house, "sla_breach") if one.to == BO]) == 5


def test_ticket_that_never_comes_to_rest_does_not_hold_up_the_beat(written: House) -> None:
    """The database says that it fired before, and does not hold it: nobody can know why."""
    with closing(sqlite3.connect(written.desk.settings.state / "desk.db")) as database:
        database.execute(
            "CREATE TRIGGER refused BEFORE INSERT ON firing "
            "BEGIN SELECT RAISE(ABORT, 'UNIQUE'); END"
        )
        database.commit()
    beat_at(written, BREACH)
    assert [one.kind for one in mails(written, since=BREACH)] == ["health"]
    assert next_at(written) == BREACH + 10 * MINUTE


# --- other promises -------------------------------------------------------------------------------


def look_at_all(house: House) -> None:
    """As a reload does."""
    with house.desk.database.write() as session:
        clocks.look_at_all(session.connection(), house.clock.at)
    beat(house.desk)


def test_promise_that_is_removed_leaves_nothing_to_be_late_for(written: House) -> None:
    written.change_rules(promises=())
    look_at_all(written)
    ticket = facts_of(written).ticket
    assert (ticket.due_at, ticket.policy) == (None, "")
    beat_at(written, BREACH + HOUR)
    assert told(written) == []
    written.change_rules(**RULES)
    look_at_all(written)
    assert facts_of(written).ticket.policy == "standard"
    assert facts_of(written).ticket.due_at == BREACH + HOUR + MINUTE, "a minute was left"


def test_other_target_is_due_at_another_time(written: House) -> None:
    """The highest step that is passed comes at once, and no lower one."""
    before, now = written.desk.rules, written.clock.at
    faster = promising(policy(first_response=2, resolution=24))
    named = {one.policy.name: one.policy for one in faster["promises"]}
    first = Edition(now - 9 * HOUR, before.policies, before.calendars)
    second = Edition(now, named, before.calendars)
    written.change_rules(**faster, editions=(first, second))
    look_at_all(written)
    assert facts_of(written).ticket.due_at == oslo("2026-11-23 12:00 CET")
    sent = [(one.kind, one.to) for one in mails(written, since=now)]
    assert sent == [("sla_manager", MONA)]


def test_type_that_an_agent_sets_brings_another_promise(written: House) -> None:
    gold = promise(policy("24x7", "gold", first_response=8, resolution=9), type_is="complaint")
    written.change_rules(**promising(gold, policy(first_response=4, resolution=24)))
    written.work()
    written.post(written.clients[BO].answer("#type complaint"))
    beat(written.desk)
    assert facts_of(written).ticket.policy == "gold"
    assert facts_of(written).ticket.due_at == oslo("2026-11-23 18:00 CET")


# --- mail that came in before ---------------------------------------------------------------------


def test_answer_that_lies_in_the_journal_is_read_before_anybody_is_told_that_it_is_missing(
    house: House,
) -> None:
    write(house)
    house.hand_in(house.clients[KARI].answer("#take\n\nIt is mended."))
    house.clock.at = BREACH + 2 * HOUR
    beat(house.desk)
    assert not {"sla_breach", "sla_manager"} & {mail.kind for mail in mails(house)}
    house.work()
    beat_at(house, house.clock.at)
    assert not {"sla_breach", "delay"} & {mail.kind for mail in mails(house)}


def test_journal_that_is_never_read_does_not_hold_up_the_beat_for_ever(house: House) -> None:
    write(house)
    house.hand_in(house.clients[ADA].write(SUPPORT, "Another one"))
    house.clock.at = BREACH
    beat(house.desk)
    house.clock.at = BREACH + 14 * MINUTE
    beat(house.desk)
    assert "sla_breach" not in {mail.kind for mail in mails(house)}
    house.clock.at = BREACH + 15 * MINUTE
    beat(house.desk)
    assert "sla_breach" in {mail.kind for mail in mails(house)}
