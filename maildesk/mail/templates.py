"""Templates: one Markdown source per mail becomes a subject, a text and an HTML part.

    Subject: We have your mail

    # We have your mail
    {{ reader.name }}, …

The source is rendered twice. For text/plain its Markdown is taken away first, so that only the
template's own marks go, never those in people's words; the result is wrapped for format=flowed.
For HTML the values are escaped, then Markdown is read and laid out. What a template sees is
told in `samples.py`, what it may do in `sandbox.py`.

What many mails share are macros in `_parts.md.j2`: every template sees them as `parts.name()`, and
they see its facts. `template_sources` finds the source of a mail.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, Template, TemplateSyntaxError
from jinja2.environment import TemplateModule
from markdown_it import MarkdownIt

from maildesk.mail.clean import clean
from maildesk.mail.layout import lay_out
from maildesk.mail.sandbox import (
    OUTPUT_LIMIT,
    RUN,
    Run,
    markdown_environment,
    text_environment,
)
from maildesk.mail.template_sources import PARTS, SUFFIX, BadTemplate, Source
from maildesk.mail.words import Shelf
from maildesk.mail.wrap import HARD_BREAK, wrap_paragraphs

_TEXT_WORDS = 200_000  # characters of one person's words that ride in the text part
_HTML_LIMIT = 100_000  # bytes; Gmail cuts off what is longer
_HTML_WORDS = (20_000, 5_000, 500)  # tried in turn until the whole is under the limit

_SUBJECT = re.compile(r"Subject:[ \t]*(?P<subject>[^\r\n]*)(?:\r?\n|\Z)")
_TAGS = re.compile(r"\s*(?:\{%(?:[^%]|%(?!\}))*%\}\s*)+")
_LAST_TAG = re.compile(r"\s*\+?%\}\s*$")
_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_CALLOUT = re.compile(r"^> ?", re.MULTILINE)
_RULE = re.compile(r"^---$", re.MULTILINE)
_STRONG = re.compile(r"\*\*(?=\S)(.+?)\*\*")
_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:\{\{.*?\}\}|[^()\s{}])+)\)")
_BROKEN_LINE = re.compile(r"\\$", re.MULTILINE)

_MAIL_FILE = "<template>"  # Jinja2's name for a source without a file
_PARTS_FILE = f"{PARTS}{SUFFIX}"

_TEXT = text_environment()
_MARKDOWN = markdown_environment()
_TO_HTML = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).disable(
    ["image", "html_inline", "html_block"]
)

# Facts that a notice may leave out.
_DEFAULTS: Mapping[str, object] = {
    "actor": None,
    "agent": None,
    "answer_by": None,
    "by": "agent",
    "closes_at": None,
    "commands": (),
    "detail": "",
    "doubts": (),
    "earlier": (),
    "failed": False,
    "files": (),
    "full": False,
    "groups": (),
    "hint": None,
    "follows": None,
    "into": None,
    "is_own": False,
    "is_reminder": False,
    "items": (),
    "left_out": (),
    "lines": (),
    "marker": "",
    "may_run": False,
    "may_send": False,
    "messages": (),
    "more": 0,
    "next_told": (),
    "opened_by": "",
    "others": (),
    "participants": (),
    "problem": "",
    "quote": "",
    "quote_at": None,
    "quote_author": "",
    "reason": "",
    "reasons": (),
    "recipients": (),
    "reference": "",
    "reply_goes": None,
    "searched": "",
    "since": None,
    "solve_by": None,
    "suggests": (),
    "ticket": None,
    "times": 0,
    "title": "",
    "understood": (),
    "why": "",
    "words": "",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words in both forms. In `text` a trailing space marks a line that goes on in the
    next (RFC 3676); `html` is a whole document."""

    subject: str
    text: str
    html: str


def render(
    source: Source, facts: Mapping[str, object], *, timezone: str, language: str
) -> Rendered:
    """Render one template source on `facts`, once as text and once as HTML.

    Words that are too long for a mail are cut and end in "[…]".
    Raises: BadTemplate.
    """
    template = _compile(source)
    known = {**_DEFAULTS, **facts}
    shelf = Shelf(_TEXT_WORDS)
    run = Run(timezone, language, shelf)
    subject = clean(_print(template.subject, template.text_parts, known, run))
    text = _print(template.text, template.text_parts, known, run)
    text = shelf.fill_text(wrap_paragraphs(text))
    return Rendered(subject, text + "\n", _render_html(template, known, subject, run))


