"""What the markup of mail clients says: what is hidden, what is quote, what is signature.

Each client marks the quote in its own way; a new one is a class, an id or a rule in the tables.
"""

import re
from collections.abc import Mapping
from enum import Enum
from urllib.parse import unquote

VOID = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "base", "area", "col", "wbr", "embed"}
)
PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
BLOCKS = PARAGRAPHS | frozenset(
    {
        "div", "section", "article", "header", "footer", "nav", "aside", "main", "address",
        "center", "fieldset", "form", "figure", "figcaption", "table", "tr", "caption", "tbody",
        "thead", "tfoot", "li", "dl", "dt", "dd", "hr", "details", "summary", "body", "html",
    }
)  # fmt: skip
_NEVER_SHOWN = frozenset(
    {
        "head", "script", "style", "title", "meta", "link", "base", "template", "object", "embed",
        "applet", "iframe", "noframes", "audio", "video", "canvas", "svg", "math", "map", "area",
        "select", "option", "input", "xml", "o:shapedefaults", "o:shapelayout",
    }
)  # fmt: skip


class Role(Enum):
    """What an element is in a mail."""

    QUOTE = "quote"
    QUOTE_FROM_HERE = "quote from here"
    QUOTE_FRAME = "quote frame"
    PLAIN_BLOCKQUOTE = "plain blockquote"
    SIGNATURE = "signature"
    SIGNATURE_FROM_HERE = "signature from here"


# Classes and ids, in lower case, by which clients mark a quote.
_QUOTE_CLASSES = frozenset(
    {
        "gmail_attr", "yahoo_quoted", "moz-cite-prefix",
        "moz-email-headers-table", "moz-forward-container", "zmail_extra", "protonmail_quote",
        "protonmail_original", "tutanota_quote", "yandex-quote", "msg-quote", "quoted-text",
        "cloudmagic-quote", "hmquote", "wordsection-quote", "ox-quote", "mail_quote", "quote",
        "freebirdanaloguequote", "mailmasterquote", "mailquote", "front-blockquote", "hey-quote",
        "fastmail-quote", "superhuman-quote", "spark_quote", "bloop_original_html",
        "mimestream_quote", "iwm-quote", "uik-quote", "qt-quote",
    }
)  # fmt: skip
_QUOTE_IDS = frozenset(
    {
        "olk_src_body_section", "isforwardcontent", "reply-intro", "ms-outlook-reply",
        "mail-editor-reference-message-container", "orimsghtmlseperator", "replysplit",
        "zwchr", "qt",
    }
)  # fmt: skip
# Classes of what holds the introduction and the quote, and answers that stand between its pieces.
_FRAME_CLASSES = frozenset({"gmail_quote", "gmail_quote_container"})
_QUOTE_FROM_HERE_IDS = frozenset({"divrplyfwdmsg", "appendonsend", "stopspelling", "replybody"})
_SIGNATURE_CLASSES = frozenset(
    {
        "gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature",
        "zmail_signature", "bloop_sign", "yahoo-signature", "apple-mail-signature",
        "front-signature",
    }
)  # fmt: skip
_SIGNATURE_IDS = frozenset(
    {"signature", "ms-outlook-mobile-signature", "applemailsignature", "mail_android_signature"}
)
_ROLES_OF_IDS: Mapping[str, Role] = {
    **dict.fromkeys(_QUOTE_FROM_HERE_IDS, Role.QUOTE_FROM_HERE),
    **dict.fromkeys(_SIGNATURE_IDS, Role.SIGNATURE),
    "linebreakatbeginningofsignature": Role.SIGNATURE_FROM_HERE,  # Apple Mail
}

