"""From notices to finished mails: wording and composing happen in a child process."""

from collections.abc import Sequence

from maildesk.desk.desk import Desk
from maildesk.mail.letter import LetterJob
from maildesk.mail.message import InboundMail
from maildesk.model.plan import Audience, Notice
from maildesk.store.letters import Letter

SUPPRESS = "DR, RN, NRN, AutoReply"
SUPPRESS_USER = f"{SUPPRESS}, OOF"  # an agent's vacation notice we want to see


def write_letters(
    desk: Desk, notices: Sequence[Notice], raw: bytes, mail: InboundMail | None
) -> tuple[Letter, ...]:
    """Return the finished letters; their files are taken out of `raw`.

    Raises: ChildError where wording or composing hangs or crashes.
    """
    if not notices:
        return ()
    jobs = [_job(desk, notice, mail) for notice in notices]
    with_files = any(notice.files for notice in notices)
    composed = desk.children.run("write_letters", jobs, raw if with_files else b"")
    return tuple(
        _letter(desk, notice, octets) for notice, octets in zip(notices, composed, strict=True)
    )


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
