"""An agent's word on his held mail: what the desk loads, and when, and what it says without it."""

import pytest
from sqlalchemy import delete, select
from stories.house import BO, KARI, SUPPORT, House
from stories.people import Client, bare, thunderbird

from maildesk.desk.gathering import find_hold, with_what_it_asks
from maildesk.desk.waves import Work
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, find_tokens
from maildesk.mail.parse import parse_mail
from maildesk.store.claims import Receipt
from maildesk.store.tables import holds, receipt_raws


@pytest.fixture
def ada(house: House) -> Client:
    return house.client("Ada Berg", "ada@example.org")


@pytest.fixture
def kari(house: House) -> Client:
    return house.client("Kari Nordmann", KARI, style=thunderbird)


@pytest.fixture
def bo(house: House) -> Client:
    return house.client("Bo Li", BO, style=bare)


@pytest.fixture
def question(house: House, ada: Client, kari: Client, bo: Client):
    """What Kari is asked about a mail of hers that nothing proves."""
    house.post(ada.write(SUPPORT))
    mail = kari.write(SUPPORT, "Re: Printer [#1]", "I come at noon.", files={"plan.png": b"map"})
    house.post(mail)
    asked = kari.last
    assert asked.mail["Reply-To"] is not None
    assert purposes(asked.reply_to) == [Purpose.CONFIRMATION]
    return asked


def purposes(text: str) -> list[Purpose]:
    return [token.purpose for token in find_tokens(text)]


def states(house: House) -> list[str]:
    with house.desk.database.read() as session:
        return list(session.scalars(select(holds.c.state).order_by(holds.c.receipt)))


def test_word_sends_the_held_mail_with_its_files(house, ada, kari, question):
    sent = house.post(kari.answer("send", question, files={"plan.png": b"another"}))
    (reply,) = house.to(ada, sent)
    assert "I come at noon." in reply.text
    files = [part.get_payload(decode=True) for part in reply.mail.iter_attachments()]
    assert files == [b"map"]
    assert states(house) == ["send"]


def test_word_counts_from_the_other_address_of_the_agent(house, ada, kari, question):
    at_home = house.client("Kari", "kn@example.net", style=bare)
    assert house.to(ada, house.post(at_home.answer("send", question)))


def test_two_words_in_one_batch_are_one(house, ada, kari, question):
    house.hand_in(kari.answer("send", question))
    house.hand_in(kari.answer("send, please", question))
    house.hand_in(kari.answer("drop", question))
    assert len(house.to(ada, house.work())) == 1
    assert states(house) == ["send"]


def test_word_that_somebody_else_gives_does_nothing(house, ada, bo, question):
    eve = house.client("Eve", "eve@example.net")
    for other in (bo, eve):
        assert not house.to(ada, house.post(other.answer("send", question)))
    assert states(house)[0] == "open"


def test_word_of_a_program_does_nothing(house, ada, kari, question):
    vacation = kari.answer("send", question, fields={"Auto-Submitted": "auto-replied"})
    assert not house.to(ada, house.post(vacation))
    assert states(house) == ["open"]


def test_word_comes_too_late_after_a_day(house, ada, kari, question):
    house.clock.pass_time(hours=25)
    assert not house.to(ada, house.post(kari.answer("send", question)))
    assert states(house) == ["open"]


def test_held_mail_that_is_not_kept_any_more_is_answered_for(house, ada, kari, question):
    with house.desk.database.write() as session:
        held = session.scalar(select(holds.c.receipt))
        session.execute(delete(receipt_raws).where(receipt_raws.c.receipt == held))
    sent = house.post(kari.answer("send", question))
    assert not house.to(ada, sent)
    assert house.to(kari, sent)
    assert states(house) == ["open"]
    assert None not in house.dispositions()


def test_child_that_cannot_read_the_held_mail_costs_the_answer_nothing(house, kari, question):
    mail = parse_mail(kari.answer("send", question).as_bytes())
    envelope = Envelope(Source.SMTP, KARI, (question.reply_to,))
    work = Work(Receipt(9, b"", envelope, house.clock(), 1), mail)

    def parse(raw: bytes):
        raise RuntimeError("out of memory")

    rules, database = house.desk.rules, house.desk.database
    assert with_what_it_asks(database, work, rules, parse).kept is None
    kept = with_what_it_asks(database, work, rules, parse_mail).kept
    assert kept.mail.text.startswith("I come at noon.")
    with database.read() as session:
        assert find_hold(session, work, rules).receipt == kept.stored.receipt


def test_merged_case_still_knows_whom_it_asked(house, ada, kari, question):
    house.post(ada.write(SUPPORT, "Another printer", "It burns."))
    with house.desk.database.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE ticket SET merged_into = 2, status = 'merged' WHERE number = 1"
        )
    house.post(kari.answer("drop", question))
    assert states(house) == ["drop"]


def test_note_of_many_words_is_sent_after_all(house, ada, kari, bo):
    house.post(ada.write(SUPPORT))
    house.post(bo.answer("#note He shouts.", about(bo)))
    words = "The drum of your printer has worn out; we bring another one at noon."
    house.post(kari.answer(words, about(kari)))
    receipt = kari.last
    assert purposes(receipt.reply_to) == [Purpose.CONFIRMATION]
    (reply,) = house.to(ada, house.post(kari.answer("send", receipt)))
    assert words in reply.text


def test_note_does_not_take_another_one_along(house, ada, kari, bo):
    house.post(ada.write(SUPPORT))
    secret = "His manager says that he is on leave until the first of May."
    house.post(kari.answer(f"#note {secret}", about(kari)))
    house.post(bo.answer("#note He shouts.", about(bo)))
    house.post(kari.answer(f"Please wait.\n{secret}", about(kari)))
    assert not house.to(ada, house.post(kari.answer("send", kari.last)))


def about(client: Client):
    """The newest mail about the case."""
    return next(letter for letter in client.inbox[::-1] if "[#1]" in letter["Subject"])
