"""Which parts of a mail are its text, which are files, and the text itself.

Plain text is preferred to HTML where a mail has both (RFC 2046 section 5.1.4, RFC 8621 section
4.1.4). Attached mails are never opened: what somebody forwards is not what he writes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from maildesk.mail.attachments import declared_name
from maildesk.mail.beside import Beside, read_beside
from maildesk.mail.charset import decode_text
from maildesk.mail.flowed import unflow
from maildesk.mail.html import HtmlText, html_to_text
from maildesk.mail.limits import ParseLimits
from maildesk.mail.message import Span
from maildesk.mail.parts import Part, decoded

_HTML_FACTOR = 4  # markup outweighs its text
_LINE_ENDS = ("\r\n", "\r", "\x0b", "\x0c", "\u2028", "\u2029")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a mail by what they are to a reader; `beside` is HTML that says again what a
    text part says."""

    texts: tuple[Part, ...] = ()
    files: tuple[Part, ...] = ()
    beside: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class VisibleText:
    """The text of a mail; `quoted` and `signature` are what markup proves of it. `html` is the
    source that it came from. `new_in_html` is what HTML beside it says is new, where a line of
    either begins as a command."""

    text: str
    quoted: tuple[Span, ...] = ()
    signature: tuple[Span, ...] = ()
    is_html_only: bool = False
    html: str = ""
    new_in_html: str | None = None
    defects: tuple[str, ...] = ()


def lay_out(raw: bytes, root: Part) -> Layout:
    """Sort the parts into text and files, in the order of the mail."""
    if not root.children and root.content_type.startswith("text/") and _is_text(root, first=True):
        return Layout(texts=(root,))
    return _sort(raw, root, first=True)


def _sort(raw: bytes, part: Part, *, first: bool) -> Layout:
    if not part.children:
        is_body = part.content_type in ("text/plain", "text/html") and _is_text(part, first=first)
        return Layout(texts=(part,)) if is_body else Layout(files=(part,))
    subtype = part.content_type.partition("/")[2]
    if subtype == "encrypted":
        return Layout(files=part.children)
    branches = [
        _sort(raw, child, first=number == 0 and part.disposition != "attachment")
        for number, child in enumerate(part.children)
    ]
    if subtype == "alternative":
        return _choose(raw, branches)
    if subtype == "related":  # RFC 2387: the others belong to the first
        return Layout(
            branches[0].texts,
            branches[0].files
            + tuple(p for branch in branches[1:] for p in (*branch.texts, *branch.files)),
            branches[0].beside,
        )
    return Layout(
        tuple(p for branch in branches for p in branch.texts),
        tuple(p for branch in branches for p in branch.files),
        tuple(p for branch in branches for p in branch.beside),
    )


def _is_text(part: Part, *, first: bool) -> bool:
    """A named text is a file, but where it comes first it is what the writer wrote."""
    if part.disposition == "attachment":
        return False
    return first or not declared_name(part)


def _choose(raw: bytes, branches: list[Layout]) -> Layout:
    """Take the plain alternative unless it is empty; keep every file."""
    files = tuple(p for branch in branches for p in branch.files)
    with_text = [branch for branch in branches if _has_text(raw, branch)]
    plain = [branch for branch in with_text if _is_plain(branch)]
    chosen = plain or with_text[-1:] or branches[:1]
    beside = [branch for branch in with_text if branch not in plain] if plain else []
    return Layout(
        tuple(p for branch in chosen for p in branch.texts),
        files,
        tuple(p for b in beside for p in b.texts if p.content_type == "text/html"),
    )


def _has_text(raw: bytes, branch: Layout) -> bool:
    return any(decoded(raw, part).strip() for part in branch.texts)


def _is_plain(branch: Layout) -> bool:
    return all(part.content_type == "text/plain" for part in branch.texts)


def read_texts(raw: bytes, layout: Layout, limits: ParseLimits) -> VisibleText:
    """Decode the text parts and join them by blank lines; what markup proves comes as spans."""
    text = ""
    quoted: list[Span] = []
    signature: list[Span] = []
    htmls: list[str] = []
    defects: list[str] = []
    for part in layout.texts:
        source, note = _source(raw, part)
        defects += [f"part {part.path}: {note}"] if note else []
        section = HtmlText(source)
        if part.content_type == "text/html":
            htmls.append(source[: _HTML_FACTOR * limits.text_characters])
            section = html_to_text(htmls[-1])
        shown = _mask(section.text).rstrip()
        start = len(text) + 2 if text and shown else len(text)
        quoted += _moved(section.quoted, start, len(shown))
        signature += _moved(section.signature, start, len(shown))
        text = "\n\n".join(filter(None, (text, shown)))
    beside = _read_beside(raw, layout, text, limits)
    signature += beside.signature
    if len(text) > limits.text_characters:
        defects.append(f"text over {limits.text_characters} characters")
        text = text[: limits.text_characters]
    return VisibleText(
        text,
        _moved(quoted, 0, len(text)),
        _moved(signature, 0, len(text)),
        is_html_only=bool(htmls) and len(htmls) == len(layout.texts),
        html="\n".join(htmls),
        new_in_html=beside.new_text,
        defects=tuple(defects),
    )


def _read_beside(raw: bytes, layout: Layout, text: str, limits: ParseLimits) -> Beside:
    """Read the HTML beside the text, if there is one."""
    if len(layout.beside) != 1:
        return Beside()
    source = _source(raw, layout.beside[0])[0]
    return read_beside(text, source[: _HTML_FACTOR * limits.text_characters])


def as_text(content: bytes, charset: str | None) -> tuple[str, str | None]:
    """Return decoded text with plain line ends, and a note where its charset did not hold."""
    text, note = decode_text(content, charset)
    for line_end in _LINE_ENDS:  # several times faster than a regular expression
        text = text.replace(line_end, "\n")
    return text.removeprefix("\ufeff"), note


def show(content: bytes) -> str:
    """Return bytes of no known charset as text fit to be shown."""
    return _mask(as_text(content, None)[0])


def _source(raw: bytes, part: Part) -> tuple[str, str | None]:
    text, note = as_text(decoded(raw, part), part.parameter("charset") or None)
    if part.content_type == "text/plain" and part.parameter("format").lower() == "flowed":
        text = unflow(text, delsp=part.parameter("delsp").lower() == "yes")
    return text, note


def _mask(text: str) -> str:
    """Replace what no text holds, one character by one, so that spans stay true."""
    return text if text.isascii() and text.isprintable() else _NO_TEXT.sub("\ufffd", text)


def _moved(spans: Iterable[Span], by: int, length: int) -> tuple[Span, ...]:
    """The spans moved to where their section begins, and cut where it ends."""
    return tuple(
        Span(span.start + by, min(span.end, length) + by) for span in spans if span.start < length
    )
