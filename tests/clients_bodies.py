"""The text part and the HTML part of an answer, as each mail client lays them out."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from clients_quotes import Quoted, as_text, marked, renamed, wrapped
from clients_wording import IPHONE, K9_FOOTERS, OUTLOOK_APP, header_lines, introduction

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_APP_LINK = "https://aka.ms/o0ukef"
_GMAIL_QUOTE = (
    '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
    'border-left:1px solid rgb(204,204,204);padding-left:1ex">'
)
_RULE = "_" * 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody wrote, what his client adds, and the letter that it answers. `sign_off` is
    typed by hand; `signature` is kept by the client, which adds it where it always does."""

    text: str
    sign_off: str
    signature: str
    language: str
    quoted: Quoted

    @property
    def written(self) -> str:
        """All that was typed."""
        return _paragraphs(self.text, self.sign_off)

    def introduction(self, client: str) -> str:
        quoted = self.quoted
        return introduction(client, self.language, quoted.at, quoted.name, quoted.address)

    def header_lines(self) -> list[tuple[str, str]]:
        quoted = self.quoted
        sender = f"{quoted.name} <{quoted.address}>"
        return header_lines(self.language, quoted.at, sender, quoted.to, quoted.subject)


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))


def _delimited(signature: str) -> str:
    return f"-- \n{signature}" if signature else ""


# --- Gmail --------------------------------------------------------------------------------------


def gmail_text(answer: Answer, client: str = "gmail-web") -> str:
    """The signature stands below the quote; long lines are broken, an introduction after "<"."""
    opening = answer.introduction(client)
    if len(opening) > 78 and f" <{answer.quoted.address}" in opening:
        head, tail = opening.split(f"<{answer.quoted.address}")
        opening = f"{head}<\n{answer.quoted.address}{tail}"
    quote = as_text(answer.quoted.html, bold="*", link="{text} <{href}>")
    return _paragraphs(
        wrapped(answer.written, 78),
        opening,
        wrapped(marked(quote), 78),
        _delimited(answer.signature),
    )


def gmail_android_text(answer: Answer) -> str:
    return gmail_text(answer, "gmail-android")


def gmail_html(answer: Answer) -> str:
    first, *others = answer.written.split("\n")
    lines = "".join(f"<div>{_escaped(line) or '<br>'}</div>" for line in others)
    return f'<div dir="ltr">{_escaped(first)}{lines}</div><br>' + gmail_quote(
        answer, "gmail-web", renamed(answer.quoted.html, "m_-4021")
    )


def gmail_android_html(answer: Answer) -> str:
    first, *others = answer.written.split("\n")
    lines = "".join(f'<div dir="auto">{_escaped(line) or "<br>"}</div>' for line in others)
    return f'<div dir="auto">{_escaped(first)}{lines}</div><br>' + gmail_quote(
        answer, "gmail-android", renamed(answer.quoted.html, "m_77")
    )


def gmail_quote(answer: Answer, client: str, *pieces: str) -> str:
    """The quote; of several pieces each second one was typed between."""
    address = html.escape(answer.quoted.address)
    opening = _escaped(answer.introduction(client)).replace(
        address, f'<a href="mailto:{address}">{address}</a>'
    )
    inner = "".join(
        f"<div><br></div>{piece}<div><br></div>"
        if number % 2
        else f"{_GMAIL_QUOTE}{piece}</blockquote>"
        for number, piece in enumerate(pieces)
    )
    signature = (
        '<div><br clear="all"></div><br><span class="gmail_signature_prefix">-- </span><br>'
        '<div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature"><div dir="ltr">'
        f"{_broken(answer.signature)}</div></div>"
    )
    return (
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"{opening}<br></div>{inner}</div>{signature if answer.signature else ''}\n"
    )


# --- Apple Mail ---------------------------------------------------------------------------------


def apple_text(answer: Answer) -> str:
    """The introduction is quoted too; U+FEFF marks where the letter begins."""
    quote = f"{answer.introduction('apple-mail')}\n\n\ufeff{as_text(answer.quoted.html)}"
    return _paragraphs(answer.written, _apple_signature(answer), marked(quote))


def apple_html(answer: Answer) -> str:
    first, *others = answer.written.split("\n")
    lines = "".join(f"<div>{_escaped(line) or '<br>'}</div>" for line in others)
    opening = _escaped(answer.introduction("apple-mail"))
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        f'<body dir="auto">{_escaped(first)}{lines}<div><br id="lineBreakAtBeginningOfSignature">'
        f'<div dir="ltr">{_broken(_apple_signature(answer))}</div><div dir="ltr"><br><blockquote '
        f'type="cite">{opening}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">'
        f"\ufeff{answer.quoted.html}</div></blockquote></div></body></html>"
    )


