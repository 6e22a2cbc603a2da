"""Pages, through apprise for real to a service of our own, by a gateway to SMS, and by mail: again
and again until somebody acknowledges, never more often than that, and never late."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from stories.house import ADMIN, BO, KARI, MONDAY, RULES, SUPPORT, House
from stories.people import Letter, bare
from stories.promises import MINUTE, after, mails, promise, promising, targets
from transport.apprise_service import PagerService, open_pager_service

from maildesk.desk.alerts import send_alert
from maildesk.desk.beat import beat
from maildesk.model.plan import Alert
from maildesk.model.ticket import Priority
from maildesk.policy.due.paging import ALERTS, pager_address
from maildesk.policy.sla.ladder import Repeat, read_step
from maildesk.policy.sla.promises import ClockName, Policy
from maildesk.store import outbox
from maildesk.transport.pager import PagerSubmitter

PAGER = pager_address("kari")
SMS = "4790000000@sms.example.net"
AT = timedelta(minutes=54)  # 90 % of an hour
EVERY = 10 * MINUTE
LADDER = {
    ClockName.FIRST_RESPONSE: (
        read_step("90%", notify=("owner", "lead"), page=True, repeat=Repeat(EVERY, 3)),
    )
}
HOUR_BY_HOUR = Policy(
    "hour", dict.fromkeys(Priority, targets("24x7", first_response=1)), ladder=LADDER
)


@pytest.fixture
def service() -> Iterator[PagerService]:
    with open_pager_service() as service:
        yield service


@pytest.fixture
def paged(house: House, service: PagerService) -> House:
    """Kari has Ada's case, and a pager; Bo, the lead, is paged by SMS."""
    promised = promising(promise(HOUR_BY_HOUR))
    changed = {"kari": PAGER, "bo": SMS}
    agents = [replace(one, pager=changed.get(one.handle)) for one in promised["agents"]]
    house.change_rules(**{**promised, "agents": tuple(agents)}, pagers={PAGER: service.of("kari")})
    house.way_out = lambda inboxes: PagerSubmitter(inboxes, lambda: house.desk.rules.pagers)
    ada = house.client("Ada Berg", "ada@example.org", style=bare)
    kari = house.client("Kari Nordmann", KARI, style=bare)
    house.client("Bo Li", BO, style=bare)
    house.post(ada.write(SUPPORT, "Printer is dead", "It smokes, and smells of burnt rubber."))
    house.post(kari.answer("#take"))
    return house


def rung(house: House) -> list[tuple[int, str]]:
    """Who was paged: how many minutes after the step was passed, and where."""
    return [(round((one.at - MONDAY - AT) / MINUTE), one.to) for one in mails(house, "page")]


def pass_minutes(house: House, minutes: int) -> None:
    """Beat each minute, and send what is due."""
    for _ in range(minutes):
        after(house, minutes=1)


def last_page(house: House) -> Letter:
    """The page that Kari got last by mail."""
    return [one for one in house.to(KARI) if "Answer #ack" in one.text][-1]


def gone() -> str:
    """The URL of a service that is down."""
    with open_pager_service() as service:
        return service.of("nobody")


def to_pager(house: House) -> list[tuple[str, int, str | None]]:
    """The pages in the outbox: state, attempts and error."""
    with house.desk.database.read() as session:
        lines = outbox.list_outgoing(session)
    return [(one["state"], one["attempts"], one["error"]) for one in lines if one["to"] == PAGER]


# --- who is paged, and how often ------------------------------------------------------------------


def test_page_rings_in_the_mailbox_and_at_the_pager_of_each(
    paged: House, service: PagerService
) -> None:
    assert after(paged, minutes=53) == []
    after(paged, minutes=1)
    assert sorted(rung(paged)) == sorted((0, to) for to in (KARI, PAGER, BO, SMS))
    (text,) = service.texts("kari")
    assert text == (
        "P3 #1 due Mon, 23 Nov 2026, 11:00 CET: Printer is dead, Ada Berg. Answer our mail: #ack"
    )
    ((_name, title, _text),) = service.pages
    assert title == "Re: Printer is dead [#1]"
    assert len(title) + len(text) <= 140
    (sms,) = paged.to(SMS)
    assert sms.text.strip() == text


def test_pages_repeat_until_nobody_can_say_that_he_did_not_hear(
    paged: House, service: PagerService
) -> None:
    pass_minutes(paged, 4 * 60)
    for place in (KARI, PAGER, BO, SMS):
        assert [at for at, to in rung(paged) if to == place] == [0, 10, 20, 30]
    texts = service.texts("kari")
    assert [text.endswith(f"({number})") for number, text in enumerate(texts, 1)] == [
        False, True, True, True,
    ]  # fmt: skip
    assert ["late since" in text for text in texts] == [False, True, True, True]
    assert all(state == "sent" for state, *_ in to_pager(paged))


