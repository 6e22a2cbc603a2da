"""The line above which people answer our mails.

Our mails to people show this line above the conversation, so that what stands above it in the
answer is surely new. Trimming works without it: many clients quote from the bottom, or not at all.
A new language is one line here.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

REPLY_MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "en": "Please write your answer above this line",
        "nb": "Skriv svaret ditt over denne linjen",
        "nl": "Schrijf uw antwoord boven deze regel",
        "zh-Hans": "请在此行上方回复",
        "de": "Bitte schreiben Sie Ihre Antwort über diese Zeile",
        "fr": "Veuillez écrire votre réponse au-dessus de cette ligne",
        "es": "Escriba su respuesta por encima de esta línea",
        "sv": "Skriv ditt svar ovanför den här raden",
    }
)

_NO_LETTER = re.compile(r"[\W_]+")


def _letters(text: str) -> str:
    """Reduce to the letters: clients add `>`, `*`, blanks, and break the line."""
    return _NO_LETTER.sub("", text).casefold()


_KNOWN = frozenset(_letters(text) for text in REPLY_MARKERS.values())
_LONGEST = 4 * max(map(len, REPLY_MARKERS.values()))
_BEGINNING = re.compile(
    rf"[\W_]*(?:\Z|{'|'.join(text[:2] for text in REPLY_MARKERS.values())})", re.IGNORECASE
)


def is_reply_marker(line: str) -> bool:
    """Tell whether `line` is our marker in any language; quoted, wrapped or decorated too."""
    return len(line) <= _LONGEST and may_begin_marker(line) and _letters(line) in _KNOWN


def may_begin_marker(line: str) -> bool:
    """Tell whether `line` may be a marker or its beginning; cheap, as every line is asked."""
    return _BEGINNING.match(line) is not None


def marker_line(language: str) -> str:
    """Return the marker as it stands in our mails; English where `language` has none.

    Never "-- " alone: that would begin a signature.
    """
    base = language.split("-", maxsplit=1)[0]
    text = REPLY_MARKERS.get(language) or next(
        (text for key, text in REPLY_MARKERS.items() if key.split("-")[0] == base),
        REPLY_MARKERS["en"],
    )
    return f"--- {text} ---"
