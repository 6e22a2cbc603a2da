"""Answers to our letters as mail clients write them, byte for byte.

    letter = ...  # the bytes of a notification that we sent
    raw = write("outlook-ios", language="nb", text="#solve\\n\\nDone.", quoting=letter)

`CLIENTS` names the clients, `LANGUAGES` the languages they speak, `VARIANTS` the forms in which one
answer may come. A new client is a text and an HTML layout in `clients_bodies.py`, its words in
`clients_wording.py` and an entry here. Odd writings stand at the end.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr

import clients_bodies as bodies
from clients_bodies import Answer
from clients_mime import alternative, part, text_part
from clients_quotes import Quoted, as_text, balanced, marked, renamed
from clients_wording import LANGUAGES, SIGN_OFFS

__all__ = [
    "CLIENTS", "LANGUAGES", "VARIANTS", "Client", "disagreeing", "full_width", "interleaved",
    "undelimited", "write",
]  # fmt: skip

VARIANTS = ("usual", "plain", "html-only", "flowed", "quoted-printable", "full-width")
AGENT = "Kari Nordmann <kari@example.com>"


@dataclass(frozen=True, slots=True)
class Client:
    """The habits of a mail client. `message_id` and `boundary` are patterns; `parts` tells which
    parts it writes by itself; `encoding` is what it gives letters beyond ASCII."""

    name: str
    text: Callable[[Answer], str]
    html: Callable[[Answer], str]
    message_id: str
    boundary: str
    encoding: str = "quoted-printable"
    is_flowed: bool = False
    is_text_only: bool = False
    fields: tuple[tuple[str, str], ...] = ()


_EXCHANGE = {
    "message_id": "<{key:.18}@{key:.14}.eurprd04.prod.outlook.com>",
    "boundary": "_000_{key:.32}eurprd_",
    "encoding": "base64",
    "fields": (
        ("Thread-Topic", "Printer"),
        ("Accept-Language", "en-US"),
        ("Content-Language", "en-US"),
        ("X-MS-Has-Attach", ""),
        ("X-MS-TNEF-Correlator", ""),
    ),
}
_GMAIL = {"message_id": "<CA+{key:.40}@mail.gmail.com>", "boundary": "000000000000{key:.16}"}
_MOZILLA = {
    "message_id": "<{key:.8}-{key:.4}-4fad-{key:.12}@example.com>",
    "boundary": "------------{key:.24}",
    "encoding": "8bit",
    "is_flowed": True,
    "fields": (("User-Agent", "Mozilla Thunderbird"), ("Content-Language", "en-US")),
}
CLIENTS: Mapping[str, Client] = {
    client.name: client
    for client in (
        Client("gmail-web", bodies.gmail_text, bodies.gmail_html, **_GMAIL),
        Client("gmail-android", bodies.gmail_android_text, bodies.gmail_android_html, **_GMAIL),
        Client(
            "apple-ios",
            bodies.apple_text,
            bodies.apple_html,
            message_id="<{key:.8}-{key:.4}-4B1E-{key:.12}@example.com>",
            boundary="Apple-Mail-{key:.32}",
            fields=(("X-Mailer", "iPhone Mail (22B91)"),),
        ),
        Client(
            "outlook-desktop",
            bodies.outlook_desktop_text,
            bodies.outlook_desktop_html,
            **_EXCHANGE,
        ),
        Client(
            "outlook-smtp",
            bodies.outlook_smtp_text,
            bodies.outlook_desktop_html,
            message_id="<00{key:.10}$@example.com>",
            boundary="----=_NextPart_000_{key:.20}",
            fields=(("X-Mailer", "Microsoft Outlook 16.0"), ("Thread-Index", "AQHbPXk=")),
        ),
        Client("outlook-web", bodies.outlook_web_text, bodies.outlook_web_html, **_EXCHANGE),
        Client("outlook-ios", bodies.outlook_ios_text, bodies.outlook_ios_html, **_EXCHANGE),
        Client(
            "outlook-android", bodies.outlook_android_text, bodies.outlook_android_html, **_EXCHANGE
        ),
        Client("thunderbird", bodies.thunderbird_text, bodies.thunderbird_html, **_MOZILLA),
        Client(
            "thunderbird-below",
            bodies.thunderbird_below_text,
            bodies.thunderbird_below_html,
            is_text_only=True,
            **_MOZILLA,
        ),
        Client(
            "k9",
            bodies.k9_text,
            bodies.k9_html,
            message_id="<{key:.32}@example.com>",
            boundary="----{key:.28}",
            fields=(("User-Agent", "K-9 Mail for Android"),),
        ),
    )
}


def write(
    client: str,
    *,
    text: str,
    quoting: bytes,
    language: str = "en",
    variant: str = "usual",
    sender: str = AGENT,
    sign_off: str | bool = False,
    signature: str = "",
    to: str = "",
    cc: str = "",
    subject: str = "",
    in_reply_to: str = "",
    references: str = "",
    date: datetime | None = None,
    html_text: str | None = None,
    fields: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return the mail by which somebody answers the letter `quoting`.

    `sign_off`: True for what is usual in the language, with the name below it; or any words.
    `signature` is the client's stored one; phones add their footer by themselves. What is not
    given is taken from the letter. `html_text` is what the HTML part says instead of `text`.
    `fields` are added.
    """
    habits = CLIENTS[client]
    quoted = Quoted.of(quoting)
    answer = Answer(
        text=full_width(text) if variant == "full-width" else text,
        sign_off=_signed_off(sign_off, language, sender),
        signature=signature,
        language=language,
        quoted=quoted,
    )
    head = _head(
        habits,
        quoted,
        sender,
        {
            "To": to,
            "Cc": cc,
            "Subject": subject,
            "In-Reply-To": in_reply_to,
            "References": references,
            "Date": format_datetime(date) if date else "",
        },
        text,
    )
    shown = replace(answer, text=html_text) if html_text is not None else answer
    return _mail([*head, *fields], habits, habits.text(answer), habits.html(shown), variant)


