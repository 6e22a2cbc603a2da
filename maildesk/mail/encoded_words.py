"""Read text in header values: encoded words and bytes that stand there raw. RFC 2047, RFC 6532."""

import binascii
import re

from maildesk.mail.charset import decode_text, text_codec
from maildesk.mail.clean import clean

# Spaces inside an encoded word are forbidden and common; so are words that touch.
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode_words(value: str) -> str:
    """Return the value with its encoded words decoded (RFC 2047), as written otherwise."""
    if "=?" not in value:
        return value
    result: list[str] = []
    octets = b""  # of neighbours in the same charset, which may share a character
    charset = ""
    at = 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        word_charset = (
            word[1].partition("*")[0].lower()
        )  # RFC 2231 section 5: a language may follow
        if octets and (between.strip() or word_charset != charset):
            result.append(decode_text(octets, charset)[0])
            octets = b""
        if between.strip() or not at:
            result.append(between)
        octets += _octets(word[2], word[3], word_charset)
        charset = word_charset
        at = word.end()
    if octets:
        result.append(decode_text(octets, charset)[0])
    return "".join([*result, value[at:]])


def _octets(encoding: str, encoded: str, charset: str) -> bytes:
    """The bytes of one word; characters that stand there unencoded are in its charset too."""
    if _SURROGATE.search(encoded) or encoded.isascii():
        source = encoded.encode("utf-8", "surrogateescape")
    else:
        source = encoded.encode(text_codec(charset) or "utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(source.replace(b" ", b"_"), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", source)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def mend_bytes(value: str, charset: str) -> str:
    """Return the value with raw bytes that are not UTF-8 (surrogates here) read as `charset`.

    No standard allows them, many a script writes them; encoded words keep their own charset.
    """
    if value.isascii() or "=?" in value or not _SURROGATE.search(value):
        return value
    codec = text_codec(charset) or "windows-1252"
    return value.encode("utf-8", "surrogateescape").decode(codec, "replace")


def read_text(value: str) -> str:
    """Return a value of free text (Subject and the like), decoded and cleaned."""
    return clean(decode_words(value))
