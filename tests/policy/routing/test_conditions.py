"""Every condition, where it holds and where it does not; and what is no condition."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildesk.mail.message import Address, Attachment, Automatic, AutomaticKind, Span
from maildesk.model.facts import Facts, Level
from maildesk.model.ticket import Priority, Status, TicketType
from maildesk.policy.routing.conditions import FIELDS, MAIL, TICKET
from maildesk.policy.routing.rule import BadRule, View
from maildesk.policy.routing.rule_file import compile_rule
from maildesk.policy.routing.when import WORDS, read_when
from maildesk.policy.rules import Organisation

ACME = Organisation("acme", "Acme", ("acme.example",), ("cy@example.net",))
PDF = Attachment("2", "Invoice-7.PDF", "application/pdf", 9, "00")
QUOTED = "New text.\n> old secret"


class Hours:
    """A calendar that is open from nine to five."""

    def is_open(self, at):
        return 9 <= at.hour < 17

    def days_later(self, at, days):
        return at + timedelta(days=days * 2)


def look(world, mail=None, **view):
    rules = replace(world.rules, organisations=(ACME,), calendars={"office": Hours()})
    known = {"rules": rules, "now": world.now, "ticket": world.ticket(0, status=Status.NEW)}
    return View(**(known | {"mail": mail} | view))


def holds(world, when, mail=None, *, of=MAIL, **view):
    return read_when(when, (), of=of).check(look(world, mail, **view)).holds


def quoting(world):
    return world.mail(text=QUOTED, headers=(("X-Mailer", "Printer 5"), ("Received", "a")))


MAILS = {
    "sender": lambda w: w.mail(Address("Ada", "Ada@EXAMPLE.org")),
    "acme": lambda w: w.mail(Address("", "x@vpn.acme.example")),
    "cy": lambda w: w.mail(Address("", "cy@example.net")),
    "cc": lambda w: w.mail(cc=(Address("", "Boss@example.org"),), language="zh-TW"),
    "file": lambda w: w.mail(attachments=(PDF,)),
    "quoting": lambda w: replace(quoting(w), reply=(Span(0, 9),)),
    "reply": lambda w: w.mail(subject="AW: Printer", in_reply_to=("x@y",)),
    "none": lambda w: w.mail((), subject="", text=""),
    "letters": lambda w: w.mail(
        Address("", "ada@xn--mller-kva.example"), subject="Cafe\N{COMBINING ACUTE ACCENT}"
    ),
}

ON_MAIL = [
    ({"sender_is": "ada@example.org"}, "sender", True),
    ({"sender_is": "Ada@Example.ORG"}, "sender", True),
    ({"sender_is": "bo@example.org"}, "sender", False),
    ({"sender_in": ["x@y.z", "ADA@example.org"]}, "sender", True),
    ({"sender_contains": "@example."}, "sender", True),
    ({"sender_matches": r"^ada@"}, "sender", True),
    ({"sender_is": "ada@example.org"}, "none", False),
    ({"sender_domain_is": "Example.org"}, "sender", True),
    ({"sender_domain_is": "acme.example"}, "acme", False),
    ({"sender_domain_is": ".acme.example"}, "acme", True),
    ({"sender_domain_in": ["x.y", ".example.org"]}, "sender", True),
    ({"sender_domain_is": ".me.example"}, "acme", False),
    ({"sender_domain_contains": "acme"}, "acme", True),
    ({"sender_domain_matches": r"\.example$"}, "acme", True),
    ({"sender_domain_contains": "müller"}, "letters", True),
    ({"sender_matches": "@müller[.]example$"}, "letters", True),
    ({"sender_domain_is": "müller.example"}, "letters", True),
    ({"sender_is": "ada@xn--mller-kva.example"}, "letters", True),
    ({"subject_contains": "CAFÉ"}, "letters", True),
    ({"subject_is": "cafe\N{COMBINING ACUTE ACCENT}"}, "letters", True),
    ({"subject_matches": "^Café$"}, "letters", True),
    ({"recipient_is": "SUPPORT@example.com"}, "sender", True),
    ({"recipient_in": ["billing@example.com"]}, "sender", False),
    ({"recipient_contains": "support"}, "sender", True),
    ({"recipient_matches": "^support@"}, "sender", True),
    ({"cc_is": "boss@example.org"}, "cc", True),
    ({"cc_in": ["boss@example.org"]}, "sender", False),
    ({"cc_contains": "boss"}, "cc", True),
    ({"cc_matches": "^boss@"}, "cc", True),
    ({"organisation_is": "acme"}, "acme", True),
    ({"organisation_is": "acme"}, "cy", True),
    ({"organisation_in": ["acme"]}, "sender", False),
    ({"organisation_is": "none"}, "sender", True),
    ({"organisation_is": "none"}, "none", True),
    ({"subject_is": "printer IS dead"}, "sender", True),
    ({"subject_is": "Printer"}, "sender", False),
    ({"subject_in": ["x", "Printer is dead"]}, "sender", True),
    ({"subject_contains": "PRINTER"}, "sender", True),
    ({"subject_contains": ["toner", "dead"]}, "sender", True),
    ({"subject_contains": ["toner", "jam"]}, "sender", False),
    ({"subject_matches": r"\bPrinter\b"}, "sender", True),
    ({"subject_matches": r"\bprinter\b"}, "sender", False),
    ({"subject_matches": r"(?i)\bprinter\b"}, "sender", True),
    ({"subject_matches": ["vpn", "dead$"]}, "sender", True),
    ({"subject_is": "x"}, "none", False),
    ({"body_contains": "new text"}, "quoting", True),
    ({"body_contains": "secret"}, "quoting", False),
    ({"body_is": "Hello"}, "sender", True),
    ({"body_in": ["Hello"]}, "sender", True),
    ({"body_matches": "^New"}, "quoting", True),
    ({"header_contains": {"x-mailer": "printer"}}, "quoting", True),
    ({"header_contains": {"X-Mailer": "printer", "X-Other": "x"}}, "quoting", False),
    ({"header": {"X-Mailer": "printer 5"}}, "quoting", True),
    ({"header_is": {"X-Mailer": "printer"}}, "quoting", False),
    ({"header_in": {"X-Mailer": ["x", "Printer 5"]}}, "quoting", True),
    ({"header_matches": {"X-Mailer": r"\d$"}}, "quoting", True),
    ({"attachment_name_is": "invoice-7.pdf"}, "file", True),
    ({"attachment_name_in": ["invoice-8.pdf"]}, "file", False),
    ({"attachment_name_contains": "invoice"}, "file", True),
    ({"attachment_name_matches": r"(?i)\.pdf$"}, "file", True),
    ({"attachment_type_is": "application/pdf"}, "file", True),
    ({"attachment_type_in": ["application/pdf"]}, "sender", False),
    ({"attachment_type_contains": "pdf"}, "file", True),
    ({"attachment_type_matches": "^image/"}, "file", False),
    ({"size_over": 4}, "sender", True),
    ({"size_over": "5 MB"}, "sender", False),
    ({"language_is": "zh"}, "cc", True),
    ({"language_is": "zh-TW"}, "cc", True),
    ({"language_in": ["en", "nb"]}, "cc", False),
    ({"language_is": "none"}, "sender", True),
    ({"language_contains": "zh"}, "cc", True),
    ({"language_matches": "^zh"}, "cc", True),
    ({"is_reply": True}, "reply", True),
    ({"is_reply": True}, "sender", False),
    ({"is_reply_is": False}, "sender", True),
    ({"queue_is": "helpdesk"}, "sender", True),
    ({"queue_in": ["finance"]}, "sender", False),
    ({"team_is": "first-line"}, "sender", True),
    ({"team_in": ["finance"]}, "sender", False),
    ({"type_is": "incident"}, "sender", True),
    ({"type_in": ["request"]}, "sender", False),
    ({"status_is": "new"}, "sender", True),
    ({"status_in": ["open"]}, "sender", False),
    ({"priority_is": "p3"}, "sender", True),
    ({"priority_in": ["P1", "P2"]}, "sender", False),
    ({"tag_is": "vip"}, "sender", False),
    ({"assignee_is": "none"}, "sender", True),
    ({"assignee_in": ["kari"]}, "sender", False),
    ({"automatic_is": "none"}, "sender", True),
    ({"automatic_in": ["list", "bulk"]}, "sender", False),
    ({"level_is": "V0"}, "sender", True),
    ({"level_in": ["V1", "V2"]}, "sender", False),
    ({"calendar_open": True}, "sender", True),
    ({"calendar_open": False}, "sender", False),
    ({"calendar_open_is": "office"}, "sender", True),
    ({"not": {"cc_is": "boss@example.org"}}, "sender", True),
    ({"not": {"cc_is": "boss@example.org"}}, "cc", False),
    ({"any": [{"subject_is": "x"}, {"subject_contains": "dead"}]}, "sender", True),
    ({"all": [{"subject_is": "x"}, {"subject_contains": "dead"}]}, "sender", False),
    ({"subject_contains": "dead", "sender_is": "bo@example.org"}, "sender", False),
    ({}, "none", True),
]


@pytest.mark.parametrize(("when", "mail", "expected"), ON_MAIL, ids=lambda one: str(one)[:60])
def test_conditions_on_a_mail(world, when, mail, expected):
    assert holds(world, when, MAILS[mail](world)) is expected


def test_conditions_ask_what_is_known_of_the_sender_and_the_mail(world):
    mail = world.mail()
    listed = Automatic(AutomaticKind.LIST)
    assert holds(world, {"automatic_in": ["list"]}, mail, automatic=listed)
    assert holds(world, {"level_is": "V2"}, mail, level=Level.V2)
    assert holds(world, {"open_tickets_over": 2}, mail, facts=Facts(open_tickets=3))
    assert not holds(world, {"open_tickets_over": 3}, mail, facts=Facts(open_tickets=3))
    assert not holds(world, {"open_tickets_over": 0}, mail)


def on(world, day, hour=8):
    return datetime(2026, 11, day, hour, tzinfo=UTC)


ON_TICKET = [
    ({"status_is": "open"}, True),
    ({"priority_in": ["P1", "P2"]}, True),
    ({"type_is": "complaint"}, True),
    ({"tag_in": ["VIP"]}, True),
    ({"tag_contains": "vi"}, True),
    ({"tag_matches": "^vip$"}, True),
    ({"assignee_is": "kari"}, True),
    ({"queue_is": "helpdesk", "team_is": "first-line"}, True),
    ({"sender_is": "ada@example.org"}, True),
    ({"sender_domain_is": "example.org"}, True),
    ({"organisation_is": "none"}, True),
    ({"subject_contains": "printer"}, True),
    ({"language_is": "en"}, True),
    ({"calendar_open": "office"}, True),
    ({"idle_longer_than": "3d"}, False),
    ({"idle_longer_than": "2d"}, True),
    ({"idle_over": "71h"}, True),
    ({"idle_longer_than": "1bd"}, False),  # from Friday to Monday, an hour short
    ({"age_longer_than": "1w"}, False),
    ({"age_longer_than": "6d"}, True),
    ({"age_longer_than": "4bd"}, True),
    ({"due_within": "2h"}, True),
    ({"due_within": "1h"}, False),
]


@pytest.mark.parametrize(("when", "expected"), ON_TICKET, ids=lambda one: str(one)[:60])
def test_conditions_on_a_ticket(world, when, expected):
    ticket = world.ticket(
        status=Status.OPEN,
        priority=Priority.P1,
        type=TicketType.COMPLAINT,
        tags=("vip",),
        assignee="kari",
        created_at=on(world, 17, 8),
    )
    now = on(world, 23, 9) - timedelta(minutes=30)
    due = now + timedelta(minutes=90)
    said_at = on(world, 20, 9)
    seen = look(world, ticket=ticket, now=now, due_at=due, said_at=said_at)
    seen.rules = replace(seen.rules, calendars={})
    if "calendar_open" in when:
        seen = look(world, ticket=ticket, now=on(world, 23, 10))
    assert read_when(when, (), of=TICKET).check(seen).holds is expected


def test_a_ticket_without_clock_is_never_due(world):
    assert not holds(world, {"due_within": "4h"}, of=TICKET)


def test_business_days_are_those_of_the_first_calendar(world):
    said = {"ticket": world.ticket(), "said_at": world.now - timedelta(days=3)}
    assert holds(world, {"idle_longer_than": "1bd"}, of=TICKET, **said)
    assert not holds(world, {"idle_longer_than": "2bd"}, of=TICKET, **said)


def test_a_ticket_of_which_nothing_was_said_is_idle_since_it_was_opened(world):
    ticket = world.ticket(created_at=world.now - timedelta(hours=3), updated_at=world.now)
    assert holds(world, {"idle_longer_than": "2h"}, of=TICKET, ticket=ticket)
    assert not holds(world, {"idle_longer_than": "3h"}, of=TICKET, ticket=ticket)


def test_every_condition_stands_in_a_table_and_has_a_line_for_the_docs():
    asked = {word for when, *_ in (*ON_MAIL, *ON_TICKET) for word in _words(when)}
    assert set(WORDS) - asked == {"age_over", "open_tickets_over"}  # one is a synonym, one above
    for field in FIELDS.values():
        assert field.description.endswith(".")
        assert all(field.shape(word).schema and field.shape(word).words for word in field.words)


def _words(when):
    for word, value in when.items():
        if word in ("any", "all"):
            yield from (one for part in value for one in _words(part))
        elif word == "not":
            yield from _words(value)
        else:
            yield word


def test_the_first_alternative_that_holds_feeds_the_named_groups(world):
    when = {"any": [{"subject_matches": "(?P<x>vpn)"}, {"body_matches": "(?P<x>He)"}]}
    verdict = read_when(when, (), of=MAIL).check(look(world, world.mail()))
    assert verdict.groups == {"x": "He"}


def test_what_a_not_finds_feeds_nothing():
    condition = read_when({"not": {"subject_matches": "(?P<x>vpn)"}}, (), of=MAIL)
    assert condition.names == frozenset()


def test_a_miss_shows_no_more_than_a_line_of_the_mail(world):
    mail = world.mail(text="secret " * 500 + "\n\x1b[31m")
    (miss,) = read_when({"body_is": "x"}, (), of=MAIL).check(look(world, mail)).misses
    assert len(miss) < 120
    assert miss.isprintable()


IN_QUOTES = "write it in quotes"
BAD = [
    ({"subjekt": "x"}, ("subjekt",), 'unknown condition "subjekt"', 'did you mean "subject"?'),
    (
        {"subjekt_is": "x"},
        ("subjekt_is",),
        'unknown condition "subjekt_is"',
        'did you mean "subject_is"?',
    ),
    (
        {"size": 5},
        ("size",),
        'unknown condition "size"',
        "write size_over",
    ),
    (
        {"size_is": 5},
        ("size_is",),
        'unknown condition "size_is"',
        "size has size_over, and no _is",
    ),
    (
        {"idle_longer_than": "2d"},
        ("idle_longer_than",),
        "idle_longer_than asks about a ticket, and only rules with every: look at those",
        "",
    ),
    (
        {"subject_is": 5},
        ("subject_is",),
        "text is expected here, not a number",
        "write it in quotes",
    ),
    (
        {"subject_is": True},
        ("subject_is",),
        "text is expected here, not true or false",
        "write it in quotes",
    ),
    ({"subject_is": None}, ("subject_is",), "text is expected here, not nothing", ""),
    (
        {"subject_is": ["a"]},
        ("subject_is",),
        "subject_is takes one value",
        "write subject_in",
    ),
    ({"subject_in": "a"}, ("subject_in",), "a list is expected here, not text", "write [a]"),
    ({"subject_in": []}, ("subject_in",), "the list is empty", ""),
    (
        {"subject_in": ["a", 5]},
        ("subject_in", 1),
        "text is expected here, not a number",
        "write it in quotes",
    ),
    (
        {"sender_is": "example.org"},
        ("sender_is",),
        'an address is expected here, not "example.org"',
        "a part of one goes under _contains",
    ),
    (
        {"sender_domain_is": "a@b.c"},
        ("sender_domain_is",),
        'a domain is expected here, not "a@b.c"',
        "write what follows the @",
    ),
    (
        {"priority_is": "P5"},
        ("priority_is",),
        'unknown priority "P5"',
        'did you mean "P1"?',
    ),
    (
        {"automatic_in": ["lst"]},
        ("automatic_in", 0),
        'unknown kind of mail "lst"',
        'did you mean "list"?',
    ),
    (
        {"subject_matches": "(?=x)"},
        ("subject_matches",),
        "regular expressions are RE2's, which take linear time and have no look-around",
        "write a second condition under not:",
    ),
    (
        {"subject_matches": r"(a)\1"},
        ("subject_matches",),
        "regular expressions are RE2's, which take linear time and have no back-references",
        "",
    ),
    (
        {"subject_matches": ["ok", "(a"]},
        ("subject_matches", 1),
        "not a regular expression: missing ): (a",
        "docs/routing.md names the syntax",
    ),
    (
        {"open_tickets_over": -1},
        ("open_tickets_over",),
        'a whole number is expected here, not "-1"',
        "",
    ),
    (
        {"size_over": "big"},
        ("size_over",),
        'a size is expected here, not "big"',
        'write bytes, or "5 MB"',
    ),
    ({"is_reply": "yes"}, ("is_reply",), 'true or false is expected here, not "yes"', ""),
    (
        {"header": "x"},
        ("header",),
        "names of header fields with values are expected here",
        "write {Name: value}",
    ),
    ({"any": {}}, ("any",), "a list of conditions is expected here", 'begin each with "- "'),
    ({"not": []}, ("not",), "conditions are expected here", "as in {subject_contains: printer}"),
    (
        {"all": [{"any": [{"subjekt_is": "x"}]}]},
        ("all", 0, "any", 0, "subjekt_is"),
        'unknown condition "subjekt_is"',
        'did you mean "subject_is"?',
    ),
]


@pytest.mark.parametrize(("when", "path", "message", "hint"), BAD, ids=lambda one: str(one)[:50])
def test_what_is_no_condition_is_refused_at_its_place(when, path, message, hint):
    with pytest.raises(BadRule) as caught:
        compile_rule({"name": "x", "when": when, "then": {"solve": True}}, ("rules", 2))
    found = (caught.value.path, caught.value.message, caught.value.hint)
    assert found == (("rules", 2, "when", *path), message, hint)


def test_a_rule_with_every_asks_nothing_of_a_mail():
    with pytest.raises(BadRule, match="asks about a mail"):
        compile_rule(
            {"name": "x", "every": "15m", "when": {"body_is": "x"}, "then": {"solve": True}}
        )


def test_conditions_nest_only_so_deep():
    when = {"subject_is": "x"}
    for _ in range(2000):
        when = {"not": when}
    with pytest.raises(BadRule, match="more than 10 deep"):
        read_when(when, (), of=MAIL)