_WORD_SIGNATURE = "_MailAutoSig"
_TIGHT_CLASSES = frozenset({"msonormal", "msonospacing", "msoplaintext", "msolistparagraph"})
_NO_MARGIN = re.compile(
    r"(?<![\w-])margin\s*:\s*0(?:\.0+)?(?:px|pt|in|cm|em)?\s*(?:;|!|$)"
    r"|margin-bottom\s*:\s*0(?:\.0+)?(?:px|pt|in|cm|em)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_STYLE_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?<![\w-])opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_STYLE_NO_SIZE = re.compile(r"(?<![\w-])(?:width|height)\s*:\s*0(?:px)?\s*(?:;|!|$)", re.IGNORECASE)
_FONT_SIZE = re.compile(r"font-size\s*:\s*(\d{0,4}\.?\d{0,4})\s*([a-z%]*)", re.IGNORECASE)
_OUTLOOK_RULE = re.compile(
    r"border\s*:\s*none\s*;.{0,40}?border-top\s*:\s*(?:solid\s+#?[\w()., ]+\s+[\d.]+pt"
    r"|[\d.]+pt\s+solid\s+#?[\w()., ]+|#?\w+\s+[\d.]+pt\s+solid)",
    re.IGNORECASE | re.DOTALL,
)
_BORDER_LEFT = re.compile(r"border-left(?:-\w+)?\s*:\s*(?!\s*(?:none|0))", re.IGNORECASE)
_INDENT = re.compile(r"margin(?:-left)?\s*:[^;]*\b40px", re.IGNORECASE)


def is_hidden(tag: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether a reader sees nothing of the element."""
    if tag in _NEVER_SHOWN or "hidden" in attributes:
        return True
    style = attributes.get("style", "")[:2_000]
    if not style:
        return False
    if _STYLE_HIDDEN.search(style):
        return True
    return _STYLE_NO_SIZE.search(style) is not None and "overflow" in style.lower()


def is_tiny(attributes: Mapping[str, str], *, inherited: bool) -> bool:
    """Tell whether the letters are too small to read; a child may set a size of its own."""
    if "style" not in attributes:
        return inherited
    sizes = _FONT_SIZE.findall(attributes.get("style", "")[:2_000])
    if not sizes or not sizes[-1][0].strip("."):
        return inherited
    size, unit = float(sizes[-1][0]), sizes[-1][1].lower()
    return size <= 0.1 if unit in ("em", "rem") else size <= (5 if unit == "%" else 1)


def is_tight(tag: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether a paragraph has no margins, so that it is no more than a line (Outlook)."""
    if tag != "p" or not attributes:
        return False
    classes = attributes.get("class", "")[:500].lower().split()
    return not _TIGHT_CLASSES.isdisjoint(classes) or (
        _NO_MARGIN.search(attributes.get("style", "")[:2_000]) is not None
    )


def role_of(tag: str, attributes: Mapping[str, str]) -> Role | None:
    """Return what the markup says the element is; None if it says nothing."""
    if not attributes and tag != "blockquote":
        return None
    classes = set(attributes.get("class", "")[:500].lower().split())
    identity = attributes.get("id", "")[:200].lower()
    if identity in _ROLES_OF_IDS:
        return _ROLES_OF_IDS[identity]
    if _is_outlook_rule(tag, attributes):
        return Role.QUOTE_FROM_HERE
    if classes & _SIGNATURE_CLASSES or _is_word_signature(attributes):
        return Role.SIGNATURE
    if tag == "blockquote":
        return _blockquote_role(attributes, classes)
    return _container_role(tag, classes, identity)


def _container_role(tag: str, classes: set[str], identity: str) -> Role | None:
    """Tell what holds a quote."""
    if classes & _QUOTE_CLASSES or identity in _QUOTE_IDS:
        return Role.QUOTE
    return Role.QUOTE_FRAME if tag == "div" and classes & _FRAME_CLASSES else None


def _is_word_signature(attributes: Mapping[str, str]) -> bool:
    """Tell whether this is a line of the signature that Outlook put in: Word bookmarks it."""
    if "name" in attributes:
        return attributes["name"] == _WORD_SIGNATURE
    style = attributes.get("style", "")
    return "mso-bookmark" in style[:2_000] and _WORD_SIGNATURE in style[:2_000]


def _is_outlook_rule(tag: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether this is the thin line that Outlook draws above the copied header."""
    return tag == "div" and _OUTLOOK_RULE.search(attributes.get("style", "")[:2_000]) is not None


def _blockquote_role(attributes: Mapping[str, str], classes: set[str]) -> Role | None:
    """Tell quotes from indents: Gmail and Outlook indent with a blockquote of their own."""
    style = attributes.get("style", "")[:2_000]
    is_cited = attributes.get("type", "").lower() == "cite" or "cite" in attributes
    if is_cited or classes & _QUOTE_CLASSES or _BORDER_LEFT.search(style):
        return Role.QUOTE
    if "gmail_quote" in classes or _INDENT.search(style):
        return None
    return Role.PLAIN_BLOCKQUOTE


def is_shown(href: str, text: str) -> bool:
    """Tell whether `text` ends with the target of the link, as a reader would write it."""
    shown, target = _bare(text), _bare(href)
    return bool(target) and shown.endswith((target, _bare(unquote(href))))


def _bare(link: str) -> str:
    link = "".join(link.split()).lower().removeprefix("mailto:").removeprefix("tel:")
    return re.sub(r"^https?://(?:www\.)?", "", link).rstrip("/").partition("?subject=")[0]
