"""Commands in an agent's name by somebody else: nothing runs, nothing is told to anybody, and the
agent's registered address is asked, or told at most once in ten minutes."""

import re

import pytest
from mail.signer import with_field
from stories.house import BO, KARI, SUPPORT

from maildesk.mail.identifiers import Purpose, read_address
from maildesk.policy.rules import Authentication

MX = "mx.example.com"
SECRET = "Transfer the money to this account"
ORDERS = f"#solve #priority P1 #tag paid #cc eve@example.net\n\n{SECRET}"
REJECTED = f"Authentication-Results: {MX}; dmarc=fail (p=reject) header.from=example.com"
BY_MX = f"Received: from out.example.net by {MX} with ESMTPS id 2; now"


@pytest.fixture
def case(house, ada, kari, bo, eve):
    house.change_rules(authentication=Authentication(authserv_ids=(MX,), dkim=False))
    house.post(ada.write(SUPPORT))
    return house


def standing(house):
    """All that an order could have changed."""
    return [
        {name: ticket[name] for name in ("number", "status", "assignee", "priority", "tags")}
        | {name: ticket[name] for name in ("participants", "fields", "team")}
        | {"said": sum(m["direction"] == "out" for m in ticket["messages"])}
        for ticket in (house.ticket(listed["number"]) for listed in house.tickets())
    ]


def refused(house, mail, **envelope):
    """Hand the mail in; it does nothing, and nobody outside the desk hears of it."""
    before = standing(house)
    sent = house.post(mail, **envelope)
    assert standing(house)[: len(before)] == before
    assert not [letter for letter in sent if not house.is_agent(letter.recipient)]
    return sent


def is_asked(house, sent):
    assert [letter.recipient for letter in sent] == [KARI]
    assert house.ticket()["messages"][-1]["visibility"] == "held"
    return sent[0].text.startswith("Answer with one word")


def in_karis_name(kari, to, quoting, text=ORDERS):
    """A mail that claims to be hers: nothing in it tells that she did not write it."""
    return kari.answer(text, quoting, fields={"To": to})


def signed_ids_address(ada, kari):
    """A reply address made of what anybody sees in a header: the token of our Message-ID."""
    return f"support+{kari.last['Message-ID'].strip('<>').partition('@')[0]}@example.com"


def marker_address(ada, kari):
    """And the one in the body."""
    return f"support+{re.search(r'Reference: (.*)', kari.last.text)[1]}@example.com"


