"""One letter from template to bytes: the job that a child process does."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from maildesk.mail.compose import compose
from maildesk.mail.letter_job import Enclosure, LetterJob
from maildesk.mail.message import Attachment, File, OutboundMail
from maildesk.mail.parse import extract_parts
from maildesk.mail.template_sources import BadTemplate
from maildesk.mail.templates import render

_GONE = b"This file is not kept here any more, or does not fit into this mail.\r\n"


def write_letters(jobs: Sequence[LetterJob], *raws: bytes) -> list[bytes]:
    """Write letters whose files are parts of these mails; each part is decoded once."""
    files = _files({enclosure for job in jobs for enclosure in job.enclosures}, raws)
    return [
        write_letter(replace(job, files=tuple(files[one] for one in job.enclosures)))
        for job in jobs
    ]


def _files(wanted: Iterable[Enclosure], raws: Sequence[bytes]) -> dict[Enclosure, File]:
    by_mail: dict[int | None, list[Enclosure]] = defaultdict(list)
    for enclosure in wanted:
        by_mail[enclosure.mail].append(enclosure)
    missing = by_mail.pop(None, [])
    files = {enclosure: _note(enclosure.file) for enclosure in missing}
    for mail, enclosures in by_mail.items():
        files |= _taken_out(raws[mail or 0], enclosures)
    return files


def _taken_out(raw: bytes, enclosures: Sequence[Enclosure]) -> dict[Enclosure, File]:
    try:
        contents = extract_parts(raw, [enclosure.file.part for enclosure in enclosures])
    except KeyError:  # an older version, which read the mail when it came, counted otherwise
        return {enclosure: _note(enclosure.file) for enclosure in enclosures}
    pairs = zip(enclosures, contents, strict=True)
    return {enclosure: _file(enclosure.file, content) for enclosure, content in pairs}


def _file(part: Attachment, content: bytes) -> File:
    return File(part.filename, part.content_type, content, part.content_id)


def _note(part: Attachment) -> File:
    """What stands in for a file that is named and not to be had."""
    return File(f"{part.filename}.txt", "text/plain", _GONE)


def write_letter(job: LetterJob) -> bytes:
    """Render and compose the letter; bytes as RFC 5322 with CRLF. Raises: BadTemplate."""
    try:
        rendered = render(job.source, job.facts, timezone=job.timezone, language=job.language)
    except BadTemplate as error:
        place = f"{job.source.file}: " if job.source.file else ""
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
