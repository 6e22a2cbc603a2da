"""`sla explain`, `check --sla-diff`, and clocks in `ticket show` and `ticket list`."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper

import pytest
from sqlalchemy import delete, update

from maildesk.config import load_database
from maildesk.store.engine import open_database
from maildesk.store.tables import configurations, events, tickets

SLA = """\
calendars:
  oslo: {timezone: Europe/Oslo, hours: {mon-fri: ["08:00-16:00"]}}
sla:
  - name: gold
    clocks:
      P3: {calendar: 24x7, first_response: 2h, resolution: 10h}
    ladder: {resolution: [{at: 75%, notify: owner}]}
"""
MAIL = (
    b"From: ada@example.org\r\nTo: support@example.com\r\nSubject: Printer\r\n\r\nIt is dead.\r\n"
)
WHEN = r"\w{3} \d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? UTC"
IN_OSLO = WHEN.replace("UTC", "CES?T")  # the zone of the desk


@pytest.fixture
def utc(monkeypatch):
    """A terminal in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def desk(maildesk, folder, utc, monkeypatch):
    """A desk with promises that has taken a mail: its command line."""
    (folder / "sla.yaml").write_text(SLA)
    (folder / "routing.yaml").write_text(
        "queues: {it: {address: support@example.com, team: first-line, default: true}}\nrules: []\n"
    )
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(MAIL)))
    assert maildesk("receive", "--from", "ada@example.org", "--to", "support@example.com")[0] == 0
    return maildesk


def shown(desk):
    return json.loads(desk("ticket", "show", "1", "--json")[1])


def at(written):
    return datetime.fromisoformat(written)


# --- show and list ------------------------------------------------------------------------------


def test_show_has_the_clocks_of_the_contract(desk):
    ticket = shown(desk)
    assert list(ticket["clocks"]) == ["first_response", "next_response", "resolution"]
    first = ticket["clocks"]["first_response"]
    assert {"state", "due_at", "elapsed_min", "remaining_min", "met_at", "cycles"} <= set(first)
    assert (first["state"], first["target_min"], first["policy"]) == ("running", 120, "gold")
    assert at(first["due_at"]) == at(ticket["created_at"]) + timedelta(hours=2)
    [line] = desk("ticket", "list", "--json")[1].splitlines()
    assert json.loads(line)["next_due_at"] == first["due_at"]


def test_people_read_due_times_in_the_zone_of_their_terminal(desk):
    assert re.search(
        rf"^first response +running, due {WHEN}, [\w ]+ left$", *told(desk, "show", "1")
    )
    due = at(shown(desk)["clocks"]["first_response"]["due_at"])
    assert f"{due:%Y-%m-%d}" in desk("ticket", "list")[1]


def told(desk, *words):
    return desk("ticket", *words)[1], re.MULTILINE


def test_faulty_files_leave_the_clocks_of_the_last_good_copy(desk, folder):
    before = shown(desk)["clocks"]["first_response"]["due_at"]
    (folder / "sla.yaml").write_text("sla: [{name: gold, clocks: {P3: {resolution: soon}}}]\n")
    code, said, complaint = desk("ticket", "show", "1", "--json")
    assert code == 0
    assert json.loads(said)["clocks"]["first_response"]["due_at"] == before
    assert complaint.startswith("Clocks go by the last good copy")


def test_clocks_are_left_out_where_nothing_good_is_kept(desk, folder):
    database = open_database(load_database(folder, {}))
    with database.write() as session:
        session.execute(delete(configurations))
        session.execute(update(tickets).values(next_at=datetime.now(UTC)))
    database.close()
    (folder / "sla.yaml").write_text("sla: [{name: gold, clocks: {P3: {resolution: soon}}}]\n")
    code, said, complaint = desk("ticket", "show", "1", "--json")
    assert (code, json.loads(said)["clocks"]) == (0, {})
    assert complaint.startswith("Clocks are left out: ")
    code, said, complaint = desk("ticket", "list", "--json")
    assert (code, json.loads(said)["number"]) == (0, 1)
    assert complaint.startswith("Clocks are left out: ")
    assert desk("sla", "explain", "1")[0] == 78


