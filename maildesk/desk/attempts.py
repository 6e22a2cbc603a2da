"""Attempts on receipts that failed: what is noted, and who is told when it was the last."""

import traceback

import structlog

from maildesk.desk.alerts import send_alert
from maildesk.desk.child_process import ChildError
from maildesk.desk.desk import Desk
from maildesk.model.plan import Alert
from maildesk.store import finishing
from maildesk.store.apply import Stale
from maildesk.store.claims import Receipt

log = structlog.get_logger()


def fail(desk: Desk, receipt: Receipt, error: Exception) -> None:
    """Note a failed attempt; after the last one the receipt is set aside, and the admins told."""
    words = words_of(error)
    log.error("mail failed", receipt=receipt.id, attempt=receipt.attempts, error=words)
    if finishing.fail(desk.database, receipt.id, words, desk.clock()):
        _tell_set_aside(desk, receipt.id, words)


def words_of(error: Exception) -> str:
    """Return what an admin is shown: for our own errors what they say, for a bug where it is."""
    if isinstance(error, ChildError):
        return error.text
    if isinstance(error, Stale):
        return f"What it was decided on had changed each time it was written: {error}"
    return "".join(traceback.format_exception(error))


def report_set_aside(desk: Desk) -> None:
    """Set aside what died with the daemon three times, and tell the admins."""
    for lost in finishing.set_aside(desk.database, desk.clock()):
        _tell_set_aside(desk, lost.id, lost.error)


def _tell_set_aside(desk: Desk, receipt: int, error: str) -> None:
    problem = f"Mail {receipt} is set aside: it failed three times"
    detail = f"{error}\nAfter the fix: maildesk journal retry {receipt}"
    send_alert(desk, Alert(f"receipt:{receipt}", problem, detail))
