from email.message import EmailMessage

import pytest

from maildesk.cli.conversation import SHOWN_LINES, Person, shown_lines
from maildesk.cli.prompt import Prompt
from maildesk.store.locks import FileLock


class Post:
    """Keeps what is posted."""

    def __init__(self):
        self.mails = []

    def post(self, person, mail):
        self.mails.append((person.name, mail["Subject"], mail.get_content().strip()))

    def deliver(self):
        return []


@pytest.fixture
def talk(monkeypatch, capsys):
    def say(*lines):
        said = iter([*lines, "quit"])
        monkeypatch.setattr("builtins.input", lambda _prompt: next(said))
        post = Post()
        people = [Person("Ada", "ada@example.org"), Person("Kari", "kari@example.com")]
        Prompt(post, people, lambda: "note in #1").run()
        return post.mails, capsys.readouterr().out

    return say


def test_a_line_is_mailed_and_what_became_of_it_is_said(talk):
    mails, told = talk("Hello")
    assert mails == [("Ada", "Hello", "Hello")]
    assert "→ note in #1" in told


def test_a_name_changes_who_writes(talk):
    assert talk("kari> Hi", "ada", "Ho")[0] == [("Kari", "Hi", "Hi"), ("Ada", "Ho", "Ho")]


@pytest.mark.parametrize("line", ["help", "?", "new", "bo> Hello", "ada>", ""])
def test_what_is_no_mail_is_not_mailed(talk, line):
    assert talk(line)[0] == []


def test_help_says_what_the_prompt_takes(talk):
    assert talk("help")[1].count("Type a line and it is mailed") == 2


def test_a_greater_sign_in_a_sentence_is_mailed(talk):
    assert talk("is 3 > 2?")[0][0][2] == "is 3 > 2?"


def test_lines_that_are_counted_are_not_those_of_the_quote():
    mail = EmailMessage()
    mail.set_content("Short.\n\nOn Monday, Ada wrote:\n" + "> x\n" * 40)
    assert shown_lines(mail) == ["Short."]
    mail.set_content("x\n" * (SHOWN_LINES + 5) + "\nOn Monday, Ada wrote:\n" + "> x\n" * 40)
    assert shown_lines(mail)[-1] == "… 5 more lines"


def test_a_second_demo_leaves_the_files_of_the_first_alone(maildesk, tmp_path):
    lock = FileLock(tmp_path / "maildesk.db.daemon.lock")
    assert lock.try_lock()
    code, _, said = maildesk("demo", "--exit", "--dir", str(tmp_path))
    assert code == 75
    assert said == f"another maildesk works on {tmp_path}; end it, or use --dir OTHER\n"
    assert not (tmp_path / "maildesk.yaml").exists()
    lock.close()
