"""Random rules from the whole vocabulary, on random mails: what the worker does is what `explain`
says, on the same desk; and many mails at once fare as one after the other."""

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stories.conftest import another_house
from stories.house import BILLING, BO, KARI, SUPPORT, House

from maildesk.desk.explain import explained, plan_for
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import AutomaticKind
from maildesk.mail.parse import parse_mail
from maildesk.model.changes import OpenTicket, SetAbsence
from maildesk.model.facts import Level
from maildesk.model.plan import Disposition, Plan
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.policy.routing.actions import ACTIONS
from maildesk.policy.routing.conditions import FIELDS, TICKET
from maildesk.policy.routing.rule_file import compile_rules
from maildesk.policy.rules import Agent, Organisation, Queue, Team
from maildesk.store import journal
from maildesk.store.apply import apply

__all__ = ["another_house"]

LIN, NINA = "lin@example.com", "nina@example.com"
ADA, EVE, BOSS, FORM = "ada@example.org", "eve@example.net", "boss@acme.example", "web@example.com"
DESK: dict[str, Any] = {
    "queues": (
        Queue("helpdesk", (SUPPORT,), "first-line", "IT Service Desk", is_default=True),
        Queue("finance", (BILLING, "invoices@example.com"), "finance", "Finance Desk"),
    ),
    "agents": (
        Agent("kari", "Kari Nordmann", (KARI,), ("first-line",)),
        Agent("bo", "Bo Li", (BO,), ("first-line", "finance")),
        Agent("lin", "Lin Wei", (LIN,), ("network", "first-line"), ("zh",)),
        Agent("nina", "Nina Dahl", (NINA,), ("network",)),
    ),
    "teams": (
        Team("first-line", lead="kari", manager="nina"),
        Team("finance", lead="bo", notify="digest"),
        Team("network", lead="nina", notify="round_robin"),
        Team("nobody"),
    ),
    "organisations": (Organisation("acme", "Acme", ("acme.example",), language="nb"),),
}

# --- rules ----------------------------------------------------------------------------------------

WORDS = ("printer", "VPN", "打印机", "ødelagt", "invoice.pdf", "a", "web1", "text/plain")
PATTERNS = (
    r"(?i)(?P<word>vpn|printer|\p{Han}+)",
    r"(?P<word>\w+)[ @](?P<other>\S+)",
    r"(a+)+$",
    ".",
)
ADDRESSES = (ADA, EVE, BOSS, SUPPORT, BILLING, FORM)
MEANT = {
    "sender": ADDRESSES,
    "sender_domain": ("example.org", ".example", "acme.example"),
    "recipient": ADDRESSES,
    "cc": ADDRESSES,
    "organisation": ("acme", "none"),
    "level": tuple(map(str, Level)),
    "open_tickets": (0, 1, 5),
    "size": (5, "1 MB"),
    "language": ("en", "zh", "nb", "none"),
    "automatic": tuple(map(str, AutomaticKind)),
    "is_reply": (True, False),
    "queue": ("helpdesk", "finance"),
    "team": ("first-line", "finance", "network"),
    "type": tuple(map(str, TicketType)),
    "status": tuple(map(str, Status)),
    "priority": tuple(map(str, Priority)),
    "tag": ("vpn", "x"),
    "assignee": ("kari", "bo", "none"),
    "calendar_open": (True, False, "gone"),  # the last one fails when it is asked
}
OF_MAIL = [field for field in FIELDS.values() if field.is_for != TICKET]


def values(name: str, ending: str) -> st.SearchStrategy[Any]:
    """What may stand behind a word."""
    if name == "header":
        inner = {"_in": st.lists(st.sampled_from(WORDS), min_size=1, max_size=2)}
        simple = st.sampled_from(PATTERNS if ending == "_matches" else WORDS)
        named = st.sampled_from(["X-Mailer", "List-Id", "Subject"])
        return st.dictionaries(named, inner.get(ending, simple), min_size=1, max_size=2)
    if ending == "_matches":
        return st.sampled_from(PATTERNS)
    meant = st.sampled_from(MEANT.get(name, WORDS))
    if ending == "_contains":
        return st.sampled_from(WORDS)
    return st.lists(meant, min_size=1, max_size=3) if ending == "_in" else meant


LEAVES = st.one_of(
    [
        st.fixed_dictionaries({field.name + ending: values(field.name, ending)})
        for field in OF_MAIL
        for ending in field.comparisons
    ]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)
