"""Samples of mails about promises: what clocks, ladders, reminders and the digest write.

In a list of `timeline` the `kind` is one of: created, asked, admitted, answered, noted, status,
priority, assignee, team, told, step, ack, breach. `clock` is `policy.sla.promises.ClockName`,
`next_told` are names, or one of the words team and requester.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from maildesk.mail.sample_facts import (
    ANSWER,
    BO,
    CLOSES_AT,
    COMMON,
    CONVERSATION,
    DUE_AT,
    LATER,
    LISTED,
    OPEN,
    TICKET,
    TO_ADA,
    TO_AGENT,
    WRITTEN_AT,
    command,
)

Sample = Mapping[str, object]

_TO_HER: Sample = {**TO_ADA, "full": True}
_QUESTION: Sample = {
    "quote": "Which paper was in the tray when it began?",
    "quote_author": "Kari Nordmann",
    "quote_at": WRITTEN_AT,
}

PROMISES_TO_REQUESTER: Mapping[str, Sample] = {
    "received_closed": {
        **_TO_HER,
        "ticket": TICKET,
        "opens_at": LATER.replace(hour=7),
        "why_closed": "Christmas Day",  # "": outside the opening hours
        "answer_by": LATER,
        "solve_by": None,
    },
    "question": {
        **_TO_HER,
        **CONVERSATION,
        "mail": ANSWER,
        "agent": {"name": "Kari Nordmann"},
        "others": ["Cy Ek"],
        "remind_at": LATER,
        "closes_at": CLOSES_AT,
        "back_at": None,  # when an agent looks again, whatever comes
    },
    "reminder": {**_TO_HER, **_QUESTION, "is_last": False, "closes_at": CLOSES_AT},
    "progress": {**_TO_HER, "next_update_at": LATER, "late_since": None},
    "delay": {**_TO_HER, "clock": "resolution", "due_at": DUE_AT, "next_update_at": LATER},
    "specialist": {**_TO_HER, "due_at": LATER},
}

_STEP: Sample = {
    **TO_AGENT,
    "ticket": OPEN,
    "clock": "first_response",
    "due_at": DUE_AT,
    "is_late": False,  # the mail, after downtime
    "reached_at": WRITTEN_AT,
    "others_due": [{"clock": "resolution", "step": "50%", "is_ahead": False}],
    "next_at": DUE_AT,  # what comes if nobody does anything, and who hears of it
    "next_told": ["Kari Nordmann", "Bo Dahl", "requester"],
}


def _at(hour: int, minute: int = 0) -> datetime:
    return WRITTEN_AT.replace(hour=hour, minute=minute)


_DONE: Sample = {"who": "", "old": "", "new": "", "said_at": WRITTEN_AT}  # of `admitted`: it came
_TIMELINE: list[Sample] = [
    {**_DONE, "at": WRITTEN_AT, "kind": "created"},
    {**_DONE, "at": _at(8, 20), "kind": "assignee", "new": "Kari Nordmann"},
    {**_DONE, "at": _at(11, 40), "kind": "asked"},
]

_LINE: Sample = {
    **LISTED[0],
    "subject": "Blank pages",
    "is_new": False,  # since the last digest
    "is_half_gone": False,  # half of the time, of one that is not overdue
    "commands": [command("#solve")],
}
_AWAY: Sample = {**OPEN, "away_until": CLOSES_AT}
_NEXT: Sample = {**_LINE, "number": 1039, "subject": "New screen", "due_at": LATER, "requester": BO}

PROMISES_TO_AGENT: Mapping[str, Sample] = {
    "sla_warning": {
        **_STEP,
        **CONVERSATION,
        "percent": 75,  # None: a step by time, or none of the ladder
        "left": timedelta(minutes=45),
        "is_nudge": False,  # True: the owner is asked for a word to the requester
        "is_requester_told": True,
        "commands": [*map(command, ("#ack", "#solve", "#wait 2d"))],
    },
    "sla_breach": {
        **_STEP,
        **CONVERSATION,
        "reply_goes": "",
        "is_requester_told": True,
        "next_at": LATER,
        "next_told": ["Mona Vik"],
        "commands": [*map(command, ("#breach", "#ack", "#solve"))],
    },
    "sla_manager": {
        **_STEP,
        "reader": {"name": "Mia Lie"},
        "reply_goes": "",
        "clock": "resolution",
        "percent": 150,
        "target": timedelta(hours=4),
        "others_due": [],
        "next_at": None,
        "next_told": [],
        "timeline": _TIMELINE,
        "more": 0,
        "commands": [*map(command, ("#assign", "#status"))],
    },
    "page": {
        **_STEP,
        "number": 1,
        "is_breached": False,
        "is_pager": False,
        "commands": [command("#ack")],
    },
    "digest": {
        **COMMON,
        "ticket": None,
        "reference": "",
        "team": "",
        "answers": 1040,  # the case that an answer to this mail is about
        "since": WRITTEN_AT,  # the last digest
        "counts": {"overdue": 1, "today": 1, "unassigned": 0},
        "held": [
            {
                "number": 1040,
                "subject": "Second screen",
                "at": WRITTEN_AT,
                "author": None,  # the reader himself
                "href": command("#show 1040")["href"],
                "commands": [*map(command, ("run", "send", "drop"))],
            }
        ],
        "overdue": [_LINE],
        "today": [{**_LINE, "number": 1041, "subject": "VPN drops", "requester": BO}],
        "unassigned": [],
        "coming": [_NEXT],
        "waiting": [],
        "missed": [],
        "more": 0,
    },
}

# By kind and occasion, as `samples.OCCASIONS`.
ON_PROMISES: Mapping[tuple[str, str], Sample] = MappingProxyType(
    {
        ("received_closed", "at_night"): {"why_closed": "", "answer_by": None, "solve_by": LATER},
        ("question", "until_a_day"): {"remind_at": None, "closes_at": None, "back_at": LATER},
        ("reminder", "last"): {"is_last": True},
        ("progress", "on_hold"): {"ticket": {**OPEN, "status": "on_hold", "assignee": None}},
        ("progress", "nobody"): {"ticket": TICKET},
        ("progress", "late"): {"late_since": WRITTEN_AT, "next_update_at": None},
        ("progress", "owner_away"): {"ticket": _AWAY},
        ("delay", "on_hold"): {"ticket": {**_AWAY, "status": "on_hold"}},
        ("delay", "of_an_answer"): {"clock": "first_response", "ticket": TICKET},
        ("delay", "unproved"): {"full": False, "reader": {"name": ""}},
        ("sla_warning", "update"): {
            **dict.fromkeys(("percent", "left", "next_at")),
            "clock": "update",
            "is_nudge": True,
            "next_told": [],
            "others_due": [],
        },
        ("sla_warning", "unreachable"): {
            **dict.fromkeys(("percent", "left", "next_at")),
            "clock": "update",
            "is_nudge": True,
            "is_requester_told": False,
            "next_told": [],
            "others_due": [],
        },
        ("sla_warning", "owner_away"): {
            "ticket": _AWAY,
            "reader": BO,
            "next_told": ["team", "Mona Vik"],
            "others_due": [{"clock": "resolution", "step": "50%", "is_ahead": True}],
        },
        ("sla_warning", "late"): {"clock": "resolution", "percent": None, "is_late": True},
        ("sla_breach", "resolution"): {"clock": "resolution", "is_requester_told": False},
        ("sla_manager", "admitted"): {
            "timeline": [_TIMELINE[0], {**_DONE, "at": _at(11, 40), "kind": "admitted"}],
        },
        ("sla_manager", "own"): {"reader": {"name": "Kari Nordmann"}},
        ("sla_manager", "owner_away"): {"ticket": _AWAY, "timeline": _TIMELINE[:1]},
        ("sla_manager", "nobody"): {
            "more": 4,
            "ticket": TICKET,
            "clock": "next_response",
            "percent": None,
            "next_at": LATER,
            "next_told": ["Mona Vik"],
        },
        ("page", "again"): {"number": 3, "is_breached": True},
        ("page", "pager"): {"is_pager": True},
        ("digest", "team"): {
            "team": "first-line",
            "answers": 1042,
            "counts": {"overdue": 1, "today": 0, "unassigned": 1},
            "held": [],
            "overdue": [{**_LINE, "commands": [command("#assign")]}],
            "today": [],
            "coming": [],
            "unassigned": [
                {
                    **_LINE,
                    "number": 1044,
                    "assignee": None,
                    "is_new": True,
                    "commands": [*map(command, ("#take", "#assign"))],
                }
            ],
            "waiting": [{**_NEXT, "number": 1031, "status": "on_hold", "commands": []}],
            "missed": [*map(command, ("#1042", "#1007"))],
        },
        ("digest", "of_others"): {
            "more": 2,
            "answers": 1042,
            "held": [
                {
                    "number": 1040,
                    "subject": "Second screen",
                    "at": WRITTEN_AT,
                    "author": BO,
                    "href": command("#show 1040")["href"],
                    "commands": [command("#admit")],
                }
            ],
            "today": [],
            "coming": [],
        },
    }
)  # fmt: skip
