"""Routing rules on a real desk, where mails that rest on each other come in one batch."""

from email.message import EmailMessage

from stories.house import SUPPORT, House

from maildesk.policy.routing.rule_file import compile_rules
from maildesk.store import tickets

ALERTS = {
    "name": "Alerts",
    "when": {"subject_matches": r"^ALERT (?P<host>\S+)"},
    "then": {"group_by": "{host}", "within": "4h", "assign": "kari"},
}
FORM = {
    "name": "Form",
    "when": {
        "sender_is": "noreply@forms.example.org",
        "body_matches": r"Mail: (?P<email>\S+)\s+Shop: (?P<shop>\w+)",
    },
    "then": {"requester": "{email}", "fields": {"shop": "{shop}"}},
}
TURNS = {"name": "Turns", "then": {"assign": "round_robin"}}


def mail(sender: str, subject: str, text: str = "Help.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, SUPPORT, subject
    message["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@example.org>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def listed(house: House) -> list[dict]:
    with house.desk.database.read() as session:
        return tickets.list_tickets(session)


def use(house: House, *rules: dict) -> None:
    house.change_rules(routing=compile_rules(list(rules)))


def test_alerts_of_a_host_in_one_batch_are_one_ticket_and_one_notification(house: House) -> None:
    use(house, ALERTS)
    for number in range(30):
        host = f"web{number % 2}"
        alert = mail("monitor@example.org", f"ALERT {host}", f"Down, {number}.")
        alert["Auto-Submitted"] = "auto-generated"
        house.hand_in(alert)
    letters = house.work()
    assert [ticket["number"] for ticket in listed(house)] == [1, 2]
    assert len(letters) == 2
    with house.desk.database.read() as session:
        assert len(tickets.show_ticket(session, 1)["messages"]) == 15


def test_an_alert_after_the_window_opens_a_ticket_of_its_own(house: House) -> None:
    use(house, ALERTS)
    house.post(mail("monitor@example.org", "ALERT web1", "One."))
    house.clock.pass_time(hours=3)
    house.post(mail("monitor@example.org", "ALERT web1", "Two."))
    house.clock.pass_time(hours=3)
    house.post(mail("monitor@example.org", "ALERT web1", "Three, three hours after the last."))
    assert len(listed(house)) == 1
    house.clock.pass_time(hours=5)
    house.post(mail("monitor@example.org", "ALERT web1", "Four."))
    assert len(listed(house)) == 2


def test_turns_go_round_within_one_batch(house: House) -> None:
    use(house, TURNS)
    for number in range(6):
        house.hand_in(mail(f"p{number}@example.org", f"Question {number}"))
    house.work()
    assert [ticket["assignee"] for ticket in listed(house)] == ["kari", "bo"] * 3


def test_a_forms_requester_is_acknowledged_and_the_form_is_not(house: House) -> None:
    use(house, FORM)
    form = mail(
        "noreply@forms.example.org", "Contact", "Mail: cy@shop.example\nShop: Oslo\n\nHelp!"
    )
    form["Auto-Submitted"] = "auto-generated"
    letters = house.post(form)
    (ticket,) = listed(house)
    assert ticket["requester"] == "cy@shop.example"
    others = {one.recipient for one in letters if "example.com" not in one.recipient}
    assert others == {"cy@shop.example"}
    with house.desk.database.read() as session:
        assert tickets.show_ticket(session, 1)["fields"] == {"shop": "Oslo"}


def test_who_has_got_a_ticket_of_one_team_counts_as_loaded_in_another(house: House) -> None:
    to_bo = {"name": "Finance", "when": {"subject_contains": "bill"}, "then": {"team": "finance"}}
    to_bo["then"]["assign"] = "least_loaded"
    loads = {"name": "Loads", "then": {"team": "first-line", "assign": "least_loaded"}}
    use(house, to_bo, loads)
    first_of = sorted(house.desk.rules.agents, key=lambda agent: agent.handle)  # bo comes first
    house.change_rules(agents=tuple(first_of))
    house.hand_in(mail("ada@example.org", "A bill"))
    house.hand_in(mail("carl@example.org", "Printer"))
    house.work()
    assert [ticket["assignee"] for ticket in listed(house)] == ["bo", "kari"]
