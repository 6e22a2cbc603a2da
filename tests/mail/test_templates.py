"""Every template on its samples, on golden mails, and on values that want to be more than data.

After a change of wording: `MAILDESK_WRITE_GOLDEN=1 pytest tests/mail/test_templates.py`, then read
the difference.
"""

import os
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from maildesk.errors import NotFound
from maildesk.mail import dates
from maildesk.mail.flowed import unflow
from maildesk.mail.letter import write_letter
from maildesk.mail.letter_job import LetterJob
from maildesk.mail.message import Address
from maildesk.mail.samples import OCCASIONS, SAMPLES, facts_of, occasions_of, template_problems
from maildesk.mail.template_sources import PARTS, BadTemplate, Source, load_sources
from maildesk.mail.templates import Rendered, render

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
SOURCES = load_sources([ROOT / "templates"])
KINDS = sorted(SAMPLES)
MAILS = [(kind, occasion) for kind in KINDS for occasion in occasions_of(kind)]
TO_AGENTS = (
    "assigned", "bounced", "case", "command_receipt", "files", "held", "note", "queue_new",
    "reopened", "sla_breach", "sla_manager", "sla_warning", "trace", "user_replied",
)  # fmt: skip


def shown(kind: str, facts: Mapping[str, object] | None = None) -> Rendered:
    source = SOURCES.find(kind, "en")
    return render(source, facts or SAMPLES[kind], timezone="Europe/Oslo", language="en")


def short(source: str, **facts: object) -> Rendered:
    return render(Source(f"Subject: x\n\n{source}"), facts, timezone="Europe/Oslo", language="en")


def own_lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if not line.startswith(">")]


# --- golden mails -------------------------------------------------------------------------------


