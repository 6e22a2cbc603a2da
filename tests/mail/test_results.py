import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maildesk.mail.results import Dmarc, read_results, read_results_without_id

GMAIL = (
    "mx.google.com;       dkim=pass header.i=@example.org header.s=s1 header.b=AbC/+1;"
    "       spf=pass (google.com: domain of ada@example.org designates 192.0.2.1 as permitted "
    "sender) smtp.mailfrom=ada@example.org;       dmarc=pass (p=REJECT sp=NONE dis=NONE) "
    "header.from=example.org"
)
M365 = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org; dkim=pass (signature was "
    "verified) header.d=example.org;dmarc=pass action=none header.from=example.org;"
    "compauth=pass reason=100"
)


def test_gmail_is_read():
    found = read_results(GMAIL)
    assert found.authserv_id == "mx.google.com"
    assert found.dmarc == (Dmarc("pass", "example.org"),)
    assert found.spf_domains == ("example.org",)


def test_microsoft_writes_no_id_and_is_read_only_where_that_is_expected():
    assert read_results(M365) is None
    assert read_results_without_id(GMAIL) is None
    found = read_results_without_id(M365)
    assert found.dmarc == (Dmarc("pass", "example.org"),)
    assert found.spf_domains == ("example.org",)


def test_a_result_is_never_taken_for_the_name_of_a_server():
    assert read_results("dmarc=pass; dmarc=pass header.from=example.org") is None


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("dmarc=fail (p=REJECT sp=REJECT dis=REJECT)", id="gmail"),
        pytest.param("dmarc=fail (p=NONE sp=QUARANTINE dis=QUARANTINE)", id="gmail, subdomain"),
        pytest.param("dmarc=fail (p=quarantine dis=none)", id="opendmarc"),
        pytest.param('dmarc=fail reason="SPF not aligned (relaxed)" (policy=reject)', id="rspamd"),
        pytest.param("dmarc=fail action=quarantine", id="microsoft"),
        pytest.param("dmarc=fail action=oreject", id="microsoft, reject overridden"),
        pytest.param("dmarc=fail action=pct.reject", id="microsoft, share"),
        pytest.param("dmarc=fail policy.dmarc=reject", id="RFC 8601"),
        pytest.param(
            "dmarc=fail policy.published-domain-policy=reject policy.applied-disposition=none",
            id="fastmail",
        ),
    ],
)
def test_failure_of_a_domain_that_asks_for_refusal_is_seen(words):
    found = read_results(f"mx.example.com; spf=fail; {words} header.from=example.org")
    assert found.dmarc == (Dmarc("fail", "example.org", True),)


@pytest.mark.parametrize(
    "words",
    [
        "dmarc=fail (p=NONE dis=NONE)",
        "dmarc=fail (p=none sp=reject dis=none)",
        "dmarc=fail action=none",
        "dmarc=fail",
        "dmarc=fail policy.dmarc=none",
    ],
)
def test_failure_of_a_domain_that_asks_for_nothing_is_no_more(words):
    found = read_results(f"mx.example.com; {words} header.from=example.org; x=y policy.p=reject")
    assert found.dmarc == (Dmarc("fail", "example.org", False),)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("mx; dkim=none (dmarc=pass header.from=example.org)", id="in a comment"),
        pytest.param("mx; dkim=none (a (b; dmarc=pass header.from=example.org) c)", id="nested"),
        pytest.param('mx; dkim=none reason="; dmarc=pass header.from=example.org"', id="in quotes"),
        pytest.param('mx; dkim=none reason="\\"; dmarc=pass"', id="behind a quoted quote"),
        pytest.param("mx; dkim=none header.d=dmarc=pass", id="in a value"),
        pytest.param("mx; none", id="none"),
    ],
)
def test_verdict_in_a_comment_or_in_quotes_is_none(value):
    found = read_results(value)
    assert found is None or found.dmarc == ()


@pytest.mark.parametrize(
    ("words", "domain"),
    [
        ("dmarc=pass", ""),
        ("dmarc=pass header.from=example.org header.from=evil.example", ""),
        ("dmarc=pass header.from=@example.org", "example.org"),
        ("dmarc=pass header.from=ada@example.org", "example.org"),
        ("dmarc=pass header.d=example.org", ""),
        ("dmarc=pass HEADER.FROM=Example.ORG", "example.org"),
        ("dmarc=pass header.from=localhost", ""),
    ],
)
def test_header_from_must_be_given_once(words, domain):
    assert read_results(f"mx.example.com; {words}").dmarc == (Dmarc("pass", domain),)


def test_two_dmarc_results_are_both_seen():
    value = "mx; dmarc=pass header.from=example.org; dmarc=fail header.from=example.org"
    assert len(read_results(value).dmarc) == 2


@pytest.mark.parametrize(
    "value",
    [
        "",
        "mx",
        "mx;",
        "mx 2; dmarc=pass header.from=example.org",
        "mx; dmarc",
        "mx; dmarc=",
        "mx; dmarc=pass (",
        "mx; dmarc=pass; none",
        "(" * 4000,
        "mx; dmarc=pass " + "(c) " * 500 + ")",
        "mx;" + "dmarc=pass;" * 2000,
        "mx; dmarc=pass header.from=\udcff",
    ],
)
def test_what_cannot_be_read_is_no_verdict(value):
    found = read_results(value)
    assert found is None or all(not result.domain for result in found.dmarc)


_PIECES = st.sampled_from(
    ["mx.example.com", ";", " ", "dmarc", "=", "pass", "fail", "(", ")", '"', "\\", "header.from",
     "example.org", "reason", "spf", "smtp.mailfrom", "@", "p=reject", "none", "/", "1", ".", "é",
     "\x00", "\udc80", "action=reject"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=60).map("".join)))
@example("x;a=b header")
def test_nothing_makes_the_reader_raise(value):
    read_results(value)
    read_results(f"mx.example.com; {value}")
    read_results_without_id(value)
    read_results_without_id(f"spf=pass {value}")
