"""Aliases of commands and canned answers, from the admin's templates and from ours."""

from pathlib import Path

import pytest

from maildesk.config import load, load_rules
from maildesk.config.agent_words import LONGEST_ANSWER_BYTES, read_agent_words
from maildesk.policy.commands.reading import VERBS, vocabulary
from maildesk.policy.commands.vocabulary import IMPLIED
from maildesk.share import share_folder

SHIPPED = sorted(path.parent.name for path in share_folder("templates").glob("*/commands.yaml"))


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_words_are_without_faults() -> None:
    words = read_agent_words(None)
    assert words.problems == ()
    assert set(words.aliases.values()) <= {*VERBS, *IMPLIED}
    assert SHIPPED == ["de", "es", "fr", "nb", "nl", "sv", "zh-Hans"]
    assert "password-reset" in words.answers


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("Gelöst", "solve"),
        ("erledigt", "solve"),
        ("løst", "solve"),
        ("löst", "solve"),
        ("opgelost", "solve"),
        ("résolu", "solve"),
        ("resuelto", "solve"),
        ("解决", "solve"),
        ("warten", "wait"),
        ("hjälp", "help"),
        ("schliessen", "solve"),
    ],
)
def test_words_of_all_languages_are_understood_together(good: Path, word: str, verb: str) -> None:
    assert vocabulary(load(good, {}).rules.aliases_of_verbs).find(word) == verb


def test_alias_of_urgent_says_the_priority_too(good: Path) -> None:
    words = vocabulary(load(good, {}).rules.aliases_of_verbs)
    assert (words.find("dringend"), words.implied("dringend")) == ("priority", "P1")


def test_a_file_of_the_admin_replaces_ours_of_that_language_alone(good: Path) -> None:
    put(good, "de/commands.yaml", "solve: [tipptopp]\n")
    aliases = load(good, {}).rules.aliases_of_verbs
    assert aliases["tipptopp"] == "solve"
    assert "gelöst" not in aliases
    assert aliases["løst"] == "solve"


def test_an_empty_file_takes_the_words_of_a_language_away(good: Path) -> None:
    put(good, "de/commands.yaml", "# none\n")
    assert "gelöst" not in load(good, {}).rules.aliases_of_verbs


def test_a_language_of_the_admin_is_active_beside_ours(good: Path) -> None:
    put(good, "pl/commands.yaml", "solve: załatwione\n")
    aliases = load(good, {}).rules.aliases_of_verbs
    assert aliases["załatwione"] == aliases["gelöst"] == "solve"


def test_one_word_may_mean_the_same_in_two_languages(good: Path) -> None:
    put(good, "pl/commands.yaml", "solve: [gelöst, Solved]\n")
    assert load(good, {}).rules.aliases_of_verbs["gelöst"] == "solve"


def test_answers_of_the_admin_stand_beside_ours_and_replace_them(good: Path) -> None:
    put(good, "answers/vpn_setup-2.md", "\ufeffInstall the client.\r\n\r\nThen restart.\n")
    put(good, "answers/password-reset.md", "Call us.\n")
    put(good, "answers/notes.txt", "no answer")
    assert load(good, {}).rules.answers == {
        "vpn_setup-2": "Install the client.\n\nThen restart.",
        "password-reset": "Call us.",
    }


def test_an_answer_that_is_too_long_or_holds_controls_is_told(good: Path) -> None:
    put(good, "answers/long.md", "x" * (LONGEST_ANSWER_BYTES + 1))
    put(good, "answers/odd.md", "one\ntwo\x1b[31m\n")
    told = [str(problem) for problem in read_agent_words(good / "templates").problems]
    assert told == [
        "templates/answers/long.md: the answer is larger than 64 KiB",
        "templates/answers/odd.md:2: a control character (U+001B) may not stand here",
    ]


def test_words_are_read_again_on_reload_and_change_the_version(good: Path) -> None:
    before = load(good, {})
    put(good, "answers/new.md", "Hello.\n")
    put(good, "pl/commands.yaml", "wait: [czekam]\n")
    after = load_rules(good, before)
    assert after.answers["new"] == "Hello."
    assert after.aliases_of_verbs["czekam"] == "wait"
    assert after.version != before.rules.version


def test_agent_may_ask_for_receipts(good: Path) -> None:
    people = (good / "people.yaml").read_text()
    (good / "people.yaml").write_text(people.replace("{name: Kari", "{receipts: true, name: Kari"))
    rules = load(good, {}).rules
    assert {agent.handle: agent.receipts for agent in rules.agents} == {"kari": True, "bo": False}
