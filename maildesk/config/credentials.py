"""Secrets and files from the surroundings: the state folder, the environment, systemd's
credentials. A secret that others can read is refused (as ssh does with its keys)."""

import os
import re
import shlex
import ssl
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from maildesk.config.section import SecretSource

LIMIT_BYTES = 64 * 1024
SHORTEST_KEY = 32
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+")


class Unusable(Exception):
    """A secret or a file that cannot be used; `hint` says how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where relative paths begin, the environment, and who tells what is wrong with a pager's URL:
    `maildesk check` asks apprise, whose import is slow."""

    state: Path
    environ: Mapping[str, str]
    fault_of_pager: Callable[[str], str] = lambda _url: ""

    def path(self, text: str) -> Path:
        """Return `text` as an absolute path."""
        return Path(os.path.normpath(self.state / text))


def surroundings(
    folder: Path,
    environ: Mapping[str, str],
    fault_of_pager: Callable[[str], str] = lambda _url: "",
) -> Surroundings:
    """Paths begin at $STATE_DIRECTORY, else at the configuration folder.

    systemd.exec(5): several state directories are joined by colons; the first is ours.
    """
    state = environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Surroundings(Path(state or folder).absolute(), environ, fault_of_pager)


def read_key(source: SecretSource, around: Surroundings) -> bytes:
    """Return a reply key. Raises: Unusable."""
    key = _read(source, around, how_to_make=_make_key).strip()
    if len(key) < SHORTEST_KEY:
        message = f"the key in {_name(source, around)} has {len(key)} characters"
        raise Unusable(message, f"at least {SHORTEST_KEY}; make one: openssl rand -hex 32")
    return key


def read_password(source: SecretSource, around: Surroundings) -> str:
    """Return a password: one line of text. Raises: Unusable."""
    raw = _read(source, around).removesuffix(b"\n").removesuffix(b"\r")
    name = _name(source, around)
    if not raw:
        raise Unusable(f"{name} is empty")
    try:
        password = raw.decode()
    except UnicodeDecodeError:
        raise Unusable(f"{name} is not UTF-8 text") from None
    if not password.isprintable():
        raise Unusable(f"{name} holds more than one line, or control characters")
    return password


def read_pager(source: SecretSource, around: Surroundings) -> str:
    """Return an apprise URL. Raises: Unusable; its words do not say the URL, which is a secret."""
    url, name = read_password(source, around), _name(source, around)
    if not _URL.fullmatch(url):
        raise Unusable(f"{name} does not hold one apprise URL", "as in ntfys://ntfy.example.com/me")
    if has_apprise() and (fault := around.fault_of_pager(url)):
        raise Unusable(f"{name}: {fault}")
    return url


def has_apprise() -> bool:
    """Whether the optional extra is installed; does not import it."""
    return find_spec("apprise") is not None


def _make_key(path: Path) -> str:
    folder = "" if path.parent.is_dir() else f"mkdir -p {shlex.quote(str(path.parent))}; "
    return f"make one: (umask 077; {folder}openssl rand -hex 32 > {shlex.quote(str(path))})"


def _make_nothing(_path: Path) -> str:
    return ""


def _name(source: SecretSource, around: Surroundings) -> str:
    if source.env is not None:
        return f"environment variable {source.env}"
    if source.credential is not None:
        return f"credential {source.credential}"
    return str(around.path(source.file or ""))


_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def _read(
    source: SecretSource,
    around: Surroundings,
    how_to_make: Callable[[Path], str] = _make_nothing,
) -> bytes:
    if source.env is not None:
        return _read_environment(source.env, around)
    if source.credential is not None:
        return _read_credential(source.credential, around)
    path = around.path(source.file or "")
    _check_private(path, how_to_make(path))
    return _read_file(path)


def _read_environment(name: str, around: Surroundings) -> bytes:
    value = around.environ.get(name, "")
    if not value:
        raise Unusable(f"environment variable {name} is not set")
    return os.fsencode(value)


def _read_credential(name: str, around: Surroundings) -> bytes:
    """Systemd guards the folder itself, so modes are not looked at."""
    if not _CREDENTIAL_NAME.fullmatch(name):
        raise Unusable(f'"{name}" is not the name of a credential', "a file name without slashes")
    folder = around.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        hint = "it is set by systemd; elsewhere use {file: PATH} or {env: NAME}"
        raise Unusable(f"credential {name}: $CREDENTIALS_DIRECTORY is not set", hint)
    path = Path(folder) / name
    if not path.is_file():
        raise Unusable(f"credential {name} is missing", f"add LoadCredential={name}:PATH")
    return _read_file(path)


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > LIMIT_BYTES:
        raise Unusable(f"{path} is larger than {LIMIT_BYTES // 1024} KiB")
    return raw


def _check_private(path: Path, how_to_make: str = "") -> None:
    """Refuse a secret that others can read or write.

    A group's right to read is a fault only where the file is wholly ours: `root:maildesk 0640` is
    how an admin gives a service account its secret.
    """
    found = _status(path, how_to_make)
    is_wholly_ours = found.st_uid == os.geteuid() and found.st_gid == os.getegid()
    exposed = found.st_mode & (0o077 if is_wholly_ours else 0o037)
    if exposed:
        mode = stat.S_IMODE(found.st_mode)
        raise Unusable(
            f"{path} can be read by others (mode {mode:04o})", f"chmod 600 {shlex.quote(str(path))}"
        )


def _status(path: Path, how_to_make: str = "") -> os.stat_result:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise Unusable(f"{path} is missing", how_to_make) from None
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise Unusable(f"{path} is not a file")
    return found


def check_certificate(certificate: Path, key: Path) -> None:
    """Try a listener's certificate and key. Raises: Unusable."""
    _status(certificate)
    _check_private(key)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Unusable(f"{key} is not the key of {certificate}") from None
        message = f"{certificate} and {key} are no certificate and key"
        raise Unusable(message, "PEM files; the key without a passphrase") from None
    except OSError as error:
        raise Unusable(f"{certificate} and {key} cannot be read: {error.strerror}") from None


def check_authority(path: Path) -> None:
    """Try a file of certificate authorities. Raises: Unusable."""
    _status(path)
    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # ssl.SSLError is one
        raise Unusable(f"{path} holds no certificate", "a PEM file") from None
