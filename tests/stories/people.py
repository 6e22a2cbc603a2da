"""People with ordinary mail clients: they write, answer and file mail as their clients do.

A `Client` keeps what came and what went, so that it can say whether a new mail would stand in a
thread there. The styles are what the common clients make of an answer.
"""

import email
import email.policy
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parseaddr
from functools import cached_property, lru_cache

Fields = dict[str, str]

# A message parses a field whenever it is looked at, and we look at every letter many times.
_POLICY = email.policy.default.clone(
    header_factory=lru_cache(4096)(email.policy.default.header_factory)
)


def read(raw: bytes) -> EmailMessage:
    """Read one of our mails, which are well-formed."""
    mail = email.message_from_bytes(raw, policy=_POLICY)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects, mail.defects
    return mail


def text_of(mail: EmailMessage) -> str:
    """The text part, format=flowed undone as a client shows it (RFC 3676)."""
    part = mail.get_body(("plain",))
    if part is None:
        return ""
    shown: list[str] = []
    is_open = False
    for line in part.get_content().splitlines():
        quote = line[: len(line) - len(line.lstrip(">"))]
        bare = line[len(quote) :].removeprefix(" ")
        if is_open and shown and shown[-1].startswith(quote) and bare:
            shown[-1] += bare
        else:
            shown.append(f"{quote} {bare}".strip(" ") if quote else bare)
        is_open = bare.endswith(" ") and bare != "-- "
    return "\n".join(line.rstrip() for line in shown)


def html_of(mail: EmailMessage) -> str:
    """The HTML part."""
    part = mail.get_body(("html",))
    return part.get_content() if part else ""


def files_of(mail: EmailMessage) -> dict[str, bytes]:
    """The attached files, by name."""
    found = mail.iter_attachments()
    return {part.get_filename() or "": _octets(part) for part in found}


def _octets(part: EmailMessage) -> bytes:
    content = part.get_content()
    if isinstance(content, EmailMessage):
        return content.as_bytes()
    return content if isinstance(content, bytes) else content.encode()


def ids_of(mail: EmailMessage, *names: str) -> list[str]:
    """The Message-IDs in these fields."""
    return [id_ for name in names for id_ in str(mail[name] or "").split()]


def address_of(value: object) -> str:
    """The bare address of a field, in lower case."""
    return parseaddr(str(value or ""))[1].lower()


@dataclass
class Letter:
    """A mail with the envelope that it travelled in; nobody changes it on the way."""

    mail: EmailMessage
    reverse_path: str
    recipient: str

    @cached_property
    def raw(self) -> bytes:
        return self.mail.as_bytes()

    @cached_property
    def text(self) -> str:
        return text_of(self.mail)

    @cached_property
    def html(self) -> str:
        return html_of(self.mail)

    @property
    def reply_to(self) -> str:
        return address_of(self.mail["Reply-To"] or self.mail["From"])

    def __getitem__(self, name: str) -> str:
        return str(self.mail[name] or "")

    def __str__(self) -> str:
        head = "".join(f"{name}: {value}\n" for name, value in self.mail.items())
        return f"envelope: <{self.reverse_path}> to {self.recipient}\n{head}\n{self.text}"


# --- what clients make of an answer ---------------------------------------------------------------

Style = Callable[[EmailMessage, str, EmailMessage], None]


