"""Worked examples of promises: the shared ones where they are, and how the form is read."""

import json
import os
from pathlib import Path

import pytest

from maildesk.policy.sla_cases import differences, read_calendars, read_case, read_policies

CASES = Path(
    os.environ.get("MAILDESK_CASES", Path(__file__).parents[2].parent / "shared" / "cases")
)
SHARED = CASES / "sla_cases.json"
WORKED = json.loads(SHARED.read_text()) if SHARED.is_file() else {"cases": []}


@pytest.mark.skipif(not SHARED.is_file(), reason=f"the shared cases are not at {SHARED}")
@pytest.mark.parametrize("table", WORKED["cases"], ids=lambda table: table["id"])
def test_shared_case(table):
    case = read_case(table, WORKED["calendars"], read_policies(WORKED["policies"]))
    assert differences(case) == ()
