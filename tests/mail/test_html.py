"""Readable text of HTML mails: blocks, tables, lists, links, what is hidden, hostile markup."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.html import html_to_text

_SECONDS = 2.0  # a tenth of it on an idle machine


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div>Two</div>", "One\nTwo"),
        ("<div>One<div>Two</div>Three</div>", "One\nTwo\nThree"),
        ("One<br>Two<br/><br>Three", "One\nTwo\n\nThree"),
        ("<p>One\n  more\tword</p>", "One more word"),
        ("<b>One</b> <i>two</i>,<u>three</u>", "One two,three"),
        ("<pre>One\n  two</pre>", "One\n  two"),
        ("<ul><li>One<li>Two<ul><li>Three</ul></ul>", "* One\n* Two\n  * Three"),
        ("<ol><li><p>One</p></li><li>Two</li></ol>", "1. One\n2. Two"),
        ("<table><tr><th>A<th>B<tr><td>1<td>2</table>", "A\tB\n1\t2"),
        ("<table><tr><td><p>1</p></td><td><p>2</p></td></tr></table>", "1\t2"),
        ("<table><tr><td><p>1</p><p>2</p></td><td>3</td></tr></table>", "1\n\n2\n\n3"),
        ("One<hr>Two", "One\n----------\nTwo"),
        ('<a href="https://example.org/a">the page</a>', "the page <https://example.org/a>"),
        ('<a href="https://www.example.org/">example.org</a>', "example.org"),
        ('<a href="mailto:ann@example.org">ann@example.org</a>', "ann@example.org"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ('<a href="#top">up</a>', "up"),
        ('<img src="cid:1" alt="a printer">', "a printer"),
        ('<img src="cid:1">', ""),
        ("&lt;b&gt; &amp; &auml; &#8364; &nbsp;x", "<b> & ä € x"),
        ("a&shy;b&zwnj;c&#8203;d", "abcd"),
        ("just words", "just words"),
        ("", ""),
        ("<html></html>", ""),
        ("<o:p>Word</o:p>", "Word"),
        ("<!--[if mso]><p>no</p><![endif]-->yes", "yes"),
        ("<p>Grüße 中文 <b>👍", "Grüße 中文 👍"),
    ],
)
def test_markup_becomes_readable_text(html: str, text: str) -> None:
    assert html_to_text(html).text == text


@pytest.mark.parametrize(
    "html",
    [
        "<head><title>no</title></head>",
        "<style>no { }</style>",
        "<script>no()</script>",
        '<div style="display: none">no</div>',
        '<span style="color:red;DISPLAY:NONE !important">no</span>',
        '<div style="visibility:hidden">no</div>',
        "<div hidden>no</div>",
        '<span style="font-size:0">no</span>',
        '<span style="font-size: 1px; color: white">no</span>',
        '<span style="font-size:0.0em">no</span>',
        '<div style="max-height:0;overflow:hidden">no</div>',
        '<div style="width:0;height:0;overflow:hidden">no</div>',
        '<div style="opacity:0">no</div>',
        '<div style="mso-hide:all">no</div>',
        '<div style="display:none"><p>no<b>no</b></p></div>',
        "<!-- no -->",
        "<select><option>no</select>",
    ],
)
def test_what_a_reader_does_not_see_is_dropped(html: str) -> None:
    assert html_to_text(f"<p>yes{html}</p>").text == "yes"


@pytest.mark.parametrize(
    "html",
    [
        '<td style="font-size:0"><div style="font-size:13px">yes</div></td>',
        '<p style="font-size:10px">yes</p>',
        '<p style="font-size:100%">yes</p>',
        '<p style="max-height:50px">yes</p>',
        '<p style="border-width:0;opacity:0.9">yes</p>',
        '<table width="0"><tr><td>yes</td></tr></table>',
        '<p style="font-size:inherit">yes</p>',
        '<p style="font-size:">yes</p>',
    ],
)
def test_what_a_reader_sees_is_kept(html: str) -> None:
    assert html_to_text(f"<table><tr>{html}</tr></table>").text == "yes"


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 4_000 + "end" + "</div>" * 4_000,
        "<blockquote>" * 4_000 + "end",
        "<span>" * 10_000 + "end" + "</p>" * 10_000,
        "<table><tr><td>" * 4_000 + "end",
        "<ul><li>" * 4_000 + "end",
        "<table>" + "<tr><td>a<td>b" * 4_000 + "</table>end",
        "<a href=https://example.org>" * 4_000 + "end",
        '<p style="' + "border:none;" * 10_000 + '">end',
        "<p " + "a=b " * 20_000 + ">end",
        "</div>" * 20_000 + "end",
        "<b><div></b>" * 4_000 + "end",
        "<br>" * 20_000 + "end",
        "< " * 20_000 + "end",
        "&" * 40_000 + "end",
        "<!" * 20_000 + ">end",
        "a\x00b\ud800\uffff end",
    ],
    ids=lambda html: ascii(html[:12]),
)
def test_hostile_html_is_read_in_bounded_time(html: str) -> None:
    begun = time.process_time()
    text = html_to_text(html).text
    assert time.process_time() - begun < _SECONDS
    assert "end" in text[-40:]


_PIECES = st.sampled_from(
    [
        "<div>", "</div>", "<p>", "</p>", "<blockquote type=cite>", "</blockquote>", "<td>",
        "<div class=gmail_quote>", "<div class=gmail_signature>", "<li>", "<ul>", "<br>", "<tr>",
        "<a href=x:>", "</a>", "<span hidden>", "</span>", "<div id=appendonsend>", "text", " ",
        "\n", "<pre>", "<!--",
    ]
)  # fmt: skip


@given(st.lists(_PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_spans_lie_in_the_text_in_order(html: str) -> None:
    result = html_to_text(html)
    for spans in (result.quoted, result.signature):
        ends = [0, *(end for span in spans for end in (span.start, span.end)), len(result.text)]
        assert ends == sorted(ends)