@dataclass(frozen=True, slots=True)
class _Compiled:
    subject: Template
    text: Template
    text_parts: Template
    markdown: Template
    markdown_parts: Template


@lru_cache(maxsize=512)
def _compile(source: Source) -> _Compiled:
    match = _SUBJECT.match(source.text)
    if not match:
        raise BadTemplate('line 1: the first line must be "Subject: …"')
    body = _kept_line_ends("\n" + source.text[match.end() :])  # line numbers stay the file's
    text_parts, markdown_parts = _compile_parts(source.parts)
    try:
        return _Compiled(
            _TEXT.from_string(match["subject"]),
            _TEXT.from_string(_without_markdown(body)),
            text_parts,
            _MARKDOWN.from_string(body),
            markdown_parts,
        )
    except TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno}: {error.message}") from error


@lru_cache(maxsize=64)
def _compile_parts(source: str) -> tuple[Template, Template]:
    """The shared macros, for text and for Markdown."""
    body = _kept_line_ends(source)

    def compiled(room: Environment, source: str) -> Template:
        code = room.compile(source, filename=_PARTS_FILE)
        return Template.from_code(room, code, room.make_globals(None))

    try:
        return compiled(_TEXT, _without_markdown(body)), compiled(_MARKDOWN, body)
    except TemplateSyntaxError as error:
        raise BadTemplate(f"{_PARTS_FILE}: line {error.lineno}: {error.message}") from error


def _kept_line_ends(source: str) -> str:
    """Let a line go only if nothing but tags stands on it: Jinja2's `trim_blocks` would also join
    a line that ends in a tag with the next one."""
    return "\n".join(
        line if _TAGS.fullmatch(line) else _LAST_TAG.sub(" +%}", line)
        for line in source.split("\n")
    )


def _without_markdown(source: str) -> str:
    """Take the template's own marks away; a rule becomes a blank line, a link `words: target`."""
    text = _RULE.sub("", _CALLOUT.sub("", _HEADING.sub("", source)))
    text = _LINK.sub(r"\1: \2", _STRONG.sub(r"\1", text))
    return _BROKEN_LINE.sub(HARD_BREAK, text)


def _render_html(template: _Compiled, facts: Mapping[str, object], subject: str, run: Run) -> str:
    page = ""
    for limit in _HTML_WORDS:
        shelf = Shelf(limit)
        here = Run(run.timezone, run.language, shelf)
        markdown = _print(template.markdown, template.markdown_parts, facts, here)
        content = shelf.fill_html(_TO_HTML.render(markdown))
        page = lay_out(content, subject, run.language)
        if len(page.encode()) < _HTML_LIMIT:
            break
    return page


def _print(template: Template, parts: Template, facts: Mapping[str, object], run: Run) -> str:
    seen = {**facts, RUN: run}
    try:
        return _joined(template.generate({**seen, "parts": _module(parts, seen)}))
    except BadTemplate:
        raise
    except Exception as error:
        raise BadTemplate(f"{_place(error)}{error or type(error).__name__}") from error


def _module(parts: Template, facts: dict[str, object]) -> TemplateModule:
    try:
        return parts.make_module(facts)
    except Exception:  # noqa: BLE001 - raised again, with the lines of the file
        parts.environment.handle_exception()


def _joined(pieces: Iterable[str]) -> str:
    printed, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > OUTPUT_LIMIT:
            raise BadTemplate(f"the template prints more than {OUTPUT_LIMIT} characters")
        printed.append(piece)
    return "".join(printed)


def _place(error: Exception) -> str:
    """The line of the template that failed; Jinja2 gives its lines to the traceback."""
    trace, place = error.__traceback__, ""
    while trace:
        file = trace.tb_frame.f_code.co_filename
        if file in (_MAIL_FILE, _PARTS_FILE):
            place = f"{'' if file == _MAIL_FILE else f'{file}: '}line {trace.tb_lineno}: "
        trace = trace.tb_next
    return place
