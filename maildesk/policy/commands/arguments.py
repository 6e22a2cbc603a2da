"""What stands behind a command's verb, read: days, durations, people, tags.

Each function takes the words as written and returns a value, or raises `BadArgument` with a
sentence that says what would be right. Nothing is guessed: what can be read in two ways is refused.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from maildesk.mail.authenticity import a_label
from maildesk.mail.message import Address
from maildesk.mail.sigils import SIGILS, UNSEEN
from maildesk.model.ticket import Priority, TicketType
from maildesk.policy.commands.argument_days import (
    day_named,
    days_possible,
    split_clock,
    stretch_named,
    working_time,
)
from maildesk.policy.commands.argument_words import HOUR, ME, PRIORITIES, TYPES
from maildesk.policy.rules import Agent, Team

FARTHEST = timedelta(days=731)
LONGEST_WORK = timedelta(hours=100)
MOST_TAGS = 20
_LONGEST = 700  # characters of an argument: an address, and its echo
_SHOWN = 60

Named = TypeVar("Named", Agent, Team)


class BadArgument(Exception):
    """What stands behind a verb cannot be read; the words say what would be right."""


# --- words --------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return an argument without capitals, compatibility forms, unseen characters, doubled spaces
    and punctuation at its end. Cut at 700 characters: none that is read is longer."""
    return _seen(text).casefold().rstrip(".,;:! ")


def _seen(text: str) -> str:
    """What a reader sees, letters in their usual form, on one line."""
    seen = text[:_LONGEST].translate(UNSEEN)
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def bare(text: str) -> str:
    """Return `plain` text without marks on its letters, for people leave them off (`lördag`)."""
    parts = unicodedata.normalize("NFKD", plain(text))
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return letters.translate({ord("ø"): "o", ord("æ"): "ae", ord("’"): "'"})


def _shown(text: str) -> str:
    line = " ".join(text[: 2 * _SHOWN].split())
    return f"“{line}”" if len(line) <= _SHOWN else f"“{line[:_SHOWN]}…”"


Choice = TypeVar("Choice")


def _choose(text: str, words: Mapping[str, Choice], what: str) -> Choice:
    found = words.get(bare(text))
    if found is None:
        begin = "Nothing stands there" if not plain(text) else f"{_shown(text)} is not known"
        raise BadArgument(f"{begin}: write {what}.")
    return found


def read_priority(text: str) -> Priority:
    """Read `P1` to `P4`, `1` to `4`, or a word for it. Raises: BadArgument."""
    return _choose(text, PRIORITIES, "P1, P2, P3 or P4")


def read_type(text: str) -> TicketType:
    """Read a kind of call. Raises: BadArgument."""
    return _choose(text, TYPES, f"{', '.join(list(TicketType)[:-1])} or {list(TicketType)[-1]}")


_NUMBER = re.compile(r"\[?[#]?([1-9][0-9]{0,9})\]?")


def read_number(text: str) -> int:
    """Read a ticket's number: `1042`, `#1042` or `[#1042]`. Raises: BadArgument."""
    found = _NUMBER.fullmatch(plain(text))
    if not found:
        raise BadArgument(f"{_shown(text)} is no case: write its number, such as #1042.")
    return int(found[1])


_TAG = re.compile(r"\w[\w.-]{0,39}")
_MINUS = "-\u2010\u2011\u2012\u2013\u2014\u2212"


