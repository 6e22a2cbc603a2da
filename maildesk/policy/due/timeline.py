"""What happened on a case, line by line, for whoever has to judge why it is late."""

from collections.abc import Iterable

from maildesk.model.facts import LogLine
from maildesk.policy.draft import Draft
from maildesk.policy.rules import Rules

LINES = 12  # the first one, and the latest

_TOLD_AS_THEY_ARE = ("status", "priority", "team", "told", "breach")
_MESSAGES = {"in public": "asked", "out public": "answered", "in internal": "noted"}


def timeline(draft: Draft) -> dict[str, object]:
    """Return what the template `sla_manager` sees of the ticket's log, oldest first; `more` lines
    between the first and the latest ones are left out. Of a step, `new` is the clock and `old` what
    is reached on it; of a mail that was held, `said_at` is when it came."""
    log = draft.facts.log
    opening = next((line.receipt for line in log if line.kind == "created"), None)
    told = (line for line in log if not (line.kind == "message" and _is_of(line, opening)))
    lines = [item for line in told for item in _items(line, draft.arrival.rules)]
    left_out = max(len(lines) - LINES, 0)
    shown = [*lines[:1], *lines[1 + left_out :]]
    return {"timeline": shown, "more": left_out}


def _is_of(line: LogLine, receipt: int | None) -> bool:
    return receipt is not None and line.receipt == receipt


def _items(line: LogLine, rules: Rules) -> Iterable[dict[str, object]]:
    kind, who = line.kind, ""
    old, new = line.old, line.new
    if kind in ("message", "admitted", "released"):
        kind = _MESSAGES.get(line.new, "")
        kind = "admitted" if line.kind == "admitted" and kind == "asked" else kind
    elif kind == "created":
        who = _name(line.old, rules)
    elif kind == "assignee":
        old, new = _name(line.old, rules), _name(line.new, rules)
    elif kind == "step":
        new, _, old = line.new.partition(" ")
    elif kind == "ack":
        new = _name(line.new, rules)
    elif kind not in _TOLD_AS_THEY_ARE:
        kind = ""
    if not kind:
        return []
    item = {"at": line.at, "kind": kind, "who": who, "old": old, "new": new}
    return [item | {"said_at": line.said_at or line.at}]


def _name(handle: str, rules: Rules) -> str:
    agent = rules.agent(handle)
    return agent.name if agent else handle
