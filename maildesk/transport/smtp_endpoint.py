"""What a listener needs before it can listen: certificate, Unix socket; and clear complaints."""

import errno
import os
import socket
import ssl
import stat
from contextlib import suppress
from pathlib import Path

from maildesk.errors import MaildeskError, Misconfigured, Problem, Unavailable
from maildesk.settings import Endpoint, ListenTls


def server_context(tls: ListenTls) -> ssl.SSLContext:
    """Read certificate and key.

    Raises: Misconfigured, which names the file.
    """
    _check_key(tls.key)
    _check_readable(tls.certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password function an encrypted key would ask on the terminal.
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "not readable as PEM"
        text = f"the certificate does not work with the key {tls.key}: {reason}"
        raise _misconfigured(
            tls.certificate, text, "both PEM; the key without a password, and the certificate's own"
        ) from error
    return context


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        text = f"the file cannot be read: {error.strerror}"
        raise _misconfigured(path, text, "see `tls:` of the listener") from error


def _check_key(path: Path) -> None:
    _check_readable(path)
    if path.stat().st_mode & stat.S_IRWXO:
        text = "the private key is open to every user of this machine"
        raise _misconfigured(path, text, f"chmod o= {path}")


def _misconfigured(subject: object, text: str, hint: str = "") -> Misconfigured:
    return Misconfigured(Problem(str(subject), None, None, text, hint))


def bind_unix_socket(path: Path) -> socket.socket:
    """Bind a Unix socket that its owner and group may use; the file of a dead process is replaced.

    Raises: Unavailable if somebody listens there; OSError.
    """
    _remove_dead_socket(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(0o660)  # before listen(): nobody can have connected yet
    except BaseException:
        listening.close()
        raise
    return listening


def _remove_dead_socket(path: Path) -> None:
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise _misconfigured(path, "the file is not a socket", "move it, or name another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise Unavailable(f"{Endpoint(path=path)}: another process listens there")


def remove_unix_socket(path: Path, file: os.stat_result) -> None:
    """Remove our socket file, unless another process has put its own there."""
    with suppress(OSError):
        if os.path.samestat(path.lstat(), file):
            path.unlink()


def bind_failure(endpoint: Endpoint, error: OSError | UnicodeError) -> MaildeskError:
    """Return what to tell the admin when an endpoint cannot be listened at."""
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return _misconfigured(endpoint, "the host is not known", "name an address of this machine")
    if error.errno == errno.EADDRINUSE:
        return Unavailable(f"{endpoint}: another process listens there")
    is_privileged = error.errno == errno.EACCES and endpoint.path is None
    hint = "ports below 1024 need the capability CAP_NET_BIND_SERVICE" if is_privileged else ""
    return _misconfigured(endpoint, f"cannot listen there: {error.strerror or error}", hint)
