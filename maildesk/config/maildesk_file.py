"""The shape of maildesk.yaml: every key with its default and its meaning.

To add a key, add a field with a default and a `description`, and let `resolve` put it into the
settings; docs/configuration.md and the JSON Schema follow the fields.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from maildesk.config.section import (
    Secret,
    SecretSource,
    Section,
    choose_one,
    not_yet,
    refuse,
)
from maildesk.config.words import (
    Address,
    AnyEndpoint,
    Domain,
    Envelope,
    Handle,
    Host,
    Port,
    TcpEndpoint,
    Text,
    Timezone,
    fault,
)


class ListenTls(Section):
    """A listener's certificate."""

    certificate: Text = Field(description="PEM file: the certificate, then those that signed it")
    key: Text = Field(description="PEM file of the private key, without a passphrase")
    mode: Literal["starttls", "implicit"] = Field(
        default="starttls", description="`starttls`: offered; `implicit`: from the first byte"
    )


class Listen(Section):
    """One way in by SMTP or LMTP."""

    smtp: AnyEndpoint | None = Field(
        default=None, description="listen for SMTP here: `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`"
    )
    lmtp: AnyEndpoint | None = Field(default=None, description="listen for LMTP here (RFC 2033)")
    tls: ListenTls | None = Field(default=None, description="left out: no TLS is offered")
    trusted: bool | None = Field(
        default=None,
        description="peers have no limits of their own and may send bare LF; "
        "left out: true on loopback and Unix sockets",
    )

    @model_validator(mode="after")
    def _one_protocol(self) -> "Listen":
        choose_one(self, "smtp", "lmtp")
        return self

    @property
    def protocol(self) -> str:
        """The word of `settings.Listen`."""
        return "lmtp" if self.smtp is None else "smtp"

    @property
    def endpoint(self) -> str:
        """Where to listen, as written."""
        return self.smtp or self.lmtp or ""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, (dict, str)) else value


Tls = Literal["implicit", "starttls", "none"]
_OAUTH = Annotated[dict[str, object] | None, not_yet("use a password for now")]
_TLS_TEXT = "`implicit`, `starttls`, or `none` (loopback only)"
_CA_TEXT = "PEM file of a certificate authority to trust besides the system's"


class Mailbox(Section):
    """An IMAP folder that mail is taken from."""

    name: Handle = Field(description="how logs and the journal call it")
    host: Host = Field(description="the IMAP server")
    port: Port | None = Field(default=None, description="left out: 993 for `implicit`, else 143")
    tls: Tls = Field(default="implicit", description=_TLS_TEXT)
    ca: Text | None = Field(default=None, description=_CA_TEXT)
    user: Text = Field(description="the name to log in with")
    password: Secret | None = Field(
        default=None, description="required; where the password is read from"
    )
    oauth: _OAUTH = Field(default=None, description="not supported yet")
    folder: Text = Field(default="INBOX", description="the folder that is read")
    processed: Text = Field(
        default="Processed", description="where mail is moved once it is stored"
    )
    start: Literal["new", "all", "archive"] = Field(
        default="new",
        description="mail there at first contact: `new` leaves it, `all` takes it, "
        "`archive` stores it without answers, clocks or notices",
    )
    mode: Annotated[Literal["live", "observe"], refuse("observe")] = Field(
        default="live", description="`observe` is not supported yet"
    )
    junk: Annotated[str | None, not_yet()] = Field(default=None, description="not supported yet")
    sent: Annotated[str | None, not_yet()] = Field(default=None, description="not supported yet")
    poll_seconds: int = Field(
        default=60, ge=1, le=86_400, description="how often to look where the server has no IDLE"
    )
    idle_seconds: int = Field(
        default=300,
        ge=1,
        le=1740,
        description="how long one IDLE lasts (RFC 2177: under 29 minutes)",
    )

    @model_validator(mode="after")
    def _separate_folders(self) -> "Mailbox":
        if self.password is None:
            raise fault('"password" is missing', "write password: {file: PATH}")
        if self.folder == self.processed:
            raise fault("folder and processed are the same", "mail is moved from one to the other")
        return self


class Smarthost(Section):
    """The server that takes our mail."""

    host: Host = Field(description="the SMTP server")
    port: Port | None = Field(
        default=None, description="left out: 465 for `implicit`, 587 for `starttls`, 25 for `none`"
    )
    tls: Tls = Field(default="implicit", description=_TLS_TEXT)
    ca: Text | None = Field(default=None, description=_CA_TEXT)
    user: Text | None = Field(default=None, description="left out: no log-in")
    password: Secret | None = Field(default=None, description="where the password is read from")
    oauth: _OAUTH = Field(default=None, description="not supported yet")

    @model_validator(mode="after")
    def _user_with_password(self) -> "Smarthost":
        if (self.user is None) != (self.password is None):
            missing = "user" if self.user is None else "password"
            raise fault(f'"{missing}" is missing', "user and password go together")
        return self