def _apple_signature(answer: Answer) -> str:
    return answer.signature or IPHONE[answer.language]


# --- Outlook ------------------------------------------------------------------------------------


def outlook_desktop_text(answer: Answer) -> str:
    """Exchange makes it of the HTML: a linked address is followed by its target."""
    written = _ADDRESS.sub(r"\g<0><mailto:\g<0>>", _paragraphs(answer.written, answer.signature))
    return _paragraphs(written, _header_text(answer), _outlook_quote(answer))


def outlook_smtp_text(answer: Answer) -> str:
    """Outlook itself makes it, where it sends by SMTP: each line is a paragraph."""
    lines = _paragraphs(answer.written, answer.signature).split("\n")
    written = "\n\n".join(line or " " for line in lines)
    head = _header_text(answer).replace("\n", " \n", 1)
    quote = "\n\n".join(line or " " for line in _outlook_quote(answer).split("\n"))
    return f"{written}\n\n \n\n{head}\n\n \n\n{quote}\n\n \n"


def outlook_desktop_html(answer: Answer) -> str:
    """What Word makes of a mail."""
    head = "<br>".join(f"<b>{label}</b> {_escaped(v)}" for label, v in answer.header_lines())
    rule = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"
    return (
        '<html xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:w="urn:schemas-microsoft-com:office:word"><head><meta name=Generator '
        'content="Microsoft Word 15 (filtered medium)"><style><!--\n'
        "p.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{margin:0cm;\n\tfont-size:11.0pt;}\n"
        "div.WordSection1\n\t{page:WordSection1;}\n--></style></head>"
        "<body lang=EN-US link='#0563C1' style='word-wrap:break-word'>"
        f"<div class=WordSection1>{_word(answer.written)}"
        f"{_word_signature(answer.signature)}"
        f"<p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style='{rule}'><p class=MsoNormal>"
        f"{head}<o:p></o:p></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        f"{renamed(answer.quoted.html, 'x')}</div></body></html>"
    )


def _word_signature(text: str) -> str:
    """Word bookmarks what Outlook put in."""
    if not text:
        return ""
    first, *others = text.split("\n")
    return (
        f'{_word("")}<p class=MsoNormal><a name="_MailAutoSig">{_linked(first)}<o:p></o:p></a></p>'
        + "".join(
            "<p class=MsoNormal><span style='mso-bookmark:_MailAutoSig'>"
            f"{_linked(line)}<o:p></o:p></span></p>"
            for line in others
        )
    )


def _word(text: str) -> str:
    span = "<span lang=EN-US style='mso-fareast-language:EN-US'>"
    return "\n".join(
        f"<p class=MsoNormal>{span}{_linked(line) or '<o:p>&nbsp;</o:p>'}<o:p></o:p></span></p>"
        for line in text.split("\n")
    )


def outlook_web_text(answer: Answer) -> str:
    written = _paragraphs(answer.written, answer.signature)
    return f"{written}\n{_RULE}\n{_header_text(answer)}\n\n{_outlook_quote(answer)}"


def outlook_web_html(answer: Answer) -> str:
    style = (
        'class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt"'
    )
    lines = _divided(answer.written, style)
    signature = f'<div id="Signature">{_divided(answer.signature, style)}</div>'
    return _page(
        f"{lines}{signature if answer.signature else ''}"
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        + _header_html(answer)
    )


def outlook_ios_text(answer: Answer) -> str:
    return _outlook_app_text(answer, "iOS")


def outlook_android_text(answer: Answer) -> str:
    return _outlook_app_text(answer, "Android")


def _outlook_app_text(answer: Answer, system: str) -> str:
    before, name, behind = OUTLOOK_APP[answer.language]
    footer = f"{before}{name.format(system=system)}<{_APP_LINK}>{behind}"
    return (
        f"{answer.written}\n\n{footer}\n{_RULE}\n{_header_text(answer)}\n\n{_outlook_quote(answer)}"
    )


def outlook_ios_html(answer: Answer) -> str:
    return _outlook_app_html(answer, "iOS")


def outlook_android_html(answer: Answer) -> str:
    return _outlook_app_html(answer, "Android")


def _outlook_app_html(answer: Answer, system: str) -> str:
    before, name, behind = OUTLOOK_APP[answer.language]
    link = f'{before}<a href="{_APP_LINK}">{name.format(system=system)}</a>{behind}'
    return _page(
        _divided(answer.written, 'dir="auto" style="font-family: Aptos; font-size: 12pt;"')
        + '<div id="ms-outlook-mobile-body-separator-line" dir="auto"><br></div>'
        f'<div id="ms-outlook-mobile-signature" dir="auto">{link}</div>'
        '<div id="mail-editor-reference-message-container" '
        'class="ms-outlook-mobile-reference-message skipProofing">'
        f'<hr style="display:inline-block;width:98%" tabindex="-1">{_header_html(answer)}</div>'
    )


