"""From is a claim. Who writes in an agent's name reaches the requester by no trick."""

import pytest
from stories.house import BO, KARI, KARI_AT_HOME, SUPPORT
from stories.people import address_of

SECRET = "Transfer the money to this account"


@pytest.fixture
def case(house, ada, kari, bo):
    house.post(ada.write(SUPPORT))
    return house


def last_message(house, number=1):
    return house.ticket(number)["messages"][-1]


def nobody_outside_sees_it(house, letters):
    return not [
        letter
        for letter in letters
        if not house.is_agent(letter.recipient) and SECRET in f"{letter}{letter.html}"
    ]


# --- an agent's name ------------------------------------------------------------------------------


def test_an_agents_name_without_his_token_is_held_and_he_is_asked(case, ada, eve):
    mail = eve.answer(SECRET, ada.last, fields={"From": f"Kari <{KARI}>", "To": SUPPORT})
    sent = case.post(mail, sender=KARI)
    assert [letter.recipient for letter in sent] == [KARI]
    assert sent[0].text.startswith("Answer with one word: send or drop.")
    assert "Nothing proves that you wrote it." in sent[0].text
    assert SECRET in sent[0].text
    assert last_message(case)["visibility"] == "held"
    assert case.to(ada, sent) == []


def test_an_agents_name_with_her_stolen_token_is_held(case, ada, eve):
    mail = eve.answer(SECRET, ada.last, fields={"From": f"Kari <{KARI}>"})
    sent = case.post(mail, sender=KARI)
    assert [letter.recipient for letter in sent] == [KARI]
    assert last_message(case)["visibility"] == "held"


def test_an_agents_token_in_a_strangers_hands_is_held(case, kari, eve):
    sent = case.post(eve.answer(SECRET, kari.last))
    assert nobody_outside_sees_it(case, sent)
    assert last_message(case)["visibility"] == "held"


def test_her_name_with_an_agents_token_is_no_agents_reply(case, ada, kari, eve):
    """She is believed as far as From goes: her words come in, and never out."""
    sent = case.post(eve.answer(SECRET, kari.last, fields={"From": f"Ada <{ada.address}>"}))
    assert {letter.recipient for letter in sent} <= {KARI, "bo@example.com"}
    assert last_message(case)["direction"] == "in"


def test_an_agents_token_of_another_case_is_none_here(case, ada, kari, eve):
    case.post(eve.write(SUPPORT, "Another matter"))
    other = kari.last
    mail = kari.answer(SECRET, kari.inbox[0], fields={"To": other.reply_to})
    case.post(mail, to=[other.reply_to])
    assert last_message(case, 1)["direction"] == "in"
    assert last_message(case, 2)["text"] == SECRET  # he answered the other one


def test_an_agents_token_holds_for_ninety_days(case, ada, kari):
    told = kari.last
    case.clock.pass_time(days=89)
    assert case.to(ada, case.post(kari.answer("Sorry for the delay.", told)))
    case.clock.pass_time(days=2)
    sent = case.post(kari.answer("One more thing.", told))
    assert case.to(ada, sent) == []
    assert case.to(kari, sent)[0].text.count("its reply address is the proof") == 1
    assert last_message(case)["visibility"] == "held"


def test_an_agent_may_answer_from_his_second_address(case, ada, kari):
    fields = {"From": f"Kari <{KARI_AT_HOME}>"}
    sent = case.post(kari.answer("Please fill tray 2.", fields=fields))
    assert [letter.recipient for letter in sent] == [ada.address]
    assert KARI_AT_HOME not in str(sent[0])
    assert case.ticket()["assignee"] == "kari"


def test_another_agents_token_is_held(case, kari, bo):
    sent = case.post(kari.answer(SECRET, bo.last))
    assert nobody_outside_sees_it(case, sent)
    assert last_message(case)["visibility"] == "held"


def test_an_agent_who_answers_all_of_two_notices_writes_a_note(case, ada, carl, kari):
    """An internal token anywhere wins over a public one."""
    public = kari.last
    case.post(carl.write(public.reply_to, "Psst"), to=[public.reply_to])  # held
    internal = kari.last
    mail = kari.answer(SECRET, public, cc=[internal.reply_to])
    sent = case.post(mail)
    assert {letter.recipient for letter in sent} == {KARI, BO}
    assert "Stored as a note: nothing was sent" in case.to(kari, sent)[0].text
    assert last_message(case)["visibility"] == "internal"


def test_commands_in_an_agents_name_are_held_whole(case, ada, kari, eve):
    mail = eve.answer(f"#solve\n{SECRET}", ada.last, fields={"From": f"Kari <{KARI}>"})
    sent = case.post(mail, sender=KARI)
    assert [letter.recipient for letter in sent] == [KARI]
    assert (case.ticket()["status"], last_message(case)["visibility"]) == ("new", "held")


