"""What somebody proves to be decides what he gets, and whether an agent's words go out."""

from datetime import UTC, datetime, timedelta

import pytest
from mail.signer import (
    EVERYTHING,
    FASTMAIL,
    GOOGLE,
    MICROSOFT,
    OPENDKIM,
    Signer,
    replaced,
    with_field,
)
from stories.house import BO, KARI, SUPPORT

from maildesk.desk.evidence import SignatureChecker
from maildesk.errors import Unavailable
from maildesk.policy.rules import Acknowledge, Authentication

ADAS = Signer("example.org")
KARIS = Signer("example.com")
MX = "mx.example.com"
OURS = f"Received: from {MX} by desk.example.com with ESMTP id 1; now"
BY_MX = f"Received: from out.example.org by {MX} with ESMTPS id 2; now"
REPLY = "Please fill tray 2."
DMARC_PASS = "dmarc=pass header.from=example.com"


class Table:
    """A DNS that holds these TXT records; `is_silent`: it does not answer."""

    def __init__(self, *signers):
        self.records = {name: record for s in signers for name, record in s.table.items()}
        self.asked = []
        self.is_silent = False

    def __call__(self, name, timeout):
        assert 0 < timeout <= 5
        self.asked.append(name)
        if self.is_silent:
            raise Unavailable("no answer")
        return self.records.get(name)


@pytest.fixture
def dns():
    return Table(ADAS, KARIS)


@pytest.fixture
def desk(house, children, dns):
    """A desk that checks signatures; its clock is ours, for signers go by theirs."""
    house.clock.at = datetime.now(UTC)
    house.desk.checker = SignatureChecker(children, dns)
    house.change_rules(
        authentication=Authentication(authserv_ids=(MX,)), acknowledge=Acknowledge("generic", 100)
    )
    yield house
    house.desk.checker.close()


def signed(mail, signer, names=EVERYTHING, **words):
    return signer.sign(mail.as_bytes(), names, **words)


def from_mx(mail, results):
    """The mail as it comes through our own server, which wrote its results on top."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    for field in (BY_MX, f"Authentication-Results: {MX}; {results}", OURS):
        raw = with_field(raw, field)
    return raw


def post(house, raw, client, to=(SUPPORT,)):
    return house.post(raw, to=to, sender=client.address)


def trust(house, number=1):
    return house.ticket(number)["messages"][-1]["trust"]


def visibility(house, number=1):
    return house.ticket(number)["messages"][-1]["visibility"]


# --- requesters ---


def test_who_proves_nothing_is_acknowledged_without_a_word_of_his(desk, ada, dns):
    sent = desk.post(ada.write(SUPPORT, cc=["carl@example.org"]))
    (answer,) = desk.to(ada, sent)
    assert answer["Subject"] == "Your request [#1]"
    assert (trust(desk), desk.ticket()["participants"], dns.asked) == ("V0", [], [])


@pytest.mark.parametrize(
    ("names", "level"),
    [
        (GOOGLE, "V2"),
        (MICROSOFT, "V2"),
        (FASTMAIL, "V2"),
        (OPENDKIM, "V1"),
        ("From To Subject", "V1"),
    ],
    ids=["google", "microsoft", "fastmail", "opendkim", "little"],
)
def test_a_signed_mail_is_acknowledged_in_full_and_its_cc_takes_part(desk, ada, names, level):
    mail = ada.write(SUPPORT, cc=["carl@example.org"])
    sent = post(desk, signed(mail, ADAS, names), ada)
    (answer,) = desk.to(ada, sent)
    assert answer["Subject"] == "Re: Printer is dead [#1]"
    assert (trust(desk), desk.ticket()["participants"]) == (level, ["carl@example.org"])


def test_agents_see_the_evidence(desk, ada, kari):
    post(desk, signed(ada.write(SUPPORT), ADAS), ada)
    assert "DKIM example.org: aligned, strict, pass" in kari.last.text


def test_our_servers_word_saves_the_look_into_the_dns(desk, ada, kari, dns):
    raw = signed(ada.write(SUPPORT), ADAS)
    post(desk, from_mx(raw, "dmarc=pass header.from=example.org"), ada)
    assert (trust(desk), dns.asked) == ("V2", [])
    assert "Authentication-Results mx.example.com: dmarc=pass" in kari.last.text


def test_a_forged_mail_is_kept_and_answered_by_nobody(desk, ada, kari):
    raw = from_mx(ada.write(SUPPORT), "dmarc=fail (p=reject dis=none) header.from=example.org")
    sent = post(desk, raw, ada)
    assert desk.to(ada, sent) == []
    assert trust(desk) == "VX"
    assert kari.last.text


def test_a_forged_mail_does_not_join_by_hint(desk, ada):
    desk.post(ada.write(SUPPORT))
    mail = ada.write(SUPPORT, "Re: Printer is dead [#1]")
    raw = from_mx(mail, "dmarc=fail (p=quarantine dis=none) header.from=example.org")
    post(desk, raw, ada)
    assert [trust(desk, n) for n in (1, 2)] == ["V0", "VX"]


@pytest.mark.parametrize(
    ("harm", "words"),
    [("silent", "no answer from DNS"), ("gone", "key gone"), ("revoked", "key revoked")],
)
def test_without_a_key_nothing_is_proved_and_agents_see_why(desk, ada, kari, dns, harm, words):
    dns.is_silent = harm == "silent"
    dns.records = {ADAS.key_name: b"v=DKIM1; p="} if harm == "revoked" else {}
    post(desk, signed(ada.write(SUPPORT), ADAS), ada)
    assert trust(desk) == "V0"
    assert f"DKIM example.org: aligned, strict, {words}" in kari.last.text


def test_only_keys_that_can_prove_something_are_asked_for(desk, ada, dns):
    raw = Signer("mailer.example").sign(signed(ada.write(SUPPORT), ADAS))
    post(desk, raw, ada)
    assert (trust(desk), dns.asked) == ("V2", [ADAS.key_name])


def test_many_signed_mails_are_worked_off_in_order(desk, ada, dns):
    for number in range(12):
        mail = ada.write(SUPPORT, f"Printer {number}")
        raw = signed(mail, ADAS) if number % 3 else mail.as_bytes()
        desk.hand_in(raw, to=[SUPPORT], sender=ada.address)
    desk.work()
    assert [t["subject"] for t in desk.tickets()] == [f"Printer {n}" for n in range(12)]
    assert {trust(desk, n + 1) for n in range(12) if n % 3} == {"V2"}


# --- agents ---


@pytest.fixture
def case(desk, ada, kari, bo):
    post(desk, signed(ada.write(SUPPORT), ADAS), ada)
    return desk


def kari_writes(kari, text=f"#solve\n\n{REPLY}", **words):
    """A mail of Kari's that holds no token: only her proof can send it, and run its command."""
    return kari.write(SUPPORT, "Re: Printer is dead [#1]", text, **words)


