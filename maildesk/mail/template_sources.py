"""Where templates come from: the admin's own, then ours. No more than text: what the daemon holds
and hands to its children, who alone can render it.

Sources lie in `<folder>/<language>/<kind>.md.j2`. A language is a folder: copy `en`, translate.
What several mails of a language share stands in its `_parts.md.j2`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from maildesk.errors import NotFound, Permanent

SUFFIX = ".md.j2"
PARTS = "_parts"  # no mail, but what the templates of a language share
FALLBACK_LANGUAGE = "en"


class BadTemplate(Permanent):
    """A template that cannot be read, or that fails on the facts it is given."""


@dataclass(frozen=True, slots=True)
class Source:
    """One mail's template, the parts that it may use, and the file that it stands in."""

    text: str
    parts: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """Template sources, the admin's own before ours."""

    texts: Mapping[tuple[str, str], str]  # (kind, language) -> source

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of mail that there is a template for, in any language."""
        return tuple(sorted({kind for kind, _ in self.texts} - {PARTS}))

    @property
    def languages(self) -> tuple[str, ...]:
        """Every language with at least one template."""
        return tuple(sorted({language for _, language in self.texts}))

    def find(self, kind: str, language: str) -> Source:
        """Return the source of `kind` in the language, else in its base ("nb" for "nb-NO"), else
        in English; with the parts of the language that was found, else the English ones.

        Raises: NotFound.
        """
        for tried in (language, language.partition("-")[0], FALLBACK_LANGUAGE):
            if (kind, tried) in self.texts:
                file = f"templates/{tried}/{kind}{SUFFIX}"
                return Source(self.texts[kind, tried], self._parts(tried), file)
        raise NotFound(f"there is no template {kind!r}")

    def _parts(self, language: str) -> str:
        english = self.texts.get((PARTS, FALLBACK_LANGUAGE), "")
        return self.texts.get((PARTS, language), english)


def load_sources(folders: Sequence[Path]) -> Sources:
    """Read all templates in the folders; of two that have the same file, the first one's counts.

    Raises: BadTemplate, for a file that cannot be read, or is not UTF-8.
    """
    texts: dict[tuple[str, str], str] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/*{SUFFIX}")):
            key = path.name.removesuffix(SUFFIX), path.parent.name
            if key not in texts:
                texts[key] = _read(path)
    return Sources(texts)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTemplate(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise BadTemplate(f"{path}: cannot be read: {error.strerror}") from error
