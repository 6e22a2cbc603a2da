"""What rules may say, and hardly mean: conditions that nothing fits, actions that do nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping

from maildesk.config.references import own_addresses
from maildesk.config.reloaded_files import PeopleFile, RoutingFile
from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.policy.lifecycle import LIVE
from maildesk.policy.routing.actions import LEAD, MANAGER
from maildesk.policy.routing.expressions import doubt
from maildesk.policy.routing.rule import Rule
from maildesk.policy.routing.values import places

_LIVE = [str(status) for status in LIVE]


def idle_rules(document: Document, rules: Iterable[Rule]) -> Iterator[Problem]:
    """Yield a warning for each rule with `every` that no ticket ever fits."""
    for rule in rules:
        if rule.every is None:
            continue
        for path, words in _statuses(rule.raw.get("when"), (*rule.path, "when")):
            if not {word.lower() for word in words} & set(_LIVE):
                said = " or ".join(words)
                message = f'rule "{rule.name}" fits no ticket: rules with every: look at live ones'
                hint = f"{said} is over; live are {', '.join(_LIVE)}"
                yield document.problem(path, message, hint)


def _statuses(when: object, path: KeyPath) -> Iterator[tuple[KeyPath, list[str]]]:
    """Yield the statuses that a ticket must be in, and where they stand; what stands under `any` or
    `not` need not hold."""
    for word, value in when.items() if isinstance(when, Mapping) else ():
        at = (*path, word)
        if word == "all":
            for place, part in enumerate(value):
                yield from _statuses(part, (*at, place))
        elif word in ("status_is", "status_in"):
            yield at, [value] if isinstance(value, str) else list(value)


# --- conditions ---------------------------------------------------------------------------------

_LANGUAGE = re.compile(r"none|[A-Za-z]{2,3}(-[A-Za-z0-9]+)*")


def odd_conditions(document: Document, rules: Iterable[Rule]) -> Iterator[Problem]:
    """Yield a warning for each value that nothing fits."""
    for rule in rules:
        for path, word, value in _values(rule.raw.get("when"), (*rule.path, "when"), ""):
            for message, hint in _odd(word, value):
                yield document.problem(path, f'rule "{rule.name}": {message}', hint)


def _values(raw: object, path: KeyPath, word: str) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield each text of the conditions with its place and the word that it stands behind."""
    if isinstance(raw, str):
        yield path, word, raw
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _values(value, (*path, key), word if word.startswith("header") else str(key))
    elif isinstance(raw, list):
        for place, value in enumerate(raw):
            yield from _values(value, (*path, place), word)


def _odd(word: str, value: str) -> Iterator[tuple[str, str]]:
    if word.endswith("_matches") and (hint := doubt(value)):
        yield r"this \b does not know the letter beside it", hint
    if word in ("language_is", "language_in") and not _LANGUAGE.fullmatch(value):
        yield f'"{value}" is no language code', "as in en, nb or zh"
    if word in ("attachment_type_is", "attachment_type_in") and "/" not in value:
        yield f'"{value}" is no media type', "as in application/pdf"
    if word in ("sender_domain_is", "sender_domain_in") and not value.strip(". "):
        yield f'"{value}" is no domain', "as in .example.com"


# --- actions ------------------------------------------------------------------------------------


def odd_actions(
    document: Document, rules: Iterable[Rule], people: PeopleFile, routing: RoutingFile
) -> Iterator[Problem]:
    """Yield a warning for each action that does nothing, or more than is meant."""
    own = own_addresses(document, routing)
    for rule in rules:
        odd = (*_idle(rule), *_unled(rule, people, routing), *_watching(rule, own))
        for word, message, hint in odd:
            path = (*rule.path, word) if word == "continue" else (*rule.path, "then", word)
            yield document.key_problem(path, f'rule "{rule.name}": {message}', hint)


def _idle(rule: Rule) -> Iterator[tuple[str, str, str]]:
    if rule.value("drop") is not None and rule.is_continued:
        hint = "leave continue out"
        yield "continue", "the mail is dropped, whatever the rules below say", hint
    key = rule.value("group_by")
    if key is not None and not places(key):
        hint = "put in what differs, as in {subject}"
        yield "group_by", f'all its mails join one ticket: "{key}" is the same for each', hint


def _unled(rule: Rule, people: PeopleFile, routing: RoutingFile) -> Iterator[tuple[str, str, str]]:
    queue = routing.queues.get(rule.value("queue") or "")
    handle = rule.value("team") or (queue.team if queue else "")
    team = people.teams.get(handle)
    for who in (LEAD, MANAGER):
        if team and who in (rule.value("notify") or ()) and getattr(team, who) is None:
            yield "notify", f'team "{handle}" has no {who}', "nobody is told; see people.yaml"


def _watching(rule: Rule, own: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    for address in rule.value("watchers") or ():
        if address in own:
            yield "watchers", f"{address} is an address of the desk, and follows nothing", ""
