"""Mail that no person wrote: which kind it is, by which signs, and whether it may be answered.

RFC 3834 (automatic responses), RFC 2369 and 2919 (lists), RFC 3464 (bounces), RFC 5965 (abuse
reports). What software says in fields stands in `automatic_fields`; what a vacation notice says in
words stands in `vacation` and counts least, since people use such words too.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from maildesk.mail.automatic_fields import LIST_FIELDS, kind_of_field
from maildesk.mail.message import Automatic, AutomaticKind, InboundMail, ReportKind, address_key
from maildesk.mail.vacation import asks_to_confirm, vacation_words

LOOP_FIELD = "X-Maildesk-Loop"
RECEIVED_LIMIT = 50
EVIDENCE_CHARACTERS = 100

# A mail is of the first kind that has a sign.
PRECEDENCE = (
    AutomaticKind.LOOP,
    AutomaticKind.BOUNCE,
    AutomaticKind.REPORT,
    AutomaticKind.OWN,
    AutomaticKind.AUTO_REPLY,
    AutomaticKind.LIST,
    AutomaticKind.BULK,
    AutomaticKind.AUTO_GENERATED,
)
# Addresses of software (RFC 3834 section 2, RFC 5230 section 4.6).
_LIST_PATH = re.compile(
    r"(?:owner-.*|.*-(?:request|owner|bounces?|relay|outgoing|errors)(?:[+=].*)?"
    r"|listserv|majordomo|mailman|ezmlm|sympa|lists?server)@",
    re.IGNORECASE,
)
_SYSTEM_SENDER = re.compile(
    r"(?:mailer|mail)[-_.]?daemon@|post[-_.]?master@|(?:root|nobody|daemon|cron|www-data)@"
    r"|(?:.*[-_.+])?(?:no|not|do[-_.]?not|dont|ne[-_.]?pas|nao|bitte[-_.]?nicht|nicht)[-_.]?"
    r"(?:reply|replies|respond(?:er)?|r[ée]pondre|antworten)(?:[-_.+].*|\d*)@"
    r"|(?:svar[-_.]?ikke|ikke[-_.]?svar|svara[-_.]?inte)@",
    re.IGNORECASE,
)


_OF_LISTS = {AutomaticKind.LIST, AutomaticKind.BULK}
_WORD = re.compile(r"[\s<>,;:?]+")


class Sign(NamedTuple):
    """One thing that speaks for a kind."""

    kind: AutomaticKind
    evidence: str


def never(_address: str) -> bool:
    """Say that no address is ours."""
    return False


def classify(
    mail: InboundMail,
    reverse_path: str,
    *,
    has_envelope: bool = False,
    recipients: Collection[str] = (),
    is_own: Callable[[str], bool] = never,
    own_lists: Collection[str] = (),
    loop_id: str = "",
) -> Automatic:
    """Say whether a person wrote the mail, by which signs, and whether it may be answered.

    `has_envelope` is true where whoever handed the mail over told its reverse-path: only then is an
    empty `reverse_path` the null sender; elsewhere (IMAP, a pipe without --from) the Return-Path
    field tells. `recipients` are the envelope's: the mail came to us there, so they are ours.
    `own_lists` are addresses of groups whose list fields mean nothing, since we are the group.
    """
    written = mail.header("Return-Path")
    path = None if written is None else _bare(written)
    if has_envelope or reverse_path:
        path = _bare(reverse_path)
    signs = [
        *_loop_signs(mail, loop_id),
        *_report_signs(mail),
        *_own_signs(mail, path, recipients, is_own),
        *_field_signs(mail),
        *_address_signs(mail, path),
        *_word_signs(mail),
    ]
    if _is_own_list(mail, own_lists):
        signs = [sign for sign in signs if sign.kind not in _OF_LISTS]
    signs.sort(key=lambda sign: PRECEDENCE.index(sign.kind))
    return Automatic(
        kind=signs[0].kind if signs else AutomaticKind.NONE,
        evidence=tuple(dict.fromkeys(sign.evidence for sign in signs)),
        is_answerable=not signs and any("@" in sender.address for sender in mail.senders),
    )


def _bare(path: str) -> str:
    """Return a path without its angle brackets; "" is the null sender."""
    bare = path.strip().strip("<>").strip()
    return "" if bare.upper() == "MAILER-DAEMON" else bare  # as Postfix delivers to a mailbox


def _loop_signs(mail: InboundMail, loop_id: str) -> Iterator[Sign]:
    """Yield the signs that we sent the mail ourselves, or that it goes in circles (RFC 5321
    section 6.3)."""
    ours = [value for value in mail.header_all(LOOP_FIELD) if value == loop_id or not loop_id]
    if ours:
        yield Sign(AutomaticKind.LOOP, f"{LOOP_FIELD}: {_short(ours[0])}")
    received = len(mail.header_all("Received"))
    if received > RECEIVED_LIMIT:
        yield Sign(AutomaticKind.LOOP, f"{received} Received fields")


def _report_signs(mail: InboundMail) -> Iterator[Sign]:
    """Yield what the parser found of a bounce, a complaint or a receipt."""
    if mail.report is None:
        return
    if mail.report.kind is not ReportKind.DELIVERY:
        yield Sign(AutomaticKind.REPORT, f"{mail.report.kind} report")
        return
    actions = {recipient.action for recipient in mail.report.recipients}
    if actions and actions <= {"delivered", "relayed", "expanded"}:
        yield Sign(AutomaticKind.REPORT, f"delivery report: {', '.join(sorted(actions))}")
        return
    words = ", ".join(sorted(actions - {""}) or ["no recipient named"])
    yield Sign(AutomaticKind.BOUNCE, f"delivery report: {words}")


def _own_signs(
    mail: InboundMail,
    path: str | None,
    recipients: Collection[str],
    is_own: Callable[[str], bool],
) -> Iterator[Sign]:
    """Yield the signs that an answer would come back to us."""
    for sender in mail.senders:
        if "@" in sender.address and is_own(sender.address):
            yield Sign(AutomaticKind.OWN, f"From is ours: {sender.address}")
    if path and (is_own(path) or address_key(path) in map(address_key, recipients)):
        # A web form, or a mailbox that redirects: a ticket, but an answer would come back to us.
        yield Sign(AutomaticKind.AUTO_GENERATED, f"reverse-path is ours: {path}")


def _field_signs(mail: InboundMail) -> Iterator[Sign]:
    for name, value in mail.headers:
        kind = kind_of_field(name, value)
        if kind is not None:
            yield Sign(kind, f"{name}: {_short(value)}")


def _is_own_list(mail: InboundMail, own_lists: Collection[str]) -> bool:
    """Whether a list field names a group that is our own address: List-Id writes a dot where the
    address has its @ (RFC 2919 section 2)."""
    forms = {form for own in own_lists for form in (own.lower(), own.lower().replace("@", "."))}
    values = (value.lower() for name, value in mail.headers if name.lower() in LIST_FIELDS)
    return any(not forms.isdisjoint(_WORD.split(value)) for value in values)


def _address_signs(mail: InboundMail, path: str | None) -> Iterator[Sign]:
    """Yield the signs in the addresses of whoever sent the mail."""
    if path == "":
        is_answer = mail.in_reply_to or mail.references
        kind = AutomaticKind.AUTO_REPLY if is_answer else AutomaticKind.AUTO_GENERATED
        yield Sign(kind, "null sender")
    elif path and _LIST_PATH.match(path[:320]):
        yield Sign(AutomaticKind.LIST, f"reverse-path: {_short(path)}")
    for address in (path or "", *(sender.address for sender in mail.senders)):
        if _SYSTEM_SENDER.match(address[:320]):
            yield Sign(AutomaticKind.AUTO_GENERATED, f"sender: {_short(address)}")
    if mail.report is None and "multipart/report" in (mail.header("Content-Type") or "").lower():
        yield Sign(AutomaticKind.AUTO_GENERATED, "Content-Type: multipart/report")


def _word_signs(mail: InboundMail) -> Iterator[Sign]:
    """Yield what the mail itself says."""
    words = vacation_words(mail)
    if words:
        yield Sign(AutomaticKind.AUTO_REPLY, _short(words))
    if asks_to_confirm(mail.new_text):
        yield Sign(AutomaticKind.AUTO_REPLY, "asks to confirm the sending (challenge-response)")


def _short(value: str) -> str:
    return value if len(value) <= EVIDENCE_CHARACTERS else value[: EVIDENCE_CHARACTERS - 1] + "…"
