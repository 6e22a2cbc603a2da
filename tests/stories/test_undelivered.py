"""Mails of ours that the next server refuses, does not take in time, or takes while our own
database is locked: sent once, told to those who can do something about it, and not without end."""

import sqlite3
from collections.abc import Callable

import pytest
from stories.house import ADMIN, BO, KARI, SUPPORT, House
from stories.people import Letter, read

from maildesk.desk.delivery import Sender
from maildesk.desk.intake import Worker
from maildesk.desk.jobs import warn_of_late_mail
from maildesk.errors import Unavailable
from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope
from maildesk.store import engine, outbox

REFUSED = DeliveryResult(DeliveryState.FAILED, "mx.example:25: 550 5.1.1 No such mailbox")
GREYLISTED = DeliveryResult(DeliveryState.DEFERRED, "mx.example:25: 450 4.7.1 Greylisted")
AWAY = DeliveryResult(DeliveryState.DEFERRED, "mx.example:25: Connection refused")


class NextServer:
    """Takes mail; to some recipients it says something else."""

    def __init__(self, **replies: DeliveryResult) -> None:
        self.replies = {name.replace("_at_", "@"): reply for name, reply in replies.items()}
        self.taken: list[str] = []
        self.on_mail: Callable[[], None] = lambda: None

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        del raw
        self.on_mail()
        (recipient,) = envelope.recipients
        reply = self.replies.get(recipient, self.replies.get("everybody"))
        if reply is None:
            self.taken.append(recipient)
        return reply or DeliveryResult(DeliveryState.SENT, "250 Ok")


def answer_everything(house: House) -> None:
    """Work off what was handed in, but send nothing yet."""
    worker = Worker(house.desk)
    while worker.work():
        pass


def run_out(house: House, server: NextServer) -> None:
    sender = Sender(house.desk, server)
    while sender.deliver_due():
        pass
    sender.close()


def outgoing(house: House) -> list[tuple[str, str, str]]:
    with house.desk.database.read() as session:
        return [
            (line["notice"], line["to"], line["state"]) for line in outbox.list_outgoing(session)
        ]


def deliveries(house: House) -> list[tuple[str, str]]:
    events = house.ticket()["events"]
    return [(event["new"], event["cause"]) for event in events if event["kind"] == "delivery"]


# --- refused, given up, late --------------------------------------------------------------------


def test_refused_mail_to_the_requester_is_noted_and_the_agents_are_told(house, ada):
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    server = NextServer(**{ada.address: REFUSED})
    run_out(house, server)
    assert deliveries(house) == [(f"failed {ada.address}", REFUSED.text)]
    assert outgoing(house) == [
        ("received", ada.address, "failed"),
        ("queue_new", KARI, "sent"),
        ("queue_new", BO, "sent"),
        ("bounced", KARI, "sent"),
        ("bounced", BO, "sent"),
    ]
    raw = raw_of(house, 4)
    assert f"Not delivered to {ada.address}" in raw
    assert "there is no such address" in raw


def raw_of(house: House, letter: int) -> str:
    with house.desk.database.read() as session:
        return Letter(read(outbox.raw_of(session, letter)), "", "").text


def test_mail_that_is_given_up_after_five_days_is_told_like_a_refused_one(house, ada):
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    server = NextServer(**{ada.address: AWAY})
    run_out(house, server)
    house.clock.pass_time(days=4, hours=23, minutes=59)
    run_out(house, server)
    assert deliveries(house) == [(f"failed {ada.address}", AWAY.text)]
    assert ("bounced", KARI, "sent") in outgoing(house)


def test_refused_mails_to_agents_are_told_to_the_admins_once(house, ada):
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    run_out(house, NextServer(**{KARI: REFUSED, BO: REFUSED}))
    assert {new for new, _ in deliveries(house)} == {f"failed {KARI}", f"failed {BO}"}
    assert [to for notice, to, _ in outgoing(house) if notice == "health"] == [ADMIN]
    assert "bounced" not in {notice for notice, _, _ in outgoing(house)}


def test_refused_alert_is_told_to_nobody(house, ada):
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    run_out(house, NextServer(everybody=REFUSED))
    house.clock.pass_time(hours=2)
    run_out(house, NextServer(everybody=REFUSED))
    assert [to for notice, to, _ in outgoing(house) if notice == "health"] == [ADMIN]


def test_server_that_is_away_for_days_makes_few_alerts(house):
    for number in range(5):
        client = house.client("Ada", f"ada{number}@example.org")
        house.hand_in(client.write(SUPPORT))
    answer_everything(house)
    server = NextServer(everybody=AWAY)
    for _ in range(3 * 24):
        run_out(house, server)
        warn_of_late_mail(house.desk)
        house.clock.pass_time(hours=1)
    alerts = [to for notice, to, _ in outgoing(house) if notice == "health"]
    assert alerts == [ADMIN]
    assert len(outgoing(house)) == 16
    assert "15 mails wait for the next server, since 2026-11-23 09:00 UTC" in raw_of(house, 16)
    assert ("delayed ada0@example.org", AWAY.text) in deliveries(house)


def test_mail_that_its_own_server_delays_is_told_to_the_agents(house, ada):
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    server = NextServer(**{ada.address: GREYLISTED})
    for _ in range(6):
        run_out(house, server)
        warn_of_late_mail(house.desk)
        house.clock.pass_time(hours=1)
    assert deliveries(house) == [(f"delayed {ada.address}", GREYLISTED.text)]
    told = [to for notice, to, _ in outgoing(house) if notice == "bounced"]
    assert told == [KARI, BO]


# --- a database that does not let us ------------------------------------------------------------


class Lock:
    """Another process that holds the database."""

    def __init__(self, house: House) -> None:
        path = str(house.desk.database.path)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def take(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        self._connection.close()


def test_locked_database_sends_no_mail_twice_and_none_meanwhile(house, ada, monkeypatch):
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0.05)
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    server, lock = NextServer(), Lock(house)
    sender = Sender(house.desk, server)
    server.on_mail = lock.take
    with pytest.raises(Unavailable):
        sender.deliver_due()
    sent = list(server.taken)
    with pytest.raises(Unavailable):
        sender.deliver_due()
    assert server.taken == sent
    lock.close()
    server.on_mail = lambda: None
    while sender.deliver_due():
        pass
    sender.close()
    assert sorted(server.taken) == sorted([ada.address, KARI, BO])
    assert {state for _, _, state in outgoing(house)} == {"sent"}


def test_letters_that_were_not_tried_are_handed_back(house, ada):
    house.hand_in(ada.write(SUPPORT))
    answer_everything(house)
    server = NextServer()
    sender = Sender(house.desk, server)
    server.on_mail = sender.stop_soon
    assert sender.deliver_due() == 1
    sender.close()
    assert [state for _, _, state in outgoing(house)] == ["sent", "queued", "queued"]
