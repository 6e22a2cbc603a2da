"""Strict YAML: a file becomes plain values, and the place of every key and value is kept.

Of YAML only what an admin needs is taken: mappings with text keys, lists, text, whole numbers,
true, false and null. What YAML 1.1 and 1.2 read differently (`no`, `012`, `1:30`) is told, never
guessed; aliases, tags and duplicate keys are errors. Limits stop a file that would eat memory.
YAML 1.1 (yaml.org/spec/1.1), YAML 1.2.2 section 10.3 (core schema).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml
from yaml.events import AliasEvent, NodeEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from maildesk.config import yaml_words
from maildesk.errors import Problem

LIMIT_BYTES = 256 * 1024
LIMIT_DEPTH = 20
LONGEST_MESSAGE = 500

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both counted from 1."""

    line: int
    column: int


def problem_at(file: str, place: Place, message: str, hint: str = "") -> Problem:
    """Make a problem on one line: what a file holds may not forge a second one, or colours."""
    return Problem(file, place.line, place.column, _printable(message), _printable(hint))


def _printable(text: str) -> str:
    short = text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"
    return "".join(character if character.isprintable() else "\ufffd" for character in short)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. `value` is None where it is empty or has a fault of syntax; `problems`
    are all that were found. `keys` and `values` hold the places, by the path from the top."""

    file: str
    raw: bytes = b""
    value: object = None
    keys: Mapping[KeyPath, Place] = field(default_factory=dict)
    values: Mapping[KeyPath, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """Make a problem at the value of `path`, or at the nearest thing above it."""
        return problem_at(self.file, self._nearest(self.values, path), message, hint)

    def key_problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """Make a problem at the key of `path`."""
        place = self.keys.get(path) or self._nearest(self.values, path)
        return problem_at(self.file, place, message, hint)

    @staticmethod
    def _nearest(places: Mapping[KeyPath, Place], path: KeyPath) -> Place:
        above = (path[:length] for length in range(len(path), -1, -1))
        return next((places[part] for part in above if part in places), Place(1, 1))


def read_document(path: Path) -> Document:
    """Read and parse one file; what is wrong with it stands in the document's problems."""
    try:
        if not path.is_file():
            return _faulty(path.name, Problem(path.name, None, None, *_absent(path)))
        with path.open("rb") as stream:
            raw = stream.read(LIMIT_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        return _faulty(path.name, Problem(path.name, None, None, message, f"path: {path}"))
    return parse_document(raw, path.name)


def _absent(path: Path) -> tuple[str, str]:
    other = path.with_suffix(".yml")
    if other.is_file():
        return "this file is missing", f"there is a {other.name}: rename it to {path.name}"
    if path.exists():
        return "this is not a file", f"path: {path}"
    return "this file is missing", f"expected at {path}"


@lru_cache(32)  # our own words in all languages are most of it, and are read again on each reload
def parse_document(raw: bytes, file: str) -> Document:
    """Parse the bytes of one YAML file; never raises on bad input. Nobody changes the answer."""
    if len(raw) > LIMIT_BYTES:
        message = f"the file is larger than {LIMIT_BYTES // 1024} KiB"
        return _faulty(file, Problem(file, None, None, message))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_in(raw.decode("latin-1"), error.start)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        return _faulty(file, problem_at(file, place, message, "save the file as UTF-8"))
    return _parse(text, raw, file)


def _parse(text: str, raw: bytes, file: str) -> Document:
    try:
        loader = _Loader(text, file)
        root = loader.get_single_node()
    except _TooDeep as error:
        return _faulty(file, problem_at(file, error.place, str(error)))
    except yaml.reader.ReaderError as error:
        place = _place_in(text, error.position)
        message = f"a control character (U+{_codepoint(error):04X}) may not stand here"
        return _faulty(file, problem_at(file, place, message, "remove it"))
    except yaml.MarkedYAMLError as error:
        return _faulty(file, _syntax_problem(file, error))
    reader = _Reader(file, loader.problems)
    value = reader.value(root, ()) if root is not None else None
    problems = tuple(reader.problems)
    return Document(file, raw, value, reader.keys, reader.values, problems)


def _codepoint(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _faulty(file: str, problem: Problem) -> Document:
    return Document(file, problems=(problem,))


def _place_in(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


_TEXT_TAG = "tag:yaml.org,2002:str"
_REPEAT = "write the value out; text that begins with & or * needs quotes"


class _TooDeep(Exception):
    """More levels than any configuration has; PyYAML would go on until the stack ends."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"more than {LIMIT_DEPTH} levels deep")
        self.place = place


class _Loader(yaml.SafeLoader):
    """Composes nodes; notes anchors, aliases and tags on the way and takes their power away."""

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self.file = file
        self.depth = 0
        self.problems: list[Problem] = []

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        place = _place(event.start_mark)
        if isinstance(event, AliasEvent):
            self._note(place, f"alias *{event.anchor}: aliases are not supported", _REPEAT)
            self.get_event()  # type: ignore[no-untyped-call]
            return ScalarNode(_TEXT_TAG, "", event.start_mark, event.end_mark, "'")  # type: ignore[arg-type]
        if isinstance(event, NodeEvent):
            self._check(event, place)
        if self.depth == LIMIT_DEPTH:
            raise _TooDeep(place)
        self.depth += 1
        node: Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _check(self, event: NodeEvent, place: Place) -> None:
        if event.anchor is not None:
            self._note(place, f"anchor &{event.anchor}: anchors are not supported", _REPEAT)
            event.anchor = None
        tag = getattr(event, "tag", None)
        if tag is not None:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._note(place, f"tag {shown}: tags are not supported", "leave it out")

    def _note(self, place: Place, message: str, hint: str) -> None:
        self.problems.append(problem_at(self.file, place, message, hint))


_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")


class _Reader:
    """Turns nodes into values and notes where each stands."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.keys: dict[KeyPath, Place] = {}
        self.values: dict[KeyPath, Place] = {}

    def value(self, node: Node, path: KeyPath) -> object:
        """Return the plain value of a node and of all below it."""
        self.values[path] = _place(node.start_mark)
        if isinstance(node, MappingNode):
            return {key: self.value(child, (*path, key)) for key, child in self._pairs(node, path)}
        if isinstance(node, SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node) if isinstance(node, ScalarNode) else None

    def _pairs(self, node: MappingNode, path: KeyPath) -> Iterator[tuple[str, Node]]:
        for key_node, child in node.value:
            place = _place(key_node.start_mark)
            key = self._key(key_node, place)
            if key is None:
                continue
            first = self.keys.setdefault((*path, key), place)
            if first is place:
                yield key, child
            else:
                self._note(place, f'"{key}" stands twice', f"first in line {first.line}")

    def _key(self, node: Node, place: Place) -> str | None:
        """Return the key's text: `8025: x` and `2026-12-24: x` need no quotes as keys."""
        if not isinstance(node, ScalarNode):
            self._note(place, "a key must be a word", 'quote a value that begins with "{" or "["')
            return None
        if node.style is None and node.value in _NULL:
            self._note(place, f'a key is missing before ":"{_shown(node.value)}', "")
            return None
        if node.style is None:
            self._surprise(node.value, place)
        return str(node.value)

    def _scalar(self, node: ScalarNode) -> object:
        text = str(node.value)
        if node.style is not None or self._surprise(text, _place(node.start_mark)):
            return text
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _WHOLE.fullmatch(text) and len(text) <= 19:
            return int(text)
        return float(text) if _DECIMAL.fullmatch(text) else text

    def _surprise(self, text: str, place: Place) -> bool:
        found = yaml_words.surprise(text)
        if found is not None:
            self._note(place, *found)
        return found is not None

    def _note(self, place: Place, message: str, hint: str) -> None:
        self.problems.append(problem_at(self.file, place, message, hint))


def _shown(text: str) -> str:
    return f": {text} is nothing in YAML" if text else ""


def _syntax_problem(file: str, error: yaml.MarkedYAMLError) -> Problem:
    words = str(error.problem or error.context or "")
    mark = error.problem_mark or error.context_mark
    if "end of stream" in words and error.context_mark is not None:
        mark = error.context_mark  # where the quote was opened, not the end of the file
    place = _place(mark) if mark is not None else Place(1, 1)
    return problem_at(file, place, *yaml_words.syntax_fault(words))
