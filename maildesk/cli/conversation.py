"""Two people who mail with the desk: what the demo's conversation is made of.

They are ordinary mail clients: they send by SMTP and read what the desk left in its Maildir.
"""

import email
import email.policy
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path

from maildesk.settings import Endpoint

SUPPORT = "support@example.com"
SHOWN_LINES = 12
QUOTE = re.compile(r"On .+ wrote:$")
WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.02


class NothingCame(Exception):
    """A mail that was waited for did not come."""


@dataclass
class Maildir:
    """The folder that outgoing mail is left in, read as it grows."""

    path: Path
    seen: set[str] = field(default_factory=set)

    def new(self) -> Iterator[EmailMessage]:
        """Yield the mails that came since the last look, oldest first."""
        folder = self.path / "new"
        files = sorted(folder.iterdir(), key=_age) if folder.is_dir() else []
        for file in files:
            if file.name not in self.seen:
                self.seen.add(file.name)
                yield email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


@dataclass
class Person:
    """Somebody with a mail client. `inbox` holds what the desk sent, newest last."""

    name: str
    address: str
    inbox: list[EmailMessage] = field(default_factory=list)

    def write(self, to: str, subject: str, text: str, **fields: str) -> EmailMessage:
        """Return a new mail."""
        mail = EmailMessage()
        mail["From"] = f"{self.name} <{self.address}>"
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self.address.partition("@")[2])
        for field_name, value in fields.items():
            mail[field_name.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    def answer(self, text: str, **fields: str) -> EmailMessage:
        """Return an answer to the newest mail in the inbox, quoting it as clients do."""
        last = self.inbox[-1]
        body = last.get_body(("plain",))
        quote = "".join(f"> {line}\n" for line in (body.get_content() if body else "").splitlines())
        subject = str(last["Subject"])
        return self.write(
            parseaddr(str(last["Reply-To"] or last["From"]))[1],
            subject if subject.lower().startswith("re:") else f"Re: {subject}",
            f"{text}\n\nOn {last['Date']}, {parseaddr(str(last['From']))[0]} wrote:\n{quote}",
            In_Reply_To=str(last["Message-ID"]),
            References=f"{last['References'] or ''} {last['Message-ID']}".strip(),
            **fields,
        )


class PostOffice:
    """Carries mail between people and the desk."""

    def __init__(self, endpoint: Endpoint, maildir: Maildir, people: list[Person]) -> None:
        self._endpoint = endpoint
        self._maildir = maildir
        self._people = {person.address: person for person in people}

    def post(self, person: Person, mail: EmailMessage) -> None:
        """Hand the person's mail to the desk."""
        with smtplib.SMTP(self._endpoint.host, self._endpoint.port, timeout=15) as smtp:
            smtp.send_message(mail, person.address, [parseaddr(str(mail["To"]))[1]])

    def deliver(self) -> list[tuple[Person, EmailMessage]]:
        """Put what the desk sent into the people's inboxes; return it."""
        came = []
        for mail in self._maildir.new():
            person = self._people.get(parseaddr(str(mail["To"]))[1].lower())
            if person:
                person.inbox.append(mail)
                came.append((person, mail))
        return came

    def wait_for(self, person: Person) -> EmailMessage:
        """Return the next mail to `person`.

        Raises: NothingCame after 20 seconds.
        """
        before = len(person.inbox)
        wait_until(lambda: bool(self.deliver()) and len(person.inbox) > before, person.address)
        return person.inbox[before]


def wait_until(is_there: Callable[[], bool], what: str) -> None:
    """Wait for a condition.

    Raises: NothingCame after 20 seconds.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_there():
        if time.monotonic() > deadline:
            raise NothingCame(what)
        time.sleep(LOOK_SECONDS)


def plain_text(mail: EmailMessage) -> str:
    """Return the text part of a mail."""
    body = mail.get_body(("plain",))
    return body.get_content().strip() if body else ""


def shown_lines(mail: EmailMessage) -> list[str]:
    """Return the first lines of a mail, without what it quotes from further up."""
    lines = plain_text(mail).splitlines()
    quote = next((n for n, line in enumerate(lines) if QUOTE.match(line)), len(lines))
    own = "\n".join(lines[:quote]).strip().splitlines()
    rest = len(own) - SHOWN_LINES
    return [*own[:SHOWN_LINES], f"… {rest} more lines"] if rest > 2 else own


def _age(file: Path) -> tuple[int, str]:
    return file.stat().st_mtime_ns, file.name
