"""Mails delivered in order to a desk in memory, an agent's word on a held one among them."""

from email.message import EmailMessage

import pytest
from stories.house import KARI, MONDAY, RULES, SUPPORT

from maildesk.desk.explain import Thread, explained, plan_for
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.identifiers import Purpose, reply_address, sign
from maildesk.mail.message import Address
from maildesk.mail.parse import parse_mail
from maildesk.model.changes import CloseHold, OpenHold, ReleaseMessage
from maildesk.model.plan import Disposition
from maildesk.policy.commands.confirmations import bound_to
from maildesk.store.engine import memory_database

ENVELOPE = Envelope(Source.IMPORT)


def mail(sender: str, to: str, subject: str, text: str) -> bytes:
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = sender, to, subject
    written["Message-ID"] = f"<{len(text)}.{subject[:2]}@{sender.rpartition('@')[2]}>"
    written.set_content(text)
    return written.as_bytes()


@pytest.fixture
def database():
    database = memory_database()
    yield database
    database.close()


@pytest.fixture
def thread(database):
    return Thread(database, RULES)


@pytest.fixture
def question(thread):
    """The address to which the answer on a held mail goes; the mail has receipt 2."""
    thread.deliver(parse_mail(mail("ada@example.org", SUPPORT, "Printer", "x")), ENVELOPE, MONDAY)
    words = parse_mail(mail(KARI, SUPPORT, "Re: Printer [#1]", "I come at noon.\n\n#solve"))
    plan = thread.deliver(words, ENVELOPE, MONDAY)
    (hold,) = [change.hold for change in plan.changes if isinstance(change, OpenHold)]
    assert plan.disposition is Disposition.HELD
    (notice,) = [notice for notice in plan.notices if notice.kind == "command_confirm"]
    party = notice.reply_to.address.partition("+t1.")[2].partition(".")[0]
    bound = bound_to(Address("", KARI), hold.receipt)
    token = sign(RULES.reply, 1, party, Purpose.CONFIRMATION, bound, MONDAY)
    address = reply_address(RULES.reply, SUPPORT, token)
    assert address == notice.reply_to.address
    return address


def test_word_on_a_held_mail_does_what_it_says(thread, question):
    answer = parse_mail(mail(KARI, question, "Re: Waiting", "run"))
    plan = thread.deliver(answer, ENVELOPE, MONDAY)
    kinds = {type(change) for change in plan.changes}
    assert {ReleaseMessage, CloseHold} <= kinds
    assert ("solved", "ada@example.org") in [(n.kind, n.to.address) for n in plan.notices]
    shown = explained("answer.eml", answer, plan, is_delivered=True)
    assert [(command["verb"], command["status"]) for command in shown["commands"]] == [
        ("solve", "run")
    ]
    again = thread.deliver(parse_mail(mail(KARI, question, "Re: Wait", "send")), ENVELOPE, MONDAY)
    assert not {ReleaseMessage, CloseHold} & {type(change) for change in again.changes}


def test_one_mail_is_explained_against_the_store(database, thread, question):
    asked = []

    def parse(raw: bytes):
        asked.append(raw)
        return parse_mail(mail(KARI, SUPPORT, "Re: Printer [#1]", "I come at noon.\n\n#solve"))

    answer = parse_mail(mail(KARI, question, "Re: Waiting", "drop"))
    plan = plan_for(database, answer, ENVELOPE, RULES, MONDAY, parse)
    assert any(isinstance(change, CloseHold) for change in plan.changes)
    assert len(asked) == 1
    plan = plan_for(
        database, parse_mail(mail(KARI, SUPPORT, "Hi", "Ho")), ENVELOPE, RULES, MONDAY, parse
    )
    assert len(asked) == 1, "an ordinary mail reads no other"
