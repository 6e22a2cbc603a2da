"""Jinja2, shut in: what a template may see, call and print.

Facts are plain values; no attribute leads out of them, no file is reached, and nothing that is
printed is markup. A new filter is one function and one line in `_filters`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import mul
from typing import Any
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from babel.lists import format_list
from jinja2 import StrictUndefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from maildesk.mail import dates
from maildesk.mail.words import Kind, Links, Shelf, Words, markdown_value, plain_value

RUN = "\ufdd0run"  # no name that a template can write
OUTPUT_LIMIT = 1024 * 1024

_KEPT_FILTERS = (
    "abs", "capitalize", "default", "d", "first", "float", "int", "join", "last", "length",
    "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round",
    "select", "selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique",
    "upper",
)  # fmt: skip
_KEPT_GLOBALS = ("range", "dict", "namespace", "joiner")


@dataclass(frozen=True, slots=True)
class Run:
    """One rendering: whose zone and language, and the words it has put aside."""

    timezone: str
    language: str
    shelf: Shelf


def environment(print_value: Callable[[object, Shelf], str]) -> ImmutableSandboxedEnvironment:
    """Return an environment whose every printed value goes through `print_value`."""

    @pass_context
    def finalize(context: Context, value: object) -> object:
        if isinstance(value, Markup):  # a macro's or a block's output: printed already
            return value
        shelf = _run(context).shelf
        if not isinstance(value, Words):
            printed = print_value(value, shelf)
        else:
            printed = shelf.put(value) if value.text.strip() else ""
        return Markup(printed)  # noqa: S704 - escaped, and read as Markdown without HTML

    room = _Sandbox(
        undefined=StrictUndefined,
        finalize=finalize,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
    )
    room.filters = {name: FILTERS[name] for name in _KEPT_FILTERS} | _filters()
    room.globals = {name: room.globals[name] for name in _KEPT_GLOBALS}
    return room


def text_environment() -> ImmutableSandboxedEnvironment:
    """The environment for text/plain: values as they are, on one line."""
    return environment(lambda value, _: plain_value(value))


def markdown_environment() -> ImmutableSandboxedEnvironment:
    """The environment for Markdown: values escaped."""
    return environment(markdown_value)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Refuses, besides what Jinja2 refuses, arithmetic that makes large values at once."""

    intercepted_binops = frozenset(["*", "**"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja2's
        """Multiply within reason."""
        if operator == "**" or _size(left) * _size(right) > OUTPUT_LIMIT:
            raise SecurityError(f"the result of {operator} would be too large")
        return mul(left, right)


def _size(value: object) -> float:
    if isinstance(value, Sequence):
        return len(value)
    return abs(value) if isinstance(value, int | float) else math.inf


def _run(context: Context) -> Run:
    run = context.get(RUN)
    assert isinstance(run, Run)  # noqa: S101 - only `templates.render` makes contexts
    return run


def _filters() -> dict[str, Callable[..., object]]:
    return {
        "count": _count,
        "date": _date,
        "datetime": _datetime,
        "duration": _duration,
        "filesize": _filesize,
        "label": _label,
        "link": lambda words, target: Links(((str(words), str(target)),)),
        "links": _links,
        "listing": _listing,
        "mailto": _mailto,
        "quote": lambda value: Words(str(value), Kind.QUOTE),
        "signed_by": _signed_by,
        "small": lambda value: Words(str(value), Kind.SMALL),
        "words": lambda value: Words(str(value), Kind.TEXT),
    }


@pass_context
def _count(context: Context, value: int, **forms: str) -> str:
    """`{{ 3 | count(one="file", other="files") }}`: 3 files."""
    return dates.format_count(value, forms, _run(context).language)


@pass_context
def _date(context: Context, value: date) -> str:
    run = _run(context)
    return dates.format_date(value, run.timezone, run.language)


@pass_context
def _datetime(context: Context, value: datetime) -> str:
    run = _run(context)
    return dates.format_datetime(value, run.timezone, run.language)


@pass_context
def _duration(context: Context, value: timedelta) -> str:
    return dates.format_duration(value, _run(context).language)


@pass_context
def _filesize(context: Context, value: int) -> str:
    return dates.format_size(value, _run(context).language)


@pass_context
def _listing(context: Context, values: Sequence[object]) -> str:
    """`{{ ["Bo", "Cy", "Di"] | listing }}`: Bo, Cy and Di."""
    names = [plain_value(value) for value in values]
    return format_list(names, locale=dates.locale_of(_run(context).language))


def _links(links: Sequence[Mapping[str, str]]) -> Links:
    """`{{ commands | links }}`: each one's label, leading to its href."""
    return Links(tuple((link["label"], link["href"]) for link in links))


def _label(person: Mapping[str, str]) -> str:
    """The name, else the address."""
    return person["name"] or person["address"]


def _signed_by(text: str, name: str) -> bool:
    """Whether one of the last lines is the name, or the first word of it: people sign their mails,
    and some add what they do."""
    last = text.rstrip().rsplit("\n", 4)[-4:]
    signed = {line.strip(" -–—,.").casefold() for line in last} - {""}
    return not signed.isdisjoint({name.casefold(), name.casefold().split(" ")[0]})


def _mailto(address: str, subject: str = "", body: str = "") -> str:
    """A link that opens a mail, filled in (RFC 6068)."""
    given = {key: value for key, value in (("subject", subject), ("body", body)) if value}
    query = urlencode(given, quote_via=percent_encode)
    return f"mailto:{percent_encode(address, safe='@+')}" + (f"?{query}" if query else "")
