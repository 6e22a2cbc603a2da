"""Every recipe of docs/routing.md is a right rule, and does to its mail what the page says."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maildesk.config import load
from maildesk.config.policy_test_checks import EXPECTABLE
from maildesk.config.policy_test_file import read_policy_tests
from maildesk.config.policy_test_shape import MailTest
from maildesk.config.routing_rules import check_names, hidden_rules
from maildesk.config.starter import init_folder
from maildesk.config.yaml_source import parse_document
from maildesk.desk.policy_tests import mail_differences
from maildesk.mail.parse import parse_mail
from maildesk.policy.routing.rule_file import compile_rules
from maildesk.policy.rules import Rules
from maildesk.share import acknowledgements

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = (Path(__file__).parents[3] / "docs" / "routing.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ABOVE, _, COOKBOOK = PAGE.partition("## Cookbook")
RECIPES = [
    pytest.param(*BLOCK.findall(recipe), id=recipe.partition("\n")[0])
    for recipe in COOKBOOK.split("\n### ")[1:]
]


def read(text: str, name: str = "routing.md") -> Any:
    document = parse_document(text.encode(), name)
    assert document.problems == ()
    return document


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """The starter's."""
    folder = tmp_path_factory.mktemp("starter")
    init_folder(folder)
    return load(folder, {}).rules


def test_there_are_fifteen_recipes() -> None:
    assert len(RECIPES) >= 15


@pytest.mark.parametrize(("recipe", "test"), RECIPES)
def test_recipe_does_what_the_page_says(recipe: str, test: str, rules: Rules) -> None:
    compiled = replace(rules, routing=compile_rules(read(recipe).value))
    mail = MailTest.model_validate({"name": "mail", **read(test).value})
    assert set(mail.expect) <= EXPECTABLE
    assert mail_differences(mail, Path(), compiled, parse_mail, NOW) == ()


@pytest.mark.parametrize(("recipe", "test"), RECIPES)
def test_recipe_has_a_test_of_a_rule_of_its_own(recipe: str, test: str) -> None:
    names = {rule.name for rule in compile_rules(read(recipe).value)}
    assert names & set(read(test).value["expect"]["rules"])


@pytest.mark.parametrize(("recipe", "test"), RECIPES)
def test_recipe_names_what_the_starter_has(recipe: str, test: str, rules: Rules) -> None:
    del test
    document = read("rules:\n" + recipe)
    compiled = compile_rules(document.value["rules"])
    known = {
        "queue": [one.handle for one in rules.queues],
        "team": [one.handle for one in rules.teams],
        "agent": [one.handle for one in rules.agents],
        "organisation": [one.handle for one in rules.organisations],
        "template": acknowledgements(None),
    }
    assert [*check_names(document, compiled, known), *hidden_rules(document, compiled)] == []


@pytest.mark.parametrize("example", BLOCK.findall(ABOVE))
def test_example_above_is_right(example: str) -> None:
    assert compile_rules(read(example).value["rules"])


@pytest.mark.parametrize("example", [text for text in BLOCK.findall(ABOVE) if "mails:" in text])
def test_tests_above_pass(example: str, rules: Rules, tmp_path: Path) -> None:
    (tmp_path / "example.yaml").write_text(example)
    tests = read_policy_tests(tmp_path / "example.yaml", rules, ())
    assert tests.mails
    for test in tests.mails:
        assert mail_differences(test, tmp_path, tests.rules, parse_mail, NOW) == (), test.name
