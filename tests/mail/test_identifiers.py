from datetime import UTC, datetime

import pytest

from maildesk.mail.identifiers import (
    Purpose,
    ReplyAddresses,
    base_subject,
    find_markers,
    find_tags,
    is_genuine,
    new_marker,
    new_message_id,
    read_address,
    read_message_id,
    reply_address,
    sign,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD_KEY, KEY = b"o" * 32, b"k" * 32
REPLY = ReplyAddresses("example.com", "+", (KEY, OLD_KEY))


def address(purpose=Purpose.PARTICIPANT, bound_to="ada@example.org", reply=REPLY, ticket=1042):
    token = sign(reply, ticket, "3", purpose, bound_to, NOW)
    return reply_address(reply, "support@example.com", token)


def test_address_token_is_read_back_and_proved():
    token = read_address(REPLY, address())
    assert (token.ticket, token.party, token.purpose) == (1042, 3, Purpose.PARTICIPANT)
    assert token.signed_at.date() == NOW.date()
    assert is_genuine(REPLY, token, "ada@example.org")


def test_local_part_stays_within_64_octets():
    token = sign(REPLY, 9_999_999_999, "9999", Purpose.PARTICIPANT, "a@b", NOW)
    local = reply_address(REPLY, f"{'q' * 24}@example.com", token).partition("@")[0]
    assert len(local) <= 64


def test_upper_case_address_is_still_genuine():
    assert is_genuine(REPLY, read_address(REPLY, address().upper()), "ada@example.org")


def test_token_signed_with_an_older_key_is_accepted():
    old = address(reply=ReplyAddresses("example.com", "+", (OLD_KEY,)))
    assert is_genuine(REPLY, read_address(REPLY, old), "ada@example.org")


@pytest.mark.parametrize(
    ("old", "new"),
    [("t1042", "t1043"), (".3.", ".4."), (".p", ".a")],
    ids=["another ticket", "another party", "another purpose"],
)
def test_altered_token_is_not_genuine(old, new):
    token = read_address(REPLY, address().replace(old, new))
    assert not is_genuine(REPLY, token, "ada@example.org")


def test_token_is_not_genuine_for_another_address():
    assert not is_genuine(REPLY, read_address(REPLY, address()), "eve@example.org")


@pytest.mark.parametrize(
    "text",
    [
        "support@example.com",
        "support+t1042@example.com",
        address()[1:].replace("example.com", "example.net"),
        address().replace("t1042", "t0"),
        address().split("@")[0][:-1] + "@example.com",
        "",
    ],
    ids=["plain", "tag only", "other domain", "ticket 0", "truncated", "empty"],
)
def test_what_is_not_shaped_like_a_token_is_none(text):
    assert read_address(REPLY, text) is None


def test_message_id_is_proved_without_knowing_anything_else():
    message_id = new_message_id(REPLY, 7, "seed", NOW)
    assert read_message_id(REPLY, f"<{message_id}>").ticket == 7
    assert read_message_id(REPLY, message_id.replace("t7.", "t8.")) is None
    assert read_message_id(REPLY, "x@example.com") is None


def test_message_id_is_no_address_token_for_anybody():
    token = read_address(REPLY, "support+" + new_message_id(REPLY, 7, "seed", NOW))
    assert token.purpose is Purpose.MESSAGE_ID
    assert token.party == 0


def test_markers_are_found_in_quoted_text():
    marker = new_marker(REPLY, 12, NOW)
    text = f"> Hello\n> Reference: {marker}\n x{marker} {marker.replace('t12', 't13')}"
    assert [token.ticket for token in find_markers(REPLY, text)] == [12]


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("Re: Printer [#1042]", [1042]),
        ("[#1] and [#22]", [1, 22]),
        ("foo[#1042]", []),
        ("[#1042]bar", []),
        ("[[#1042]]", []),
        ("[#0] #12 [12] [# 12]", []),
    ],
)
def test_subject_tags(subject, numbers):
    assert find_tags(subject) == numbers


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: AW: Fwd: Printer is dead [#1042]", "Printer is dead"),
        ("SV: VS: Hei", "Hei"),
        ("回复：打印机", "打印机"),
        ("Re[2]: Printer", "Printer"),
        ("Regarding: the printer", "Regarding: the printer"),
        ("", ""),
    ],
)
def test_base_subject(subject, base):
    assert base_subject(subject) == base
