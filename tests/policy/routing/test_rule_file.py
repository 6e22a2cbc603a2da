"""All faults of all rules are told in one run."""

from maildesk.policy.routing.rule import Faults
from maildesk.policy.routing.rule_file import MOST_RULES, compile_rules, references


def told(*rules):
    faults = Faults()
    compiled = compile_rules(list(rules), ("rules",), faults)
    return compiled, [(fault.path[1:], fault.message) for fault in faults.found]


def test_a_faulty_rule_still_tells_what_it_refers_to():
    when = {"queue_is": "billing", "size_over": "big"}
    (rule,), faults = told({"name": "x", "when": when, "then": {"team": "network", "qeue": "x"}})
    assert [reference.name for reference in references(rule)] == ["billing", "network"]
    assert [path for path, _ in faults] == [(0, "when", "size_over"), (0, "then", "qeue")]


def test_a_group_of_a_faulty_expression_is_not_told_as_missing():
    when = {"body_matches": r"(?P<asset>\d+"}
    _, faults = told({"name": "x", "when": when, "then": {"tags": "{asset}"}})
    assert [path for path, _ in faults] == [(0, "when", "body_matches")]


def test_there_are_no_more_rules_than_a_mail_can_be_asked():
    rules = ({"name": f"{n}", "then": {"priority": "P1"}} for n in range(MOST_RULES + 1))
    _, faults = told(*rules)
    assert faults == [((), f"there are more than {MOST_RULES} rules")]
