"""What an agent signs with: below commands it is no message, however he writes it.

A client's signature that nothing marks reaches us as words. Sent on, it would be a mail that says
nothing but a name.
"""

import re

from maildesk.mail.courtesy import Courtesy, read_words
from maildesk.mail.signatures import is_sign_off
from maildesk.policy.rules import Agent

MOST_LINES = 7
LONGEST_LINE = 70  # characters: an address, a phone number, a slogan; no sentence
_EDGE = " \t\xa0-–—_*~|.,;:!"
_SENTENCE_END = re.compile(r"[.!?。！？]$")


def is_signature(text: str, agent: Agent) -> bool:
    """Whether a text is nothing but an agent's signature: thanks or a sign-off if he likes, his
    name, and a few short lines on who he is."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines or len(lines) > MOST_LINES:
        return False
    if read_words(text[:500], _names(agent)) is Courtesy.THANKS:
        return True
    first = next((n for n, line in enumerate(lines[:2]) if _names_him(line, agent)), None)
    if first is None or not all(map(_is_parting, lines[:first])):
        return False
    return all(map(_is_short, lines[first + 1 :]))


def _names_him(line: str, agent: Agent) -> bool:
    """Whether the line is his name, behind a sign-off or before what else he is."""
    if line.endswith((",", ":", "!")):  # "Bo," begins a letter to another Bo
        return False
    words = re.split(r"\s*[|/•·]\s*", line, maxsplit=1)[0]
    for name in (agent.name, agent.name.partition(" ")[0], agent.handle, _initials(agent)):
        if words.casefold().endswith(name.casefold()):
            before = words[: len(words) - len(name)]
            if not before or (not before[-1:].isalnum() and _is_parting(before)):
                return True
    return False


def _is_parting(words: str) -> bool:
    bare = words.strip(_EDGE)
    return not bare or is_sign_off(bare) or read_words(bare) is Courtesy.THANKS


def _is_short(line: str) -> bool:
    return len(line) <= LONGEST_LINE and not _SENTENCE_END.search(line)


def _initials(agent: Agent) -> str:
    return "".join(word[0] for word in agent.name.split())


def _names(agent: Agent) -> list[str]:
    return [word.casefold() for word in agent.name.split()] + [_initials(agent).casefold()]
