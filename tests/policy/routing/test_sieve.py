"""A sieve may let too much through, and never too little."""

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.policy.routing.sieve import FEWEST, Sieve, sieve_for

PATTERNS = [
    re2.compile(pattern)
    for pattern in (
        r"(?i)\b(vpn|wire)\b", r"^a", r"b$", r"a.*b", r"(?P<x>\d{2,4})", r"ü+", r"[^a]b", r"^$",
        r"(?m)^b", r"\x{4e2d}", r"(ab)+c", r"\Aa\z",
    )
]  # fmt: skip
TEXTS = st.text(alphabet="aAbcVPN vpn12ü中\n", max_size=40)


@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_what_a_search_finds_passes_the_sieve(text):
    encoded = text.encode()
    candidates = SIEVE.candidates(encoded)
    assert candidates is not None
    assert {one for one in PATTERNS if one.search(encoded)} <= candidates


@given(text=TEXTS, words=st.lists(st.text("abvpnü中.*(", min_size=1, max_size=3), max_size=6))
@settings(max_examples=100, deadline=None)
def test_words_pass_as_they_are(text, words):
    candidates = Sieve(words).candidates(text.encode())
    assert {word for word in words if word in text} == candidates


SIEVE = Sieve(PATTERNS)


def test_expressions_that_keep_a_search_open_stay_out_of_it():
    assert SIEVE.candidates(b"zzz") == {
        one for one in PATTERNS if one.pattern in ("a.*b", "(ab)+c")
    }


def test_a_few_need_no_sieve():
    assert sieve_for(PATTERNS[: FEWEST - 1]) is None
    assert sieve_for([PATTERNS[0]] * 10) is None
