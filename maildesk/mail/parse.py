"""Read a mail: bytes become an `InboundMail`, whatever they are.

The raw bytes are held against the limits first (`limits`), then split into parts (`parts`), sorted
into text and files (`visible`, `attachments`) and divided into new and quoted text (`body`). A mail
that is over a limit, or that we fail to read, still gives its header and its first 64 KiB as text.
Runs in a child process: see `desk.children`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from maildesk.mail import notes
from maildesk.mail.attachments import read_attachment
from maildesk.mail.body import split_body
from maildesk.mail.header import read_fields
from maildesk.mail.limits import HeaderBlock, ParseLimits, read_header
from maildesk.mail.message import Attachment, InboundMail, Span
from maildesk.mail.parts import Part, TooComplex, as_message, decoded, split_parts
from maildesk.mail.report import read_report
from maildesk.mail.trace import read_trace
from maildesk.mail.visible import as_text, lay_out, read_texts, show

_LIMITS = ParseLimits()
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_CALENDAR = ("text/calendar", "application/ics")


def parse_mail(raw: bytes, limits: ParseLimits = _LIMITS) -> InboundMail:
    """Read a mail; never raises but for want of memory. What was wrong is listed as defects."""
    raw = _with_line_ends(raw)
    mail = InboundMail(size=len(raw), content_key=_key("", [hashlib.sha256(raw).hexdigest()]))
    block = HeaderBlock((), 0)
    try:
        block = read_header(raw, limits)
        mail = _with_header(mail, block, limits)
        if block.is_whole:
            return _with_content(mail, raw, block, limits)
    except MemoryError:
        raise
    except TooComplex as error:
        mail = replace(mail, defects=(*mail.defects, str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the mail becomes a ticket
        mail = replace(mail, defects=(*mail.defects, f"cannot be read: {error!r}"[:300]))
    return _with_head(mail, raw[block.body_start :], limits)


def extract_parts(raw: bytes, parts: Sequence[str], limits: ParseLimits = _LIMITS) -> list[bytes]:
    """Return the decoded bytes of the parts with these paths, as `Attachment.part` names them.

    Raises: KeyError for a path that the mail does not have.
    """
    raw = _with_line_ends(raw)
    root, _ = split_parts(raw, read_header(raw, limits), limits)
    found = {part.path: part for part in root.walk()}
    return [decoded(raw, found[path]) for path in parts]


def _with_line_ends(raw: bytes) -> bytes:
    """A mail whose lines end in CR alone is as readable as any."""
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def _with_header(mail: InboundMail, block: HeaderBlock, limits: ParseLimits) -> InboundMail:
    header = read_fields(block.fields, addresses=limits.addresses, references=limits.references)
    return replace(
        mail,
        message_id=header.message_id,
        in_reply_to=header.in_reply_to,
        references=header.references,
        senders=header.senders,
        reply_to=header.reply_to,
        to=header.to,
        cc=header.cc,
        delivered_to=header.delivered_to,
        subject=header.subject,
        date=header.date,
        language=header.language,
        headers=header.fields,
        trace=read_trace(block.fields),
        defects=(*block.defects, *header.defects),
    )


def _with_content(
    mail: InboundMail, raw: bytes, block: HeaderBlock, limits: ParseLimits
) -> InboundMail:
    root, defects = split_parts(raw, block, limits)
    layout = lay_out(raw, root)
    visible = read_texts(raw, layout, limits)
    attachments = tuple(read_attachment(raw, part, visible.html, limits) for part in layout.files)
    division = split_body(visible.text, visible.quoted, visible.signature)
    mail = replace(
        mail,
        content_key=content_key(mail, raw, root, attachments),
        text=visible.text,
        reply=division.reply,
        quoted=division.quoted,
        signature=division.signature,
        forwarded=division.forwarded,
        is_html_only=visible.is_html_only,
        new_in_html=visible.new_in_html,
        attachments=attachments,
        report=read_report(as_message(raw, root), visible.text),
        defects=(*mail.defects, *dict.fromkeys(defects), *visible.defects),
    )
    return _with_notes(mail, _notes(layout.files))


def _with_head(mail: InboundMail, body: bytes, limits: ParseLimits) -> InboundMail:
    """The first 64 KiB as they stand, for a mail that cannot be read any better."""
    text = show(body[: limits.head_bytes])
    key = _key(_identity(mail), [hashlib.sha256(body).hexdigest()])
    return replace(
        mail,
        content_key=key,
        text=text,
        reply=(Span(0, len(text)),) if text else (),
        quoted=(),
        signature=(),
    )


# --- what the text cannot show ------------------------------------------------------------------


def _notes(files: Iterable[Part]) -> list[str]:
    """A line for each kind of part that a reader would miss in the text."""
    return list(dict.fromkeys(note for part in files if (note := _note(part))))


def _note(part: Part) -> str:
    kind = part.content_type
    if kind == "application/pgp-encrypted":
        return notes.ENCRYPTED
    if kind in _SMIME:
        is_signed = part.parameter("smime-type").lower().startswith("signed")
        return notes.SIGNED if is_signed else notes.ENCRYPTED
    if kind in _TNEF:
        return notes.OUTLOOK
    return notes.CALENDAR if kind in _CALENDAR else ""


def _with_notes(mail: InboundMail, lines: Sequence[str]) -> InboundMail:
    """The mail with the notes behind its text; they count as written by the writer."""
    if not lines:
        return mail
    start = len(mail.text)
    text = "\n\n".join(filter(None, (mail.text, "\n".join(lines))))
    return replace(mail, text=text, reply=(*mail.reply, Span(start, len(text))))


# --- content key --------------------------------------------------------------------------------


def content_key(
    mail: InboundMail, raw: bytes, root: Part, attachments: Sequence[Attachment]
) -> str:
    """Return the hash by which copies of a mail are known, whatever way they came.

    It covers who wrote, when, about what, and each part decoded: not the trace fields, transfer
    encodings, boundaries, or line ends and trailing spaces of text.
    """
    known = {attachment.part: attachment.sha256 for attachment in attachments}
    contents = [
        known.get(part.path) or _text_hash(raw, part) for part in root.walk() if not part.children
    ]
    return _key(_identity(mail), contents)


def _text_hash(raw: bytes, part: Part) -> str:
    text, _ = as_text(decoded(raw, part), part.parameter("charset") or None)
    bare = "\n".join(line.rstrip() for line in text.rstrip().split("\n"))
    return hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()


def _identity(mail: InboundMail) -> str:
    senders = " ".join(sender.key for sender in mail.senders)
    return "\n".join((mail.message_id or "", senders, mail.header("date") or "", mail.subject))


def _key(identity: str, contents: Iterable[str]) -> str:
    written = "\n".join((identity, *contents))
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()
