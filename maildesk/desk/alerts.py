"""Alerts: what an admin must know, by mail, by apprise where that is set up, and in the log. One
key is sent once an hour at most, or as rarely as the alert says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import structlog

from maildesk.desk.desk import Desk
from maildesk.desk.letters import order, write_letters
from maildesk.errors import MaildeskError, Temporary
from maildesk.mail.identifiers import unique_part
from maildesk.mail.message import Address
from maildesk.model.plan import Alert, Audience, Notice
from maildesk.policy.due.paging import ALERTS, USEFUL_FOR
from maildesk.store import outbox
from maildesk.store.alerts import is_due, may_alert
from maildesk.store.apply import Stale

log = structlog.get_logger()


@contextmanager
def by_itself(desk: Desk, key: str, problem: str) -> Iterator[None]:
    """Do one thing of many, so that it holds up no other where it fails: the admins are told the
    problem under this key. What is not due any more is no failure. Raises: Temporary."""
    try:
        yield
    except Stale as error:
        log.info("not due any more", what=key, reason=str(error))
    except Temporary:
        raise
    except Exception as error:
        log.exception("not done", what=key)
        send_alert(desk, Alert(key, problem, repr(error)))


def send_alert(desk: Desk, alert: Alert) -> None:
    """Log the alert and queue it to every admin; a desk that cannot is told in the log only."""
    try:
        with desk.database.read() as session:
            if not is_due(session, alert.key, desk.clock(), alert.every):
                return
        _log(alert)
        notices = [_notice(desk, alert, to) for to in desk.rules.admins]
        notices += [_page(desk, alert)] if ALERTS in desk.rules.pagers else []
        (letters,) = write_letters(desk, [order(desk, notices)], _log)
        if isinstance(letters, Exception):
            raise letters
        with desk.database.write() as session:
            if may_alert(session, alert.key, desk.clock(), alert.every):
                outbox.put(session, letters, desk.clock())
                desk.queued.set()
    except MaildeskError as error:
        _log(alert)
        log.error("alert not queued", key=alert.key, error=error.text)


def tell_silent_pagers(desk: Desk) -> None:
    """Alert the admins, once a day, of pagers that cannot ring for want of apprise."""
    silent = desk.rules.silent_pagers
    if silent:
        problem = "apprise is not installed: pages and alerts go out by mail only"
        alert = Alert("paging", problem, ", ".join(silent), every=timedelta(days=1))
        send_alert(desk, alert)


def _log(alert: Alert) -> None:
    log.error("alert", key=alert.key, problem=alert.problem, detail=alert.detail)


def _page(desk: Desk, alert: Alert) -> Notice:
    return replace(_notice(desk, alert, ALERTS), useful_for=USEFUL_FOR)


def _notice(desk: Desk, alert: Alert, admin: str) -> Notice:
    now, queue = desk.clock(), desk.rules.default_queue
    lines = alert.detail.splitlines()
    cause = f"alert:{alert.key}:{now:%Y%m%dT%H%M%S.%f}"
    return Notice(
        kind="health",
        audience=Audience.ADMIN,
        ticket=None,
        cause=cause,
        to=Address("", admin),
        sender=Address("maildesk", queue.addresses[0]),
        subject="",
        message_id=f"health.{unique_part(cause + admin)}@{desk.rules.reply.domain}",
        facts={
            "desk": {"name": queue.name, "address": queue.addresses[0]},
            "problem": alert.problem,
            "detail": alert.detail if len(lines) == 1 else "",
            "since": now,
            "is_about_mail": alert.is_about_mail,
            "lines": lines[-20:] if len(lines) > 1 else [],
        },
        auto_submitted="auto-generated",
        timezone=desk.rules.timezone,
    )
