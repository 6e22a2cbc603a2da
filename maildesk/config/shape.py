"""Hold a document against a shape: the model, or what is wrong in an admin's words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from maildesk.config.section import Section
from maildesk.config.words import FAULT
from maildesk.config.yaml_source import Document, KeyPath, read_document
from maildesk.errors import Misconfigured, Problem
from maildesk.policy.spelling import did_you_mean, quoted

Shape = TypeVar("Shape", bound=Section)


@dataclass(frozen=True, slots=True)
class File(Generic[Shape]):
    """A file that was read; `found` is None where its shape is wrong."""

    document: Document
    found: Shape | None
    problems: tuple[Problem, ...]

    @property
    def model(self) -> Shape:
        """The file, once it is known to be without problems."""
        if self.found is None:
            raise Misconfigured(*self.problems)
        return self.found


def read_file(
    folder: Path, name: str, shape: type[Shape], *, may_be_empty: bool = False
) -> File[Shape]:
    """Read one file of the configuration and hold it against its shape."""
    document = read_document(folder / name)
    return File(document, *check_shape(document, shape, may_be_empty=may_be_empty))


def check_shape(
    document: Document, shape: type[Shape], *, may_be_empty: bool = False
) -> tuple[Shape | None, tuple[Problem, ...]]:
    """Return the document as a model, and all its problems.

    The model is also there when nothing worse than unknown keys was found, so that what refers to
    the file can be checked in the same run.
    """
    if document.value is None and not document.problems and not may_be_empty:
        return None, (document.problem((), "the file is empty", _required(shape)),)
    if document.value is None:
        return (None if document.problems else shape()), document.problems
    try:
        return shape.model_validate(document.value), document.problems
    except ValidationError as error:
        faults = error.errors(include_url=False)
        told = {(problem.line, problem.column) for problem in document.problems}
        found = [_problem(document, shape, fault) for fault in faults]
        fresh = [problem for problem in found if (problem.line, problem.column) not in told]
        return _without_extras(document, shape, faults), (*document.problems, *fresh)


def _required(shape: type[Section]) -> str:
    names = [name for name, field in shape.model_fields.items() if field.is_required()]
    return f"required: {', '.join(names)}"


def _without_extras(
    document: Document, shape: type[Shape], faults: list[ErrorDetails]
) -> Shape | None:
    """Return the model without the unknown keys, or None where one is needed: it is misspelt."""
    if any(fault["type"] != "extra_forbidden" for fault in faults):
        return None
    extras = {_known_part(document, fault["loc"]) for fault in faults}
    try:
        return shape.model_validate(_pruned(document.value, (), extras))
    except ValidationError:
        return None


def _pruned(value: object, path: KeyPath, extras: set[KeyPath]) -> object:
    if isinstance(value, dict):
        return {
            key: _pruned(child, (*path, key), extras)
            for key, child in value.items()
            if (*path, key) not in extras
        }
    if isinstance(value, list):
        return [_pruned(child, (*path, index), extras) for index, child in enumerate(value)]
    return value


def show(path: KeyPath) -> str:
    """Write a path as people do: `mailboxes[0].port`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _problem(document: Document, shape: type[Section], fault: ErrorDetails) -> Problem:
    location, kind, context = fault["loc"], fault["type"], fault.get("ctx", {})
    path = _known_part(document, location)
    name = f"{show(path)}: " if path else ""
    if kind == "extra_forbidden":
        hint = did_you_mean(str(path[-1]), _keys_at(shape, path))
        return document.key_problem(path, f'unknown key "{show(path)}"', hint)
    if kind == "missing":
        message = f'{name}"{location[-1]}" is missing'
        return document.key_problem(path, message, _meaning(shape, location))
    if kind == FAULT:
        make = document.key_problem if location[-1:] == ("[key]",) else document.problem
        return make(path, name + context["message"], context["hint"])
    return document.problem(path, name + _message(fault, context), _hint(fault))


def _known_part(document: Document, location: tuple[str | int, ...]) -> KeyPath:
    """Leave out what pydantic adds to a path: "[key]", and the list put around a single value."""
    known: KeyPath = ()
    for part in location:
        known = (*known, part) if (*known, part) in document.values else known
    return known


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
}


_BOUNDS = {
    "greater_than_equal": "{input} is too small: at least {ge}",
    "less_than_equal": "{input} is too large: at most {le}",
    "too_short": "at least {min_length} is needed, found none",
    "too_long": "at most {max_length} are allowed, found {actual_length}",
}


def _message(fault: ErrorDetails, context: Mapping[str, Any]) -> str:
    kind, value = fault["type"], fault["input"]
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, found {_described(value)}"
    if kind == "literal_error":
        choices = context["expected"].replace("'", "")
        return f"expected {choices}, found {_described(value)}"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(input=value, **context)
    return fault["msg"]


def _described(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a list" if isinstance(value, list) else "a mapping"


def _hint(fault: ErrorDetails) -> str:
    kind, value = fault["type"], fault["input"]
    if value is None:
        return "leave the key out, or give a value"
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return f'write it in quotes: "{str(value).lower()}"'
    if kind == "list_type":
        return 'begin each entry with "- "' if isinstance(value, dict) else f"write [{value}]"
    return _hint_on_text(fault, value) if isinstance(value, str) else ""


def _hint_on_text(fault: ErrorDetails, text: str) -> str:
    if fault["type"] == "int_type" and text.isdecimal():
        return "write it without quotes"
    if fault["type"] == "bool_type" and text.lower() in ("true", "false"):
        return "write it without quotes"
    if fault["type"] != "literal_error":
        return ""
    choices = fault["ctx"]["expected"].replace(" or ", ", ").split(", ")
    hint = did_you_mean(text, [choice.strip("'") for choice in choices])
    return hint if hint.startswith("did") else ""  # the message lists the choices already


# --- the model below a path -------------------------------------------------------------------


def _keys_at(shape: type[Section], path: KeyPath) -> tuple[str, ...]:
    section = _section_at(shape, path[:-1])
    fields = section.model_fields if section else {}
    return tuple(field.alias or name for name, field in fields.items())


def _meaning(shape: type[Section], path: KeyPath) -> str:
    section = _section_at(shape, path[:-1])
    field = section.model_fields.get(str(path[-1])) if section else None
    return (field.description or "") if field else ""


def _section_at(shape: type[Section], path: KeyPath) -> type[Section] | None:
    """Return the section whose keys stand at `path`: handles and list positions are skipped."""
    section: type[Section] | None = shape
    steps = iter(path)
    for step in steps:
        field = section.model_fields.get(str(step)) if section else None
        if field is None:
            return None
        section = next(_sections(field.annotation), None)
        if _is_collection(field.annotation):
            next(steps, None)
    return section


def _sections(annotation: object) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)


def _is_collection(annotation: object) -> bool:
    return get_origin(annotation) in (dict, list)
