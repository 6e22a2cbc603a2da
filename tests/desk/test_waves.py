"""Which receipts stand in one wave."""

from collections.abc import Iterable
from datetime import UTC, datetime

from maildesk.desk.waves import WAVE, Work, keys_of, waves
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import ReplyAddresses
from maildesk.mail.parse import parse_mail
from maildesk.policy.rules import Queue, Rules, Team
from maildesk.store.journal import Receipt

RULES = Rules(
    domain="desk.example",
    queues=(Queue("helpdesk", ("support@desk.example",), "team", "Help", is_default=True),),
    agents=(),
    teams=(Team("team"),),
    reply=ReplyAddresses("desk.example", "+", (b"k" * 32,)),
)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def work(number: int, sender: str, more: str = "") -> Work:
    raw = f"From: {sender}\r\nMessage-ID: <{number}@x.example>\r\n{more}\r\n{number}\r\n".encode()
    return Work(Receipt(number, raw, Envelope(Source.PIPE), NOON, 1), parse_mail(raw))


def numbers(works: Iterable[Work]) -> list[list[int]]:
    found = waves((item, keys_of(item, RULES)) for item in works)
    return [[item.receipt.id for item in wave] for wave in found]


def test_strangers_to_each_other_share_a_wave():
    assert numbers(work(n, f"p{n}@x.example") for n in range(3)) == [[0, 1, 2]]


def test_second_mail_of_a_sender_waits_for_the_first():
    senders = ("ada@x.example", "bo@x.example", "ADA@x.example", "cy@x.example")
    assert numbers(work(n, sender) for n, sender in enumerate(senders)) == [[0, 1], [2, 3]]


def test_answer_waits_for_what_it_answers():
    answer = work(2, "bo@x.example", "In-Reply-To: <1@x.example>\r\n")
    assert numbers([work(1, "ada@x.example"), answer]) == [[1], [2]]


def test_wave_is_not_longer_than_others_wait():
    found = numbers(work(n, f"p{n}@x.example") for n in range(WAVE + 1))
    assert [len(wave) for wave in found] == [WAVE, 1]
