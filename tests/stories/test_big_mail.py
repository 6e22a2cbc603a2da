"""Of a mail over the size limit its head becomes a ticket; agents see that it is not all."""

import pytest
from stories.house import KARI, SUPPORT

from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.limits import HEAD_BYTES


def hand_in(house, raw, source):
    head = raw[:HEAD_BYTES]
    answer = house.receive(head, Envelope(source, "ada@example.org", full_size=len(raw)))
    assert answer.is_accepted
    house.work()
    return house.to(KARI)[-1]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source.PIPE, "the rest was not kept"),
        (Source.IMAP, "the whole mail is still in the mailbox"),
    ],
)
def test_agents_see_that_only_the_beginning_is_there(house, ada, kari, source, words):
    raw = ada.write(SUPPORT).as_bytes() + b"It is dead.\r\n" * 4_000_000
    told = hand_in(house, raw, source)
    text = " ".join(told.text.split())
    assert f"Only the beginning of this mail of 52 MB is here; {words}." in text


def test_agents_see_it_of_an_answer_too(house, ada, kari):
    house.post(ada.write(SUPPORT))
    raw = ada.answer("Here is the log.").as_bytes() + b"It is dead.\r\n" * 4_000_000
    told = hand_in(house, raw, Source.PIPE)
    assert "wrote again" in told.text
    assert "Only the beginning of this mail of 52 MB is here" in " ".join(told.text.split())
