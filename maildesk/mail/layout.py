"""The layout of our HTML: one column, plain, readable on a phone and in the dark.

Styles stand on the elements, since many clients drop a style sheet; the sheet in the head only
turns colours round for the dark. Text has a contrast of 4.5:1 or more on both grounds. Nothing is
fetched from anywhere.
"""

import html
import re

from babel import Locale

from maildesk.mail.dates import locale_of

_FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PREHEADER_LENGTH = 110

_STYLES = {
    "h1": "margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600",
    "h2": "margin:28px 0 8px;font-size:16px;line-height:1.4;font-weight:600",
    "h3": "margin:24px 0 8px;font-size:16px;line-height:1.4;font-weight:600",
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding:0 0 0 20px",
    "ol": "margin:0 0 16px;padding:0 0 0 24px",
    "li": "margin:0 0 4px",
    "code": "font-family:Consolas,Menlo,monospace;font-size:15px",
    "callout": "margin:0 0 24px;padding:10px 14px;background:#e8f0fb;color:#12365f;"
    "border-radius:6px",
    "quote": "margin:0 0 16px;padding:2px 0 2px 14px;border-left:3px solid #c3cad3;color:#454d57",
    "text": "margin:0 0 20px",
    "small": "margin:0 0 16px;font-size:13px;color:#5c6670",
    "button": "display:inline-block;padding:10px 18px;border-radius:6px;background:#1b5faa;"
    "color:#ffffff;text-decoration:none;font-weight:600",
    "link": "color:#1b5faa",
    "command": "padding:6px 2px;line-height:2;color:#1b5faa",
    "footer": "margin:28px 0 0;padding:14px 0 0;border-top:1px solid #dde1e6;font-size:13px;"
    "line-height:1.5;color:#5c6670",
}

_DARK = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    "@media(prefers-color-scheme:dark){"
    "body,.page{background:#17191c!important;color:#e4e7ea!important}"
    ".callout{background:#1d3450!important;color:#cfe2f8!important}"
    ".quote{border-color:#4b545e!important;color:#c3cad2!important}"
    ".small,.footer{color:#a3acb6!important;border-color:#363d45!important}"
    ".link,.command{color:#8fbdf0!important}"
    ".button{background:#8fbdf0!important;color:#10233a!important}}"
)

_PAGE = """\
<!DOCTYPE html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
<style>{dark}</style>
</head>
<body style="margin:0;padding:0;background:#ffffff;color:#1d2126">
{preheader}<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->
<div class="page" lang="{language}" dir="{direction}" style="max-width:600px;margin:0 auto;\
padding:24px 20px;box-sizing:border-box;font-family:{font};font-size:16px;line-height:1.5;\
background:#ffffff;color:#1d2126;overflow-wrap:anywhere">
{content}
</div>
<!--[if mso]></td></tr></table><![endif]-->
</body>
</html>
"""

_PREHEADER = '<div style="display:none;max-height:0;overflow:hidden">{}</div>\n'

_OPENING = re.compile(r'<(h[1-3]|p|ul|ol|li|code)>|(<blockquote>\s*<p>)|class="(quote|text|small)"')
_BUTTON = re.compile(r'(?<=<p>)<a (?=href="mailto:[^"]*">[^<]*</a></p>)')
_LINK = re.compile(r'<a (?=href="(mailto:)?)')
_HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def lay_out(content: str, subject: str, language: str) -> str:
    """Return a whole HTML document around `content`, the bare HTML that Markdown gives.

    What follows a rule (`<hr>`) is small print; a block quote of our own is a call-out.
    """
    locale = locale_of(language)
    return _PAGE.format(
        language=html.escape(_tag(locale)),
        direction="rtl" if locale.character_order == "right-to-left" else "ltr",
        subject=html.escape(subject),
        dark=_DARK,
        preheader=_preheader(content),
        font=_FONT,
        content=_styled(content),
    )


def _tag(locale: Locale) -> str:
    """The language tag; the English of `dates.locale_of` is plain English."""
    return "en" if locale.language == "en" else str(locale).replace("_", "-")


def _preheader(content: str) -> str:
    """The news, for the list of mails, where something stands before the heading."""
    heading = _HEADING.search(content)
    if not heading or not heading.start():
        return ""
    text = html.unescape(_TAG.sub("", heading[1]))
    return _PREHEADER.format(html.escape(" ".join(text.split())[:_PREHEADER_LENGTH]))


def _styled(content: str) -> str:
    """A link that writes a mail is a button where it stands alone, else a command in a line."""
    content = _BUTTON.sub(f"<a {_style('button')} ", content)
    content = _LINK.sub(lambda link: f"<a {_style('command' if link[1] else 'link')} ", content)
    body, rule, small = content.partition("<hr>")
    if rule:
        footer = _style("footer")
        small = small.replace("<p>", '<p style="margin:0 0 6px">')
        content = f"{body}<div {footer}>{small.strip()}</div>"
    return _OPENING.sub(_styled_opening, content)


def _styled_opening(match: re.Match[str]) -> str:
    element, callout, kind = match.groups()
    if callout:
        return f'<blockquote {_style("callout")}><p style="margin:0">'
    return _style(kind) if kind else f'<{element} style="{_STYLES[element]}">'


def _style(kind: str) -> str:
    return f'class="{kind}" style="{_STYLES[kind]}"'
