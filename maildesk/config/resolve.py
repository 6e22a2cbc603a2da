"""maildesk.yaml's model becomes settings: paths absolute, secrets read, certificates tried."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from maildesk.config import maildesk_file as shape
from maildesk.config.credentials import (
    Surroundings,
    Unusable,
    check_authority,
    check_certificate,
    read_key,
    read_password,
)
from maildesk.config.pagers import Pagers, Places, read_pagers
from maildesk.config.section import SecretSource
from maildesk.config.shape import show
from maildesk.config.words import is_loopback, split_endpoint
from maildesk.config.yaml_source import Document, KeyPath
from maildesk.errors import Problem
from maildesk.mail.identifiers import ReplyAddresses
from maildesk.policy.due.paging import ALERTS
from maildesk.policy.rules import Acknowledge, Authentication, Rules
from maildesk.settings import Endpoint, Listen, ListenTls, Mailbox, Send, Smarthost

# sun_path of a Unix socket: 108 octets on Linux with the zero at the end (unix(7)).
LONGEST_SOCKET_PATH = 107

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Static:
    """What a restart changes, as far as it needed resolving."""

    database: str
    listen: tuple[Listen, ...]
    mailboxes: tuple[Mailbox, ...]
    send: Send
    keys: tuple[bytes, ...]
    http: Endpoint | None
    pagers: Pagers


def resolve(
    file: shape.MaildeskFile, document: Document, around: Surroundings
) -> tuple[Static, tuple[Problem, ...]]:
    """Return the settings and what is wrong; where something is, its value is of no use."""
    resolver = _Resolver(document, around)
    pagers = read_pagers(document, _alerts(file), around)
    static = Static(
        database=database_url(file, around),
        listen=tuple(resolver.listen(item, ("listen", n)) for n, item in enumerate(file.listen)),
        mailboxes=tuple(
            resolver.mailbox(item, ("mailboxes", n)) for n, item in enumerate(file.mailboxes)
        ),
        send=resolver.send(file.send),
        keys=resolver.keys(file.reply.key),
        http=_tcp_endpoint(file.http.listen) if file.http else None,
        pagers=pagers,
    )
    return static, (*resolver.problems, *pagers.problems)


def _alerts(file: shape.MaildeskFile) -> Places:
    source = file.alerts.apprise
    return {ALERTS: (("alerts", "apprise"), source)} if source else {}


def database_url(file: shape.MaildeskFile, around: Surroundings) -> str:
    """The database's URL with its path made absolute."""
    return f"sqlite:///{around.path(file.database.removeprefix('sqlite:///'))}"


def static_rules(file: shape.MaildeskFile, static: Static) -> Rules:
    """The part of the rules that maildesk.yaml holds."""
    return Rules(
        domain=file.domain,
        queues=(),
        agents=(),
        teams=(),
        reply=ReplyAddresses(
            domain=file.reply.domain or file.domain,
            separator=file.reply.separator,
            keys=static.keys,
        ),
        acknowledge=Acknowledge(**file.acknowledge.model_dump()),
        authentication=Authentication(
            authserv_ids=tuple(name.lower() for name in file.authentication.authserv_ids),
            hops=file.authentication.hops,
            profile=file.authentication.profile,
            dkim=file.authentication.dkim,
        ),
        admins=tuple(file.admins),
        timezone=file.timezone,
        pagers=static.pagers.urls,
        silent_pagers=static.pagers.silent,
    )


def _tcp_endpoint(text: str) -> Endpoint:
    host, port = split_endpoint(text) or ("", 0)
    return Endpoint(host, port)


