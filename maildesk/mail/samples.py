"""Sample facts for every template: for tests, `check` and `template preview`.

This is also where to look up what a template sees. Facts that are the same in all stand in
`_COMMON`; a new kind of mail gets a line in `SAMPLES`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from maildesk.mail.marker import marker_line
from maildesk.mail.template_sources import SUFFIX, BadTemplate, Sources
from maildesk.mail.templates import render

_ADA = {"name": "Ada Berg", "address": "ada@acme.example", "organisation": "Acme"}
_BO = {"name": "Bo Dahl", "address": "bo@supplier.example", "organisation": ""}
_WRITTEN_AT = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)

_TICKET = {
    "number": 1042,
    "subject": "Printer on the third floor prints blank pages",
    "status": "new",
    "priority": "P2",
    "type": "incident",
    "queue": "IT Service Desk",
    "team": "first-line",
    "assignee": None,
    "requester": _ADA,
    "created_at": _WRITTEN_AT,
}

_MAIL = {
    "author": _ADA,
    "subject": "Printer on the third floor prints blank pages",
    "text": "Hello,\n\nSince this morning every page comes out blank, whoever prints. I switched "
    "it off and on again, and the toner is new since Friday.\n\nA photo of the display is "
    "attached. We need it for the board papers at noon.",
    "quoted": "",
    "files": [{"filename": "display.jpg", "size": 1_245_000}],
    "left_out": [],
    "at": _WRITTEN_AT,
    "trust": "V1",
    "evidence": ["dkim=pass header.d=acme.example"],
}

_COMMON: Mapping[str, object] = {
    "desk": {"name": "IT Service Desk", "address": "support@example.com"},
    "reader": {"name": "Kari Nordmann"},
    "ticket": _TICKET,
    "mail": _MAIL,
    "marker": marker_line("en"),
    "reference": "mdq1042k3v9x2",
}

_ANSWER = {
    **_MAIL,
    "author": {"name": "Kari Nordmann", "address": "kari@example.com"},
    "text": "Hello Ada,\n\nThe drum was worn out; I have just put in a new one and the test page "
    "is fine.\n\nCould you print one page of the board papers and tell me if it looks right?",
    "files": [],
}

_OPEN = {**_TICKET, "status": "open", "assignee": "Kari Nordmann"}
_EARLIER = [
    {
        "number": 1001,
        "subject": "VPN drops every hour",
        "status": "solved",
        "created_at": datetime(2026, 11, 3, 12, 40, tzinfo=UTC),
    },
    {
        "number": 967,
        "subject": "New laptop for Cy",
        "status": "closed",
        "created_at": datetime(2026, 10, 12, 7, 5, tzinfo=UTC),
    },
]

SAMPLES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "received": {**_COMMON, "reader": {"name": "Ada Berg"}, "full": True},
        "reply": {
            **_COMMON,
            "reader": {"name": "Ada Berg"},
            "ticket": _OPEN,
            "mail": _ANSWER,
            "agent": {"name": "Kari Nordmann"},
            "others": ["Cy Ek"],
            "quote": _MAIL["text"],
            "quote_author": "Ada Berg",
            "quote_at": _WRITTEN_AT,
        },
        "user_replied": {
            **_COMMON,
            "ticket": _OPEN,
            "reply_goes": "Ada Berg",
            "others": ["Cy Ek"],
            "mail": {**_MAIL, "text": "The board papers look right. Thank you!", "files": []},
        },
        "queue_new": {
            **_COMMON,
            "reply_goes": "Ada Berg",
            "earlier": _EARLIER,
            "hint": 1001,
            "suggests": [1001, 967],
        },
        "held": {
            **_COMMON,
            "ticket": _OPEN,
            "reply_goes": "",
            "mail": {**_MAIL, "author": _BO, "trust": "V0", "evidence": [], "files": []},
            "reason": "bo@supplier.example is not known to this case.",
            "reasons": ["the mail came to a reply address that belongs to Ada Berg"],
        },
        "bounced": {
            **_COMMON,
            "ticket": _OPEN,
            "reply_goes": "",
            "recipients": [{"address": "ada@acme.example", "status": "5.1.1", "action": "failed"}],
        },
        "reopened": {
            **_COMMON,
            "ticket": _OPEN,
            "reply_goes": "Ada Berg",
            "mail": {**_MAIL, "text": "It prints blank pages again.", "files": []},
        },
        "unknown_address": {**_COMMON, "reader": {"name": "Bo Dahl"}},
        "health": {
            **_COMMON,
            "ticket": None,
            "problem": "The mailbox support@example.com cannot be read",
            "detail": "imap.example.com:993 refuses the password",
            "since": _WRITTEN_AT,
            "lines": [
                "42 mails wait in the outbox, the oldest for 20 minutes.",
                "No mail is lost: what cannot be read now is read later.",
            ],
        },
    }
)


def problems(sources: Sources) -> Iterator[str]:
    """Render every template on its sample; yield what fails as `language/file: line: message`."""
    for (kind, language), source in sorted(sources.texts.items()):
        if kind not in SAMPLES:
            yield f"{language}/{kind}{SUFFIX}: no mail is written from a template of this name"
            continue
        try:
            render(source, SAMPLES[kind], timezone="UTC", language=language)
        except BadTemplate as error:
            yield f"{language}/{kind}{SUFFIX}: {error}"