def refused(case, raw, kari, to=(SUPPORT,)):
    """Hand the mail in; it does nothing, and no more than Kari's registered address hears of it.
    Return whether she is asked."""
    before = standing(case)
    sent = post(case, raw, kari, to)
    assert standing(case) == before
    assert {letter.recipient for letter in sent} <= {KARI}
    return ["Answer with one word" in letter.text for letter in sent] == [True]


def standing(case):
    """What a mail in Kari's name could change: the case, and what she has said in it."""
    ticket = case.ticket()
    said = [message for message in ticket["messages"] if message["direction"] == "out"]
    return ticket["status"], ticket["assignee"], ticket["participants"], len(said)


@pytest.mark.parametrize("names", [EVERYTHING, FASTMAIL], ids=["everything", "fastmail"])
def test_an_agents_signed_mail_is_sent(case, kari, ada, names):
    sent = post(case, signed(kari_writes(kari), KARIS, names), kari)
    assert [letter.recipient for letter in sent] == [ada.address]
    assert REPLY in sent[0].text
    assert case.ticket()["status"] == "solved"


def test_an_agents_mail_that_our_server_vouches_for_is_sent(case, kari, ada):
    raw = from_mx(kari_writes(kari), DMARC_PASS)
    assert [letter.recipient for letter in post(case, raw, kari)] == [ada.address]


@pytest.mark.parametrize(
    ("names", "level"),
    [(GOOGLE, "V2"), (MICROSOFT, "V2"), (OPENDKIM, "V1")],
    ids=["google", "microsoft", "opendkim"],
)
def test_a_signature_that_leaves_to_or_the_bodys_type_open_sends_nothing(case, kari, names, level):
    assert refused(case, signed(kari_writes(kari), KARIS, names), kari)
    assert (trust(case), visibility(case)) == (level, "held")


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
def test_a_signature_that_leaves_open_what_is_answered_sends_nothing(case, kari, field):
    names = EVERYTHING.replace(f"{field} ", "")
    mail = kari.answer(f"#solve\n\n{REPLY}", kari.last, fields={"To": SUPPORT})
    assert refused(case, signed(mail, KARIS, names), kari)
    assert f"{field} unsigned" in " ".join(kari.last.text.split())
    assert (trust(case), visibility(case)) == ("V2", "held")


@pytest.mark.parametrize("names", [GOOGLE, MICROSOFT, OPENDKIM])
def test_what_a_signature_leaves_open_an_agents_own_reply_address_makes_up_for(
    case, kari, ada, names
):
    told = kari.last
    raw = signed(kari.answer(f"#solve\n\n{REPLY}", told), KARIS, names)
    assert [i.recipient for i in post(case, raw, kari, to=[told.reply_to])] == [ada.address]
    assert case.ticket()["status"] == "solved"


