"""A letter of ours as a mail client has it before it when somebody answers."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache

from lxml import html as lxml_html
from stories.people import html_of, read, text_of

_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
_CLASS = re.compile(r'class="([^"]+)"')
_HEADINGS = ("h1", "h2", "h3", "p", "ul", "ol", "blockquote")
_BLOCKS = (*_HEADINGS, "div", "li", "table", "tr")


@dataclass(frozen=True, slots=True)
class Quoted:
    """The letter that is answered; `text` is its text part unwrapped, `html` its body."""

    name: str
    address: str
    to: str
    subject: str
    at: datetime
    message_id: str
    references: str
    answer_to: str
    text: str
    html: str

    @classmethod
    @lru_cache
    def of(cls, raw: bytes) -> "Quoted":
        """Read the letter from the bytes that we sent."""
        mail = read(raw)
        name, address = parseaddr(str(mail["From"]))
        body = _BODY.search(html_of(mail))
        return cls(
            name=name,
            address=address,
            to=str(mail["To"]),
            subject=str(mail["Subject"]),
            at=mail["Date"].datetime,
            message_id=str(mail["Message-ID"]),
            references=str(mail["References"] or ""),
            answer_to=str(mail["Reply-To"] or mail["From"]),
            text=text_of(mail).strip("\n"),
            html=body[1].strip() if body else "",
        )


def marked(text: str, mark: str = "> ") -> str:
    """Put the sign of a quote before each line; no space before another sign (RFC 3676 4.5)."""
    return "\n".join(
        f"{mark.rstrip()}{line}" if line.startswith(">") or not line else mark + line
        for line in text.split("\n")
    )


def wrapped(text: str, width: int) -> str:
    """Break long lines hard, as Gmail does; a quoted line keeps its sign."""
    return "\n".join(piece for line in text.split("\n") for piece in _pieces(line, width))


def flowed(text: str, width: int = 72, *, delsp: bool = False) -> str:
    """Break long lines softly and stuff (RFC 3676); `delsp` for languages without spaces."""
    return "\n".join(
        piece for line in text.split("\n") for piece in _soft(line, width, delsp=delsp)
    )


def _soft(line: str, width: int, *, delsp: bool) -> list[str]:
    if line == "-- ":
        return [line]
    sign = re.match(">*", line)[0]
    content = line.removeprefix(sign).removeprefix(" " if sign else "").rstrip()
    if delsp:
        pieces = [content[at : at + width // 2] for at in range(0, len(content), width // 2)]
    else:
        pieces = textwrap.wrap(content, width, break_on_hyphens=False, break_long_words=False)
    *soft, last = [f" {p}" if sign and p else _stuffed(p) for p in pieces or [""]]
    return [*(f"{sign}{piece} " for piece in soft), sign + last]


def _stuffed(line: str) -> str:
    return f" {line}" if line.startswith((" ", "From ", ">")) else line


def _pieces(line: str, width: int) -> list[str]:
    sign = re.match(r"(?:>+ ?)?", line)[0]
    options = {"break_on_hyphens": False, "break_long_words": False}
    content = line.removeprefix(sign)
    if len(line) <= width:
        return [line]
    return textwrap.wrap(content, width, initial_indent=sign, subsequent_indent=sign, **options)


# --- HTML ---------------------------------------------------------------------------------------


@lru_cache
def renamed(html: str, prefix: str) -> str:
    """Prefix every class: clients keep the styles of a quoted mail out of their own page."""
    return _CLASS.sub(
        lambda match: 'class="{}"'.format(" ".join(prefix + name for name in match[1].split())),
        html,
    )


def balanced(html: str) -> str:
    """Close what a piece of HTML opens, and drop what it closes."""
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    return lxml_html.tostring(tree, encoding="unicode")


@lru_cache
def as_text(html: str, *, bold: str = "", link: str = "{text}", quote: str = "> ") -> str:
    """Return what a client writes as text for the HTML that it shows."""
    tree = lxml_html.fromstring(f"<div>{html}</div>")
    lines = "".join(_printed(tree, bold, link, quote)).split("\n")
    text = "\n".join(line.strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _printed(element, bold: str, link: str, quote: str) -> Iterator[str]:
    """Yield the pieces of text; hidden elements are not shown, so not quoted."""
    if not isinstance(element.tag, str) or "display:none" in element.get("style", ""):
        yield element.tail or ""
        return
    inner = re.sub(r"\s*\n\s*", " ", element.text or "")
    inner += "".join(piece for child in element for piece in _printed(child, bold, link, quote))
    match element.tag:
        case "br":
            inner = "\n"
        case "b" | "strong":
            inner = f"{bold}{inner}{bold}"
        case "a":
            inner = link.format(text=inner, href=element.get("href"))
        case "li":
            inner = f"- {inner}"
        case "blockquote":
            inner = marked(inner.strip("\n"), quote) if quote else inner
    end = "\n\n" if element.tag in _HEADINGS else "\n" if element.tag in _BLOCKS else ""
    yield f"\n{inner.strip()}{end}" if end else inner
    yield re.sub(r"\s*\n\s*", " ", element.tail or "")
