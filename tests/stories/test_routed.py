"""The starter's rules at work: each mail lands where they say, and the right people hear of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stories.house import ADMIN, BILLING, SUPPORT, House
from stories.people import Client, Letter

from maildesk.config import load
from maildesk.config.starter import init_folder
from maildesk.policy.routing import compile_rules

BY_PROGRAM = {"Auto-Submitted": "auto-generated"}
OF_A_LIST = {"List-Id": "<news.shop.example>", "Precedence": "bulk"}
KARI, LIN, BO, NINA = (f"{name}@example.com" for name in ("kari", "lin", "bo", "nina"))
FIRST_LINE = {KARI, LIN}


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Iterator[House]:
    """A desk with the people and the rules of the starter."""
    init_folder(tmp_path / "starter")
    rules = load(tmp_path / "starter", {}).rules
    names = ("queues", "agents", "teams", "organisations", "routing")
    house.change_rules(**{name: getattr(rules, name) for name in names})
    return house


def told(letters: list[Letter]) -> set[str]:
    return {letter.recipient for letter in letters}


def routed(house: House, number: int = 1) -> tuple[str, str, str, list[str]]:
    ticket = house.ticket(number)
    return ticket["queue"], ticket["team"], ticket["priority"], list(ticket["tags"])


# --- where it lands -----------------------------------------------------------------------------


def test_mail_to_billing_is_the_finance_teams(desk: House, ada: Client) -> None:
    letters = desk.post(ada.write(BILLING, "Our address has changed"))
    assert routed(desk) == ("billing", "finance", "P3", [])
    assert told(letters) == {ada.address, BO}


def test_an_invoice_at_the_wrong_address_is_the_finance_teams(desk: House, ada: Client) -> None:
    letters = desk.post(ada.write(SUPPORT, "Scan", files={"Invoice 4711.pdf": b"%PDF-1.7"}))
    assert routed(desk) == ("billing", "finance", "P3", ["invoice"])
    assert told(letters) == {ada.address, BO}
    assert BILLING in desk.to(ada)[0]["From"]


def test_vpn_trouble_is_the_network_teams(desk: House, ada: Client) -> None:
    letters = desk.post(ada.write(SUPPORT, "VPN is down"))
    assert routed(desk) == ("helpdesk", "network", "P3", ["network"])
    assert told(letters) == {ada.address, NINA}


def test_a_newsletter_is_kept_and_opens_nothing(desk: House) -> None:
    shop = desk.client("Shop", "news@shop.example")
    assert desk.post(shop.write(SUPPORT, "Ten tips", fields=OF_A_LIST)) == []
    assert desk.tickets() == []
    assert desk.counts() == {"dropped": 1}


def test_a_customer_with_a_contract_comes_first(desk: House) -> None:
    boss = desk.client("Wile", "wile@mail.acme.example")
    letters = desk.post(boss.write(SUPPORT, "A question"))
    assert routed(desk) == ("helpdesk", "first-line", "P2", ["contract"])
    assert told(letters) == {boss.address, *FIRST_LINE}


def test_the_customers_complaint_reaches_the_manager_once(desk: House) -> None:
    boss = desk.client("Wile", "wile@acme.example")
    letters = desk.post(boss.write(SUPPORT, "VPN down again", "This is unacceptable."))
    assert routed(desk) == ("helpdesk", "network", "P2", ["contract", "network"])
    assert desk.ticket()["type"] == "complaint"
    assert sorted(letter.recipient for letter in letters) == [NINA, boss.address]


def test_chinese_goes_to_who_speaks_it(desk: House) -> None:
    wang = desk.client("Wang", "wang@example.org")
    letters = desk.post(wang.write(SUPPORT, "打印机", "打印机坏了，请帮忙。"))
    assert desk.ticket()["assignee"] == "lin"
    assert told(letters) == {wang.address, LIN}


def test_the_forms_customer_is_answered_and_writes_on(desk: House) -> None:
    website = desk.client("Website", "website@example.com")
    fields = {**BY_PROGRAM, "Reply-To": "Cy <cy@customer.example>"}
    letters = desk.post(website.write(SUPPORT, "Contact", "Do you repair?", fields=fields))
    assert desk.ticket()["requester"] == "cy@customer.example"
    assert told(letters) == {"cy@customer.example", *FIRST_LINE}
    cy = desk.client("Cy", "cy@customer.example")
    cy.inbox += desk.to(cy, letters)
    desk.post(cy.answer("It is a laser printer."))
    assert [len(desk.tickets()), len(desk.ticket()["messages"])] == [1, 2]


# --- alerts -------------------------------------------------------------------------------------


def test_400_alerts_of_a_host_in_an_hour_are_one_ticket_and_one_mail(desk: House) -> None:
    monitoring = desk.client("Monitoring", "monitoring@example.com")
    letters: list[Letter] = []
    for number in range(400):
        text = f"{number} requests failed."
        alert = monitoring.write(SUPPORT, "PROBLEM web1 load", text, fields=BY_PROGRAM)
        desk.hand_in(alert)
        desk.clock.pass_time(seconds=9)
        if number % 50 == 49:
            letters += desk.work()
    assert routed(desk) == ("helpdesk", "network", "P2", ["alert"])
    assert [len(desk.tickets()), len(desk.ticket()["messages"])] == [1, 400]
    assert [letter.recipient for letter in letters] == [NINA]


def test_another_host_has_a_ticket_of_its_own(desk: House) -> None:
    monitoring = desk.client("Monitoring", "monitoring@example.com")
    for host in ("web1", "web2", "WEB1"):
        desk.post(monitoring.write(SUPPORT, f"PROBLEM {host} load", fields=BY_PROGRAM))
    assert len(desk.tickets()) == 2


# --- a rule that fails --------------------------------------------------------------------------


def test_a_rule_that_fails_loses_no_mail_and_is_told_once(desk: House, ada: Client) -> None:
    failing = {"name": "Nights", "when": {"calendar_open": "gone"}, "then": {"priority": "P1"}}
    desk.change_rules(routing=compile_rules([failing]))
    letters = desk.post(ada.write(BILLING)) + desk.post(ada.write(SUPPORT, "VPN"))
    assert [routed(desk, number)[:3] for number in (1, 2)] == [("helpdesk", "first-line", "P3")] * 2
    (alert,) = desk.to(ADMIN, letters)
    assert "“Nights” failed" in alert.text
    assert told(letters) == {ada.address, ADMIN, *FIRST_LINE}
