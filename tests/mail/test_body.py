"""The division of any text: complete, in order, and bounded in time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.body import Division, split_body
from maildesk.mail.marker import REPLY_MARKERS, is_reply_marker, marker_line
from maildesk.mail.message import Span, cut

_MANY = 32_768  # characters: enough to show what grows faster than the text
_SECONDS = 1.0  # a fifth of it on an idle machine
_PIECES = st.sampled_from(
    [
        "\n", "\r\n", "> ", ">", "-- ", "--", "Best,", "Ann", "On 5 May 2025, Ann wrote:", ":",
        " ", "From: ", "ann@example.org", "Subject: x", "Sent: 10:02", "____", "-----",
        "Original Message", "Sent from my iPhone", "PS: x", "写道：", "\x00", "\ufeff", "＞",
    ]
)  # fmt: skip
_TEXTS = st.lists(_PIECES | st.text(max_size=5), max_size=40).map("".join)
_NUMBERS = st.integers(min_value=0, max_value=60)
_SPANS = st.lists(st.builds(Span, _NUMBERS, _NUMBERS), max_size=3).map(tuple)


def spans_of(division: Division) -> list[Span]:
    return sorted([*division.reply, *division.quoted, *division.signature])


@given(text=_TEXTS, quoted=_SPANS, signature=_SPANS)
def test_spans_cover_the_text_in_order_without_overlap(
    text: str, quoted: tuple[Span, ...], signature: tuple[Span, ...]
) -> None:
    division = split_body(text, quoted, signature)
    spans = spans_of(division)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
    assert set(division.forwarded) <= set(division.quoted)


def test_empty_text_has_no_spans() -> None:
    assert split_body("") == Division(())


@pytest.mark.parametrize(
    "piece",
    [
        ">", ">\n", "> a\nb\n", "\n", "On \n", "On 5 May 2025, Ann wrote\n", "a:\n",
        "On 5 May 10:02 ", "From: a@b\n", "From: a@b To: ", "-", "- ", "*", "Best,\n", "--\n",
        "____\nconfidential\n", " ", "\t>", "Sent from ", "x@", "写道：\n", "http://x ", "<",
        "Ann wrote\n\n> ", "#", "\r",
    ],
    ids=ascii,
)  # fmt: skip
def test_hostile_text_is_divided_within_a_second(piece: str) -> None:
    text = piece * (_MANY // len(piece)) + ":"
    begun = time.process_time()
    spans = spans_of(split_body(text))
    assert time.process_time() - begun < _SECONDS
    assert sum(span.end - span.start for span in spans) == len(text)


@pytest.mark.parametrize("language", REPLY_MARKERS)
def test_text_below_our_marker_is_quote(language: str) -> None:
    line = marker_line(language)
    for shown in (line, f"*{line}*", REPLY_MARKERS[language]):
        text = f"It works.\n\n{shown}\nTicket 7\nDoes it work?"
        assert cut(text, split_body(text).reply) == "It works.", shown
    assert not line.startswith("-- ")
    assert is_reply_marker(f"> {line}")


def test_marker_that_a_client_wrapped_is_recognised() -> None:
    text = "It works.\n\n--- Please write your answer\nabove this line ---\nTicket 7\n\nDoes it?"
    assert cut(text, split_body(text).reply) == "It works."


@pytest.mark.parametrize(
    "line",
    [
        "##- Please type your reply above this line -##",
        "--- Reply above this line ---",
        "=== Bitte schreiben Sie über dieser Zeile ===",
    ],
)
def test_text_below_another_desks_marker_is_quote(line: str) -> None:
    text = f"It works.\n\n{line}\nDoes it?"
    assert cut(text, split_body(text).reply) == "It works."


def test_sentence_that_mentions_a_line_is_no_marker() -> None:
    text = "Please put the total above this line.\nAnd sign it."
    assert cut(text, split_body(text).reply) == text


@pytest.mark.parametrize(
    ("language", "expected"), [("zh", "zh-Hans"), ("nb-NO", "nb"), ("pt", "en"), ("", "en")]
)
def test_marker_falls_back_to_the_language_without_region(language: str, expected: str) -> None:
    assert marker_line(language) == marker_line(expected)


def test_quote_proven_by_markup_takes_its_introduction_along() -> None:
    text = "It works.\n\nOn 5 May 2025, Ann wrote:\nWell?\n\nSee below."
    start = text.index("Well?")
    division = split_body(text, (Span(start, start + 6),))
    assert cut(text, division.reply).split("\n") == ["It works.", "See below."]
