"""Templates: one Markdown source per mail becomes a subject, a text and an HTML part. (stub)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail's words in both forms; `text` is wrapped for format=flowed (RFC 3676)."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The template sources: (kind, language) -> source text."""

    texts: Mapping[tuple[str, str], str]

    def find(self, kind: str, language: str) -> str:
        """Return the source of `kind` in `language`, else in English.

        Raises: NotFound."""
        raise NotImplementedError


def load_sources(folders: Sequence[Path]) -> Sources:
    """Read `<folder>/<language>/<kind>.md.j2`; the first folder that has a file wins."""
    raise NotImplementedError


def render(source: str, facts: Mapping[str, object], *, timezone: str, language: str) -> Rendered:
    """Render one template source on `facts`, once as text and once as HTML."""
    raise NotImplementedError
