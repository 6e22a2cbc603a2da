"""Sample facts for every template: for tests, `check` and `template preview`.

This is also where to look up what a template sees; the nouns are told in `sample_facts`, the mails
about promises in `samples_promises`. A new
kind of mail gets a line in `SAMPLES`; what is worded in another way now and then, in `OCCASIONS`.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from maildesk.mail.sample_facts import (
    ANSWER,
    BO,
    BUNDLED,
    COMMON,
    CONVERSATION,
    DUE_AT,
    EARLIER,
    KARI,
    LATER,
    LISTED,
    MAIL,
    OPEN,
    SOLVED,
    TICKET,
    TO_ADA,
    TO_AGENT,
    WORDS,
    WRITTEN_AT,
    command,
)
from maildesk.mail.samples_promises import (
    ON_PROMISES,
    PROMISES_TO_AGENT,
    PROMISES_TO_REQUESTER,
)
from maildesk.mail.template_sources import PARTS, SUFFIX, BadTemplate, Sources
from maildesk.mail.templates import render

_TO_REQUESTER: Mapping[str, Mapping[str, object]] = {
    "received": {**TO_ADA, "ticket": TICKET, "full": True, "answer_by": DUE_AT},
    "reply": {
        **TO_ADA,
        **CONVERSATION,
        "mail": ANSWER,
        "agent": {"name": "Kari Nordmann"},
        "others": ["Cy Ek"],
    },
    "solved": {
        **TO_ADA,
        **CONVERSATION,
        "ticket": SOLVED,
        "mail": ANSWER,
        "full": True,
        "agent": {"name": "Kari Nordmann"},
        "closes_at": WRITTEN_AT.replace(day=30),
    },
    "closed": {
        **TO_ADA,
        "ticket": {**SOLVED, "status": "closed"},
        "full": True,
        "why": "confirmed",
    },
    "merged": {**TO_ADA, "ticket": {**OPEN, "status": "merged"}, "into": 1038},
    "my_tickets": {**TO_ADA, "ticket": None, "full": True, "items": LISTED, "more": 0},
    "unknown_address": {**COMMON, "reader": {"name": "Bo Dahl"}},
}

_TO_AGENT: Mapping[str, Mapping[str, object]] = {
    "queue_new": {**TO_AGENT, "earlier": EARLIER, "hint": 1001, "suggests": [1001, 967]},
    "assigned": {
        **TO_AGENT,
        **CONVERSATION,
        "ticket": OPEN,
        "actor": {"name": "Bo Dahl"},
        "by": "agent",  # or "team", "rule", "woken", "held", "stale", "reopens"
        "reason": "the drum is yours",
        "commands": [*map(command, ("#solve", "#wait", "#assign"))],
    },
    "user_replied": {
        **TO_AGENT,
        "ticket": OPEN,
        "others": ["Cy Ek"],
        "mail": {**MAIL, "text": "The board papers look right. Thank you!", "files": []},
    },
    "reopened": {
        **TO_AGENT,
        "ticket": OPEN,
        "mail": {**MAIL, "text": "It prints blank pages again.", "files": []},
    },
    "note": {
        **TO_AGENT,
        "ticket": OPEN,
        "reply_goes": "",
        "mail": {**ANSWER, "text": "The drum is on order, but do not promise a day yet."},
        "commands": [*map(command, ("#take", "#solve"))],
    },
    "held": {
        **TO_AGENT,
        "ticket": OPEN,
        "reply_goes": "",
        "mail": {**MAIL, "author": BO, "trust": "V0", "evidence": [], "files": []},
        "reason": "bo@supplier.example is not known to this case.",
        "reasons": ["the mail came to a reply address that belongs to Ada Berg"],
        "commands": [command("#admit")],
    },
    "bounced": {
        **TO_AGENT,
        "ticket": OPEN,
        "reply_goes": "",
        "recipients": [{"address": "ada@acme.example", "status": "5.1.1", "action": "failed"}],
        "commands": [],
    },
    "command_receipt": {
        **TO_AGENT,
        "ticket": {**SOLVED, "priority": "P1"},
        "reply_goes": "",
        "title": "Done: #priority P1, #solve",
        "lines": ["the priority is P1 (it was P2)", "the case is solved"],
        "may_send": False,
        "failed": False,
        "commands": [command("#reopen")],
    },
    "command_confirm": {
        **COMMON,
        "ticket": OPEN,
        "mail": {**ANSWER, "text": f"#priority P1\n#colse\n\n{WORDS}"},
        "reason": "",
        "understood": ["#priority P1"],
        "doubts": [
            {"line": "#colse", "reason": "there is no such command.", "suggestion": "#solve"}
        ],
        "words": WORDS,
        "commands": [*map(command, ("run", "send", "drop"))],
        "may_run": True,
        "may_send": True,
        "keeps_words": False,
        "said": "",
        "is_reminder": False,
    },
    "case": {
        **TO_AGENT,
        "ticket": OPEN,
        "participants": ["Cy Ek"],
        "messages": [  # newest first
            {"author": KARI, "at": WRITTEN_AT, "text": "Drum ordered.", "visibility": "internal"},
            {"author": KARI, "at": WRITTEN_AT, "text": WORDS, "visibility": "public"},
        ],
        "more": 3,
    },
    "case_list": {**COMMON, "ticket": None, "items": LISTED, "more": 4, "searched": ""},
    "bundle": {
        **COMMON,
        "ticket": None,
        "reference": "",
        "total": 4,
        "number": 2,
        "page": 1,
        "pages": 1,
        "since": WRITTEN_AT,
        "items": BUNDLED,
    },
    "trace": {
        **TO_AGENT,
        "lines": [
            "routing: the rule “printers” sent it to first-line",
            "priority: P2 by the rule “printers”",
        ],
    },
    "help": {
        **TO_AGENT,
        "groups": [
            {
                "name": "State",
                "commands": [
                    {"usage": "#solve [reason]", "text": "The case is solved."},
                    {"usage": "#wait [2d, fri, 2026-03-04]", "text": "Waits for the user."},
                ],
            },
            {
                "name": "People",
                "commands": [{"usage": "#assign who", "text": "Somebody has the case."}],
            },
        ],
    },
    "files": {
        **TO_AGENT,
        "files": [{"filename": "display.jpg", "size": 1_245_000}],
        "left_out": [{"filename": "film.mp4", "size": 48_000_000}],
    },
}

_TO_ADMIN: Mapping[str, Mapping[str, object]] = {
    "health": {
        **COMMON,
        "ticket": None,
        "problem": "The mailbox support@example.com cannot be read",
        "detail": "imap.example.com:993 refuses the password",
        "since": WRITTEN_AT,
        "lines": [
            "42 mails wait in the outbox, the oldest for 20 minutes.",
            "No mail is lost: what cannot be read now is read later.",
        ],
    },
}

SAMPLES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        **_TO_REQUESTER,
        **PROMISES_TO_REQUESTER,
        **_TO_AGENT,
        **PROMISES_TO_AGENT,
        **_TO_ADMIN,
    }
)

# What is worded in another way, by kind and occasion: the facts that differ from the sample.
OCCASIONS: Mapping[tuple[str, str], Mapping[str, object]] = MappingProxyType(
    {
        **ON_PROMISES,
        ("received", "opened_for_her"): {
            "opened_by": "Kari Nordmann",
            "answer_by": None,
            "solve_by": LATER,
        },
        ("received", "unproved"): {"full": False, "reader": {"name": ""}, "answer_by": None},
        ("reopened", "to_requester"): {
            "reply_goes": None,
            "reader": {"name": "Ada Berg"},
            "answer_by": DUE_AT,
        },
        ("received", "follows"): {"follows": 998},
        ("bounced", "delayed"): {
            "recipients": [{"address": "ada@acme.example", "status": "4.4.1", "action": "delayed"}]
        },
        ("held", "own"): {"is_own": True},
        ("assigned", "team"): {"by": "team", "ticket": TICKET, "commands": [command("#take")]},
        ("assigned", "woken"): {"by": "woken", "actor": None, "reason": ""},
        ("assigned", "rule"): {"by": "rule", "actor": None, "reason": "the rule “Nagging” fits"},
        ("assigned", "stale"): {
            "by": "stale",
            "actor": None,
            "reason": "",
            "since": WRITTEN_AT,
            "next_at": LATER,
            "next_told": ["Bo Dahl"],
        },
        ("assigned", "reopens"): {"by": "reopens", "actor": None, "reason": "", "times": 3},
        ("command_receipt", "stored"): {
            "ticket": OPEN,
            "title": "Stored as a note: nothing was sent to Ada Berg",
            "lines": [],
            "may_send": True,
            "words": WORDS,
            "commands": [command("send")],
        },
        ("command_receipt", "failed"): {
            "ticket": OPEN,
            "title": "Not done: #merge 967",
            "lines": ["#merge 967: case #967 is closed."],
            "failed": True,
            "commands": [],
        },
        ("command_receipt", "no_ticket"): {
            "ticket": None,
            "title": "Away until Fri, 27 Nov 2026",
            "lines": ["new work and replies go to your team meanwhile"],
            "commands": [],
        },
        ("command_confirm", "reminder"): {
            "is_reminder": True,
            "doubts": [],
            "may_run": False,
            "commands": [],
        },
        ("command_confirm", "no_words"): {
            "mail": {**ANSWER, "text": "#merge 967"},
            "reason": "Joining cases needs proof that you wrote it.",
            "understood": ["#merge 967"],
            "doubts": [],
            "words": "",
            "may_send": False,
            "commands": [*map(command, ("run", "drop"))],
        },
        ("command_confirm", "nothing_to_do"): {
            "mail": {**ANSWER, "text": "#hilfee"},
            "reason": "There is no command #hilfee.",
            **dict.fromkeys(("understood", "doubts", "words"), ()),
            **dict.fromkeys(("may_run", "may_send"), False),
            "said": "What is this?",
            "commands": [command("drop")],
        },
        ("command_confirm", "collision"): {
            **CONVERSATION,
            "reason": "Bo Dahl has answered meanwhile.",
            "quote_author": "Bo Dahl",
            "quote": "Hello Ada,\n\nI bring a new drum at ten.",
            "mail": ANSWER,
            "understood": [],
            "doubts": [],
            "may_run": False,
            "commands": [*map(command, ("send", "drop"))],
        },
        ("case", "waiting"): {
            "ticket": {**OPEN, "status": "waiting_user", "wake_at": WRITTEN_AT.replace(day=27)},
            "messages": [
                {"author": BO, "at": WRITTEN_AT, "text": "And mine?", "visibility": "held"}
            ],
            "participants": [],
            "more": 0,
        },
        ("case_list", "found"): {"searched": "printer", "items": LISTED[:1], "more": 0},
        ("case_list", "not_found"): {"searched": "printer", "items": [], "more": 0},
        ("bundle", "second_part"): {"total": 530, "number": 402, "page": 2, "pages": 3},
        ("help", "no_ticket"): {"ticket": None},
        ("solved", "without_words"): {"mail": {**ANSWER, "text": ""}, "closes_at": None},
        ("solved", "by_rule"): {
            "mail": {**ANSWER, "text": ""},
            "agent": None,
            "full": False,
            "reader": {"name": ""},
            "quote": "",
        },
        ("closed", "in_silence"): {"why": "silence"},
        ("closed", "unanswered"): {"why": "unanswered"},
        ("my_tickets", "unproved"): {
            "full": False,
            "reader": {"name": ""},
            "items": LISTED[:1],
        },
    }
)


def facts_of(kind: str, occasion: str = "") -> Mapping[str, object]:
    """Return the facts of a kind's sample, as they are on one of its occasions."""
    return {**SAMPLES[kind], **OCCASIONS[kind, occasion]} if occasion else SAMPLES[kind]


