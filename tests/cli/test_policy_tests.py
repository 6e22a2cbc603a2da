"""`maildesk test`: an admin's own tests say what is not as he expects."""

import json
import os
from pathlib import Path

import pytest

from maildesk.config import load

CASES = Path(
    os.environ.get("MAILDESK_CASES", Path(__file__).parents[2].parent / "shared" / "cases")
)
SHARED = CASES / "sla_cases.json"

RULES = """
rules:
  - name: VPN is urgent
    when: {subject_matches: '(?i)\\bvpn\\b'}
    then: {priority: P2, tags: [vpn, remote]}
    continue: true
  - name: Asset numbers
    when: {body_matches: 'asset (?P<asset>[A-Z]{2}-\\d{4})'}
    then: {fields: {asset: "{asset}"}}
  - name: Newsletters
    when: {automatic_in: [list, bulk]}
    then: {drop: newsletter}
"""


@pytest.fixture
def tested(maildesk, tmp_path):
    """Write tests into a file, run it; return exit code, stdout, stderr."""

    def run(text, *words):
        file = tmp_path / "own.yaml"
        file.write_text(text)
        return maildesk("test", *words, str(file))

    return run


def mail(name, expect, more=RULES, **parts):
    parts = {"from": "a@example.net", "subject": "VPN down", "body": "Help me.", **parts}
    ticket = parts.pop("ticket", None)
    test = {"name": name, "mail": parts, "expect": expect}
    if ticket:
        test["ticket"] = ticket
    return f"{more}\nmails:\n  - {json.dumps(test)}\n"


@pytest.mark.parametrize(
    ("expect", "parts"),
    [
        ({"disposition": "new-ticket", "priority": "P2", "tags": ["remote", "vpn"]}, {}),
        ({"rules": ["VPN is urgent"], "commands": [], "signal": "none"}, {}),
        (
            {"rules": ["Asset numbers", "VPN is urgent"], "fields": {"asset": "AB-1234"}},
            {"body": "It is asset AB-1234."},
        ),
        ({"disposition": "dropped", "dropped": "newsletter"}, {"headers": {"List-Id": "<a.b>"}}),
        ({"automatic": "list", "notices": []}, {"headers": {"List-Id": "<a.b>"}}),
        ({"automatic": {"kind": "list", "answerable": False}}, {"headers": {"List-Id": "<a.b>"}}),
        ({"subject": "Größe ändern 好", "level": "V0"}, {"subject": "Größe ändern 好"}),
        ({"notices": ["received", "queue_new"]}, {}),
    ],
    ids=["route", "rules", "fields", "dropped", "automatic", "object", "words", "notices"],
)
def test_mail_goes_where_the_rules_say(tested, expect, parts):
    code, printed, said = tested(mail("One", expect, **parts))
    assert (printed, said) == ("1 passed, 0 failed\n", "")
    assert code == 0


def test_differences_are_readable_and_counted(tested):
    expect = {"priority": "P1", "tags": ["vpn"], "assignee": "kari", "disposition": "new-ticket"}
    code, printed, _ = tested(mail("VPN mails", expect))
    assert code == 1
    assert printed.splitlines() == [
        "VPN mails: priority: expected P1, got P2",
        "VPN mails: tags: expected vpn, got remote, vpn",
        "VPN mails: assignee: expected kari, got none",
        "0 passed, 1 failed",
    ]


def test_what_a_mail_holds_stays_on_one_short_line(tested):
    expect = {"text": "x", "disposition": "new-ticket"}
    code, printed, _ = tested(mail("One", expect, body="a\x1b[31m\nb" + "c" * 9000))
    assert code == 1
    lines = printed.splitlines()
    assert len(lines) == 2
    assert "\x1b" not in printed
    assert len(lines[0]) < 400


def test_json_is_one_object_a_test(tested):
    code, printed, _ = tested(mail("VPN mails", {"priority": "P1"}), "--json")
    assert code == 1
    assert [json.loads(line) for line in printed.splitlines()] == [
        {"name": "VPN mails", "ok": False, "differences": ["priority: expected P1, got P2"]}
    ]


