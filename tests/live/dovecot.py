"""A private Dovecot on free ports, with Maildirs of its own and a certificate of a test CA.

As root it delivers mail as the account `nobody` and uses Dovecot's own accounts; as anybody else it
runs wholly under that account, which needs nothing but the binary `dovecot` (Debian: the package
dovecot-imapd) and a /tmp that it may write to.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import trustme

PASSWORD = "correct-horse"
IS_ROOT = os.geteuid() == 0
ACCOUNT = pwd.getpwnam("nobody") if IS_ROOT else pwd.getpwuid(os.geteuid())


def wait_until(is_so: Callable[[], object], seconds: float = 30.0, what: str = "") -> None:
    """Wait for a condition; fail when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or is_so}")
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_over(process: psutil.Process) -> bool:
    """Whether it is dead; whoever adopted it may take a while to ask how it ended."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


class Dovecot:
    """A running server. `capability` overrides what it claims to do; `prefix` is that of the
    user's folders ("INBOX." as on Courier); `extra` is appended to its settings,
    where $base stands for its folder."""

    def __init__(self, *, capability: str = "", prefix: str = "", extra: str = "") -> None:
        binary = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not binary:
            raise RuntimeError("dovecot is missing; install it with: apt-get install dovecot-imapd")
        self._binary = binary
        # Not pytest's folder: the mail account must reach it, and socket paths are short.
        self.base = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.base.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.authority = trustme.CA()
        self.ca = self.base / "ca.pem"
        self.authority.cert_pem.write_to_path(self.ca)
        certificate = self.authority.issue_cert("localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(self.base / "server.pem")
        (self.base / "users").mkdir()
        os.chown(self.base / "users", ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        self._write_settings(capability, prefix, extra)
        self._delivered = 0
        self.start()

    def _write_settings(self, capability: str, prefix: str, extra: str) -> None:
        if IS_ROOT:
            accounts = ""
        else:
            accounts = (
                f"default_internal_user = {ACCOUNT.pw_name}\n"
                f"default_internal_group = {ACCOUNT.pw_gid}\n"
                f"default_login_user = {ACCOUNT.pw_name}\n"
            )
        (self.base / "dovecot.conf").write_text(
            f"""
protocols = imap
listen = 127.0.0.1
base_dir = {self.base}/run
state_dir = {self.base}/state
log_path = {self.base}/log
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{self.base}/users/%u/Maildir
mail_uid = {ACCOUNT.pw_uid}
mail_gid = {ACCOUNT.pw_gid}
mail_fsync = never
disable_plaintext_auth = no
auth_failure_delay = 0
auth_debug = yes
ssl = yes
ssl_cert = <{self.base}/server.pem
ssl_key = <{self.base}/server.pem
{accounts}
{f"imap_capability = {capability}" if capability else ""}
namespace inbox {{
  inbox = yes
  separator = {"." if prefix else "/"}
  prefix = {prefix}
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={ACCOUNT.pw_uid} gid={ACCOUNT.pw_gid} home={self.base}/users/%u
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    address = 127.0.0.1
    port = {self.port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{extra.replace("$base", str(self.base))}
"""
        )

    # --- life ---

    @property
    def log(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self.base / "log").read_text(errors="replace")
        return ""

    def start(self) -> None:
        with (self.base / "start").open("w+") as words:  # a pipe would be held open by the daemon
            started = subprocess.run(
                [self._binary, "-c", str(self.base / "dovecot.conf")],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                timeout=30,
            )
            words.seek(0)
            assert started.returncode == 0, words.read()
        wait_until(self._is_up, 30, "Dovecot listens")

    def _is_up(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                return probe.recv(4) == b"* OK"
        except OSError:
            return False

    def _processes(self) -> list[psutil.Process]:
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            master = psutil.Process(int((self.base / "run" / "master.pid").read_text()))
            return [master, *master.children(recursive=True)]
        return []

    def signal(self, number: int) -> None:
        """Send a signal to the server and all of its children."""
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        """Kill -9 the server with all of its children."""
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(lambda: all(map(_is_over, processes)), 30, "Dovecot is dead")
        # Else a new one takes a master for alive that is dead and not yet asked how it ended.
        (self.base / "run" / "master.pid").unlink(missing_ok=True)

    def close(self) -> None:
        """End the server, without the second that it takes on SIGTERM, and remove its folder."""
        self.kill()
        shutil.rmtree(self.base, ignore_errors=True)

    # --- mail ---

    def maildir(self, user: str, folder: str = "") -> Path:
        """The Maildir of a user's INBOX, or of another folder (".Processed")."""
        path = self.base / "users" / user / "Maildir"
        return path / folder if folder else path

    def deliver(self, user: str, raw: bytes, *, arrived_at: float | None = None) -> None:
        """Put a mail into the user's INBOX, as an MTA would."""
        maildir = self.maildir(user)
        for path in (maildir.parent, maildir, *(maildir / part for part in ("tmp", "new", "cur"))):
            if not path.exists():
                path.mkdir(exist_ok=True)  # Dovecot may be making it at this moment
                os.chown(path, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        self._delivered += 1
        name = f"{int(arrived_at or time.time())}.M{self._delivered}P{os.getpid()}.test"
        written = maildir / "tmp" / name
        written.write_bytes(raw)
        if arrived_at:
            os.utime(written, (arrived_at, arrived_at))
        os.chown(written, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        written.rename(maildir / "new" / name)

    def renumber(self, user: str) -> None:
        """Forget all UIDs: the INBOX gets a new UIDVALIDITY."""
        maildir = self.maildir(user)
        # The file dovecot-uidvalidity stays: within one second the new value would be the old one.
        for path in (maildir / "dovecot-uidlist", *maildir.glob("dovecot.*")):
            path.unlink(missing_ok=True)

    def mails(self, user: str, folder: str = "") -> list[bytes]:
        """Return the mails that lie in a folder."""
        maildir = self.maildir(user, folder)
        found = [path for part in ("new", "cur") for path in (maildir / part).glob("*")]
        return [path.read_bytes() for path in found]

    def count(self, user: str, folder: str = "") -> int:
        """Return how many mails lie in a folder."""
        maildir = self.maildir(user, folder)
        return sum(1 for part in ("new", "cur") for _ in (maildir / part).glob("*"))
