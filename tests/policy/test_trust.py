"""Which level a mail gets, by who says what where in its header."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from mail.signer import EVERYTHING, GOOGLE, MICROSOFT, OPENDKIM, Signer, mail, with_field

from maildesk.mail.dkim_check import Verdict
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.parse import parse_mail
from maildesk.model.facts import Duplicate, Level
from maildesk.policy.rules import Authentication
from maildesk.policy.trust import trust_of, worth_checking

NOW = datetime.now(UTC)
MX = "mx.example.com"
OURS = "Received: from mx.example.com ([192.0.2.1]) by desk.example.com with ESMTP id 1; now"
BY_MX = (
    f"Received: from out.example.org (out.example.org [192.0.2.7]) by {MX} with ESMTPS id 2; now"
)
STRANGER = "Received: from laptop by out.example.org; now"
PASS = f"Authentication-Results: {MX}; dmarc=pass header.from=example.org"
REJECT = f"Authentication-Results: {MX}; dmarc=fail (p=reject dis=none) header.from=example.org"
SPF = f"Authentication-Results: {MX}; spf=pass smtp.mailfrom=bounce@example.org"


@pytest.fixture
def believe(world):
    """The level of a mail with these fields on top, as the desk believes it."""

    def judge(*fields, source=Source.SMTP, raw=None, verdicts=None, facts=None, **settings):
        for field in reversed(fields):
            raw = with_field(raw or mail(), field)
        settings = {"authserv_ids": (MX,), **settings}
        rules = replace(world.rules, authentication=Authentication(**settings))
        return trust_of(
            parse_mail(raw or mail()),
            Envelope(source),
            rules,
            NOW,
            verdicts=verdicts or {},
            facts=facts,
        )

    return judge


def test_nothing_speaks_for_a_plain_mail(believe):
    trust = believe(OURS, BY_MX)
    assert (trust.level, trust.evidence) == (Level.V0, ())


# --- Authentication-Results ---


def test_our_servers_word_is_believed(believe):
    trust = believe(OURS, PASS, BY_MX, STRANGER)
    assert trust.level is Level.V2
    assert trust.covers_mail
    assert trust.evidence == (
        "Authentication-Results mx.example.com: dmarc=pass header.from=example.org",
    )


REPLAYS = {
    "over 7 days old": {"at": (NOW - timedelta(days=8)).timestamp()},
    "dated ahead": {"at": (NOW + timedelta(days=2)).timestamp()},
    "no date": {"Date": None},
    "written to others": {"To": "bob@example.net"},
}


@pytest.mark.parametrize("sign", REPLAYS)
def test_a_pass_of_what_may_be_sent_on_says_who_wrote_it_and_no_more(believe, sign):
    """Whoever once got a signed mail can have it pass again, to us."""
    trust = believe(OURS, PASS, BY_MX, raw=mail(**REPLAYS[sign]))
    assert (trust.level, trust.covers_mail) == (Level.V2, False)
    assert trust.evidence[0].endswith(f"dmarc=pass header.from=example.org but {sign}")


def test_where_a_mail_was_delivered_says_nothing_of_whom_it_was_written_to(believe):
    elsewhere = with_field(mail(To="bob@example.net"), "Delivered-To: support@example.com")
    assert not believe(OURS, PASS, BY_MX, raw=elsewhere).covers_mail
    in_cc = mail(To="bob@example.net", Cc="support@example.com")
    assert believe(OURS, PASS, BY_MX, raw=in_cc).covers_mail


@pytest.mark.parametrize("name", ["Subject", "Message-ID", "To", "In-Reply-To", "Content-Type"])
def test_a_field_put_on_top_of_what_passed_is_told(believe, name):
    raw = with_field(mail(In_Reply_To="<1@example.com>"), f"{name}: support@example.com")
    trust = believe(OURS, PASS, BY_MX, raw=raw)
    assert not trust.covers_mail
    assert f"{name} given 2 times" in trust.evidence[0]


def test_a_pass_of_a_mail_that_came_before_covers_nothing(believe, world):
    seen = world.facts(same_message_id=(1,))
    assert not believe(OURS, PASS, BY_MX, facts=seen).covers_mail
    assert believe(OURS, PASS, BY_MX, facts=world.facts()).covers_mail


@pytest.mark.parametrize(
    ("source", "fields", "hops", "level"),
    [
        pytest.param(Source.SMTP, [OURS, BY_MX, PASS, STRANGER], 1, Level.V2, id="below its own"),
        pytest.param(Source.LMTP, [OURS, BY_MX, PASS, STRANGER], 1, Level.V2, id="lmtp"),
        pytest.param(Source.IMAP, [BY_MX, PASS, STRANGER], 1, Level.V2, id="imap"),
        pytest.param(Source.PIPE, [BY_MX, PASS, STRANGER], 1, Level.V2, id="pipe"),
        pytest.param(Source.IMAP, [BY_MX, STRANGER, PASS], 1, Level.V0, id="below a stranger's"),
        pytest.param(Source.SMTP, [OURS, BY_MX, STRANGER, PASS], 1, Level.V0, id="forged, smtp"),
        pytest.param(Source.PIPE, [OURS, BY_MX, PASS, STRANGER], 1, Level.V0, id="one more hop"),
        pytest.param(Source.PIPE, [OURS, BY_MX, PASS, STRANGER], 2, Level.V2, id="two hops"),
        pytest.param(Source.SMTP, [OURS, PASS, BY_MX], 0, Level.V2, id="no hop, above"),
        pytest.param(Source.SMTP, [OURS, BY_MX, PASS], 0, Level.V0, id="no hop, below"),
    ],
)
def test_only_what_stands_above_strangers_is_believed(believe, source, fields, hops, level):
    assert believe(*fields, source=source, hops=hops).level is level


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(PASS.replace(MX, "mx.example.net"), id="another server"),
        pytest.param(PASS.replace(MX, f"x.{MX}"), id="a longer name"),
        pytest.param(PASS.replace(f"{MX};", ""), id="no name"),
        pytest.param(PASS.replace("example.org", "evil.example"), id="another domain"),
        pytest.param(PASS.replace("example.org", "mail.example.org"), id="a subdomain"),
        pytest.param(PASS.replace("header.from=example.org", ""), id="no header.from"),
        pytest.param(f"{PASS}; dmarc=pass header.from=example.org", id="two dmarc results"),
        pytest.param(PASS.replace("dmarc=pass", "dkim=none (dmarc=pass"), id="open comment"),
        pytest.param(PASS.replace("dmarc=", 'dkim=none reason="x; dmarc=') + '"', id="in quotes"),
        pytest.param(PASS.replace("pass", "none"), id="none"),
    ],
)
def test_other_words_are_no_proof(believe, field):
    assert believe(OURS, field, BY_MX).level is Level.V0


def test_two_fields_with_a_verdict_are_none(believe):
    trust = believe(OURS, PASS, BY_MX, PASS)
    assert trust.level is Level.V0
    assert "two dmarc results" in trust.evidence[0]


def test_names_of_servers_must_be_configured(believe):
    assert believe(OURS, PASS, BY_MX, authserv_ids=()).evidence == ()


def test_results_for_two_senders_prove_nothing(believe):
    two = with_field(mail(), "From: kari@example.com")
    assert believe(OURS, PASS, BY_MX, raw=two).level is Level.V0


def test_failure_that_the_domain_wants_refused_is_forged(believe):
    assert believe(OURS, REJECT, BY_MX).level is Level.VX
    assert believe(OURS, REJECT.replace("reject", "none"), BY_MX).level is Level.V0
    assert believe(OURS, BY_MX, STRANGER, REJECT).level is Level.V0


def test_spf_of_the_own_domain_is_aligned(believe):
    trust = believe(OURS, SPF, BY_MX)
    assert trust.level is Level.V1
    assert trust.evidence == (
        "Authentication-Results mx.example.com: spf=pass smtp.mailfrom=example.org",
    )
    assert believe(OURS, SPF.replace("example.org", "evil.example"), BY_MX).level is Level.V0
    assert believe(OURS, SPF.replace("smtp.mailfrom", "smtp.helo"), BY_MX).level is Level.V0
    assert believe(OURS, SPF.replace("pass", "softfail"), BY_MX).level is Level.V0


# --- profiles ---

M365 = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org; "
    "dmarc=pass action=none header.from=example.org;compauth=pass reason=100"
)
INTERNAL = "X-MS-Exchange-Organization-AuthAs: Internal"


def test_microsoft_is_believed_in_its_profile_only(believe):
    assert believe(BY_MX, M365, source=Source.IMAP).level is Level.V0
    assert believe(BY_MX, M365, source=Source.IMAP, profile="m365").level is Level.V2


def test_only_the_topmost_field_is_microsofts(believe):
    failed = M365.replace("dmarc=pass", "dmarc=fail").replace("action=none", "action=oreject")
    words = {"source": Source.IMAP, "profile": "m365", "authserv_ids": ()}
    assert believe(BY_MX, failed, M365, **words).level is Level.VX
    other = PASS.replace(MX, "mx.example.net")
    assert believe(BY_MX, other, M365, **words).level is Level.V0


def test_mail_within_the_tenant_is_believed_where_it_was_fetched(believe):
    kari = mail("Kari Nordmann <kari@example.com>")
    words = {"raw": kari, "profile": "m365"}
    assert believe(INTERNAL, source=Source.IMAP, **words).level is Level.V2
    assert believe(OURS, INTERNAL, source=Source.SMTP, **words).level is Level.V0
    assert believe(INTERNAL, source=Source.PIPE, **words).level is Level.V0
    assert believe(INTERNAL, INTERNAL, source=Source.IMAP, **words).level is Level.V0
    assert believe(INTERNAL, source=Source.IMAP, raw=kari).level is Level.V0
    anonymous = INTERNAL.replace("Internal", "Anonymous")
    assert believe(anonymous, source=Source.IMAP, **words).level is Level.V0
    assert believe(INTERNAL, source=Source.IMAP, profile="m365").level is Level.V0  # not ours


LOGIN = (
    "Received: from [192.168.1.7] (cable.example.net [198.51.100.7])\r\n"
    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
    "\t(Authenticated sender: Kari@example.com)\r\n"
    "\tby mail.example.com (Postfix) with ESMTPSA id 4XyZ12; Mon, 23 Nov 2026 09:00:00 +0100"
)


def test_who_logged_in_to_our_postfix_is_believed(believe):
    words = {"raw": mail("kari@example.com"), "profile": "postfix"}
    trust = believe(OURS, LOGIN, **words)
    assert trust.level is Level.V2
    assert trust.evidence == ("Received: authenticated sender kari@example.com",)
    assert believe(LOGIN, source=Source.IMAP, **words).level is Level.V2
    assert believe(OURS, BY_MX, LOGIN, **words).level is Level.V0
    assert believe(OURS, BY_MX, LOGIN, hops=2, **words).level is Level.V2
    assert believe(OURS, LOGIN, raw=words["raw"]).level is Level.V0
    assert believe(OURS, LOGIN, profile="postfix").level is Level.V0  # From is somebody else


# --- signatures ---

SIGNER = Signer()


@pytest.mark.parametrize(
    ("names", "level", "covers_mail", "words"),
    [
        (EVERYTHING, Level.V2, True, "aligned, strict, pass"),
        (GOOGLE, Level.V2, False, "aligned, strict but Content-Type unsigned, pass"),
        (MICROSOFT, Level.V2, False, "aligned, strict but To unsigned, pass"),
        (OPENDKIM, Level.V1, False, "aligned, not strict (Message-ID unsigned), pass"),
    ],
    ids=["everything", "google", "microsoft", "opendkim"],
)
def test_good_signature_counts_by_what_it_covers(believe, names, level, covers_mail, words):
    trust = believe(raw=SIGNER.sign(mail(), names), verdicts={0: Verdict.PASS})
    assert (trust.level, trust.covers_mail) == (level, covers_mail)
    assert trust.evidence == (f"DKIM example.org: {words}",)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.PASS])
def test_signature_that_is_not_good_proves_nothing_and_says_why(believe, verdict):
    trust = believe(raw=SIGNER.sign(mail()), verdicts={0: verdict})
    assert trust.level is Level.V0
    assert trust.evidence == (f"DKIM example.org: aligned, strict, {verdict}",)


def test_good_signature_of_somebody_else_proves_nothing(believe):
    raw = Signer("mailer.example").sign(mail())
    trust = believe(raw=raw, verdicts={0: Verdict.PASS})
    assert trust.level is Level.V0
    assert trust.evidence == ("DKIM mailer.example: not aligned",)


def test_signed_mail_that_was_written_to_others_says_no_more_than_who_wrote_it(believe):
    """Whoever got it could send it on to us."""
    elsewhere = mail(To="bob@example.net", Cc="support@example.com")
    trust = believe(raw=SIGNER.sign(elsewhere), verdicts={0: Verdict.PASS})
    assert (trust.level, trust.covers_mail) == (Level.V2, True)
    unsigned = SIGNER.sign(elsewhere, EVERYTHING.replace("Cc ", ""))
    trust = believe(raw=unsigned, verdicts={0: Verdict.PASS})
    assert (trust.level, trust.covers_mail) == (Level.V2, False)
    assert "written to others" in trust.evidence[0]


def test_signature_with_l_proves_nothing(believe):
    trust = believe(raw=SIGNER.sign(mail(), length=True), verdicts={0: Verdict.PASS})
    assert trust.level is Level.V0
    assert "l= leaves the end of the body open" in trust.evidence[0]


def test_mail_that_came_before_is_not_identified_by_its_signature(believe, world):
    raw = SIGNER.sign(mail())
    for seen in ({"same_message_id": (1,)}, {"duplicate": Duplicate(1, 1, NOW)}):
        trust = believe(raw=raw, verdicts={0: Verdict.PASS}, facts=world.facts(**seen))
        assert trust.level is Level.V1
        assert "seen before" in trust.evidence[0]


def test_one_good_signature_is_enough(believe):
    raw = Signer("mailer.example").sign(SIGNER.sign(mail()))
    trust = believe(raw=raw, verdicts={1: Verdict.PASS})
    assert trust.level is Level.V2
    assert [line.partition(":")[0] for line in trust.evidence] == [
        "DKIM example.org",
        "DKIM mailer.example",
    ]


def test_what_our_server_calls_forged_no_signature_redeems(believe):
    raw = SIGNER.sign(mail())
    assert believe(OURS, REJECT, BY_MX, raw=raw, verdicts={0: Verdict.PASS}).level is Level.VX


def test_signature_over_two_senders_proves_nothing(believe):
    raw = with_field(SIGNER.sign(mail()), "From: kari@example.com")
    trust = believe(raw=raw, verdicts={0: Verdict.PASS})
    assert trust.level is Level.V0
    assert trust.evidence == (
        "From is not one plain address",
        "DKIM example.org: not aligned",
    )


# --- what is worth a look into the DNS ---


@pytest.fixture
def worth(world):
    def ask(raw, now=NOW, **envelope):
        rules = replace(world.rules, authentication=Authentication(authserv_ids=(MX,)))
        return worth_checking(parse_mail(raw), Envelope(Source.SMTP, **envelope), rules, now)

    return ask


def test_only_signatures_that_can_prove_something_are_checked(worth, world):
    good = SIGNER.sign(mail())
    assert [s.key_name for s in worth(good)] == ["s1._domainkey.example.org"]
    assert worth(mail()) == ()
    assert worth(Signer("mailer.example").sign(mail())) == ()
    assert worth(SIGNER.sign(mail(), length=True)) == ()
    assert worth(good, is_archive=True) == ()
    assert worth(with_field(with_field(good, PASS), OURS)) == ()  # proved already
    assert worth(with_field(good, "From: kari@example.com")) == ()
    assert worth(good, NOW + timedelta(days=30))  # too old for V2, but V1 is to be had
    rules = replace(world.rules, authentication=Authentication(dkim=False))
    assert worth_checking(parse_mail(good), Envelope(Source.SMTP), rules, NOW) == ()
