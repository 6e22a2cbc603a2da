from datetime import UTC, datetime

import pytest

from maildesk.mail.encoded_words import decode_words, read_text
from maildesk.mail.header import (
    read_addresses,
    read_date,
    read_fields,
    read_ids,
    read_language,
    read_message_id,
)
from maildesk.mail.message import Address, InboundMail


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        ("=?iso-8859-1*de?q?gr=FCn?=", "grün"),
        ("=?iso-8859-1?q?grün?=", "grün"),
        ("=?utf-8?q?two words?=", "two words"),
        ("=?x-none?q?plain?=", "plain"),
        ("=?utf-8?x?no word?=", "=?utf-8?x?no word?="),
        ("no word", "no word"),
    ],
)
def test_encoded_words_are_decoded(value, text):
    assert decode_words(value) == text


def test_breaks_in_encoded_words_begin_no_field():
    assert read_text("=?utf-8?q?x=0D=0ABcc:_evil?=") == "x Bcc: evil"


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("a@x.example", [("", "a@x.example")]),
        ("Åsa Øst <asa@x.example>", [("Åsa Øst", "asa@x.example")]),
        ('"Ost, A" <a@x.example>, b@x.example', [("Ost, A", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example (Asa)", [("Asa", "a@x.example")]),
        ("=?utf-8?q?=C3=85sa?= <a@x.example>", [("Åsa", "a@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Desk: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("", []),
    ],
)
def test_mailboxes_are_read(value, addresses):
    assert read_addresses(value).addresses == tuple(Address(*pair) for pair in addresses)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("alice@desk.example <evil@x.example>", "evil@x.example"),
        ('"alice@desk.example" <evil@x.example>', "evil@x.example"),
        ("=?utf-8?q?alice=40desk.example?= <evil@x.example>", "evil@x.example"),
        ('"alice@desk.example"@evil.example', '"alice@desk.example"@evil.example'),
        ("alice@desk.example (evil) <evil@x.example>", "evil@x.example"),
        ("<evil@x.example> (alice@desk.example)", "evil@x.example"),
    ],
)
def test_an_address_in_a_name_or_comment_is_never_the_sender(value, address):
    assert [a.address for a in read_addresses(value).addresses] == [address]


@pytest.mark.parametrize(
    "value",
    [
        "a@x.example",
        "<a@x.example>",
        "Ada Berg <a@x.example>",
        "Ada  Berg <a@x.example>",
        "Dr. Ada Berg <a@x.example>",
        '"Berg, Ada" <a@x.example>',
        '"<b@x.example>" <a@x.example>',
        "'Ada' <a+b=c@x.example>",
        "b@x.example <a@x.example>",
        "Ada Berg a@x.example",
        "a@x.example>",
        "a.@x.example",
        '"a"@x.example',
    ],
)
def test_a_field_of_one_mailbox_reads_as_the_same_one_in_a_list(value):
    assert read_addresses(value) == read_addresses(f"{value}, ")


def test_two_addresses_without_a_comma_are_nobody():
    found = read_addresses("alice@desk.example evil@x.example")
    assert found.addresses == ()
    assert found.defects


def test_odd_sender_is_read_with_a_defect():
    found = read_addresses("Joe Smith joe@x.example")
    assert found.addresses == (Address("Joe Smith", "joe@x.example"),)
    assert found.defects


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("Ann", [("Ann", "")]),
        ("Ann Berg <ann>", [("Ann Berg", "ann")]),
        ("<root>", [("", "root")]),
        ("Ann <>", [("Ann", "")]),
        ('"Ann Berg"', [("Ann Berg", "")]),
        ("=?utf-8?q?alice=40desk.example?=", [("alice@desk.example", "")]),
        ("Ann, Bo", [("Ann", ""), ("Bo", "")]),
        ("Berg, Ann <ann@x.example>", [("Ann", "ann@x.example")]),
        ("alice@desk.example <evil>", []),
        ('"alice@desk.example" <evil>', []),
        ("Ann <a b>", []),
        ("undisclosed-recipients:;", []),
        ("<>", []),
    ],
)
def test_whom_a_field_names_without_any_address_has_none(value, people):
    found = read_addresses(value)
    assert found.addresses == tuple(Address(*person) for person in people)
    assert found.defects