def _header_text(answer: Answer) -> str:
    return "\n".join(f"{label} {value}" for label, value in answer.header_lines())


def _header_html(answer: Answer) -> str:
    lines = "<br>\n".join(f"<b>{label}</b> {_escaped(v)}" for label, v in answer.header_lines())
    return (
        '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" '
        f'color="#000000">{lines}</font>\n<div>&nbsp;</div>\n</div>'
        f"<div>{renamed(answer.quoted.html, 'x_')}</div>"
    )


def _outlook_quote(answer: Answer) -> str:
    return as_text(answer.quoted.html, link="{text}<{href}>", quote="")


def _page(body: str) -> str:
    return (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n'
        '<style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style>'
        f'\n</head>\n<body dir="ltr">\n{body}\n</body>\n</html>\n'
    )


# --- Thunderbird, K-9 ---------------------------------------------------------------------------


def thunderbird_text(answer: Answer) -> str:
    quote = f"{answer.introduction('thunderbird')}\n{marked(answer.quoted.text)}"
    return _paragraphs(answer.written, quote, _delimited(answer.signature))


def thunderbird_below_text(answer: Answer) -> str:
    quote = f"{answer.introduction('thunderbird')}\n{marked(answer.quoted.text)}"
    return _paragraphs(quote, answer.written, _delimited(answer.signature))


def thunderbird_html(answer: Answer) -> str:
    return _thunderbird_page(f"{_paragraphed(answer.written)}{_cited(answer)}", answer)


def thunderbird_below_html(answer: Answer) -> str:
    return _thunderbird_page(f"{_cited(answer)}{_paragraphed(answer.written)}", answer)


def _cited(answer: Answer) -> str:
    cited = html.escape(answer.quoted.message_id.strip("<>"))
    return (
        f'<div class="moz-cite-prefix">{_escaped(answer.introduction("thunderbird"))}<br></div>'
        f'<blockquote type="cite" cite="mid:{cited}">{answer.quoted.html}</blockquote>'
    )


def _thunderbird_page(body: str, answer: Answer) -> str:
    signature = f'<div class="moz-signature">-- <br>{_broken(answer.signature)}</div>'
    return (
        '<!DOCTYPE html>\n<html>\n  <head>\n    <meta http-equiv="Content-Type" '
        f'content="text/html; charset=UTF-8">\n  </head>\n  <body>\n    {body}\n'
        f"    {signature if answer.signature else ''}\n  </body>\n</html>\n"
    )


def k9_text(answer: Answer) -> str:
    """The sign of the quote has no space; the footer stands below, behind a delimiter."""
    quote = f"{answer.introduction('k9')}\n{marked(answer.quoted.text, '>')}"
    return _paragraphs(answer.written, f"{quote}\n{_delimited(_k9_footer(answer))}")


def k9_html(answer: Answer) -> str:
    return (
        '<!DOCTYPE html><html><head></head><body><div dir="auto">'
        f"{_broken(answer.written)}<br><br></div>"
        f'<div class="gmail_quote"><div dir="auto">{_escaped(answer.introduction("k9"))}</div>'
        '<blockquote class="gmail_quote" style="margin: 0pt 0pt 0pt 0.8ex; border-left: 1px solid '
        f'rgb(204, 204, 204); padding-left: 1ex;">{answer.quoted.html}</blockquote></div>'
        "<div style='white-space: pre-wrap'><div class='k9mail-signature'>-- <br>"
        f"{_broken(_k9_footer(answer))}</div></div></body></html>"
    )


def _k9_footer(answer: Answer) -> str:
    return answer.signature or K9_FOOTERS[answer.language]


# --- HTML of text -------------------------------------------------------------------------------


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("  ", "&nbsp; ")


def _linked(line: str) -> str:
    return _ADDRESS.sub(r'<a href="mailto:\g<0>">\g<0></a>', _escaped(line))


def _broken(text: str) -> str:
    return "<br>".join(map(_escaped, text.split("\n")))


def _divided(text: str, attributes: str) -> str:
    lines: Iterable[str] = text.split("\n") if text else ()
    return "\n".join(f"<div {attributes}>{_escaped(line) or '<br>'}</div>" for line in lines)


def _paragraphed(text: str) -> str:
    return "".join(f"<p>{_broken(paragraph)}</p>\n" for paragraph in text.split("\n\n"))
