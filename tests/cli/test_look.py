"""What people read of the journal and the outbox; `--json` is the contract's."""

import json
from datetime import UTC, datetime

import pytest

from maildesk.config import load
from maildesk.desk.explain import Thread
from maildesk.desk.wording import words_of
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.parse import parse_mail
from maildesk.model.plan import Disposition
from maildesk.store import finishing, journal
from maildesk.store.engine import open_database

NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


@pytest.fixture
def receipt(folder):
    database = open_database(f"sqlite:///{folder}/var/maildesk.db")
    database.migrate()
    envelope = Envelope(Source.SMTP, "", ("support@example.com",), "192.0.2.7")
    kept = journal.Journal(database, lambda: NOW).keep(b"Subject: x\r\n\r\nHello", envelope)
    trace = {
        "reasons": ["a bounce of our mail"],
        "signal": "token",
        "evidence": "reply address of party 2",
        "standing": "requester",
        "automatic": ["bounce", "null sender"],
        "trust": ["V0"],
        "rules_version": "5eed",
    }
    with database.write() as session:
        finishing.finish(
            session, kept, disposition=Disposition.BOUNCE, ticket=7, trace=trace,
            content_key="key", message_id=None, now=NOW,
        )  # fmt: skip
    database.close()
    return str(kept)


def test_receipt_is_shown_in_words(maildesk, receipt):
    code, shown, _ = maildesk("journal", "show", receipt)
    assert code == 0
    assert "{" not in shown
    lines = dict(line.split("  ", 1) for line in shown.splitlines())
    assert {name: words.strip() for name, words in lines.items()} == {
        "id": receipt,
        "state": "done",
        "came in": "2026-11-23T08:15:00Z by smtp",
        "from": "<>",
        "to": "support@example.com",
        "peer": "192.0.2.7",
        "mailbox": "–",
        "size": "19 bytes",
        "message id": "–",
        "attempts": "0",
        "error": "–",
        "done at": "2026-11-23T08:15:00Z",
        "becomes": "bounce",
        "ticket": "7",
        "because": "a bounce of our mail",
        "rules": "–",
        "rules version": "5eed",
        "signal": "token – reply address of party 2",
        "standing": "requester",
        "automatic": "bounce, null sender",
        "trust": "V0",
    }


def test_receipt_is_shown_as_json(maildesk, receipt):
    shown = json.loads(maildesk("journal", "show", receipt, "--json")[1])
    assert shown["envelope"]["recipients"] == ["support@example.com"]
    assert shown["trace"]["reasons"] == ["a bounce of our mail"]


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (None, "–"), ("", "–"), ([], "–"), (False, "no"), (True, "yes"), (["a", 1], "a, 1")],
)
def test_values_are_written_as_people_read_them(value, words):
    assert words_of(value) == words


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (("ticket", "list", "--status", "opne"), "'new', 'open', 'waiting_user'"),
        (("journal", "list", "--state", "don"), "'received', 'done', 'failed'"),
        (("outbox", "list", "--state", "late"), "'queued', 'sending', 'deferred'"),
    ],
)
def test_a_state_that_does_not_exist_is_refused_with_those_that_do(maildesk, words, choices):
    code, _, said = maildesk(*words)
    assert code == 64
    assert choices in said


@pytest.fixture
def tickets(folder):
    """A desk with a rule that gives mail to Kari; a function that takes mails."""
    path = folder / "routing.yaml"
    text = path.read_text()
    rule = "\nrules: [{name: For Kari, when: {body_contains: kari}, then: {assign: kari}}]\n"
    path.write_text(text[: text.index("\nrules:")] + rule)
    settings = load(folder, {})
    database = open_database(settings.database)
    database.migrate()

    def take(subject, body):
        raw = f"From: a@example.net\nTo: support@example.com\nSubject: {subject}\n\n{body}\n"
        thread = Thread(database, settings.rules)
        thread.deliver(parse_mail(raw.encode()), Envelope(Source.IMPORT), NOW)

    yield take
    database.close()


def test_a_long_subject_takes_a_few_lines_of_the_list(maildesk, tickets):
    tickets("x" * 10_000, "Help.")
    printed = maildesk("ticket", "list")[1]
    assert len(printed.splitlines()) < 20
    assert "…" in printed


def test_history_names_the_rule_that_gave_the_case_to_somebody(maildesk, tickets):
    tickets("Mouse", "It is for Kari.")
    printed = maildesk("ticket", "history", "1", "--json")[1]
    events = map(json.loads, printed.splitlines())
    causes = {event["kind"]: event["cause"] for event in events}
    assert causes["assignee"] == "rule “For Kari”"
    assert causes["created"] == "receipt 1"
