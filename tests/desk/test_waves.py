"""Which receipts stand in one wave."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from maildesk.desk.waves import WAVE, KeptMail, Work, keys_of, waves
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import ReplyAddresses
from maildesk.mail.parse import parse_mail
from maildesk.model.facts import Asked, Trust
from maildesk.policy.rules import Queue, Rules, Team
from maildesk.store.claims import Receipt
from maildesk.store.stored_mails import StoredMail

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


# --- commands -----------------------------------------------------------------------------------


def asking(number: int, sender: str, **asked: object) -> Work:
    return replace(work(number, sender), asked=Asked(**asked))


def about(ticket: int) -> str:
    return f"Subject: Printer [#{ticket}]\r\n"


def test_mails_on_one_case_wait_for_each_other():
    mails = [work(1, "kari@desk.example", about(7)), work(2, "bo@desk.example", about(7))]
    assert numbers(mails) == [[1], [2]]


def test_mail_that_names_a_case_in_a_command_waits_for_what_is_said_there():
    merge = asking(2, "kari@desk.example", tickets=(7,))
    assert numbers([work(1, "ada@x.example", about(7)), merge]) == [[1], [2]]
    assert numbers([merge, work(3, "ada@x.example", about(7))]) == [[2], [3]]
    assert numbers([work(1, "ada@x.example", about(8)), merge]) == [[1, 2]]


@pytest.mark.parametrize(
    "asked", [{"words": "printer"}, {"agent": "kari"}, {"teams": ("a",)}, {"is_own": True}]
)
def test_list_of_cases_shows_all_that_came_before(asked):
    mails = [work(1, "ada@x.example"), asking(2, "kari@desk.example", **asked)]
    assert numbers([*mails, work(3, "bo@x.example")]) == [[1], [2, 3]]


def test_files_of_its_own_case_are_no_reason_to_wait():
    mails = [work(1, "ada@x.example"), asking(2, "kari@desk.example", has_files=True)]
    assert numbers(mails) == [[1, 2]]


def deciding(number: int, sender: str, *, receipt: int, ticket: int) -> Work:
    held = work(receipt, "kari@desk.example", "In-Reply-To: <note@x.example>\r\n")
    stored = StoredMail(receipt, ticket, b"", Envelope(Source.PIPE), Trust())
    return replace(work(number, sender), kept=KeptMail(stored, held.mail))


def test_answer_to_a_question_waits_for_the_case_of_the_held_mail():
    answer = deciding(2, "kn@x.example", receipt=50, ticket=7)
    assert numbers([work(1, "ada@x.example", about(7)), answer]) == [[1], [2]]


def test_answer_to_a_question_waits_for_what_the_held_mail_answers():
    answer = deciding(2, "kn@x.example", receipt=50, ticket=7)
    other = work(1, "ada@x.example", "In-Reply-To: <note@x.example>\r\n")
    assert numbers([other, answer]) == [[1], [2]]


def test_two_words_on_one_held_mail_are_not_heard_at_once():
    words = [deciding(n, f"k{n}@x.example", receipt=50, ticket=6 + n) for n in (1, 2)]
    assert numbers(words) == [[1], [2]]
