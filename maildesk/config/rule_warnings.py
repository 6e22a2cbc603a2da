"""What rules with `every` ask for in vain: they look at live tickets, and at no others."""

from collections.abc import Iterable, Iterator, Mapping

from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.policy.lifecycle import LIVE
from maildesk.policy.routing.rule import Rule

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
