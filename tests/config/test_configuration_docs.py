"""docs/configuration.md holds a table of keys for each section, made from the shapes.

After a change of a shape: MAILDESK_REWRITE_DOCS=1 pytest tests/config/test_configuration_docs.py
"""

import json
import os
import re
from pathlib import Path

import pytest

from maildesk.config import FILES, check_folder, schema_of
from maildesk.errors import NotFound

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"
TABLE = re.compile(r"<!-- keys: (\w+) -->\n(.*?)<!-- end -->\n", re.DOTALL)


def sections() -> dict[str, dict]:
    """The schema of every section, by the name of its class."""
    found = {}
    for name, shape in FILES.items():
        schema = schema_of(name)
        found[shape.__name__] = schema
        found.update(schema.get("$defs", {}))
    return found


def kind(schema: dict) -> str:
    """What may stand as a value, in words."""
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        kinds = [kind(part) for part in parts if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{choice}`" for choice in schema.get("enum") or [schema["const"]])
    if "minimum" in schema:
        return f"{schema['minimum']}–{schema['maximum']}"
    words = {"string": "text", "boolean": "`true`, `false`", "array": "list", "object": "mapping"}
    return words.get(schema.get("type", ""), "mapping")


def default(schema: dict, *, is_required: bool) -> str:
    if is_required:
        return "required"
    value = schema.get("default")
    return "" if value is None or value in ({}, []) or isinstance(value, dict) else f"`{value}`"


def table(schema: dict) -> str:
    rows = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, field in schema["properties"].items():
        shown = default(field, is_required=key in schema.get("required", []))
        shown = shown.replace("True", "true").replace("False", "false")
        rows.append(f"| `{key}` | {kind(field)} | {shown} | {field['description']} |")
    return "\n".join(rows) + "\n"


def test_every_key_is_documented_as_the_shapes_say() -> None:
    text, known = DOCS.read_text(encoding="utf-8"), sections()
    fresh = TABLE.sub(
        lambda found: f"<!-- keys: {found[1]} -->\n{table(known[found[1]])}<!-- end -->\n", text
    )
    if os.environ.get("MAILDESK_REWRITE_DOCS"):
        DOCS.write_text(fresh, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == fresh
    assert {found[1] for found in TABLE.finditer(text)} == set(known)


def test_documented_files_are_right_as_they_stand(good: Path) -> None:
    examples = re.findall(
        r"```yaml\n# (\w+\.yaml)\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL
    )
    assert {name for name, _ in examples} == {f"{name}.yaml" for name in FILES}
    for name, text in examples:
        (good / name).write_text(text, encoding="utf-8")
    (good / "var").mkdir()
    (good / "reply.key").rename(good / "var" / "reply.key")
    assert check_folder(good, {}) == ()


@pytest.mark.parametrize("name", [*FILES, "maildesk.yaml"])
def test_schema_is_json_and_closed_to_unknown_keys(name: str) -> None:
    schema = schema_of(name)
    json.dumps(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    for section in (schema, *schema.get("$defs", {}).values()):
        assert section["additionalProperties"] is False
        assert all(field.get("description") for field in section["properties"].values())


def test_schema_of_an_unknown_file_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="maildesk, people, routing, sla"):
        schema_of("people.json")
