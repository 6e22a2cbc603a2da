import pytest

from maildesk.mail.authenticity import a_label, author_domain, is_aligned
from maildesk.mail.parse import parse_mail


def author(*fields):
    header = "".join(f"{field}\r\n" for field in fields)
    return author_domain(parse_mail(f"{header}Subject: x\r\n\r\nHi\r\n".encode()))


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("ada@example.org", "example.org"),
        ("Ada Berg <ada@EXAMPLE.org>", "example.org"),
        ('"agent@desk.example" <eve@evil.example>', "evil.example"),
        ("=?utf-8?q?agent=40desk.example?= <eve@evil.example>", "evil.example"),
        ('"agent@desk.example"@evil.example', "evil.example"),
        ("ada@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("ada@bücher.example", "xn--bcher-kva.example"),
        ("ada@dеsk.example", "xn--dsk-rdd.example"),  # a Cyrillic е
    ],
)
def test_from_domain_is_what_follows_the_last_at(value, domain):
    assert author(f"From: {value}") == domain


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([], id="no From"),
        pytest.param(["From:"], id="empty"),
        pytest.param(["From: root"], id="no domain"),
        pytest.param(["From: a@x.example", "From: b@x.example"], id="two fields"),
        pytest.param(["From: a@x.example", "From: a@x.example"], id="the same twice"),
        pytest.param(["From: a@x.example", "From:"], id="a second one, empty"),
        pytest.param(["From: a@x.example, b@x.example"], id="two addresses"),
        pytest.param(["From: Friends: a@x.example;"], id="a group"),
        pytest.param(["From: agent@desk.example <eve@evil.example>"], id="address as name"),
        pytest.param(["From: a@[127.0.0.1]"], id="address literal"),
        pytest.param(["From: a@127.0.0.1"], id="bare address"),
        pytest.param(["From: a@localhost"], id="no dot"),
        pytest.param(["From: a@straße.example"], id="two owners of one A-label"),
        pytest.param(["From: a@x..example"], id="empty label"),
        pytest.param(["From: a@-x-.example"], id="no host name"),
        pytest.param([f"From: a@{'x.' * 200}example"], id="too long"),
    ],
)
def test_a_from_that_is_not_one_plain_address_is_nobodys(fields):
    assert author(*fields) is None


def test_domains_compare_as_a_labels():
    assert a_label("Bücher.Example.") == "xn--bcher-kva.example"


def test_alignment_goes_downwards_only():
    assert is_aligned("example.org", "example.org")
    assert is_aligned("example.org", "mail.example.org")
    assert not is_aligned("evil.pages.example", "pages.example")
    assert not is_aligned("ample.org", "example.org")