def _written(mail: EmailMessage) -> str:
    return f"{mail['Date'].datetime:%a, %d %b %Y at %H:%M}, {mail['From']}"


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def gmail(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """Above the quote, both parts, the HTML quote in a marked div."""
    answer.set_content(
        f"{text}\n\nOn {_written(to)}\nwrote:\n\n{_marked(text_of(to))}\n", cte="quoted-printable"
    )
    answer.add_alternative(
        f'<div dir="ltr">{_as_html(text)}</div><br>'
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f"On {html.escape(_written(to))} wrote:<br></div>"
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        'border-left:1px solid rgb(204,204,204);padding-left:1ex">'
        f"{html_of(to)}</blockquote></div>",
        subtype="html",
    )


def outlook(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """Above a block of header fields, nothing of the quote marked."""
    head = (
        f"From: {to['From']}\nSent: {to['Date'].datetime:%A, %B %d, %Y %I:%M %p}\n"
        f"To: {to['To']}\nSubject: {to['Subject']}\n"
    )
    answer.set_content(f"{text}\n\n{head}\n{text_of(to)}\n", charset="utf-8", cte="base64")
    rule = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"
    answer.add_alternative(
        f'<div class="WordSection1"><p class="MsoNormal">{_as_html(text)}</p>'
        f'<div><div style="{rule}"><p class="MsoNormal">{_as_html(head)}</p></div></div>'
        f"{html_of(to)}</div>",
        subtype="html",
    )


def apple(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """Above a quote whose introduction is quoted too; text only."""
    wrote = f"On {to['Date'].datetime:%d %b %Y, at %H:%M}, {to['From']} wrote:"
    answer.set_content(f"{text}\n\n> {wrote}\n> \n{_marked(text_of(to))}\n", cte="quoted-printable")


def thunderbird(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """Below the quote, format=flowed."""
    name = parseaddr(str(to["From"]))[0]
    wrote = f"On {to['Date'].datetime:%m/%d/%y %H:%M}, {name} wrote:"
    answer.set_content(f"{wrote}\n{_marked(text_of(to))}\n\n{_flowed(text)}\n")
    answer.set_param("format", "flowed")


def phone(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """HTML only, as Outlook's app on a phone."""
    head = f"<b>From:</b> {html.escape(str(to['From']))}<br><b>Subject:</b> {to['Subject']}<br>"
    answer.set_content(
        f'<html><body><div dir="ltr">{_as_html(text)}</div>'
        '<div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o">Outlook for iOS'
        '</a></div><hr style="display:inline-block;width:98%">'
        f'<div id="divRplyFwdMsg" dir="ltr">{head}</div>{html_of(to)}</body></html>',
        subtype="html",
        cte="base64",
    )


def bare(answer: EmailMessage, text: str, to: EmailMessage) -> None:
    """No quote at all."""
    answer.set_content(text + "\n")


STYLES = (gmail, outlook, apple, thunderbird, phone, bare)


def _as_html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")


def _flowed(text: str) -> str:
    return "\n".join(line.replace(". ", ". \n") for line in text.splitlines())


# --- the client -----------------------------------------------------------------------------------


@dataclass
class Client:
    """Somebody's mail client. `inbox` and `sent` are oldest first."""

    name: str
    address: str
    style: Style = gmail
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    inbox: list[Letter] = field(default_factory=list)
    sent: list[EmailMessage] = field(default_factory=list)

    @property
    def last(self) -> Letter:
        return self.inbox[-1]

    @property
    def ids(self) -> set[str]:
        """The Message-IDs of everything here: what a new mail can stand in a thread with."""
        return {str(mail["Message-ID"]) for mail in [*self.sent, *(i.mail for i in self.inbox)]}

    def write(
        self,
        to: str | Sequence[str],
        subject: str = "Printer is dead",
        text: str = "It says PC LOAD LETTER.",
        *,
        cc: Sequence[str] = (),
        files: dict[str, bytes] | None = None,
        fields: Fields | None = None,
    ) -> EmailMessage:
        """Write a new mail."""
        mail = self._begin([to] if isinstance(to, str) else list(to), subject, cc, fields)
        mail.set_content(text + "\n")
        return self._finish(mail, files)

    def answer(
        self,
        text: str,
        to: Letter | None = None,
        *,
        subject: str | None = None,
        to_all: bool = False,
        cc: Sequence[str] = (),
        files: dict[str, bytes] | None = None,
        fields: Fields | None = None,
        style: Style | None = None,
    ) -> EmailMessage:
        """Answer a mail (the newest one), quoting it as the client does."""
        letter = to or self.last
        answered = letter.mail
        others = _others(answered, self.address) if to_all else []
        before = str(answered["Subject"])
        mail = self._begin(
            [letter.reply_to],
            subject or (before if before.lower().startswith("re:") else f"Re: {before}"),
            [*others, *cc],
            {
                "In-Reply-To": str(answered["Message-ID"]),
                "References": f"{answered['References'] or ''} {answered['Message-ID']}".strip(),
                **(fields or {}),
            },
        )
        (style or self.style)(mail, text, answered)
        return self._finish(mail, files)

    def _begin(
        self, to: Sequence[str], subject: str, cc: Sequence[str], fields: Fields | None
    ) -> EmailMessage:
        mail = EmailMessage(policy=email.policy.SMTP)
        number = len(self.sent) + 1
        defaults = {
            "From": f"{self.name} <{self.address}>",
            "To": ", ".join(to),
            "Cc": ", ".join(cc),
            "Subject": subject,
            "Date": format_datetime(self.now()),
            "Message-ID": f"<{number}.{self.address.replace('@', '.')}@{_domain(self.address)}>",
        }
        for name, value in (defaults | (fields or {})).items():
            if value:
                mail[name] = value
        return mail

    def _finish(self, mail: EmailMessage, files: dict[str, bytes] | None) -> EmailMessage:
        for name, content in (files or {}).items():
            kind = "image" if name.endswith(".png") else "application"
            subtype = "png" if name.endswith(".png") else "octet-stream"
            mail.add_attachment(content, maintype=kind, subtype=subtype, filename=name)
        self.sent.append(mail)
        return mail


def _others(mail: EmailMessage, me: str) -> list[str]:
    values = [str(mail[name]) for name in ("To", "Cc") if mail[name]]
    return [address for _, address in getaddresses(values) if address.lower() != me]


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