def test_who_has_no_address_is_no_sender_and_no_recipient():
    fields = [("From", "Ann"), ("Delivered-To", "ann"), ("To", "ann")]
    header = read_fields(fields, addresses=200, references=100)
    mail = InboundMail(size=1, content_key="", senders=header.senders)
    assert mail.senders == (Address("Ann", ""),)
    assert mail.sender is None
    assert header.delivered_to == ()


@pytest.mark.parametrize("character", ["(", '"', "<", ",", ";", ":", "\\", "@", "[", "\udcff"])
def test_floods_of_delimiters_end_quickly(character):
    read_addresses(character * 8_000)
    read_ids(character * 8_000)
    read_text(character * 8_000)


def test_too_many_addresses_are_cut():
    found = read_addresses(", ".join(f"a{n}@x.example" for n in range(300)))
    assert len(found.addresses) == 200
    assert "over 200 addresses" in found.defects


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Mon, 23 Nov 2026 08:15:00 +0100", datetime(2026, 11, 23, 7, 15, tzinfo=UTC)),
        ("23 Nov 2026 08:15 GMT", datetime(2026, 11, 23, 8, 15, tzinfo=UTC)),
        ("Mon, 1 Jan 1900 00:00:00 +0000", datetime(1900, 1, 1, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 08:15:00", datetime(2026, 11, 23, 8, 15, tzinfo=UTC)),
        ("99999999999", None),
        ("Mon, 99 Foo 2026", None),
        ("31 Dec 9999 23:59:59 -2400", None),
        ("", None),
    ],
)
def test_dates_are_read_in_utc(value, date):
    assert read_date(value) == date


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@x> <b@x>", ("a@x", "b@x")),
        ("<a@x>\r\n\t<a@x>", ("a@x",)),
        ("a@x, b@x", ("a@x", "b@x")),
        ("Message of Monday <a@x>", ("a@x",)),
        ("<long\r\n er@x>", ("longer@x",)),
        ("<<<<", ()),
        (f"<{'a' * 10_240}>", ()),
    ],
)
def test_identifiers_are_read(value, ids):
    assert read_ids(value) == ids


def test_of_many_references_the_first_and_the_last_stay():
    ids = read_ids(" ".join(f"<{n}@x>" for n in range(10_000)))
    assert len(ids) == 100
    assert (ids[0], ids[-1]) == ("0@x", "9999@x")


@pytest.mark.parametrize(
    ("value", "message_id"),
    [("<a@x>", "a@x"), ("a", "a"), ("", None), ("two words", None), ("x" * 10_240, None)],
)
def test_message_id(value, message_id):
    assert read_message_id(value) == message_id


def test_first_language_counts():
    assert read_language("nb-NO, en") == "nb-NO"
    assert read_language("???") is None


def test_raw_bytes_follow_the_charset_of_the_body():
    fields = [("Subject", "\udcf0\udcd2"), ("Content-Type", "text/plain; charset=koi8-r")]
    header = read_fields(fields, addresses=200, references=100)
    assert header.subject == "Пр"


def test_of_a_field_given_twice_the_first_counts():
    fields = [("Subject", "one"), ("subject", "two")]
    header = read_fields(fields, addresses=200, references=100)
    assert header.subject == "one"
    assert header.defects == ("Subject: given 2 times",)


def test_two_from_fields_are_two_senders():
    fields = [("From", "a@x.example"), ("From", "b@x.example")]
    header = read_fields(fields, addresses=200, references=100)
    assert [sender.address for sender in header.senders] == ["a@x.example", "b@x.example"]