TICKET = {"requester": "a@example.net", "status": "solved"}


@pytest.mark.parametrize(
    ("expect", "parts"),
    [
        ({"disposition": "reply", "signal": "token", "ticket": 1, "status": "open"}, {}),
        ({"disposition": "held"}, {"from": "mallory@example.org"}),
        ({"commands": ["reopen"], "status": "open"}, {"from": "kari", "body": "#reopen"}),
        ({"commands": [{"verb": "take", "status": "run"}]}, {"from": "kari", "body": "#take"}),
    ],
    ids=["requester", "stranger", "agent", "agent in an object"],
)
def test_mail_answers_the_ticket_that_is_there(tested, folder, expect, parts):
    if parts.get("from") == "kari":
        parts = {**parts, "from": first_agent(folder)}
    code, printed, said = tested(mail("An answer", expect, ticket=TICKET, **parts))
    assert (code, printed, said) == (0, "1 passed, 0 failed\n", "")


def first_agent(folder):
    return load(folder, {}).rules.agents[0].addresses[0]


@pytest.mark.parametrize("form", ["file: mails/vpn.eml", "mail: {file: mails/vpn.eml}"])
def test_mail_may_stand_in_a_file_beside_the_tests(tested, tmp_path, form):
    (tmp_path / "mails").mkdir()
    raw = b"From: a@example.net\nTo: support@example.com\nSubject: vpn\n\nHelp.\n"
    (tmp_path / "mails" / "vpn.eml").write_bytes(raw)
    text = f"{RULES}\nmails:\n  - name: A file\n    {form}\n    expect: {{priority: P2}}\n"
    assert tested(text) == (0, "1 passed, 0 failed\n", "")
    text += "    ticket: {requester: a@example.net}\n"
    assert "expected P2, got P3" in tested(text)[1]  # it answers the ticket, and routes none


@pytest.mark.skipif(not SHARED.is_file(), reason=f"the shared cases are not at {SHARED}")
def test_every_shared_case_passes(maildesk):
    code, printed, said = maildesk("test", "--json", str(SHARED))
    outcomes = [json.loads(line) for line in printed.splitlines()]
    assert (code, said) == (0, "")
    assert len(outcomes) == 24
    assert all(
        outcome == {"id": outcome["id"], "ok": True, "differences": []} for outcome in outcomes
    )


CASE = """
calendars: {always: {timezone: UTC, hours: {mon-sun: ["00:00-24:00"]}}}
policies: {std: {P1: {calendar: always, first_response: 15}}}
cases:
  - id: late
    policy: std
    events: [{at: "2026-11-23T09:00:00Z", type: created, priority: P1}]
    now: "2026-11-23T09:20:00Z"
    expect: {first_response: {state: running}}
"""


