"""docs/sla.md holds a table of keys for each section of sla.yaml, made from those it is read by.

After a change of one: MAILDESK_REWRITE_DOCS=1 pytest tests/config/test_sla_docs.py
"""

import os
import re
from pathlib import Path

import yaml

from maildesk.config import check_folder
from maildesk.config.yaml_source import parse_document
from maildesk.policy.calendars.calendar_file import CALENDAR, UNION
from maildesk.policy.calendars.holiday_file import HOLIDAYS
from maildesk.policy.sla.cases import differences, read_case
from maildesk.policy.sla.file import read_sla
from maildesk.policy.sla.follow_up_file import FOLLOW_UP
from maildesk.policy.sla.ladder_file import DEFAULT, REPEAT, STEP
from maildesk.policy.sla.policy_file import POLICY, REOPEN, TARGETS

DOCS = Path(__file__).parents[2] / "docs" / "sla.md"
SECTIONS = {
    "calendar": CALENDAR,
    "holidays": HOLIDAYS,
    "union": UNION,
    "policy": POLICY,
    "clocks": TARGETS,
    "reopen": REOPEN,
    "step": STEP,
    "repeat": REPEAT,
    "follow_up": FOLLOW_UP,
}


def table(section):
    rows = ["| key | value | meaning |", "|---|---|---|"]
    for name, key in section.keys.items():
        value = f"{key.words}, required" if key.is_required else key.words
        rows.append(f"| `{name}` | {value} | {key.description} |")
    return "\n".join(rows) + "\n"


def ladder():
    rows = ["| at | who is told |", "|---|---|"]
    for step in DEFAULT:
        paged = f"; a page for {', '.join(step.page_for)}" if step.page else ""
        rows.append(f"| {step.name} | {', '.join(f'`{who}`' for who in step.notify)}{paged} |")
    return "\n".join(rows) + "\n"


def written(text):
    def keys(found):
        return f"<!-- keys: {found[1]} -->\n{table(SECTIONS[found[1]])}<!-- end -->\n"

    text = re.sub(r"<!-- keys: (\w+) -->\n.*?<!-- end -->\n", keys, text, flags=re.DOTALL)
    steps = f"<!-- ladder -->\n{ladder()}<!-- end -->\n"
    return re.sub(r"<!-- ladder -->\n.*?<!-- end -->\n", lambda _: steps, text, flags=re.DOTALL)


def test_every_key_is_documented_as_the_code_says():
    text = DOCS.read_text(encoding="utf-8")
    if os.environ.get("MAILDESK_REWRITE_DOCS"):
        DOCS.write_text(written(text), encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == written(text)
    assert set(re.findall(r"<!-- keys: (\w+) -->", text)) == set(SECTIONS)


def test_documented_file_is_right_and_its_example_comes_out(good):
    sla, cases = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (good / "sla.yaml").write_text(sla, encoding="utf-8")
    people = (good / "people.yaml").read_text(encoding="utf-8")
    acme = "organisations:\n  acme: {name: Acme, domains: [acme.example]}\n"
    (good / "people.yaml").write_text(people + acme, encoding="utf-8")
    assert check_folder(good, {}) == ()
    book = read_sla(parse_document(sla.encode(), "sla.yaml").value)
    for case in yaml.safe_load(cases)["cases"]:
        assert differences(read_case(case, book.calendars, book.policies)) == ()
