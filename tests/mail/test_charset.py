import pytest

from maildesk.mail.charset import decode_text, text_codec


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("grün".encode(), "utf-8", "grün"),
        (b"gr\xfcn", "iso-8859-1", "grün"),
        (b"it\x92s", "iso-8859-1", "it’s"),
        ("日本語".encode("iso2022_jp"), "iso-2022-jp", "日本語"),
        ("日本語".encode("cp932"), "shift_jis", "日本語"),
        ("中文".encode("gb18030"), "gb2312", "中文"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום"),
        ("grün".encode("utf-16-le"), "utf-16le", "grün"),
    ],
)
def test_declared_charset_is_believed(content, charset, text):
    assert decode_text(content, charset) == (text, None)


@pytest.mark.parametrize("charset", [None, "us-ascii", "x-unknown", "utf-8\x00x"])
def test_utf8_is_tried_where_no_charset_holds(charset):
    assert decode_text("grün".encode(), charset)[0] == "grün"


@pytest.mark.parametrize(
    "charset",
    ["idna", "punycode", "zlib_codec", "unicode_escape", "raw_unicode_escape", "rot13", "hex",
     "mbcs", "undefined", "x" * 10_000, "utf-8\x00x", "", "../../etc/passwd"],
)  # fmt: skip
def test_codecs_that_hold_no_text_are_refused(charset):
    assert text_codec(charset) is None
    text, note = decode_text(rb"a\u0041\x41", charset)
    assert text == r"a\u0041\x41"
    assert note or not charset


def test_a_few_bad_bytes_do_not_outvote_the_label():
    content = "Grüße aus Köln ".encode() * 50 + b"\xff"
    text, note = decode_text(content, "utf-8")
    assert text.startswith("Grüße aus Köln")
    assert text.endswith("\ufffd")
    assert note


@pytest.mark.parametrize(
    ("words", "charset"),
    [
        ("Hjelp, jeg får ikke åpnet døren på kontoret. Hilsen Åse\n", "cp1252"),
        ("Die Grüße kommen später, weil die Straße gesperrt ist.\n", "cp1252"),
        ("Привет, у нас не работает принтер в бухгалтерии.\n", "koi8-r"),
        ("Привет, у нас не работает принтер в бухгалтерии.\n", "cp1251"),
        ("您好,打印机不能工作了,请帮助我们解决这个问题。谢谢。\n", "gb18030"),
        ("プリンターが動きません。よろしくお願いします。\n", "cp932"),
    ],
)
@pytest.mark.parametrize("times", [1, 5])
def test_undeclared_bytes_are_guessed(words, charset, times):
    text, note = decode_text((words * times).encode(charset))
    assert text == words * times
    assert note


def test_few_lone_bytes_are_accents_and_quotes():
    words = "I don’t know, and the café’s menu doesn’t say. Please tell me more about it.\n"
    assert decode_text((words * 3).encode("cp1252")) == (words * 3, "charset guessed: cp1252")


def test_words_below_many_lines_of_ascii_are_guessed():
    text = "All that is old.\n" * 2_000 + "您好,打印机不能工作了,请帮助我们解决这个问题。\n" * 3
    assert decode_text(text.encode("gb18030"))[0] == text


def test_any_bytes_become_text():
    assert decode_text(bytes(range(256)) * 4)[0]