def test_case_that_is_not_as_expected_says_how(tested):
    code, printed, _ = tested(CASE)
    assert code == 1
    assert printed == (
        "late: first_response.state: expected running, got breached\n0 passed, 1 failed\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mails: [{name: a, mail: {from: a@b.c}, expect: {}}]", "1:48: nothing is expected"),
        (
            "mails: [{name: a, mail: {from: a@b.c}, expect: {queue: helpdsk}}]",
            '1:56: unknown queue "helpdsk" (did you mean "helpdesk"?)',
        ),
        (
            RULES + "mails: [{name: a, mail: {from: a@b.c}, expect: {rules: [Newsletter]}}]",
            '13:57: unknown rule "Newsletter" (did you mean "Newsletters"?)',
        ),
        (
            "mails: [{name: a, mail: {from: a@b.c}, expect: {disposition: new_ticket}}]",
            '1:62: unknown disposition "new_ticket" (did you mean "new-ticket"?)',
        ),
        (
            "mails: [{name: a, absent: kary, mail: {from: a@b.c}, expect: {tags: x}}]",
            '1:27: unknown agent "kary" (did you mean "kari"?)',
        ),
        ("", '1:1: the file is empty (a file of tests has calendars, '),
        (
            "mails: [{name: a, ticket: {requester: a@b.c}, expect: {tags: x}}]",
            'no from (or write "after: 3bd"',
        ),
        ("mails: [{name: a, after: 3bd, expect: {tags: x}}]", "1:19: after needs a ticket"),
        ("mails: [{name: a, after: 3bd, ticket: {requester: a@b.c}, level: V1, expect: {tags: x}}]",
         "1:59: level and after do not go together"),
        ("mails: [{name: a, after: soon, ticket: {requester: a@b.c}, expect: {tags: x}}]",
         "a length of time is expected here"),
        ("mails: [{name: a, mail: {form: x}, expect: {}}]", '1:26: unknown key "mails[0].mail.form"'
         ' (did you mean "from"?)'),
        ("mail: []\n", '1:1: unknown key "mail" (did you mean "mails"?)'),
        ("about: nothing\n", "1:1: there are no tests in it"),
        ("mails: [{name: a, mail: {}, expect: {}}]", "1:9: the mail has no from"),
        (
            "mails: [{name: a, file: x.eml, expect: {}}]",
            "1:25: there is no such file (expected at /",
        ),
        (
            "mails: [{name: a, mail: {from: a@b.c}, expect: {priorty: P1}}]",
            '1:49: "priorty" cannot be expected of a mail (did you mean "priority"?)',
        ),
        (
            "rules:\n  - {name: a, when: {subjekt_is: x}, then: {solve: true}}",
            '2:22: rule "a": unknown condition "subjekt_is"',
        ),
        ("rules:\n  - {name: a, then: {queue: net}}", '2:29: rule "a": unknown queue "net"'),
        (CASE.replace("state: running", "state: rnning"), "5:5: case late: 'rnning' is not"),
        (CASE.replace("UTC", "Mars/Base"), "there is no time zone \"Mars/Base\""),
        (CASE.replace("policy: std", "policy: other"), "5:5: case late: 'other' is missing"),
        ("mails: [\n", "expected"),
        ("policies: {std: 3}\n", "1:17: policy \"std\": expected clocks by priority, found 3"),
        ("calendars: {a: [1]}\n", "1:16: calendar \"a\": "),
        ("mails: [{name: a, at: 2026-01-01, mail: {from: a@b.c}, expect: {}}]", "1:23: mails"),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_place(tested, text, message):
    code, printed, said = tested(text)
    assert (code, printed) == (65, "")
    assert message in said, said
    assert "own.yaml:" in said


@pytest.mark.parametrize(
    ("expect", "parts"),
    [
        ({"tags": "remote"}, {"subject": "remote"}),
        ({"assignee": "none", "sla": None, "dropped": "none", "rules": None}, {"subject": "Hi"}),
        ({"tags": "none", "fields": {}, "group_key": "none"}, {"subject": "Hi"}),
        ({"fields": {"floor": 4}}, {"body": "floor 4"}),
    ],
    ids=["a word for a list", "nobody", "nothing", "a number"],
)
def test_words_alone_mean_what_they_say(tested, expect, parts):
    rules = """
rules:
  - {name: Remote, when: {subject_is: remote}, then: {tags: remote}}
  - name: Floor
    when: {body_matches: 'floor (?P<floor>[0-9])'}
    then: {fields: {floor: "{floor}"}}
"""
    assert tested(mail("One", expect, rules, **parts))[:2] == (0, "1 passed, 0 failed\n")


def test_what_is_missing_is_told_as_such(tested):
    _, printed, _ = tested(mail("One", {"tags": "none", "fields": {}, "assignee": "kari"}))
    assert printed.splitlines()[:2] == [
        "One: tags: expected none, got remote, vpn",
        "One: assignee: expected kari, got none",
    ]


