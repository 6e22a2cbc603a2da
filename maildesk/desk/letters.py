"""From notices to finished mails: wording and composing happen in a child process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from maildesk.desk.children import ChildError
from maildesk.desk.desk import Desk
from maildesk.mail.letter_job import LetterJob
from maildesk.mail.message import InboundMail
from maildesk.mail.template_sources import BadTemplate, Sources, load_sources
from maildesk.model.plan import Alert, Audience, Notice
from maildesk.share import share_folder
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


def write_letters(
    desk: Desk, orders: Iterable[Order], complain: Callable[[Alert], None]
) -> Iterator[tuple[Letter, ...] | Exception]:
    """Have letters written while the next order is still being made; return when all are ordered.

    The iterator gives the finished letters of each order, or what went wrong with it. Where a
    template of the admin's own fails, ours is used, and he is told by `complain`.
    """
    ordered: list[Order] = []

    def arguments() -> Iterator[tuple[object, ...]]:
        for one in orders:
            ordered.append(one)
            yield one.jobs, one.raw

    written = desk.children.run_many("write_letters", arguments())
    pairs = zip(ordered, written, strict=True)
    return (_finished(desk, one, result, complain) for one, result in pairs)


def _finished(
    desk: Desk,
    ordered: Order,
    written: Sequence[bytes] | Exception,
    complain: Callable[[Alert], None],
) -> tuple[Letter, ...] | Exception:
    if isinstance(written, BadTemplate | ChildError) and _has_own_templates(desk, ordered):
        problem = "A template of yours fails; the one that ships with maildesk is used"
        complain(Alert("template", problem, written.text))
        written = _write_by_ours(desk, ordered)
    if isinstance(written, Exception):
        return written
    pairs = zip(ordered.notices, written, strict=True)
    return tuple(_letter(desk, notice, octets) for notice, octets in pairs)


@cache
def _our_sources() -> Sources:
    return load_sources([share_folder("templates")])


def _has_own_templates(desk: Desk, ordered: Order) -> bool:
    """Whether a template of the admin's has a part in these letters."""
    ours = _our_sources()
    named = [(notice.kind, notice.language) for notice in ordered.notices]
    return any(desk.sources.find(*name) != ours.find(*name) for name in named)


def _write_by_ours(desk: Desk, ordered: Order) -> Sequence[bytes] | Exception:
    """Have letters written by the templates that ship with maildesk."""
    pairs = zip(ordered.jobs, ordered.notices, strict=True)
    jobs = tuple(
        replace(job, source=_our_sources().find(notice.kind, notice.language))
        for job, notice in pairs
    )
    (written,) = desk.children.run_many("write_letters", [(jobs, ordered.raw)])
    return cast(Sequence[bytes] | Exception, written)


def _job(desk: Desk, notice: Notice, mail: InboundMail | None) -> LetterJob:
    attachments = mail.attachments if mail else ()
    return LetterJob(
        kind=notice.kind,
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