def occasions_of(kind: str) -> tuple[str, ...]:
    """Return the occasions on which a mail of this kind is written, the usual one ("") first."""
    return ("", *(occasion for named, occasion in OCCASIONS if named == kind))


def template_problems(sources: Sources, acknowledgements: Collection[str] = ()) -> list[str]:
    """Render every template on its samples; return what fails as `language/file: line: message`.

    `acknowledgements` are those that rules name instead of `received`; they see its facts.
    """
    return list(_problems(sources, acknowledgements))


def _problems(sources: Sources, acknowledgements: Collection[str]) -> Iterator[str]:
    """What fails in shared parts is told once, for the first mail in which it shows."""
    told: set[str] = set()
    for kind, language in sorted(sources.texts):
        if kind == PARTS:
            continue
        place = f"{language}/{kind}{SUFFIX}"
        if kind not in SAMPLES and kind not in acknowledgements:
            yield f"{place}: no mail is written from a template of this name"
            continue
        problem = _problem(sources, kind, language)
        if problem and problem not in told:
            yield f"{place}: {problem}"
        if problem.startswith(PARTS):
            told.add(problem)


def _problem(sources: Sources, kind: str, language: str) -> str:
    """What fails first, "" if nothing does."""
    sample = kind if kind in SAMPLES else "received"
    for occasion in occasions_of(sample):
        try:
            facts = facts_of(sample, occasion)
            render(sources.find(kind, language), facts, timezone="UTC", language=language)
        except BadTemplate as error:
            return str(error)
    return ""
