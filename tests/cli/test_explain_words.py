"""What `maildesk explain` says to people: of each rule whether it fits, and what is missing."""

import pytest

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
