"""From notices to finished mails: wording and composing happen in a child process."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from maildesk.desk.child_process import ChildError
from maildesk.desk.desk import Desk
from maildesk.errors import NotFound
from maildesk.mail.letter_job import Enclosure, LetterJob
from maildesk.mail.message import InboundMail
from maildesk.mail.template_sources import SUFFIX, BadTemplate, Source, Sources, load_sources
from maildesk.model.facts import StoredFile
from maildesk.model.plan import Alert, Audience, Notice, Plan
from maildesk.share import share_folder
from maildesk.store.letters import GIVE_UP_AFTER, Letter
from maildesk.store.stored_mails import raws_of

FILES_BYTES = 15_000_000  # of earlier mails that ride on one letter, whoever asked for more
RAWS_BYTES = 80_000_000  # of mails that such files are taken out of: a child must bear them
SUPPRESS = "DR, RN, NRN, AutoReply"
SUPPRESS_USER = f"{SUPPRESS}, OOF"  # an agent's vacation notice we want to see


@dataclass(frozen=True, slots=True)
class Order:
    """The letters of one occasion, to be written; their files are taken out of the mails `raws`."""

    notices: tuple[Notice, ...]
    jobs: tuple[LetterJob, ...]
    raws: tuple[bytes, ...]


def order(
    desk: Desk, notices: Sequence[Notice], raw: bytes = b"", mail: InboundMail | None = None
) -> Order:
    """Return all that it takes to write these letters; `files` of theirs are parts of this mail."""
    stored = _stored_raws(desk, notices)
    places = {receipt: place for place, receipt in enumerate(stored, 1)}
    jobs = tuple(_job(desk, notice, mail, places) for notice in notices)
    with_files = any(notice.files for notice in notices)
    return Order(tuple(notices), jobs, (raw if with_files else b"", *stored.values()))


def write_letters(
    desk: Desk, orders: Iterable[Order], complain: Callable[[Alert], None]
) -> Iterator[tuple[Letter, ...] | Exception]:
    """Have letters written while the next order is still being made; return when all are ordered.

    The iterator gives the finished letters of each order, or what went wrong with it. Where a
    template of the admin's own fails or is gone, ours is used, and he is told by `complain`.
    """
    ordered: list[Order] = []

    def arguments() -> Iterator[tuple[object, ...]]:
        for one in orders:
            ordered.append(one)
            yield one.jobs, *one.raws

    written = desk.children.run_many("write_letters", arguments())
    pairs = zip(ordered, written, strict=True)
    return (_finished(desk, one, result, complain) for one, result in pairs)


def letters_of(desk: Desk, plan: Plan, complain: Callable[[Alert], None]) -> tuple[Letter, ...]:
    """Have the letters of a plan written that no mail caused; raises what went wrong."""
    if not plan.notices:
        return ()
    (letters,) = write_letters(desk, [order(desk, plan.notices)], complain)
    if isinstance(letters, Exception):
        raise letters
    return letters


def _finished(
    desk: Desk,
    ordered: Order,
    written: Sequence[bytes] | Exception,
    complain: Callable[[Alert], None],
) -> tuple[Letter, ...] | Exception:
    for name in _missing(ordered):
        problem = f"There is no template “{name}”, which a rule names; the usual one is used"
        complain(Alert(f"template:{name}", problem, f"templates/en/{name}{SUFFIX} is not there"))
    own = _own_templates(ordered)
    if isinstance(written, BadTemplate | ChildError) and own:
        problem = "A template of yours fails; the one that ships with maildesk is used"
        named = "" if isinstance(written, BadTemplate) else f"{', '.join(own)}: "
        complain(Alert("template", problem, named + written.text))
        written = _write_by_ours(desk, ordered)
    if isinstance(written, Exception):
        return written
    pairs = zip(ordered.notices, written, strict=True)
    return tuple(_letter(desk, notice, octets) for notice, octets in pairs)


@cache
def _our_sources() -> Sources:
    return load_sources([share_folder("templates")])


def _missing(ordered: Order) -> Iterator[str]:
    """The templates that rules have named and that are not there."""
    for notice, job in zip(ordered.notices, ordered.jobs, strict=True):
        if notice.template and not job.source.file.endswith(f"/{notice.template}{SUFFIX}"):
            yield notice.template


def _own_templates(ordered: Order) -> list[str]:
    """The files of the admin's that have a part in these letters."""
    ours = _our_sources()
    pairs = zip(ordered.notices, ordered.jobs, strict=True)
    return [
        job.source.file
        for notice, job in pairs
        if job.source != ours.find(notice.kind, notice.language)
    ]


def _source(desk: Desk, notice: Notice) -> Source:
    """The template of a letter: one that a rule names may be gone."""
    if notice.template:
        with suppress(NotFound):
            return desk.sources.find(notice.template, notice.language)
    return desk.sources.find(notice.kind, notice.language)


def _write_by_ours(desk: Desk, ordered: Order) -> Sequence[bytes] | Exception:
    """Have letters written by the templates that ship with maildesk."""
    pairs = zip(ordered.jobs, ordered.notices, strict=True)
    jobs = tuple(
        replace(job, source=_our_sources().find(notice.kind, notice.language))
        for job, notice in pairs
    )
    (written,) = desk.children.run_many("write_letters", [(jobs, *ordered.raws)])
    return cast(Sequence[bytes] | Exception, written)


# --- files --------------------------------------------------------------------------------------


def _stored_raws(desk: Desk, notices: Iterable[Notice]) -> dict[int, bytes]:
    """The mails that files of these letters are taken out of, by receipt."""
    wanted = [stored.receipt for notice in notices for stored in _riding(notice.stored_files)]
    if not wanted:
        return {}
    with desk.database.read() as session:
        return raws_of(session, wanted, RAWS_BYTES)


def _riding(files: Iterable[StoredFile]) -> Iterator[StoredFile]:
    """Yield the files that fit into one letter together, as they come."""
    room = FILES_BYTES
    for stored in files:
        if stored.file.size <= room:
            room -= stored.file.size
            yield stored


def _enclosures(
    notice: Notice, mail: InboundMail | None, places: Mapping[int, int]
) -> Iterator[Enclosure]:
    """Yield the letter's files; `places` says which mail of the order a receipt is."""
    for file in mail.attachments if mail else ():
        if file.part in notice.files:
            yield Enclosure(0, file)
    riding = set(_riding(notice.stored_files))
    for stored in notice.stored_files:
        place = places.get(stored.receipt) if stored in riding else None
        yield Enclosure(place, stored.file)


# --- parts of a letter --------------------------------------------------------------------------


def _job(
    desk: Desk, notice: Notice, mail: InboundMail | None, places: Mapping[int, int]
) -> LetterJob:
    return LetterJob(
        source=_source(desk, notice),
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
        enclosures=tuple(_enclosures(notice, mail, places)),
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
        useful_for=notice.useful_for or GIVE_UP_AFTER,
    )
