"""From the outbox to the next server: claim, submit, write down what became of it.

What has been sent is written down before anything else is sent: while the database does not let us,
the results are kept and nothing goes out, for it would go out twice.
"""

import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from maildesk.desk.desk import Desk
from maildesk.desk.undelivered import Tidings, tidings_of
from maildesk.errors import MaildeskError, Temporary
from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope, Source, Submit
from maildesk.store import sending
from maildesk.store.sending import Outgoing

log = structlog.get_logger()

BATCH = 50
AHEAD = 10  # letters sent at most while the results of earlier ones are being written

Result = tuple[int, DeliveryResult]


def deliver_due(desk: Desk, submit: Submit, limit: int = BATCH) -> int:
    """Send what is due, once; return how many mails were tried."""
    sender = Sender(desk, submit)
    try:
        return sender.deliver_due(limit)
    finally:
        sender.close()


class Sender:
    """Works the outbox off. Belongs to one thread, but for `interrupt`."""

    def __init__(self, desk: Desk, submit: Submit) -> None:
        self.on_progress: Callable[[], None] = lambda: None
        self._desk = desk
        self._submit = submit
        self._results = _Results(desk)
        self._untried: list[int] = []
        self._stopping = threading.Event()

    def deliver_due(self, limit: int = BATCH) -> int:
        """Send what is due; return how many mails were tried.

        Raises: Temporary where the database does not let us; nothing is sent until it does.
        """
        self._settle()
        if self._stopping.is_set():
            return 0
        due = sending.claim_due(self._desk.database, self._desk.clock(), limit)
        self._untried = [outgoing.id for outgoing in due]
        for outgoing in due:
            if self._stopping.is_set():
                break
            self._try(outgoing)
        tried = len(due) - len(self._untried)
        self._settle()
        return tried

    def stop_soon(self) -> None:
        """Try no further letter."""
        self._stopping.set()

    def close(self) -> None:
        """Write down what is known, and hand back what was not tried."""
        try:
            self._settle()
        except MaildeskError as error:
            log.error("results not written: these mails go out again", error=error.text)
        finally:
            self._results.close()

    def _settle(self) -> None:
        self._results.settle()
        if self._untried:
            sending.release(self._desk.database, self._untried)
            self._untried = []

    def _try(self, outgoing: Outgoing) -> None:
        result = _submit(self._submit, outgoing)
        self._untried.remove(outgoing.id)
        self.on_progress()
        log.info(
            "mail out",
            outgoing=outgoing.id,
            message_id=outgoing.message_id,
            ticket=outgoing.ticket,
            state=str(result.state),
            reply=result.text,
        )
        self._results.note(outgoing.id, result)


def _submit(submit: Submit, outgoing: Outgoing) -> DeliveryResult:
    if outgoing.is_too_late:
        reason = "; ".join(filter(None, ["too late to be of use", outgoing.error]))
        return DeliveryResult(DeliveryState.FAILED, reason)
    envelope = Envelope(Source.SMTP, outgoing.reverse_path, (outgoing.recipient,))
    try:
        return submit(outgoing.raw, envelope)
    except Exception:  # noqa: BLE001 - a bug must not stop the other mails
        error = traceback.format_exc()
        log.error("submission failed", outgoing=outgoing.id, error=error)
        return DeliveryResult(DeliveryState.DEFERRED, error.splitlines()[-1])


class _Results:
    """Writes down what became of letters while the next one is under way, in one transaction all
    that came together meanwhile. A process that dies has sent a few letters that nobody wrote down;
    they go out again, with the same Message-ID. What could not be written is kept and comes first.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._noted: list[Result] = []
        self._under_way: list[Result] = []
        self._writing: Future[None] | None = None

    def note(self, letter: int, result: DeliveryResult) -> None:
        """Take down one result. Raises: Temporary where an earlier one could not be written."""
        self._noted.append((letter, result))
        if self._writing and not self._writing.done() and len(self._noted) < AHEAD:
            return
        self._wait()
        self._begin()

    def settle(self) -> None:
        """Write all that was noted. Raises: Temporary, and keeps what could not be written."""
        self._wait()
        if self._noted:
            self._begin()
            self._wait()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _begin(self) -> None:
        self._under_way, self._noted = self._noted, []
        self._writing = self._thread.submit(_write_down, self._desk, tuple(self._under_way))

    def _wait(self) -> None:
        writing, self._writing = self._writing, None
        if writing is None:
            return
        try:
            writing.result()
        except BaseException:
            self._noted = [*self._under_way, *self._noted]
            raise
        finally:
            self._under_way = []


def _write_down(desk: Desk, results: Sequence[Result]) -> None:
    """Mark the letters, and tell of those that will not arrive, in one transaction."""
    now = desk.clock()
    tidings = _tidings(desk, results)
    try:
        with desk.database.write() as session:
            sending.mark_in(session, results, now)
            tidings.write(session, now)
    except Temporary:
        raise
    except Exception:
        log.exception("undelivered mail is not told of")
        sending.mark_all(desk.database, results, now)
        return
    tidings.tell(desk)


def _tidings(desk: Desk, results: Sequence[Result]) -> Tidings:
    """What failed for good: refused now, or given up after five days."""
    if all(result.state is DeliveryState.SENT for _, result in results):
        return Tidings()
    now = desk.clock()
    try:
        with desk.database.read() as session:
            outcomes = sending.foresee(session, results, now)
            failed = [outcome for outcome in outcomes if outcome.state == "failed"]
            return tidings_of(desk, session, failed, now)
    except Temporary:
        raise
    except Exception:  # that a mail was refused must not send it again
        log.exception("undelivered mail is not told of")
        return Tidings()
