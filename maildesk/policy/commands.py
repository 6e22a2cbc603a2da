"""The `#commands` of agents: so far only whether a mail holds any.

Until they run, an agent's line that begins with `#word` holds the whole mail, so that no command
ever reaches a requester.
"""

import re
import unicodedata

from maildesk.model.plan import CommandTrace

SIGILS = "#\N{FULLWIDTH NUMBER SIGN}\N{SMALL NUMBER SIGN}"

_ZERO_WIDTH = dict.fromkeys(map(ord, "\N{ZERO WIDTH SPACE}\u200c\u200d\u2060\ufeff"))
_LINE = re.compile(rf"[ \t]{{0,3}}[{SIGILS}](?P<verb>[^\W\d_][\w-]*)[.,;:!]*(?P<rest>.*)")


def find_commands(text: str, status: str, reason: str = "") -> tuple[CommandTrace, ...]:
    """Return the lines of `text` that begin with `#word`, each with the given status.

    `#123` is a reference and `# Close the valve` a heading: both are prose.
    """
    lines = (unicodedata.normalize("NFC", line).translate(_ZERO_WIDTH) for line in _lines(text))
    found = (_LINE.match(line) for line in lines)
    return tuple(
        CommandTrace(line["verb"].casefold(), tuple(line["rest"].split()), status, reason)
        for line in found
        if line
    )


def _lines(text: str) -> list[str]:
    return text.replace("\N{NO-BREAK SPACE}", " ").splitlines()