# --- sla explain --------------------------------------------------------------------------------


def test_explain_can_be_checked_with_a_pencil(desk):
    code, said, _ = desk("sla", "explain", "1")
    assert code == 0
    assert "all times are those of Europe/Oslo\n" in said
    assert re.search(rf"^policy gold since {IN_OSLO}: it is for everybody$", said, re.MULTILINE)
    assert re.search(rf"^first response: running, due {IN_OSLO}, [\w ]+ left$", said, re.MULTILINE)
    assert "target 2 h in calendar 24x7\n" in said
    assert re.search(r"^\w{3} \S+ \S+ +CES?T +due +2 h$", said, re.MULTILINE)
    assert re.search(r" now, then if nothing happens +\d", said)
    assert "next response: not applicable" in said
    assert re.search(
        rf"what is ahead, if nothing happens\n(?:.+\n)*{IN_OSLO}  resolution 75% to owner", said
    )


def test_explain_for_programs_has_the_same(desk):
    code, said, _ = desk("sla", "explain", "1", "--json")
    explained = json.loads(said)
    assert code == 0
    assert [one["policy"] for one in explained["chosen"]] == ["gold"]
    resolution = explained["clocks"]["resolution"]
    assert resolution["timezone"] is None, "it is always open, everywhere"
    assert resolution["segments"][-1]["sum_min"] == resolution["target_min"] == 600
    assert resolution["segments"][-1]["end"] == resolution["due_at"]
    [step] = [one for one in explained["ahead"] if one["clock"] == "resolution"]
    assert (step["step"], step["notify"]) == ("75%", ["owner"])


@pytest.mark.parametrize("words", ["sla explain 7", "ticket show 7", "sla explain 7 --json"])
def test_ticket_that_is_not_there_is_told(desk, words):
    code, said, complaint = desk(*words.split())
    assert (code, said, complaint) == (65, "", "there is no ticket 7\n")


# --- check --sla-diff ---------------------------------------------------------------------------


def test_due_times_that_would_move_are_told_one_a_line(desk, folder):
    code, said, _ = desk("check", "--sla-diff")
    assert (code, said.splitlines()[-1]) == (0, "no due times would move")
    (folder / "sla.yaml").write_text(SLA.replace("2h", "3h").replace("10h", "20h"))
    code, said, _ = desk("check", "--sla-diff")
    assert code == 0
    first, whole, count = said.splitlines()[-3:]
    assert re.fullmatch(rf"#1  first response: {WHEN} → {WHEN}", first)
    assert re.fullmatch(rf"#1  resolution: {WHEN} → {WHEN}", whole)
    assert count == "2 due times would move"
    assert desk("process")[0] == 0
    assert desk("check", "--sla-diff")[1].splitlines()[-1] == "no due times would move"


def test_promises_that_would_end_and_those_that_would_be_broken_at_once_are_told(desk, folder):
    (folder / "sla.yaml").write_text(SLA.partition("sla:")[0])
    assert re.search(rf"^#1  resolution: {WHEN} → no promise any more$", *diff(desk))
    shorter = SLA.replace("first_response: 2h", "first_response: 1m").replace("10h", "20h")
    (folder / "sla.yaml").write_text(shorter)
    database = open_database(load_database(folder, {}))
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with database.write() as session:
        session.execute(update(tickets).values(created_at=an_hour_ago))
        session.execute(update(events).values(at=an_hour_ago))
        session.execute(update(configurations).values(at=an_hour_ago))
    database.close()
    assert re.search(rf"^#1  first response: {WHEN} → {WHEN}, breached at once$", *diff(desk))


def diff(desk):
    return desk("check", "--sla-diff")[1], re.MULTILINE


def test_check_of_a_desk_that_has_never_run_says_that_there_is_nothing_to_compare(maildesk):
    code, _, complaint = maildesk("check", "--sla-diff")
    assert code == 75
    assert "there is no database" in complaint
