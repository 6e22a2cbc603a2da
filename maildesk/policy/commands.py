"""The `#commands` of agents: so far only whether a mail holds any.

Until they run, an agent's line that begins with `#word` holds the whole mail, so that no command
ever reaches a requester.
"""

import re
import unicodedata
from collections.abc import Iterator

from maildesk.model.plan import CommandTrace

SIGILS = "#\N{FULLWIDTH NUMBER SIGN}\N{SMALL NUMBER SIGN}"

LINE_CHARACTERS = 200  # of a line that are looked at: normalising costs their square

_ZERO_WIDTH = dict.fromkeys(map(ord, "\N{ZERO WIDTH SPACE}\u200c\u200d\u2060\ufeff"))
_LINE = re.compile(rf"[ \t]{{0,3}}[{SIGILS}](?P<verb>[^\W\d_][\w-]*)[.,;:!]*(?P<rest>.*)")


def find_commands(text: str, status: str, reason: str = "") -> tuple[CommandTrace, ...]:
    """Return the lines of `text` that begin with `#word`, each with the given status.

    `#123` is a reference and `# Close the valve` a heading: both are prose.
    """
    found = (_LINE.match(line) for line in _candidates(text))
    return tuple(
        CommandTrace(line["verb"].casefold(), tuple(line["rest"].split()), status, reason)
        for line in found
        if line
    )


def _candidates(text: str) -> Iterator[str]:
    """Yield the beginnings of lines that hold a sigil, normalised."""
    for line in text.splitlines():
        head = line[:LINE_CHARACTERS]
        if any(sigil in head for sigil in SIGILS):
            plain = head.replace("\N{NO-BREAK SPACE}", " ").translate(_ZERO_WIDTH)
            yield unicodedata.normalize("NFC", plain)
