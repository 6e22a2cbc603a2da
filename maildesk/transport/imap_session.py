"""One log-in to one mailbox: everything that is said to an IMAP server, in the poller's words.

UIDs only, never sequence numbers: those shift under our feet. Whether somebody has read a mail is
neither asked nor changed.
Nothing is ever expunged but the very UIDs that we copied (RFC 4315 section 2.1).
"""

import contextlib
import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from imapclient import DELETED
from imapclient.exceptions import (
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
)

from maildesk.errors import Permanent
from maildesk.settings import Mailbox
from maildesk.transport.imap_connection import Client
from maildesk.transport.imap_trouble import Refused, clean, is_passing

SEARCH_UIDS = 50_000  # one answer line holds all UIDs of a search
LINE_UIDS = 500  # UIDs named in one command
GOODBYE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as SELECT shows it. `uidvalidity` 0: its UIDs do not outlive the session."""

    uidvalidity: int
    next_uid: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail before it is fetched. `size` is the server's word; `arrived_at` its INTERNALDATE."""

    uid: int
    size: int
    arrived_at: datetime | None


class Session:
    """A logged-in connection. Not thread-safe, but for `interrupt`."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Connect and log in; the password is sent only to whom the certificate names."""
        self._mailbox = mailbox
        context = None if mailbox.tls == "none" else _tls_context(mailbox)
        self._client = Client(
            mailbox.host,
            mailbox.port,
            context if mailbox.tls == "implicit" else None,
            is_loopback_only=mailbox.tls == "none",
        )
        self._processed: str | None = None
        self._is_writable = True
        try:
            self._log_in(context if mailbox.tls == "starttls" else None)
        except BaseException:
            self._client.connection.shutdown()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._say_goodbye()
        self._client.connection.shutdown()

    def interrupt(self) -> None:
        """Make whatever this session is doing fail soon; for another thread."""
        self._client.connection.interrupt()

    # --- looking ---

    @property
    def has_news(self) -> bool:
        """Mail was announced since the last `select`."""
        return self._client.connection.has_news

    @property
    def may_idle(self) -> bool:
        """The server announces mail by itself (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def select(self) -> Folder:
        """Open the folder afresh: UIDVALIDITY is looked at on every round."""
        try:
            answer = self._client.select_folder(self._mailbox.folder)
        except IMAPClientReadOnlyError:
            self._is_writable = False
            answer = self._client.select_folder(self._mailbox.folder, readonly=True)
        self._client.connection.untagged_responses.clear()
        return Folder(
            uidvalidity=_number(answer.get(b"UIDVALIDITY")) or 0,
            next_uid=_number(answer.get(b"UIDNEXT")),
            count=_number(answer.get(b"EXISTS")) or 0,
        )

    def search(self, folder: Folder, first_uid: int) -> list[int]:
        """Return the UIDs from `first_uid` on, ascending; mail that is flagged as deleted was
        deleted by somebody."""
        if not folder.count:
            return []
        found: set[int] = set()
        for start, end in _stretches(folder, first_uid):
            found.update(self._client.search(["UNDELETED", "UID", f"{start}:{end}"]))
        return sorted(uid for uid in found if uid >= first_uid)  # n:* names the last mail, always

    def list_mails(self, uids: Sequence[int]) -> list[Listed]:
        """Return size and date of those that are still there."""
        answer: dict[int, dict[bytes, Any]] = {}
        for some in _chunks(uids, LINE_UIDS):
            answer |= self._ask(some, "RFC822.SIZE", "INTERNALDATE")
        return [
            Listed(uid, size, _aware(answer[uid].get(b"INTERNALDATE")))
            for uid in uids
            if uid in answer and isinstance(size := answer[uid].get(b"RFC822.SIZE"), int)
        ]

    def fetch(self, mails: Sequence[Listed]) -> dict[int, bytes]:
        """Return the mails that are still there, byte for byte."""
        # Exchange's sizes are estimates: allow as much again.
        self._client.connection.allow(sum(2 * mail.size for mail in mails))
        return self._fetch_bodies([mail.uid for mail in mails], "BODY.PEEK[]", b"BODY[]")

    def fetch_head(self, uid: int, limit_bytes: int) -> dict[int, bytes]:
        """Return the first bytes of a mail, if it is still there."""
        return self._fetch_bodies([uid], f"BODY.PEEK[]<0.{limit_bytes}>", b"BODY[]<0>")

    def _fetch_bodies(self, uids: list[int], what: str, key: bytes) -> dict[int, bytes]:
        bodies = {uid: found.get(key) for uid, found in self._ask(uids, what).items()}
        # None: deleted or moved by somebody between SEARCH and FETCH.
        return {uid: body for uid, body in bodies.items() if isinstance(body, bytes)}

    def _ask(self, uids: Sequence[int], *what: str) -> dict[int, dict[bytes, Any]]:
        """Fetch; where the server says NO to all because one has gone (RFC 5530 section 3), one by
        one."""
        try:
            answer: dict[int, dict[bytes, Any]] = self._client.fetch(uids, what)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            if "EXPUNGEISSUED" not in clean(error):
                raise
            self._client.connection.untagged_responses.clear()
            if len(uids) == 1:
                return {}
            return {uid: found for one in uids for uid, found in self._ask([one], *what).items()}
        return answer

    def wait(self, seconds: float, is_wanted: Callable[[], bool]) -> None:
        """Idle until the server announces mail, at most so long."""
        self._client.connection.idle(seconds, is_wanted)

    def touch(self) -> None:
        """Keep the connection from being closed for idleness."""
        self._client.noop()

    # --- moving ---

    def move(self, uids: Sequence[int]) -> str:
        """Move mails to the processed folder; return "" or why they stay in place for good.

        Raises: Refused where the server does not permit it."""
        if not uids:
            return ""
        target = self._processed_folder()
        try:
            return self._move_to(target, uids)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self._processed = None  # somebody may have deleted it
            if is_passing(words := clean(error)) and "OVERQUOTA" not in words:
                raise
            if "TRYCREATE" in words or "NONEXISTENT" in words:
                return self._retry_move(uids)
            raise Refused(words) from error

    def _retry_move(self, uids: Sequence[int]) -> str:
        target = self._processed_folder()
        try:
            return self._move_to(target, uids)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise Refused(clean(error)) from error

    def _move_to(self, target: str, uids: Sequence[int]) -> str:
        has_move = self._client.has_capability("MOVE")
        may_expunge = self._client.has_capability("UIDPLUS")
        for some in _chunks(uids, LINE_UIDS):
            if has_move:
                self._client.move(some, target)
                continue
            self._client.copy(some, target)
            self._client.add_flags(some, DELETED, silent=True)
            if may_expunge:
                # A bare EXPUNGE would take what others have flagged along.
                self._client.uid_expunge(some)
        return "" if has_move or may_expunge else "flagged as deleted: the server has no UIDPLUS"

    def _processed_folder(self) -> str:
        """Return the processed folder's full name; it is there afterwards."""
        if not self._is_writable:
            raise Refused(f"the folder {self._mailbox.folder} is read-only")
        if self._processed is None:
            self._processed = self._find_or_create(self._mailbox.processed)
        return self._processed

    def _find_or_create(self, wanted: str) -> str:
        prefix, delimiter = self._namespace()
        name = wanted.replace("/", delimiter) if delimiter else wanted
        full = name if name.startswith(prefix) else prefix + name
        for candidate in dict.fromkeys((full, wanted)):
            if any(found == candidate for _, _, found in self._client.list_folders("", candidate)):
                return candidate
        try:
            self._client.create_folder(full)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            if is_passing(clean(error)):
                raise
            raise Refused(f"the folder {full} cannot be created: {clean(error)}") from error
        with contextlib.suppress(imaplib.IMAP4.error):
            self._client.subscribe_folder(full)
        return full

    def _namespace(self) -> tuple[str, str]:
        """Return prefix and delimiter of the user's own folders (RFC 2342)."""
        if self._client.has_capability("NAMESPACE"):
            personal = self._client.namespace().personal
            if personal:
                prefix, delimiter = personal[0]
                return prefix or "", delimiter or ""
        listed = self._client.list_folders("", "INBOX")
        delimiter = listed[0][1] if listed else None
        return "", delimiter.decode("ascii", "replace") if delimiter else ""

    # --- coming and going ---

    def _log_in(self, starttls: ssl.SSLContext | None) -> None:
        connection = self._client.connection
        if connection.state != "NONAUTH":
            # A greeting of PREAUTH would keep us from STARTTLS (RFC 9051 section 7.1.4).
            raise imaplib.IMAP4.abort("the server says we are logged in before we are")
        if starttls:
            self._client.starttls(starttls)
        if self._client.has_capability("LOGINDISABLED"):
            raise LoginError("the server does not take passwords on this connection")
        user, password = self._mailbox.user, self._mailbox.password
        if not (user + password).isprintable():
            raise Permanent(f"mailbox {self._mailbox.name}: control character in user or password")
        if _is_atom(user) and password.isascii():
            self._client.login(user, password)
        else:  # LOGIN has no charset; RFC 4616 has UTF-8
            self._client.plain_login(user, password)

    def _say_goodbye(self) -> None:
        self._client.connection.sock.settimeout(GOODBYE_SECONDS)
        with contextlib.suppress(Exception):
            self._client.logout()


def _tls_context(mailbox: Mailbox) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if mailbox.ca:
        context.load_verify_locations(cafile=mailbox.ca)
    return context


def _is_atom(text: str) -> bool:
    """Say whether imaplib may send `text` as it stands (RFC 9051 section 9, astring)."""
    return text.isascii() and text.isprintable() and not set(text) & set(' (){%*"\\') and bool(text)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _aware(moment: object) -> datetime | None:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _stretches(folder: Folder, first_uid: int) -> Iterator[tuple[int, int | str]]:
    """Cut the UIDs from `first_uid` on so that no answer line grows long."""
    if folder.count > SEARCH_UIDS and folder.next_uid:
        while first_uid + SEARCH_UIDS < folder.next_uid:
            yield first_uid, first_uid + SEARCH_UIDS - 1
            first_uid += SEARCH_UIDS
    yield first_uid, "*"


def _chunks(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (uids[start : start + size] for start in range(0, len(uids), size))
