"""flufl.bounce, Mailman's collection of bounce patterns, kept within bounds.

The library looks at undecoded lines of any length, and may raise on a broken mail; so it is given
a small copy, with decoded text and without what is long.
"""

import logging
from email.message import Message
from itertools import islice

from flufl.bounce import all_failures

PART_LIMIT = 12
DEPTH_LIMIT = 4
FIELD_LIMIT = 60
LINE_LIMIT = 200
LINE_CHARACTERS = 200
ADDRESS_LIMIT = 1000

# It logs a traceback before it raises; what it can't read is not worth a line.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def known_pattern(message: Message) -> list[str]:
    """Return the addresses that a known pattern of bounces names, sorted."""
    try:
        delayed, failed = all_failures(_small_copy(message, 0))
    except Exception:  # noqa: BLE001 - whatever a stranger's mail does to the library
        return []
    found = sorted(address.decode("ascii", "replace") for address in delayed | failed)
    return [address for address in found if "@" in address][:ADDRESS_LIMIT]


def _small_copy(message: Message, depth: int) -> Message:
    copy = Message()
    for name, value in islice(message.items(), FIELD_LIMIT):
        if name.lower() != "content-transfer-encoding":
            copy[name] = str(value)[: 5 * LINE_CHARACTERS]
    payload = message.get_payload()
    if isinstance(payload, list):
        parts = payload[:PART_LIMIT] if depth < DEPTH_LIMIT else []
        mails = (part for part in parts if isinstance(part, Message))
        copy.set_payload([_small_copy(part, depth + 1) for part in mails])
    elif message.get_content_maintype() == "text":
        copy.set_payload(_first_lines(message))
    else:
        copy.set_payload("")
    return copy


def _first_lines(part: Message) -> str:
    content = part.get_payload(decode=True)
    text = content[:100_000].decode("utf-8", "replace") if isinstance(content, bytes) else ""
    lines = islice(text.splitlines(), LINE_LIMIT)
    return "\n".join(line[:LINE_CHARACTERS] for line in lines) + "\n"
