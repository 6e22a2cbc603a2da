import pytest

from maildesk.mail.parse import parse_mail
from maildesk.mail.trace import above_strangers, authenticated_sender, values_of, without_own

RAW = b"""\
Received: from mx.example.com ([192.0.2.1]) by desk.example.com with ESMTP id 1; x
Received: from evil.example (evil.example [192.0.2.7])
\tby mx.example.com (Postfix) with ESMTPS id 2; x
Authentication-Results: mx.example.com; dmarc=fail
 header.from=example.org
Received: from x by evil.example; x
Authentication-Results: mx.example.com; dmarc=pass header.from=example.org
From: ada@example.org

Hi
"""

POSTFIX = (
    "from [192.168.1.7] (cable.example.net [198.51.100.7])\t(using TLSv1.3 with cipher "
    "TLS_AES_256_GCM_SHA384 (256/256 bits)\t key-exchange X25519 server-signature RSA-PSS "
    "(2048 bits) server-digest SHA256)\t(No client certificate requested)"
    "\t(Authenticated sender: kari@example.com)\tby mail.example.com (Postfix) with ESMTPSA "
    "id 4XyZ12\tfor <support@example.com>; Mon, 23 Nov 2026 09:00:00 +0100 (CET)"
)


def results(trace):
    return list(values_of(trace, "authentication-results"))


def test_fields_are_unfolded_and_in_order():
    trace = parse_mail(RAW).trace
    assert [name for name, _ in trace].count("received") == 3
    assert results(trace)[0] == "mx.example.com; dmarc=fail header.from=example.org"


def test_only_what_stands_above_strangers_is_trusted():
    trace = without_own(parse_mail(RAW).trace)
    assert results(above_strangers(trace, 0)) == []
    assert [value[:26] for value in results(above_strangers(trace, 1))] == [
        "mx.example.com; dmarc=fail"
    ]
    assert len(results(above_strangers(trace, 2))) == 2


def test_encoded_words_stay_encoded():
    """A server repeats the envelope's sender; decoding it would let strangers write results."""
    word = "=?utf-8?q?x=3B_dmarc=3Dpass_header=2Efrom=3Dexample=2Eorg?="
    raw = f"Authentication-Results: mx; spf=pass smtp.mailfrom={word}@evil.example\r\n\r\nHi\r\n"
    assert word in results(parse_mail(raw.encode()).trace)[0]


def test_postfix_says_who_logged_in():
    assert authenticated_sender(POSTFIX) == "kari@example.com"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(POSTFIX.replace("ESMTPSA", "ESMTPS"), id="nobody logged in"),
        pytest.param(POSTFIX.replace("(Postfix)", ""), id="another server"),
        pytest.param(POSTFIX.replace("\t(Auth", "\tfor (Auth"), id="elsewhere"),
        pytest.param(
            "from x (y [192.0.2.1]) by mx (Postfix) with ESMTP id 1 for <(Authenticated sender: "
            "kari@example.com)@x>; y",
            id="in an address",
        ),
        pytest.param(f"from (Authenticated sender: kari@example.com) {POSTFIX[5:]}", id="as HELO"),
        pytest.param("from x ((((" * 1000, id="brackets"),
    ],
)
def test_nothing_else_is_a_login(value):
    assert authenticated_sender(value) is None
