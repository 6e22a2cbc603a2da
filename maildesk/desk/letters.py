"""From notices to finished mails: wording and composing happen in a child process."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from maildesk.desk.desk import Desk
from maildesk.mail.letter import LetterJob
from maildesk.mail.message import InboundMail
from maildesk.model.plan import Audience, Notice
from maildesk.store.letters import Letter

SUPPRESS = "DR, RN, NRN, AutoReply"
SUPPRESS_USER = f"{SUPPRESS}, OOF"  # an agent's vacation notice we want to see


@dataclass(frozen=True, slots=True)
class Order:
    """The letters of one occasion, to be written; their files are taken out of `raw`."""

    notices: tuple[Notice, ...]
    jobs: tuple[LetterJob, ...]
    raw: bytes


def order(
    desk: Desk, notices: Sequence[Notice], raw: bytes = b"", mail: InboundMail | None = None
) -> Order:
    """Return all that it takes to write these letters. Raises: NotFound for want of a template."""
    jobs = tuple(_job(desk, notice, mail) for notice in notices)
    with_files = any(job.parts for job in jobs)
    return Order(tuple(notices), jobs, raw if with_files else b"")


def write_letters(desk: Desk, orders: Iterable[Order]) -> Iterator[tuple[Letter, ...] | Exception]:
    """Have letters written while the next order is still being made; return when all are ordered.

    The iterator gives the finished letters of each order, or what went wrong with it.
    """
    ordered: list[Order] = []

    def arguments() -> Iterator[tuple[object, ...]]:
        for one in orders:
            ordered.append(one)
            yield one.jobs, one.raw

    written = desk.children.run_many("write_letters", arguments())
    return (_finished(desk, one, result) for one, result in zip(ordered, written, strict=True))


def _finished(
    desk: Desk, ordered: Order, written: Sequence[bytes] | Exception
) -> tuple[Letter, ...] | Exception:
    if isinstance(written, Exception):
        return written
    pairs = zip(ordered.notices, written, strict=True)
    return tuple(_letter(desk, notice, octets) for notice, octets in pairs)


def _job(desk: Desk, notice: Notice, mail: InboundMail | None) -> LetterJob:
    attachments = mail.attachments if mail else ()
    return LetterJob(
        source=desk.sources.find(notice.kind, notice.language),
        facts=notice.facts,
        timezone=notice.timezone,
        language=notice.language,
        sender=notice.sender,
        to=notice.to,
        reply_to=notice.reply_to,
        subject=notice.subject,
        message_id=notice.message_id,
        date=desk.clock(),
        in_reply_to=notice.in_reply_to,
        references=notice.references,
        auto_submitted=notice.auto_submitted,
        headers=_headers(desk, notice),
        parts=tuple(a for a in attachments if a.part in notice.files),
    )


def _headers(desk: Desk, notice: Notice) -> tuple[tuple[str, str], ...]:
    """Return what keeps other machines from answering, and us from answering ourselves."""
    if not notice.auto_submitted:
        return ()
    suppress = SUPPRESS_USER if notice.audience is Audience.REQUESTER else SUPPRESS
    return (("X-Auto-Response-Suppress", suppress), ("X-Maildesk-Loop", desk.rules.domain))


def _letter(desk: Desk, notice: Notice, raw: bytes) -> Letter:
    fixed = desk.settings.send.envelope
    reverse_path = notice.reverse_path
    if reverse_path and fixed != "token":
        reverse_path = fixed
    return Letter(
        kind=notice.kind,
        ticket=notice.ticket,
        cause=notice.cause,
        recipient=notice.to.address,
        recipient_key=notice.to.key,
        reverse_path=reverse_path,
        message_id=notice.message_id,
        raw=raw,
        is_answer=notice.is_answer,
        is_unverified=notice.is_unverified,
        audience=str(notice.audience),
    )
