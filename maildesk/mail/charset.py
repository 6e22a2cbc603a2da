"""Decode bytes to text: the declared charset, UTF-8, a guess, and at last Latin-1, never failing.

Only codecs of text are let near a mail: Python also knows zlib, punycode and unicode_escape under
`bytes.decode`, and UTF-7 hides markup from whoever looks at the bytes. Widened aliases follow the
WHATWG Encoding Standard, because writers label supersets with the name of the subset.
"""

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

GUESS_BYTES = 16_384  # charset-normalizer costs milliseconds a KiB on long texts

# What mails without a label are written in. Among all codecs HP's and IBM's win too often, and
# Norwegian is taken for Central European (cp1250) as often as not.
_LIKELY = [
    "cp1252", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932",
    "euc_jp", "cp949",
]  # fmt: skip
_WIDER = {
    "ascii": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "tis620": "cp874",
    "iso8859-11": "cp874",
    "windows-874": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "euc_kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "iso-2022-jp": "iso2022_jp_ext",
    "cp-850": "cp850",
}
_TEXT_CODECS = re.compile(
    r"ascii|utf-?[78]|utf-?(?:16|32)(?:[-_][bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|kz1048|ptcp154"
    r"|mac-(?:roman|cyrillic|greek|latin2|iceland|turkish)|gb2312|gbk|gb18030|hz|big5|big5hkscs"
    r"|euc_(?:jp|kr|jis_2004|jisx0213)|shift_jis(?:_2004|x0213)?|johab|iso2022_(?:kr|jp\w*)|hp-roman8|tis-620"
)
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_SHIFTED = re.compile(rb"\x1b\$[@B]|\x1b\(J")


@lru_cache(256)
def text_codec(charset: str) -> str | None:
    """Return Python's name of a charset that holds text; None for any other."""
    name = charset.strip().strip("'\"").lower().split("*")[0]
    name = _WIDER.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):  # ValueError: a NUL, or too long a name
        return None
    found = _WIDER.get(found, found)
    return found if _TEXT_CODECS.fullmatch(found) else None


def decode_text(content: bytes, charset: str | None = None) -> tuple[str, str | None]:
    """Return the text, and a note where the declared charset did not hold; never raises."""
    if content.isascii() and not _SHIFTED.search(content) and not _is_wide(charset):
        return content.decode("ascii"), _note_on(charset)
    codec = text_codec(charset) if charset else None
    for candidate in filter(None, (codec if _holds_more_than_ascii(charset) else None, "utf-8")):
        text = _try(content, candidate)
        if text is not None:
            return text, None if charset and candidate == codec else _note_on(charset)
    return _guess(content, codec, charset)


def _is_wide(charset: str | None) -> bool:
    """Whether ASCII bytes may stand for other characters in this charset."""
    return bool(charset) and (text_codec(charset or "") or "").startswith(
        ("utf-7", "utf-16", "utf-32", "hz", "iso2022")
    )


def _holds_more_than_ascii(charset: str | None) -> bool:
    """A declared US-ASCII says nothing about bytes over 127; they are UTF-8 more often than not."""
    return bool(charset) and codecs_name(charset or "") != "ascii"


@lru_cache(256)
def codecs_name(charset: str) -> str:
    """Return the codec's own name, before it is widened; "" if there is none."""
    try:
        return codecs.lookup(charset.strip().strip("'\"").split("*")[0]).name
    except (LookupError, ValueError):
        return ""


def _note_on(charset: str | None) -> str | None:
    if charset and text_codec(charset) is None:
        return f"unknown charset {charset[:40]!r}"
    return None


def _try(content: bytes, codec: str) -> str | None:
    try:
        text = content.decode(codec)
        text.encode()  # some codecs make lone surrogates
    except (UnicodeError, ValueError):
        return None
    return text


def _guess(content: bytes, codec: str | None, charset: str | None) -> tuple[str, str | None]:
    """Decode what is neither what it says nor UTF-8; a few bad bytes do not outvote the label."""
    if codec:
        text = content.decode(codec, "replace")
        if text.count("\ufffd") * 20 <= len(text):
            return text, f"bytes outside charset {charset!r}"
    text = content.decode("utf-8", "replace")
    if text.count("\ufffd") * 20 <= len(text) - len(text.encode("ascii", "ignore")):
        return text, "bytes outside UTF-8"
    sample = _sample(content)
    if _is_western(sample):
        return content.decode("cp1252", "replace"), "charset guessed: cp1252"
    best = from_bytes(sample, cp_isolation=_LIKELY).best()
    if best and (guessed := text_codec(best.encoding)):
        return content.decode(guessed, "replace"), f"charset guessed: {best.encoding}"
    return content.decode("latin-1"), "charset unknown, read as latin-1"


def _sample(content: bytes) -> bytes:
    """Return what tells most: from the first line beyond ASCII, in whole lines, lest a cut break a
    character."""
    found = _BEYOND_ASCII.search(content)
    start = content.rfind(b"\n", 0, found.start()) + 1 if found else 0
    sample = content[start : start + GUESS_BYTES]
    return sample if start + len(sample) == len(content) else sample.rpartition(b"\n")[0] or sample


def _is_western(sample: bytes) -> bool:
    """Whether the bytes beyond ASCII stand alone and are few, as accents and typographic quotes do;
    in other scripts they come in words."""
    runs = _BEYOND_ASCII.findall(sample)
    count = sum(map(len, runs))
    return count < 1.5 * len(runs) and count * 10 < len(sample)
