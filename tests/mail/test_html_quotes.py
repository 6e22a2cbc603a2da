"""Quotes and signatures as mail clients mark them in HTML."""

import pytest

from maildesk.mail.body import split_body
from maildesk.mail.html import html_to_text
from maildesk.mail.message import cut

_INTRODUCTION = "On Mon, May 5, 2025 at 10:02 AM Ann &lt;ann@example.org&gt; wrote:"
_HEADER = (
    "<b>From:</b> Ann &lt;ann@example.org&gt;<br><b>Sent:</b> Monday, 5 May 2025 10:02<br>"
    "<b>To:</b> Desk<br><b>Subject:</b> Printer"
)

CLIENTS = {
    "gmail": '<div dir="ltr">It works.</div><br><div class="gmail_quote gmail_quote_container">'
    f'<div dir="ltr" class="gmail_attr">{_INTRODUCTION}<br></div><blockquote class="gmail_quote"'
    ' style="margin:0 0 0 .8ex;border-left:1px solid #ccc"><p>Well?</p></blockquote></div>',
    "gmail-old": '<div>It works.</div><div class="gmail_extra"><div class="gmail_quote">'
    f"{_INTRODUCTION}<blockquote>Well?</blockquote></div></div>",
    "thunderbird": f'It works.<br><div class="moz-cite-prefix">{_INTRODUCTION}<br></div>'
    '<blockquote type="cite" cite="mid:1@example.org"><p>Well?</p></blockquote>',
    "apple-mail": f"It works.<div><br><blockquote type='cite'><div>{_INTRODUCTION}</div><br>"
    "<div>Well?</div></blockquote></div>",
    "outlook-desktop": "<div class=WordSection1><p class=MsoNormal>It works.</p><div><div "
    "style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p "
    f"class=MsoNormal>{_HEADER}</p></div></div><p class=MsoNormal>Well?</p></div>",
    "outlook-2007": "<div class=WordSection1><p>It works.</p><div style='border:none;"
    f"border-top:solid #B5C4DF 1.0pt;padding:3.0pt'><p>{_HEADER}</p></div><p>Well?</p></div>",
    "outlook-web": '<div>It works.</div><div id="appendonsend"></div><hr style="display:'
    f'inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">{_HEADER}</div><div>Well?</div>',
    "outlook-app": '<div>It works.</div><hr style="display:inline-block;width:98%">'
    f'<div id="divRplyFwdMsg" dir="ltr">{_HEADER}</div><div>Well?</div>',
    "outlook-mac": f'<p>It works.</p><span id="OLK_SRC_BODY_SECTION"><div>{_HEADER}</div>'
    "<div>Well?</div></span>",
    "hotmail": f'It works.<br><hr id="stopSpelling">{_HEADER}<br><br>Well?',
    "yahoo": f'<div>It works.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>'
    f"{_INTRODUCTION}</div><div>Well?</div></div>",
    "proton": f'<div>It works.</div><div class="protonmail_quote">{_INTRODUCTION}<br>'
    "<blockquote>Well?</blockquote></div>",
    "zoho": "<div>It works.</div><div class='zmail_extra'>---- On Mon, 05 May 2025 10:02:33 +0200 "
    "<b>Ann &lt;ann@example.org&gt;</b> wrote ----<blockquote><div>Well?</div></blockquote></div>",
    "mail.ru": "<p>It works.</p>Понедельник, 5 мая 2025, 10:02 +03:00 от Ann "
    "&lt;ann@example.org&gt;:<br><blockquote style='border-left:1px solid #0857A6'>Well?"
    "</blockquote>",
    "yandex": '<p>It works.</p><p>05.05.2025, 10:02, "Ann" &lt;ann@example.org&gt;:</p>'
    "<blockquote><p>Well?</p></blockquote>",
    "android": "<div>It works.</div><div>-------- Original message --------</div>"
    f"<div>{_HEADER}</div><div>Well?</div>",
    "no-markup": f"<p>It works.</p><div>{_INTRODUCTION}</div><div>Well?</div>",
    "plain-blockquote": "<p>It works.</p><blockquote>Well?</blockquote>",
}


def divided(html: str) -> tuple[str, str, str]:
    body = html_to_text(html)
    division = split_body(body.text, body.quoted, body.signature)
    spans = (division.reply, division.quoted, division.signature)
    reply, quoted, signature = (cut(body.text, found) for found in spans)
    return reply, quoted, signature


@pytest.mark.parametrize("html", CLIENTS.values(), ids=CLIENTS)
def test_quote_of_a_client_is_found_with_its_introduction(html: str) -> None:
    reply, quoted, _ = divided(f"<html><body>{html}</body></html>")
    assert reply == "It works."
    assert "Well?" in quoted


@pytest.mark.parametrize(
    "html",
    [
        '<p>It says:</p><blockquote class="gmail_quote"><p>out of ink</p></blockquote>',
        '<p>It says:</p><blockquote style="margin:0 0 0 40px;border:none">out of ink</blockquote>',
        '<div style="border:none;border-bottom:solid 1pt">It says: out of ink</div>',
        '<div class="note">It says: out of ink</div>',
    ],
)
def test_indented_text_is_new(html: str) -> None:
    assert "out of ink" in divided(html)[0]


def test_blockquote_above_the_quote_is_new() -> None:
    html = (
        "<p>It says</p><blockquote>out of ink</blockquote><p>again.</p>"
        f"<div>{_INTRODUCTION}</div><blockquote>Well?<blockquote>Hm.</blockquote></blockquote>"
    )
    assert divided(html)[0] == "It says\n\nout of ink\n\nagain."


def test_answers_between_quotes_are_new() -> None:
    html = (
        f'<div class="moz-cite-prefix">{_INTRODUCTION}</div><blockquote type="cite">Which?'
        '</blockquote><p>The blue one.</p><blockquote type="cite">When?</blockquote><p>Friday.</p>'
    )
    assert divided(html)[0].split() == ["The", "blue", "one.", "Friday."]


@pytest.mark.parametrize(
    "html",
    [
        '<div class="gmail_signature" data-smartmail="gmail_signature">Ann Berg<br>Desk</div>',
        '<pre class="moz-signature">-- \nAnn Berg\nDesk</pre>',
        '<div id="Signature"><p>Ann Berg</p>Desk</div>',
        '<div id="ms-outlook-mobile-signature">Ann Berg, Desk</div>',
        "<p>Kind regards,<br>Ann Berg<br>Desk</p>",
        "<div>Sent from my iPhone</div>",
    ],
)
def test_signature_is_found_by_markup_or_words(html: str) -> None:
    reply, _, signature = divided(f"<p>It works.</p>{html}")
    assert reply == "It works."
    assert signature


def test_forwarded_mail_in_gmail_markup_is_known_as_forwarded() -> None:
    html = (
        '<div>Please help.</div><div class="gmail_quote">---------- Forwarded message ---------'
        "<br>From: Ann &lt;ann@example.org&gt;<br>Subject: Printer<br><br>It is broken.</div>"
    )
    body = html_to_text(html)
    division = split_body(body.text, body.quoted, body.signature)
    assert cut(body.text, division.reply) == "Please help."
    assert cut(body.text, division.forwarded).endswith("It is broken.")
