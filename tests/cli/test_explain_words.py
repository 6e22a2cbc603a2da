"""What `maildesk explain` says to people: of each rule whether it fits, and what is missing."""

from datetime import UTC, datetime

import pytest

from maildesk.config import load
from maildesk.desk.explain import Thread
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.parse import parse_mail
from maildesk.store.engine import open_database

RULES = """
rules:
  - {name: Newsletters, when: {automatic_in: [list, bulk]}, then: {drop: newsletter}}
  - name: Broken things
    when: {subject_contains: printer, body_contains: dead}
    then: {priority: P2, tags: [broken], fields: {word: "{subject}"}}
    continue: true
  - {name: For Kari, when: {not: {sender_domain_is: example.com}}, then: {assign: kari}}
  - {name: Never asked, then: {tags: [late]}}
"""


@pytest.fixture
def explain(folder, tmp_path, maildesk):
    path = folder / "routing.yaml"
    text = path.read_text()
    path.write_text(text[: text.index("\nrules:")] + RULES)

    def run(subject, body="It is dead."):
        mail = tmp_path / "a.eml"
        mail.write_text(
            f"From: a@example.net\nTo: support@example.com\nSubject: {subject}\n\n{body}\n"
        )
        code, printed, _ = maildesk("explain", str(mail))
        assert code == 0
        return printed

    return run


def test_each_rule_that_was_asked_is_told_with_what_is_missing(explain):
    lines = explain("Mouse").splitlines()
    assert "  rules      - Newsletters: automatic_in [list, bulk]: automatic is “none”" in lines
    (broken,) = [line for line in lines if "Broken things" in line]
    assert broken.strip() == ("- Broken things: subject_contains printer: subject is “Mouse”")
    assert "             + For Kari" in lines
    assert not any("Never asked" in line for line in lines)


def test_what_the_ticket_would_be_stands_in_a_line(explain):
    assert (
        "  route      helpdesk, team first-line, P2, incident, owner kari, tags broken, "
        "word=Printer is dead\n"
    ) in explain("Printer is dead")


def test_a_mail_moves_no_cursor(explain):
    printed = explain("Printer", "a\x1b[2J\nb")
    assert "\x1b" not in printed
    assert any(
        line.strip().startswith("- Broken things: body_contains") for line in printed.splitlines()
    )


BESIDES = """
rules:
  - name: All of it
    when: {subject_contains: all}
    then:
      {watchers: [bo, x@customer.example], notify: lead, acknowledge: false, hold: true, sla: gold}
  - {name: Away, when: {subject_contains: offer}, then: {drop: "offer of {sender}"}}
  - {name: Alerts, when: {subject_contains: alert}, then: {group_by: "Web 1", template: received}}
"""


@pytest.fixture
def desk(folder, explain):
    """A desk with these rules, whose store takes mails."""
    path = folder / "routing.yaml"
    text = path.read_text()
    path.write_text(text[: text.index("\nrules:")] + BESIDES)
    settings = load(folder, {})
    database = open_database(settings.database)
    database.migrate()

    def take(subject, body="It is dead.\n"):
        raw = f"From: a@example.net\nTo: support@example.com\nSubject: {subject}\n\n{body}".encode()
        thread = Thread(database, settings.rules)
        thread.deliver(parse_mail(raw), Envelope(Source.IMPORT), datetime.now(UTC), raw=raw)

    yield take
    database.close()


def test_what_rules_do_besides_is_told(explain, desk):
    assert (
        "  besides    on_hold from the start, promise gold, watched by bo, x@customer.example, "
        "told besides: lead, no acknowledgement\n"
    ) in explain("all of it")
    assert "  besides    no ticket: offer of a@example.net\n" in explain("offer")


def test_a_copy_is_told_with_the_route_of_a_new_mail(explain, desk):
    desk("all of it")
    printed = explain("all of it")
    assert "  becomes    duplicate\n" in printed
    assert "  because    a copy of receipt 1" in printed
    assert "  thread     a copy: the route is that of a new mail\n" in printed
    assert "+ All of it" in printed
    assert "promise gold" in printed


def test_a_gathered_mail_names_its_rule_and_key(explain, desk):
    desk("alert one")
    printed = explain("alert two")
    assert "  thread     #1, gathered by rule “Alerts”, key “web 1”\n" in printed
    assert "acknowledged by the template received" in printed
