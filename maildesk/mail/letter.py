"""One letter from template to bytes: the job that a child process does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maildesk.mail.compose import compose
from maildesk.mail.message import Address, Attachment, File, OutboundMail
from maildesk.mail.parse import extract_parts
from maildesk.mail.templates import SUFFIX, BadTemplate, render


@dataclass(frozen=True, slots=True)
class LetterJob:
    """All that one letter needs. A non-empty `subject` wins over the template's: a ticket keeps
    one subject for life. `facts` are plain values only, so that the job can be pickled. `kind`
    names the template where it fails."""

    source: str
    facts: Mapping[str, object]
    sender: Address
    to: Address
    message_id: str
    date: datetime
    timezone: str = "UTC"
    language: str = "en"
    subject: str = ""
    reply_to: Address | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    auto_submitted: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    kind: str = ""
    parts: tuple[Attachment, ...] = ()  # taken out of the mail that `write_letters` is handed


def write_letters(jobs: Sequence[LetterJob], raw: bytes) -> list[bytes]:
    """Write letters whose files are parts of the mail `raw`; each part is decoded once."""
    wanted = list(dict.fromkeys(part for job in jobs for part in job.parts))
    contents = extract_parts(raw, [attachment.part for attachment in wanted])
    files = {
        attachment.part: File(
            attachment.filename, attachment.content_type, content, attachment.content_id
        )
        for attachment, content in zip(wanted, contents, strict=True)
    }
    return [
        write_letter(replace(job, files=tuple(files[part.part] for part in job.parts)))
        for job in jobs
    ]


def write_letter(job: LetterJob) -> bytes:
    """Render and compose the letter; bytes as RFC 5322 with CRLF. Raises: BadTemplate."""
    try:
        rendered = render(job.source, job.facts, timezone=job.timezone, language=job.language)
    except BadTemplate as error:
        place = f"{job.kind}{SUFFIX}: " if job.kind else ""
        raise BadTemplate(f"{place}{error}") from error
    mail = OutboundMail(
        sender=job.sender,
        to=job.to,
        subject=job.subject or rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=job.message_id,
        date=job.date,
        reply_to=job.reply_to,
        in_reply_to=job.in_reply_to,
        references=job.references,
        auto_submitted=job.auto_submitted,
        language=job.language,
        headers=job.headers,
        files=job.files,
    )
    return compose(mail)
