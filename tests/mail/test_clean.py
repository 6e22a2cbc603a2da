import pytest

from maildesk.mail.clean import clean
from maildesk.mail.encoded_words import read_text
from maildesk.mail.fields import one_line


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("one\r\n two", "one two"),
        ("a\tb\u2028c\x0bd", "a b c d"),
        ("pay\u200bpal \u202egpj.exe", "paypal gpj.exe"),
        ("soft\u00adhyphen \u3164", "softhyphen"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("bad \udcff byte", "bad \ufffd byte"),
        ("tag\U000e0041 \ufdd0 \uffff", "tag"),
        ("山田\u3000太郎", "山田\u3000太郎"),
        ("  ", ""),
    ],
)
def test_a_line_loses_what_hides_reorders_or_breaks_it(value, text):
    assert clean(value) == text
    assert clean(text) == text


@pytest.mark.parametrize("value", ["a\x00b", "pay\u200bpal", "x\r\nBcc: y", "tag\U000e0041"])
def test_what_is_read_and_what_is_written_are_cleaned_alike(value):
    assert read_text(value) == one_line(value)


def test_a_field_has_single_blanks_for_it_is_folded_there():
    assert one_line("a  b\u00a0 c\u3000d") == "a b c d"