def test_an_empty_answer_is_held(case, ada, kari):
    sent = case.post(kari.answer(""))
    assert case.to(ada, sent) == []
    assert "It is empty: there is nothing to send." in case.to(kari, sent)[0].text


def test_what_an_agent_leaves_of_our_notification_does_not_reach_her(case, ada, kari):
    """A client that quotes without a sign, and an agent who deletes from the top."""
    shown = kari.last.text.partition("this line ---")[2]
    mail = kari.write(kari.last.reply_to, "Re: Printer is dead [#1]", f"Fill tray 2.\n{shown}")
    sent = case.post(mail)
    assert len(sent) == 1
    for letter in case.to(ada, sent):
        assert "nobody has taken it yet" not in letter.text
        assert "Fill tray 2." in letter.text


# --- tricks with From ---------------------------------------------------------------------------

TRICKS = {
    "name in quotes": f'"{KARI}" <eve@example.net>',
    "encoded name": "=?utf-8?q?kari=40example=2Ecom?= <eve@example.net>",
    "bare word before": f"{KARI} <eve@example.net>",
    "at sign before": "kari@example <eve@example.net>",
    "quoted local part": f'"{KARI}"@example.net',
    "quoted at in our domain": '"eve@example.net"@example.com',
    "quoted name in our domain": '"kari"@example.com',
    "cyrillic": "Kari <kari@ex\u0430mple.com>",
    "comment": "eve@example.net (kari@example.com)",
    "group": f"Desk: {KARI}, eve@example.net;",
    "two addresses": f"{KARI}, eve@example.net",
    "nothing": "",
    "empty angle": "Kari Nordmann <>",
    "source route": f"<@{KARI}:eve@example.net>",
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
def test_a_trick_with_from_makes_nobody_an_agent(case, ada, kari, trick):
    """With the agent's own reply address, which proves an agent and nobody else."""
    raw = (
        f"From: {trick}\r\nTo: {kari.last.reply_to}\r\nSubject: Re: Printer is dead [#1]\r\n"
        f"Message-ID: <trick@example.net>\r\nIn-Reply-To: {kari.last['Message-ID']}\r\n\r\n"
        f"{SECRET}\r\n"
    )
    sent = case.post(raw.encode(), to=[kari.last.reply_to], sender="eve@example.net")
    assert case.to(ada, sent) == []
    assert nobody_outside_sees_it(case, sent) or case.tickets()[1:]
    assert last_message(case)["direction"] == "in"
    assert case.dispositions()[-1] in ("held", "new-ticket")


def test_two_from_fields_make_nobody_an_agent(case, ada, kari):
    raw = (
        f"From: eve@example.net\r\nFrom: {KARI}\r\nTo: {kari.last.reply_to}\r\n"
        f"Subject: x\r\nMessage-ID: <two@example.net>\r\n\r\n{SECRET}\r\n"
    )
    sent = case.post(raw.encode(), to=[kari.last.reply_to], sender=KARI)
    assert case.to(ada, sent) == []
    assert nobody_outside_sees_it(case, sent)


def test_a_name_that_holds_an_address_is_shown_without_its_at_sign(house, eve, kari):
    house.post(eve.write(SUPPORT, fields={"From": f'"{KARI}" <eve@example.net>'}))
    assert kari.last["From"] == '"kari at example.com via IT Service Desk" <support@example.com>'
    assert "New from kari at example.com" in kari.last.text
    assert "Sender eve@example.net: not proven (V0)." in kari.last.text
    assert eve.last["To"] == "eve@example.net"
    assert "Hello,\n" in eve.last.text


def test_an_agent_who_asks_for_himself_is_a_requester(house, kari, bo):
    """His mail to the plain address is a request like any other."""
    house.post(kari.write(SUPPORT, "My own printer"))
    received, *told = kari.inbox
    assert received["Subject"] == "Re: My own printer [#1]"
    assert [letter["To"] for letter in told] == []
    sent = house.post(bo.answer("Which one?"))
    assert [letter.recipient for letter in sent] == [KARI]
    assert address_of(sent[0]["From"]) == SUPPORT
    sent = house.post(kari.answer("The red one."))
    assert [letter.recipient for letter in sent] == ["bo@example.com"]


def test_our_message_id_with_an_agents_from_is_held(case, ada, kari, eve):
    fields = {
        "From": f"Kari <{KARI}>",
        "In-Reply-To": kari.last["Message-ID"],
        "References": kari.last["Message-ID"],
    }
    sent = case.post(eve.write(SUPPORT, "Re: Printer is dead [#1]", SECRET, fields=fields))
    assert case.to(ada, sent) == []
    assert last_message(case)["visibility"] == "held"