def changed(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """`value` with `change` applied to everything in it, the innermost first."""
    if isinstance(value, Mapping):
        value = {name: changed(one, change, name) for name, one in value.items()}
    elif isinstance(value, list):
        value = [changed(one, change, key) for one in value]
    return change(key, value)


def nameless(key: str, value: Any) -> Any:
    if isinstance(value, Mapping) and "address" in value and key != "desk":
        return {**value, "name": ""}
    return {"name": ""} if key == "reader" else value


def long_subject(key: str, value: Any) -> Any:
    return f"{value}: {'and further words about it ' * 8}" if key == "subject" else value


def right_to_left(key: str, value: Any) -> Any:
    if key == "name":
        return "שירה כהן"
    return {"subject": "المدفأة لا تعمل", "text": "שלום,\n\nהמדפסת לא עובדת."}.get(key, value)


TIMES_AHEAD = (
    "answer_by", "closes_at", "due_at", "next_at", "next_update_at", "remind_at", "solve_by",
)  # fmt: skip


def no_due_time(key: str, value: Any) -> Any:
    return None if key in TIMES_AHEAD else value


def no_items(key: str, value: Any) -> Any:
    return [] if isinstance(value, list) and key != "recipients" else value


def five_items(key: str, value: Any) -> Any:
    if isinstance(value, list) and value:
        return (value * 5)[:5]
    return value


VARIANTS: dict[str, Callable[[str, Any], Any]] = {
    "plain": lambda key, value: value,
    "nameless": nameless,
    "long_subject": long_subject,
    "right_to_left": right_to_left,
    "no_due_time": no_due_time,
    "no_items": no_items,
    "five_items": five_items,
}

WILDCARDS = (
    (re.compile(r"\w{3}, \d{1,2} \w{3} \d{4}, \d\d:\d\d \S+?(?=[.,;:)\s])"), "{time}"),
    (re.compile(r"\w{3}, \d{1,2} \w{3} \d{4}"), "{date}"),
    (re.compile(r"(?<=Reference: )\S+"), "{reference}"),
)


def with_wildcards(text: str) -> str:
    for pattern, name in WILDCARDS:
        text = pattern.sub(name, text)
    return text


EVERY_MAIL = pytest.mark.parametrize(
    ("kind", "occasion", "variant"),
    [
        *((kind, "", variant) for kind in KINDS for variant in VARIANTS),
        *((kind, occasion, "plain") for kind, occasion in OCCASIONS),
    ],
)


@EVERY_MAIL
def test_mail_is_as_it_was_when_it_was_last_read(kind, occasion, variant):
    rendered = shown(kind, changed(facts_of(kind, occasion), VARIANTS[variant]))
    seen = with_wildcards(f"Subject: {rendered.subject}\n\n{unflow(rendered.text)}")
    path = GOLDEN / f"{kind}.{occasion or variant}.txt"
    if os.environ.get("MAILDESK_WRITE_GOLDEN"):
        path.write_text(seen)
    assert seen == path.read_text()


# --- what holds for every mail ------------------------------------------------------------------


@EVERY_MAIL
def test_form_of_every_mail(kind, occasion, variant):
    rendered = shown(kind, changed(facts_of(kind, occasion), VARIANTS[variant]))
    assert "\n" not in rendered.subject
    assert all(len(line) <= 78 for line in rendered.text.split("\n"))
    assert "\n\n\n" not in rendered.text
    assert "{{" not in rendered.text + rendered.html
    assert not re.search("[\ufdd0-\ufdef]", rendered.text + rendered.html)
    assert "**" not in rendered.text
    assert not re.search(r"^#[^\W\d]", rendered.text, re.MULTILINE)
    assert len(rendered.html.encode()) < 100_000
    assert not re.search(r"<img|<script|url\(|@import|https?:(?!//)", rendered.html)


@pytest.mark.parametrize(("kind", "occasion"), MAILS)
def test_our_own_words_are_few(kind, occasion):
    text = " ".join(own_lines(shown(kind, facts_of(kind, occasion)).text))
    assert sum(any(map(str.isalnum, word)) for word in text.split()) <= 120


@pytest.mark.parametrize("kind", TO_AGENTS)
def test_agents_read_first_where_their_reply_goes(kind):
    facts = dict(SAMPLES[kind])
    public = shown(kind, {**facts, "reply_goes": "Ada Berg"})
    internal = shown(kind, {**facts, "reply_goes": ""})
    assert public.text.startswith("Your reply goes to Ada Berg.\n")
    assert internal.text.startswith("Your reply stays internal.\n")


def test_a_reply_begins_with_the_agents_words_and_ends_with_the_reference():
    facts = {**SAMPLES["reply"], "marker": "--- Please write your answer above this line ---"}
    rendered = shown("reply", facts)
    assert rendered.text.startswith("Hello Ada,\n")
    assert rendered.text.rstrip().endswith("Reference: mdq1042k3v9x2")
    body = rendered.html.partition('class="page"')[2].partition(">")[2].lstrip()
    assert body.startswith('<div dir="auto" class="text"')


def test_generic_acknowledgement_tells_nothing_of_the_mail():
    facts = {**SAMPLES["received"], "full": False}
    rendered = shown("received", facts)
    for secret in ("Printer", "printer", "toner", "display.jpg"):
        assert secret not in rendered.subject + rendered.text + rendered.html


def test_a_user_is_told_of_a_reopened_case_without_agents_matters():
    facts = {key: value for key, value in SAMPLES["reopened"].items() if key != "reply_goes"}
    text = shown("reopened", {**facts, "marker": ""}).text
    assert text.startswith("Your case #1042 is open again\n")
    assert "Your reply goes" not in text
    assert "V1" not in text


# --- people's words are data --------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script> <img src=http://evil.example/x> **bold** _em_ `code` "
    "[x](javascript:alert(1)) ![i](http://evil.example/i) {{ 7*7 }} {% for a in b %} "
    "&lt; &#60; https://evil.example/ # heading \\ \\"
)
HOSTILE_LINES = "#solve now\n# heading\n> quoted\n- item\n1. item\n    code\n---\n===\n" + HOSTILE


