"""The parts of a mail that are shown as files: what they are called and what they weigh.

A name is display text and nothing else; no file is ever written under it.
"""

import hashlib
import re

from maildesk.mail.clean import clean
from maildesk.mail.encoded_words import decode_words, read_text
from maildesk.mail.identifiers import find_tokens
from maildesk.mail.limits import ParseLimits, read_header
from maildesk.mail.message import Attachment
from maildesk.mail.parts import Part, decoded

_SEPARATOR = re.compile(r"[/\\]+")
_READABLE = ("message/", "text/")
_SEARCHED = 1_048_576  # bytes of an attached mail or text that are searched for tokens
_EXTENSION = re.compile(r"\.[^.\s]{1,12}$")
_EXTENSIONS = {
    "application/octet-stream": ".bin",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".asc",
    "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/zip": ".zip",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "message/global": ".eml",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/rfc822-headers": ".txt",
    "text/vcard": ".vcf",
}


def read_attachment(raw: bytes, part: Part, html: str, limits: ParseLimits) -> Attachment:
    """Describe the part as a file; `html` is the mail's HTML, which shows images by their id."""
    content = decoded(raw, part)
    content_id = clean(str(part.header.get("content-id", ""))).strip("<> ")[:998] or None
    return Attachment(
        part=part.path,
        filename=filename(part, content, limits),
        content_type=clean(part.content_type)[:255],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        is_inline=_is_inline(part, content_id, html),
        content_id=content_id,
        method=clean(part.parameter("method")).lower()[:20],
        has_token=_has_token(part, content),
    )


def _has_token(part: Part, content: bytes) -> bool:
    """Whether a token stands in an attached mail or text; a mail's own files are not read."""
    name = declared_name(part).lower()
    if not (part.content_type.startswith(_READABLE) or name.endswith(".eml")):
        return False
    return any(find_tokens(content[:_SEARCHED].decode("ascii", "replace")))


def _is_inline(part: Part, content_id: str | None, html: str) -> bool:
    """Outlook gives every file an id and Gmail calls inline images attachments, so the HTML has
    the last word where there is one."""
    if content_id is None or not part.content_type.startswith("image/"):
        return False
    return f"cid:{content_id}" in html or part.disposition == "inline" or not part.disposition


def filename(part: Part, content: bytes, limits: ParseLimits) -> str:
    """Return the name that the writer gave (RFC 2183, 2231, 2047), or one that tells the type."""
    given = declared_name(part)
    if not given and part.content_type in ("message/rfc822", "message/global"):
        given = _subject(content, limits)
    name = clean_filename(given, limits.filename_characters)
    return name or f"part-{part.path}{_EXTENSIONS.get(part.content_type, '')}"


def declared_name(part: Part) -> str:
    """Return the name as declared, decoded; "" if there is none."""
    name = part.parameter("filename", "content-disposition") or part.parameter("name")
    return decode_words(name)


def _subject(content: bytes, limits: ParseLimits) -> str:
    fields = read_header(content, limits).fields
    subject = next((value for name, value in fields if name.lower() == "subject"), "")
    return f"{_SEPARATOR.sub('-', read_text(subject))}.eml" if subject else ""


def clean_filename(name: str, limit: int) -> str:
    """Return the last component of a path, without what hides or reorders, at most `limit` long.

    Leading dots, dashes and spaces go: they hide a file or pass for an option.
    """
    name = clean(_SEPARATOR.split(clean(name))[-1]).lstrip(".-~ ")
    if len(name) <= limit:
        return name
    extension = _EXTENSION.search(name)
    tail = extension[0] if extension else ""
    return name[: limit - len(tail)] + tail