FILLED = ("{sender_domain}", "{subject}", "{word}", "x")
LEVELS = ("high", "medium", "low")
DONE: dict[str, tuple[Any, ...]] = {
    "queue": ("helpdesk", "finance"),
    "team": ("first-line", "finance", "network", "nobody"),
    "assign": ("kari", "bo", "round_robin", "least_loaded"),
    "priority": tuple(map(str, Priority)),
    "impact": LEVELS,
    "urgency": LEVELS,
    "type": tuple(map(str, TicketType)),
    "tags": (["VPN", "{word}"], "{subject}", ["x"]),
    "fields": ({"domain": "{sender_domain}"}, {"word": "{word}", "domain": "x"}),
    "sla": ("gold",),
    "watchers": (["bo", EVE], ["nobody@example.net"], [KARI]),
    "template": ("received",),
    "acknowledge": (False, True),
    "notify": ("lead", ["manager", "bo"]),
    "solve": (True,),
    "hold": (True,),
    "drop": ("noise of {sender_domain}",),
    "accept": (True,),
    "requester": ("reply_to", "{sender}", "{word}"),
    "level": ("V0", "V1"),
    "group_by": ("{word}", "{sender}", ""),
    "within": ("1m", "4h"),
}


@st.composite
def rules(draw: Any) -> list[dict[str, Any]]:
    """Rules as a file has them; none that the configuration would refuse."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        names = draw(st.lists(st.sampled_from(sorted(DONE)), min_size=1, max_size=5, unique=True))
        then = {name: draw(st.sampled_from(DONE[name])) for name in _allowed(names)}
        when = draw(st.one_of(CONDITIONS, st.just({})))
        if "{word}" in str(then) and "(?P<word>" not in str(when):
            when = {"all": [{"subject_matches": PATTERNS[1]}, *([when] if when else [])]}
        is_last = not draw(st.booleans())
        made.append({"name": f"rule {number}", "when": when, "then": then, "continue": not is_last})
    return [rule for rule in made if _is_accepted(rule)]


def _allowed(names: list[str]) -> list[str]:
    """Actions that may stand in one rule."""
    if "drop" in names:
        return ["drop"]
    left = set(names)
    for name in names:
        if name in left:
            left -= ACTIONS[name].conflicts
            left -= {other for other in left if name in ACTIONS[other].conflicts}
    return [name for name in names if name in left and ACTIONS[name].needs in ("", *left)] or [
        "tags"
    ]


def _is_accepted(rule: dict[str, Any]) -> bool:
    """A group under `not` feeds nothing: such a rule is refused, as it should be."""
    try:
        compile_rules([rule])
    except ValueError:
        return False
    return True


def test_rules_are_made_from_the_whole_vocabulary() -> None:
    assert set(DONE) == set(ACTIONS)
    assert set(MEANT) < {field.name for field in OF_MAIL}


# --- mails ----------------------------------------------------------------------------------------

TEXTS = (
    "The printer is dead and says PC LOAD LETTER.",
    "打印机坏了，请帮忙。我们需要打印很多文件。",
    "Skriveren er ødelagt, og jeg får ikke skrevet ut noe som helst i dag.",
    "VPN web1 down",
    "a" * 2000 + "!",
    "",
)
SUBJECTS = (
    "Printer is dead",
    "VPN web1",
    "打印机",
    "Re: Printer is dead",
    "",
    "a@b {word}",
    "Aaa aa a",
)
FIELDS_BESIDE = (
    {},
    {"Auto-Submitted": "auto-generated"},
    {"List-Id": "<news.shop.example>", "Precedence": "bulk"},
    {"Auto-Submitted": "auto-replied", "Subject": "Automatic reply: Printer"},
    {"Reply-To": "Cy <cy@customer.example>", "Auto-Submitted": "auto-generated"},
    {"Reply-To": SUPPORT, "X-Mailer": "printer"},
    {"In-Reply-To": "<gone@example.org>", "Content-Language": "zh"},
)
MAILS = st.fixed_dictionaries(
    {
        "From": st.sampled_from(
            [ADA, "Ada Berg <ADA@example.org>", EVE, BOSS, FORM, KARI, SUPPORT]
        ),
        "To": st.sampled_from([SUPPORT, BILLING, f"{ADA}, invoices@example.com", EVE]),
        "Cc": st.sampled_from(["", EVE, BILLING]),
        "Subject": st.sampled_from(SUBJECTS),
        "text": st.sampled_from(TEXTS),
        "fields": st.sampled_from(FIELDS_BESIDE),
        "form": st.sampled_from(["plain", "html", "file"]),
    }
)


def write(number: int, words: dict[str, Any]) -> bytes:
    """Write a mail; its number keeps it from being a copy of another."""
    mail = EmailMessage()
    heads = {name: words[name] for name in ("From", "To", "Cc", "Subject")}
    for name, value in {**heads, **words["fields"]}.items():
        if value:
            mail[name] = value
    mail["Message-ID"] = f"<random.{number}@client.example>"
    text = f"{words['text']}\n"
    if words["form"] == "html":
        mail.set_content(f"<p>{text}</p>", subtype="html")
    else:
        mail.set_content(text)
    if words["form"] == "file":
        mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Invoice.PDF")
    return mail.as_bytes()


def envelope_of(house: House, words: dict[str, Any]) -> Envelope:
    named = re.findall(r"[^\s,]+@[^\s,]+", f"{words['To']}, {words['Cc']}")
    ours = tuple(address for address in named if house.desk.rules.accepts(address))
    sender = re.findall(r"[^\s<>]+@[^\s<>]+", words["From"])[0]
    return Envelope(Source.SMTP, sender, ours or (SUPPORT,))


# --- what is the same -----------------------------------------------------------------------------

OF_TICKET = ("queue", "team", "priority", "type", "tags", "fields", "assignee")


def done(house: House, plan: Plan) -> dict[str, Any]:
    """What became of the mail that came last, as the desk has kept it."""
    with house.desk.database.read() as session:
        newest = max(journal.list_receipts(session), key=lambda row: row["id"])
        shown = journal.show(session, newest["id"])
    result = {"disposition": shown["disposition"], "ticket": shown["ticket"]}
    if plan.route:
        result["rules"] = shown["trace"]["route"]["rules"]
    if shown["disposition"] == Disposition.NEW_TICKET:
        ticket = house.ticket(shown["ticket"])
        result |= {name: ticket[name] for name in OF_TICKET}
        result["requester"] = ticket["requester"]
    return result


def foretold(house: House, raw: bytes, envelope: Envelope) -> tuple[Plan, dict[str, Any]]:
    """What `explain` says of it, on the same desk."""
    mail = parse_mail(raw)
    desk = house.desk
    plan = plan_for(desk.database, mail, envelope, desk.rules, house.clock.at, parse_mail)
    shown: dict[str, Any] = explained("", mail, plan)
    result = {"disposition": plan.disposition, "ticket": plan.ticket}
    route = shown["route"]
    if route:
        result["rules"] = [rule["name"] for rule in route["rules"] if rule["matched"]]
    if plan.disposition is Disposition.NEW_TICKET:
        result |= {name: route[name] for name in OF_TICKET if name in route}
        result["assignee"] = plan.route.assignee if plan.route else None
        result["requester"] = _requester(plan)
    return plan, result


def _requester(plan: Plan) -> str:
    (opened,) = [change for change in plan.changes if isinstance(change, OpenTicket)]
    return opened.ticket.requester.address


def send_away(house: House, agent: str) -> None:
    """Have an agent be away, if one is named."""
    if not agent:
        return
    back_at = house.clock.at + timedelta(days=1)
    plan = Plan(Disposition.NOTE, changes=(SetAbsence(agent, back_at),))
    with house.desk.database.write() as session:
        apply(session, plan, receipt=0, now=house.clock.at, actor="test")


AWAY = ("", "kari", "bo", "lin")
OpenHouse = Callable[..., Any]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(raws=rules(), mails=st.lists(MAILS, min_size=1, max_size=4), away=st.sampled_from(AWAY))
def test_what_is_done_is_what_explain_says(
    another_house: OpenHouse,
    raws: list[dict[str, Any]],
    mails: list[dict[str, Any]],
    away: str,
) -> None:
    with another_house(**DESK, routing=compile_rules(raws)) as house:
        send_away(house, away)
        for number, words in enumerate(mails):
            raw, envelope = write(number, words), envelope_of(house, words)
            plan, expected = foretold(house, raw, envelope)
            house.post(raw, to=envelope.recipients, sender=envelope.reverse_path)
            assert done(house, plan) == expected
            if plan.disposition is Disposition.NEW_TICKET:
                assert expected["queue"] in ("helpdesk", "finance")
            house.clock.pass_time(seconds=40)
        assert not house.stats()["states"]["failed"]


@settings(max_examples=8, deadline=None, suppress_health_check=SLOW)
@given(raws=rules(), mails=st.lists(MAILS, min_size=2, max_size=6))
def test_mails_that_come_together_fare_as_if_one_by_one(
    another_house: OpenHouse, raws: list[dict[str, Any]], mails: list[dict[str, Any]]
) -> None:
    ends = []
    for is_together in (True, False):
        with another_house(**DESK, routing=compile_rules(raws)) as house:
            for number, words in enumerate(mails):
                envelope = envelope_of(house, words)
                house.hand_in(
                    write(number, words), to=envelope.recipients, sender=envelope.reverse_path
                )
                if not is_together:
                    house.work()
            house.work()
            tickets = [
                {name: one[name] for name in (*OF_TICKET[:5], "assignee", "requester")}
                for one in house.tickets()
            ]
            ends.append((tickets, house.dispositions()))
    assert ends[0] == ends[1]
