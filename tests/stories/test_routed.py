"""The starter's rules at work: each mail lands where they say, and the right people hear of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from stories.house import ADMIN, BILLING, SUPPORT, House
from stories.people import Client, Letter

from maildesk.config import load
from maildesk.config.starter import init_folder
from maildesk.policy.routing.rule_file import compile_rules

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


def test_alerts_of_a_host_in_an_hour_are_one_ticket_and_one_mail(desk: House) -> None:
    monitoring = desk.client("Monitoring", "monitoring@example.com")
    letters: list[Letter] = []
    for number in range(60):
        text = f"{number} requests failed."
        alert = monitoring.write(SUPPORT, "PROBLEM web1 load", text, fields=BY_PROGRAM)
        desk.hand_in(alert)
        desk.clock.pass_time(seconds=60)
        if number % 20 == 19:
            letters += desk.work()
    assert routed(desk) == ("helpdesk", "network", "P2", ["alert"])
    assert [len(desk.tickets()), len(desk.ticket()["messages"])] == [1, 60]
    assert [letter.recipient for letter in letters] == [NINA]


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Note each statement that any database is asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_an_alert_costs_the_database_less_than_a_reply(desk: House, ada: Client) -> None:
    monitoring = desk.client("Monitoring", "monitoring@example.com")
    for number in range(120):  # a thread that is as long as a decision sees
        text = f"{number} requests failed."
        desk.hand_in(monitoring.write(SUPPORT, "PROBLEM web1", text, fields=BY_PROGRAM))
    desk.post(ada.write(SUPPORT))
    costs = []
    alert = monitoring.write(SUPPORT, "PROBLEM web1", "Again.", fields=BY_PROGRAM)
    for mail in (alert, ada.answer("It still is.")):
        with counted_statements() as asked:
            desk.post(mail)
        costs.append(len(asked))
    assert costs[0] < costs[1], costs


def test_another_host_has_a_ticket_of_its_own(desk: House) -> None:
    monitoring = desk.client("Monitoring", "monitoring@example.com")
    for host in ("web1", "web2", "WEB1"):
        desk.post(monitoring.write(SUPPORT, f"PROBLEM {host} load", fields=BY_PROGRAM))
    assert len(desk.tickets()) == 2


# --- who hears of it ----------------------------------------------------------------------------


def let_team_be_told(house: House, team: str, how: str) -> None:
    """Tell a team of its new tickets in another way."""
    teams = house.desk.rules.teams
    changed = (replace(one, notify=how) if one.handle == team else one for one in teams)
    house.change_rules(teams=tuple(changed))


@pytest.mark.parametrize("with_rules", [True, False], ids=["rules", "no rules"])
def test_a_team_that_is_told_by_turns_gets_its_tickets_one_by_one(
    desk: House, ada: Client, with_rules: bool
) -> None:
    let_team_be_told(desk, "first-line", "round_robin")
    if not with_rules:
        desk.change_rules(routing=())
    subjects = ("Printer", "Toner", "Paper")
    letters = [desk.post(ada.write(SUPPORT, subject)) for subject in subjects]
    assert [desk.ticket(n)["assignee"] for n in (1, 2, 3)] == ["kari", "lin", "kari"]
    assert [told(each) - {ada.address} for each in letters] == [{KARI}, {LIN}, {KARI}]


def test_turns_are_taken_where_mails_come_at_once(desk: House) -> None:
    let_team_be_told(desk, "first-line", "round_robin")
    for number in range(6):
        person = desk.client(f"P{number}", f"p{number}@example.org")
        desk.hand_in(person.write(SUPPORT, f"Printer {number}"))
    desk.work()
    owners = [ticket["assignee"] for ticket in desk.tickets()]
    assert owners == ["kari", "lin"] * 3


def test_a_rule_that_names_somebody_is_stronger_than_turns(desk: House) -> None:
    let_team_be_told(desk, "first-line", "round_robin")
    wang = desk.client("Wang", "wang@example.org")
    desk.post(wang.write(SUPPORT, "打印机", "打印机坏了，请帮忙。"))
    assert desk.ticket()["assignee"] == "lin"


def test_a_team_that_reads_a_digest_gets_no_mail_for_a_new_ticket(desk: House, ada: Client) -> None:
    let_team_be_told(desk, "network", "digest")
    assert told(desk.post(ada.write(SUPPORT, "VPN is down"))) == {ada.address}
    assert told(desk.post(ada.answer("It still is."))) == {NINA}


def test_a_team_with_nobody_in_it_reads_no_digest(desk: House, ada: Client) -> None:
    let_team_be_told(desk, "finance", "digest")
    agents = [agent for agent in desk.desk.rules.agents if agent.handle != "bo"]
    desk.change_rules(agents=tuple(agents))
    assert told(desk.post(ada.write(BILLING))) == {ada.address, KARI, LIN, NINA}


def test_who_watches_hears_of_what_a_rule_solves(desk: House, ada: Client) -> None:
    rule = {"name": "Backups", "then": {"solve": True, "watchers": ["nina"]}}
    desk.change_rules(routing=compile_rules([rule]))
    letters = desk.post(ada.write(SUPPORT, "Backup is done"))
    assert (desk.ticket()["status"], told(letters)) == ("solved", {ada.address, NINA})


# --- a rule that fails --------------------------------------------------------------------------


def test_a_rule_that_fails_loses_no_mail_and_is_told_once(desk: House, ada: Client) -> None:
    failing = {"name": "Nights", "when": {"calendar_open": "gone"}, "then": {"priority": "P1"}}
    desk.change_rules(routing=compile_rules([failing]))
    letters = desk.post(ada.write(BILLING)) + desk.post(ada.write(SUPPORT, "VPN"))
    assert [routed(desk, number)[:3] for number in (1, 2)] == [("helpdesk", "first-line", "P3")] * 2
    (alert,) = desk.to(ADMIN, letters)
    assert "“Nights” failed" in alert.text
    assert told(letters) == {ada.address, ADMIN, *FIRST_LINE}
