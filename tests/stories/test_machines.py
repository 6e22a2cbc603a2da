"""Mail that no person wrote is kept, never answered, and changes nothing."""

import pytest
from stories.house import BO, KARI, RULES, SUPPORT, open_house
from stories.people import Letter

from maildesk.mail.identifiers import Purpose, read_address

DSN = """\
From: Mail Delivery System <MAILER-DAEMON@{domain}>
To: <{to}>
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 09:00:00 +0000
Message-ID: <dsn.{number}@{domain}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{domain}

Final-Recipient: rfc822; {failed}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

From: support@example.com
To: {failed}
Message-ID: {returned}
Subject: Re: Printer is dead [#1]

--b--
"""


def dsn(to: str, failed: str, returned: str = "<x@y>", number: int = 1) -> bytes:
    domain = "mx.example.org"
    text = DSN.format(to=to, failed=failed, returned=returned, number=number, domain=domain)
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def case(house, ada, kari, bo):
    house.post(ada.write(SUPPORT))
    house.post(kari.answer("Please fill tray 2."))
    return house


AUTOMATIC = {
    "vacation notice": {"Auto-Submitted": "auto-replied (vacation)"},
    "vacation of Exchange": {"X-Auto-Response-Suppress": "All", "Auto-Submitted": "auto-generated"},
    "vacation without a header": {"Subject": "Automatic reply: Printer is dead"},
    "list": {"List-Id": "<users.example.org>", "Precedence": "list"},
    "bulk": {"Precedence": "bulk"},
    "looped": {"X-Maildesk-Loop": "example.com"},
    "from ourselves": {"From": f"IT Service Desk <{SUPPORT}>"},
    "robot": {"From": "Shop <no-reply@example.org>"},
}


@pytest.mark.parametrize("fields", AUTOMATIC.values(), ids=AUTOMATIC.keys())
def test_nothing_answers_a_machine(case, ada, kari, fields):
    before = case.ticket()
    sent = case.post(ada.answer("I am away until Monday.", fields=fields))
    assert [letter for letter in sent if letter["Auto-Submitted"] == "auto-replied"] == []
    assert case.to(ada, sent) == []
    after = case.ticket()
    assert (after["status"], after["assignee"]) == (before["status"], before["assignee"])


@pytest.mark.parametrize("fields", AUTOMATIC.values(), ids=AUTOMATIC.keys())
def test_a_machine_that_writes_first_is_not_answered(house, ada, kari, fields):
    sent = house.post(ada.write(SUPPORT, fields=fields))
    assert {letter.recipient for letter in sent} <= {KARI, BO}


def test_an_agents_vacation_notice_never_reaches_her(case, ada, kari):
    case.post(ada.answer("It is full."))
    fields = {"Auto-Submitted": "auto-replied", "Subject": "Out of office"}
    assert case.post(kari.answer("I am skiing.", fields=fields)) == []
    assert case.ticket()["messages"][-1]["visibility"] == "internal"


@pytest.mark.parametrize("word", ["no", "No (by hand)", "auto-forwarded"])
def test_a_person_is_answered_whose_client_says_so(house, ada, word):
    house.post(ada.write(SUPPORT, fields={"Auto-Submitted": word}))
    assert len(house.to(ada)) == 1


# --- bounces ------------------------------------------------------------------------------------


def test_a_bounce_marks_the_address_and_tells_the_agent(case, ada, kari):
    reply = ada.last
    sent = case.post(dsn(reply.reverse_path, ada.address), to=[reply.reverse_path], sender="")
    (told,) = sent
    assert told.recipient == KARI
    assert told.text.startswith("Your reply stays internal.")
    assert "ada@example.org: failed (5.1.1, there is no such address)" in told.text
    assert case.dispositions()[-1] == "bounce"
    assert [e["new"] for e in case.ticket()["events"] if e["kind"] == "bounced"] == [
        "ada@example.org 5.1.1"
    ]


def test_a_bounce_of_an_address_that_we_never_wrote_to_marks_nothing(case, ada):
    sent = case.post(
        dsn(ada.last.reverse_path, "victim@example.net"), to=[ada.last.reverse_path], sender=""
    )
    assert sent == []
    assert not [e for e in case.ticket()["events"] if e["kind"] == "bounced"]


def test_a_bounce_is_found_by_the_returned_id_too(case, ada):
    raw = dsn(SUPPORT, ada.address, ada.last["Message-ID"])
    assert [letter.recipient for letter in case.post(raw, to=[SUPPORT], sender="")] == [KARI]


@pytest.mark.parametrize("returned", ["<1.ada.example.org@example.org>", "<t1.a.mb@example.com>"])
def test_a_forged_bounce_is_kept_and_does_nothing(case, ada, returned):
    assert case.post(dsn(SUPPORT, ada.address, returned), to=[SUPPORT], sender="") == []
    assert case.dispositions()[-1] == "bounce"
    assert len(case.tickets()) == 1
    assert not [e for e in case.ticket()["events"] if e["kind"] == "bounced"]


def test_a_forged_bounce_to_a_stolen_reply_address_does_nothing(case, ada):
    """A reply address is no bounce address: purposes are never exchanged."""
    stolen = ada.last.reply_to
    assert case.post(dsn(stolen, ada.address), to=[stolen], sender="") == []
    assert not [e for e in case.ticket()["events"] if e["kind"] == "bounced"]


def test_a_bounce_of_an_agents_notification_goes_to_nobody_who_bounces(case, ada, kari):
    told = case.post(ada.answer("It is full."))[0]
    purpose = read_address(case.desk.rules.reply, told.reverse_path).purpose
    assert purpose is Purpose.BOUNCE
    sent = case.post(dsn(told.reverse_path, KARI), to=[told.reverse_path], sender="")
    assert [letter.recipient for letter in sent] == ["admin@example.com"]
    assert "Mail to the agent kari@example.com came back" in sent[0]["Subject"]


# --- two desks ----------------------------------------------------------------------------------


def deliver(letters: list[Letter], other):
    """Carry what one desk sent to the other; return what that one sends."""
    return [
        answer
        for letter in letters
        if letter.recipient.endswith(other.desk.rules.domain)
        for answer in other.post(letter.raw, to=[letter.recipient], sender=letter.reverse_path)
    ]


def test_two_desks_that_mail_each_other_stop_at_once(house, tmp_path, children, sources, ada):
    (tmp_path / "other").mkdir()
    changes = {
        "domain": "desk.example",
        "queues": tuple(
            q.__class__(
                q.handle,
                tuple(a.replace("example.com", "desk.example") for a in q.addresses),
                q.team,
                q.name,
                is_default=q.is_default,
            )
            for q in RULES.queues
        ),
        "reply": RULES.reply.__class__("desk.example", "+", (b"j" * 32,)),
    }
    with open_house(tmp_path / "other", children, sources, **changes) as other:
        there = "support@desk.example"
        mail = ada.write(SUPPORT, fields={"From": f"Their desk <{there}>"})
        sent = house.post(mail, sender=there)
        answers = deliver(sent, other)
        assert len(house.to(there, sent)) == 1  # our acknowledgement, to a person as it seems
        assert answers == []  # theirs to it: none
        assert other.dispositions() == ["automatic"]
        assert other.tickets() == []