def full_width(text: str) -> str:
    """Return the text as an East Asian input method may give it: commands with U+FF03."""
    return re.sub(r"^#(?=\S)", "＃", text, flags=re.MULTILINE)


def _signed_off(sign_off: str | bool, language: str, sender: str) -> str:
    if isinstance(sign_off, str):
        return sign_off
    return f"{SIGN_OFFS[language][0]}\n{parseaddr(sender)[0]}" if sign_off else ""


# --- header and MIME ----------------------------------------------------------------------------


def _head(
    habits: Client, quoted: Quoted, sender: str, given: Mapping[str, str], text: str
) -> list[tuple[str, str]]:
    key = hashlib.sha256(f"{habits.name}{sender}{quoted.message_id}{text}".encode()).hexdigest()
    subject = quoted.subject
    usual = {
        "From": _mailbox(sender),
        "To": quoted.answer_to,
        "Subject": subject if subject.lower().startswith("re:") else f"Re: {subject}",
        "Date": format_datetime(quoted.at + timedelta(minutes=7)),
        "Message-ID": habits.message_id.format(key=key),
        "In-Reply-To": quoted.message_id,
        "References": f"{quoted.references} {quoted.message_id}".strip(),
    }
    values = usual | {name: value for name, value in given.items() if value}
    head = [(name, _encoded(value)) for name, value in values.items()]
    return [*head, *habits.fields, ("MIME-Version", "1.0")]


def _mailbox(sender: str) -> str:
    name, address = parseaddr(sender)
    return formataddr((name, address), "utf-8")


def _encoded(value: str) -> str:
    return value if value.isascii() else Header(value, "utf-8", maxlinelen=70).encode()


def _mail(
    head: Sequence[tuple[str, str]], habits: Client, text: str, html: str, variant: str
) -> bytes:
    encoding = "careful" if variant == "quoted-printable" else habits.encoding
    plain = text_part(text, encoding, is_flowed=variant == "flowed" or habits.is_flowed)
    rich = part('text/html; charset="utf-8"', html, encoding)
    if variant == "html-only":
        content = rich
    elif variant in ("plain", "flowed") or habits.is_text_only:
        content = plain
    else:
        boundary = habits.boundary.format(key=hashlib.sha256(text.encode()).hexdigest())
        content = alternative(boundary, plain, rich)
    lines = "".join(f"{name}: {value}\n" for name, value in head)
    return (lines.encode() + content).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


# --- odd writings -------------------------------------------------------------------------------


def interleaved(
    client: str,
    *,
    answers: Sequence[tuple[str, str]],
    quoting: bytes,
    language: str = "en",
    variant: str = "usual",
    above: str = "",
    sender: str = AGENT,
) -> bytes:
    """Return an answer of which each piece stands below a line of the quote.

    `answers` are pairs, in order: words of the quoted line, and what is said to them. `above`
    stands above the whole quote. For the clients that mark what they quote.
    """
    habits = CLIENTS[client]
    quoted = Quoted.of(quoting)
    answer = Answer(above, "", "", language, quoted)
    is_own_text = client in ("thunderbird", "thunderbird-below", "k9")
    text = quoted.text if is_own_text else as_text(quoted.html)
    family = "apple-mail" if client == "apple-ios" else client.removesuffix("-below")
    pieces = _between(text, answers, "\n")
    body = "\n\n".join(
        piece if number % 2 else marked(piece.strip("\n")) for number, piece in enumerate(pieces)
    )
    opening = f"{above}\n\n{answer.introduction(family)}\n\n".lstrip("\n")
    html = _interleaved_html(client, answer, _between(quoted.html, answers, "<br>"))
    head = _head(habits, quoted, sender, {}, text)
    return _mail(head, habits, opening + body, html, variant)


def _between(text: str, answers: Sequence[tuple[str, str]], line_end: str) -> list[str]:
    """Return the text cut behind the line of each answer, and the answers, by turns."""
    pieces: list[str] = []
    for words, said in answers:
        at = text.index(words)
        cut = next((i for i in (text.find(line_end, at), text.find("</", at)) if i != -1), at)
        pieces += [text[:cut], said]
        text = text[cut:]
    return [*pieces, text]


def _interleaved_html(client: str, answer: Answer, pieces: Sequence[str]) -> str:
    shown = [
        f"<div>{piece}</div>" if number % 2 else renamed(balanced(piece), "m_9")
        for number, piece in enumerate(pieces)
    ]
    above = f"<div>{answer.text}</div>"
    if client.startswith("gmail"):
        return above + bodies.gmail_quote(answer, client, *shown)
    cited = "".join(
        piece if number % 2 else f'<blockquote type="cite">{piece}</blockquote>'
        for number, piece in enumerate(shown)
    )
    opening = answer.introduction("apple-mail" if client == "apple-ios" else "thunderbird")
    return f'{above}<div class="moz-cite-prefix">{opening}<br></div>{cited}'


def disagreeing(*, text: str, html_text: str, quoting: bytes, client: str = "gmail-web") -> bytes:
    """Return an answer whose text part and HTML part say different things."""
    return write(client, text=text, html_text=html_text, quoting=quoting)


def undelimited(
    client: str, *, text: str, quoting: bytes, signature: str, language: str = "en"
) -> bytes:
    """Return an answer with a stored signature that nothing sets apart from the words: no
    delimiter, no sign-off. Its first line may be the agent's name."""
    return write(
        client, text=f"{text}\n\n{signature}", quoting=quoting, language=language, signature=""
    )
