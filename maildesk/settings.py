"""Settings: the whole configuration as frozen values. `config` makes them from YAML.

The reloadable part is `Settings.rules`; everything else is changed by a restart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from maildesk.errors import Problem
from maildesk.policy.rules import Rules


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ListenTls:
    """A listener's certificate; `mode` is `starttls` or `implicit`."""

    certificate: Path
    key: Path
    mode: str = "starttls"


@dataclass(frozen=True, slots=True)
class Listen:
    """One listener. `protocol` is `smtp` or `lmtp`; trusted peers have no limits of their own."""

    protocol: str
    endpoint: Endpoint
    tls: ListenTls | None = None
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An IMAP folder that mail is taken from. `tls`: implicit | starttls | none (loopback only);
    `ca` is a PEM file to trust besides the system's; `start`: new | all | archive."""

    name: str
    host: str
    user: str
    password: str = field(repr=False)
    port: int = 993
    tls: str = "implicit"
    ca: Path | None = None
    folder: str = "INBOX"
    processed: str = "Processed"
    start: str = "new"
    poll_seconds: int = 60
    idle_seconds: int = 300

    @property
    def account(self) -> str:
        """Whose mail it is: UIDs mean nothing on another server, whatever the mailbox is called."""
        return f"{self.user}@{self.host.lower()}"


@dataclass(frozen=True, slots=True)
class Smarthost:
    """The server that takes our mail. `tls`: implicit | starttls | none (loopback only)."""

    host: str
    port: int = 465
    tls: str = "implicit"
    ca: Path | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Send:
    """The way out: a smarthost, or a Maildir. `envelope` is `token` or a fixed address."""

    maildir: Path | None = None
    smarthost: Smarthost | None = None
    envelope: str = "token"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a listener and the parser bear; each has a key of the same name under `limits:`."""

    message_bytes: int = 37_748_736
    recipients: int = 100
    connections: int = 20
    connections_per_peer: int = 5
    messages_per_session: int = 50
    session_minutes: int = 15
    bad_commands: int = 5
    data_minutes: int = 15
    idle_seconds: int = 300
    in_flight_bytes: int = 134_217_728
    parse_seconds: int = 30
    parse_bytes: int = 536_870_912


@dataclass(frozen=True, slots=True)
class Sources:
    """What the rules were read from: the texts of the files that are reloaded, by name, and the
    values of sla.yaml with the dates of its holidays."""

    files: Mapping[str, str] = field(default_factory=dict)
    sla: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything. Paths are absolute. `database` is an SQLAlchemy URL with an absolute path.
    `http` None: no /healthz. `templates`: the admin's own templates, looked at before ours."""

    folder: Path
    state: Path
    database: str
    listen: tuple[Listen, ...]
    mailboxes: tuple[Mailbox, ...]
    send: Send
    rules: Rules
    limits: Limits = Limits()
    http: Endpoint | None = None
    templates: Path | None = None
    backoff_seconds: int = 1800  # the longest pause after a mailbox's failures
    warnings: tuple[Problem, ...] = ()  # allowed, but hardly meant
    sources: Sources = Sources()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # where secrets may stand
