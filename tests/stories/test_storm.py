"""A storm of mails: an agent gets sixty an hour, and the rest in one."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from stories.house import ADMIN, BO, KARI, SUPPORT, House
from stories.people import Client, Letter, bare

from maildesk.desk import bundles
from maildesk.desk.holds import fire_due
from maildesk.desk.jobs import JOBS
from maildesk.errors import NotFound
from maildesk.mail.envelope import DeliveryResult, DeliveryState
from maildesk.mail.template_sources import Sources
from maildesk.policy.due.bundling import PER_HOUR
from maildesk.process import process_once
from maildesk.store.apply import Stale
from maildesk.store.letters import Letter as StoredLetter
from maildesk.store.outbox import list_outgoing, put
from maildesk.store.tables import bundles as waiting
from maildesk.store.tables import outgoing, tickets


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=bare)


@pytest.fixture
def storm(house: House, kari: Client):
    """Have so many people write to the desk, all at once."""

    def rage(mails: int, first: int = 1) -> list[Letter]:
        for number in range(first, first + mails):
            person = house.client(f"Person {number}", f"p{number}@example.org")
            house.hand_in(person.write(SUPPORT, f"Nothing works ({number})"))
        return house.work()

    return rage


@pytest.fixture
def full(house: House) -> None:
    """Both agents got as many mails within the hour as they get one by one."""
    fill(house)


def fill(house: House) -> None:
    letters = [
        StoredLetter(
            kind="queue_new",
            ticket=None,
            cause=f"{house.clock()} {number}",
            recipient=agent,
            recipient_key=agent,
            reverse_path="",
            message_id=f"{number}.{house.clock():%d%H%M}.{agent}",
            raw=b"",
            audience="agent",
        )
        for number in range(PER_HOUR)
        for agent in (KARI, BO)
    ]
    with house.desk.database.write() as session:
        put(session, letters, house.clock())
        session.execute(update(outgoing).values(state="sent"))


def after(house: House, **time: float) -> list[Letter]:
    """What is sent when so much time has passed."""
    house.clock.pass_time(**time)
    bundles.send_due(house.desk)
    return house.work()


def rows(house: House) -> int:
    with house.desk.database.read() as session:
        return session.scalar(select(func.count()).select_from(waiting)) or 0


def listed(letter: Letter) -> list[int]:
    """The cases that a bundle lists, in its order."""
    lines = (line for line in letter.text.splitlines() if line.startswith("- #"))
    return [int(line.split()[1].removeprefix("#")) for line in lines]


def test_sixty_letters_and_one_that_lists_the_other_forty(house, kari, storm):
    house.change_rules(agents=house.desk.rules.agents[:1])
    sent = storm(100)
    assert len(house.to(kari, sent)) == PER_HOUR
    assert len([letter for letter in sent if letter.recipient.startswith("p")]) == 100
    assert after(house, minutes=14) == []
    (bundle,) = after(house, minutes=1)
    assert bundle.recipient == KARI
    assert bundle["Subject"] == "40 mails on 40 cases, in one"
    notified = {int(letter["Subject"].partition("[#")[2].rstrip("]")) for letter in kari.inbox[:60]}
    assert notified | set(listed(bundle)) == set(range(1, 101))
    assert len(listed(bundle)) == 40
    assert "Nothing works (99) (P3 new, Person 99): new, Mon, 23 Nov 2026" in bundle.text
    assert rows(house) == 0
    assert after(house, minutes=30) == []


def test_hour_passes_and_mails_come_singly_again(house, kari, full, storm):
    house.clock.pass_time(minutes=59, seconds=59)
    assert house.to(kari, storm(1)) == []
    house.clock.pass_time(seconds=1)
    (letter,) = house.to(kari, storm(1, first=2))
    assert letter["Subject"].endswith("[#2]")


def test_admins_are_told_once_a_day_of_each_agent(house, full, storm):
    sent = house.to(ADMIN, storm(3))
    for agent in ("kari", "bo"):
        said = f"{agent} gets more than 60 mails an hour; they are bundled"
        assert len([letter for letter in sent if said in letter.text]) == 1
    assert len(sent) == 2
    house.clock.pass_time(hours=23, minutes=59)
    fill(house)
    assert house.to(ADMIN, storm(1, first=4)) == []
    house.clock.pass_time(minutes=1)
    assert len(house.to(ADMIN, storm(1, first=5))) == 2


def test_link_of_a_line_shows_its_case(house, kari, full, storm):
    storm(2)
    (bundle,) = house.to(kari, after(house, minutes=15))
    number = listed(bundle)[-1]
    (case,) = house.to(kari, house.post(kari.answer(f"#show {number}", bundle)))
    assert case["Subject"].endswith(f"[#{number}]")
    href = bundle.html.partition(f">#{number}</a>")[0].rpartition('href="')[2].rstrip('"')
    address = href.removeprefix("mailto:").partition("?")[0].replace("%2B", "+")
    mail = kari.write(address, f"Re: [#{number}]", f"#show {number}")
    (case,) = house.to(kari, house.post(mail))
    assert case["Subject"].endswith(f"[#{number}]")


def test_words_in_answer_to_a_bundle_reach_no_requester(house, kari, full, storm):
    storm(2)
    (bundle,) = house.to(kari, after(house, minutes=15))
    sent = house.post(kari.answer("What a storm.", bundle))
    assert not [letter for letter in sent if letter.recipient.startswith("p")]


def test_most_urgent_come_first(house, kari, full, storm):
    storm(3)
    with house.desk.database.write() as session:
        session.execute(update(tickets).where(tickets.c.number == 3).values(priority="P1"))
    (bundle,) = house.to(kari, after(house, minutes=15))
    assert listed(bundle) == [3, 1, 2]
    assert "begin with #3" in bundle.text


def test_all_that_came_for_a_case_is_one_line(house, kari, full, storm):
    storm(1)
    person = house.clients["p1@example.org"]
    house.post(person.answer("And now the screen is black."))
    house.post(person.answer("It smells."))
    (bundle,) = house.to(kari, after(house, minutes=15))
    assert bundle["Subject"] == "3 mails on 1 case, in one"
    assert "new, replied 2 times" in bundle.text


def test_what_an_agent_asked_for_comes_at_once(house, kari, storm):
    storm(1)
    fill(house)
    (case,) = house.to(kari, house.post(kari.answer("#show 1")))
    assert case["Subject"].endswith("[#1]")
    sent = house.post(kari.write(SUPPORT, "Re: Nothing works [#1]", "I come at noon."))
    assert [letter.recipient for letter in sent] == [KARI], "he is asked about a mail of his"


def test_what_comes_while_the_bundle_is_written_waits_for_the_next(house, kari, full, storm):
    storm(1)
    house.clock.pass_time(minutes=15)
    agent = house.desk.rules.agent("kari")
    told = bundles.read_waiting(house.desk, agent)
    storm(1, first=2)
    bundles.write(house.desk, agent, told)
    (bundle,) = house.to(kari, house.work())
    assert listed(bundle) == [1]
    assert house.to(kari, after(house, minutes=14)) == []
    (bundle,) = house.to(kari, after(house, minutes=1))
    assert listed(bundle) == [2]


def test_bundle_that_another_has_sent_is_not_sent_again(house, kari, full, storm):
    storm(5)
    house.clock.pass_time(minutes=15)
    agent = house.desk.rules.agent("kari")
    told = bundles.read_waiting(house.desk, agent)
    assert len(house.to(kari, after(house))) == 1
    with pytest.raises(Stale):
        bundles.write(house.desk, agent, told)
    assert house.to(kari, house.work()) == []


def test_failure_leaves_all_waiting_and_the_next_minute_tells_it(house, kari, full, storm):
    """As a kill does: the mail and the end of the waiting are one transaction."""
    storm(5)
    sources, house.desk.sources = house.desk.sources, Sources({})
    house.clock.pass_time(minutes=15)
    with pytest.raises(NotFound):
        bundles.send(house.desk, "kari")
    assert rows(house) == 10
    house.desk.sources = sources
    (bundle,) = house.to(kari, after(house, minutes=1))
    assert len(listed(bundle)) == 5


def test_nothing_waits_for_who_is_no_agent_any_more(house, full, storm):
    storm(1)
    house.change_rules(agents=house.desk.rules.agents[1:])
    assert [letter.recipient for letter in after(house, minutes=15)] == [BO]
    assert rows(house) == 0


def test_refused_mails_are_told_in_one_as_well(house, kari, full, storm):
    """Where the next server refuses all that we send, agents hear of each."""
    submit = house._submit

    def refuse(raw, envelope):
        if envelope.recipients[0].startswith("p"):
            return DeliveryResult(DeliveryState.FAILED, "550 5.1.1 no such user")
        return submit(raw, envelope)

    house._submit = refuse
    assert house.to(kari, storm(3)) == []
    (bundle,) = house.to(kari, after(house, minutes=15))
    assert bundle["Subject"] == "6 mails on 3 cases, in one"
    assert bundle.text.count("new, our mail came back") == 3


def test_what_time_brings_is_counted_too(house, kari, full, storm):
    storm(1)
    until = house.clock() + timedelta(minutes=1)
    with house.desk.database.write() as session:
        first = tickets.c.number == 1
        session.execute(update(tickets).where(first).values(status="scheduled", wake_at=until))
    house.clock.pass_time(minutes=1)
    fire_due(house.desk)
    assert house.to(kari, house.work()) == []
    (bundle,) = house.to(kari, after(house, minutes=15))
    assert "new, given to you or your team" in bundle.text


def test_one_round_of_process_sends_what_is_due(house, full, storm):
    storm(1)
    house.clock.pass_time(minutes=15)
    process_once(house.desk)
    with house.desk.database.read() as session:
        newest = list_outgoing(session, limit=2)
    assert [(line["notice"], line["state"]) for line in newest] == [("bundle", "sent")] * 2
    assert rows(house) == 0


def test_daemon_looks_every_minute():
    (job,) = [job for job in JOBS if job.name == "send_bundles"]
    assert job.every == timedelta(minutes=1)