@pytest.mark.parametrize("sign", ["old", "to others", "second Subject", "turned"])
def test_a_mail_that_passes_again_is_held(case, kari, ada, sign):
    """A signed mail that somebody got and sends on passes DMARC at our own server, too."""
    to = "bob@example.net" if sign == "to others" else SUPPORT
    raw = kari.write(to, "Re: Printer is dead [#1]", f"#solve\n{REPLY}").as_bytes()
    if sign == "old":
        case.clock.pass_time(days=8)
    elif sign == "second Subject":
        raw = with_field(raw, "Subject: Re: another [#1]")
    elif sign == "turned":
        post(case, from_mx(raw.replace(b"#solve", b"#take"), DMARC_PASS), kari)
    assert refused(case, from_mx(raw, DMARC_PASS), kari)
    assert (trust(case), visibility(case)) == ("V2", "held")


TRICKS = {
    "no signature": lambda raw: raw[raw.index(b"\r\nFrom:") + 2 :],
    "second Subject": lambda raw: with_field(raw, "Subject: Re: [#1]"),
    "second From": lambda raw: with_field(raw, f"From: {KARI}"),
    "second Message-ID": lambda raw: with_field(raw, "Message-ID: <new@example.com>"),
    "added thread": lambda raw: with_field(raw, "In-Reply-To: <x@example.com>"),
    "another Subject": lambda raw: replaced(raw, "Subject", "Re: something [#1]"),
    "text as a field": lambda raw: raw.replace(b"\r\n\r\n", b"\r\nFrom here\r\nX: y\r\n\r\n", 1),
    "more text": lambda raw: raw + b"And pay Eve.\r\n",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_sends_in_an_agents_name(case, kari, ada, trick):
    names = EVERYTHING.replace("In-Reply-To References ", "")
    raw = TRICKS[trick](signed(kari_writes(kari), KARIS, names))
    if trick == "second From":  # nobody's: the team is told of it
        assert {letter.recipient for letter in post(case, raw, kari)} == {KARI, BO}
    else:
        assert refused(case, raw, kari)
    assert case.ticket()["status"] == "new"
    assert {message["direction"] for message in case.ticket()["messages"]} == {"in"}


def test_text_behind_l_sends_nothing(case, kari, ada):
    raw = signed(kari_writes(kari), KARIS, length=True) + b"And pay Eve.\r\n"
    assert refused(case, raw, kari)
    assert (trust(case), visibility(case)) == ("V0", "held")


def test_a_signed_mail_is_sent_once(case, kari, ada):
    names = EVERYTHING.replace("MIME-Version ", "")
    raw = signed(kari_writes(kari), KARIS, names)
    assert case.to(ada, post(case, raw, kari))
    for again in (raw, with_field(raw, "X-Note: another way")):
        assert not refused(case, again, kari)
        assert case.dispositions()[-1] == "duplicate"


def test_a_signed_mail_to_somebody_else_that_he_sends_on_is_held(case, kari, ada):
    mail = kari.write("bob@example.net", "Re: Printer is dead [#1]", f"#solve\n\n{REPLY}")
    assert refused(case, signed(mail, KARIS), kari)
    assert (trust(case), visibility(case)) == ("V2", "held")


def test_an_old_signed_mail_is_held(case, kari, ada):
    raw = signed(kari_writes(kari), KARIS)
    case.clock.pass_time(days=8)
    assert refused(case, raw, kari)
    assert (trust(case), visibility(case)) == ("V1", "held")


def test_an_expired_signature_is_held(case, kari, ada):
    expires_at = int((case.clock.at + timedelta(hours=1)).timestamp())
    raw = signed(kari_writes(kari), KARIS, x=expires_at)
    case.clock.pass_time(hours=2)
    assert refused(case, raw, kari)
    assert (trust(case), visibility(case)) == ("V0", "held")


def test_results_forged_further_down_are_held(case, kari, ada):
    forged = with_field(
        kari_writes(kari).as_bytes(),
        f"Authentication-Results: {MX}; dmarc=pass header.from=example.com",
    )
    raw = from_mx(with_field(forged, "Received: from x by y; now"), "dmarc=none")
    assert refused(case, raw, kari)
    assert (trust(case), visibility(case)) == ("V0", "held")


def test_a_forged_mail_is_held_though_it_came_to_the_right_address(case, kari, ada):
    mail = kari.answer(f"#solve\n\n{REPLY}")
    raw = from_mx(mail, "dmarc=fail (p=reject dis=none) header.from=example.com")
    assert refused(case, raw, kari, to=(kari.inbox[0].reply_to,))
    assert (trust(case), visibility(case)) == ("VX", "held")
