"""A rule with `every` fires once when a ticket begins to fit it, whatever happens in between."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from stories.house import ADMIN, BO, KARI, SUPPORT, House
from stories.people import Client, bare

from maildesk.desk import scheduled_rules
from maildesk.desk.beat import beat
from maildesk.desk.jobs import JOBS
from maildesk.desk.scheduled_rules import fire, run_due
from maildesk.errors import NotFound
from maildesk.mail.template_sources import Sources
from maildesk.policy.due.bundling import PER_HOUR
from maildesk.policy.routing.rule_file import compile_rules
from maildesk.policy.rules import Acknowledge, Team
from maildesk.policy.sla.file import read_sla
from maildesk.process import process_once
from maildesk.store.apply import Stale
from maildesk.store.letters import Letter as StoredLetter
from maildesk.store.outbox import put
from maildesk.store.tables import bundles, rule_firings

NAGGING = {
    "name": "Nagging",
    "every": "15m",
    "when": {"status_in": ["new", "open"], "idle_longer_than": "2bd"},
    "then": {"notify": "lead", "tags": ["stale"]},
}


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=bare)


@pytest.fixture
def ada(house: House, kari: Client) -> Client:
    """She has written on Monday at nine; nobody has answered."""
    teams = (Team("first-line", lead="bo"), Team("finance"))
    house.change_rules(routing=compile_rules([NAGGING]), teams=teams)
    ada = house.client("Ada Berg", "ada@example.org")
    house.post(ada.write(SUPPORT))
    return ada


def after(house: House, **time: float) -> list:
    """What is sent when so much time has passed."""
    house.clock.pass_time(**time)
    run_due(house.desk)
    return house.work()


def rows(house: House, table=rule_firings) -> int:
    with house.desk.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_lead_is_told_once_when_two_business_days_are_over(house, ada):
    assert after(house, days=2) == []
    (letter,) = after(house, minutes=15)
    assert letter.recipient == BO
    assert "Please look at this" in letter.text
    assert "Reason: the rule “Nagging” fits" in letter.text
    assert house.ticket()["tags"] == ["stale"]
    for _quarter in range(3):
        assert after(house, minutes=15) == []
    assert after(house, days=3) == []


def test_ticket_that_is_due_within_the_hour_is_found(house, ada):
    soon = {**NAGGING, "name": "Soon due", "when": {"due_within": "1h"}}
    clocks = {"P3": {"calendar": "24x7", "resolution": "4h"}}
    book = read_sla({"sla": [{"name": "all", "clocks": clocks}]})
    house.change_rules(
        routing=compile_rules([soon]), calendars=book.calendars, promises=book.promises
    )
    for _ in range(2):  # the policy is chosen, then looked at
        beat(house.desk)
    assert after(house, hours=2, minutes=59) == []
    assert [letter.recipient for letter in after(house, minutes=15)] == [BO]


def test_history_names_the_rule(house, ada):
    after(house, days=3)
    events = [event for event in house.ticket()["events"] if event["actor"] == "maildesk"]
    assert [(e["kind"], e["new"], e["cause"]) for e in events] == [
        ("rule", "Nagging", "rule “Nagging”"),
        ("tags", "stale", "rule “Nagging”"),
    ]


def test_it_fires_again_after_it_stopped_and_began_to_fit(house, ada, kari):
    assert len(after(house, days=3)) == 1
    house.post(ada.write(SUPPORT, "Re: Printer [#1]", "Hello?"))
    assert after(house, minutes=15) == []
    assert rows(house) == 0
    assert len(after(house, days=5)) == 1
    assert after(house, minutes=15) == []


def test_what_is_solved_is_forgotten(house, ada, kari):
    after(house, days=3)
    house.post(kari.answer("#solve"))
    assert after(house, minutes=15) == []
    assert rows(house) == 0


def test_it_is_asked_as_often_as_it_says_and_at_once_after_a_start(house, ada):
    assert after(house, days=2) == []
    assert after(house, minutes=14) == [], "the ticket fits, and its time has not come"
    assert len(after(house, minutes=1)) == 1
    house.desk.rules_ran_at.clear()
    assert after(house) == []


def test_failure_notes_nothing_and_it_fires_the_next_time(house, ada):
    """As a kill does: all of it is one transaction."""
    (rule,) = house.desk.rules.routing
    house.clock.pass_time(days=3)
    sources, house.desk.sources = house.desk.sources, Sources({})
    with pytest.raises(NotFound):
        fire(house.desk, rule, 1)
    assert (rows(house), house.ticket()["tags"]) == (0, [])
    house.desk.sources = sources
    assert len(after(house)) == 1
    with pytest.raises(Stale, match="has fired"):
        fire(house.desk, rule, 1)
    assert house.work() == []


def test_word_that_comes_before_it_fires_wins(house, ada):
    (rule,) = house.desk.rules.routing
    house.clock.pass_time(days=3)
    house.post(ada.write(SUPPORT, "Re: Printer [#1]", "It works again."))
    with pytest.raises(Stale, match="does not fit"):
        fire(house.desk, rule, 1)


def test_more_than_sixty_an_hour_wait_in_a_bundle(house, ada):
    house.clock.pass_time(days=3)
    letters = [
        StoredLetter(
            kind="queue_new",
            ticket=None,
            cause=f"{number}",
            recipient=BO,
            recipient_key=BO,
            reverse_path="",
            message_id=f"{number}@x",
            raw=b"",
            audience="agent",
        )
        for number in range(PER_HOUR)
    ]
    with house.desk.database.write() as session:
        put(session, letters, house.clock())
    run_due(house.desk)
    assert (rows(house), rows(house, bundles)) == (1, 1)
    assert house.ticket()["tags"] == ["stale"]


def test_what_is_too_much_for_a_minute_is_done_in_the_next(house, ada, monkeypatch):
    for number in range(2, 6):
        house.post(ada.write(SUPPORT, f"Matter {number}"))
    monkeypatch.setattr(scheduled_rules, "FIRINGS_AT_ONCE", 3)
    assert len(after(house, days=3)) == 3
    assert len(after(house, minutes=1)) == 2
    assert after(house, minutes=1) == []


def test_rule_that_cannot_be_asked_is_told_and_forgets_nothing(house, ada):
    after(house, days=3)
    failing = replace(house.desk.rules.routing[0], when=None)
    house.change_rules(routing=(failing,))
    (alert,) = after(house, minutes=15)
    assert alert.recipient == ADMIN
    assert "The routing rule “Nagging” failed" in alert.text
    assert rows(house) == 1


def test_of_rules_that_undo_each_other_one_stops_and_the_admins_hear_of_it_once(house, ada):
    to_and_fro = [
        {
            "name": f"From {old} to {new}",
            "every": "1m",
            "when": {"priority_is": old},
            "then": {"priority": new, "notify": "lead"},
        }
        for old, new in (("P3", "P2"), ("P2", "P3"))
    ]
    house.change_rules(routing=compile_rules(to_and_fro))
    letters = [letter for _minute in range(30) for letter in after(house, minutes=1)]
    (alert,) = house.to(ADMIN, letters)
    said = " ".join(alert.text.split())
    assert "The routing rule “From P3 to P2” does no more on case #1" in said
    assert "“From P2 to P3” 5 times, “From P3 to P2” 5 times" in said
    assert [letter.recipient for letter in letters] == [*[BO] * 10, ADMIN]
    assert [letter for _hour in range(48) for letter in after(house, hours=1)] == []


def test_requester_is_asked_whether_it_works_when_a_rule_solves_it(house, ada):
    solving = {**NAGGING, "then": {"solve": True}}
    careful = Acknowledge("generic", 100)
    house.change_rules(routing=compile_rules([solving]), acknowledge=careful)
    (letter,) = after(house, days=3)
    assert (letter.recipient, house.ticket()["status"]) == (ada.address, "solved")
    assert "We have marked your case as solved." in letter.text
    assert "Printer" not in letter.text + letter["Subject"], "nothing proves that she wrote it"
    ada.inbox.append(letter)
    house.post(ada.answer("Still broken."))
    assert house.ticket()["status"] == "open"


def test_one_round_of_process_asks_them_too(house, ada):
    house.clock.pass_time(days=3)
    process_once(house.desk)
    assert house.ticket()["tags"] == ["stale"]


def test_daemon_looks_every_minute():
    (job,) = [job for job in JOBS if job.name == "run_scheduled_rules"]
    assert job.every == timedelta(minutes=1)