class _Resolver:
    """Turns parts of the file into settings; notes what cannot be used, and goes on."""

    def __init__(self, document: Document, around: Surroundings) -> None:
        self.document = document
        self.around = around
        self.problems: list[Problem] = []

    def listen(self, item: shape.Listen, path: KeyPath) -> Listen:
        endpoint = self._endpoint(item.endpoint, (*path, item.protocol))
        is_local = endpoint.path is not None or is_loopback(endpoint.host)
        return Listen(
            protocol=item.protocol,
            endpoint=endpoint,
            tls=self._listen_tls(item.tls, (*path, "tls")) if item.tls else None,
            is_trusted=is_local if item.trusted is None else item.trusted,
        )

    def mailbox(self, item: shape.Mailbox, path: KeyPath) -> Mailbox:
        self._refuse_plain(item.host, item.tls, path)
        return Mailbox(
            name=item.name,
            host=item.host,
            user=item.user,
            password=self._password(item.password, (*path, "password")) or "",
            port=item.port or (993 if item.tls == "implicit" else 143),
            tls=item.tls,
            ca=self._authority(item.ca, (*path, "ca")),
            folder=item.folder,
            processed=item.processed,
            start=item.start,
            poll_seconds=item.poll_seconds,
            idle_seconds=item.idle_seconds,
        )

    def send(self, item: shape.Send) -> Send:
        maildir = self.around.path(item.maildir) if item.maildir else None
        if maildir and maildir.exists() and not maildir.is_dir():
            self._note(("send", "maildir"), f"{maildir} is not a folder")
        smarthost = self._smarthost(item.smarthost) if item.smarthost else None
        return Send(maildir, smarthost, item.envelope)

    def keys(self, sources: list[SecretSource]) -> tuple[bytes, ...]:
        keys: list[bytes] = []
        for index, source in enumerate(sources):
            path: KeyPath = ("reply", "key", index)
            path = path if path in self.document.values else path[:-1]
            key = self._try(path, partial(read_key, source, self.around)) or b""
            if key and key in keys:
                self._note(path, "this key stands twice", "remove one")
            keys.append(key)
        return tuple(keys)

    def _smarthost(self, item: shape.Smarthost) -> Smarthost:
        path: KeyPath = ("send", "smarthost")
        self._refuse_plain(item.host, item.tls, path)
        return Smarthost(
            host=item.host,
            port=item.port or {"implicit": 465, "starttls": 587, "none": 25}[item.tls],
            tls=item.tls,
            ca=self._authority(item.ca, (*path, "ca")),
            user=item.user,
            password=self._password(item.password, (*path, "password")),
        )

    def _endpoint(self, text: str, path: KeyPath) -> Endpoint:
        if not text.startswith("unix:"):
            return _tcp_endpoint(text)
        socket = self.around.path(text.removeprefix("unix:"))
        if len(str(socket).encode()) > LONGEST_SOCKET_PATH:
            message = f"the socket's path is longer than {LONGEST_SOCKET_PATH} octets"
            self._note(path, message, f"path: {socket}")
        return Endpoint(path=socket)

    def _listen_tls(self, item: shape.ListenTls, path: KeyPath) -> ListenTls:
        certificate, key = self.around.path(item.certificate), self.around.path(item.key)
        self._try(path, partial(check_certificate, certificate, key))
        return ListenTls(certificate, key, item.mode)

    def _refuse_plain(self, host: str, tls: str, path: KeyPath) -> None:
        if tls == "none" and not is_loopback(host):
            message = f"none is allowed for this machine only, not for {host}"
            self._note((*path, "tls"), message, "write implicit or starttls")

    def _authority(self, text: str | None, path: KeyPath) -> Path | None:
        if text is None:
            return None
        authority = self.around.path(text)
        self._try(path, partial(check_authority, authority))
        return authority

    def _password(self, source: SecretSource | None, path: KeyPath) -> str | None:
        if source is None:
            return None
        return self._try(path, partial(read_password, source, self.around))

    def _try(self, path: KeyPath, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except Unusable as error:
            self._note(path, str(error), error.hint)
            return None

    def _note(self, path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(self.document.problem(path, f"{show(path)}: {message}", hint))
