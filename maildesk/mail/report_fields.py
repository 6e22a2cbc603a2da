"""The fields of a delivery report, wherever they stand: recipients, actions, status codes.

RFC 3464 section 2.3 (per-recipient fields), RFC 3463 (enhanced status codes), RFC 5321 section
4.2.1 (reply codes).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from maildesk.mail.message import ReportedRecipient

RECIPIENT_LIMIT = 1000
VALUE_LIMIT = 2000

Fields = Mapping[str, str]

ADDRESS = r"[^\s<>()\[\]\",;:@]{1,64}@[^\s<>()\[\]\",;:@/=\\]{1,255}[^\s<>()\[\]\",;:@/=\\.'?!*]"
_ADDRESS = re.compile(ADDRESS)
_QUOTED_LOCAL = re.compile(r'"[^"\r\n]{1,64}"@[^\s<>()\[\]",;:@]{1,255}')
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d./-])(?<!\d:)([45])[0-5]\d(?=[\s#,;)-])")
_SUCCESS = re.compile(r"(?<![\d.])2\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_ENCODED = {"base64", "quoted-printable"}

_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_ODD_ACTIONS = {
    "fail": "failed",
    "error": "failed",  # OpenSMTPD
    "expired": "failed",  # SendGrid
    "undeliver": "failed",
    "reject": "failed",
    "bounce": "failed",
    "delay": "delayed",
    "defer": "delayed",
    "deliverable": "delivered",  # Postfix, asked by sendmail -bv
}


def address_in(value: str) -> str:
    """Return the first address in a value such as "rfc822;ada@example.org"; "" if there is none."""
    found = _QUOTED_LOCAL.search(value[:VALUE_LIMIT]) or _ADDRESS.search(value[:VALUE_LIMIT])
    return found[0].strip("'`") if found else ""


def status_in(value: str) -> str:
    """Return the enhanced status code in a server's words; from a bare reply code its class as
    "5.0.0"; "" if there is neither."""
    codes = _ENHANCED.findall(value)
    if codes:
        return str(next((code for code in codes if not code.endswith(".0.0")), codes[0]))
    reply = _REPLY.search(value)
    return f"{reply[1]}.0.0" if reply else ""


def failure_in(notice: str) -> str:
    """Return the status code of a failure in prose, where codes of success may stand as well."""
    return status_in(_SUCCESS.sub("", notice[:20_000]))


def blocks_of(part: Message) -> Iterator[Fields]:
    """Yield the blocks of fields of a delivery-status part, the first value of each name."""
    payload = part.get_payload()
    blocks = (
        [block for block in payload if isinstance(block, Message)]
        if isinstance(payload, list)
        else []
    )
    if _transfer_encoding(part) in _ENCODED or not blocks:
        written = "\n".join(str(block.get_payload()) for block in blocks) or str(payload)
        blocks = list(_parse_blocks(_decoded(part, written)))
    for block in blocks[: RECIPIENT_LIMIT + 1]:
        yield from _split((name, str(value)) for name, value in block.items())


def blocks_in_text(text: str) -> Iterator[Fields]:
    """Yield such blocks where an MTA wrote them into the text."""
    return _split(_FIELD_LINE.findall(text))


def _split(pairs: Iterable[tuple[str, str]]) -> Iterator[Fields]:
    """Yield blocks: some MTAs leave out the blank line, so a field that comes again begins the
    next recipient."""
    block: dict[str, str] = {}
    for name, value in islice(pairs, 8 * RECIPIENT_LIMIT):
        key = name.lower()
        if key in block and key in _RECIPIENT_FIELDS and not block.keys().isdisjoint(_WHOM):
            yield block
            block = {}
        block.setdefault(key, value[:VALUE_LIMIT])
    if block:
        yield block


_WHOM = ("original-recipient", "final-recipient")
_RECIPIENT_FIELDS = {*_WHOM, "action", "status", "diagnostic-code"}
_FIELD_LINE = re.compile(
    r"^[ \t>]{0,8}(Original-Recipient|Final-Recipient|Action|Status|Diagnostic-Code)"
    r"[ \t]{0,8}:[ \t]{0,8}([^\r\n]{1,500})",
    re.IGNORECASE | re.MULTILINE,
)


def reported(blocks: Iterable[Fields]) -> tuple[ReportedRecipient, ...]:
    """Read the recipients of a report from its blocks, each address once."""
    found: dict[str, ReportedRecipient] = {}
    for block in blocks:
        recipient = _recipient(block)
        if recipient is not None and len(found) < RECIPIENT_LIMIT:
            found.setdefault(recipient.address.lower(), recipient)
    return tuple(found.values())


def _recipient(block: Fields) -> ReportedRecipient | None:
    """Read one per-recipient block. The original address is the one we wrote to; the final one
    may be where an alias led (RFC 3464 section 2.3.1)."""
    names = ("original-recipient", "final-recipient", "x-actual-recipient")
    address = next(filter(None, (address_in(block.get(name, "")) for name in names)), "")
    if not address:
        return None
    action = _action(block)
    return ReportedRecipient(address, _status(block, action), action)


def _action(block: Fields) -> str:
    """Return RFC 3464's word; some MTAs add a comment to it, or have words of their own."""
    word = block.get("action", "").strip().lower()
    known = next((action for action in _ACTIONS if word.startswith(action)), None)
    if known:
        return known
    odd = next((action for start, action in _ODD_ACTIONS.items() if word.startswith(start)), None)
    if odd:
        return odd
    by_class = {"2": "delivered", "4": "delayed", "5": "failed"}
    return by_class.get(block.get("status", "").strip()[:1], "")


def _status(block: Fields, action: str) -> str:
    """Return the Status, or what the other server said where that is more exact."""
    status = status_in(block.get("status", ""))
    if status and not status.endswith(".0.0"):
        return status
    said = status_in(block.get("diagnostic-code", ""))
    if status and said[:1] != status[:1]:
        return status
    return said or status or {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "")


def _transfer_encoding(part: Message) -> str:
    return str(part.get("Content-Transfer-Encoding", "")).strip().lower()


def _decoded(part: Message, written: str) -> str:
    """Return the text of a status part that was encoded, or that the parser left whole."""
    holder = Message()
    holder["Content-Transfer-Encoding"] = _transfer_encoding(part)
    holder.set_payload(written)
    content = holder.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _parse_blocks(text: str) -> Iterator[Message]:
    for block in islice(re.split(r"\r?\n[ \t]*\r?\n", text), RECIPIENT_LIMIT + 1):
        yield HeaderParser().parsestr(block.strip())
