"""Which rule said what: a route alone tells only what came of all of them."""

from collections.abc import Iterable

from maildesk.policy.rules import Rules

# Words of a route, with the actions that set them where it is not the one of the same name.
_ACTIONS = {
    "team": ("queue", "team"),
    "priority": ("priority", "impact", "urgency"),
    "status": ("solve", "hold"),
    "dropped": ("drop",),
    "assignee": ("assign",),
    "group_key": ("group_by",),
}
ADDS_UP = frozenset({"tags", "fields", "watchers", "notify"})  # a later rule does not overrule


def rules_that_set(word: str, fitting: Iterable[str], rules: Rules) -> list[str]:
    """Return the names of the rules that set a word of a route, of those that fitted: all of them
    where what they say adds up, else the one whose word it is."""
    names = set(fitting)
    actions = _ACTIONS.get(word, (word,))
    setting = [
        rule.name
        for rule in rules.routing
        if rule.name in names and any(rule.value(action) is not None for action in actions)
    ]
    return setting if word in ADDS_UP else setting[-1:]