WATCHING = """
rules:
  - name: Nagging
    every: 15m
    when: {status_is: open, idle_longer_than: 2bd, priority_in: [P1, P2]}
    then: {notify: lead, tags: [stale], assign: round_robin}
  - name: Nearly late
    every: 5m
    when: {due_within: 15m}
    then: {tags: [late]}
  - name: Alerts
    when: {subject_matches: '^PROBLEM (?P<host>\\w+)'}
    then: {team: network, group_by: "{host}", within: 4h, assign: round_robin}
  - {name: Proved, when: {level_is: V1}, then: {tags: [proved]}}
mails:
"""


def case(tested, text):
    """Run one test in the words of YAML."""
    code, printed, said = tested(f"{WATCHING}  - {{name: One, {text}}}\n")
    assert (code, said) == (0, ""), said + printed


OPEN = 'at: "2026-11-23T10:00:00+01:00", ticket: {requester: a@example.net, status: open, '


@pytest.mark.parametrize(
    "text",
    [
        OPEN + "priority: P1}, after: 2bd, expect: {rules: [Nagging, Nearly late], tags: [stale, "
        "late], notices: assigned, assignee: kari, priority: P1}",
        OPEN + "priority: P1, tags: vip}, after: 1m, expect: {rules: none, tags: vip, "
        "assignee: none, notices: none}",
        OPEN + "priority: P4, assignee: bo}, after: 1bd, expect: {rules: none, assignee: bo}",
        OPEN + "priority: P1}, after: 2bd, absent: kari, expect: {rules: [Nagging, Nearly late], "
        "assignee: lin}",
    ],
    ids=["fits", "too early", "not urgent", "somebody is away"],
)
def test_rules_that_look_at_tickets_are_tested_by_letting_time_pass(tested, text):
    case(tested, text)


def test_sender_counts_as_proved_as_the_test_says(tested):
    case(tested, "level: V1, mail: {from: a@b.example}, expect: {level: V1, tags: proved}")
    case(tested, "mail: {from: a@b.example}, expect: {level: V0, tags: none}")


def test_mails_in_a_row_are_gathered(tested):
    earlier = "earlier: [{mail: {from: m@b.example, subject: PROBLEM web1 down}AT}]"
    now = "level: V1, mail: {from: m@b.example, subject: PROBLEM web1 up}"
    earlier = earlier.replace("AT", ", level: V1")
    case(tested, f"{earlier}, {now}, expect: {{disposition: reply, ticket: 1, rules: Alerts}}")
    long_ago = earlier.replace("level: V1", 'level: V1, at: "2026-11-23T09:00:00Z"')
    case(tested, f'{long_ago}, at: "2026-11-24T09:00:00Z", {now}, expect: {{ticket: 2}}')


def test_whoever_is_absent_gets_nothing(tested, folder):
    first, *others = [a.handle for a in load(folder, {}).rules.members("network")]
    alert = "mail: {from: m@b.example, subject: PROBLEM web1 down}"
    case(tested, f"{alert}, expect: {{assignee: {first}}}")
    case(
        tested, f"absent: {first}, {alert}, expect: {{assignee: {others[0] if others else 'none'}}}"
    )


def test_files_of_either_ending_are_read(maildesk, folder):
    for file in (folder / "tests").glob("*"):
        file.unlink()
    (folder / "tests" / "a.yml").write_text(mail("One", {"priority": "P2"}))
    (folder / "tests" / "b.yaml").write_text(mail("Two", {"priority": "P2"}))
    assert maildesk("test") == (0, "2 passed, 0 failed\n", "")


def test_without_files_the_tests_of_the_configuration_run(maildesk, folder):
    for file in (folder / "tests").glob("*.yaml"):
        file.unlink()
    assert "There are no tests" in maildesk("test")[2]
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "a.yaml").write_text(mail("One", {"priority": "P2"}))
    assert maildesk("test") == (0, "1 passed, 0 failed\n", "")


def test_file_that_is_not_there_is_told(maildesk, tmp_path):
    code, _, said = maildesk("test", str(tmp_path / "none.yaml"))
    assert code == 65
    assert "this file is missing" in said
