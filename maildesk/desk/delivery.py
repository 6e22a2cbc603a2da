"""From the outbox to the next server: claim, submit, write down what became of it."""

import traceback

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
    for outgoing in due:
        result = _submit(submit, outgoing)
        outbox.mark(desk.database, outgoing.id, result, desk.clock())
        _tell(desk, outgoing, result)
    return len(due)


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
