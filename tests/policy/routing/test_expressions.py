"""Regular expressions know the letters of all scripts, and say where they do not."""

import unicodedata

import pytest

from maildesk.policy.routing.expressions import doubt, read_pattern
from maildesk.policy.routing.rule import BadRule


def found(pattern: str, text: str) -> dict[str, str] | None:
    match = read_pattern(pattern, ()).search(text.encode())
    return match and {name: one.decode() for name, one in match.groupdict().items()}


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        (r"(?i)\bødelagt\b", "Skriveren er ØDELAGT.", "uødelagte"),
        (r"\bå\b|\bøl\b", "vin og øl", "pøl"),
        (r"\b(vin|øl)\b", "øl, takk", "høl"),
        (r"\bмама\b", "мама мыла", "мамама"),
        (r"^\w+$", "Jørgen", "Jørgen B"),
        (r"^[\w-]+$", "Anne-Åse", "Anne/Åse"),
        (r"^\W$", "–", "ø"),
        (r"^VPN\sned$", "VPN\N{NO-BREAK SPACE}ned", "VPNxned"),
        (r"^\S+$", "打印机", "打印机 坏"),
        (r"^\d+$", "123", "١٢٣"),
        (r"\\bø", r"x\bø", "ø"),
        (r"^[[:alpha:]]\Q\w\E$", r"a\w", "aww"),
        (r"\bvpn\b", "the vpn", "vpns"),
        ("caf\u00e9", "café", "cafe"),
        ("cafe\u0301", "café", "cafe"),
    ],
)
def test_letters_of_all_scripts_are_letters(pattern, fits, fits_not):
    assert found(pattern, fits) is not None
    assert found(pattern, fits_not) is None


def test_named_groups_hold_what_they_say_and_no_boundary():
    assert found(r"\b(?P<who>[Å-å\w]+) er ødelagt\b", "Æ: Åse er ødelagt!") == {"who": "Åse"}


def test_words_are_told_as_unicode_has_them_but_for_rare_signs():
    word, told = read_pattern(r"^\w$", ()), 0
    for code in range(0x250):
        character = chr(code)
        is_letter = unicodedata.category(character)[0] in "LM" or character.isdecimal()
        told += (word.search(character.encode()) is not None) != (is_letter or character == "_")
    assert told == 0


@pytest.mark.parametrize("bad", ["\bvpn\b", "a\x00b", "\x85"])
def test_control_characters_are_refused(bad):
    with pytest.raises(BadRule, match="control character") as caught:
        read_pattern(bad, ())
    assert "single quotes" in caught.value.hint


@pytest.mark.parametrize("pattern", [r"(x\bøl)", r"(?:en|\bøl) takk", r"vin\b.*\bøl igjen"])
def test_boundaries_that_do_not_know_their_letter_are_doubted(pattern):
    assert r"(?:^|\W)" in doubt(pattern)


@pytest.mark.parametrize("pattern", [r"\bødelagt\b", r"(x\bvpn)", r"ø \bvpn\b y", r"[\b]ø", "ø"])
def test_other_expressions_are_not_doubted(pattern):
    assert not doubt(pattern)
