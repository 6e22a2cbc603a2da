"""Who is no party to a case neither gets into it nor learns of it; nobody is mailed twice."""

import pytest
from stories.house import ADMIN, BILLING, BO, KARI, SUPPORT

from maildesk.mail.identifiers import Purpose, read_address
from maildesk.mail.message import Address
from maildesk.model.changes import RememberContact
from maildesk.policy.rules import Acknowledge
from maildesk.store import contacts


@pytest.fixture
def case(house, ada, kari, bo):
    """Ada's case, which Kari has answered."""
    house.post(ada.write(SUPPORT))
    house.post(kari.answer("Please fill tray 2."))
    return house


def last_message(house, number=1):
    return house.ticket(number)["messages"][-1]


# --- colleagues in Cc ---------------------------------------------------------------------------


def test_a_colleague_in_cc_who_answers_all_opens_no_second_case_and_is_held(
    house, ada, carl, kari, bo
):
    house.post(ada.write(SUPPORT, cc=[carl.address]))
    sent = house.post(carl.answer("It is out of violet ink.", to_all=True))
    assert [letter.recipient for letter in sent] == [KARI, BO]
    assert {letter["Subject"] for letter in sent} == {"Re: Printer is dead [#1]"}
    assert sent[0].text.startswith("Your reply stays internal.")
    assert "violet ink" in sent[0].text
    assert read_address(house.desk.rules.reply, sent[0].reply_to).purpose is Purpose.INTERNAL
    assert (len(house.tickets()), last_message(house)["visibility"]) == (1, "held")
    assert house.dispositions()[-1] == "held"


def test_what_a_colleague_wrote_is_not_relayed_by_the_next_reply(house, ada, carl, kari, bo):
    house.post(ada.write(SUPPORT, cc=[carl.address]))
    told = kari.last
    house.post(carl.answer("It is out of violet ink.", to_all=True))
    sent = house.post(kari.answer("Please fill tray 2.", told))
    assert [letter.recipient for letter in sent] == [ada.address]
    assert "violet" not in str(sent[0])


# --- stolen and guessed -------------------------------------------------------------------------


def test_a_stranger_with_a_stolen_reply_address_is_held(case, ada, eve):
    sent = case.post(eve.answer("Send it to me.", ada.last))
    assert [letter.recipient for letter in sent] == [KARI]
    assert "eve@example.net has a reply address of this case" in sent[0].text
    assert last_message(case)["visibility"] == "held"
    assert case.ticket()["participants"] == []


def test_a_proved_stranger_hears_only_that_a_colleague_looks_first(case, ada, eve):
    """He was proved once; so far that is all a level can be made of."""
    remember(case, eve)
    sent = case.post(eve.answer("Send it to me.", ada.last))
    (told,) = case.to(eve, sent)
    assert "We don’t know this address for this case" in told.text
    assert told.reply_to == SUPPORT
    assert "PC LOAD LETTER" not in str(told)
    assert "Ada" not in str(told)


def remember(house, client):
    """The desk has once had a proved mail from somebody."""
    with house.desk.database.write() as session:
        address = Address(client.name, client.address)
        contacts.remember(session.connection(), RememberContact(address, True))


@pytest.mark.parametrize("subject", ["Re: Printer is dead [#1]", "[#1]", "AW: [#1] hello"])
def test_a_stranger_who_guesses_the_tag_gets_a_case_of_his_own(case, eve, subject):
    sent = case.post(eve.write(SUPPORT, subject, "What is in it?"))
    assert [ticket["requester"] for ticket in case.tickets()] == ["ada@example.org", eve.address]
    (answer,) = case.to(eve, sent)
    assert "[#2]" in answer["Subject"]
    assert "#1" not in answer.text.replace("[#1]", "")
    for letter in case.to(KARI, sent):
        assert "This may belong to #1." in letter.text


def test_a_stranger_who_saw_our_message_id_gets_a_case_of_his_own(case, ada, eve):
    fields = {"In-Reply-To": ada.last["Message-ID"], "References": ada.last["Message-ID"]}
    case.post(eve.write(SUPPORT, "Re: Printer is dead", "What is in it?", fields=fields))
    assert len(case.tickets()) == 2
    assert len(case.ticket(1)["messages"]) == 2


def test_a_stranger_who_guesses_an_id_gets_a_case_of_his_own(case, eve):
    for guess in ("<1.ada.example.org@example.org>", "<t1.q4oo7kqtin2qf.mlcowp7@example.com>"):
        case.post(eve.write(SUPPORT, "Re: Printer is dead", "Hm?", fields={"In-Reply-To": guess}))
    assert len(case.tickets()) == 3
    assert len(case.ticket(1)["messages"]) == 2


