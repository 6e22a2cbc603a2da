"""What goes wrong for one mail costs no other mail anything."""

import contextlib
from dataclasses import replace

import pytest
from stories.house import ADMIN, BO, KARI, SUPPORT, open_house

from maildesk.desk import deciding, reading
from maildesk.desk.children import Children
from maildesk.mail.template_sources import Sources
from maildesk.policy.routing.rule_file import compile_rules


def with_template(sources: Sources, kind: str, source: str) -> Sources:
    """The admin's own folder with one template in it."""
    return replace(sources, texts={**sources.texts, (kind, "en"): source})


BAD_TEMPLATES = {
    "unknown name": "Subject: x\n\n{{ ticket.colour }}",
    "not a template": "Subject: x\n\n{% if %}",
    "no subject": "# Hello",
    "forbidden": "Subject: x\n\n{{ ''.__class__.__mro__ }}",
    "too long": "Subject: x\n\n{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
}


@pytest.mark.parametrize("source", BAD_TEMPLATES.values(), ids=BAD_TEMPLATES.keys())
def test_a_bad_template_is_replaced_by_ours_and_the_admin_is_told(house, ada, source):
    house.desk.sources = with_template(house.desk.sources, "received", source)
    sent = house.post(ada.write(SUPPORT))
    assert [letter.recipient for letter in sent] == [ADMIN, ada.address, KARI, BO]
    assert "A template of yours fails" in sent[0]["Subject"]
    assert sent[0].text.count("received.md.j2: ") == 1
    assert sent[1].text.splitlines()[2] == "Your mail has arrived: case #1"


def test_a_bad_template_is_told_once_an_hour(house, ada):
    house.desk.sources = with_template(house.desk.sources, "received", "# Hello")
    for _ in range(3):
        house.post(ada.write(SUPPORT))
    assert len(house.to(ADMIN)) == 1
    house.clock.pass_time(hours=1)
    house.post(ada.write(SUPPORT))
    assert len(house.to(ADMIN)) == 2


VIP = {"name": "VIP", "then": {"template": "welcome"}}


@pytest.mark.parametrize("source", [None, "Subject: x\n\n{{ ticket.colour }}"])
def test_a_template_of_a_rule_that_is_gone_or_fails_costs_no_mail(house, ada, source):
    if source:
        house.desk.sources = with_template(house.desk.sources, "welcome", source)
    acknowledged = replace(house.desk.rules.acknowledge, unverified="full")
    house.change_rules(routing=compile_rules([VIP]), acknowledge=acknowledged)
    alert, *letters = house.post(ada.write(SUPPORT))
    assert [letter.recipient for letter in letters] == [ada.address, KARI, BO]
    assert "templates/en/welcome.md.j2" in alert.text
    assert "Your mail has arrived: case #1" in letters[0].text


def test_a_bad_template_of_the_alert_itself_hides_nothing(house, ada):
    texts = with_template(house.desk.sources, "received", "# Hello")
    house.desk.sources = with_template(texts, "health", "Subject: x\n\n{{ nothing }}")
    house.post(ada.write(SUPPORT))
    assert len(house.to(ADMIN)) == 1
    assert len(house.to(ada)) == 1


def test_a_template_that_never_ends_is_replaced_too(tmp_path, sources):
    loop = (
        "Subject: x\n\n{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}"
        "{% endfor %}"
    )
    with (
        Children(1, seconds=1.5) as children,
        open_house(tmp_path, children, with_template(sources, "received", loop)) as house,
    ):
        ada = house.client("Ada", "ada@example.org")
        house.post(ada.write(SUPPORT))
        assert ada.last.text.splitlines()[2] == "Your mail has arrived: case #1"


def test_a_mail_that_its_child_dies_of_is_set_aside_and_the_next_flows(tmp_path, sources):
    with (
        Children(1, memory_bytes=150_000_000) as children,
        open_house(tmp_path, children, sources) as house,
    ):
        eve = house.client("Eve", "eve@example.net")
        ada = house.client("Ada", "ada@example.org")
        house.hand_in(eve.write(SUPPORT).as_bytes() + b"xxxxxxx\r\n" * 7_000_000)
        house.hand_in(ada.write(SUPPORT))
        house.work()
        assert len(house.to(ada)) == 1
        for _ in range(2):
            house.clock.pass_time(hours=1)
            house.work()
        assert house.stats()["states"] == {"received": 0, "done": 1, "failed": 1}
        assert house.dispositions() == ["failed", "new-ticket"]
        (alert,) = house.to(ADMIN)
        assert "Mail 1 is set aside: it failed three times" in alert.text
        assert "maildesk journal retry 1" in alert.text


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (reading, "with_what_it_asks"),
        (reading, "keys_of"),
        (deciding, "known_of"),
        (deciding, "order"),
    ],
)
def test_a_bug_that_one_mail_meets_costs_that_mail_its_attempts_and_no_other(
    house, ada, eve, monkeypatch, module, name
):
    function = getattr(module, name)

    def with_a_bug(*arguments, **words):
        if "the bug" in repr(arguments):
            raise RecursionError("a bug")
        return function(*arguments, **words)

    monkeypatch.setattr(module, name, with_a_bug)
    house.hand_in(eve.write(SUPPORT, subject="the bug"))
    house.hand_in(ada.write(SUPPORT))
    for _ in range(3):
        house.work()
        house.clock.pass_time(hours=1)
    house.work()
    assert house.stats()["states"] == {"received": 0, "done": 1, "failed": 1}


def test_a_bug_that_ends_the_work_on_all_is_counted_for_the_mail_at_fault(
    house, ada, eve, monkeypatch
):
    function = reading.check_ahead

    def with_a_bug(read, begin):
        for item in function(read, begin):
            if b"the bug" in item[0][0].raw:
                raise RecursionError("a bug")
            yield item

    monkeypatch.setattr(reading, "check_ahead", with_a_bug)
    house.hand_in(ada.write(SUPPORT))
    house.hand_in(eve.write(SUPPORT, subject="the bug"))
    for _ in range(6):
        with contextlib.suppress(RecursionError):
            house.work()
        house.clock.pass_time(hours=1)
    assert house.stats()["states"] == {"received": 0, "done": 1, "failed": 1}