def read_tags(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `a +b -c`: the tags to add, and those to take away. Raises: BadArgument."""
    added: list[str] = []
    removed: list[str] = []
    for word in _seen(text).lower().replace(",", " ").split():
        tag = word.lstrip("+" + _MINUS + SIGILS).rstrip(".;:!")
        if not _TAG.fullmatch(tag):
            raise BadArgument(
                f"{_shown(word)} is no tag: letters, digits, “-”, “_” and “.” make one."
            )
        (removed if word[0] in _MINUS else added).append(tag)
    if not added and not removed:
        raise BadArgument("There is no tag: write vpn +printer to add two, -vpn to take one away.")
    if both := set(added) & set(removed):
        raise BadArgument(f"{_shown(min(both))} is added and taken away: leave one of them out.")
    if len(added) + len(removed) > MOST_TAGS:
        raise BadArgument(f"There are more than {MOST_TAGS} tags in one line.")
    return tuple(dict.fromkeys(added)), tuple(dict.fromkeys(removed))


# --- addresses ----------------------------------------------------------------------------------

# What clients add behind an address or a host name when they make a text part of a link.
_ECHO = re.compile(
    r"\s*(?:<(?:mailto|https?|tel):[^<>\s]{0,500}>|\[(?:mailto|https?|tel):[^\[\]\s]{0,500}\])",
    re.IGNORECASE,
)
_LINK_ALONE = re.compile(
    r"[<\[(]?mailto:([^<>\[\]\s?]{1,320})[^\s<>\[\]]{0,500}[>\])]?", re.IGNORECASE
)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def without_echoes(text: str) -> str:
    """Return text without the targets that clients write behind links (`<mailto:ann@x.org>`)."""
    return _ECHO.sub("", text) if ":" in text else text


def read_address(text: str) -> Address:
    """Read one address, alone, in <>, behind a name, or with the echo of its link; its domain as
    A-label. Raises: BadArgument."""
    seen = _seen(text)
    echoless = without_echoes(seen)
    if "@" not in echoless or "mailto:" in echoless:  # the link is all there is
        echoless = _LINK_ALONE.sub(r" \1 ", seen if "@" not in echoless else echoless)
    words = [word.strip("<>[]()\"',;:") for word in re.split(r"[\s,;]+", echoless) if "@" in word]
    addresses = [_address(word, text) for word in words]
    found = list({address.key: address for address in addresses}.values())
    if len(found) != 1:
        problem = f"{_shown(text)} holds {'no' if not found else 'more than one'} address"
        raise BadArgument(f"{problem}: write one, such as ann@example.org.")
    return found[0]


def _address(word: str, text: str) -> Address:
    local, _, domain = word.rstrip(".").rpartition("@")
    label = a_label(domain)
    if label is None or "." not in label or not _LOCAL.fullmatch(local) or len(local) > 64:
        raise BadArgument(f"{_shown(text)} is no address: write one such as ann@example.org.")
    return Address("", f"{local}@{label}")


# --- people -------------------------------------------------------------------------------------


def find_agent(text: str, agents: Sequence[Agent], me: Agent) -> Agent:
    """Find an agent by `me`, handle, address, name, or the beginning of one of them that no other
    agent shares. Raises: BadArgument, with the candidates where there are several."""
    wanted = bare(text).removeprefix("@")
    if wanted in ME and not any(bare(agent.handle) == wanted for agent in agents):
        return me
    if "@" in wanted:
        key = read_address(text).key
        at = [one for one in agents if any(Address("", a).key == key for a in one.addresses)]
        return _only(at, text, agents, _agent_label, "agent")
    return _by_name(wanted, text, agents, lambda agent: agent.name, _agent_label, "agent")


def find_team(text: str, teams: Sequence[Team]) -> Team:
    """Find a team by its handle, or the beginning of it, or of a word in it, that no other team
    shares. Raises: BadArgument."""
    wanted = bare(text).removeprefix("@")
    return _by_name(wanted, text, teams, lambda team: team.handle, lambda team: team.handle, "team")


def _agent_label(agent: Agent) -> str:
    return f"{agent.handle} ({agent.name})"


def _by_name(
    wanted: str,
    text: str,
    people: Sequence[Named],
    name: Callable[[Named], str],
    label: Callable[[Named], str],
    what: str,
) -> Named:
    """Find by handle, whole name, a whole word of the name, then by the beginning of these."""
    if not wanted:
        raise BadArgument(f"The {what} is missing: write a handle, such as {people[0].handle}.")

    def words(one: Named) -> list[str]:
        return [word for word in re.split(r"[\s._-]+", bare(name(one))) if word]

    ways: tuple[Callable[[Named], bool], ...] = (
        lambda one: bare(one.handle) == wanted,
        lambda one: bare(name(one)) == wanted,
        lambda one: wanted in words(one),
        lambda one: bare(one.handle).startswith(wanted) or bare(name(one)).startswith(wanted)
        or any(word.startswith(wanted) for word in words(one)),
    )  # fmt: skip
    for way in ways:
        if found := [one for one in people if way(one)]:
            return _only(found, text, people, label, what)
    return _only([], text, people, label, what)


def _only(
    found: Sequence[Named],
    text: str,
    people: Sequence[Named],
    label: Callable[[Named], str],
    what: str,
) -> Named:
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(label(one) for one in found[:10])
        raise BadArgument(f"{_shown(text)} may be any of these: {listed}.")
    handles = [one.handle for one in people]
    near = difflib.get_close_matches(bare(text), handles, n=3, cutoff=0.6) or handles[:10]
    raise BadArgument(f"There is no {what} {_shown(text)}: did you mean {_either(near)}?")


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


# --- days and durations -------------------------------------------------------------------------


def read_day(text: str, now: datetime, timezone: str) -> datetime:
    """Read a day, or a day and a time, in the agent's zone; return the instant, in UTC.

    `2026-03-04`, `2026-03-04 14:00`, `fri` (the next one; never today), `2d`, `1w`, `tomorrow`,
    `next week` (Monday), each at 08:00 where no time is given; `3h` is three hours from now.
    Raises: BadArgument, for the past and for what can be read in two ways too.
    """
    wanted, zone = bare(text), ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    example = f"{(today + timedelta(days=7)).isoformat()}, fri or 2d"
    if not wanted:
        raise BadArgument(f"The day is missing: write it as {example}.")
    stretch = stretch_named(wanted)
    if stretch is not None and stretch < timedelta(days=1):
        return _to_come(now + stretch, text, now)
    named, clock = split_clock(wanted)
    day = day_named(named, today)
    if day is not None:
        return _to_come(datetime.combine(day, clock, zone), text, now)
    if possible := days_possible(named, today):
        raise BadArgument(f"{_shown(text)} can be read in two ways: write {_either(possible)}.")
    raise BadArgument(f"{_shown(text)} is no day: write it as {example}.")


def _to_come(moment: datetime, text: str, now: datetime) -> datetime:
    if moment <= now:
        raise BadArgument(f"{_shown(text)} is past: write a day to come.")
    if moment - now > FARTHEST:
        raise BadArgument(f"{_shown(text)} is more than two years away: is it right?")
    return moment.astimezone(UTC)


def read_duration(text: str) -> timedelta:
    """Read a working time: `15m`, `1h30`, `1:30`, `1.5h`. A bare number is refused: 2 may be two
    hours. Raises: BadArgument."""
    wanted = bare(text)
    length = working_time(wanted)
    if not length:
        is_number = wanted.isdecimal() and 0 < int(wanted) < 1000
        hint = f"{wanted}m or {wanted}h" if is_number else "15m or 1h30"
        problem = f"{_shown(text)} is no time" if wanted else "The time is missing"
        raise BadArgument(f"{problem}: write {hint}.")
    if length > LONGEST_WORK:
        raise BadArgument(f"{_shown(text)} is more than {LONGEST_WORK // HOUR} hours.")
    return length