class Send(Section):
    """The way out."""

    maildir: Text | None = Field(
        default=None, description="a Maildir: each mail becomes a file there"
    )
    smarthost: Smarthost | None = Field(default=None, description="the server that takes our mail")
    envelope: Envelope = Field(
        default="token",
        description="the envelope sender: `token`, or a fixed address where the provider asks it",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Send":
        choose_one(self, "maildir", "smarthost")
        return self


class Reply(Section):
    """How reply addresses are made and proved."""

    domain: Domain | None = Field(default=None, description="left out: `domain` above")
    separator: Literal["+", "-", "=", "_"] = Field(
        default="+", description="stands between the queue's name and the token"
    )
    key: Annotated[
        list[Secret],
        BeforeValidator(_as_list, json_schema_input_type=SecretSource | list[SecretSource]),
        Field(min_length=1, max_length=8),
    ] = Field(description="the secret, or a list of them: the first signs, all are accepted")


def _count(default: int, description: str, *, least: int = 1, most: int = 1_000_000) -> Any:
    return Field(default=default, ge=least, le=most, description=description)


class Limits(Section):
    """What a listener and the parser bear. Each is optional."""

    message_bytes: int = _count(37_748_736, "largest mail", least=65_536, most=1 << 30)
    recipients: int = _count(100, "recipients a mail", most=10_000)
    connections: int = _count(20, "connections at once, a listener", most=10_000)
    connections_per_peer: int = _count(5, "of them from one untrusted peer", most=10_000)
    messages_per_session: int = _count(50, "mails an untrusted peer sends in one session")
    session_minutes: int = _count(15, "length of an untrusted peer's session", most=1440)
    bad_commands: int = _count(5, "bad commands of an untrusted peer before 421", most=1000)
    data_minutes: int = _count(15, "time for one mail's DATA", most=1440)
    idle_seconds: int = _count(300, "silence before a connection is closed", most=86_400)
    in_flight_bytes: int = _count(
        134_217_728, "bytes being received before readers pause", least=65_536, most=1 << 34
    )
    parse_seconds: int = _count(30, "time to read one mail in the child process", most=3600)
    parse_bytes: int = _count(
        536_870_912, "memory to read one mail in the child process", least=1 << 27, most=1 << 34
    )


class Acknowledge(Section):
    """What senders without proof are told."""

    unverified: Literal["generic", "full", "none"] = Field(
        default="generic", description="`generic` quotes nothing of the mail; `full`; `none`"
    )
    per_hour: int = Field(
        default=100, ge=0, le=1_000_000, description="at most so many an hour in all; 0: no cap"
    )


class Authentication(Section):
    """Whose word on a sender is believed."""

    authserv_ids: list[Text] = Field(
        default=[], description="our own servers' names in Authentication-Results"
    )
    hops: int = Field(
        default=1,
        ge=0,
        le=20,
        description="Received fields that your servers add to every mail from outside",
    )
    profile: Literal["m365", "postfix"] | None = Field(
        default=None,
        description="`m365`: mail comes through Microsoft 365; `postfix`: through your own "
        "Postfix, where agents log in",
    )
    dkim: bool = Field(
        default=True, description="check DKIM signatures here; asks the DNS for the signers' keys"
    )


class Alerts(Section):
    """A second way out for alerts, besides mail to the admins."""

    apprise: Secret | None = Field(
        default=None, description="where an apprise URL is read from, see [pagers](#pagers)"
    )
    smarthost: Annotated[
        dict[str, object] | None, not_yet("an apprise URL mailtos://… names another server")
    ] = Field(default=None, description="not supported yet")


class Http(Section):
    """The health page."""

    listen: TcpEndpoint = Field(description="`HOST:PORT`")


def _database(text: str) -> str:
    if text.startswith("postgresql"):
        raise fault("PostgreSQL is not supported yet", "write sqlite:///var/maildesk.db")
    path = text.removeprefix("sqlite:///")
    if path == text or not path or ":memory:" in path or "?" in path:
        raise fault("this is not a database", "write sqlite:/// and a path, without options")
    return text


class MaildeskFile(Section):
    """maildesk.yaml: what is changed by a restart."""

    domain: Domain = Field(description="the desk's mail domain")
    database: Annotated[Text, AfterValidator(_database)] = Field(
        default="sqlite:///var/maildesk.db", description="`sqlite:///PATH`"
    )
    listen: list[Listen] = Field(default=[], description="ways in by SMTP and LMTP")
    mailboxes: list[Mailbox] = Field(default=[], description="ways in by IMAP")
    send: Send = Field(description="the way out")
    reply: Reply = Field(description="reply addresses and the key that proves them")
    admins: list[Address] = Field(default=[], description="who is told when something is wrong")
    limits: Limits = Field(default=Limits(), description="what a listener and the parser bear")
    acknowledge: Acknowledge = Field(
        default=Acknowledge(), description="what senders without proof are told"
    )
    authentication: Authentication = Field(
        default=Authentication(), description="whose word on a sender is believed"
    )
    alerts: Alerts = Field(
        default=Alerts(), description="a second way out for alerts, besides mail to the admins"
    )
    timezone: Timezone = Field(default="UTC", description="default of queues and agents")
    http: Http | None = Field(default=None, description="the health page; left out: none")
    backoff_seconds: int = Field(
        default=1800, ge=1, le=86_400, description="the longest pause after a mailbox's failures"
    )
