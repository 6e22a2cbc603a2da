"""Which rules routed a mail stands in its receipt: `#why` answers with them."""

from stories.house import SUPPORT

from maildesk.policy.routing.rule_file import compile_rules
from maildesk.store import journal

VPN = {
    "name": "VPN trouble is urgent",
    "when": {"subject_matches": r"(?i)\bvpn\b"},
    "then": {"priority": "P2", "tags": ["vpn"]},
}


def test_why_names_the_rule_that_routed_a_case(cases):
    cases.house.change_rules(routing=compile_rules([VPN]), version="5eed")
    cases.house.post(cases.house.client("Cy", "cy@example.net").write(SUPPORT, "VPN down", "Help."))
    (letter,) = cases.to(cases.kari, cases.answer("#why", cases.letter(8)))
    line = "rule “VPN trouble is urgent”: queue helpdesk, team first-line, priority P2, tags vpn"
    assert line in " ".join(letter.text.split())
    with cases.house.desk.database.read() as session:
        receipts = [row["id"] for row in journal.list_receipts(session) if row["ticket"] == 8]
        trace = journal.show(session, receipts[0])["trace"]
    assert trace["rules_version"] == "5eed"
    assert trace["route"]["rules"] == ["VPN trouble is urgent"]
