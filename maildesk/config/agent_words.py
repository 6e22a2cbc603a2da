"""What agents may write besides the built-in words: `templates/<language>/commands.yaml` with the
aliases of commands, and `templates/answers/<name>.md` with canned answers.

Both come from the admin's own `templates/` first, then from ours, file by file. The aliases of all
languages are active together, so a word that means two things is a fault: nobody guesses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, create_model

from maildesk.config.section import Section
from maildesk.config.shape import check_shape
from maildesk.config.words import fault
from maildesk.config.yaml_source import Document, KeyPath, read_document
from maildesk.errors import Problem
from maildesk.policy.commands.reading import ENGLISH, VERBS
from maildesk.policy.commands.vocabulary import IMPLIED, LONGEST_WORD, fold
from maildesk.policy.spelling import quoted
from maildesk.share import share_folder

LONGEST_ANSWER_BYTES = 64 * 1024
MOST_ANSWERS = 1_000
_OWN = "templates/"  # how problems name the admin's own files begins so
_ALIAS = re.compile("[^\\W\\d_][\\w\u0300-\u036f-]*")
_ANSWER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class AgentWords:
    """Aliases (folded word -> verb, or word of `IMPLIED`), canned answers by name, and all that
    was wrong. `raw` is what they were read from, `files` the admin's own part of it, by name."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    raw: bytes = b""
    files: Mapping[str, str] = field(default_factory=dict)


def read_agent_words(own: Path | None) -> AgentWords:
    """Read aliases and answers: those of the admin's `own` templates, and ours."""
    documents = [_document(label, path) for label, path in _files(own, "*/commands.yaml")]
    answers = _Answers()
    for label, path in _files(own, "answers/*.md"):
        answers.read(label, path)
    aliases, problems = _aliases(documents)
    raws = [*((document.file, document.raw) for document in documents), *answers.raws.items()]
    files = {name: raw.decode("utf-8", "replace") for name, raw in raws if name.startswith(_OWN)}
    raw = b"\n".join(raw for _, raw in raws)
    return AgentWords(aliases, answers.texts, (*problems, *answers.problems), raw, files)


def _files(own: Path | None, pattern: str) -> Iterator[tuple[str, Path]]:
    """Yield the files with how problems name them; ours first, but for those that the admin has."""
    ours, theirs = (_found(folder, pattern) for folder in (share_folder("templates"), own))
    for name in sorted(ours.keys() - theirs.keys()):
        yield f"(shipped) templates/{name}", ours[name]
    for name in sorted(theirs):
        yield f"{_OWN}{name}", theirs[name]


def _found(folder: Path | None, pattern: str) -> dict[str, Path]:
    if folder is None:
        return {}
    return {path.relative_to(folder).as_posix(): path for path in folder.glob(pattern)}


# --- aliases ------------------------------------------------------------------------------------


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _alias(word: str) -> str:
    if not _ALIAS.fullmatch(word) or len(fold(word)) > LONGEST_WORD:
        hint = f"one word of at most {LONGEST_WORD} letters, without # and spaces"
        raise fault(f"{quoted(word)} cannot be a command", hint)
    return word


_Words = Annotated[list[Annotated[str, AfterValidator(_alias)]], BeforeValidator(_as_list)]
_FIELDS: dict[str, Any] = {word: (_Words, Field(default=[])) for word in (*VERBS, *IMPLIED)}
_CommandsFile = create_model("CommandsFile", __base__=Section, **_FIELDS)


@dataclass(frozen=True, slots=True)
class _Use:
    """A word, what it means, and where that is said; None: it is built in."""

    word: str
    verb: str
    document: Document | None = None
    path: KeyPath = ()

    def __str__(self) -> str:
        """Where it stands, for a hint."""
        if self.document is None:
            return f'it is built in and means "{self.verb}"'
        place = self.document.problem(self.path, "")
        return f'it means "{self.verb}" in {place.file}:{place.line}'


def _document(label: str, path: Path) -> Document:
    """Read a file under the name that tells it from those of other languages."""
    document = read_document(path)
    problems = tuple(replace(problem, file=label) for problem in document.problems)
    return replace(document, file=label, problems=problems)


def _aliases(documents: Sequence[Document]) -> tuple[dict[str, str], list[Problem]]:
    """Return all aliases, and what is wrong in the files or between them."""
    problems: list[Problem] = []
    built_in = {**{word: word for word in (*VERBS, *IMPLIED)}, **ENGLISH}
    known = {word: _Use(word, verb) for word, verb in built_in.items()}
    for document in documents:
        file, found = check_shape(document, _CommandsFile, may_be_empty=True)
        problems += found
        for use in _uses(document, file) if file else ():
            first = known.setdefault(fold(use.word), use)
            if first.verb != use.verb:
                message = f'"{use.word}" cannot mean "{use.verb}" too'
                problems.append(document.problem(use.path, message, str(first)))
    return {word: use.verb for word, use in known.items() if use.document}, problems


def _uses(document: Document, file: Section) -> Iterator[_Use]:
    for verb in type(file).model_fields:
        for index, word in enumerate(getattr(file, verb)):
            one: KeyPath = (verb, index)
            yield _Use(word, verb, document, one if one in document.values else (verb,))


# --- canned answers -----------------------------------------------------------------------------


class _Answers:
    """Takes the files in, one by one, and notes what is wrong with them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.raws: dict[str, bytes] = {}

    def read(self, label: str, path: Path) -> None:
        """Take a file in under its name."""
        name = path.stem
        if not _ANSWER_NAME.fullmatch(name):
            hint = "a-z, 0-9, - and _, at most 60 of them"
            self._note(label, f"{quoted(name)} cannot be the name of an answer", hint)
            return
        if len(self.texts) == MOST_ANSWERS:
            self._note(label, f"there are more than {MOST_ANSWERS} answers")
            return
        text = self._text(label, path)
        if text is not None:
            self.texts[name] = text

    def _text(self, label: str, path: Path) -> str | None:
        try:
            with path.open("rb") as stream:
                raw = stream.read(LONGEST_ANSWER_BYTES + 1)
            text = raw.decode("utf-8-sig").replace("\r\n", "\n").strip()
        except OSError as error:
            self._note(label, f"cannot be read: {error.strerror}")
            return None
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
            self._note(label, message, "save the file as UTF-8", line)
            return None
        self.raws[label] = raw
        if len(raw) > LONGEST_ANSWER_BYTES:
            self._note(label, f"the answer is larger than {LONGEST_ANSWER_BYTES // 1024} KiB")
        if not text:
            self._note(label, "the answer is empty", "write what is to be sent")
        if found := _CONTROL.search(text):
            line = text[: found.start()].count("\n") + 1
            self._note(
                label, f"a control character (U+{ord(found[0]):04X}) may not stand here", "", line
            )
        return text

    def _note(self, label: str, message: str, hint: str = "", line: int | None = None) -> None:
        self.problems.append(Problem(label, line, None, message, hint))
