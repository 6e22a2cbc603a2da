"""Open a connection to the smarthost: TLS, log-in, and what went wrong in plain words.

TLS is implicit or required (RFC 8314): a server that offers no STARTTLS, or somebody between who
took it out, gets neither password nor mail.
"""

import contextlib
import ipaddress
import smtplib
import socket
import ssl
from dataclasses import dataclass

from maildesk.settings import Smarthost


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds a server may take for the connection, for a command, and after the final
    dot (RFC 5321 section 4.5.3.2: a shorter wait there makes second copies)."""

    connect: float = 15.0
    command: float = 300.0
    final_dot: float = 600.0


PATIENCE = Timeouts()


def connect(smarthost: Smarthost, hostname: str, timeouts: Timeouts) -> smtplib.SMTP:
    """Return a connection that is encrypted, greeted and logged in.

    Raises: OSError, smtplib.SMTPException.
    """
    if smarthost.tls == "none" and not _is_loopback(smarthost.host):
        raise smtplib.SMTPException("tls: none is for loopback only")
    connection = _open(smarthost, hostname, timeouts.connect)
    try:
        _send_at_once(connection)
        if smarthost.tls == "starttls":
            connection.starttls(context=_context(smarthost))  # raises where it is not offered
        connection.ehlo_or_helo_if_needed()
        if smarthost.user is not None and smarthost.password is not None:
            _log_in(connection, smarthost.user, smarthost.password)
    except Exception:
        connection.close()
        raise
    set_timeout(connection, timeouts.command)
    return connection


def is_alive(connection: smtplib.SMTP) -> bool:
    """Ask before a mail is at stake: servers close what stands idle."""
    try:
        return connection.rset()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def disconnect(connection: smtplib.SMTP, seconds: float) -> None:
    """Say goodbye, and wait no longer than `seconds` for the answer."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        set_timeout(connection, seconds)
        connection.quit()
    connection.close()


def set_timeout(connection: smtplib.SMTP, seconds: float) -> None:
    """Wait at most `seconds` for each reply from now on."""
    if connection.sock is not None:
        connection.sock.settimeout(seconds)


def describe(error: Exception) -> str:
    """Say what went wrong with the connection; never a secret."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {reply_text(error.smtp_error)}"
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    return str(error) or type(error).__name__


def reply_text(reply: bytes | str) -> str:
    """Decode a server's reply (UTF-8 where it is not ASCII: RFC 6531 section 3.7.4)."""
    return reply if isinstance(reply, str) else reply.decode("utf-8", "replace")


def _open(smarthost: Smarthost, hostname: str, seconds: float) -> smtplib.SMTP:
    host, port = smarthost.host, smarthost.port
    if smarthost.tls == "implicit":
        context = _context(smarthost)
        return smtplib.SMTP_SSL(host, port, hostname, timeout=seconds, context=context)
    return smtplib.SMTP(host, port, hostname, timeout=seconds)


def _send_at_once(connection: smtplib.SMTP) -> None:
    """The final dot is a packet of its own: held back for an acknowledgement it costs 40 ms."""
    if connection.sock is not None:
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _context(smarthost: Smarthost) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if smarthost.ca:
        context.load_verify_locations(smarthost.ca)
    return context


def _log_in(connection: smtplib.SMTP, user: str, password: str) -> None:
    try:
        connection.login(user, password)
    except smtplib.SMTPAuthenticationError as error:
        reply = f"{error.smtp_code} {reply_text(error.smtp_error)}"
        raise smtplib.SMTPException(f"the log-in of {user} was refused: {reply}") from None
    except UnicodeError:  # its text would show a letter of the password
        raise smtplib.SMTPException("the log-in has characters beyond ASCII") from None


def _is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
