"""docs/routing.md holds a line for each condition and action, made from the code's docstrings.

After a change of one: MAILDESK_REWRITE_DOCS=1 pytest tests/config/test_routing_docs.py
"""

import os
import re
from pathlib import Path

import pytest

from maildesk.config import schema_of
from maildesk.policy.routing.actions import ACTIONS, ActionWord
from maildesk.policy.routing.conditions import BOTH, FIELDS, MAIL, TICKET, Field

DOCS = Path(__file__).parents[2] / "docs" / "routing.md"
RULES_FOR = {MAIL: "mail", TICKET: "`every`", BOTH: "both"}


def row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def table(*rows: str) -> str:
    head, *rest = rows
    return "\n".join([head, re.sub(r" [^|]* ", "---", head), *rest, ""])


def words(field: Field) -> str:
    """The words that ask for a field, each with what may stand behind it."""
    return "<br>".join(f"`{word}:` {field.shape(word).words}" for word in field.words)


def table_of_conditions() -> str:
    lines = [
        row(f"**{field.name}**", words(field), field.description, RULES_FOR[field.is_for])
        for field in FIELDS.values()
    ]
    return table(row("field", "conditions", "what it is", "rules for"), *lines)


def notes(word: ActionWord) -> str:
    said = [
        "`{name}`" if word.is_filled else "",
        "`every`" if word.is_for_tickets else "",
        f"with `{word.needs}` only" if word.needs else "",
        *(f"not with `{other}`" for other in sorted(word.conflicts)),
    ]
    return ", ".join(filter(None, said))


def table_of_actions() -> str:
    lines = [
        row(f"`{word.name}`", word.shape.words, word.description, notes(word))
        for word in ACTIONS.values()
    ]
    return table(row("action", "value", "does", "also"), *lines)


TABLES = {"conditions": table_of_conditions, "actions": table_of_actions}


@pytest.mark.parametrize("name", TABLES)
def test_every_condition_and_action_is_documented_as_the_code_says(name: str) -> None:
    before, mark, rest = DOCS.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    told, end, after = rest.partition("<!-- end -->")
    assert mark
    assert end
    if os.environ.get("MAILDESK_REWRITE_DOCS"):
        DOCS.write_text(f"{before}{mark}{TABLES[name]()}{end}{after}", encoding="utf-8")
    else:
        assert told == TABLES[name]()


def test_every_condition_and_action_says_what_it_does() -> None:
    said = [*FIELDS.values(), *ACTIONS.values()]
    assert [one.name for one in said if not one.description] == []


@pytest.mark.parametrize(("name", "section"), [("routing", "rules"), ("sla", "sla")])
def test_the_schema_goes_on_below_all_any_and_not(name: str, section: str) -> None:
    schema = schema_of(name)
    when = schema["properties"][section]["items"]["properties"]["when"]
    references = [when["properties"]["not"], when["properties"]["any"]["items"]]
    for reference in references:
        found = schema
        for key in reference["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        assert found is when
