"""From the outbox to the next server: claim, submit, write down what became of it."""

import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import structlog

from maildesk.desk.alerts import send_alert
from maildesk.desk.desk import Desk
from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope, Source, Submit
from maildesk.model.plan import Alert
from maildesk.store import outbox
from maildesk.store.outbox import Outgoing

log = structlog.get_logger()

BATCH = 50


def deliver_due(desk: Desk, submit: Submit, limit: int = BATCH) -> int:
    """Send what is due; return how many mails were tried."""
    due = outbox.claim_due(desk.database, desk.clock(), limit)
    with _Marks(desk) as marks:
        for outgoing in due:
            result = _submit(submit, outgoing)
            marks.note(outgoing.id, result)
            _tell(desk, outgoing, result)
    return len(due)


class _Marks:
    """Writes down what became of the letters while the next one is under way, in one transaction
    all that came together meanwhile. A process that dies has sent a letter or two that nobody
    wrote down; they go out again, with the same Message-ID."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._noted: list[tuple[int, DeliveryResult]] = []
        self._writing: Future[object] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._thread:
            if self._noted:
                self._write()
            if self._writing:
                self._writing.result()

    def note(self, letter: int, result: DeliveryResult) -> None:
        """Take down one result. Raises: Temporary where an earlier one could not be written."""
        self._noted.append((letter, result))
        if self._writing is None or self._writing.done():
            self._write()

    def _write(self) -> None:
        if self._writing:
            self._writing.result()
        noted, self._noted = self._noted, []
        desk = self._desk
        self._writing = self._thread.submit(outbox.mark_all, desk.database, noted, desk.clock())


def _submit(submit: Submit, outgoing: Outgoing) -> DeliveryResult:
    envelope = Envelope(Source.SMTP, outgoing.reverse_path, (outgoing.recipient,))
    try:
        return submit(outgoing.raw, envelope)
    except Exception:  # noqa: BLE001 - a bug must not stop the other mails
        error = traceback.format_exc()
        log.error("submission failed", outgoing=outgoing.id, error=error)
        return DeliveryResult(DeliveryState.DEFERRED, error.splitlines()[-1])


def _tell(desk: Desk, outgoing: Outgoing, result: DeliveryResult) -> None:
    log.info(
        "mail out",
        outgoing=outgoing.id,
        message_id=outgoing.message_id,
        ticket=outgoing.ticket,
        state=str(result.state),
        reply=result.text,
    )
    if result.state is DeliveryState.FAILED and outgoing.ticket:
        problem = f"Mail of #{outgoing.ticket} to {outgoing.recipient} was refused"
        send_alert(desk, Alert(f"refused:{outgoing.id}", problem, result.text))
