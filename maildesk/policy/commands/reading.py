"""What command lines a mail holds, before anything runs: which words are understood, what must be
looked up for them, and what is text because no agent wrote it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from maildesk.mail.message import InboundMail
from maildesk.mail.sigils import SIGILS
from maildesk.model.facts import Asked
from maildesk.model.plan import CommandTrace
from maildesk.policy.commands.arguments import BadArgument, read_address, read_number
from maildesk.policy.commands.lines import CommandLine, read_commands
from maildesk.policy.commands.verbs import COMMANDS
from maildesk.policy.commands.vocabulary import IMPLIED, Vocabulary
from maildesk.policy.forwarded import forwarded_sender
from maildesk.policy.rules import Agent, Rules

FINDS_AT_MOST = 3  # in one mail: each walks through thousands of cases
ADDRESSES_AT_MOST = 8
VERBS = tuple(COMMANDS)
ENGLISH = {alias: entry.verb for entry in COMMANDS.values() for alias in entry.aliases}


def vocabulary(aliases: Mapping[str, str]) -> Vocabulary:
    """Return all words that are understood: the verbs, their English aliases, and the `aliases` of
    other languages (word -> verb)."""
    own = {word: word for word in (*VERBS, *IMPLIED)}
    return Vocabulary({**own, **ENGLISH, **aliases})


def may_hold_commands(mail: InboundMail) -> bool:
    """Whether it is worth while to look for command lines: few mails have the sign of one."""
    return mail.new_in_html is not None or any(sigil in mail.text for sigil in SIGILS)


def inert_commands(mail: InboundMail, rules: Rules) -> tuple[CommandTrace, ...]:
    """Return the command lines of somebody who is no agent: they are text."""
    if not may_hold_commands(mail):
        return ()
    reason = "not an agent's mail"
    lines = read_commands(mail, vocabulary(rules.aliases_of_verbs)).commands
    return tuple(CommandTrace(x.verb, tuple(x.rest.split()), "inert", reason) for x in lines)


def asked(mail: InboundMail, agent: Agent, rules: Rules) -> Asked:
    """Return what must be looked up before the commands of the agent's mail can run."""
    if not may_hold_commands(mail):
        return Asked()
    reading = read_commands(mail, vocabulary(rules.aliases_of_verbs))
    guessed = [doubt.suggestion for doubt in reading.doubts if doubt.suggestion]
    lines = [*reading.commands, *guessed]
    verbs = {line.verb for line in lines}
    return Asked(
        tickets=tuple(_numbers(lines)),
        words=_once((x.rest for x in lines if x.verb == "find"), FINDS_AT_MOST),
        addresses=_once(_addresses(mail, lines), ADDRESSES_AT_MOST),
        agent=agent.handle if "queue" in verbs else "",
        teams=agent.teams if "queue" in verbs else (),
        has_files="files" in verbs,
        has_history="why" in verbs,
    )


def _once(values: Iterable[str], at_most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:at_most]


def _addresses(mail: InboundMail, lines: Iterable[CommandLine]) -> Iterator[str]:
    """The keys of those in whose name a case is opened, or who are to take part."""
    for line in lines:
        if line.verb == "for" and not line.rest:
            sender = forwarded_sender(mail)
            yield sender.key if sender else ""
        elif line.verb in ("for", "cc"):
            with suppress(BadArgument):
                yield read_address(line.rest).key


def _numbers(lines: Iterable[CommandLine]) -> Iterator[int]:
    for line in lines:
        if line.verb in ("merge", "link", "show"):
            with suppress(BadArgument):
                yield read_number(line.rest)
