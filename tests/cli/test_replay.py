"""`maildesk replay`: past mail by other rules, and what would change."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from maildesk.config import load
from maildesk.desk.children import Children
from maildesk.desk.explain import Thread
from maildesk.mail.envelope import Envelope, Source
from maildesk.store import journal
from maildesk.store.engine import open_database

NOW = datetime.now(UTC)
VPN = (
    "rules:\n  - {name: VPN, when: {subject_contains: vpn}, then: {queue: billing, tags: [new]}}\n"
)
NONE = "rules: []\n"


def mail(number, subject, *fields):
    lines = [
        "From: a@example.net", "To: support@example.com", f"Subject: {subject} {number}",
        f"Message-ID: <{number}@example.net>", *fields, "", f"Please help with {number}.", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.fixture
def desk(folder):
    """A desk with rules of its own that has taken mails: a function that takes more."""
    path = folder / "routing.yaml"
    text = path.read_text()
    path.write_text(
        text[: text.index("\nrules:")]
        + """
rules:
  - {name: Newsletters, when: {automatic_in: [list]}, then: {drop: newsletter}}
  - {name: VPN, when: {subject_contains: vpn}, then: {priority: P2}}
"""
    )
    settings = load(folder, {})
    database = open_database(settings.database)
    database.migrate()

    def take(raws, at=NOW, rules=settings.rules):
        thread = Thread(database, rules)
        with Children(count=1) as children:
            for raw, parsed in zip(raws, children.parse_many(raws), strict=True):
                thread.deliver(parsed, Envelope(Source.IMPORT), at, raw=raw)

    yield take
    database.close()


@pytest.fixture
def replayed(maildesk, tmp_path):
    """Replay by these rules; return what --json says."""

    def run(text=None, since="30d"):
        words = ["--since", since, "--json"]
        if text is not None:
            (tmp_path / "tried.yaml").write_text(text)
            words += ["--rules", str(tmp_path / "tried.yaml")]
        code, printed, said = maildesk("replay", *words)
        assert (code, said) == (0, "")
        return json.loads(printed)

    return run


def test_configured_rules_change_nothing_of_what_they_did(desk, replayed):
    desk([mail(1, "VPN"), mail(2, "Mouse"), mail(3, "News", "List-Id: <a.b>")])
    assert replayed() | {"rules_version": ""} == {
        "mails": 3, "changed": 0, "unknown": 0, "unreadable": 0, "rules_version": "",
        "not_judged": [], "by_rule": [], "by_queue": [],
    }  # fmt: skip


def test_other_rules_tell_what_would_change_by_rule_and_queue(desk, replayed):
    desk([mail(number, "VPN") for number in range(1, 8)])
    found = replayed(VPN)
    assert (found["mails"], found["changed"]) == (7, 7)
    rows = {(row["rule"], row["what"]): row for row in found["by_rule"]}
    assert rows["VPN", "queue"] == {
        "rule": "VPN", "what": "queue", "from": "helpdesk", "to": "billing", "mails": 7,
        "examples": ["#1", "#2", "#3", "#4", "#5"],
    }  # fmt: skip
    assert (rows["VPN", "priority"]["from"], rows["VPN", "priority"]["to"]) == ("P2", "P3")
    assert {row["queue"] for row in found["by_queue"]} == {"helpdesk"}


def test_dropped_mail_that_would_open_a_ticket_is_told(desk, replayed):
    desk([mail(1, "News", "List-Id: <a.b>")])
    (row,) = [row for row in replayed(NONE)["by_rule"] if row["what"] == "dropped"]
    assert (row["rule"], row["from"], row["to"]) == ("Newsletters", "newsletter", "–")
    assert row["examples"] == ["receipt 1"]


def test_owner_and_other_words_of_rules_are_compared(desk, replayed):
    desk([mail(1, "VPN")])
    then = "{priority: P2, assign: kari, watchers: [bo], acknowledge: false}"
    found = replayed(f"rules:\n  - {{name: VPN, when: {{subject_contains: vpn}}, then: {then}}}\n")
    changed = {row["what"]: (row["from"], row["to"]) for row in found["by_rule"]}
    assert changed == {
        "assign": ("–", "kari"), "watchers": ("–", "bo"), "acknowledge": ("–", "no"),
    }  # fmt: skip


def test_whole_routing_file_may_be_tried(desk, replayed, folder):
    desk([mail(1, "VPN")])
    text = (folder / "routing.yaml").read_text().replace("priority: P2", "priority: P1")
    assert [row["to"] for row in replayed(text)["by_queue"]] == ["P1"]


def by_rule(found):
    return {(row["rule"], row["what"]) for row in found["by_rule"]}


def test_a_change_is_told_of_the_rule_that_set_the_word(desk, replayed):
    desk([mail(1, "VPN")])
    found = replayed(
        """