class Page(HTMLParser):
    """What a browser would make of a page: elements by name, links, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def hostile(key: str, value: Any) -> Any:
    if key in ("text", "quote"):
        return HOSTILE_LINES
    closed = ("status", "priority", "type", "trust", "action", "address", "reply_goes")
    return HOSTILE if isinstance(value, str) and key not in closed else value


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_values_stay_text(kind):
    calm = Page(shown(kind).html)
    rendered = shown(kind, changed(SAMPLES[kind], hostile))
    page = Page(rendered.html)
    assert {*page.elements} <= {*calm.elements, "br", "a"}
    assert page.elements.count("h1") == calm.elements.count("h1")
    assert all(re.match(r"https?://evil\.example/", link) for link in page.links)
    assert "{{ 7*7 }}" in rendered.text
    assert "{{ 7*7 }}" in page.text
    assert "**bold** _em_ `code` [x](javascript:alert(1))" in " ".join(page.text.split())
    assert not re.search(r"^#[^\W\d]", rendered.text, re.MULTILINE)
    assert "\n" not in rendered.subject


def test_values_are_read_letter_by_letter():
    everything = "".join(map(chr, range(33, 127)))
    rendered = short("{{ value }}", value=everything)
    assert rendered.text == everything + "\n"
    assert everything in Page(rendered.html).text


@pytest.mark.parametrize("value", ["a\n\n# b", "a\r\n- b", "a\u2028b", "\u202ea", "a\ufdd00\ufdd1"])
def test_a_value_within_a_line_stays_on_it(value):
    rendered = short("Name: {{ value }}", value=value)
    assert rendered.text.count("\n") == 1
    assert "<h1" not in rendered.html


def test_wrapping_makes_no_command_and_no_quote():
    rendered = short("{{ value }}", value="word " * 15 + "#solve " * 30 + ">quote " * 20)
    assert not re.search(r"^(#[^\W\d]|>)", rendered.text, re.MULTILINE)


def test_quote_keeps_every_letter_and_wraps_as_rfc_3676_says():
    words = "short\n\n> earlier\n>> older\n" + "long  words " * 20 + "\nlast"
    text = short("{{ value | quote }}", value=words).text
    assert all(line.startswith(">") and len(line) <= 78 for line in text.splitlines())
    expected = "> short\n> \n>> earlier\n>>> older\n> " + ("long  words " * 20).strip() + "\n> last"
    assert unflow(text.rstrip("\n")).replace(">  ", "> ") == expected


def test_very_long_words_are_cut_and_the_html_stays_small():
    facts = changed(SAMPLES["queue_new"], lambda k, v: "<&> ö " * 100_000 if k == "text" else v)
    rendered = shown("queue_new", facts)
    assert len(rendered.text) < 1024 * 1024
    assert len(rendered.html.encode()) < 100_000
    assert "[…]" in rendered.text
    assert "[…]" in rendered.html
    assert "Reference:" in rendered.html


def test_links_in_an_agents_words_can_be_followed_in_a_quote_not():
    words = 'See (https://help.example/a?b=1&c=2), or "http://x.example/a_(1)".'
    page = Page(short("{{ value | words }}", value=words).html)
    assert page.links == ["https://help.example/a?b=1&c=2", "http://x.example/a_(1)"]
    assert Page(short("{{ value | quote }}", value=words).html).links == []


def test_right_to_left_values_do_not_turn_the_line_round():
    assert (
        '<bdi dir="auto">שירה כהן</bdi>' in short("From {{ value }} today", value="שירה כהן").html
    )


# --- the template language ----------------------------------------------------------------------


def test_markdown_goes_from_the_text_and_stays_in_the_html():
    rendered = short(
        "> **Note** this\n\n# Title\n\nOne\\\ntwo **bold**\n\n- a\n- b\n\n---\n\n"
        "[Take it]({{ 'a@b.example' | mailto(subject='Re: x', body='#take') }})"
    )
    assert rendered.text == (
        "Note this\n\nTitle\n\nOne\ntwo bold\n\n- a\n- b\n\n"
        "Take it: mailto:a@b.example?subject=Re%3A%20x&body=%23take\n"
    )
    for part in ('class="callout"', "<h1", "<strong>bold</strong>", "<li", 'class="footer"'):
        assert part in rendered.html
    assert 'class="button"' in rendered.html
    assert 'href="mailto:a@b.example?subject=Re%3A%20x&amp;body=%23take"' in rendered.html


HREF = "mailto:s%2Bt1.2.a@example.com?subject=Re%3A%20%5B%231%5D&body=%23assign%20me"


def test_commands_are_links_in_the_html_and_words_in_the_text():
    commands = [{"label": label, "href": HREF} for label in ("#take", "#assign me", "#wait")]
    rendered = short("Commands: {{ commands | links }}", commands=commands)
    assert rendered.text == "Commands: #take ·\xa0#assign me ·\xa0#wait\n"
    page = Page(rendered.html)
    assert page.links == [HREF] * 3
    assert rendered.html.count('class="command"') == 3
    assert "Commands: #take ·\xa0#assign me ·\xa0#wait" in page.text


def test_no_line_of_commands_begins_with_one():
    commands = [{"label": "#priority P1", "href": HREF}] * 40
    text = short("Commands: {{ commands | links }}", commands=commands).text
    assert len(text.splitlines()) > 5
    assert not re.search(r"^#", text, re.MULTILINE)


@pytest.mark.parametrize(
    "target",
    ["", "javascript:alert(1)", "http://evil.example/", "mailto:a@b\r\nBcc: c", 'mailto:"><b>'],
)
def test_a_link_leads_only_where_links_of_ours_lead(target):
    page = Page(short("{{ '*#take*' | link(target) }}", target=target).html)
    assert "*#take*" in page.text
    assert all(link.startswith("mailto:") for link in page.links)
    assert "b" not in page.elements


def test_a_link_that_stands_alone_is_a_button_and_one_in_a_line_is_none():
    alone = short("{{ 'Take it' | link(target) }}", target=HREF).html
    within = short("Or {{ 'take it' | link(target) }}", target=HREF).html
    assert 'class="button"' in alone
    assert 'class="button"' not in within


def test_words_that_are_empty_leave_no_trace():
    rendered = short("a\n\n{{ nothing | small }}\n\n{{ nothing | quote }}\n\nb", nothing=" \n")
    assert rendered.text == "a\n\nb\n"
    assert "small" not in rendered.html.partition("<body")[2]


def test_a_line_that_ends_in_a_tag_keeps_its_end():
    source = "{% if true %}\none {% if true %}two{% endif %}\n\nthree\n{% endif %}"
    assert short(source).text == "one two\n\nthree\n"


def test_macros_and_blocks_are_printed_once():
    source = (
        "{% macro who(p) %}*{{ p }}*{% endmacro %}{% set x %}{{ name }}{% endset %}\n"
        "{{ who(name) }} {{ x }}"
    )
    assert "<em>a_b</em> a_b" in short(source, name="a_b").html


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ missing }}", "line 3: 'missing' is undefined"),
        ("one\n{{ name.missing }}", "line 4: "),
        ("{% if %}", "line 3: "),
        ("{{ name | safe }}", "No filter named 'safe'"),
        ("{% include '/etc/passwd' %}", "line 3: "),
        ("{% import 'x' as y %}", "line 3: "),
        ("{{ name.__class__.__mro__ }}", "line 3: "),
        ("{{ ''.__class__ }}", "line 3: "),
        ("{{ 'x' * 99999999 }}", "too large"),
        ("{{ 9 ** 99 }}", "too large"),
        ("{% for a in range(99999999) %}x{% endfor %}", "line 3: "),
        ("{% for a in range(9999) %}{{ name }}{% endfor %}", "more than 1048576 characters"),
        ("{{ facts.update({'a': 1}) }}", "line 3: "),
    ],
)
def test_a_bad_template_says_where(source, said):
    with pytest.raises(BadTemplate, match=re.escape(said)):
        short(source, name="x" * 200, facts={})


def test_a_template_must_begin_with_its_subject():
    with pytest.raises(BadTemplate, match="line 1"):
        render(Source("Hello"), {}, timezone="UTC", language="en")


def test_the_admins_folder_wins_file_by_file_and_languages_fall_back(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "nb").mkdir()
    (tmp_path / "en" / "reply.md.j2").write_text("Subject: mine\n\nOurs")
    (tmp_path / "nb" / "reply.md.j2").write_text("Subject: min\n\nVår")
    sources = load_sources([tmp_path, ROOT / "templates"])
    assert sources.find("reply", "en").text == "Subject: mine\n\nOurs"
    assert sources.find("reply", "nb-NO").text == "Subject: min\n\nVår"
    assert sources.find("held", "nb") == SOURCES.find("held", "en")
    assert sources.languages == ("en", "nb")
    with pytest.raises(NotFound):
        sources.find("../../etc/passwd", "en")


def test_a_template_uses_the_parts_of_its_own_language_else_the_english_ones(tmp_path):
    for language in ("nb", "nl"):
        (tmp_path / language).mkdir()
        mail = "Subject: x\n\n{{ parts.hello() }}"
        (tmp_path / language / "reply.md.j2").write_text(mail)
    parts = "{% macro hello() %}Hei {{ reader.name }} {{ 1000 | filesize }}{% endmacro %}"
    (tmp_path / "nb" / "_parts.md.j2").write_text(parts)
    sources = load_sources([tmp_path, ROOT / "templates"])

    def text(language: str) -> str:
        source, facts = sources.find("reply", language), {"reader": {"name": "*Ada*"}}
        return render(source, facts, timezone="UTC", language=language).text

    assert text("nb-NO") == "Hei *Ada* 1 kB\n"
    assert text("nl") == "Hello *Ada*,\n"
    assert PARTS not in sources.kinds
    assert sources.find(PARTS, "nb").text == parts


def test_parts_of_the_admins_serve_our_templates(tmp_path):
    (tmp_path / "en").mkdir()
    mine = SOURCES.find(PARTS, "en").text.replace("Kind regards", "Yours")
    (tmp_path / "en" / "_parts.md.j2").write_text(mine)
    source = load_sources([tmp_path, ROOT / "templates"]).find("received", "en")
    text = render(source, SAMPLES["received"], timezone="UTC", language="en").text
    assert "Yours\nIT Service Desk" in text


def test_a_template_that_is_not_utf_8_is_named(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "reply.md.j2").write_bytes(b"Subject: \xff")
    with pytest.raises(BadTemplate, match=r"reply\.md\.j2: not UTF-8"):
        load_sources([tmp_path])


def test_problems_name_the_file_and_the_line(tmp_path):
    (tmp_path / "nb").mkdir()
    (tmp_path / "nb" / "reply.md.j2").write_text("Subject: x\n\n{{ tiket.number }}\n")
    (tmp_path / "nb" / "repyl.md.j2").write_text("Subject: x\n\n")
    assert template_problems(load_sources([tmp_path, ROOT / "templates"])) == [
        "nb/reply.md.j2: line 3: 'tiket' is undefined",
        "nb/repyl.md.j2: no mail is written from a template of this name",
    ]


def test_acknowledgements_that_rules_name_see_the_facts_of_received(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "good.md.j2").write_text("Subject: x\n\n{{ ticket.number }}\n")
    (tmp_path / "en" / "bad.md.j2").write_text("Subject: x\n\n{{ items[0].number }}\n")
    sources = load_sources([tmp_path, ROOT / "templates"])
    (told,) = template_problems(sources, {"good", "bad"})
    assert told.startswith("en/bad.md.j2: line 3: ")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("one\n{% if %}", "_parts.md.j2: line 2: "),
        ("one\n{{ tiket }}", "_parts.md.j2: line 2: 'tiket' is undefined"),
        ("{% macro hello() %}\n\n{{ tiket }}{% endmacro %}", "_parts.md.j2: line 3: 'tiket' is"),
        ("", "line 3: "),  # a macro that is called and not there: the template says where
    ],
)
def test_problems_in_parts_are_told_once_with_their_line(tmp_path, bad, said):
    (tmp_path / "nb").mkdir()
    for kind in ("closed", "received"):
        mail = "Subject: x\n\n{{ parts.hello() }}"
        (tmp_path / "nb" / f"{kind}.md.j2").write_text(mail)
    (tmp_path / "nb" / "_parts.md.j2").write_text(bad)
    found = template_problems(load_sources([tmp_path, ROOT / "templates"]))
    assert found[0].startswith(f"nb/closed.md.j2: {said}")
    assert len(found) == (1 if bad else 2)


@pytest.mark.parametrize("signature", ["Kari", "Kari Nordmann", "– kari", "Nordmann"])
def test_an_agent_who_signs_is_not_signed_again(signature):
    mail = {"text": f"Try tray 2.\n\n{signature}\n", "subject": "x"}
    text = shown("reply", {**SAMPLES["reply"], "mail": mail}).text
    expected = (
        "Kari Nordmann\nIT Service Desk" if signature == "Nordmann" else "\n\nIT Service Desk"
    )
    assert expected in text
    assert text.count("Kari Nordmann") == (signature in ("Kari Nordmann", "Nordmann"))


def test_every_template_has_a_sample():
    assert set(SOURCES.kinds) == set(SAMPLES)


def test_preheader_tells_the_news_where_the_first_line_does_not():
    head = shown("queue_new").html.partition("<body")[2].partition("<!--")[0]
    assert "New from Ada Berg (Acme): Printer on the third floor" in head
    assert "display:none" in shown("received").html
    assert "display:none" not in shown("received", {**SAMPLES["received"], "marker": ""}).html


# --- what agents read ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TO_AGENTS)
def test_agents_read_who_what_and_how_urgent_before_the_marker(kind):
    first, heading, state, below = shown(kind).text.split("\n\n", 3)
    assert first.startswith("Your reply ")
    assert heading
    assert re.fullmatch(
        r"P[12] incident( from Ada Berg \(Acme\))? · \w+ · .+ · IT Service Desk, first-line"
        r" · case #1042",
        state.replace(" \n", " "),
    )
    assert below.count("--- Please write your answer above this line ---") == 1


def test_an_agent_reads_that_his_own_mail_was_not_sent():
    text = shown("held", {**SAMPLES["held"], "is_own": True}).text
    assert "Not sent: your mail to Ada Berg" in text
    assert "Held: " not in text


def test_a_ticket_that_the_mail_may_belong_to_is_named_once():
    text = shown("queue_new", {**SAMPLES["queue_new"], "earlier": []}).text
    assert text.count("#1001") == 1
    assert "The mail mentions #967; perhaps" in text


# --- dates and numbers --------------------------------------------------------------------------

MORNING = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "language", "expected"),
    [
        ("Europe/Oslo", "en", "Mon, 23 Nov 2026, 09:15 CET"),
        ("Europe/Oslo", "nb", "man. 23. nov. 2026, 09:15 CET"),
        ("America/New_York", "en", "Mon, 23 Nov 2026, 03:15 UTC-05:00"),
        ("Asia/Shanghai", "zh-Hans", "2026年11月23日周一, 16:15 UTC+08:00"),
        ("UTC", "xx-nonsense", "Mon, 23 Nov 2026, 08:15 UTC"),
    ],
)
def test_times_are_told_with_zone(timezone, language, expected):
    assert dates.format_datetime(MORNING, timezone, language) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_245_000, "1.2 MB"), (999_700, "1 MB")],
)
def test_sizes(size, expected):
    assert dates.format_size(size, "en") == expected


def test_words_of_number_and_time():
    facts: dict[str, object] = {
        "n": 1, "d": timedelta(hours=4), "on": date(2026, 1, 2), "names": ["Bo", "Cy", "Di"],
    }  # fmt: skip
    source = (
        "{{ n | count(one='file', other='files') }}; {{ 5000 | count(one='file', other='files') }};"
        " {{ d | duration }}; {{ on | date }}; {{ names | listing }}; {{ 5 | filesize }}"
    )
    expected = "1 file; 5,000 files; 4 hours; Fri, 2 Jan 2026; Bo, Cy and Di; 5 B\n"
    assert unflow(short(source, **facts).text) == expected


# --- letters ------------------------------------------------------------------------------------


def test_a_letter_can_be_sent_to_a_child_and_keeps_the_tickets_subject():
    job = LetterJob(
        source=SOURCES.find("received", "en"),
        facts=SAMPLES["received"],
        sender=Address("IT Service Desk", "support@example.com"),
        to=Address("Ada Berg", "ada@acme.example"),
        message_id="m1042@example.com",
        date=MORNING,
        subject="Re: Printer [#1042]",
        auto_submitted="auto-replied",
    )
    raw = write_letter(pickle.loads(pickle.dumps(job)))
    assert b"\r\nSubject: Re: Printer [#1042]\r\n" in raw
    assert b"multipart/alternative" in raw
    own = write_letter(replace(job, subject=""))
    assert b"\r\nSubject: Re: Printer on the third floor prints blank pages [#1042]\r\n" in own


# --- colours ------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colours(style: str, ground: str) -> tuple[str, str] | None:
    """Colour and ground of a style; None if it sets no colour."""
    text = re.search(r"(?<![-\w])color:(#\w{6})", style)
    behind = re.search(r"background:(#\w{6})", style)
    return (text[1], behind[1] if behind else ground) if text else None


def test_text_stands_out_in_light_and_dark():
    html = short(
        "> a\n\n{{ 'q' | quote }}\n\n{{ 's' | small }}\n\n[b](mailto:a@b)\n\n---\n\nc"
    ).html
    sheet = html.partition("<style>")[2].partition("</style>")[0]
    light = [colours(style, "#ffffff") for style in re.findall(r'style="([^"]*)"', html)]
    dark = [colours(rule, "#17191c") for rule in re.findall(r"\{([^{}]*)\}", sheet)]
    pairs = [pair for pair in light + dark if pair]
    assert len(pairs) >= 12
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def test_a_link_in_the_call_out_stands_out_too():
    html = short("> Say {{ 'run' | link('mailto:a@b') }}").html
    for style in (r'class="{}" style="([^"]*)"', r"\.{}\{{([^}}]*)\}}"):  # light and dark
        link, ground = (re.findall(style.format(kind), html)[0] for kind in ("command", "callout"))
        colour = re.findall(r"(?<![-\w])color:(#\w{6})", link)[0]
        behind = re.findall(r"background:(#\w{6})", ground)[0]
        assert contrast(colour, behind) >= 4.5
