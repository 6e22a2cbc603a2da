"""One letter from template to bytes: the job that a child process does."""

from collections.abc import Sequence
from dataclasses import replace

from maildesk.mail.compose import compose
from maildesk.mail.letter_job import LetterJob
from maildesk.mail.message import File, OutboundMail
from maildesk.mail.parse import extract_parts
from maildesk.mail.template_sources import SUFFIX, BadTemplate
from maildesk.mail.templates import render


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
