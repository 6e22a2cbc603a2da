"""The parts of which a daemon, and one round without a daemon, are made; built from the settings.

    open_desk        what every command needs that works on tickets
    open_submitter   the way out
    open_poller      a mailbox that is read

Here and in `cli` alone the clock is read.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from maildesk.desk.alerts import send_alert
from maildesk.desk.children import Children
from maildesk.desk.desk import Desk
from maildesk.desk.evidence import open_checker
from maildesk.in_force import take_over
from maildesk.mail.envelope import Receive
from maildesk.mail.template_sources import BadTemplate, Sources, load_sources
from maildesk.model.plan import Alert
from maildesk.policy.rules import Rules
from maildesk.settings import Mailbox, Send, Settings
from maildesk.share import template_folders
from maildesk.store import claims, sending
from maildesk.store.engine import open_database
from maildesk.store.mailboxes import MailboxMemory
from maildesk.transport.imap import Poller
from maildesk.transport.pager import PagerSubmitter
from maildesk.transport.submission import MaildirSubmitter, SmarthostSubmitter, Submitter

log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@contextmanager
def open_desk(
    settings: Settings, clock: Callable[[], datetime] = utc_now, *, readers: int = 2
) -> Iterator[Desk]:
    """Open the store, alone, and all that use cases need; close it at the end. `readers` is how
    many child processes read and write mails.

    Raises: Unavailable where a daemon runs on the same database, Misconfigured for a schema that
    is newer than the program.
    """
    with ExitStack() as stack:
        database = open_database(settings.database)
        left_running: list[str] = []
        stack.callback(lambda: None if left_running else database.close())
        database.hold_daemon_lock()
        migrated = database.migrate()
        if migrated:
            log.info("database migrated", backup=str(migrated.backup or ""), to=migrated.new)
        rules = take_over(database, settings, clock())
        claims.free_leases(database)
        sending.free_leases(database, clock())
        limits = settings.limits
        children = Children(
            count=readers, seconds=limits.parse_seconds, memory_bytes=limits.parse_bytes
        )
        stack.callback(children.close)
        checker = open_checker(children, rules.authentication)
        if checker:
            stack.callback(checker.close)
        sources, unreadable = _template_sources(settings.templates)
        desk = Desk(
            settings=settings,
            rules=rules,
            database=database,
            children=children,
            sources=sources,
            clock=clock,
            checker=checker,
            left_running=left_running,
        )
        if unreadable:
            problem = "Your templates cannot be read; those that ship with maildesk are used"
            send_alert(desk, Alert("templates", problem, unreadable))
        yield desk


def _template_sources(own: Path | None) -> tuple[Sources, str]:
    """The templates; where the admin's own cannot be read ours alone, and why."""
    try:
        return load_sources(template_folders(own)), ""
    except BadTemplate as error:
        return load_sources(template_folders(None)), error.text


def open_submitter(send: Send, hostname: str, rules: Callable[[], Rules]) -> Submitter:
    """Return the way out that the configuration names, with pagers beside it; `rules` returns those
    in force."""
    return PagerSubmitter(_open_mail_submitter(send, hostname), lambda: rules().pagers)


def _open_mail_submitter(send: Send, hostname: str) -> Submitter:
    if send.smarthost:
        return SmarthostSubmitter(send.smarthost, hostname)
    assert send.maildir is not None  # noqa: S101 - the configuration has one of both
    return MaildirSubmitter(send.maildir)


def open_poller(desk: Desk, mailbox: Mailbox, receive: Receive) -> Poller:
    """Return the reader of one mailbox; it does nothing yet."""

    def alert(key: str, problem: str) -> None:
        send_alert(desk, Alert(key, problem))

    return Poller(
        mailbox,
        receive,
        MailboxMemory(desk.database),
        clock=desk.clock,
        message_bytes=desk.settings.limits.message_bytes,
        backoff_seconds=desk.settings.backoff_seconds,
        alert=alert,
    )