def test_a_stranger_who_quotes_our_reference_gets_a_case_of_his_own(case, ada, eve):
    reference = ada.last.text.rpartition("Reference: ")[2]
    case.post(eve.write(SUPPORT, "Hello", f"What is in it?\n\nReference: {reference}"))
    assert len(case.tickets()) == 2


@pytest.mark.parametrize("harm", ["case", "cut", "other case", "other party", "other purpose"])
def test_a_changed_reply_address_proves_nothing(case, ada, eve, harm):
    case.post(eve.write(SUPPORT, "Mine"))
    good = ada.last.reply_to
    bad = {
        "case": good.upper(),
        "cut": good.replace("@", "")[:-12] + "@example.com",
        "other case": good.replace("+t1.", "+t2."),
        "other party": good.replace("+t1.1.", "+t1.2."),
        "other purpose": good.replace(".p", ".a", 1),
    }[harm]
    before = len(case.ticket(1)["messages"])
    case.post(eve.write(bad, "Give me that", "Hm?"), to=[bad])
    if harm == "case":  # letters have no case there: stolen all the same
        assert last_message(case, 1)["visibility"] == "held"
    else:
        assert len(case.ticket(1)["messages"]) == before
        assert len(case.tickets()) == 3


# --- one mail, one case -------------------------------------------------------------------------


def test_a_mail_to_two_of_our_addresses_is_one_case(house, ada, kari, bo):
    sent = house.post(ada.write([BILLING, SUPPORT]))
    assert [letter.recipient for letter in sent] == [ada.address, BO]
    assert [ticket["queue"] for ticket in house.tickets()] == ["finance"]


def test_a_mail_that_comes_once_for_each_of_our_addresses_is_one_case(house, ada, kari, bo):
    mail = ada.write([SUPPORT, BILLING])
    house.post(mail, to=[SUPPORT])
    assert house.post(mail, to=[BILLING]) == []
    assert house.dispositions() == ["new-ticket", "duplicate"]
    assert len(house.tickets()) == 1


def test_both_copies_at_once_are_one_case(house, ada):
    mail = ada.write([SUPPORT, BILLING])
    house.hand_in(mail, to=[SUPPORT])
    house.hand_in(b"Received: by mx\r\n" + mail.as_bytes(), to=[BILLING], sender=ada.address)
    assert len(house.to(ada, house.work())) == 1
    assert house.dispositions() == ["new-ticket", "duplicate"]


# --- the governor -------------------------------------------------------------------------------


def test_a_hundred_mails_in_a_row_are_all_there_and_twenty_are_answered(house, eve):
    house.change_rules(agents=house.desk.rules.agents[:1])
    for number in range(100):
        fields = {"Precedence": "bulk"} if number % 10 == 0 else None
        house.hand_in(eve.write(SUPPORT, f"Disk {number} is full", fields=fields))
    sent = house.work()
    assert len(house.tickets()) == 100
    assert len(house.to(eve, sent)) == 20
    assert len(house.to(KARI, sent)) == 60  # the others are told in one mail: test_storm
    alerts = [letter["Subject"] for letter in house.to(ADMIN, sent)]
    assert sum("Automatic answers stopped" in subject for subject in alerts) == 1
    house.clock.pass_time(hours=1)
    assert len(house.to(eve, house.post(eve.write(SUPPORT, "One more")))) == 1


def test_a_reply_to_is_no_way_round_the_governor(house):
    """A mail bomb: each in another name of a domain, all answers to one victim there."""
    for number in range(30):
        sender = house.client("", f"p{number}@example.org")
        fields = {"Reply-To": "victim@example.org"}
        house.hand_in(sender.write(SUPPORT, f"Hello {number}", fields=fields))
    assert len(house.to("victim@example.org", house.work())) == 20


def test_an_unproved_sender_is_told_once_an_hour_and_nothing_of_his_mail(house, ada):
    house.change_rules(acknowledge=Acknowledge("generic", 100))
    ada.name = "Pills from pills.example"
    first, *others = [house.post(ada.write(SUPPORT, f"Buy {n} pills", "Cheap!")) for n in range(3)]
    (answer,) = house.to(ada, first)
    assert answer["Subject"] == "Your request [#1]"
    assert "pills" not in str(answer)
    assert "pills" not in answer.html
    assert "Cheap" not in str(answer)
    assert not [letter for sent in others for letter in house.to(ada, sent)]
