"""The nouns of the samples: people, a ticket, mails, lists. What each fact holds stands here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from maildesk.mail.marker import marker_line

ADA = {"name": "Ada Berg", "address": "ada@acme.example", "organisation": "Acme"}
BO = {"name": "Bo Dahl", "address": "bo@supplier.example", "organisation": ""}
KARI = {"name": "Kari Nordmann", "address": "kari@example.com", "organisation": ""}
WRITTEN_AT = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)
DUE_AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
CLOSES_AT = datetime(2026, 12, 1, 8, 15, tzinfo=UTC)

TICKET: Mapping[str, object] = {
    "number": 1042,
    "subject": "Printer on the third floor prints blank pages",
    "title": "",  # what agents call it, if not by its subject
    "status": "new",
    "priority": "P2",
    "type": "incident",
    "queue": "IT Service Desk",
    "team": "first-line",
    "assignee": None,
    "requester": ADA,
    "created_at": WRITTEN_AT,
    "due_at": DUE_AT,  # None: no promise runs
    "wake_at": None,  # when a case that is put off comes back
    "away_until": None,  # of whoever has it, where he is away
}
OPEN: Mapping[str, object] = {**TICKET, "status": "open", "assignee": "Kari Nordmann"}
SOLVED: Mapping[str, object] = {**OPEN, "status": "solved", "due_at": None}

MAIL: Mapping[str, object] = {
    "author": ADA,
    "subject": "Printer on the third floor prints blank pages",
    "text": "Hello,\n\nSince this morning every page comes out blank, whoever prints. I switched "
    "it off and on again, and the toner is new since Friday.\n\nA photo of the display is "
    "attached. We need it for the board papers at noon.",
    "quoted": "",
    "files": [{"filename": "display.jpg", "size": 1_245_000}],
    "left_out": [],
    "at": WRITTEN_AT,
    "trust": "V1",
    "evidence": ["dkim=pass header.d=acme.example"],
}

WORDS = (
    "Hello Ada,\n\nThe drum was worn out; I have just put in a new one and the test page "
    "is fine.\n\nCould you print one page of the board papers and tell me if it looks right?"
)
ANSWER: Mapping[str, object] = {
    **MAIL,
    "author": KARI,
    "text": WORDS,
    "files": [],
    "trust": "V2",
    "evidence": ["it came to the sender's own reply address"],
}

CONVERSATION: Mapping[str, object] = {
    "quote": MAIL["text"],
    "quote_author": "Ada Berg",
    "quote_at": WRITTEN_AT,
}


def command(label: str) -> Mapping[str, str]:
    """A link that writes a command into an answer."""
    subject = quote(f"Re: {TICKET['subject']} [#1042]", safe="")
    address = "support%2Bt1042.2.ak3v9x2q7d@example.com"
    href = f"mailto:{address}?subject={subject}&body={quote(label, safe='')}"
    return {"label": label, "href": href}


COMMON: Mapping[str, object] = {
    "desk": {"name": "IT Service Desk", "address": "support@example.com"},
    "reader": {"name": "Kari Nordmann"},
    "ticket": TICKET,
    "mail": MAIL,
    "marker": marker_line("en"),
    "reference": "mdq1042k3v9x2",
}
TO_AGENT: Mapping[str, object] = {
    **COMMON,
    "reply_goes": "Ada Berg",
    "commands": [*map(command, ("#take", "#priority P1", "#wait", "#solve"))],
}
TO_ADA: Mapping[str, object] = {**COMMON, "reader": {"name": "Ada Berg"}, "ticket": OPEN}

EARLIER = [
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

LISTED = [
    {
        "number": 1042,
        "subject": TICKET["subject"],
        "status": "open",
        "priority": "P2",
        "requester": ADA,
        "assignee": "Kari Nordmann",
        "created_at": WRITTEN_AT,
        "due_at": DUE_AT,
        "href": command("#show 1042")["href"],
    },
    {
        "number": 1040,
        "subject": "Which form for a second screen?",
        "status": "waiting_user",
        "priority": "P4",
        "requester": BO,
        "assignee": None,
        "created_at": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        "due_at": None,
        "href": "",
    },
]

# Cases whose mails are told in one: the kinds of the notices, and when the last one came.
BUNDLED = [
    {
        **LISTED[0],
        "came": [{"kind": "queue_new", "count": 1}, {"kind": "user_replied", "count": 2}],
        "at": WRITTEN_AT,
    },
    {**LISTED[1], "came": [{"kind": "held", "count": 1}], "at": WRITTEN_AT},
]
