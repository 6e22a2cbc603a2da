"""What a child process is told to write. Apart from `letter`, so that the daemon, which only tells,
imports neither parser nor templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from maildesk.mail.message import Address, Attachment, File
from maildesk.mail.template_sources import Source


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file to be taken out of one of the mails that `write_letters` is handed, counted from 0;
    None: its bytes are not to be had, and a note takes its place."""

    mail: int | None
    file: Attachment


@dataclass(frozen=True, slots=True)
class LetterJob:
    """All that one letter needs. A non-empty `subject` wins over the template's: a ticket keeps
    one subject for life. `facts` are plain values only, so that the job can be pickled."""

    source: Source
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
    enclosures: tuple[Enclosure, ...] = ()  # become `files`
