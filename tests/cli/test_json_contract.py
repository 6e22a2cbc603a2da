"""The shapes that other programs read: every key is there, no other, and values in their form."""

import json
import re
from datetime import UTC, datetime

import pytest

from maildesk.config import load_database
from maildesk.mail.envelope import Envelope, Source
from maildesk.store.engine import open_database
from maildesk.store.journal import Journal

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
MAIL = b"""\
From: =?utf-8?q?=C3=85sa?= <asa@example.org>
To: IT <support@example.com>
Cc: Bo <bo@example.org>
Subject: Printer
Date: Mon, 23 Nov 2026 09:15:00 +0100
Message-ID: <abc@example.org>
In-Reply-To: <before@example.org>
References: <first@example.org> <before@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

It is dead.

-- \nAsa
--b
Content-Type: application/pdf; name=a.pdf
Content-Disposition: attachment; filename=a.pdf
Content-Transfer-Encoding: base64

JVBERi0=
--b--
"""
BOUNCE = b"""\
From: MAILER-DAEMON@example.org
To: support@example.com
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; x@example.net
Action: failed
Status: 5.1.1
--b--
"""


def keys(names: str) -> set[str]:
    return set(names.split())


EXPLAINED = keys(
    "file ok defects message_id in_reply_to references from to cc subject date language text reply "
    "quoted signature attachments automatic bounce trust thread commands route disposition "
    "notices"
)
PARTS = {
    "automatic": {"kind", "evidence", "answerable"},
    "bounce": {"recipients"},
    "trust": {"level", "evidence"},
    "thread": {"ticket", "signal", "evidence", "hint", "suggests"},
}
TICKET = keys(
    "number subject status priority type queue team assignee requester tags created_at updated_at"
)
IDS = {"message_id", "in_reply_to", "references"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def objects(answer):
    code, said, _ = answer
    assert code in (0, 65)
    return [json.loads(line) for line in said.splitlines()]


def check_values(value, key=""):
    """Instants end in Z, ids have no brackets; everywhere in the object."""
    if isinstance(value, dict):
        for name, inner in value.items():
            check_values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            check_values(inner, key)
    elif isinstance(value, str):
        if key in IDS:
            assert not set("<>") & set(value), (key, value)
        if key in ("at", "date") or key.endswith("_at"):
            assert INSTANT.fullmatch(value), (key, value)


@pytest.fixture
def files(tmp_path):
    named = {"mail.eml": MAIL, "bounce.eml": BOUNCE}
    for name, raw in named.items():
        (tmp_path / name).write_bytes(raw)
    return [str(tmp_path / name) for name in (*named, "missing.eml")]


def test_explain_has_every_key_for_every_file(maildesk, files):
    mail, bounce, missing = found = objects(maildesk("explain", "--json", *files))
    for shown in found:
        assert set(shown) == EXPLAINED
        assert {name: set(shown[name]) for name in PARTS} == PARTS
        check_values(shown)
    assert set(mail["from"]) == {"name", "address"}
    assert set(mail["to"][0]) == set(mail["cc"][0]) == {"name", "address"}
    [attachment] = mail["attachments"]
    assert set(attachment) == {"filename", "content_type", "size", "sha256", "inline"}
    assert set(mail["route"]) == {
        *("queue", "team", "priority", "type", "tags", "fields", "rules"),
        *("assign", "assignee", "status", "dropped", "sla", "watchers", "notify", "template"),
        *("acknowledge", "requester", "group_key"),
    }
    assert set(mail["notices"][0]) == {"notice", "to"}
    assert mail["references"] == ["first@example.org", "before@example.org"]
    assert mail["date"] == "2026-11-23T08:15:00Z"
    [recipient] = bounce["bounce"]["recipients"]
    assert set(recipient) == {"address", "status", "action"}
    assert (missing["ok"], missing["disposition"]) == (False, "failed")
    assert missing["defects"] == ["No such file or directory"]
    assert missing["from"] is missing["text"] is missing["thread"]["ticket"] is None
    assert missing["to"] == missing["commands"] == missing["notices"] == []


def test_a_ticket_that_is_not_there_has_no_number(maildesk, files):
    [shown] = objects(maildesk("explain", "--json", files[0]))
    assert (shown["disposition"], shown["thread"]["ticket"]) == ("new-ticket", None)
    [shown] = objects(maildesk("explain", "--json", "--thread", files[0]))
    assert (shown["disposition"], shown["thread"]["ticket"]) == ("new-ticket", 1)


@pytest.fixture
def worked(maildesk, folder):
    """A desk that has taken one mail."""
    database = open_database(load_database(folder, {}))
    database.migrate()
    kept = Journal(database, lambda: NOW)
    kept.keep(MAIL, Envelope(Source.SMTP, "asa@example.org", ("support@example.com",)))
    kept.close()
    database.close()
    assert maildesk("process")[0] == 0
    return maildesk


def test_desk_is_shown_as_the_contract_says(worked):
    [line] = objects(worked("ticket", "list", "--json"))
    assert set(line) == TICKET | {"next_due_at"}

    [shown] = objects(worked("ticket", "show", "1", "--json"))
    assert set(shown) == TICKET | keys("participants language fields clocks messages events")
    [message] = shown["messages"]
    assert set(message) == keys(
        "direction visibility author at message_id text quoted attachments trust automatic"
    )
    assert shown["events"]
    for event in shown["events"]:
        assert set(event) == {"at", "actor", "kind", "old", "new", "cause"}

    [stats] = objects(worked("journal", "stats", "--json"))
    assert stats["states"] == {"received": 0, "done": 1, "failed": 0}
    assert set(stats) == {"states", "dispositions"}
    assert {name: count for name, count in stats["dispositions"].items() if count} == {
        "new-ticket": 1
    }
    assert set(stats["dispositions"]) == keys(
        "new-ticket reply note held bounce automatic duplicate dropped failed"
    )

    letters = objects(worked("outbox", "list", "--json"))
    assert letters
    for letter in letters:
        assert set(letter) == keys("id state to notice ticket message_id attempts next_at error")
    check_values([line, shown, stats, letters])


@pytest.mark.parametrize(
    "words",
    ["ticket list", "ticket show 1", "journal stats", "journal retry 1", "outbox list --json"],
)
def test_desk_that_has_never_run_says_so(maildesk, folder, words):
    code, said, complaint = maildesk(*words.split())
    assert (code, said) == (75, "")
    assert "there is no database" in complaint
    assert "start maildesk once" in complaint
    assert not list(folder.glob("**/*.db"))