def test_nobody_is_paged_once_somebody_has_acknowledged(
    paged: House, service: PagerService
) -> None:
    pass_minutes(paged, 54 + 13)
    paged.post(paged.clients[KARI].answer("#ack", last_page(paged)))
    pass_minutes(paged, 60)
    assert len(service.pages) == 2
    assert {at for at, _ in rung(paged)} == {0, 10}


def test_answer_stops_pages_too(paged: House, service: PagerService) -> None:
    after(paged, minutes=54)
    new = next(one for one in paged.to(KARI) if "Your reply goes to" in one.text)
    paged.post(paged.clients[KARI].answer("I am on my way.", new))
    pass_minutes(paged, 60)
    assert len(service.pages) == 1


def test_two_beats_at_once_page_once(paged: House, service: PagerService) -> None:
    paged.clock.at += AT
    beat(paged.desk)
    beat(paged.desk)
    paged.work()
    assert len(service.pages) == 1


def test_after_downtime_the_pager_rings_once(paged: House, service: PagerService) -> None:
    after(paged, minutes=54 + 25)
    assert len(service.pages) == 1
    after(paged, minutes=5)
    assert [at for at, to in rung(paged) if to == PAGER] == [25, 30]


def test_agents_have_services_of_their_own(paged: House, service: PagerService) -> None:
    bo = pager_address("bo")
    agents = [replace(one, pager=pager_address(one.handle)) for one in RULES.agents]
    paged.change_rules(
        agents=tuple(agents), pagers={PAGER: service.of("kari"), bo: service.of("bo")}
    )
    after(paged, minutes=54)
    assert len(service.texts("kari")) == len(service.texts("bo")) == 1
    assert not paged.to(bo)  # no mail goes there


# --- while the service is away --------------------------------------------------------------------


def test_page_is_tried_again_while_its_service_is_away(paged: House, service: PagerService) -> None:
    service.status = 503
    after(paged, minutes=54)
    ((state, attempts, error),) = to_pager(paged)
    assert (state, attempts) == ("deferred", 1)
    assert error is not None
    assert "error=503" in error
    service.status = 200
    after(paged, minutes=1)
    assert to_pager(paged) == [("sent", 2, None)]
    assert len(service.pages) == 1


def test_newer_page_takes_the_place_of_those_that_wait(paged: House, service: PagerService) -> None:
    service.status = 503
    pass_minutes(paged, 54 + 30)
    service.status = 200
    pass_minutes(paged, 60)
    assert [state for state, *_ in to_pager(paged)] == ["dropped"] * 3 + ["sent"]
    assert [text[-3:] for text in service.texts("kari")] == ["(4)"]


def test_page_of_two_hours_ago_is_given_up_and_the_admins_hear_of_it(paged: House) -> None:
    paged.change_rules(pagers={PAGER: gone()})
    pass_minutes(paged, 54 + 30 + 120)
    *dropped, (state, attempts, error) = to_pager(paged)
    assert [state for state, *_ in dropped] == ["dropped"] * 3
    assert (state, attempts) == ("failed", 6)
    assert error is not None
    assert "127.0.0.1" in error
    (alert,) = paged.to(ADMIN)
    assert f"Mail to {PAGER} was not delivered" in " ".join(alert.text.split())


@pytest.mark.parametrize(
    ("word", "reason"), [("#ack", "somebody has acknowledged"), ("#solve", "the case is solved")]
)
def test_page_that_waited_is_dropped_once_nobody_is_needed_any_more(
    paged: House, service: PagerService, word: str, reason: str
) -> None:
    service.status = 503
    after(paged, minutes=54)
    service.status = 200
    paged.post(paged.clients[KARI].answer(word, last_page(paged)))
    after(paged, minutes=5)
    assert to_pager(paged) == [("dropped", 1, reason)]
    assert service.pages == []


def test_page_that_was_never_sent_does_not_ring_hours_later(
    paged: House, service: PagerService
) -> None:
    paged.clock.at += AT
    beat(paged.desk)  # and the machine stands still
    paged.clock.pass_time(hours=3)
    paged.work()
    assert service.pages == []
    assert to_pager(paged) == [("failed", 1, "too late to be of use")]


# --- alerts ---------------------------------------------------------------------------------------


def test_alerts_go_to_apprise_too(paged: House, service: PagerService) -> None:
    paged.change_rules(pagers={**paged.desk.rules.pagers, ALERTS: service.of("admins")})
    send_alert(paged.desk, Alert("disk", "The disk is full", "none of 20 GB is left"))
    paged.work()
    ((name, title, text),) = service.pages
    assert name == "admins"
    assert text.startswith("The disk is full none of 20 GB is left")
    assert len(title) + len(text) <= 140
    assert len(paged.to(ADMIN)) == 1


def test_alert_that_apprise_does_not_take_brings_no_further_alert(paged: House) -> None:
    paged.change_rules(pagers={**paged.desk.rules.pagers, ALERTS: gone()})
    send_alert(paged.desk, Alert("disk", "The disk is full"))
    pass_minutes(paged, 3 * 60)
    assert len(paged.to(ADMIN)) == 1