rules:
  - {name: Tag, then: {tags: all}, continue: true}
  - {name: Team, then: {team: network}, continue: true}
  - {name: Overruled, then: {type: problem}, continue: true}
  - {name: Type, then: {type: request}}
"""
    )
    assert by_rule(found) == {
        ("Tag", "tags"), ("Team", "team"), ("Type", "type"), ("VPN", "priority"),
    }  # fmt: skip


def test_mails_that_rules_gathered_or_that_agents_wrote_are_routed_too(desk, replayed, folder):
    group = "  - {name: Alerts, when: {subject_contains: alert}, then: {group_by: web1}}\n"
    path = folder / "routing.yaml"
    path.write_text(path.read_text() + group)
    rules = load(folder, {}).rules
    held = b"From: kari@example.com\nTo: support@example.com\nSubject: Mouse\n\nDead.\n#take\n"
    desk([mail(1, "alert"), mail(2, "alert"), held], rules=rules)
    assert replayed()["changed"] == 0
    found = replayed("rules: [{name: All, then: {priority: P1}}]")
    assert (found["mails"], found["changed"]) == (3, 3)
    assert by_rule(found) == {("All", "priority"), ("Alerts", "group_key")}


def test_thanks_that_no_rule_was_asked_about_are_left_out(desk, replayed):
    thanks = b"From: a@example.net\nTo: support@example.com\nSubject: Thanks\n\nThank you!\n"
    desk([thanks, mail(1, "VPN")])
    found = replayed(VPN)
    assert (found["mails"], found["unknown"]) == (1, 0)


def table(maildesk, tmp_path, text):
    (tmp_path / "tried.yaml").write_text(text)
    code, printed, said = maildesk(
        "replay", "--since", "1d", "--rules", str(tmp_path / "tried.yaml")
    )
    assert code == 0
    return printed, said


def test_many_values_stand_in_one_row(desk, maildesk, tmp_path, replayed):
    desk([mail(number, "Mouse") for number in range(1, 9)])
    text = "rules: [{name: Number, then: {fields: {number: '{subject}'}}}]"
    printed, _ = table(maildesk, tmp_path, text)
    (row,) = [line for line in printed.splitlines() if "Number" in line]
    assert row.split() == [
        "Number", "fields", "–", "8", "different", "values", "8", "#1,", "#2,", "#3,", "#4,", "#5",
    ]  # fmt: skip
    assert len(replayed(text)["by_rule"]) == 8


def test_a_long_table_is_cut_and_says_so(desk, maildesk, tmp_path):
    desk([mail(1, "Mouse")])
    rules = [f"{{name: R{one}, then: {{tags: t{one}}}, continue: true}}" for one in range(50)]
    printed, _ = table(maildesk, tmp_path, f"rules: [{', '.join(rules)}]")
    assert "and 10 rows more: --json has all" in printed


def test_rules_that_ask_for_open_tickets_are_not_judged(desk, maildesk, tmp_path, replayed):
    desk([mail(1, "Mouse")])
    text = "rules: [{name: Few, when: {not: {open_tickets_over: 2}}, then: {tags: few}}]"
    _, said = table(maildesk, tmp_path, text)
    assert "Not to be judged: “Few”" in said
    assert replayed(text)["not_judged"] == ["Few"]


def test_only_mail_since_then_is_routed(desk, replayed):
    desk([mail(1, "VPN")], NOW - timedelta(days=3))
    desk([mail(2, "VPN")])
    assert replayed(VPN)["mails"] == 2
    assert replayed(VPN, "2d")["mails"] == 1


def test_table_is_for_people_and_nothing_is_changed(desk, maildesk, folder, tmp_path):
    desk([mail(1, "VPN")])
    (tmp_path / "tried.yaml").write_text(VPN)
    before = receipts(folder)
    code, printed, said = maildesk(
        "replay", "--since", "1w", "--rules", str(tmp_path / "tried.yaml")
    )
    assert (code, said) == (0, "")
    assert printed.startswith("1 of 1 mails of the last 1w would fare otherwise\n")
    assert "helpdesk" in printed
    assert receipts(folder) == before


def receipts(folder):
    database = open_database(load(folder, {}).database, is_reader=True)
    try:
        with database.read() as session:
            return [journal.show(session, row["id"]) for row in journal.list_receipts(session)]
    finally:
        database.close()


def test_faults_are_told_as_elsewhere(desk, maildesk, tmp_path):
    file = tmp_path / "tried.yaml"
    file.write_text("rules:\n  - {name: a, when: {subjekt_is: x}, then: {solve: true}}\n")
    code, _, said = maildesk("replay", "--since", "30d", "--rules", str(file))
    assert code == 78
    assert f'{file}:2:22: rule "a": unknown condition "subjekt_is"' in said
    assert maildesk("replay", "--since", "soon")[0] == 64