ADDRESSES = {
    "no token": lambda ada, kari: SUPPORT,
    "the requester's token": lambda ada, kari: ada.last.reply_to,
    "the token of a Message-ID": signed_ids_address,
    "the token of a marker": marker_address,
    "the token of the envelope": lambda ada, kari: kari.last.reverse_path,
    "a colleague's token": lambda ada, kari: ada.house.to(BO)[0].reply_to,
    "his token of another case": lambda ada, kari: kari.last.reply_to.replace("+t1.", "+t2."),
    "his token with another end": lambda ada, kari: re.sub(
        r"(.)@", lambda found: f"{'a' if found[1] != 'a' else 'b'}@", kari.last.reply_to
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
def test_commands_in_an_agents_name_by_no_address_of_his_ask_him(case, ada, kari, eve, name):
    ada.house = case
    mail = in_karis_name(kari, ADDRESSES[name](ada, kari), ada.last)
    assert is_asked(case, refused(case, mail, sender=eve.address))


def test_commands_to_what_looks_like_a_confirmation_are_answered_to_him(case, kari, eve):
    to = re.sub(r"\.a(?=[a-z2-7]{20}@)", ".c", kari.last.reply_to)
    for count in (1, 0):
        sent = refused(case, in_karis_name(kari, to, kari.last), sender=eve.address)
        assert [letter.recipient for letter in sent] == [KARI] * count
    assert "No mail of yours waits for this answer" in kari.last.text


def test_commands_with_an_agents_old_token_ask_him(case, ada, kari, eve):
    case.clock.pass_time(days=92)
    mail = in_karis_name(kari, kari.last.reply_to, kari.last)
    assert is_asked(case, refused(case, mail, sender=eve.address))


def test_commands_that_a_server_calls_forged_ask_the_agent_though_the_token_is_his(case, kari, eve):
    raw = in_karis_name(kari, kari.last.reply_to, kari.last).as_bytes()
    for field in (BY_MX, REJECTED):
        raw = with_field(raw, field)
    assert is_asked(case, refused(case, raw, to=[kari.last.reply_to], sender=eve.address))
    assert case.ticket()["messages"][-1]["trust"] == "VX"


def test_he_is_asked_once_in_ten_minutes_about_what_nothing_proves(case, ada, kari, eve):
    asked = [
        bool(refused(case, in_karis_name(kari, SUPPORT, ada.last, f"{ORDERS} {n}"), sender=KARI))
        for n in range(4)
    ]
    assert asked == [True, False, False, False]
    case.clock.pass_time(minutes=11)
    assert refused(case, in_karis_name(kari, SUPPORT, ada.last, f"{ORDERS} 5"), sender=KARI)


def test_an_agents_token_in_her_hands_orders_nothing(case, ada, kari):
    """Her lines are text, whatever address she has got hold of."""
    before = standing(case)
    sent = case.post(ada.answer(ORDERS, kari.inbox[0]))
    assert standing(case) == before
    assert {letter.recipient for letter in sent} == {KARI, BO}
    assert case.ticket()["messages"][-1]["direction"] == "in"


def test_an_agents_token_in_a_strangers_hands_orders_nothing(case, kari, eve):
    refused(case, eve.answer(ORDERS, kari.last))
    assert case.ticket()["messages"][-1]["visibility"] == "held"


# --- asking the desk ------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["#queue", "#find printer", "#show 1", "#help", "#away 2d"])
def test_a_question_in_an_agents_name_reveals_nothing(case, kari, eve, order):
    for count in (1, 0, 0):
        mail = kari.write(SUPPORT, "Question", f"{order}\n")
        sent = refused(case, mail, sender=eve.address)
        assert [letter.recipient for letter in sent] == [KARI] * count
        assert not [letter for letter in sent if "Printer is dead" in f"{letter}{letter.html}"]
    assert len(case.tickets()) == 1


def test_a_question_from_a_token_is_answered_to_the_registered_address(case, kari, eve):
    """Whoever has an agent's letter can ask in his name, and hears nothing."""
    mail = in_karis_name(kari, kari.last.reply_to, kari.last, "#status")
    sent = refused(case, mail, sender=eve.address)
    assert [letter.recipient for letter in sent] == [KARI]


# --- the question, and its answer -----------------------------------------------------------------


@pytest.fixture
def held(case, ada, kari):
    """A mail of Kari's that waits for her word, and the question."""
    case.post(kari.answer(f"#colse\n#priority P1 #tag paid\n\n{SECRET}"))
    assert kari.last.text.startswith("Answer with one word: run, send or drop.")
    return kari.last


def waits(house):
    return "held" in [message["visibility"] for message in house.ticket()["messages"]]


def test_another_agent_decides_nothing(case, bo, held):
    refused(case, bo.answer("run", held))
    assert waits(case)


def test_the_requester_decides_nothing(case, ada, held):
    before = standing(case)
    case.post(ada.answer("run", held))
    assert standing(case) == before


def test_a_stranger_decides_nothing(case, eve, held):
    """She is somebody with a new matter: her own word is all that she gets back."""
    before = standing(case)
    sent = case.post(eve.answer("send", held))
    assert standing(case)[:1] == before
    assert waits(case)
    assert not [i for i in case.to(eve, sent) if SECRET in f"{i.text}{i.html}"]


@pytest.mark.parametrize("purpose", [Purpose.AGENT, Purpose.INTERNAL, Purpose.PARTICIPANT])
def test_a_confirmation_is_no_other_token(case, kari, held, purpose):
    to = re.sub(r"\.c(?=[a-z2-7]{20}@)", f".{purpose}", held.reply_to)
    mail = kari.answer(f"#take\n\n{SECRET}", held, fields={"To": to, "From": f"K <{KARI}>"})
    refused(case, mail)


def test_no_other_token_is_a_confirmation(case, kari, held):
    told = kari.inbox[0].reply_to
    to = re.sub(r"\.a(?=[a-z2-7]{20}@)", ".c", told)
    refused(case, kari.answer("run", held, fields={"To": to}))
    assert waits(case)


def test_the_confirmation_of_one_mail_does_not_decide_on_another(case, ada, kari, held):
    case.post(kari.answer(f"#slove #tag second\n\n{SECRET} too", kari.inbox[0]))
    first, second = held, kari.last
    assert first.reply_to != second.reply_to
    case.post(kari.answer("drop", first))
    refused(case, kari.answer("run", first))
    case.post(kari.answer("run", second))
    assert (case.ticket()["tags"], case.ticket()["priority"]) == (["second"], "P3")


def test_the_confirmation_of_another_case_decides_nothing_here(case, ada, eve, kari, held):
    case.post(eve.write(SUPPORT, "Another matter"))
    to = held.reply_to.replace("+t1.", "+t2.")
    refused(case, kari.answer("run", held, fields={"To": to}))


def test_a_confirmation_is_good_for_a_day(case, kari, held):
    case.clock.pass_time(hours=25)
    refused(case, kari.answer("run", held))
    assert waits(case)


def test_a_confirmation_acts_once(case, kari, held):
    case.post(kari.answer("run", held))
    assert case.ticket()["status"] == "solved"
    case.post(kari.answer("#reopen", kari.inbox[0]))
    refused(case, kari.answer("Run", held))
    assert case.ticket()["status"] == "open"


def test_what_is_no_order_does_nothing(case, kari, held):
    refused(case, kari.answer("what's this?", held))
    refused(case, kari.answer("", held))
    refused(case, kari.answer(f"#solve\n\n{SECRET}", held))
    assert waits(case)


def test_an_order_in_the_quote_is_none(case, kari, held):
    refused(case, kari.answer("> run\n\nI did not write this.", held))


@pytest.mark.parametrize("sign", ["Auto-Submitted: auto-replied", "List-Id: <all.example.com>"])
def test_no_program_confirms(case, kari, held, sign):
    name, _, value = sign.partition(": ")
    refused(case, kari.answer("run", held, fields={name: value}))
    assert waits(case)


def test_the_address_is_the_proof_in_capitals_too(case, ada, kari, held):
    to = held.reply_to.upper()
    assert read_address(case.desk.rules.reply, to)
    case.post(kari.answer("RUN", held, fields={"To": to}))
    assert (case.ticket()["status"], case.ticket()["priority"]) == ("solved", "P1")
    assert SECRET in ada.last.text


def test_a_word_that_a_server_calls_forged_does_nothing(case, kari, held):
    raw = kari.answer("run", held).as_bytes()
    for field in (BY_MX, REJECTED):
        raw = with_field(raw, field)
    refused(case, raw, to=[held.reply_to], sender=KARI)
    assert waits(case)
